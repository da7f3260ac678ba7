from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0004_devices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("medium", models.CharField(max_length=8)),
                ("recipient", models.CharField(max_length=200)),
                ("locale", models.CharField(max_length=10)),
                ("words_version", models.CharField(max_length=16)),
                ("channel", models.CharField(max_length=16)),
                ("asked_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("ended_at", None)),
                        fields=("medium", "recipient"),
                        name="consent_is_one_for_a_recipient",
                    ),
                    models.CheckConstraint(
                        condition=Q(("medium__in", ["email", "sms"])),
                        name="consent_medium_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Announced",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "consent_id",
                        "promotion_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("consent_id", models.UUIDField()),
                ("promotion_id", models.UUIDField()),
                ("account_id", models.UUIDField()),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
