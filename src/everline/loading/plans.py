"""plans.yaml: regions, plans, their versions and prices, read into frozen records.

What a version gives is never changed once sold, so a change is a new version with a later
`effective_from`; a version ends where the next begins. A retired plan names the plan that its
holders are led to: it stands in the same file, is sold itself and has a price in their currencies.
The template with a comment on each key is demo/plans.yaml; the tables are in catalogue/models.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from everline.loading import values
from everline.loading.nodes import Section, read_tree
from everline.loading.problems import Flaw, FlawError, Problems

PERIOD_UNITS: Final = ("day", "week", "month", "quarter", "year")
VALIDITIES: Final = ("rolling", "calendar")
ON_RENEWAL: Final = ("queue", "stack", "replace")
PERIOD_COUNT_MAX: Final = 366
DEVICES_MAX: Final = 20
NAME_LENGTH_MAX: Final = 80
UNLIMITED: Final = "unlimited"

Names = Mapping[str, str]
"""A name in each language; English is always there."""


@dataclass(frozen=True, slots=True)
class Region:
    """A named group of countries."""

    code: str
    names: Names
    countries: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Price:
    """A price in minor units, with the tax that it includes."""

    currency: str
    amount: int
    tax_basis_points: int


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """What a plan gives from an instant on; `allowance_bytes` None is unlimited with fair use."""

    number: int
    effective_from: datetime
    effective_until: datetime | None
    period_unit: str
    period_count: int
    validity: str
    on_renewal: str
    allowance_bytes: int | None
    fair_use_bytes: int | None
    devices_max: int
    region: str
    countries: tuple[str, ...]
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with all its versions, the oldest first."""

    code: str
    names: Names
    position: int
    retired_at: datetime | None
    successor: str | None
    versions: tuple[PlanVersion, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The content of plans.yaml; successors come before the plans that name them."""

    regions: tuple[Region, ...]
    plans: tuple[Plan, ...]


def read_plans(path: Path, problems: Problems, at: datetime) -> Catalogue:
    """Read plans.yaml as loaded at `at`; sound records alone, everything else is a problem."""
    top = Section(path.name, read_tree(path, problems), "", problems)
    if not top.is_sound or not top.keys:
        return Catalogue((), ())
    regions: dict[str, Region] = {}
    for section in top.sections("regions"):
        region = _region(section)
        if region is not None and _is_first(section, region.code, regions):
            regions[region.code] = region
    listed: dict[str, tuple[Section, Plan]] = {}
    codes: dict[str, Region | Plan] = {}
    for place, section in enumerate(top.sections("plans")):
        plan = _plan(section, place + 1, regions, at)
        if plan is not None and _is_first(section, plan.code, codes):
            codes[plan.code] = plan
            listed[plan.code] = (section, plan)
    if not top.has("plans"):
        top.refuse("plans", Flaw.MISSING)
    top.close()
    if top.is_sound:
        # Only of a sound list can be said who is missing from it.
        for section, plan in listed.values():
            _check_successor(section, plan, {code: plan for code, (_s, plan) in listed.items()})
    return Catalogue(tuple(regions.values()), _ordered([plan for _s, plan in listed.values()]))


def read_names(section: Section, key: str) -> Names:
    """Read a name in each language: English must be there, the others fall back to it."""
    names = section.section(key)
    check = values.text(NAME_LENGTH_MAX)
    found = {
        language: names.one(language, check, "")
        if language == "en"
        else names.maybe(language, check, "")
        for language in values.LANGUAGES
    }
    names.close()
    return {language: name for language, name in found.items() if name}


def _is_first(section: Section, code: str, seen: Mapping[str, Region | Plan]) -> bool:
    """Report a code that stands twice in the file."""
    if code not in seen:
        return True
    section.refuse("code", Flaw.TWICE, value=code, first=seen[code].line)
    return False


def _region(section: Section) -> Region | None:
    """Read one region."""
    code = section.one("code", values.word, "")
    section.name(f"region {code}")
    names = read_names(section, "names")
    countries = section.many("countries", values.country)
    if not countries and section.is_sound:
        section.refuse("countries", Flaw.MISSING)
    return Region(code, names, countries, section.line) if section.close() else None


def _plan(
    section: Section, position: int, regions: Mapping[str, Region], at: datetime
) -> Plan | None:
    """Read one plan with its versions."""
    code = section.one("code", values.code, "")
    section.name(f"plan {code}")
    names = read_names(section, "names")
    retired_at = section.maybe("retired_at", values.moment(at), None)
    successor = section.maybe("successor", values.code, None)
    if successor is not None and not section.has("retired_at"):
        section.refuse("retired_at", Flaw.BOTH, other="successor")
    if section.has("retired_at") and not section.has("successor"):
        section.refuse("successor", Flaw.BOTH, other="retired_at")
    read = [_version(each, regions, at) for each in section.sections("versions")]
    if not read and section.is_sound:
        section.refuse("versions", Flaw.MISSING)
    versions = [version for version in read if version is not None]
    for before, after in pairwise(versions):
        if after.number <= before.number or after.effective_from <= before.effective_from:
            section.refuse("versions", Flaw.VERSION_ORDER, value=after.number, before=before.number)
    if not section.close():
        return None
    return Plan(code, names, position, retired_at, successor, _with_ends(versions), section.line)


def _version(section: Section, regions: Mapping[str, Region], at: datetime) -> PlanVersion | None:
    """Read one version of a plan."""
    number = section.one("number", values.whole(1, 32_767), 0)
    effective_from = section.one("effective_from", values.moment(at), at)
    period = section.section("period")
    unit = period.one("unit", values.choice(*PERIOD_UNITS), "")
    count = period.one("count", values.whole(1, PERIOD_COUNT_MAX), 0)
    period.close()
    validity = section.one("validity", values.choice(*VALIDITIES), "")
    on_renewal = section.one("on_renewal", values.choice(*ON_RENEWAL), "")
    allowance = section.one("allowance", _allowance, None)
    fair_use = section.maybe("fair_use", values.byte_count, None)
    if section.is_sound and allowance is None and fair_use is None:
        section.refuse("fair_use", Flaw.NEEDS, other="allowance", value=UNLIMITED)
    if allowance is not None and fair_use is not None:
        section.refuse("fair_use", Flaw.NOT_WITH, other="allowance", value="≠ unlimited")
    devices_max = section.one("devices_max", values.whole(1, DEVICES_MAX), 0)
    region = section.one("region", values.word, "")
    if region and regions and region not in regions:
        choices = values.listed(regions)
        section.refuse("region", Flaw.REGION_UNKNOWN, value=region, choices=choices)
    elif region and not regions:
        section.refuse("region", Flaw.REGION_UNKNOWN, value=region, choices="-")
    prices = _prices(section.section("prices"))
    if not section.close():
        return None
    return PlanVersion(
        number, effective_from, None, unit, count, validity, on_renewal, allowance, fair_use,
        devices_max, region, regions[region].countries, prices,
    )  # fmt: skip


def _allowance(value: str) -> int | None:
    """Read an amount of data, or `unlimited`, which is None."""
    return None if value == UNLIMITED else values.byte_count(value)


def _prices(section: Section) -> tuple[Price, ...]:
    """Read the prices of a version, one a currency."""
    prices = []
    for currency in section.keys:
        price = section.section(currency)
        try:
            code = values.currency(currency)
        except FlawError as error:
            section.refuse(currency, error.flaw, **error.facts)
            continue
        amount = price.one("amount", values.amount(code), 0)
        if amount == 0 and price.is_sound:
            price.refuse("amount", Flaw.NOT_BETWEEN, value="0", low=1, high="…")
        tax = price.one("tax", values.basis_points, 0)
        if price.close():
            prices.append(Price(code, amount, tax))
    if not prices and section.is_sound:
        section.refuse("", Flaw.MISSING)
    return tuple(prices)


def _with_ends(versions: list[PlanVersion]) -> tuple[PlanVersion, ...]:
    """Let each version end where the next begins."""
    ends = [version.effective_from for version in versions[1:]]
    return tuple(
        PlanVersion(
            version.number, version.effective_from, end, version.period_unit,
            version.period_count, version.validity, version.on_renewal, version.allowance_bytes,
            version.fair_use_bytes, version.devices_max, version.region, version.countries,
            version.prices,
        )
        for version, end in zip(versions, [*ends, None], strict=True)
    )  # fmt: skip


def _check_successor(section: Section, plan: Plan, plans: Mapping[str, Plan]) -> None:
    """Check that a retired plan leads to one that is sold, in the currencies its holders pay in."""
    if plan.successor is None:
        return
    visited = {plan.code}
    last = plan
    while last.successor is not None:
        after = plans.get(last.successor)
        if after is None:
            if last is plan:
                section.refuse("successor", Flaw.SUCCESSOR_UNKNOWN, value=last.successor)
            return
        if after.code in visited:
            section.refuse("successor", Flaw.SUCCESSOR_LOOP, value=plan.code)
            return
        visited.add(after.code)
        last = after
    sold = {price.currency for price in last.versions[-1].prices}
    for price in plan.versions[-1].prices:
        if price.currency not in sold:
            section.refuse(
                "successor", Flaw.SUCCESSOR_PRICE, value=last.code, currency=price.currency
            )


def _ordered(plans: list[Plan]) -> tuple[Plan, ...]:
    """Put successors before the plans that name them: each row finds the one it refers to."""
    waiting = {plan.code: plan for plan in plans}
    placed: list[Plan] = []
    for plan in plans:
        chain: list[Plan] = []
        step: Plan | None = waiting.get(plan.code)
        while step is not None and step.code in waiting:
            chain.append(waiting.pop(step.code))
            step = waiting.get(step.successor) if step.successor else None
        placed.extend(reversed(chain))
    return tuple(placed)
