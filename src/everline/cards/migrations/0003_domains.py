"""What one column of a term may hold is said by a domain; the card is locked, not pointed to.

One statement changes all columns, so that a large table is written anew once.
"""

import django.db.models.deletion
from django.db import migrations, models

from everline.database.fields import NotNegativeField, StateField

DOMAINS = """
create domain entitlement_state as varchar(10) constraint entitlement_state_is_known
    check (value in ('pending', 'delivered', 'cancelled'));
alter table cards_entitlement
    alter column state type entitlement_state,
    alter column used_bytes type not_negative,
    alter column carried_bytes type not_negative;
"""


class Migration(migrations.Migration):
    """The columns of cards_entitlement."""

    dependencies = [("cards", "0002_taken_esims_and_ends"), ("database", "0004_domains")]
    operations = [
        migrations.RemoveConstraint(model_name="entitlement", name="entitlement_state_is_known"),
        migrations.RemoveConstraint(
            model_name="entitlement", name="entitlement_bytes_are_not_negative"
        ),
        migrations.RemoveConstraint(
            model_name="entitlement", name="entitlement_interval_is_forward"
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="card",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="cards.card",
            ),
        ),
        migrations.RunSQL(
            DOMAINS,
            state_operations=[
                migrations.AlterField(
                    model_name="entitlement",
                    name="carried_bytes",
                    field=NotNegativeField(default=0),
                ),
                migrations.AlterField(
                    model_name="entitlement",
                    name="state",
                    field=StateField(domain="entitlement_state", max_length=10),
                ),
                migrations.AlterField(
                    model_name="entitlement", name="used_bytes", field=NotNegativeField(default=0)
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="entitlement",
            constraint=models.CheckConstraint(
                condition=models.Q(ends_at__lte=models.F("planned_ends_at")),
                name="entitlement_ends_as_planned_or_sooner",
            ),
        ),
    ]
