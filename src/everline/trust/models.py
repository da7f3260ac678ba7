"""Whom to believe: what channels may do, service PINs, acts of staff, banners, signing keys.

Channels and banners are operator data. PINs, acts, keys and limits are written by the verbs of
trust.sql and limits.sql alone; their typed faces are pins.py, acts.py, signatures.py and limits.py.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Channel(models.Model):
    """One of our channels: whether it is open, the means it takes and its limit a renewal."""

    code = models.CharField(max_length=16, primary_key=True)
    is_open = models.BooleanField(default=True)
    means = ArrayField(models.CharField(max_length=16))
    amount_max = models.JSONField(default=dict, blank=True)


class Pin(models.Model):
    """The service PIN of an account, hashed, with the wrong tries since the last right one."""

    account_id = models.UUIDField(primary_key=True)
    pin_hash = models.BinaryField()
    tries = models.SmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    set_at = models.DateTimeField()


class Act(models.Model):
    """One act of staff, of a terminal or of the system itself; append-only.

    Persons and terminals are named by their ids alone, so that erasing a name changes no act.
    """

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    person_id = models.UUIDField(null=True)
    terminal_id = models.UUIDField(null=True)
    role = models.CharField(max_length=16)
    verb = models.CharField(max_length=32)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person_id__isnull=False)
                | Q(terminal_id__isnull=False)
                | Q(role="system"),
                name="act_was_done_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="act_by_time"),
            models.Index(fields=["subject_kind", "subject_id", "at"], name="act_by_subject"),
            models.Index(fields=["person_id", "at"], name="act_by_person"),
        ]


class Banner(models.Model):
    """A sentence of the operator that channels show for a while, such as an outage.

    `text` has one sentence a language, English at least; no channels mean all of them.
    """

    id = models.UUIDField(primary_key=True)
    text = models.JSONField()
    channels = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    severity = models.CharField(
        max_length=8, choices=[("info", "info"), ("warning", "warning")], default="info"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=["info", "warning"]), name="banner_severity_is_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="banner_is_forward",
            ),
            models.CheckConstraint(condition=Q(text__has_key="en"), name="banner_speaks_english"),
        ]
        indexes = [models.Index(fields=["ends_at"], name="banner_by_end")]


class Turn(models.Model):
    """A limit of one subject, by a keyed hash: when all of its turns are there again."""

    key = models.BinaryField(primary_key=True)
    full_at = models.DateTimeField()


class SigningKey(models.Model):
    """A public key with which signed records are checked; its private half is in no database."""

    id = models.CharField(max_length=8, primary_key=True)
    public_key = models.BinaryField(unique=True)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
