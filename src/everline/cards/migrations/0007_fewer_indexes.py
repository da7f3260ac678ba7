"""Card numbers need no second index for patterns: nobody looks for a card by a part of its number.

Django makes one beside each unique text. A card moves with every renewal, and each of its indexes
with it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    """The index goes, and no write waits for it."""

    atomic = False

    dependencies = [("cards", "0006_total_order")]

    operations = [
        migrations.RunSQL(
            "drop index concurrently if exists cards_card_iccid_d62fc243_like",
            "create index concurrently cards_card_iccid_d62fc243_like"
            " on cards_card (iccid varchar_pattern_ops)",
        )
    ]
