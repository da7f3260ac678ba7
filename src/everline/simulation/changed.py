"""What has changed since the last look: the rows, and the accounts that they are of.

A year's rows are too many to be read every day, and most of them stay as they are. So an invariant
that is about accounts one by one is asked of those alone in which a row was written since the last
look, by the server's own mark on each row: through views in the place of the tables. What time
alone can break, and what is a sum over all, is asked of all rows every day; everything is on every
tenth day and on the last. checks.py is who asks.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Self

import psycopg
from psycopg import sql

from everline.database import verbs
from everline.office.audit import INVARIANTS

SCHEMA: Final = "simulation_changed"
SUMS: Final = frozenset(
    {
        "balances_are_replayed", "holds_are_counted", "roll_ups_are_replayed",
        "cohorts_are_replayed",
    }
)  # fmt: skip
"""Invariants over accounts that all cards share."""

FOUND_MAX: Final = 3

_TABLES: Final = (
    "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid"
    " where c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'account_id'"
    " and c.relnamespace = 'public'::regnamespace order by 1"
)
_VIEW: Final = (
    "create view {schema}.{table} as select t.* from public.{table} t"
    " where t.account_id in (select d.account_id from {schema}.touched d)"
)
_SHARED: Final = (
    " or not exists (select from public.cards_card c where c.account_id = t.account_id)"
)
_TOUCH: Final = (
    "select t.account_id from public.{table} t"
    " where age(t.xmin) < age(current_setting('simulation.mark')::xid)"
)
_TOUCHED: Final = (
    "create materialized view {schema}.touched as select distinct u.account_id"
    " from ({tables}) u where u.account_id is not null"
)
FIRST: Final = "3"
"""The transaction before which nothing is written: the first one of any server."""


class Changed:
    """The changes of one run; `whole` sees all rows, `touched` those of accounts that changed."""

    def __init__(self, owner: str) -> None:
        self._whole = psycopg.connect(owner, autocommit=True, prepare_threshold=0)
        self._touched = psycopg.connect(owner, autocommit=True, prepare_threshold=0)
        schema = sql.Identifier(SCHEMA)
        self.mark = FIRST
        """The transaction before which everything was looked at."""
        self._keep_mark()
        with self._whole.transaction():
            self._whole.execute(sql.SQL("create schema {}").format(schema))
            tables = [name for (name,) in self._whole.execute(_TABLES).fetchall()]
            each = [sql.SQL(_TOUCH).format(table=sql.Identifier(name)) for name in tables]
            self._whole.execute(
                sql.SQL(_TOUCHED).format(schema=schema, tables=sql.SQL(" union all ").join(each))
            )
            self._whole.execute(
                sql.SQL("create unique index on {}.touched (account_id)").format(schema)
            )
            for name in tables:
                view = _VIEW + (_SHARED if name == "ledger_account" else "")
                self._whole.execute(sql.SQL(view).format(schema=schema, table=sql.Identifier(name)))
        for connection, first in ((self._whole, ()), (self._touched, (SCHEMA,))):
            path = [*first, verbs.schema(), "public"]
            connection.execute(
                sql.SQL("set search_path = {}").format(
                    sql.SQL(", ").join(map(sql.Identifier, path))
                )
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._whole.close()
        self._touched.close()

    def look(self) -> None:
        """Find the accounts that changed since the last look was over."""
        self._whole.execute("refresh materialized view simulation_changed.touched")

    def over(self) -> None:
        """End a look: what is written from now on is a change for the next one."""
        row = self._whole.execute("select pg_current_xact_id()::xid::text").fetchone()
        assert row is not None
        self.mark = row[0]
        self._keep_mark()

    def _keep_mark(self) -> None:
        self._whole.execute("select set_config('simulation.mark', %s, false)", [self.mark])

    def broken(self, at: datetime) -> Iterator[tuple[str, str, str]]:
        """Ask every invariant: of what changed, or of all rows where it must be."""
        for invariant in INVARIANTS:
            is_whole = invariant.name in SUMS or "%(at)s" in invariant.query
            asked = self._whole if is_whole else self._touched
            cursor = asked.execute(invariant.query, {"at": at})
            for identity, detail in cursor.fetchmany(FOUND_MAX):
                yield invariant.name, str(identity), str(detail)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read the rows of a query that is told the last mark."""
        return self._whole.execute(query.encode(), {"mark": self.mark}).fetchall()
