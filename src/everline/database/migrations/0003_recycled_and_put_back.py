"""Two more steps of a card: its number is recycled, and an unpaid eSIM goes back to stock."""

from typing import Any

from django.db import migrations

STEPS = (
    ("card", "activated", "recycle", "terminated"),
    ("card", "bound", "recycle", "terminated"),
    ("card", "suspended", "recycle", "terminated"),
    ("card", "activated", "put_back", "in_stock"),
)


def _write_steps(apps: Any, schema_editor: Any) -> None:
    """Add to the transition table, from which docs/states.md is generated."""
    model = apps.get_model("database", "Transition")
    for machine, from_state, event, to_state in STEPS:
        model.objects.using(schema_editor.connection.alias).create(
            machine=machine, from_state=from_state, event=event, to_state=to_state
        )


class Migration(migrations.Migration):
    """Rows of the transition table."""

    dependencies = [("database", "0002_history_and_rules")]
    operations = [migrations.RunPython(_write_steps, migrations.RunPython.noop)]
