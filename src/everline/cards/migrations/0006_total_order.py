"""Due cards go in a total order; and those that were armed long ago are told when service ends.

A card that was armed before `rung_ends_at` was there has none until it is renewed. It is filled in
here, some thousand cards a transaction, so that nobody waits for long; what changes a card
meanwhile fills it by itself. A migration that was broken off goes on when it is begun again.
"""

from typing import Any, Final

import django.db.models.functions.comparison
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

AT_ONCE: Final = 5000
FILL: Final = """
    with batch as materialized (
        select c.id from cards_card c
        where c.id > %s and c.next_rung_at is not null
        order by c.id limit %s
    ), filled as (
        update cards_card c set rung_ends_at = (
            select max(e.ends_at) from cards_entitlement e
            where e.card_id = c.id and e.state <> 'cancelled'
        )
        where c.id = any(select b.id from batch b) and c.rung_ends_at is null
          and c.next_rung_at is not null
    )
    select b.id from batch b order by b.id desc limit 1
"""


def _fill(_apps: Any, schema_editor: Any) -> None:
    """Give each armed card the end of its last term, where it has none yet."""
    after: str | None = "00000000-0000-0000-0000-000000000000"
    with schema_editor.connection.cursor() as cursor:
        while after is not None:
            cursor.execute(FILL, [after, AT_ONCE])
            last = cursor.fetchone()
            after = last[0] if last else None


class Migration(migrations.Migration):
    """Each index takes another's place, and no write waits for it."""

    atomic = False

    dependencies = [("cards", "0005_ladder")]

    operations = [
        migrations.RunPython(_fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="card",
            index=models.Index(
                models.Func(
                    models.Value("1 hour"),
                    django.db.models.functions.comparison.Greatest("rung_ends_at", "next_rung_at"),
                    models.Value("2000-01-01 00:00:00+00"),
                    function="date_bin",
                ),
                models.F("next_rung_at"),
                models.F("id"),
                condition=models.Q(("next_rung_at__isnull", False)),
                name="card_due_most_urgent",
            ),
        ),
        RemoveIndexConcurrently(model_name="card", name="card_due_by_urgency"),
        AddIndexConcurrently(
            model_name="entitlement",
            index=models.Index(fields=["ends_at", "id"], name="entitlement_by_end_and_id"),
        ),
        RemoveIndexConcurrently(model_name="entitlement", name="entitlement_by_end"),
    ]
