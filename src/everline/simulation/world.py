"""The world of a run: its time, what is planned in it, what happened, and what was found wrong.

`at` is true time and only goes forward, from event to event; `now` is what our clocks show, which
may have been stepped. Every call of the run is made through here, one at a time. Next: people.py
and crew.py act in it, runs.py drives it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg

from everline.database.addresses import Addresses
from everline.simulation import town
from everline.simulation.bank import Bank
from everline.simulation.carrier import Carrier
from everline.simulation.faults import Faults
from everline.simulation.steps import KilledError, Steps
from everline.simulation.town import Person, Town

AGAIN_SECONDS: Final = (60, 900)
"""How long somebody waits who lost a page, before they press again."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one card, or to none (0)."""

    at: datetime
    card: int
    text: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, at an instant, by one card as far as it is known."""

    at: datetime
    card: int
    check: str
    detail: str


@dataclass(order=True, slots=True)
class _Planned:
    at: datetime
    person: int
    number: int
    act: str = field(compare=False)
    what: Any = field(compare=False)


class World:
    """Everything that a run has in its hands."""

    def __init__(
        self,
        start: datetime,
        faults: Faults,
        steps: Steps,
        *,
        reader: psycopg.Connection,
        logins: Addresses,
        folder: Path,
    ) -> None:
        self.at = start
        self.skew = timedelta(0)
        self.faults = faults
        self.steps = steps
        self.reader = reader
        self._logins = logins
        self._folder = folder
        self.town: Town
        self.bank: Bank
        self.carrier: Carrier
        self.events: list[Event] = []
        self.violations: list[Violation] = []
        self.tuned: dict[int, datetime] = {}
        """When a person last set bounds of their mandate."""
        self._digest = hashlib.sha256()
        self._heap: list[_Planned] = []
        self._planned = 0
        self._latest: dict[tuple[int, str], int] = {}
        self._by_account: dict[UUID, int] = {}
        self._by_iccid: dict[str, int] = {}
        self._by_purpose: dict[str, int] = {}

    def settle(self, made: Town) -> None:
        """Take the town in."""
        self.town = made
        self._by_account = {each.account_id: each.number for each in made.people.values()}
        self._by_iccid = {each.iccid: each.number for each in made.people.values()}

    def now(self) -> datetime:
        """Tell what our clocks show."""
        return self.at + self.skew

    def true_time(self) -> datetime:
        """Tell the time of everybody else."""
        return self.at

    def tell(self, card: int, text: str) -> None:
        """Note what happened; the run's digest is over all of it."""
        self.events.append(Event(self.at, card, text))
        self._digest.update(f"{self.at.isoformat()} {card} {text}\n".encode())

    def wrong(self, card: int, check: str, detail: str) -> None:
        """Note a broken promise."""
        self.violations.append(Violation(self.at, card, check, detail))
        self.tell(card, f"BROKEN {check}: {detail}")

    def digest(self, *further: object) -> str:
        """Give the SHA-256 of all that happened, and of what is given besides."""
        found = self._digest.copy()
        for each in further:
            found.update(f"{each}\n".encode())
        return found.hexdigest()

    def plan(self, person: Person, wait: timedelta, act: str, what: Any = None) -> None:
        """Plan what a person does after a while."""
        self._push(person.number, self.at + max(wait, timedelta(seconds=1)), act, what)

    def plan_once(self, person: Person, at: datetime, act: str) -> None:
        """Plan an act at an instant, in the place of the last one that was planned in this way."""
        self._push(person.number, at, act, None)
        self._latest[person.number, act] = self._planned

    def next_at(self) -> datetime | None:
        """Tell when the next planned act comes."""
        return self._heap[0].at if self._heap else None

    def act(self, acts: dict[str, Callable[["World", Person, Any], None]]) -> None:
        """Do the next planned act; one that is cut off, or finds us away, is done again later."""
        planned = heappop(self._heap)
        latest = self._latest.get((planned.person, planned.act))
        if latest is not None and planned.what is None and latest > planned.number:
            return
        if f"people.{planned.act}" in self.faults.without:
            return
        person = self.town.people[planned.person]
        back_at = self.faults.back_at("ours", self.at)
        if back_at is not None:
            wait = person.chance.randint(*AGAIN_SECONDS)
            self._push(person.number, back_at + timedelta(seconds=wait), planned.act, planned.what)
            return
        try:
            with self.steps.step(person.number):
                acts[planned.act](self, person, planned.what)
        except KilledError:
            self.tell(person.number, f"{planned.act} is cut off")
            wait = person.chance.randint(*AGAIN_SECONDS)
            self.plan(person, timedelta(seconds=wait), planned.act, planned.what)
        except psycopg.Error as error:
            line = (str(error).strip().splitlines() or [""])[0]
            self.wrong(person.number, "no_bug_is_met", f"{planned.act}: {line}")

    def term_ends_at(self, person: Person) -> datetime | None:
        """Read when the last term of a card ends."""
        row = self.reader.execute(
            "select max(e.ends_at) from cards_entitlement e"
            " where e.card_id = %s and e.state <> 'cancelled'",
            [person.card_id],
        ).fetchone()
        return row[0] if row else None

    def move(self, person: Person) -> None:
        """Let the operator write a card's new zone."""
        town.move(person, self._logins, self._folder, self.now())

    def person_of(self, account: UUID) -> int:
        """Tell whose account this is; 0 when it is no card's."""
        return self._by_account.get(account, 0)

    def card_of_iccid(self, iccid: str) -> int:
        """Tell whose card has this number."""
        return self._by_iccid[iccid]

    def card_of_attempt(self, key: str) -> int:
        """Tell whose attempt has this key, which begins with what it pays for."""
        purpose = key.rsplit("-", 1)[0]
        if purpose not in self._by_purpose:
            row = self.reader.execute(
                "select p.account_id from payments_payment p where p.purpose_id = %s", [purpose]
            ).fetchone()
            self._by_purpose[purpose] = self.person_of(row[0]) if row else 0
        return self._by_purpose[purpose]

    def _push(self, person: int, at: datetime, act: str, what: Any) -> None:
        self._planned += 1
        heappush(self._heap, _Planned(at, person, self._planned, act, what))
