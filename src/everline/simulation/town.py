"""The town of a run: an operator's plans, N cards in all phases of their terms, and their people.

Everything is loaded by the same readers and writers as an operator's own files, the made-up
operator's where none are given. Who has which plan, place and habit is drawn from the seed, each
from a stream of their own. What people do is in people.py.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from everline.database.addresses import Addresses
from everline.errors import MisuseError
from everline.ids import luhn_digit
from everline.loading import load
from everline.loading.cards import COLUMNS
from everline.loading.loaded import DEMO
from everline.simulation.chance import Stream, stream

FILES: Final = tuple(DEMO / name for name in ("operator.yaml", "plans.yaml", "retailers.csv"))
PLACES: Final = {
    "IDR": ("Asia/Jakarta", "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"),
    "CNY": ("Asia/Shanghai",),
    "SGD": ("Asia/Singapore",),
    "EUR": ("Europe/Lisbon", "Europe/Berlin", "Europe/Athens"),
    "USD": ("America/New_York", "America/Los_Angeles"),
}
CURRENCY_WEIGHTS: Final = {"IDR": 12, "CNY": 3, "SGD": 3, "EUR": 3}
PERIOD_WEIGHTS: Final = {"day": 10, "week": 180, "month": 800, "quarter": 200, "year": 80}
"""Plans by the length of their period, as a thousand people choose them."""

PERIOD_DAYS: Final = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
NEW: Final = 6
"""How many of a hundred cards never had a term."""

HABITS: Final = {"saver": 30, "plastic": 22, "by_hand": 34, "drifter": 14}
"""How a hundred people renew.

saver: by itself, from a balance that they top up. plastic: by itself, by a bank card. by_hand: when
it ends, through any channel. drifter: some day after it has ended, or never.
"""

LOCALES: Final = {"IDR": "id", "CNY": "zh-hans"}


@dataclass(frozen=True, slots=True)
class Sold:
    """A plan that is on sale at the start, with its price in one currency."""

    code: str
    plan_id: UUID
    unit: str
    count: int
    on_renewal: str
    currency: str
    amount: int
    has_newer: bool


@dataclass(slots=True)
class Person:
    """One card and who holds it; `chance` is theirs alone."""

    number: int
    iccid: str
    zone: str
    currency: str
    plan: Sold
    habit: str
    chance: Stream
    term_started: datetime | None
    card_id: UUID = field(default_factory=lambda: UUID(int=0))
    account_id: UUID = field(default_factory=lambda: UUID(int=0))
    asked: int = 0
    """How many requests they have made: each has an id of its own."""
    plastics: int = 1
    is_lost: bool = False

    @property
    def email(self) -> str:
        """Their address, from which post.py knows them."""
        return f"person-{self.number}@people.example"

    @property
    def locale(self) -> str:
        """The language in which they are written to."""
        return LOCALES.get(self.currency, "en")


@dataclass(frozen=True, slots=True)
class Shop:
    """Who pays at a counter or through a partner: a deposit in one currency."""

    account_id: UUID
    currency: str


@dataclass(slots=True)
class Town:
    """What was loaded."""

    people: dict[int, Person]
    plans: list[Sold]
    shops: dict[str, Shop]


_SOLD: Final = (
    "select distinct on (p.code, x.currency) p.code, p.id as plan_id, v.period_unit as unit,"
    " v.period_count::integer as count, v.on_renewal, x.currency, x.amount, exists ("
    "  select from catalogue_planversion w where w.plan_id = p.id"
    "  and w.effective_from > v.effective_from) as has_newer"
    " from catalogue_plan p join catalogue_planversion v on v.plan_id = p.id"
    " join catalogue_price x on x.plan_version_id = v.id"
    " where v.effective_from <= %(at)s and (p.retired_at is null or p.retired_at > %(at)s)"
    " order by p.code, x.currency, v.effective_from desc"
)


def build(
    logins: Addresses,
    reader: psycopg.Connection,
    *,
    seed: int,
    numbers: Sequence[int],
    files: Sequence[Path],
    folder: Path,
    at: datetime,
) -> Town:
    """Load the operator's files and the cards of these numbers; gives the town.

    Raises MisuseError with the first problems when the files are not sound.
    """
    _load(files or (_operator(seed, folder), *FILES[1:]), logins, at)
    plans = reader.cursor(row_factory=class_row(Sold)).execute(_SOLD, {"at": at}).fetchall()
    if not plans:
        raise MisuseError("plans_missing", "No plan is on sale at the start. Load plans.yaml too.")
    people = {number: _person(seed, number, plans, at) for number in numbers}
    _load([_cards(folder / "cards.csv", list(people.values()))], logins, at)
    stored = reader.execute("select iccid, id, account_id from cards_card").fetchall()
    found = {iccid: (card_id, account_id) for iccid, card_id, account_id in stored}
    for person in people.values():
        person.card_id, person.account_id = found[person.iccid]
    shops = {
        currency: Shop(next(rows)[0], currency)
        for currency, rows in groupby(
            reader.execute(
                "select account_id, currency from people_retailer order by currency, code"
            ).fetchall(),
            key=lambda row: str(row[1]),
        )
    }
    return Town(people, plans, shops)


def move(person: Person, logins: Addresses, folder: Path, at: datetime) -> None:
    """Load one card's row with another zone, as the operator does when somebody has moved."""
    _load([_cards(folder / "moved.csv", [person], with_terms=False)], logins, at)


