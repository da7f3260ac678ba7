"""Whole numbers with a bound, for the columns that a renewal writes: see database/fields.py."""

from django.db import migrations


class Migration(migrations.Migration):
    """Domains that several nouns use."""

    dependencies = [("database", "0003_recycled_and_put_back")]
    operations = [
        migrations.RunSQL(
            "create domain not_negative as bigint constraint is_not_negative check (value >= 0);"
            "create domain positive as bigint constraint is_positive check (value > 0);"
        )
    ]
