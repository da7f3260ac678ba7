"""Legs: where each telephone call stands, so that any server may answer its next key.

A leg keeps no telephone number, no PIN and no key that was pressed. It is deleted after a day.
"""

from django.db import models


class Leg(models.Model):
    """One call. `turn` counts what was answered; `answer` is the last answer, for a second asking.

    `request_id` belongs to the choice that the caller hears now, made before anything uses it.
    """

    id = models.UUIDField(primary_key=True)
    call_sid = models.CharField(max_length=64, unique=True)
    caller_hash = models.BinaryField(null=True)
    locale = models.CharField(max_length=10, default="en")
    step = models.CharField(max_length=32)
    turn = models.SmallIntegerField(default=0)
    misses = models.SmallIntegerField(default=0)
    wrong_finds = models.SmallIntegerField(default=0)
    person_id = models.UUIDField(null=True)
    card_id = models.UUIDField(null=True)
    proved_account_id = models.UUIDField(null=True)
    page = models.SmallIntegerField(default=0)
    plan_code = models.CharField(max_length=40, default="")
    plan_version_id = models.UUIDField(null=True)
    quoted_total = models.BigIntegerField(null=True)
    quoted_end = models.DateTimeField(null=True)
    request_id = models.UUIDField(null=True)
    renewal_id = models.UUIDField(null=True)
    is_joinable = models.BooleanField(default=False)
    answer = models.TextField(default="")
    claimed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["started_at"], name="leg_by_start")]
