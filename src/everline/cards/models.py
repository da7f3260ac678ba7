"""Cards, their devices and their entitlements.

The balance of a card stands in the ledger, its renewals in renewals/models.py. The verbs stand in
cards.sql, their typed face in changes.py and status.py.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Greatest

from everline.database.fields import NotNegativeField, StateField


class Card(models.Model):
    """A data card or an eSIM with its own account, given when it is loaded and never changed.

    `taken_at` says when an eSIM was taken from stock by somebody who buys it on a page.
    `next_rung_at` is when it is next tried to renew it by itself: null while that is switched off,
    infinity when nothing is to come. `rung_ends_at` is the end of service that this try is to
    prevent; it lies before the try when service has ended and the mandate waits, being paused.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField(unique=True)
    iccid = models.CharField(max_length=20, unique=True)
    msisdn = models.CharField(max_length=16, null=True, blank=True)
    kind = models.CharField(max_length=4)
    zone = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12, default="in_stock")
    start_code_hash = models.BinaryField(null=True)
    start_code_tries = models.SmallIntegerField(default=0)
    smdp_address = models.CharField(max_length=120, default="", blank=True)
    matching_id = models.CharField(max_length=64, default="", blank=True)
    next_rung_at = models.DateTimeField(null=True, blank=True)
    rung_ends_at = models.DateTimeField(null=True, blank=True)
    loaded_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["sim", "esim"]), name="card_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["in_stock", "activated", "bound", "suspended", "lost", "terminated"]
                ),
                name="card_state_is_known",
            ),
            models.UniqueConstraint(
                fields=["msisdn"],
                condition=Q(msisdn__isnull=False) & ~Q(state="terminated"),
                name="card_msisdn_is_given_once",
            ),
        ]
        indexes = [
            # The most urgent ones that are due, without looking at those that wait: the hours in
            # which service ends follow each other, and in each hour what is due comes first. The id
            # is there because a midnight may be the end of very many: all orders are total.
            # `urgency` in renewals/rungs.sql is this very expression.
            models.Index(
                Func(
                    Value("1 hour"),
                    Greatest("rung_ends_at", "next_rung_at"),
                    Value("2000-01-01 00:00:00+00"),
                    function="date_bin",
                ),
                F("next_rung_at"),
                F("id"),
                condition=Q(next_rung_at__isnull=False),
                name="card_due_most_urgent",
            ),
            models.Index(
                fields=["currency", "id"],
                condition=Q(state="in_stock", kind="esim"),
                name="esim_in_stock",
            ),
            models.Index(
                fields=["taken_at"],
                condition=Q(taken_at__isnull=False, state="activated"),
                name="esim_taken",
            ),
        ]

    def __str__(self) -> str:
        """Show the card's number, as printed on it."""
        return self.iccid


class Device(models.Model):
    """A device that a card is or was bound to: its IMEI, or the EID of an eSIM's chip."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT)
    kind = models.CharField(max_length=4)
    number = models.CharField(max_length=32)
    bound_at = models.DateTimeField()
    unbound_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["imei", "eid"]), name="device_kind_is_known"
            ),
            models.UniqueConstraint(
                fields=["card", "number"],
                condition=Q(unbound_at=None),
                name="device_is_bound_once",
            ),
        ]


class Entitlement(models.Model):
    """What a card may use: a half-open interval [starts_at, ends_at) and an allowance in bytes.

    `allowance_bytes` null is unlimited, fair use after `fair_use_bytes`. A term that a later one
    cut short keeps its `planned_ends_at` and the one that closed it, so that a reversal can
    restore it.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT, db_index=False, db_constraint=False)
    renewal_id = models.UUIDField(null=True)
    plan_version_id = models.UUIDField()
    state = StateField(domain="entitlement_state", max_length=10)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    planned_ends_at = models.DateTimeField()
    anchor_day = models.SmallIntegerField()
    allowance_bytes = models.BigIntegerField(null=True)
    fair_use_bytes = models.BigIntegerField(null=True)
    used_bytes = NotNegativeField(default=0)
    carried_bytes = NotNegativeField(default=0)
    used_as_of = models.DateTimeField(null=True)
    devices_max = models.SmallIntegerField(default=1)
    closed_by_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            # That it does not end before it starts is said by the range below.
            models.CheckConstraint(
                condition=Q(ends_at__lte=F("planned_ends_at")),
                name="entitlement_ends_as_planned_or_sooner",
            ),
            ExclusionConstraint(
                name="entitlement_terms_do_not_overlap",
                expressions=[
                    # Its hash, because GiST sees only the first 53 bits of a UUID, and cards that
                    # are loaded together share them: the tree would degenerate.
                    (
                        Func("card", Value(0), function="uuid_hash_extended"),
                        RangeOperators.EQUAL,
                    ),
                    (
                        Func("starts_at", "ends_at", function="tstzrange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=~Q(state="cancelled"),
            ),
        ]
        indexes = [
            models.Index(fields=["card", "ends_at"], name="entitlement_by_card"),
            models.Index(fields=["ends_at", "id"], name="entitlement_by_end_and_id"),
        ]


class Reading(models.Model):
    """How much of a term was used at an instant, as the network told it; the last one a day.

    Days are those of UTC. A forecast is made from these.
    """

    pk = models.CompositePrimaryKey("entitlement_id", "day")
    entitlement_id = models.UUIDField()
    account_id = models.UUIDField()
    day = models.DateField()
    as_of = models.DateTimeField()
    used_bytes = NotNegativeField()
