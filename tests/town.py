"""A world that is emptied between tests, many callers at once in it, and verbs with a part missing.

A negative control takes a lock or an index away by `spoiler`, which puts it back. conftest.py loads
the fixtures, copies.py empties. Nothing here knows what a verb should do.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final, TypeVar

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from everline import payments
from everline.database import verbs
from everline.database.addresses import Addresses
from everline.database.pool import pool
from everline.database.requests import Answer
from everline.office.audit import audit
from everline.payments import gateways
from everline.payments.gateways.sandbox import Sandbox
from everline.provisioning import install as install_networks
from everline.provisioning.simulated import Simulated
from tests.copies import Copy, empty, mend
from tests.world import World

T = TypeVar("T")
WAIT_SECONDS: Final = 60
CONNECTIONS_MAX: Final = 32
"""Enough to collide; two workers of the suite fit into a server's usual hundred."""

NOBODY_THERE: Final = "http://localhost:9"
DAWDLE: Final = "perform pg_sleep(0.05);"
"""What a weakened verb does in the gap that its lock had closed, when many are at it."""

LINGER: Final = "perform pg_sleep(0.3);"
"""The same, when few are."""


@pytest.fixture(scope="session")
def town_copy(template: str) -> Iterator[Copy]:
    """Hold one copy of the template for all tests of this process that share it."""
    copy = Copy("town", template)
    yield copy
    copy.drop()


@pytest.fixture(scope="session")
def town_logins(town_copy: Copy) -> Addresses:
    """Give the logins of that copy."""
    return town_copy.logins


@pytest.fixture
def town(town_copy: Copy) -> World:
    """Build a small world, as `world` does, in a database that was emptied."""
    from tests.conftest import point_at

    if town_copy.logins.app != settings.APP_ADDRESS:
        point_at(town_copy.logins)
    gateways.install({"sandbox": _silent_sandbox()})
    mend()
    empty(town_copy.logins)
    return World(town_copy.owner(), town_copy.logins)


@cache
def _silent_sandbox() -> Sandbox:
    """A gateway where nobody answers: tests say by themselves what it said."""
    return Sandbox(NOBODY_THERE, "nobody signs")


@pytest.fixture
def sandboxed_town(town: World, sandbox: Sandbox, network: Simulated) -> World:
    """Plug the real sandbox and the simulated network into it."""
    gateways.install({"sandbox": sandbox})
    install_networks({"simulated": network})
    return town


@pytest.fixture
def unplugged(town: World) -> Iterator[None]:
    """Put the gateways of the town back afterwards."""
    before = gateways.installed()
    yield
    gateways.install(before)


@pytest.fixture
def spoiler(town: World) -> Iterator["Spoiler"]:
    """Take locks, indexes and conditions out of the verbs for one test; they are back after it."""
    given = Spoiler(town)
    yield given
    given.restore()


class Spoiler:
    """What a negative control takes away: parts of a verb's text, constraints and indexes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._weakened: set[str] = set()
        self._dropped: list[str] = []

    def weaken(self, function: str, *changes: tuple[str, str]) -> None:
        """Load one function of the verbs anew with parts of its text replaced."""
        text = source(function)
        for old, new in changes:
            assert old in text, f"{function} has no {old!r}"
            text = text.replace(old, new)
        self._weakened.add(function)
        self._load(text)

    def drop(self, table: str, name: str) -> None:
        """Take a constraint or an index away."""
        constraint = self._world.one(
            "select pg_get_constraintdef(oid) from pg_constraint"
            " where conrelid = %s::regclass and conname = %s",
            table,
            name,
        )
        if constraint:
            self._dropped.append(f'alter table {table} add constraint "{name}" {constraint}')
            self._world.owner.execute(f'alter table {table} drop constraint "{name}"'.encode())
        else:
            self._dropped.append(self._world.one("select pg_get_indexdef(%s::regclass)", name))
            self._world.owner.execute(f'drop index "{name}"'.encode())

    def restore(self) -> None:
        """Put everything back; what was written meanwhile would break the rules, so it goes."""
        for function in self._weakened:
            self._load(source(function))
        empty(self._world.logins)
        for definition in self._dropped:
            self._world.owner.execute(definition.encode())

    def _load(self, text: str) -> None:
        self._world.owner.execute(_search_path())
        self._world.owner.execute(text.encode())


def findings(world: World) -> dict[str, list[str]]:
    """Audit this world now: what was found, by invariant."""
    return {
        finding.invariant.name: [f"{each.id}: {each.detail}" for each in finding.offences]
        for finding in audit(world.at)
        if finding.total
    }


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Call all of them at once, in threads that start together when every connection stands."""
    lent = min(len(calls), CONNECTIONS_MAX)
    pool().resize(lent, max(lent, settings.POOL_MAX))
    pool().wait(WAIT_SECONDS)
    barrier = threading.Barrier(len(calls))

    def started(mine: Callable[[], T]) -> T:
        barrier.wait(WAIT_SECONDS)
        return mine()

    with ThreadPoolExecutor(len(calls)) as threads:
        running = [threads.submit(started, each) for each in calls]
        return [each.result(WAIT_SECONDS) for each in running]


def outcomes(answers: Iterable[Answer]) -> Counter[str]:
    """Count what was answered: reasons of refusals, outcomes of the others."""
    return Counter(answer.reason or answer.outcome for answer in answers)


def state(world: World, renewal: object) -> str:
    """Read a renewal's state."""
    return str(world.one("select state from renewals_renewal where id = %s", renewal))


def booked(world: World, group: object) -> list[tuple[Any, ...]]:
    """Read a renewal's transfers as they were written: kind, both accounts' kinds, amount."""
    return world.all(
        "select t.kind, d.kind, c.kind, t.amount from ledger_transfer t"
        " join ledger_account d on d.id = t.debit_id join ledger_account c on c.id = t.credit_id"
        " where t.group_id = %s order by t.transaction_id, t.kind",
        group,
    )


def refunds(world: World) -> list[tuple[Any, ...]]:
    """Read all refunds: state, amount, reason."""
    return world.all("select state, amount, reason from payments_refund order by created_at, id")


def give_back(world: World, outcome: str = "succeeded") -> list[str]:
    """Do what the janitor does with the refunds that are due, when the gateway says this."""
    return [
        str(world.verb("settle_refund", each.id, outcome, "back", "", None, world.at))
        for each in payments.claim_refunds(world.at, 10)
    ]


def as_owner(world: World, query: str, *parameters: object) -> Callable[[], object]:
    """Make a call of a part, which no app may call, on a connection of its own that stands."""
    owner = psycopg.connect(world.logins.owner, autocommit=True)
    owner.execute(_search_path())

    def call() -> object:
        with owner:
            row = owner.execute(query.encode(), parameters).fetchone()
        return row and row[0]

    return call


def _search_path() -> sql.Composed:
    return sql.SQL("set search_path = {}, public, pg_temp").format(sql.Identifier(verbs.schema()))


def source(function: str) -> str:
    """Read the text of one function of the verbs."""
    for path in verbs.files():
        found = re.search(
            rf"^create or replace function {function}\(.*?\$\$.*?\$\$;",
            path.read_text(),
            re.MULTILINE | re.DOTALL,
        )
        if found:
            return found.group()
    raise LookupError(function)
