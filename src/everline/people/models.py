"""People and firms: persons who sign in, who holds which account, retailers, partners, keys.

Money of a firm is its deposit in the ledger, reached by its `account_id`. Keys are made and found
in keys.py.
"""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q

from everline import clock, ids


class PersonManager(BaseUserManager["Person"]):
    """Creates persons for Django's own commands."""

    def create_user(self, email: str, password: str | None = None, **extra: object) -> "Person":
        """Create a person who signs in by e-mail and password."""
        person = self.model(
            id=ids.uuid7(clock.now()), email=self.normalize_email(email).lower(), **extra
        )
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None) -> "Person":
        """Create a person who may do everything in the back office."""
        return self.create_user(email, password, is_staff=True, is_superuser=True)


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in: a holder of cards, or staff."""

    id = models.UUIDField(primary_key=True)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True, default="")
    locale = models.CharField(max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    objects = PersonManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []


class Holding(models.Model):
    """Who holds an account, from when until when; selling or erasing changes only this."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    person = models.ForeignKey(Person, models.PROTECT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id"], condition=Q(ends_at=None), name="account_has_one_holder"
            ),
        ]


class Retailer(models.Model):
    """An authorised store with its deposit account."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField(unique=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16)
    city = models.CharField(max_length=60)
    address = models.CharField(max_length=240)
    floor_or_exit = models.CharField(max_length=60, default="", blank=True)
    latitude_microdegrees = models.IntegerField()
    longitude_microdegrees = models.IntegerField()
    opening_hours = models.CharField(max_length=120)
    phone = models.CharField(max_length=20, default="", blank=True)
    currency = models.CharField(max_length=3)


class Partner(models.Model):
    """A third-party platform that renews through the API and pays from its deposit."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField(unique=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    pockets = models.SmallIntegerField(default=1)
    closed_at = models.DateTimeField(null=True, blank=True)


class APIKey(models.Model):
    """A partner's key: only its SHA-256 is kept, so it is shown once."""

    id = models.UUIDField(primary_key=True)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="keys")
    key_hash = models.BinaryField(unique=True)
    hint = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
