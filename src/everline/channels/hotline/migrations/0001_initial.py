"""Where each telephone call stands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Leg",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("call_sid", models.CharField(max_length=64, unique=True)),
                ("caller_hash", models.BinaryField(null=True)),
                ("locale", models.CharField(default="en", max_length=10)),
                ("step", models.CharField(max_length=32)),
                ("turn", models.SmallIntegerField(default=0)),
                ("misses", models.SmallIntegerField(default=0)),
                ("wrong_finds", models.SmallIntegerField(default=0)),
                ("person_id", models.UUIDField(null=True)),
                ("card_id", models.UUIDField(null=True)),
                ("proved_account_id", models.UUIDField(null=True)),
                ("page", models.SmallIntegerField(default=0)),
                ("plan_code", models.CharField(default="", max_length=40)),
                ("plan_version_id", models.UUIDField(null=True)),
                ("quoted_total", models.BigIntegerField(null=True)),
                ("quoted_end", models.DateTimeField(null=True)),
                ("request_id", models.UUIDField(null=True)),
                ("renewal_id", models.UUIDField(null=True)),
                ("is_joinable", models.BooleanField(default=False)),
                ("answer", models.TextField(default="")),
                ("claimed_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["started_at"], name="leg_by_start")],
            },
        ),
    ]
