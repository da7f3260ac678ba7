"""Notices: one row a fact, template and recipient; warnings: one a fact and template.

The verbs stand in notices.sql and warnings.sql.
"""

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


class Warned(models.Model):
    """That somebody was warned of something, or that nobody could be: once a fact and template."""

    pk = models.CompositePrimaryKey("fact_id", "template")
    fact_id = models.UUIDField()
    template = models.CharField(max_length=32)
    account_id = models.UUIDField()
    at = models.DateTimeField()
