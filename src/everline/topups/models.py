"""Top-ups: money put onto a card's balance.

The rows are written by verbs alone: topups.sql tops up at once, placing.sql goes through a gateway.
The typed face is topups.py.
"""

from django.db import models
from django.db.models import Q

from everline.cards.models import Card


class TopUp(models.Model):
    """One sum for one card's balance, paid from a deposit or through a gateway.

    `means` is deposit or gateway; `payer_id` is the account that pays, the card's own for a
    gateway. `deadline_at` is the end of waiting for payment.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT, db_index=False)
    channel = models.CharField(max_length=16)
    source = models.CharField(max_length=64)
    request_id = models.CharField(max_length=100)
    state = models.CharField(max_length=20)
    means = models.CharField(max_length=16)
    payer_id = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=32, default="")
    contact = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "awaiting_payment",
                        "paid",
                        "refused",
                        "cancelled",
                        "expired",
                        "reversed",
                    ]
                ),
                name="topup_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(means__in=["deposit", "gateway"]), name="topup_means_is_known"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="topup_amount_is_positive"),
            models.UniqueConstraint(
                fields=["card"],
                condition=Q(state="awaiting_payment"),
                name="one_open_topup_per_card",
            ),
        ]
        indexes = [
            models.Index(fields=["card", "placed_at"], name="topup_by_card"),
            models.Index(
                fields=["deadline_at"],
                condition=Q(deadline_at__isnull=False),
                name="topup_by_deadline",
            ),
            models.Index(
                fields=["payer_id", "placed_at"],
                condition=Q(means="deposit"),
                name="topup_by_payer",
            ),
        ]
