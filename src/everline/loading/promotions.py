"""promotions.yaml: offers with their window, limits and budget, read into frozen records.

The budget is counted in uses or in money of one currency and becomes an account of the ledger with
a floor, so no race can overspend it. Plans are named by code; that they exist is checked against
the database, since offers and plans are loaded apart. The template is demo/promotions.yaml.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from everline.loading import values
from everline.loading.nodes import Section, read_tree
from everline.loading.operator import CHANNELS
from everline.loading.plans import Names, read_names
from everline.loading.problems import Flaw, FlawError, Problems, shown

KINDS: Final = ("percent", "amount", "bonus_data")
USES_MAX: Final = 10**9
PER_CARD_MAX: Final = 1_000
POCKETS_MAX: Final = 64
USES_UNIT: Final = "XXX"
"""The unit of a budget that counts uses: ISO 4217's code for "no currency"."""

_GIVES: Final = {"percent": "percent", "amount": "amount", "bonus_data": "bonus"}
_SUM: Final = re.compile(r"(-?[0-9.]{1,20}) ([A-Z]{3})")
_USES: Final = re.compile(r"([0-9]{1,10}) uses?")

Sum = tuple[int, str]
"""Minor units and a currency, or uses and USES_UNIT."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One offer; `plans` and `channels` empty mean all of them, the window is half-open."""

    code: str
    names: Names
    kind: str
    percent_basis_points: int
    amount: int
    currency: str | None
    bonus_bytes: int
    starts_at: datetime
    ends_at: datetime
    channels: tuple[str, ...]
    plans: tuple[str, ...]
    per_card_max: int
    budget: int
    budget_unit: str
    pockets: int
    is_public: bool
    line: int


def read_promotions(path: Path, problems: Problems, at: datetime) -> tuple[Promotion, ...]:
    """Read promotions.yaml as loaded at `at`; sound records alone, everything else is a problem."""
    top = Section(path.name, read_tree(path, problems), "", problems)
    if not top.is_sound or not top.keys:
        return ()
    found: dict[str, Promotion] = {}
    for section in top.sections("promotions"):
        promotion = _promotion(section, at)
        if promotion is None:
            continue
        if promotion.code in found:
            first = found[promotion.code].line
            section.refuse("code", Flaw.TWICE, value=promotion.code, first=first)
            continue
        found[promotion.code] = promotion
    if not top.has("promotions"):
        top.refuse("promotions", Flaw.MISSING)
    top.close()
    return tuple(found.values())


def sum_of_money(value: str) -> Sum:
    """Read an amount with its currency, such as 20000 IDR."""
    match = _SUM.fullmatch(value)
    if match is None:
        raise FlawError(Flaw.NOT_SUM, value=shown(value))
    currency = values.currency(match[2])
    return values.amount(currency)(match[1]), currency


def _budget(value: str) -> Sum:
    """Read a budget: 500 uses, or 25000000 IDR."""
    match = _USES.fullmatch(value)
    count = (int(match[1]), USES_UNIT) if match else sum_of_money(value)
    if count[0] == 0 or (match and count[0] > USES_MAX):
        raise FlawError(Flaw.NOT_BETWEEN, value=value, low=1, high=USES_MAX)
    return count


def _promotion(section: Section, at: datetime) -> Promotion | None:
    """Read one offer."""
    code = section.one("code", values.code, "")
    section.name(f"promotion {code}")
    names = read_names(section, "names")
    kind = section.one("kind", values.choice(*KINDS), "")
    percent = section.maybe("percent", values.basis_points, 0)
    amount, currency = section.maybe("amount", sum_of_money, (0, ""))
    bonus_bytes = section.maybe("bonus", values.byte_count, 0)
    for gift, key in _GIVES.items():
        if gift == kind and not section.has(key):
            section.refuse(key, Flaw.NEEDS, other="kind", value=kind)
        elif kind and gift != kind and section.has(key):
            section.refuse(key, Flaw.NOT_WITH, other="kind", value=kind)
    if section.is_sound and not (percent or amount or bonus_bytes):
        section.refuse(_GIVES[kind], Flaw.NOT_BETWEEN, value="0", low=1, high="…")
    starts_at = section.one("starts_at", values.moment(at), at)
    ends_at = section.one("ends_at", values.moment(at), at)
    if section.is_sound and ends_at <= starts_at:
        section.refuse("ends_at", Flaw.WINDOW)
    channels = section.many("channels", values.choice(*CHANNELS))
    plans = section.many("plans", values.code)
    per_card_max = section.one("per_card_max", values.whole(1, PER_CARD_MAX), 1)
    if not section.has("budget"):
        section.refuse("budget", Flaw.NO_LIMIT)
    budget, budget_unit = section.maybe("budget", _budget, (0, ""))
    if budget_unit not in {"", USES_UNIT} and kind == "bonus_data":
        section.refuse("budget", Flaw.NOT_WITH, other="kind", value=kind)
    if budget_unit not in {"", USES_UNIT} and currency and currency != budget_unit:
        section.refuse("budget", Flaw.NOT_WITH, other="amount", value=currency)
    pockets = section.maybe("pockets", values.whole(1, POCKETS_MAX), 1)
    is_public = section.maybe("public", values.choice("yes", "no"), "no") == "yes"
    if not section.close():
        return None
    return Promotion(
        code, names, kind, percent, amount, currency or None, bonus_bytes, starts_at, ends_at,
        channels, plans, per_card_max, budget, budget_unit, pockets, is_public, section.line,
    )  # fmt: skip
