"""A visit: which card was laid for a visitor of the tour, and when that visitor was last here.

The verbs stand in tour.sql. What a visitor did is told by the rows of the core alone.
"""

from django.db import models


class Visit(models.Model):
    """A card of the tour and the browser session that has it; a left one is given again."""

    card_id = models.UUIDField(primary_key=True)
    begun_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
