"""Mandates: who agreed to automatic charges, when, where and to which words.

When the next charge is due is a column of the card, written by `renewals` alone; a mandate only
says that there may be one. The verbs stand in autorenewal.sql.
"""

from django.db import models
from django.db.models import Q

from everline.cards.models import Card
from everline.catalogue.models import Plan


class Mandate(models.Model):
    """Consent to automatic charges of one card; `plan` null keeps the plan that it has."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True)
    channel = models.CharField(max_length=16)
    words_version = models.CharField(max_length=20)
    contact = models.JSONField(null=True)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["card"], condition=Q(ended_at=None), name="card_has_one_mandate"
            ),
        ]
