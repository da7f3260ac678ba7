"""Tables that every noun writes through: requests, transitions, history, the deployment's mark.

A request is claimed by every writing verb and keeps the answer, a refusal too, for ever. A
transition is one allowed step of one machine. History has one row a step, partitioned by month.
The verbs around them stand in database.sql.
"""

from datetime import timedelta

from django.db import models


class Deployment(models.Model):
    """One row: what this database is for, and how far its clock is moved."""

    PRODUCTION, DEMO, SIMULATION = "production", "demo", "simulation"

    id = models.SmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=10, default=PRODUCTION)
    clock_offset = models.DurationField(default=timedelta(0))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="deployment_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(mode__in=["production", "demo", "simulation"]),
                name="deployment_mode_is_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(mode="production") | models.Q(clock_offset=timedelta(0)),
                name="production_clock_is_not_moved",
            ),
        ]


class Request(models.Model):
    """A claimed request id with its answer; unique for channel and source, kept for ever."""

    pk = models.CompositePrimaryKey("channel", "source", "request_id")
    channel = models.CharField(max_length=16)
    source = models.CharField(max_length=64)
    request_id = models.CharField(max_length=100)
    request_hash = models.BinaryField()
    account_id = models.UUIDField()
    subject_id = models.UUIDField()
    answer_id = models.UUIDField(null=True)
    outcome = models.CharField(max_length=16)
    reason = models.CharField(max_length=32, null=True)
    facts = models.JSONField(null=True)
    valid_until = models.DateTimeField(null=True)
    at = models.DateTimeField()


class Transition(models.Model):
    """One allowed step: in `from_state`, `event` leads to `to_state`. '' is "not there yet"."""

    pk = models.CompositePrimaryKey("machine", "from_state", "event")
    machine = models.CharField(max_length=16)
    from_state = models.CharField(max_length=20)
    event = models.CharField(max_length=24)
    to_state = models.CharField(max_length=20)


class History(models.Model):
    """One step that was taken; partitioned by month of `at`, append-only."""

    id = models.BigIntegerField(primary_key=True)
    account_id = models.UUIDField()
    machine = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    from_state = models.CharField(max_length=20)
    event = models.CharField(max_length=24)
    to_state = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        managed = False
