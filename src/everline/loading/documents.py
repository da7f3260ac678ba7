"""Writing all kinds of files but cards: read, compared with what is stored, given to one verb.

A file becomes one JSON document for its verb in loading.sql or plans.sql, retailers.csv one for
every thousand stores. What the reader or the comparison finds keeps the verb from being called, so
one run shows all that can be known without writing. Cards are in stock.py.
An instant that a file gives relative to the load is read once: when its record is stored already,
the stored instant stands. Which are relative is told by reading the file as if a day later.
"""

import dataclasses
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from psycopg.types.json import Jsonb

from everline.loading.operator import read_operator
from everline.loading.partners import read_partners
from everline.loading.people import read_people
from everline.loading.plans import Catalogue, PlanVersion, read_plans
from everline.loading.problems import Problems
from everline.loading.promotions import USES_UNIT, Promotion, read_promotions
from everline.loading.retailers import read_retailers
from everline.loading.stored import (
    check_currency,
    check_plan,
    read_moments,
    read_stored,
    read_windows,
)
from everline.loading.task import Counts, Task

GATEWAYS: Final = ("sandbox",)
"""The gateways that the operator's books have a clearing account for from the start."""

RETAILERS_AT_ONCE: Final = 1_000
_LATER: Final = timedelta(days=1)


def write_operator(task: Task) -> Counts:
    """Load operator.yaml: the policy, the channels, the operator's own accounts."""
    operator = read_operator(task.path, task.problems)
    if operator is None or not task.is_sound:
        return Counts()
    answer = task.connection.execute(
        "select * from load_operator(%s, %s)",
        [Jsonb(dataclasses.asdict(operator)), list(GATEWAYS)],
    ).fetchone()
    return task.counted(1, answer)


def write_plans(task: Task) -> Counts:
    """Load plans.yaml: regions, plans, versions with prices and coverage."""
    catalogue = read_plans(task.path, task.problems, task.at)
    stored = read_stored(task.connection)
    for plan in catalogue.plans:
        for place, version in enumerate(plan.versions, 1):
            for price in version.prices:
                field = f"plan {plan.code}.versions[{place}].prices.{price.currency}"
                check_currency(
                    stored, price.currency, task.problems, (task.path.name, plan.line, field)
                )
    if not task.is_sound:
        return Counts()
    regions = [{"code": region.code, "names": region.names} for region in catalogue.regions]
    answer = task.connection.execute(
        "select * from load_plans(%s, %s, %s)",
        [Jsonb(regions), Jsonb(_plans(task, catalogue)), task.at],
    ).fetchone()
    return task.counted(len(catalogue.plans), answer)


def _plans(task: Task, catalogue: Catalogue) -> list[dict[str, Any]]:
    """Shape plans for load_plans; relative instants of stored plans are the stored ones."""
    later = {plan.code: plan for plan in read_plans(task.path, Problems(0), task.at + _LATER).plans}
    retired, starts = read_moments(task.connection)
    return [
        {
            "line": plan.line,
            "code": plan.code,
            "names": plan.names,
            "position": plan.position,
            "successor": plan.successor,
            "retired_at": _kept(
                plan.retired_at, later[plan.code].retired_at, retired.get(plan.code)
            ),
            "versions": [
                {
                    "number": version.number,
                    "effective_from": _kept(
                        version.effective_from,
                        moved.effective_from,
                        starts.get((plan.code, version.number)),
                    ),
                    "content": _content(version),
                }
                for version, moved in zip(plan.versions, later[plan.code].versions, strict=True)
            ],
        }
        for plan in catalogue.plans
    ]


def _content(version: PlanVersion) -> dict[str, Any]:
    """Shape what a version gives as version_content in plans.sql does, to be compared with it."""
    return {
        "period": [version.period_unit, version.period_count],
        "validity": version.validity,
        "on_renewal": version.on_renewal,
        "allowance": version.allowance_bytes,
        "fair_use": version.fair_use_bytes,
        "devices_max": version.devices_max,
        "region": version.region,
        "prices": sorted(
            [price.currency, price.amount, price.tax_basis_points] for price in version.prices
        ),
        "countries": version.countries,
    }


