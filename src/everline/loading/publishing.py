"""Publishing from the back office: a plan, a new version of it, its end, an offer, what they do.

The same tables and the same parts as a file's; the verbs stand in publishing.sql. Nothing that has
begun is changed. The screens are office/plans.py and office/offers.py.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from everline import database

PUBLISHED: Final = "published"

Price = tuple[str, int, int]
"""A currency, an amount in minor units with its tax, and the tax in basis points."""


@dataclass(frozen=True, slots=True)
class Content:
    """All that a version gives; `allowance` None is unlimited, and `fair_use` says how far."""

    period: tuple[str, int]
    validity: str
    on_renewal: str
    allowance: int | None
    fair_use: int | None
    devices_max: int
    region: str | None
    countries: Sequence[str]
    prices: Sequence[Price]

    @property
    def document(self) -> dict[str, Any]:
        """Give it in the shape of a file's."""
        return asdict(self) | {
            "countries": sorted(self.countries),
            "prices": sorted(map(list, self.prices)),
        }


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as the office writes it; `budget_unit` is a currency, or USES_UNIT for uses."""

    code: str
    names: dict[str, str]
    kind: str
    percent_basis_points: int
    amount: int
    currency: str | None
    bonus_bytes: int
    starts_at: datetime
    ends_at: datetime
    channels: list[str]
    plans: list[str]
    per_card_max: int
    budget: int
    budget_unit: str
    is_public: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """Give it in the shape of a file's."""
        return asdict(self) | {
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "pockets": 1,
        }


@dataclass(frozen=True, slots=True)
class Example:
    """What one plan would cost in one currency with an offer, in minor units."""

    plan: str
    names: dict[str, str]
    currency: str
    price: int
    discount: int
    bonus_bytes: int


def publish_plan(
    code: str, names: dict[str, str], effective_from: datetime, content: Content, at: datetime
) -> str:
    """Add a plan, behind all others, with its first version; gives published, exists, too_early."""
    return str(
        database.value(
            "select publish_plan(%s, %s, %s, %s, %s)",
            [code, Jsonb(names), effective_from, Jsonb(content.document), at],
        )
    )


def publish_version(
    plan: str, after: int, effective_from: datetime, content: Content, at: datetime
) -> str:
    """Add a version after number `after`.

    Gives published, plan_unknown, overtaken, too_early or retired.
    """
    return str(
        database.value(
            "select publish_version(%s, %s::smallint, %s, %s, %s)",
            [plan, after, effective_from, Jsonb(content.document), at],
        )
    )


def retire_plan(plan: str, successor: str | None, retired_at: datetime | None, at: datetime) -> str:
    """End a plan at an instant to come, or with None take such an end back.

    Gives published, plan_unknown, retired, too_early, successor_loop, successor_retired or
    successor_price.
    """
    return str(
        database.value("select retire_plan(%s, %s, %s, %s)", [plan, successor, retired_at, at])
    )


def publish_offer(offer: Offer, at: datetime) -> str:
    """Write an offer that has not begun; gives published, begun, too_early, unit_kept, lowered."""
    return str(database.value("select publish_promotion(%s, %s)", [Jsonb(offer.document), at]))


def example_end(period: tuple[str, int], validity: str, zone: str, at: datetime) -> datetime:
    """Tell when a term that is bought at `at` on an unused card would end."""
    found = database.value(
        "select example_end(%s, %s::smallint, %s, %s, %s)", [*period, validity, zone, at]
    )
    assert isinstance(found, datetime)
    return found


def example_prices(offer: Offer) -> list[Example]:
    """Tell what an offer would do to each plan that it is for, a hundred rows at most."""
    return database.rows(Example, "select * from example_prices(%s)", [Jsonb(offer.document)])
