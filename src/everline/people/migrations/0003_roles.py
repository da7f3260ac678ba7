"""The groups of staff, one a role; what each may do stands in people/roles.py."""

from typing import Any

from django.db import migrations

ROLES = ("owner", "finance", "support", "store_manager", "clerk")


def _make_groups(apps: Any, schema_editor: Any) -> None:
    """Make the groups that are missing."""
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    for name in ROLES:
        groups.get_or_create(name=name)


class Migration(migrations.Migration):
    """Rows that a table of Django's own must have."""

    dependencies = [("people", "0002_terminals_and_staff")]
    operations = [migrations.RunPython(_make_groups, migrations.RunPython.noop)]
