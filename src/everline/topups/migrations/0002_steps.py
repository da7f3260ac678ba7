"""The steps of a top-up, in the transition table."""

from typing import Any

from django.db import migrations

STEPS = (
    ("", "pay_now", "paid"),
    ("", "place", "awaiting_payment"),
    ("awaiting_payment", "pay", "paid"),
    ("awaiting_payment", "refuse", "refused"),
    ("awaiting_payment", "cancel", "cancelled"),
    ("awaiting_payment", "expire", "expired"),
    ("paid", "take_back", "reversed"),
)


def _write_steps(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    model = apps.get_model("database", "Transition")
    for from_state, event, to_state in STEPS:
        model.objects.using(alias).create(
            machine="topup", from_state=from_state, event=event, to_state=to_state
        )


class Migration(migrations.Migration):
    dependencies = [("topups", "0001_initial"), ("database", "0002_history_and_rules")]
    operations = [migrations.RunPython(_write_steps, migrations.RunPython.noop)]
