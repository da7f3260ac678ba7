"""Service PINs, acts that nobody edits, banners, and the keys of signed records."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("database", "0002_history_and_rules"),
        ("trust", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pin",
            fields=[
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("pin_hash", models.BinaryField()),
                ("tries", models.SmallIntegerField(default=0)),
                ("locked_until", models.DateTimeField(null=True)),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.CharField(max_length=8, primary_key=True, serialize=False)),
                ("public_key", models.BinaryField(unique=True)),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Act",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("person_id", models.UUIDField(null=True)),
                ("terminal_id", models.UUIDField(null=True)),
                ("role", models.CharField(max_length=16)),
                ("verb", models.CharField(max_length=32)),
                ("subject_kind", models.CharField(max_length=16)),
                ("subject_id", models.CharField(max_length=64)),
                ("facts", models.JSONField(default=dict)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="act_by_time"),
                    models.Index(
                        fields=["subject_kind", "subject_id", "at"], name="act_by_subject"
                    ),
                    models.Index(fields=["person_id", "at"], name="act_by_person"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("person_id__isnull", False),
                            ("terminal_id__isnull", False),
                            ("role", "system"),
                            _connector="OR",
                        ),
                        name="act_was_done_by_somebody",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Banner",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("text", models.JSONField()),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "info"), ("warning", "warning")],
                        default="info",
                        max_length=8,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["ends_at"], name="banner_by_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["info", "warning"])),
                        name="banner_severity_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at", None),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="banner_is_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text__has_key", "en")), name="banner_speaks_english"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "create trigger act_is_append_only before update or delete or truncate"
            " on trust_act for each statement execute function refuse_change();",
            "drop trigger act_is_append_only on trust_act",
        ),
    ]
