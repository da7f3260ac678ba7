"""What we asked of a network or supplier. The verbs' parts stand in provisioning.sql."""

from django.db import models
from django.db.models import Q


class Order(models.Model):
    """One order to a network: apply an entitlement, or take it back; `reference` is our own."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    entitlement_id = models.UUIDField()
    renewal_id = models.UUIDField()
    action = models.CharField(max_length=8)
    network = models.CharField(max_length=20)
    reference = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=10)
    reason = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entitlement_id", "action"], name="order_is_one_per_action"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "unknown", "done", "refused"]),
                name="order_state_is_known",
            ),
        ]
