"""The raw pool: verbs are called here, in autocommit, one round trip each. Django's ORM only reads.

A connection sees the schema of verbs that this code was built with. Nothing outside may be called
while a thread holds one: `outside` asserts it, so no gateway is ever waited for inside a
transaction.
"""

import atexit
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.rows import class_row, dict_row
from psycopg_pool import ConnectionPool

from everline.database import spent, verbs

T = TypeVar("T")
Query = LiteralString
RETRIES_MAX: Final = 3
WAIT_SECONDS = 10.0
"""How long a caller waits for a connection before it is told that the database is away."""

_held = threading.local()
_ONE: Final = "pool"
_opened: Final[dict[str, ConnectionPool]] = {}
_opening: Final = threading.Lock()
"""The first requests come together, each on a thread of its own."""


def prepare(connection: psycopg.Connection) -> None:
    """Point a new connection at our verbs, and let their statements be planned once.

    Verbs find rows by index with parameters, so one generic plan serves for ever; the statistics of
    a table that was empty when it was planned must not make it read the whole table later.
    """
    connection.autocommit = True
    connection.prepare_threshold = 1
    connection.execute(
        sql.SQL(
            "set search_path = {}, public; set plan_cache_mode = force_generic_plan;"
            " set enable_seqscan = off; set jit = off"
        ).format(sql.Identifier(verbs.schema()))
    )


def make_pool(address: str, most: int) -> ConnectionPool:
    """Open a pool of at most `most` connections to `address`, each ready for verbs."""
    return ConnectionPool(
        address,
        min_size=1,
        max_size=most,
        timeout=WAIT_SECONDS,
        max_lifetime=3600,
        configure=prepare,
        open=True,
        name="everline",
    )


def pool() -> ConnectionPool:
    """Give this process's pool, opened at its first use, by one thread alone."""
    return _opened.get(_ONE) or _open()


def _open() -> ConnectionPool:
    with _opening:
        if _ONE not in _opened:
            _opened[_ONE] = make_pool(settings.APP_ADDRESS, settings.POOL_MAX)
        return _opened[_ONE]


def use(lender: ConnectionPool) -> None:
    """Make this the pool of this process, whose connections were prepared as those of ours."""
    close()
    with _opening:
        _opened[_ONE] = lender


def close() -> None:
    """Close this process's pool, if one was opened; the next use opens another."""
    with _opening:
        if _ONE in _opened:
            _opened.pop(_ONE).close()


atexit.register(close)  # A process that somebody else ends, as a web server's, closes it too.


@contextmanager
def connection() -> Iterator[psycopg.Connection]:
    """Lend one raw connection, in autocommit."""
    with pool().connection() as lent:
        _held.count = getattr(_held, "count", 0) + 1
        try:
            yield lent
        finally:
            _held.count -= 1


def rows(kind: type[T], query: LiteralString, parameters: Sequence[Any] = ()) -> list[T]:
    """Run one query and give its rows as values of `kind`.

    A deadlock or a lost race over serialisation is tried again, at most three times: a verb is one
    statement, so nothing of it was written.
    """
    for tries_left in reversed(range(RETRIES_MAX)):
        try:
            with (
                spent.counted(),
                connection() as lent,
                lent.cursor(row_factory=class_row(kind)) as cursor,
            ):
                return cursor.execute(query, parameters).fetchall()
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
            if not tries_left:
                raise
    raise AssertionError


def row(kind: type[T], query: LiteralString, parameters: Sequence[Any] = ()) -> T | None:
    """Run one query and give its first row as a value of `kind`, or None."""
    found = rows(kind, query, parameters)
    return found[0] if found else None


def record(query: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Run one query of ours with named parameters and give its first row by column, or None."""
    with spent.counted(), connection() as lent, lent.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), parameters).fetchone()


def value(query: LiteralString, parameters: Sequence[Any] = ()) -> Any:
    """Run one query and give the first column of its first row, or None."""
    with spent.counted(), connection() as lent:
        found = lent.execute(query, parameters).fetchone()
    return found[0] if found else None


@contextmanager
def outside() -> Iterator[None]:
    """Mark a call to something outside, and stop if this thread holds a connection meanwhile."""
    assert not getattr(_held, "count", 0), "an outside call must not hold a database connection"
    yield
