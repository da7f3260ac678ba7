"""People and firms: persons who sign in, who holds which account, retailers, partners, keys.

Money of a firm is its deposit in the ledger, reached by its `account_id`. Keys of partners are made
and found in keys.py, those of tills and kiosks in terminals.py; what staff may do says roles.py.
"""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Func, Q, Value

from everline import clock, ids

COMMISSION_MAX = 5000
"""Half of the price, in basis points: more is a slip of the pen."""


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
    """Somebody who can sign in: a holder of cards, or staff.

    `customer_number` is given by the database; ids.CustomerNumber writes it with a check digit.
    Who signs in by codes has an e-mail address, a telephone number (E.164) or both, each shown by a
    code to be theirs; staff has an e-mail address. Somebody erased has neither, and is not active.
    """

    id = models.UUIDField(primary_key=True)
    customer_number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=Func(Value("people_customer_number"), function="nextval"),
    )
    email = models.EmailField(unique=True, null=True, blank=True)
    phone = models.CharField(max_length=16, unique=True, null=True, blank=True)
    name = models.CharField(max_length=120, blank=True, default="")
    locale = models.CharField(max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = PersonManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False)
                | Q(phone__isnull=False, is_staff=False)
                | Q(erased_at__isnull=False, is_active=False),
                name="person_can_be_reached",
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(email=None, phone=None, name=""),
                name="person_erased_has_no_name",
            ),
        ]

    @property
    def shown(self) -> str:
        """What this person is called: the name, else the address."""
        return self.name or self.email or self.phone or ""


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
    """An authorised store with its deposit account.

    Its opening hours are those of `zone`; while that is empty, nobody is told whether it is open.
    """

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
    commission_basis_points = models.SmallIntegerField(db_default=0, default=0)
    zone = models.CharField(max_length=64, db_default="", default="", blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(commission_basis_points__range=(0, COMMISSION_MAX)),
                name="retailer_commission_is_a_share",
            ),
        ]


class Partner(models.Model):
    """A third-party platform that renews through the API and pays from its deposit."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField(unique=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    pockets = models.SmallIntegerField(default=1)
    commission_basis_points = models.SmallIntegerField(db_default=0, default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(commission_basis_points__range=(0, COMMISSION_MAX)),
                name="partner_commission_is_a_share",
            ),
        ]


class APIKey(models.Model):
    """A partner's key: only its SHA-256 is kept, so it is shown once."""

    id = models.UUIDField(primary_key=True)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="keys")
    key_hash = models.BinaryField(unique=True)
    hint = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)


class Terminal(models.Model):
    """A till or kiosk of a store: a device that proves itself by a key, kept as its SHA-256.

    The one-time code that lets a device in is kept as a keyed hash, until it is used or too old.
    """

    TILL, KIOSK = "till", "kiosk"

    id = models.UUIDField(primary_key=True)
    retailer = models.ForeignKey(Retailer, models.PROTECT, related_name="terminals")
    kind = models.CharField(max_length=8, choices=[(TILL, TILL), (KIOSK, KIOSK)])
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    place_note = models.CharField(max_length=60, default="", blank=True)
    language = models.CharField(max_length=10, default="en")
    enrol_code_hash = models.BinaryField(unique=True, null=True)
    enrol_expires_at = models.DateTimeField(null=True, blank=True)
    enrol_tries = models.SmallIntegerField(default=0)
    key_hash = models.BinaryField(unique=True, null=True)
    enrolled_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["till", "kiosk"]), name="terminal_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(enrol_code_hash=None, enrol_expires_at=None)
                | Q(enrol_code_hash__isnull=False, enrol_expires_at__isnull=False),
                name="terminal_code_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(key_hash=None) | Q(enrolled_at__isnull=False),
                name="terminal_key_was_enrolled",
            ),
        ]


class Employment(models.Model):
    """At which store somebody works, from when until when; one at a time."""

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="employments")
    retailer = models.ForeignKey(Retailer, models.PROTECT, related_name="employments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ends_at=None), name="person_has_one_workplace"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=models.F("starts_at")),
                name="employment_is_forward",
            ),
        ]


class ReturnCall(models.Model):
    """A caller who wants to be called by a person; one that is open for each telephone number."""

    id = models.UUIDField(primary_key=True)
    phone = models.CharField(max_length=20)
    locale = models.CharField(max_length=10, default="en")
    card_id = models.UUIDField(null=True, blank=True)
    note = models.CharField(max_length=240, default="", blank=True)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone"], condition=Q(done_at=None), name="phone_waits_for_one_call"
            ),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None)
                | Q(done_at__isnull=False, done_by__isnull=False),
                name="return_call_was_done_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"], condition=Q(done_at=None), name="return_calls_that_wait"
            ),
        ]
