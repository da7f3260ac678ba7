"""The tables of the double-entry ledger: accounts, transfers, holds, roll-ups.

A transfer has one debit and one credit account of one currency and a positive amount, so the sum is
zero by construction. Only accounts with a floor keep a running balance; the operator's own accounts
are rolled up. The verbs stand in ledger.sql, the chart of accounts in docs/ledger.md.
"""

from django.db import models
from django.db.models import F, Q

from everline.database.fields import NotNegativeField, PositiveField, TransactionIdField


class Account(models.Model):
    """One account of the ledger, of one owner (`account_id`), kind, scope, currency and pocket."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    scope = models.CharField(max_length=40, default="", blank=True)
    currency = models.CharField(max_length=3)
    pocket = models.SmallIntegerField(default=0)
    floor = models.BigIntegerField(null=True)
    balance = models.BigIntegerField(default=0)
    held = NotNegativeField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "kind", "scope", "currency", "pocket"],
                name="account_is_opened_once",
            ),
            # An account without a floor passes: nothing is compared with null.
            models.CheckConstraint(
                condition=Q(balance__gte=F("floor") + F("held")), name="account_floor_holds"
            ),
        ]


class Transfer(models.Model):
    """Money moved from one account (debit) to another (credit); append-only."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    group_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    debit_id = models.UUIDField()
    credit_id = models.UUIDField()
    amount = PositiveField()
    currency = models.CharField(max_length=3)
    reverses_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    transaction_id = TransactionIdField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(debit_id=F("credit_id")), name="transfer_has_two_accounts"
            ),
            models.UniqueConstraint(
                fields=["reverses_id"],
                condition=Q(reverses_id__isnull=False),
                name="transfer_is_reversed_once",
            ),
        ]
        indexes = [
            models.Index(fields=["group_id"], name="transfer_by_group"),
            models.Index(fields=["transaction_id"], name="transfer_by_transaction"),
        ]


class Hold(models.Model):
    """An amount set aside on an account with a floor until it is posted, released or expires."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    ledger_account = models.ForeignKey(Account, models.PROTECT)
    group_id = models.UUIDField()
    amount = models.BigIntegerField()
    state = models.CharField(max_length=10)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="hold_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["held", "posted", "released"]), name="hold_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["group_id"], name="hold_by_group"),
            models.Index(fields=["expires_at"], condition=Q(state="held"), name="hold_open"),
        ]


class RollUp(models.Model):
    """One of the operator's own accounts, summed up to its watermark's transaction."""

    ledger_account = models.OneToOneField(Account, models.PROTECT, primary_key=True)
    debits = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    credits = models.DecimalField(max_digits=38, decimal_places=0, default=0)


class Watermark(models.Model):
    """How far a roll-up has read: transactions below `through` are summed."""

    name = models.CharField(max_length=20, primary_key=True)
    through = TransactionIdField()
