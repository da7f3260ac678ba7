"""Loading files: told by kind, put in order, each read, checked and written in one transaction.

A file is loaded as a whole or not at all; loading it again changes what differs and adds what is
new. A file that refers to a kind that was refused waits: it is read, so that its own problems are
listed, but not compared with what is missing. Only the owner's login may write these tables. The
writers stand in documents.py and, for cards, in stock.py.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import Rollback, sql

from everline.database import verbs
from everline.database.addresses import Addresses
from everline.errors import MisuseError
from everline.loading import documents, stock
from everline.loading.cards import read_cards
from everline.loading.files import Kind, kind_of
from everline.loading.operator import read_operator
from everline.loading.partners import read_partners
from everline.loading.people import read_people
from everline.loading.plans import read_plans
from everline.loading.problems import Flaw, Problem, Problems
from everline.loading.promotions import read_promotions
from everline.loading.retailers import read_retailers
from everline.loading.task import Counts, Now, Task

DEMO: Final = verbs.PACKAGE / "demo"
"""The made-up operator's files, which are also the templates for real ones."""

Progress = Callable[[str, int, int], None]
"""Told now and then: the file's name, how many of its lines are read, and how many it has."""

_WRITERS: Final[Mapping[Kind, Callable[[Task], Counts]]] = {
    Kind.OPERATOR: documents.write_operator,
    Kind.PLANS: documents.write_plans,
    Kind.PROMOTIONS: documents.write_promotions,
    Kind.PARTNERS: documents.write_partners,
    Kind.RETAILERS: documents.write_retailers,
    Kind.CARDS: stock.write_cards,
    Kind.PEOPLE: documents.write_people,
}
_READERS: Final[Mapping[Kind, Callable[[Path, Problems, datetime], Any]]] = {
    Kind.OPERATOR: lambda path, problems, _at: read_operator(path, problems),
    Kind.PLANS: read_plans,
    Kind.PROMOTIONS: read_promotions,
    Kind.PARTNERS: lambda path, problems, _at: read_partners(path, problems),
    Kind.RETAILERS: lambda path, problems, _at: read_retailers(path, problems),
    Kind.CARDS: read_cards,
    Kind.PEOPLE: lambda path, problems, _at: read_people(path, problems),
}
_REFERS_TO: Final[Mapping[Kind, frozenset[Kind]]] = {
    Kind.OPERATOR: frozenset(),
    Kind.PLANS: frozenset({Kind.OPERATOR}),
    Kind.PROMOTIONS: frozenset({Kind.OPERATOR, Kind.PLANS}),
    Kind.PARTNERS: frozenset({Kind.OPERATOR}),
    Kind.RETAILERS: frozenset({Kind.OPERATOR}),
    Kind.CARDS: frozenset({Kind.OPERATOR, Kind.PLANS}),
    Kind.PEOPLE: frozenset({Kind.CARDS, Kind.RETAILERS}),
}
_LOCK: Final = 727_002
"""Advisory lock: one load at a time, since each compares with what is stored."""

_UNCOUNTED: Final = (
    "lock table cards_card, cards_device, cards_entitlement, database_request, ledger_account,"
    " ledger_transfer, people_holding, people_person, people_retailer"
    " in share update exclusive mode"
)
"""Keeps autovacuum from counting a table that a file is filling. It sees none of the new rows, and
the planner would believe it: a card's number was then looked for by reading a whole index. Whoever
reads or writes rows is not stopped."""


class Outcome(StrEnum):
    """What became of a file."""

    LOADED = "loaded"
    REFUSED = "refused"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One file: its kind, None when it is none of ours, and how many records it changed."""

    name: str
    kind: Kind | None
    outcome: Outcome
    counts: Counts


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of every file, in the order of loading, and everything there is to mend."""

    files: tuple[LoadedFile, ...]
    problems: Problems

    @property
    def is_complete(self) -> bool:
        """Whether every file was loaded."""
        return all(file.outcome is Outcome.LOADED for file in self.files)


