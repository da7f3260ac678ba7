"""What one column of a renewal may hold is said by a domain; one index finds and forbids.

One statement changes all columns, so that a large table is written anew once.
"""

import django.db.models.deletion
from django.db import migrations, models

from everline.database.fields import NotNegativeField, StateField

DOMAINS = """
create domain renewal_state as varchar(20) constraint renewal_state_is_known check (value in (
    'placed', 'awaiting_payment', 'held', 'paid', 'delivered', 'refused', 'cancelled', 'expired',
    'reversing', 'reversed'
));
alter table renewals_renewal
    alter column state type renewal_state,
    alter column discount type not_negative,
    alter column total type not_negative,
    alter column tax type not_negative;
"""


class Migration(migrations.Migration):
    """The columns and one index of renewals_renewal."""

    dependencies = [("cards", "0003_domains"), ("renewals", "0002_spoken_codes")]
    operations = [
        migrations.RemoveConstraint(model_name="renewal", name="renewal_state_is_known"),
        migrations.RemoveConstraint(model_name="renewal", name="renewal_amounts_are_not_negative"),
        migrations.RemoveConstraint(model_name="renewal", name="a_term_is_paid_once"),
        migrations.RemoveIndex(model_name="renewal", name="renewal_by_card"),
        migrations.AlterField(
            model_name="renewal",
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
                    model_name="renewal", name="discount", field=NotNegativeField(default=0)
                ),
                migrations.AlterField(
                    model_name="renewal",
                    name="state",
                    field=StateField(domain="renewal_state", max_length=20),
                ),
                migrations.AlterField(
                    model_name="renewal", name="tax", field=NotNegativeField(default=0)
                ),
                migrations.AlterField(model_name="renewal", name="total", field=NotNegativeField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="renewal",
            constraint=models.UniqueConstraint(
                models.F("card"),
                models.F("account_id"),
                models.Case(
                    models.When(state__in=["paid", "delivered"], then=models.F("starts_at"))
                ),
                name="a_term_is_paid_once",
            ),
        ),
    ]
