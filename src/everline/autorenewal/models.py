"""Mandates: who agreed to automatic charges, when, where and to which words.

When the next charge is due is a column of the card, written by `renewals` alone; a mandate only
says that there may be one. The verbs stand in autorenewal.sql.
"""

from django.db import models
from django.db.models import Q

from everline.cards.models import Card
from everline.catalogue.models import Plan


class Mandate(models.Model):
    """Consent to automatic charges of one card; `plan` null keeps the plan that it has.

    `channel`, `source`, `given_at`, `words_version` and `locale` say where, when and in which words
    it was given; `total` in minor units of `currency` and the period are the amount and the cadence
    that were shown. A higher price needs a new consent; without `total` the price of the day was
    agreed to. `paused_until` keeps everything still, `is_skip` when it passes over one term.
    With `below_bytes` the card is renewed too when less data than that is left, at most `day_max`
    times a day and `month_max` times a month; `month_total_max` bounds all automatic charges of 30
    days, in minor units of the card's currency.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True)
    channel = models.CharField(max_length=16)
    words_version = models.CharField(max_length=20)
    source = models.CharField(max_length=64, db_default="")
    locale = models.CharField(max_length=10, db_default="")
    contact = models.JSONField(null=True)
    total = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, null=True)
    period_unit = models.CharField(max_length=8, null=True)
    period_count = models.SmallIntegerField(null=True)
    means_order = models.CharField(max_length=14, db_default="balance_first")
    paused_until = models.DateTimeField(null=True)
    is_skip = models.BooleanField(db_default=False)
    below_bytes = models.BigIntegerField(null=True)
    day_max = models.SmallIntegerField(db_default=1)
    month_max = models.SmallIntegerField(db_default=10)
    month_total_max = models.BigIntegerField(null=True)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(means_order__in=["balance_first", "methods_first"]),
                name="mandate_means_order_is_known",
            ),
            models.CheckConstraint(
                condition=(Q(total=None) | Q(total__gt=0))
                & (Q(below_bytes=None) | Q(below_bytes__gt=0))
                & (Q(month_total_max=None) | Q(month_total_max__gt=0))
                & Q(day_max__gte=1)
                & Q(month_max__gte=1),
                name="mandate_bounds_are_positive",
            ),
            models.UniqueConstraint(
                fields=["card"], condition=Q(ended_at=None), name="card_has_one_mandate"
            ),
        ]
