"""What a till notes of a sale beside the core: who sold it, the cash, the document. No money.

A row is written before the core is asked and gets its renewal or top-up afterwards; what was
refused leaves none. What was sold at which price stands with the renewal alone.
"""

from django.db import models
from django.db.models import F, Q


class Sale(models.Model):
    """One sale at one till; amounts in minor units, null when no cash was given."""

    id = models.UUIDField(primary_key=True)
    terminal_id = models.UUIDField()
    clerk_id = models.UUIDField()
    request_id = models.CharField(max_length=100)
    renewal_id = models.UUIDField(null=True, unique=True)
    topup_id = models.UUIDField(null=True, unique=True)
    tendered = models.BigIntegerField(null=True)
    change = models.BigIntegerField(null=True)
    document = models.CharField(max_length=12, default="not_asked")
    copies = models.SmallIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["terminal_id", "request_id"], name="sale_is_one_request"
            ),
            models.CheckConstraint(
                condition=Q(renewal_id=None) | Q(topup_id=None), name="sale_is_of_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(document__in=["not_asked", "seen", "matched"]),
                name="sale_document_is_known",
            ),
            models.CheckConstraint(
                condition=Q(tendered=None, change=None)
                | Q(change__gte=0, tendered__gte=F("change")),
                name="sale_change_is_from_what_was_given",
            ),
        ]
        indexes = [models.Index(fields=["terminal_id", "-at"], name="sale_by_terminal")]
