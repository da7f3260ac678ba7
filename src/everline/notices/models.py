"""Notices: one row a fact, template and recipient; warnings: one a fact and template.

Consents are to messages about offers. The verbs stand in notices.sql, warnings.sql, consents.sql.
"""

from django.db import models
from django.db.models import Q


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
