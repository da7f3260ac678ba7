"""Notices: one row a fact, template and recipient; warnings: one a fact and template; devices.

Consents are to messages about offers. The verbs stand in notices.sql, warnings.sql, push.sql and
consents.sql.
"""

from django.db import models
from django.db.models import Q

from everline.cards.models import Card


class Notice(models.Model):
    """A message about a final state; partitioned by month of the fact's time."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    fact_id = models.UUIDField()
    at = models.DateTimeField()
    template = models.CharField(max_length=32)
    medium = models.CharField(max_length=8)
    recipient = models.CharField(max_length=200)
    locale = models.CharField(max_length=10)
    facts = models.JSONField()
    state = models.CharField(max_length=8)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        managed = False


class Warned(models.Model):
    """That somebody was warned of something, or that nobody could be: once a fact and template."""

    pk = models.CompositePrimaryKey("fact_id", "template")
    fact_id = models.UUIDField()
    template = models.CharField(max_length=32)
    account_id = models.UUIDField()
    at = models.DateTimeField()


class Device(models.Model):
    """A browser that wants to be reminded before one card ends, as the Push API describes it.

    `endpoint` is the address at its push service, `public_key` and `secret` are what a message to
    it is sealed with (RFC 8291). They stand here alone: a notice names the row.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    card = models.ForeignKey(Card, models.PROTECT, related_name="+")
    endpoint = models.CharField(max_length=1000, db_index=True)
    public_key = models.CharField(max_length=100)
    secret = models.CharField(max_length=40)
    locale = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["card", "endpoint"], name="device_is_kept_once_a_card"),
        ]


class Consent(models.Model):
    """That somebody wants messages about offers: asked for on a page, confirmed from the mailbox.

    `account_id` is made of the recipient: it holds nothing, and keeps a recipient's rows together.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    medium = models.CharField(max_length=8)
    recipient = models.CharField(max_length=200)
    locale = models.CharField(max_length=10)
    words_version = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["medium", "recipient"],
                condition=Q(ended_at=None),
                name="consent_is_one_for_a_recipient",
            ),
            models.CheckConstraint(
                condition=Q(medium__in=["email", "sms"]), name="consent_medium_is_known"
            ),
        ]


class Announced(models.Model):
    """That a message about an offer was written for a consent: once each."""

    pk = models.CompositePrimaryKey("consent_id", "promotion_id")
    consent_id = models.UUIDField()
    promotion_id = models.UUIDField()
    account_id = models.UUIDField()
    at = models.DateTimeField()
