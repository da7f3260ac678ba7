"""Reading the catalogue: the plan versions on sale at an instant, with price and coverage.

A list for people to choose from, and no quote: what a plan costs one card, with its promotion, and
when its term ends is told by renewals/quotes.py.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from everline import database

SUCCESSORS_MAX: Final = 5
"""How many plans may have come in the place of one another."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan version on sale, in one currency; `price` in minor units, tax included."""

    plan_version_id: UUID
    code: str
    names: dict[str, str]
    period_unit: str
    period_count: int
    validity: str
    on_renewal: str
    allowance_bytes: int | None
    fair_use_bytes: int | None
    devices_max: int
    price: int
    currency: str
    tax_basis_points: int
    region_code: str | None
    region_names: dict[str, str] | None
    countries: list[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator decided for all. `currency_digits` says how many digits are shown."""

    name: str
    domain: str
    sender_email: str
    sender_sms: str
    currency_digits: dict[str, int]
    quote_minutes: int
    payment_minutes: int
    delivery_minutes: int
    terms_ahead_max: int
    lapsed_days: int
    topup_amounts: dict[str, list[int]] = field(default_factory=dict)
    topup_limits: dict[str, list[int]] = field(default_factory=dict)
    document_check: dict[str, Any] = field(default_factory=dict)


_ON_SALE = (
    "select v.id as plan_version_id, p.code, p.names, v.period_unit, v.period_count, v.validity,"
    " v.on_renewal, v.allowance_bytes, v.fair_use_bytes, v.devices_max, r.amount as price,"
    " r.currency, r.tax_basis_points, g.code as region_code, g.names as region_names,"
    " array(select c.country::text from catalogue_coverage c where c.plan_version_id = v.id"
    "   order by c.country) as countries"
    " from catalogue_plan p join catalogue_planversion v on v.plan_id = p.id"
    " join catalogue_price r on r.plan_version_id = v.id"
    " left join catalogue_region g on g.code = v.region_id"
    " where (p.retired_at is null or p.retired_at > %s) and v.effective_from <= %s"
    " and (v.effective_until is null or v.effective_until > %s) and r.currency = %s"
)


def offers(currency: str, at: datetime, country: str | None = None) -> list[Offer]:
    """List the plans on sale at `at` in a currency, in the operator's order; bounded at 500."""
    return database.rows(
        Offer,
        _ON_SALE + " and (%s::text is null or exists (select from catalogue_coverage c"
        " where c.plan_version_id = v.id and c.country = %s))"
        " order by p.position, p.code limit 500",
        [at, at, at, currency, country, country],
    )


def version_on_sale(code: str, currency: str, at: datetime) -> Offer | None:
    """Find the version of a plan that is on sale at `at`, or None."""
    return database.row(Offer, _ON_SALE + " and p.code = %s", [at, at, at, currency, code])


def find_plan(code: str) -> UUID | None:
    """Find a plan by its code, whether it is sold or not."""
    found: UUID | None = database.value(
        "select p.id from catalogue_plan p where p.code = %s", [code]
    )
    return found


def sold_in_place(code: str, currency: str, at: datetime) -> Offer | None:
    """Find what is on sale of a plan, or of what came in its place; None when nothing is."""
    wanted: str | None = code
    for _step in range(SUCCESSORS_MAX):
        if wanted is None:
            break
        offer = version_on_sale(wanted, currency, at)
        if offer is not None:
            return offer
        wanted = database.value(
            "select s.code from catalogue_plan p join catalogue_plan s on s.id = p.successor_id"
            " where p.code = %s",
            [wanted],
        )
    return None


def policy() -> Policy:
    """Read the operator's policy; defaults that name nobody while none is loaded."""
    found: Any = database.row(
        Policy,
        "select p.name, p.domain, p.sender_email, p.sender_sms, p.currency_digits,"
        " p.quote_minutes, p.payment_minutes, p.delivery_minutes, p.terms_ahead_max, p.lapsed_days,"
        " p.topup_amounts, p.topup_limits, p.document_check"
        " from catalogue_policy p where p.id = 1",
    )
    return found or Policy("Everline", "localhost", "", "", {}, 15, 30, 30, 6, 90)
