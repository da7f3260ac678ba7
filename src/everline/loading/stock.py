"""Writing cards.csv: read and judged here, meanwhile stored by the server, part by part.

While one part of some thousand rows is being stored, the next one is read, so that both processors
work; memory holds these two parts and no more. A part whose cards are all new goes to their table
by COPY; of it only what cards bring, and any other part as a whole, goes by COPY into a table of
the session, from where the verbs in stock.sql take it. When something is found, nothing more is
stored, but the file is read to its end, so that everything wrong with it is named.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final, LiteralString
from uuid import UUID

import psycopg

from everline.cards import start_code_hash
from everline.chance import draw
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
_STEM: Final = (
    "id, account_id, iccid, msisdn, kind, zone, currency, state, start_code_hash, smdp_address,"
    " matching_id"
)
_COPY_CARDS: Final = f"copy cards_card ({_STEM}, start_code_tries, loaded_at) from stdin"
_COPY_INCOMING: Final = (
    f"copy pg_temp.incoming_card ({_STEM}, line, plan_version_id, term_started_at, used_bytes,"
    " balance, holder, devices) from stdin"
)
_NULL: Final = r"\N"
_HEX: Final = r"\\x"
_BLOCK: Final = 0x1000
"""How many ids share the upper part of the counter in them."""


@dataclass(slots=True)
class _Part:
    """Some thousand cards, the plan version of each one's term, and its own columns for COPY."""

    cards: list[Card] = field(default_factory=list)
    versions: list[UUID | None] = field(default_factory=list)
    stems: list[str] = field(default_factory=list)

    def incoming(self, *, only_bringing: bool = False) -> str:
        """Give the rows for the verbs: all, or only those of cards that bring something."""
        rows = zip(self.stems, self.cards, self.versions, strict=True)
        return "".join(
            stem + _tail(card, version)
            for stem, card, version in rows
            if not only_bringing or card.devices or version or card.balance or card.holder
        )


def write_cards(task: Task) -> Counts:
    """Load cards.csv in flat memory: new cards with all they bring, changes of stored ones."""
    task.connection.execute(_TABLES)
    counts = Counts()
    with ThreadPoolExecutor(1, "everline-load") as server:
        storing: tuple[int, Future[Answer]] | None = None
        for part in _parts(task):
            if storing is not None:
                counts += task.counted(storing[0], storing[1].result())
            task.tell(part.cards[-1].line)
            storing = None
            if task.is_sound:
                storing = len(part.cards), server.submit(_store, task.connection, part, task.at)
        if storing is not None:
            counts += task.counted(storing[0], storing[1].result())
    if task.is_sound:
        waited = task.connection.execute("select * from load_waiting_cards(%s)", [task.at])
        counts += task.counted(0, waited.fetchone())
    return counts


def _store(connection: psycopg.Connection, part: _Part, at: datetime) -> Answer:
    """Hand one part to the server and wait until it is stored."""
    if not _is_new(connection, part):
        _copy(connection, _COPY_INCOMING, part.incoming())
        answer = connection.execute("select * from load_cards(%s, %s)", [len(part.cards), at])
        return answer.fetchone()
    end = f"\t0\t{at.isoformat()}\n"
    _copy(connection, _COPY_CARDS, end.join(part.stems) + end)
    rows = part.incoming(only_bringing=True)
    if rows:
        _copy(connection, _COPY_INCOMING, rows)
        connection.execute("select load_furniture(%s)", [at])
    return len(part.cards), 0, None


def _is_new(connection: psycopg.Connection, part: _Part) -> bool:
    """Tell at a glance that no number of a part is stored: none lies between its ends.

    So it is with nearly every delivery, since its numbers follow each other; then no row has to be
    looked up. All numbers are digits, which every order of text sorts alike; and whatever slipped
    through, the unique indexes would refuse it. Only a load adds cards, and only one load runs.
    """
    iccids = [card.iccid for card in part.cards]
    msisdns = [card.msisdn for card in part.cards if card.msisdn and card.state != "terminated"]
    if len(set(iccids)) < len(iccids) or len(set(msisdns)) < len(msisdns):
        return False
    row = connection.execute(
        "select exists (select from cards_card c where c.iccid between %s and %s)"
        " or exists (select from cards_card c"
        " where c.msisdn between %s and %s and c.state <> 'terminated')",
        [min(iccids), max(iccids), min(msisdns, default=""), max(msisdns, default="")],
    ).fetchone()
    return row == (False,)


def _copy(connection: psycopg.Connection, statement: LiteralString, rows: str) -> None:
    """Send rows to a table."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(rows)


def _parts(task: Task) -> Iterator[_Part]:
    """Read the file into parts of sound cards."""
    judge, number = _Judge(task), _numbers(task.at)
    part = _Part()
    for card in read_cards(task.path, task.problems, task.at):
        part.versions.append(judge.version(card))
        part.stems.append(_stem(card, next(number)))
        part.cards.append(card)
        if len(part.cards) == ROWS_AT_ONCE:
            yield part
            part = _Part()
    if part.cards:
        yield part


def _stem(card: Card, ids: str) -> str:
    """Write what is the card's own, in COPY's text form.

    Nothing has to be escaped, here and in the tail: the reader's checks let no tab, line break or
    backslash into any of these values.
    """
    code = card.start_code
    return (
        f"{ids}\t{card.iccid}\t{card.msisdn or _NULL}\t{card.kind}\t{card.zone}\t{card.currency}"
        f"\t{card.state}"
        f"\t{_HEX + start_code_hash(card.iccid, code).hex() if code else _NULL}"
        f"\t{card.smdp_address}\t{card.matching_id}"
    )


def _tail(card: Card, version: UUID | None) -> str:
    """Write the rest of a row for the verbs: its line, and what the card brings."""
    started = card.term_started_at
    return (
        f"\t{card.line}\t{version or _NULL}\t{started.isoformat() if started else _NULL}"
        f"\t{card.used_bytes}\t{card.balance}\t{card.holder or _NULL}"
        f"\t{{{','.join(map(':'.join, card.devices))}}}\n"
    )


def _numbers(at: datetime) -> Iterator[str]:
    """Make ids for cards and their accounts: UUIDv7 of one instant that ascend within a file.

    After the milliseconds comes a counter (RFC 9562, 6.2, method 1), then 40 bits of chance: so
    rows and indexes grow at their ends, which spares the server half of its time.
    """
    time = uuid7(at).hex[:12]
    for block in count():
        start = f"{time}7{block >> 8:03x}8{block & 0xFF:02x}"
        chances = iter(draw(_BLOCK * 10).hex("\t", -5).split("\t"))
        for place, drawn in enumerate(zip(chances, chances, strict=True)):
            here = f"{start}{place:03x}"
            yield f"{here}{drawn[0]}\t{here}{drawn[1]}"


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
