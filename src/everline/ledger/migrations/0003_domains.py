"""What one column may hold is said by a domain: see database/fields.py."""

from django.db import migrations, models

from everline.database.fields import NotNegativeField, PositiveField


class Migration(migrations.Migration):
    """The held amount of an account, and the amount of a transfer."""

    dependencies = [("ledger", "0002_append_only"), ("database", "0004_domains")]
    operations = [
        migrations.RemoveConstraint(
            model_name="account", name="account_without_floor_keeps_no_balance"
        ),
        migrations.RemoveConstraint(model_name="account", name="account_floor_holds"),
        migrations.RemoveConstraint(model_name="account", name="account_held_is_not_negative"),
        migrations.RemoveConstraint(model_name="transfer", name="transfer_amount_is_positive"),
        migrations.AlterField(model_name="account", name="held", field=NotNegativeField(default=0)),
        migrations.AlterField(model_name="transfer", name="amount", field=PositiveField()),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(balance__gte=models.F("floor") + models.F("held")),
                name="account_floor_holds",
            ),
        ),
    ]
