"""The ground of a run: a database of its own, fresh for each run, marked as a simulation.

It is copied from an empty one that was migrated once. Nothing of an operator is opened: either the
embedded server in a folder that goes away again, or a database made beside the one that
DATABASE_URL names. In it ids are drawn from the seed, and nothing works behind the run's back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from everline import database
from everline.database import verbs
from everline.database.addresses import OWNER, Addresses
from everline.database.models import Deployment
from everline.database.pool import use
from everline.simulation.faults import Faults
from everline.simulation.steps import Steps

CHANCE: Final = "gen_random_uuid()::text"
COUNTER: Final = (
    "overlay(md5(nextval('public.simulation_drawn')::text) placing '8' from 17)::uuid::text"
)
"""What stands in the place of chance in the ids of a run: a counter that begins at the seed."""

SETTLED: Final = "pg_snapshot_xmin(pg_current_snapshot())"
ALONE: Final = "pg_snapshot_xmax(pg_current_snapshot())"
"""Roll-ups read below the oldest transaction of the server, in whichever database it is open. In a
run's own one nobody else writes, so all is settled that was written before."""

MONTHS_MAX: Final = 24
DRAWS_MAX: Final = 10**10
"""How many ids a run draws at most: the counters of two seeds never meet."""

Spoil = Callable[[psycopg.Connection], None]
"""Plants a bug into a run's own database, for the tests that must see it found."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where runs take place: the logins of their database, and the empty one that it is made of.

    Others use a server that `is_shared` too. `spoil` is for tests alone.
    """

    logins: Addresses
    empty: str
    spoil: Spoil | None = None
    is_shared: bool = True

    @contextmanager
    def fresh(self, seed: int, faults: Faults, start: datetime) -> Iterator["Steps"]:
        """Make the run's database anew, and give the one pool that all of the run goes over."""
        self.drop()
        with self._maintenance() as admin:
            admin.execute(
                sql.SQL("create database {} template {} owner {} strategy file_copy").format(
                    *map(sql.Identifier, (self._name, self.empty, OWNER))
                )
            )
        with psycopg.connect(self.logins.owner, autocommit=True) as owner:
            self._prepare(owner, seed, start)
        held = self._hold() if self.is_shared else None
        Deployment.objects.using("owner").update(mode=Deployment.SIMULATION)
        steps = Steps(self.logins.app, seed, faults)
        use(steps)
        try:
            yield steps
        finally:
            if held:
                held.close()
            database.close()
            connections.close_all()

    def keep(self) -> None:
        """Keep the run's database as it is now, migrated and empty, to copy it for each run."""
        database.close()
        connections.close_all()
        with self._maintenance() as admin:
            admin.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(self.empty), sql.Identifier(self._name)
                )
            )

    def drop(self) -> None:
        """Drop the run's database, if it is there."""
        self._drop(self._name)

    def drop_all(self) -> None:
        """Drop both databases: nothing is left of any run."""
        self._drop(self._name, self.empty)

    def _drop(self, *names: str) -> None:
        database.close()
        connections.close_all()
        with self._maintenance() as admin:
            for name in names:
                admin.execute(
                    sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
                )

    @property
    def _name(self) -> str:
        return str(conninfo_to_dict(self.logins.app)["dbname"])

    def _maintenance(self) -> psycopg.Connection:
        return psycopg.connect(make_conninfo(self.logins.admin, dbname="postgres"), autocommit=True)

    def _hold(self) -> psycopg.Connection:
        """Hold a snapshot, under which no page is cleaned: rows stay in the order of their writing.

        When a page is cleaned depends on what else the server does, in other databases too.
        """
        holding = psycopg.connect(self.logins.owner, autocommit=True)
        holding.execute("set idle_in_transaction_session_timeout = 0")
        holding.execute("begin isolation level repeatable read read only")
        holding.execute("select 1")
        return holding

    def _prepare(self, owner: psycopg.Connection, seed: int, start: datetime) -> None:
        """Make all months, let nothing clean up by itself, and draw ids from the seed."""
        schema = sql.Identifier(verbs.schema())
        owner.execute(sql.SQL("set search_path = {}, public, pg_temp").format(schema))
        owner.execute("select make_partitions(%s, %s)", [start, MONTHS_MAX])
        owner.execute(
            sql.SQL("create sequence public.simulation_drawn start with {}").format(
                sql.Literal(seed * DRAWS_MAX + 1)
            )
        )
        owner.execute("grant usage on sequence public.simulation_drawn to public")
        made = owner.execute(
            "select pg_get_functiondef('everline_uuid7(timestamptz)'::regprocedure)"
        ).fetchone()
        assert made is not None
        assert CHANCE in made[0], "everline_uuid7 draws its chance in another way"
        owner.execute(made[0].replace(CHANCE, COUNTER).encode())
        reading = owner.execute(
            "select pg_get_functiondef(p.oid) from pg_proc p where position(%s in p.prosrc) > 0"
            " and p.pronamespace = current_schema()::regnamespace order by p.oid",
            [SETTLED],
        ).fetchall()
        assert reading, "roll-ups read in another way"
        for (definition,) in reading:
            owner.execute(definition.replace(SETTLED, ALONE).encode())
        tables = owner.execute(
            "select c.oid::regclass::text from pg_class c where c.relkind = 'r'"
            " and c.relnamespace = 'public'::regnamespace order by 1"
        ).fetchall()
        for (table,) in tables:
            # By itself it comes when the machine likes, and moves rows: the order of a run's own
            # rows would no longer be the same.
            owner.execute(
                sql.SQL("alter table {} set (autovacuum_enabled = off)").format(sql.SQL(table))
            )
        if self.spoil:
            self.spoil(owner)
