"""Devices that are reminded by push, and push as a medium."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0003_warnings"),
        ("cards", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            "alter table notices_notice drop constraint notice_medium_is_known,"
            " add constraint notice_medium_is_known check (medium in ('email', 'sms', 'push'))"
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("endpoint", models.CharField(db_index=True, max_length=1000)),
                ("public_key", models.CharField(max_length=100)),
                ("secret", models.CharField(max_length=40)),
                ("locale", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cards.card",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("card", "endpoint"), name="device_is_kept_once_a_card"
                    )
                ],
            },
        ),
    ]
