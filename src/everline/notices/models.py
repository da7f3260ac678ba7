"""Notices: one row a fact, template and recipient; warnings: one a fact and template; devices.

The verbs stand in notices.sql, warnings.sql and push.sql.
"""

from django.db import models

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
    card = models.ForeignKey(Card, models.PROTECT)
    endpoint = models.CharField(max_length=1000, db_index=True)
    public_key = models.CharField(max_length=100)
    secret = models.CharField(max_length=40)
    locale = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["card", "endpoint"], name="device_is_kept_once_a_card"),
        ]
