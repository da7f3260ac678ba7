"""Mandates: who agreed to automatic charges, when, where and to which words; and what guards them.

When the next charge is due is a column of the card, written by `renewals` alone; a mandate only
says that there may be one. The verbs of mandates stand in autorenewal.sql, those of renewal by data
in low.sql, and those of breakers, outages, longer terms and the detector in guards.
"""

from django.db import models
from django.db.models import F, Q

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
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(ended_at=None, below_bytes__isnull=False),
                name="mandate_by_data",
            ),
        ]


class Parked(models.Model):
    """A card whose automatic charges are held back until a person releases it.

    `reason` says which breaker held it, `facts` what it counted, `owner` who is to look at it.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT, db_constraint=False, related_name="+")
    reason = models.CharField(max_length=32)
    facts = models.JSONField()
    since = models.DateTimeField()
    owner = models.CharField(max_length=40)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["card"], condition=Q(released_at=None), name="card_is_parked_once"
            ),
        ]


class Stop(models.Model):
    """All automatic charges are held back: more were made in an hour than were expected."""

    id = models.UUIDField(primary_key=True)
    scope = models.CharField(max_length=12, default="operator")
    since = models.DateTimeField()
    charged = models.IntegerField()
    expected = models.IntegerField()
    allowed = models.IntegerField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope"], condition=Q(released_at=None), name="one_stop_is_open"
            ),
        ]


class Run(models.Model):
    """One call of the due sweep that took cards; kept for two days, as the breaker counts them."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    taken = models.IntegerField()
    charged = models.IntegerField()
    refused = models.IntegerField()


class Beat(models.Model):
    """One row: when the due sweep last ran to its end.

    `clock_offset` is that of the demo's clock, so that a clock that was moved is no outage.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    clock_offset = models.DurationField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="beat_is_one_row")]


class Outage(models.Model):
    """A time in which no due sweep ran; `ended_at` is when all that it left behind was tried."""

    id = models.UUIDField(primary_key=True)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    prolonged = models.IntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_at__gt=F("from_at")), name="outage_is_forward"
            ),
        ]


class Prolonging(models.Model):
    """A term that goes on longer than was paid for, at no cost: once a term and cause.

    `kind` is outage or grace, `cause_id` the outage, or the term itself. Service between `from_at`
    and `until_at` is with `left_bytes` of data, null for no limit, and `fair_use_bytes`.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT, db_constraint=False, related_name="+")
    entitlement_id = models.UUIDField()
    cause_id = models.UUIDField()
    kind = models.CharField(max_length=8)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    left_bytes = models.BigIntegerField(null=True)
    fair_use_bytes = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entitlement_id", "cause_id"], name="term_is_prolonged_once_a_cause"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["outage", "grace"]), name="prolonging_kind_is_known"
            ),
        ]


class Low(models.Model):
    """A reading by which a card was made due, as its data ran low: once a reading."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(
        Card, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    entitlement_id = models.UUIDField()
    used_as_of = models.DateTimeField()
    left_bytes = models.BigIntegerField()
    below_bytes = models.BigIntegerField()
    rung_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entitlement_id", "used_as_of"], name="reading_makes_due_once"
            ),
        ]
        indexes = [models.Index(fields=["card", "rung_at"], name="low_by_card")]


class Hour(models.Model):
    """What the ladders expected of one hour, and what came of it; kept for forty days."""

    hour = models.DateTimeField(primary_key=True)
    forecast = models.IntegerField(null=True)
    expected = models.IntegerField(default=0)
    attempted = models.IntegerField(default=0)
    opted_out = models.IntegerField(default=0)
    untried = models.IntegerField(default=0)
    judged_at = models.DateTimeField(null=True)
