"""The ground on which a small world stands: one database, read and written as the owner does.

What an operator loads and what people do stands in world.py.
"""

import random
from typing import Any

import psycopg

from everline import database
from everline.database.addresses import Addresses


class Ground:
    """One database: its rows as the owner, its verbs as the app."""

    def __init__(self, owner: psycopg.Connection, logins: Addresses) -> None:
        self.owner = owner
        self.logins = logins

    def insert(self, table: str, **columns: Any) -> None:
        """Insert one row as the owner."""
        names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns))
        values = psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(columns))
        self.owner.execute(
            psycopg.sql.SQL("insert into {} ({}) values ({})").format(
                psycopg.sql.Identifier(table), names, values
            ),
            list(columns.values()),
        )

    def one(self, query: str, *parameters: Any) -> Any:
        """Read one value as the owner."""
        row = self.owner.execute(query, parameters).fetchone()
        return row[0] if row else None

    def all(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Read rows as the owner; those that no order was asked for come in any, as they may."""
        rows = self.owner.execute(query, parameters).fetchall()
        if "order by" not in query:
            random.shuffle(rows)
        return rows

    def verb(self, name: str, *parameters: Any) -> Any:
        """Call a verb as the app and give its first column."""
        marks = psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(parameters))
        with database.connection() as lent:
            row = lent.execute(
                psycopg.sql.SQL("select * from {}({})").format(psycopg.sql.Identifier(name), marks),
                list(parameters),
            ).fetchone()
        return row[0] if row else None

    def break_rules(self, *statements: str) -> None:
        """Do what no verb would: as superuser, without triggers, constraints and indexes."""
        with psycopg.connect(self.logins.admin, autocommit=True) as admin:
            admin.execute("set session_replication_role = replica")
            for constraint, table in admin.execute(
                "select c.conname, c.conrelid::regclass::text from pg_constraint c"
                " join pg_class t on t.oid = c.conrelid where c.contype in ('c', 'x', 'u')"
                " and t.relnamespace = 'public'::regnamespace and not t.relispartition"
            ).fetchall():
                admin.execute(
                    psycopg.sql.SQL("alter table {} drop constraint {} cascade").format(
                        psycopg.sql.SQL(table), psycopg.sql.Identifier(constraint)
                    )
                )
            for (index,) in admin.execute(
                "select i.indexrelid::regclass::text from pg_index i join pg_class c"
                " on c.oid = i.indrelid where i.indisunique"
                " and (i.indpred is not null or i.indexprs is not null)"
                " and c.relnamespace = 'public'::regnamespace"
            ).fetchall():
                admin.execute(psycopg.sql.SQL("drop index {}").format(psycopg.sql.SQL(index)))
            for statement in statements:
                assert admin.execute(statement).rowcount != 0, statement