def _operator(seed: int, folder: Path) -> Path:
    """Write the made-up operator with a policy by the seed: grace, its data, and the breakers."""
    chance = stream(seed, "policy")
    text = FILES[0].read_text(encoding="utf-8")
    # By another stream: some operators are so careful that their breaker stops what is usual.
    percent, least = stream(seed, "bursts").choice(((300, 1000), (300, 1000), (100, 1)))
    for name, value in (
        ("grace_hours: 0 ", chance.choice((0, 6, 24))),
        ("bridge_bytes: 0 ", chance.choice((50, 300)) * 10**6),
        ("auto_card_day_max: 3 ", chance.choice((1, 2, 3))),
        ("auto_burst_percent: 300 ", percent),
        ("auto_burst_least: 1000 ", least),
    ):
        before, found, after = text.partition(name)
        assert found, name
        text = f"{before}{name.partition(' ')[0]} {value} {after}"
    path = folder / FILES[0].name
    path.write_text(text, encoding="utf-8")
    return path


def _load(files: Sequence[Path], logins: Addresses, at: datetime) -> None:
    loaded = load(files, logins, lambda: at)
    if not loaded.is_complete:
        problems = "\n".join(map(str, list(loaded.problems)[:5]))
        raise MisuseError("files_not_sound", f"The operator's files are not sound:\n{problems}")


def _person(seed: int, number: int, plans: list[Sold], at: datetime) -> Person:
    """Draw somebody: a currency, a place, a plan, a habit, and how far the term has come."""
    chance = stream(seed, "person", number)
    sold_in = sorted({plan.currency for plan in plans})
    (currency,) = chance.choices(sold_in, [CURRENCY_WEIGHTS.get(each, 2) for each in sold_in])
    offered = [plan for plan in plans if plan.currency == currency]
    alike = {
        unit: sum(plan.unit == unit for plan in offered) for unit in {each.unit for each in offered}
    }
    (plan,) = chance.choices(
        offered, [PERIOD_WEIGHTS[each.unit] * 12 // alike[each.unit] for each in offered]
    )
    (habit,) = chance.choices(list(HABITS), list(HABITS.values()))
    days = PERIOD_DAYS[plan.unit] * plan.count
    seconds = chance.randrange(60, days * 86_400 - 60)
    started = at - timedelta(seconds=seconds) if chance.randrange(100) >= NEW else None
    body = f"8999907{number:011d}"
    return Person(
        number, body + luhn_digit(body), chance.choice(PLACES.get(currency, ("UTC",))),
        currency, plan, habit, chance, started,
    )  # fmt: skip


def _cards(path: Path, people: list[Person], *, with_terms: bool = True) -> Path:
    """Write cards.csv for these people, in the form that an operator loads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for person in people:
            imei = f"00440{person.number:09d}"
            row: dict[str, Any] = {
                "iccid": person.iccid, "msisdn": f"+99907{person.number:08d}", "kind": "sim",
                "zone": person.zone, "currency": person.currency, "state": "bound",
                "devices": imei + luhn_digit(imei),
            }  # fmt: skip
            if with_terms and person.term_started:
                row |= {"plan": person.plan.code, "term_started": person.term_started.isoformat()}
            writer.writerow(row)
    return path
