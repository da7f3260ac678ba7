"""cards.csv: the cards with their state, devices, present term and balance, a million and more.

Rows are given one by one in flat memory. The path of a sound row is short: the columns that repeat
(kind, zone, currency, state, plan, ...) are judged once a combination, the others by the checks in
numbers.py and values.py. A row in which anything is wrong is read again column by column, so that
every problem of it is named. The template with a comment on each column is demo/cards.csv.
A card number that stands twice is found among the first DOUBLES_MAX rows of a file with 12 bytes
a row; beyond that the database finds it, but for a stored card whose first row changed nothing.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from everline.ids import luhn_digit
from everline.loading import numbers, values
from everline.loading.problems import Flaw, FlawError, Problem, Problems, shown
from everline.loading.rows import Layout, read_rows

COLUMNS: Final = (
    "iccid", "msisdn", "kind", "zone", "currency", "state", "start_code", "devices",
    "smdp_address", "matching_id", "plan", "term_started", "used_bytes", "balance", "holder",
)  # fmt: skip
REQUIRED: Final = ("iccid", "kind", "zone", "currency", "state")
_LAYOUT: Final = Layout(COLUMNS, REQUIRED)
KINDS: Final = ("sim", "esim")
STATES: Final = ("in_stock", "activated", "bound", "suspended", "lost", "terminated")
DOUBLES_MAX: Final = 1_000_000
COMBINATIONS_MAX: Final = 20_000

_ZONE_LENGTH_MAX: Final = 40
_used: Final = values.whole(0, 10**16)


class Card(NamedTuple):
    """One card as loaded; `term_started_at` is in UTC, the balance in minor units.

    A named tuple is made in a fifth of the time of a frozen dataclass, which would be a sixth of
    the reading.
    """

    iccid: str
    msisdn: str | None
    kind: str
    zone: str
    currency: str
    state: str
    start_code: str | None
    devices: tuple[numbers.Device, ...]
    smdp_address: str
    matching_id: str
    plan: str | None
    term_started_at: datetime | None
    used_bytes: int
    balance: int
    holder: str | None
    line: int


def read_cards(path: Path, problems: Problems, at: datetime) -> Iterator[Card]:
    """Give the sound rows of cards.csv as loaded at `at`; everything else is a problem.

    Doubles are reported when the last row was given: a file counts as sound only then.
    """
    reader = _Reader(path.name, problems, at)
    doubles = _Doubles(path.name, problems)
    read, see = reader.card, doubles.see
    for line, fields in read_rows(path, _LAYOUT, problems):
        card = read(line, fields)
        if card is not None:
            see(line, card.iccid)
            yield card
    doubles.report()


class _Reader:
    """Judges rows; remembers the combinations of repeating columns that were found sound."""

    def __init__(self, name: str, problems: Problems, at: datetime) -> None:
        self._name = name
        self._problems = problems
        self._checks: dict[str, Callable[[str], Any]] = {
            "iccid": numbers.iccid,
            "msisdn": numbers.msisdn,
            "kind": values.choice(*KINDS),
            "zone": _zone,
            "currency": values.currency,
            "state": values.choice(*STATES),
            "start_code": numbers.start_code,
            "devices": numbers.devices,
            "smdp_address": values.host,
            "matching_id": numbers.matching_id,
            "plan": values.code,
            "term_started": values.past(at),
            "used_bytes": _used,
            "holder": values.email,
        }
        self._sound: set[tuple[object, ...]] = set()
        self._starts: dict[str, datetime | None] = {"": None}
        self._balances: dict[tuple[str, str], int] = {}

    def card(self, line: int, fields: Sequence[str]) -> Card | None:
        """Read one row; None when anything is wrong, after every problem of it was added."""
        (
            iccid, msisdn, kind, zone, currency, state, start_code, devices,
            smdp_address, matching_id, plan, started, used, balance, holder,
        ) = fields  # fmt: skip
        combination = (
            kind, zone, currency, state, smdp_address, plan, not start_code, not devices,
            not matching_id, not started, not used, not holder,
        )  # fmt: skip
        if combination not in self._sound and not self._is_sound(combination, fields):
            self._explain(line, fields)
            return None
        try:
            return Card(
                numbers.iccid(iccid),
                numbers.msisdn(msisdn) if msisdn else None,
                kind,
                zone,
                currency,
                state,
                numbers.start_code(start_code) if start_code else None,
                numbers.devices(devices) if devices else (),
                smdp_address.lower(),
                numbers.matching_id(matching_id) if matching_id else "",
                plan or None,
                self._starts[started] if started in self._starts else self._started(started),
                _used(used) if used else 0,
                self._balance(balance, currency) if balance else 0,
                values.email(holder) if holder else None,
                line,
            )
        except FlawError:
            self._explain(line, fields)
            return None

    def _is_sound(self, combination: tuple[object, ...], fields: Sequence[str]) -> bool:
        """Judge the repeating columns and the rules between columns; remember what is sound."""
        row = dict(zip(COLUMNS, fields, strict=True))
        try:
            for column in ("kind", "zone", "currency", "state", "smdp_address", "plan"):
                if row[column] or column in REQUIRED:
                    self._checks[column](row[column])
        except FlawError:
            return False
        if next(_conflicts(row), None) is not None:
            return False
        if len(self._sound) >= COMBINATIONS_MAX:
            self._sound.clear()
        self._sound.add(combination)
        return True

    def _started(self, text: str) -> datetime:
        """Read when the term started; many cards of a batch share it."""
        started: datetime = self._checks["term_started"](text)
        if len(self._starts) >= COMBINATIONS_MAX:
            self._starts = {"": None}
        self._starts[text] = started
        return started

    def _balance(self, text: str, currency: str) -> int:
        """Read a balance; many cards share the round ones."""
        known = self._balances.get((text, currency))
        if known is not None:
            return known
        balance = values.amount(currency)(text)
        if len(self._balances) >= COMBINATIONS_MAX:
            self._balances.clear()
        self._balances[text, currency] = balance
        return balance

    def _explain(self, line: int, fields: Sequence[str]) -> None:
        """Add every problem of a row that is not sound."""
        row = dict(zip(COLUMNS, fields, strict=True))
        before = self._problems.count
        for column, check in self._checks.items():
            if row[column]:
                self._try(line, column, check, row[column])
            elif column in REQUIRED:
                self._problems.add(Problem(self._name, line, column, Flaw.MISSING))
        if row["balance"] and self._is_currency(row["currency"]):
            self._try(line, "balance", values.amount(row["currency"]), row["balance"])
        for column, flaw, facts in _conflicts(row):
            self._problems.add(Problem(self._name, line, column, flaw, facts))
        assert self._problems.count > before, "a row was refused without a reason"

    def _try(self, line: int, column: str, check: Callable[[str], Any], value: str) -> None:
        """Run one check and add its problem, if it has one."""
        try:
            check(value)
        except FlawError as error:
            self._problems.add(Problem.of(error, self._name, line, column))

    def _is_currency(self, value: str) -> bool:
        """Tell whether a balance can be judged at all."""
        try:
            values.currency(value)
        except FlawError:
            return False
        return True


Conflict = tuple[str, Flaw, dict[str, str | int]]


def _conflicts(row: dict[str, str]) -> Iterator[Conflict]:
    """Give what the columns of one row forbid each other."""
    yield from _conflicts_of_state(row)
    kind = row["kind"]
    for column, other in (("smdp_address", "matching_id"), ("matching_id", "smdp_address")):
        if row[column] and kind == "sim":
            yield column, Flaw.NOT_WITH, {"other": "kind", "value": kind}
        elif row[column] and not row[other]:
            yield other, Flaw.BOTH, {"other": column}
    if row["plan"] and not row["term_started"]:
        yield "term_started", Flaw.BOTH, {"other": "plan"}
    for column in ("term_started", "used_bytes"):
        if row[column] and not row["plan"]:
            yield "plan", Flaw.NEEDS, {"other": column, "value": shown(row[column])}


def _conflicts_of_state(row: dict[str, str]) -> Iterator[Conflict]:
    """Give what a card in its state must have, and what it cannot have yet."""
    state = row["state"]
    by_state: dict[str, str | int] = {"other": "state", "value": state}
    if state == "in_stock":
        if not row["start_code"]:
            yield "start_code", Flaw.NEEDS, by_state
        for column in ("devices", "plan", "holder"):
            if row[column]:
                yield column, Flaw.NOT_WITH, by_state
    if state == "bound" and not row["devices"]:
        yield "devices", Flaw.NEEDS, by_state
    if state == "activated" and row["devices"]:
        yield "devices", Flaw.NOT_WITH, by_state


def _zone(value: str) -> str:
    """Read a zone that fits its column."""
    if len(value) > _ZONE_LENGTH_MAX:
        raise FlawError(Flaw.TOO_LONG, limit=_ZONE_LENGTH_MAX)
    return values.zone(value)


class _Doubles:
    """Finds card numbers that stand twice: nothing to do for a file in ascending order."""

    def __init__(self, name: str, problems: Problems) -> None:
        self._name = name
        self._problems = problems
        # Without the check digit, which the others determine, 20 digits fit into 64 bits.
        self._numbers = array("Q")
        self._lines = array("L")
        self._last = ""
        self._is_ascending = True

    def see(self, line: int, iccid: str) -> None:
        """Remember one card number and its line."""
        if iccid <= self._last:
            self._is_ascending = False
        self._last = iccid
        if len(self._numbers) < DOUBLES_MAX:
            self._numbers.append(int(iccid[:-1]))
            self._lines.append(line)

    def report(self) -> None:
        """Add a problem for each number that was seen before, with the line where it was."""
        if self._is_ascending:
            return
        ordered = sorted(self._numbers)
        doubles = {one for one, other in pairwise(ordered) if one == other}
        if not doubles:
            return
        first: dict[int, int] = {}
        for line, number in zip(self._lines, self._numbers, strict=True):
            if number in doubles and first.setdefault(number, line) != line:
                digits = str(number) + luhn_digit(str(number))
                twice = FlawError(Flaw.TWICE, value=digits, first=first[number])
                self._problems.add(Problem.of(twice, self._name, line, "iccid"))
