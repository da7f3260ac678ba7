"""Plans by version, prices, coverage, promotions, and the operator's policy.

The face that reads them is offers.py; what a plan costs one card is told by renewals/quote.sql. A
version that was sold is never changed: a new price or allowance is a new version.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Policy(models.Model):
    """What the operator decided for all: one row, operator data.

    `topup_amounts` lists by currency the amounts that are offered for topping up; any other one
    within `topup_limits`, by currency the least and the most, is taken too. All in minor units.
    `document_check` says whether a clerk asks for a document: {"asked": "seen" or "matched",
    "from": {currency: minor units}}; empty for never, a currency that is not named for always.
    `auto_notice_days` is how long before an automatic charge of a month or longer people are told.
    More than `auto_card_day_max` automatic charges of a card in a day park the card; more in an
    hour than `auto_burst_percent` of what is expected, and than `auto_burst_least`, stop them all.
    When automatic renewal failed, service goes on for `grace_hours` with `bridge_bytes` of data.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=80)
    domain = models.CharField(max_length=120)
    sender_email = models.CharField(max_length=200)
    sender_sms = models.CharField(max_length=20)
    currency_digits = models.JSONField(default=dict)
    quote_minutes = models.SmallIntegerField(default=15)
    payment_minutes = models.SmallIntegerField(default=30)
    delivery_minutes = models.SmallIntegerField(default=30)
    terms_ahead_max = models.SmallIntegerField(default=6)
    lapsed_days = models.SmallIntegerField(default=90)
    topup_amounts = models.JSONField(default=dict, db_default={}, blank=True)
    topup_limits = models.JSONField(default=dict, db_default={}, blank=True)
    warn_month_hours = models.SmallIntegerField(db_default=72)
    warn_week_hours = models.SmallIntegerField(db_default=24)
    warn_day_hours = models.SmallIntegerField(db_default=6)
    quiet_from_hour = models.SmallIntegerField(db_default=21)
    quiet_until_hour = models.SmallIntegerField(db_default=8)
    document_check = models.JSONField(default=dict, db_default={}, blank=True)
    auto_notice_days = models.SmallIntegerField(db_default=3)
    auto_card_day_max = models.SmallIntegerField(db_default=3)
    auto_burst_percent = models.SmallIntegerField(db_default=300)
    auto_burst_least = models.IntegerField(db_default=1000)
    grace_hours = models.SmallIntegerField(db_default=0)
    bridge_bytes = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="policy_is_one_row")]


class Region(models.Model):
    """A named group of countries, such as "Asia-Pacific"."""

    code = models.CharField(max_length=40, primary_key=True)
    names = models.JSONField()


class Plan(models.Model):
    """A plan as people know it; what it gives and costs stands in its versions."""

    id = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    names = models.JSONField()
    position = models.SmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True)

    def __str__(self) -> str:
        """Show the plan's code, as finance and partners write it."""
        return self.code


class PlanVersion(models.Model):
    """What a plan gives from `effective_from` until the next version; never changed once sold."""

    id = models.UUIDField(primary_key=True)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.SmallIntegerField()
    effective_from = models.DateTimeField()
    effective_until = models.DateTimeField(null=True, blank=True)
    period_unit = models.CharField(max_length=8)
    period_count = models.SmallIntegerField(default=1)
    validity = models.CharField(max_length=8)
    on_renewal = models.CharField(max_length=8)
    allowance_bytes = models.BigIntegerField(null=True, blank=True)
    fair_use_bytes = models.BigIntegerField(null=True, blank=True)
    devices_max = models.SmallIntegerField(default=1)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "number"], name="plan_version_number_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(period_unit__in=["day", "week", "month", "quarter", "year"]),
                name="plan_period_unit_is_known",
            ),
            models.CheckConstraint(
                condition=Q(period_count__gte=1) & Q(period_count__lte=366),
                name="plan_period_count_is_bounded",
            ),
            models.CheckConstraint(
                condition=Q(validity__in=["rolling", "calendar"]), name="plan_validity_is_known"
            ),
            models.CheckConstraint(
                condition=Q(on_renewal__in=["queue", "stack", "replace"]),
                name="plan_on_renewal_is_known",
            ),
            models.CheckConstraint(
                condition=Q(allowance_bytes__isnull=False, fair_use_bytes__isnull=True)
                | Q(allowance_bytes__isnull=True, fair_use_bytes__isnull=False),
                name="plan_has_an_allowance_or_fair_use",
            ),
            models.CheckConstraint(
                condition=Q(devices_max__gte=1), name="plan_serves_one_device_at_least"
            ),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gt=F("effective_from")),
                name="plan_version_interval_is_forward",
            ),
        ]


class Price(models.Model):
    """A version's price in one currency, in minor units, tax included at `tax_basis_points`."""

    plan_version = models.ForeignKey(PlanVersion, models.CASCADE, related_name="prices")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    tax_basis_points = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan_version", "currency"], name="price_is_one_per_currency"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="price_is_positive"),
            models.CheckConstraint(
                condition=Q(tax_basis_points__gte=0) & Q(tax_basis_points__lte=10000),
                name="price_tax_is_a_rate",
            ),
        ]


class Coverage(models.Model):
    """A country (ISO 3166-1 alpha-2) in which a version's data works."""

    plan_version = models.ForeignKey(PlanVersion, models.CASCADE, related_name="coverage")
    country = models.CharField(max_length=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan_version", "country"], name="coverage_names_a_country_once"
            ),
        ]
        indexes = [models.Index(fields=["country"], name="coverage_by_country")]


class Promotion(models.Model):
    """An offer with its window and limits; its budget is an account of the ledger with a floor.

    `kind` percent takes `percent_basis_points`, amount takes `amount` in `currency`, bonus_data
    gives `bonus_bytes`. The budget counts money (`budget_unit` is a currency) or uses ('XXX').
    One that `is_public` is shown to everybody, and told to whoever asked for offers.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField(unique=True)
    code = models.CharField(max_length=40, unique=True)
    names = models.JSONField()
    kind = models.CharField(max_length=10)
    percent_basis_points = models.IntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, null=True, blank=True)
    bonus_bytes = models.BigIntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    channels = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    plans = models.ManyToManyField(Plan, blank=True)
    per_card_max = models.SmallIntegerField(default=1)
    budget_unit = models.CharField(max_length=3, null=True, blank=True)
    pockets = models.SmallIntegerField(default=1)
    is_public = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="percent", percent_basis_points__gt=0, percent_basis_points__lte=10000
                )
                | Q(kind="amount", amount__gt=0, currency__isnull=False)
                | Q(kind="bonus_data", bonus_bytes__gt=0),
                name="promotion_gives_what_its_kind_says",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="promotion_window_is_forward"
            ),
        ]
