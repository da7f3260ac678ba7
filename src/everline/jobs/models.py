"""The queue: a done job is deleted, a dead one stays until a person decides. And sweeps' rounds."""

from django.db import models

from everline.database.fields import StateField


class Job(models.Model):
    """Follow-up work, written by the verb that causes it and leased with a fencing token."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    kind = models.CharField(max_length=24)
    subject_id = models.UUIDField()
    state = StateField(domain="job_state", max_length=8, default="ready")
    run_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    tries_max = models.SmallIntegerField(default=12)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "kind"], name="job_is_queued_once"),
        ]
        indexes = [
            models.Index(fields=["state", "run_at", "id"], name="job_by_state_and_id"),
        ]


class Round(models.Model):
    """How far a sweep has come that looks at very many rows, a slice a call.

    `hour`, `at` and `last_id` are the place of the last row in the order of the sweep's index.
    """

    sweep = models.CharField(max_length=24, primary_key=True)
    began_at = models.DateTimeField()
    hour = models.DateTimeField(null=True)
    at = models.DateTimeField(null=True)
    last_id = models.UUIDField(null=True)
    looked = models.IntegerField(default=0)
    is_over = models.BooleanField()
