"""Publishing from the back office: a new version of a plan, an offer, and what a version would do.

The same tables and the same parts as a file's; the verbs stand in publishing.sql. Nothing that has
begun is changed. The screen is office/plans.py.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from everline import database

PUBLISHED = "published"

Price = tuple[str, int, int]
"""A currency, an amount in minor units with its tax, and the tax in basis points."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as the office writes it: percent off, for a window, within a budget of uses."""

    code: str
    names: dict[str, str]
    percent_basis_points: int
    starts_at: datetime
    ends_at: datetime
    channels: list[str]
    plans: list[str]
    per_card_max: int
    budget: int


def publish_version(
    plan: str, after: int, effective_from: datetime, prices: Sequence[Price], at: datetime
) -> str:
    """Add a version after number `after`; gives published, plan_unknown, overtaken or too_early."""
    given = Jsonb(sorted(map(list, prices)))
    return str(
        database.value(
            "select publish_version(%s, %s::smallint, %s, %s, %s)",
            [plan, after, effective_from, given, at],
        )
    )


def publish_offer(offer: Offer, at: datetime) -> str:
    """Write an offer that has not begun; gives published, begun or too_early."""
    document: dict[str, Any] = asdict(offer) | {
        "kind": "percent",
        "amount": 0,
        "currency": None,
        "bonus_bytes": 0,
        "starts_at": offer.starts_at.isoformat(),
        "ends_at": offer.ends_at.isoformat(),
        "budget_unit": "XXX",
        "pockets": 1,
    }
    return str(database.value("select publish_promotion(%s, %s)", [Jsonb(document), at]))


def example_end(version_id: UUID, zone: str, at: datetime) -> datetime:
    """Tell when a term that is bought at `at` on an unused card would end."""
    found = database.value("select example_end(%s, %s, %s)", [version_id, zone, at])
    assert isinstance(found, datetime)
    return found
