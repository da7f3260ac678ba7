"""Notices: one row a fact, template and recipient. The verbs stand in notices.sql."""

from django.db import models


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
