"""What was asked about a mandate is found by its card; no other request is in this index."""

from django.db import migrations


class Migration(migrations.Migration):
    """An index of few rows: pauses, skips and other changes of automatic renewal."""

    dependencies = [("database", "0004_domains")]
    operations = [
        migrations.RunSQL(
            "create index request_of_mandate on database_request (subject_id) where outcome in"
            " ('mandate_changed', 'mandate_paused', 'mandate_resumed', 'term_skipped')",
            "drop index request_of_mandate",
        )
    ]
