"""What a file may refer to that is stored already: currencies, plans with their versions, zones.

Read once a file and compared in memory, so that each bad row is named with its line. What rows say
against stored rows of their own kind is found by the verbs in loading.sql, plans.sql and stock.sql.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from everline.loading.problems import Flaw, Problem, Problems
from everline.loading.promotions import USES_UNIT
from everline.loading.values import listed
from everline.money import Money


@dataclass(frozen=True, slots=True)
class Versions:
    """A plan's versions in order: from when each was sold, and its id."""

    starts: tuple[datetime, ...]
    ids: tuple[UUID, ...]

    def at(self, instant: datetime) -> UUID | None:
        """Give the version that was sold at an instant; None before the first."""
        place = bisect_right(self.starts, instant)
        return self.ids[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored, as one file's check needs it."""

    currencies: frozenset[str]
    plans: Mapping[str, Versions]


def read_stored(connection: psycopg.Connection) -> Stored:
    """Read the operator's currencies and the plans."""
    currencies = connection.execute(
        "select jsonb_object_keys(p.currency_digits) from catalogue_policy p"
    )
    versions = connection.execute(
        "select p.code, array_agg(v.effective_from order by v.number),"
        " array_agg(v.id order by v.number) from catalogue_plan p"
        " join catalogue_planversion v on v.plan_id = p.id group by p.code"
    )
    return Stored(
        frozenset(row[0] for row in currencies),
        {code: Versions(tuple(starts), tuple(ids)) for code, starts, ids in versions},
    )


def read_moments(
    connection: psycopg.Connection,
) -> tuple[dict[str, datetime], dict[tuple[str, int], datetime]]:
    """Read when plans were retired, by code, and versions begin, by code and number."""
    retired = connection.execute(
        "select p.code, p.retired_at from catalogue_plan p where p.retired_at is not null"
    )
    starts = connection.execute(
        "select p.code, v.number, v.effective_from from catalogue_plan p"
        " join catalogue_planversion v on v.plan_id = p.id"
    )
    return (
        {code: instant for code, instant in retired},  # noqa: C416  Rows are of any type.
        {(code, number): instant for code, number, instant in starts},
    )


def read_windows(connection: psycopg.Connection) -> dict[str, tuple[datetime, datetime]]:
    """Read the windows of offers by code: the first instant, and the first one after it."""
    windows = connection.execute("select p.code, p.starts_at, p.ends_at from catalogue_promotion p")
    return {code: (starts_at, ends_at) for code, starts_at, ends_at in windows}


def read_zones(connection: psycopg.Connection) -> frozenset[str]:
    """Read the time zones that this server can calculate in; it takes some 100 ms."""
    return frozenset(row[0] for row in connection.execute("select name from pg_timezone_names"))


def check_currency(
    stored: Stored, value: str, problems: Problems, place: tuple[str, int, str]
) -> None:
    """Add a problem at a file, line and field when the operator does not use a currency."""
    if value not in stored.currencies:
        facts = {"value": value, "choices": listed(stored.currencies) or "-"}
        problems.add(Problem(*place, Flaw.CURRENCY_UNUSED, facts))


def check_plan(stored: Stored, value: str, problems: Problems, place: tuple[str, int, str]) -> None:
    """Add a problem at a file, line and field when there is no such plan."""
    if value not in stored.plans:
        facts = {"value": value, "choices": listed(stored.plans) or "-"}
        problems.add(Problem(*place, Flaw.PLAN_UNKNOWN, facts))


def add_flaws(name: str, flaws: Sequence[Mapping[str, Any]] | None, problems: Problems) -> None:
    """Add what a verb found as problems of a file; amounts are written as the file writes them."""
    for flaw in flaws or ():
        facts = dict(flaw["facts"])
        unit = facts.pop("unit", None)
        if unit is not None and facts["stored"] is None:
            facts["stored"] = unit
        elif unit is not None and unit != USES_UNIT:
            facts["stored"] = f"{Money(facts['stored'], unit).plain()} {unit}"
        problems.add(Problem(name, flaw["line"], flaw["field"], Flaw(flaw["flaw"]), facts))
