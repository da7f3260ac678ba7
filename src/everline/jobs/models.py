"""The queue's one table. A done job is deleted; a dead one stays until a person decides."""

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """Follow-up work, written by the verb that causes it and leased with a fencing token."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    kind = models.CharField(max_length=24)
    subject_id = models.UUIDField()
    state = models.CharField(max_length=8, default="ready")
    run_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    tries_max = models.SmallIntegerField(default=12)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["ready", "dead"]), name="job_state_is_known"
            ),
            models.UniqueConstraint(fields=["subject_id", "kind"], name="job_is_queued_once"),
        ]
        indexes = [
            models.Index(fields=["run_at"], condition=Q(state="ready"), name="job_ready"),
            models.Index(fields=["kind"], condition=Q(state="dead"), name="job_dead"),
        ]