def _kept(read: datetime | None, later: datetime | None, stored: datetime | None) -> str | None:
    """Choose between an instant as read and as stored: a relative one is read once."""
    instant = stored if stored is not None and read != later else read
    return instant.isoformat() if instant is not None else None


def write_promotions(task: Task) -> Counts:
    """Load promotions.yaml: offers, the plans they are for, their budgets."""
    promotions = read_promotions(task.path, task.problems, task.at)
    stored = read_stored(task.connection)
    for promotion in promotions:
        place = (task.path.name, promotion.line, f"promotion {promotion.code}")
        for code in promotion.plans:
            check_plan(stored, code, task.problems, (*place[:2], f"{place[2]}.plans"))
        for field, currency in (
            ("amount", promotion.currency),
            ("budget", promotion.budget_unit),
        ):
            if currency not in {None, USES_UNIT}:
                check_currency(
                    stored, currency or "", task.problems, (*place[:2], f"{place[2]}.{field}")
                )
    if not task.is_sound:
        return Counts()
    later = {
        promotion.code: promotion
        for promotion in read_promotions(task.path, Problems(0), task.at + _LATER)
    }
    windows = read_windows(task.connection)
    documents = [
        _promotion(each, later[each.code], *windows.get(each.code, (None, None)))
        for each in promotions
    ]
    answer = task.connection.execute(
        "select * from load_promotions(%s, %s)", [Jsonb(documents), task.now()]
    ).fetchone()
    return task.counted(len(promotions), answer)


def _promotion(
    read: Promotion, later: Promotion, starts_at: datetime | None, ends_at: datetime | None
) -> dict[str, Any]:
    """Shape one offer for load_promotions; a relative end of a stored window is the stored one."""
    shaped = dataclasses.asdict(read)
    shaped["starts_at"] = _kept(read.starts_at, later.starts_at, starts_at)
    shaped["ends_at"] = _kept(read.ends_at, later.ends_at, ends_at)
    return shaped


def write_partners(task: Task) -> Counts:
    """Load partners.yaml: partners with their deposits and pockets."""
    partners = read_partners(task.path, task.problems)
    stored = read_stored(task.connection)
    for partner in partners:
        place = (task.path.name, partner.line, f"partner {partner.code}.currency")
        check_currency(stored, partner.currency, task.problems, place)
    if not task.is_sound:
        return Counts()
    answer = task.connection.execute(
        "select * from load_partners(%s, %s)",
        [Jsonb([dataclasses.asdict(partner) for partner in partners]), task.now()],
    ).fetchone()
    return task.counted(len(partners), answer)


def write_retailers(task: Task) -> Counts:
    """Load retailers.csv: stores with their deposits, a thousand at a time."""
    stored = read_stored(task.connection)
    counts = Counts()
    rows = read_retailers(task.path, task.problems)
    while part := list(islice(rows, RETAILERS_AT_ONCE)):
        for retailer in part:
            place = (task.path.name, retailer.line, "currency")
            check_currency(stored, retailer.currency, task.problems, place)
        if task.is_sound:
            answer = task.connection.execute(
                "select * from load_retailers(%s, %s)",
                [Jsonb([dataclasses.asdict(retailer) for retailer in part]), task.now()],
            ).fetchone()
            counts += task.counted(len(part), answer)
    return counts


def write_people(task: Task) -> Counts:
    """Load people.yaml: holders with their cards, staff with their groups."""
    people = read_people(task.path, task.problems)
    if not task.is_sound:
        return Counts()
    documents = [dataclasses.asdict(person) for person in people]
    for document in documents:
        # Django writes the codes of languages in small letters.
        document["locale"] = document.pop("language").lower()
    answer = task.connection.execute(
        "select * from load_people(%s, %s)", [Jsonb(documents), task.now()]
    ).fetchone()
    return task.counted(len(people), answer)