def load(
    paths: Sequence[Path], logins: Addresses, now: Now, progress: Progress | None = None
) -> Loaded:
    """Load files in the order of their kinds, each as a whole or not at all.

    `now` is asked once for instants relative to the load, and again where money is booked, which
    production takes only at its own time. Raises MisuseError while another load is running, and
    psycopg's errors when the database cannot be reached; files before that stay loaded.
    """
    problems = Problems()
    at = now()
    found = [(kind_of(path, problems), path) for path in paths]
    files = [
        LoadedFile(path.name, None, Outcome.REFUSED, Counts()) for kind, path in found if not kind
    ]
    refused: set[Kind] = set()
    with _owner(logins) as connection:
        for kind, path in sorted((kind, path) for kind, path in found if kind):
            tell = _teller(path, progress)
            task = Task(connection, path, at, now, tell, problems, problems.count)
            if _REFERS_TO[kind] & refused:
                _exhaust(_READERS[kind](path, problems, at))
                outcome, counts = Outcome.WAITS, Counts()
            else:
                counts = _write(task, _WRITERS[kind])
                outcome = Outcome.LOADED if task.is_sound else Outcome.REFUSED
            if outcome is not Outcome.LOADED:
                refused.add(kind)
            files.append(LoadedFile(path.name, kind, outcome, counts))
    return Loaded(tuple(files), problems)


def load_demo(logins: Addresses, now: Now, progress: Progress | None = None) -> Loaded | None:
    """Load the made-up operator; None when it is there already, whatever was changed since.

    Its people are loaded last: who finds them finds everything. A load that was cut off goes on.
    """
    people = [person.email for person in read_people(DEMO / "people.yaml", Problems())]
    with psycopg.connect(logins.owner, autocommit=True) as owner:
        row = owner.execute(
            "select count(*) from people_person p where p.email = any(%s)", [people]
        ).fetchone()
    if row == (len(people),):
        return None
    paths = [path for path in DEMO.iterdir() if path.suffix in {".csv", ".yaml"}]
    loaded = load(sorted(paths), logins, now, progress)
    assert loaded.is_complete, "\n".join(map(str, loaded.problems))
    return loaded


@contextmanager
def _owner(logins: Addresses) -> Iterator[psycopg.Connection]:
    """Log in as the owner, alone among loads, with the verbs in sight."""
    with closing(psycopg.connect(logins.owner, autocommit=True)) as connection:
        # The rows of a part are few beside the cards that are stored: those are found by index,
        # whatever the statistics of a table that was just filled make the planner believe.
        connection.execute(
            sql.SQL(
                "set search_path = {}, public; set jit = off; set enable_seqscan = off;"
                " set enable_hashjoin = off; set enable_mergejoin = off"
            ).format(sql.Identifier(verbs.schema()))
        )
        locked = connection.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        if locked != (True,):
            raise MisuseError(
                "load_running", "Another load is running. Wait until it has ended, then try again."
            )
        try:
            yield connection
        finally:
            # The server ends a session in its own time, and the next load may not wait for it.
            with suppress(psycopg.Error):
                connection.execute("select pg_advisory_unlock(%s)", [_LOCK])


def _write(task: Task, write: Callable[[Task], Counts]) -> Counts:
    """Write one file in one transaction; with any problem, nothing of it stays."""
    try:
        with task.connection.transaction() as transaction:
            task.connection.execute(_UNCOUNTED)
            counts = write(task)
            if not task.is_sound:
                raise Rollback(transaction)
            return counts
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        # What no check has foreseen is still a sentence, and not a traceback.
        facts = {"detail": error.diag.message_primary or "?"}
        task.problems.add(Problem(task.path.name, 0, "", Flaw.NOT_STORED, facts))
    return Counts()


def _teller(path: Path, progress: Progress | None) -> Callable[[int], None]:
    """Make what a task calls with a line's number; lines are counted once, before."""
    if progress is None:
        return lambda _line: None
    lines = 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                lines += block.count(b"\n")
    except OSError:
        lines = 0  # The reader will say why.
    progress(path.name, 0, lines)
    return lambda line: progress(path.name, line, lines)


def _exhaust(records: Iterable[object] | object) -> None:
    """Read a file to its end, so that all its problems are listed."""
    if isinstance(records, Iterable):
        deque(records, maxlen=0)
