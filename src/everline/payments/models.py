"""Payments, their attempts, refunds and disputes, and the raw callbacks of gateways.

A payment has attempts, of which one succeeds; what it captured and refunded stands on its own row,
where a constraint keeps the one below the other. The verbs stand in payments.sql.
"""

from django.db import models
from django.db.models import F, Q


class Method(models.Model):
    """A means of payment that a gateway keeps for one card's account: a token, never a number.

    `customer` is what the gateway calls whoever it belongs to, where it needs that. `position` is
    the order in which it is tried. A broken one was refused for good, with `reason`, and is not
    tried again until it is kept anew; an ended one was taken away. `words_version` says to which
    words of consent.py somebody agreed.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    gateway = models.CharField(max_length=20)
    token = models.CharField(max_length=200)
    customer = models.CharField(max_length=120, db_default="")
    masked_means = models.CharField(max_length=60)
    position = models.SmallIntegerField()
    state = models.CharField(max_length=8)
    reason = models.CharField(max_length=60, db_default="")
    channel = models.CharField(max_length=16)
    words_version = models.CharField(max_length=20, db_default="")
    kept_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["active", "broken", "ended"]), name="method_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["account_id", "gateway", "token"],
                condition=Q(ended_at=None),
                name="method_is_kept_once",
            ),
        ]


class Payment(models.Model):
    """What somebody owes for one purpose; paid by one of its attempts."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    purpose = models.CharField(max_length=10)
    purpose_id = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    captured = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0) & Q(refunded__lte=F("captured")),
                name="refunds_do_not_exceed_captured",
            ),
            models.UniqueConstraint(fields=["purpose_id"], name="payment_is_one_per_purpose"),
        ]


class Attempt(models.Model):
    """One try to take the money through one gateway; `ask_at` is when the janitor asks again.

    `method_id` is the kept method that it charges; one that `keeps` is to become such a method when
    it succeeds. Nobody sits before an unattended one: no page can be shown.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    payment = models.ForeignKey(Payment, models.PROTECT)
    number = models.SmallIntegerField()
    key = models.CharField(max_length=64, unique=True)
    gateway = models.CharField(max_length=20)
    token = models.CharField(max_length=200, null=True)
    method_id = models.UUIDField(null=True)
    keeps = models.BooleanField(db_default=False)
    words_version = models.CharField(max_length=20, db_default="")
    is_unattended = models.BooleanField(db_default=False)
    state = models.CharField(max_length=12)
    reference = models.CharField(max_length=120, null=True)
    page_url = models.CharField(max_length=500, null=True)
    masked_means = models.CharField(max_length=60, default="")
    reason = models.CharField(max_length=60, default="")
    is_hard = models.BooleanField(default=False)
    asks = models.SmallIntegerField(default=0)
    ask_at = models.DateTimeField(null=True)
    supersede_at = models.DateTimeField()
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=20, default="")
    owner_by = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "number"], name="attempt_number_is_unique"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "created",
                        "sent",
                        "succeeded",
                        "failed",
                        "unknown",
                        "superseded",
                        "parked",
                    ]
                ),
                name="attempt_state_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ask_at"], condition=Q(ask_at__isnull=False), name="attempt_to_ask"
            ),
            models.Index(fields=["owner_by"], condition=Q(state="parked"), name="attempt_parked"),
            models.Index(
                fields=["gateway", "created_at", "id"],
                condition=Q(state="created", is_unattended=True),
                name="attempt_to_send_next",
            ),
        ]


class Setup(models.Model):
    """A means of payment that somebody gives to a gateway without paying, to be kept.

    It is found again by `ask_at` when its page was left; `key` is by which the gateway knows it.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    gateway = models.CharField(max_length=20)
    key = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=16)
    words_version = models.CharField(max_length=20)
    state = models.CharField(max_length=8)
    reference = models.CharField(max_length=120, null=True)
    page_url = models.CharField(max_length=500, null=True)
    reason = models.CharField(max_length=60, default="")
    method_id = models.UUIDField(null=True)
    asks = models.SmallIntegerField(default=0)
    ask_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "kept", "failed"]), name="setup_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["ask_at"], condition=Q(ask_at__isnull=False), name="setup_to_ask"),
            models.Index(fields=["account_id"], name="setup_of_account"),
        ]


class Pace(models.Model):
    """From when on a gateway may be sent the next unattended charge, over all workers."""

    gateway = models.CharField(primary_key=True, max_length=20)
    free_at = models.DateTimeField()


class Refund(models.Model):
    """Money going back to where an attempt took it from."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    payment = models.ForeignKey(Payment, models.PROTECT)
    attempt = models.ForeignKey(Attempt, models.PROTECT)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=12)
    reason = models.CharField(max_length=60, default="")
    reference = models.CharField(max_length=120, null=True)
    asks = models.SmallIntegerField(default=0)
    ask_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=20, default="")
    owner_by = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["created", "sent", "succeeded", "failed", "unknown", "parked"]
                ),
                name="refund_state_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ask_at"], condition=Q(ask_at__isnull=False), name="refund_to_ask"
            ),
            models.Index(fields=["owner_by"], condition=Q(state="parked"), name="refund_parked"),
        ]


class Dispute(models.Model):
    """A payment that the customer's bank takes back, or asks about while it is an inquiry.

    It is the gateway's, with its history there; here stands how it was when it was last read, at
    `read_at`. Until then it was only told of, and whose payment it is may never be known.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField(null=True)
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=120)
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True)
    amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="")
    reason = models.CharField(max_length=60, default="")
    state = models.CharField(max_length=12)
    is_inquiry = models.BooleanField(default=False)
    answer_by = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    asks = models.SmallIntegerField(default=0)
    ask_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "reference"], name="dispute_is_kept_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["told", "to_answer", "under_review", "won", "lost", "closed"]
                ),
                name="dispute_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="told") | Q(amount__gt=0), name="dispute_that_was_read_has_amount"
            ),
        ]
        indexes = [
            models.Index(
                fields=["ask_at"], condition=Q(ask_at__isnull=False), name="dispute_to_ask"
            ),
        ]


class Disputes(models.Model):
    """Through when a gateway was asked which disputes were opened."""

    gateway = models.CharField(primary_key=True, max_length=20)
    through = models.DateTimeField()


class Callback(models.Model):
    """A gateway's callback as it came, stored before anything is believed; partitioned by month."""

    id = models.UUIDField(primary_key=True)
    gateway = models.CharField(max_length=20)
    received_at = models.DateTimeField()
    headers = models.JSONField()
    body = models.BinaryField()
    event_id = models.CharField(max_length=120, default="")
    attempt_key = models.CharField(max_length=64, default="")
    state = models.CharField(max_length=10)

    class Meta:
        managed = False
