"""Writing cards.csv: read and judged here, meanwhile stored by the server, part by part.

While one part of some thousand rows is being stored, the next one is read, so that both processors
work; memory holds these two parts and no more. A part goes by COPY into a table of the session,
from where the verbs in stock.sql take it. When something is found, nothing more is stored, but the
file is read to its end, so that everything wrong with it is named.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg

from everline.cards import start_code_hash
from everline.ids import uuid7
from everline.loading.cards import Card, read_cards
from everline.loading.problems import Flaw, Problem
from everline.loading.stored import check_currency, check_plan, read_stored, read_zones
from everline.loading.task import Answer, Counts, Task

ROWS_AT_ONCE: Final = 10_000

_TABLES: Final = (
    "create temporary table incoming_card of incoming_card on commit drop;"
    " create temporary table waiting_card of waiting_card on commit drop"
)
_COPY: Final = (
    "copy pg_temp.incoming_card (line, id, account_id, iccid, msisdn, kind, zone, currency, state,"
    " start_code_hash, smdp_address, matching_id, plan_version_id, term_started_at, used_bytes,"
    " balance, holder, devices) from stdin"
)
_NULL: Final = r"\N"
_HEX: Final = r"\\x"
_CHANCE: Final = 10
"""Hexadecimal digits of an id that are left to chance."""

Part = tuple[int, int, bytes]
"""How many cards, the line of the last one, and their rows as COPY reads them."""


def write_cards(task: Task) -> Counts:
    """Load cards.csv in flat memory: new cards with all they bring, changes of stored ones."""
    task.connection.execute(_TABLES)
    counts = Counts()
    with ThreadPoolExecutor(1, "everline-load") as server:
        storing: tuple[int, Future[Answer]] | None = None
        for count, line, rows in _parts(task):
            if storing is not None:
                counts += task.counted(storing[0], storing[1].result())
            task.tell(line)
            storing = None
            if task.is_sound:
                storing = count, server.submit(_store, task.connection, count, rows, task.at)
        if storing is not None:
            counts += task.counted(storing[0], storing[1].result())
    if task.is_sound:
        waited = task.connection.execute("select * from load_waiting_cards(%s)", [task.at])
        counts += task.counted(0, waited.fetchone())
    return counts


def _store(connection: psycopg.Connection, count: int, rows: bytes, at: datetime) -> Answer:
    """Hand one part to the server and wait until it is stored."""
    with connection.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            copy.write(rows)
        return cursor.execute("select * from load_cards(%s, %s)", [count, at]).fetchone()


def _parts(task: Task) -> Iterator[Part]:
    """Read the file into parts of sound cards."""
    judge, number = _Judge(task), _numbers(task.at)
    rows: list[str] = []
    line = 0
    for card in read_cards(task.path, task.problems, task.at):
        rows.append(_row(card, judge.version(card), *next(number)))
        if len(rows) == ROWS_AT_ONCE:
            yield len(rows), card.line, "".join(rows).encode()
            rows.clear()
        line = card.line
    if rows:
        yield len(rows), line, "".join(rows).encode()


def _row(card: Card, version: UUID | None, card_id: str, account_id: str) -> str:
    """Write one row in COPY's text form.

    Nothing has to be escaped: the reader's checks let no tab, line break or backslash into any of
    these values.
    """
    code, started = card.start_code, card.term_started_at
    return (
        f"{card.line}\t{card_id}\t{account_id}\t{card.iccid}\t{card.msisdn or _NULL}\t{card.kind}"
        f"\t{card.zone}\t{card.currency}\t{card.state}"
        f"\t{_HEX + start_code_hash(card.iccid, code).hex() if code else _NULL}"
        f"\t{card.smdp_address}\t{card.matching_id}\t{version or _NULL}"
        f"\t{started.isoformat() if started else _NULL}\t{card.used_bytes}\t{card.balance}"
        f"\t{card.holder or _NULL}\t{{{','.join(map(':'.join, card.devices))}}}\n"
    )


def _numbers(at: datetime) -> Iterator[tuple[str, str]]:
    """Make ids for cards and their accounts: UUIDv7 of one instant that ascend within a file.

    After the milliseconds comes a counter (RFC 9562, 6.2, method 1), then 40 bits of chance: so
    rows and indexes grow at their ends, which spares the server half of its time.
    """
    time = uuid7(at).hex[:12]
    count = 0
    while True:
        chance = os.urandom(ROWS_AT_ONCE * _CHANCE).hex()
        for place in range(0, len(chance), 2 * _CHANCE):
            start = f"{time}7{count >> 20:03x}8{count & 0xFFFFF:05x}"
            yield (
                start + chance[place : place + _CHANCE],
                start + chance[place + _CHANCE : place + 2 * _CHANCE],
            )
            count += 1


class _Judge:
    """Compares cards with the currencies, zones and plans that are stored."""

    def __init__(self, task: Task) -> None:
        self._name = task.path.name
        self._problems = task.problems
        self._stored = read_stored(task.connection)
        self._zones = read_zones(task.connection)
        self._sound: set[tuple[str, str]] = set()

    def version(self, card: Card) -> UUID | None:
        """Give the plan version of a card's term; whatever is not stored is a problem."""
        if (card.currency, card.zone) not in self._sound:
            self._judge(card)
        if card.plan is None or card.term_started_at is None:
            return None
        versions = self._stored.plans.get(card.plan)
        if versions is None:
            check_plan(self._stored, card.plan, self._problems, (self._name, card.line, "plan"))
            return None
        version = versions.at(card.term_started_at)
        if version is None:
            facts = {"value": card.plan}
            self._problems.add(
                Problem(self._name, card.line, "term_started", Flaw.PLAN_LATER, facts)
            )
        return version

    def _judge(self, card: Card) -> None:
        before = self._problems.count
        check_currency(
            self._stored, card.currency, self._problems, (self._name, card.line, "currency")
        )
        if card.zone not in self._zones:
            facts = {"value": card.zone}
            self._problems.add(Problem(self._name, card.line, "zone", Flaw.ZONE_UNKNOWN, facts))
        if self._problems.count == before:
            self._sound.add((card.currency, card.zone))
