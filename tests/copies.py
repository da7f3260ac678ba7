"""Copies of the template: made once in a process, emptied for each test, made anew when spoiled.

A copy takes some hundred milliseconds and leaves every connection cold; emptying takes a few. So a
test gets an emptied copy, and one before which somebody changed more than rows gets a new one. The
fixtures stand in conftest.py and town.py. Nothing here knows what a verb should do.
"""

import os
import time
from typing import Final

import psycopg
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from everline import database
from everline.database.addresses import Addresses, addresses
from everline.database.pool import pool

KEPT: Final = (
    "^(database_(transition|deployment)|ledger_watermark"
    "|django_(content_type|migrations)|auth_(permission|group))$"
)
"""Tables that migrations fill."""

AS_MIGRATED: Final = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_trigger"),
    *("pg_proc", "pg_type", "pg_namespace", "pg_default_acl", "pg_rewrite", "pg_policy"),
    *("database_transition", "database_deployment", "django_migrations", "django_content_type"),
    *("auth_permission", "auth_group"),
)
"""Tables that rows of tests do not touch: what is changed there spoils a copy."""

LEAVING_SECONDS: Final = 5.0
"""How long the sessions of programs that have just ended may still be at it."""

BUSY: Final = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()"
)
AS_NEW: Final = (
    "reset all; reset session authorization; unlisten *; select pg_advisory_unlock_all()"
)
"""What makes a session as good as new; its prepared statements stay, as psycopg knows of them."""

SESSIONS: Final = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and backend_type = 'client backend' and pid <> pg_backend_pid()"
)


class Emptier:
    """Empties one database, over one connection of the superuser, who may do so even to books."""

    def __init__(self, logins: Addresses) -> None:
        self.admin = psycopg.connect(logins.admin, autocommit=True)
        self.admin.execute("set session_replication_role = replica")
        named = self.admin.execute(
            "select c.oid::regclass::text, c.relname from pg_class c"
            " left join pg_inherits i on i.inhrelid = c.oid"
            " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"
            " and coalesce(i.inhparent::regclass::text, c.relname) !~ %s",
            [KEPT],
        ).fetchall()
        self._count = self._tables()
        filled = (f"case when exists (select from {name}) then '{name}' end" for name, _ in named)
        self._filled = f"select array_remove(array[{', '.join(filled)}], null)".encode()

    def _tables(self) -> object:
        return self.admin.execute(
            "select count(*), max(oid) from pg_class where relkind in ('r', 'p')"
            " and relnamespace = 'public'::regnamespace"
        ).fetchone()

    def is_fit(self) -> bool:
        """Tell whether the connection stands and the tables are those that it knows."""
        try:
            return not self.admin.closed and self._tables() == self._count
        except psycopg.OperationalError:
            return False

    def empty(self) -> None:
        """Delete every row that tests may have written."""
        self._wait_for_silence()
        row = self.admin.execute(self._filled, prepare=True).fetchone()
        assert row is not None
        statements = [f"delete from {name}" for name in row[0]]
        statements.append("update ledger_watermark set through = '0' where through <> '0'")
        self.admin.execute("; ".join(statements).encode(), prepare=False)

    def _wait_for_silence(self) -> None:
        """Let what a killed program has begun come to its end, so that it writes no more."""
        until = time.monotonic() + LEAVING_SECONDS
        while self.count(BUSY) and time.monotonic() < until:
            time.sleep(0.005)

    def count(self, query: str) -> int:
        """Ask for a number."""
        row = self.admin.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def mark(self) -> object:
        """Read what changes when anybody changes more than rows."""
        marks = (
            f"(select (count(*), max(xmin::text::bigint)) from {each})" for each in AS_MIGRATED
        )
        return self.admin.execute(
            f"select {', '.join(marks)}, (select (datconnlimit, datallowconn) from pg_database"
            " where datname = current_database())".encode(),
            prepare=True,
        ).fetchone()


_emptiers: Final[dict[str, Emptier]] = {}


def emptier(logins: Addresses) -> Emptier:
    """Give the one of this database, made anew when its connection broke or tables came."""
    known = _emptiers.get(logins.admin)
    if known is None or not known.is_fit():
        if known is not None:
            known.admin.close()
        known = _emptiers[logins.admin] = Emptier(logins)
    return known


def empty(logins: Addresses) -> None:
    """Delete every row that tests may have written; the superuser may, even from the books."""
    emptier(logins).empty()


class Copy:
    """One copy of the template, which belongs to this process."""

    def __init__(self, name: str, template: str) -> None:
        from tests import conftest

        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self._name = f"everline_test_{name}_{worker}_{os.getpid()}"
        self._template = template
        self._maintenance = make_conninfo(addresses(conftest.HOME).admin, dbname="postgres")
        self.logins = addresses(conftest.HOME, self._name)
        self._owner: psycopg.Connection | None = None
        self._make()

    def _make(self) -> None:
        self.drop()
        with psycopg.connect(self._maintenance, autocommit=True) as admin:
            admin.execute(
                sql.SQL(
                    "create database {} template {} owner everline_owner strategy file_copy"
                ).format(sql.Identifier(self._name), sql.Identifier(self._template))
            )
        self._mark = emptier(self.logins).mark()

    def drop(self) -> None:
        """Remove it, whoever is connected."""
        self._let_go()
        database.close()
        connections.close_all()
        known = _emptiers.pop(self.logins.admin, None)
        if known is not None:
            known.admin.close()
        with psycopg.connect(self._maintenance, autocommit=True) as admin:
            admin.execute(
                sql.SQL("drop database if exists {} with (force)").format(
                    sql.Identifier(self._name)
                )
            )

    def refresh(self) -> None:
        """Be as the template is: emptied, or made anew if more than rows was changed."""
        mend()
        ours = emptier(self.logins)
        if ours.mark() != self._mark or self._is_shared(ours):
            self._make()
        else:
            ours.empty()

    def _is_shared(self, ours: Emptier) -> bool:
        """Tell whether anybody has a session here whom this process does not know."""
        until = time.monotonic() + LEAVING_SECONDS
        while ours.count(SESSIONS) > self._own():
            if time.monotonic() > until:
                return True
            time.sleep(0.005)
        return False

    def _own(self) -> int:
        named = (connections[alias].connection for alias in connections)
        held = [each for each in (self._owner, *named) if each is not None and not each.closed]
        return len(held) + int(pool().get_stats()["pool_size"])

    def owner(self) -> psycopg.Connection:
        """Give the owner's connection: the same one again if it is as good as new."""
        known = self._owner
        if known is not None and not known.closed:
            try:
                if known.info.transaction_status is TransactionStatus.IDLE:
                    known.execute(AS_NEW, prepare=False)
                    return known
            except psycopg.OperationalError:
                pass
        self._let_go()
        self._owner = psycopg.connect(self.logins.owner, autocommit=True)
        return self._owner

    def _let_go(self) -> None:
        if self._owner is not None:
            self._owner.close()
            self._owner = None


def mend() -> None:
    """Replace those of this process' connections that a test broke."""
    pool().check()
    for alias in connections:
        if connections[alias].connection is not None and not connections[alias].is_usable():
            connections[alias].close()
