"""Tills, kiosks, staff at stores, return calls, commissions, and a number for every customer."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            "create sequence people_customer_number as bigint start with 1000001",
            "drop sequence people_customer_number",
        ),
        migrations.CreateModel(
            name="Employment",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ReturnCall",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("phone", models.CharField(max_length=20)),
                ("locale", models.CharField(default="en", max_length=10)),
                ("card_id", models.UUIDField(blank=True, null=True)),
                ("note", models.CharField(blank=True, default="", max_length=240)),
                ("asked_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Terminal",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("till", "till"), ("kiosk", "kiosk")], max_length=8),
                ),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("place_note", models.CharField(blank=True, default="", max_length=60)),
                ("language", models.CharField(default="en", max_length=10)),
                ("enrol_code_hash", models.BinaryField(null=True, unique=True)),
                ("enrol_expires_at", models.DateTimeField(blank=True, null=True)),
                ("enrol_tries", models.SmallIntegerField(default=0)),
                ("key_hash", models.BinaryField(null=True, unique=True)),
                ("enrolled_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_seen_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="partner",
            name="commission_basis_points",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="person",
            name="customer_number",
            field=models.BigIntegerField(
                db_default=models.Func(models.Value("people_customer_number"), function="nextval"),
                editable=False,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="retailer",
            name="closed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="retailer",
            name="commission_basis_points",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="partner",
            constraint=models.CheckConstraint(
                condition=models.Q(("commission_basis_points__range", (0, 5000))),
                name="partner_commission_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="retailer",
            constraint=models.CheckConstraint(
                condition=models.Q(("commission_basis_points__range", (0, 5000))),
                name="retailer_commission_is_a_share",
            ),
        ),
        migrations.AddField(
            model_name="employment",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="employments",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="employment",
            name="retailer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="employments",
                to="people.retailer",
            ),
        ),
        migrations.AddField(
            model_name="returncall",
            name="done_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="terminal",
            name="retailer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="terminals",
                to="people.retailer",
            ),
        ),
        migrations.AddConstraint(
            model_name="employment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_at", None)),
                fields=("person",),
                name="person_has_one_workplace",
            ),
        ),
        migrations.AddConstraint(
            model_name="employment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at", None), ("ends_at__gte", models.F("starts_at")), _connector="OR"
                ),
                name="employment_is_forward",
            ),
        ),
        migrations.AddIndex(
            model_name="returncall",
            index=models.Index(
                condition=models.Q(("done_at", None)),
                fields=["asked_at"],
                name="return_calls_that_wait",
            ),
        ),
        migrations.AddConstraint(
            model_name="returncall",
            constraint=models.UniqueConstraint(
                condition=models.Q(("done_at", None)),
                fields=("phone",),
                name="phone_waits_for_one_call",
            ),
        ),
        migrations.AddConstraint(
            model_name="returncall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("done_by", None)),
                    models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                    _connector="OR",
                ),
                name="return_call_was_done_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="terminal",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["till", "kiosk"])), name="terminal_kind_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="terminal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("enrol_code_hash", None), ("enrol_expires_at", None)),
                    models.Q(
                        ("enrol_code_hash__isnull", False), ("enrol_expires_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="terminal_code_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="terminal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("key_hash", None), ("enrolled_at__isnull", False), _connector="OR"
                ),
                name="terminal_key_was_enrolled",
            ),
        ),
    ]
