"""A world that is emptied between tests, many callers at once in it, and verbs with a part missing.

A copy of the template takes a third of a second, emptying one a hundredth; so tests that change no
table and no verb share one. Those that take a lock or an index away use `world`, a copy of their
own. Nothing here knows what a verb should do.
"""

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import psycopg
import pytest
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from everline import database
from everline.config.plugs import plug_in
from everline.database import verbs
from everline.database.addresses import Addresses, addresses
from everline.database.pool import pool
from everline.office.audit import audit
from everline.payments import gateways
from everline.payments.gateways.sandbox import Sandbox
from tests.simulator import SimulatorProcess
from tests.world import World

T = TypeVar("T")
WAIT_SECONDS: Final = 20
CONNECTIONS_MAX: Final = 32
"""Enough to collide; two workers of the suite fit into a server's usual hundred."""

NOBODY_THERE: Final = "http://localhost:9"
KEPT: Final = "^(database_(transition|deployment)|ledger_watermark|django_.*|auth_permission)$"
"""Tables that migrations fill."""


@pytest.fixture(scope="session")
def town_logins(template: str) -> Iterator[Addresses]:
    """Give the logins of one copy of the template for all tests of this process that share it."""
    from tests import conftest

    name = f"everline_test_town_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    maintenance = make_conninfo(addresses(conftest.HOME).admin, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as admin:
        admin.execute(
            sql.SQL(
                "create database {} template {} owner everline_owner strategy file_copy"
            ).format(sql.Identifier(name), sql.Identifier(template))
        )
        yield addresses(conftest.HOME, name)
        database.close()
        admin.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


@pytest.fixture
def town(town_logins: Addresses) -> Iterator[World]:
    """Build a small world, as `world` does, in a database that was emptied."""
    from tests.conftest import point_at

    if town_logins.app != settings.APP_ADDRESS:
        point_at(town_logins)
    gateways.install({"sandbox": Sandbox(NOBODY_THERE, "nobody signs")})
    empty(town_logins)
    with psycopg.connect(town_logins.owner, autocommit=True) as owner:
        yield World(owner, town_logins)


@pytest.fixture
def sandboxed_town(town: World, simulator: SimulatorProcess) -> World:
    """Plug the real sandbox and the simulated network into it."""
    settings.SANDBOX_ADDRESS, settings.SANDBOX_SECRET = simulator.url, simulator.notify_secret
    plug_in()
    return town


def empty(logins: Addresses) -> None:
    """Delete every row that tests may have written; the superuser may, even from the books."""
    with psycopg.connect(logins.admin) as admin:
        admin.execute("set session_replication_role = replica")
        tables = admin.execute(
            "select c.oid::regclass::text from pg_class c where c.relkind in ('r', 'p')"
            " and not c.relispartition and c.relnamespace = 'public'::regnamespace"
            " and c.relname !~ %s",
            [KEPT],
        ).fetchall()
        for (table,) in tables:
            admin.execute(sql.SQL("delete from {}").format(sql.SQL(table)))
        admin.execute("update ledger_watermark set through = '0'")


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


def as_owner(world: World, query: str, *parameters: object) -> Callable[[], object]:
    """Make a call of a part, which no app may call, on a connection of its own that stands."""
    owner = psycopg.connect(world.logins.owner, autocommit=True)
    owner.execute(_search_path())

    def call() -> object:
        with owner:
            row = owner.execute(query.encode(), parameters).fetchone()
        return row and row[0]

    return call


def weaken(world: World, function: str, *changes: tuple[str, str]) -> None:
    """Load one function of the verbs anew with parts of its text replaced."""
    text = source(function)
    for old, new in changes:
        assert old in text, f"{function} has no {old!r}"
        text = text.replace(old, new)
    world.owner.execute(_search_path())
    world.owner.execute(text.encode())


def _search_path() -> sql.Composed:
    return sql.SQL("set search_path = {}, public").format(sql.Identifier(verbs.schema()))


def source(function: str) -> str:
    """Read the text of one function of the verbs."""
    for path in verbs.files():
        found = re.search(
            rf"^create or replace function {function}\(.*?\$\$.*?\$\$;",
            path.read_text(),
            re.M | re.S,
        )
        if found:
            return found.group()
    raise LookupError(function)
