"""Renewals and the cohorts their revenue is earned by.

The rows are written by verbs alone: renewals.sql sells, settlement.sql and delivery.sql go on,
revenue.sql earns. The typed face is renew.py.
"""

from django.db import models
from django.db.models import Case, F, Q, When

from everline.cards.models import Card
from everline.database.fields import NotNegativeField, StateField

OPEN = ["placed", "awaiting_payment", "held"]
PAID = ["paid", "delivered"]


class Renewal(models.Model):
    """The order: one card, one plan version, one promise of an end and a total.

    `means` is balance, deposit or gateway; `payer_id` is the account that pays. `deadline_at` is
    the end of waiting for payment, then of waiting for delivery. Days are local to the card's zone.
    `spoken_code` names it at other doors and over the telephone for as long as it is open.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT, db_index=False, db_constraint=False)
    channel = models.CharField(max_length=16)
    source = models.CharField(max_length=64)
    request_id = models.CharField(max_length=100)
    state = StateField(domain="renewal_state", max_length=20)
    plan_version_id = models.UUIDField()
    promotion_id = models.UUIDField(null=True)
    means = models.CharField(max_length=16)
    payer_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    price = models.BigIntegerField()
    discount = NotNegativeField(default=0)
    total = NotNegativeField()
    tax = NotNegativeField(default=0)
    bonus_bytes = models.BigIntegerField(default=0)
    on_renewal = models.CharField(max_length=8)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    anchor_day = models.SmallIntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=32, default="")
    spoken_code = models.CharField(max_length=8, null=True)
    contact = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total=models.F("price") - models.F("discount")),
                name="renewal_total_is_price_less_discount",
            ),
            models.UniqueConstraint(
                fields=["card"], condition=Q(state__in=OPEN), name="one_open_renewal_per_card"
            ),
            # Renewals without a paid term are never equal here, as null equals nothing: so this one
            # index finds all renewals of a card as well.
            models.UniqueConstraint(
                F("card"),
                F("account_id"),
                Case(When(state__in=PAID, then=F("starts_at"))),
                name="a_term_is_paid_once",
            ),
            models.UniqueConstraint(
                fields=["spoken_code"],
                condition=Q(spoken_code__isnull=False),
                name="a_spoken_code_names_one_renewal",
            ),
        ]
        indexes = [
            models.Index(
                fields=["deadline_at"],
                condition=Q(deadline_at__isnull=False),
                name="renewal_by_deadline",
            ),
            models.Index(
                fields=["payer_id", "id"],
                condition=Q(means="deposit"),
                name="renewal_by_payer",
            ),
        ]


class Cohort(models.Model):
    """What was sold of one plan version over the same days, and how much of it is earned."""

    id = models.BigAutoField(primary_key=True)
    plan_version_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    first_day = models.DateField()
    last_day = models.DateField()
    sold = models.BigIntegerField(default=0)
    earned = models.BigIntegerField(default=0)
    earned_through = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan_version_id", "first_day", "last_day", "currency"],
                name="cohort_is_one_per_term",
            ),
        ]
