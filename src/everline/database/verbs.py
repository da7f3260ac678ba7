"""The loader of verbs: every `.sql` file, into a schema named by the hash of all of them.

A process uses the schema that it was built with, so old and new code run side by side during a
deploy. The newest two are kept. Tables are not made here but by the migrations.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

PACKAGE: Final = Path(__file__).resolve().parent.parent

ORDER: Final = (
    "database",
    "ledger",
    "jobs",
    "catalogue",
    "people",
    "cards",
    "trust",
    "payments",
    "provisioning",
    "notices",
    "topups",
    "renewals",
    "autorenewal",
    "endings",
    "holders",
    "loading",
    "tour",
)
"""The nouns that have verbs, from the lowest layer up; a new one must be named here."""

KEPT: Final = 2
"""Schemas that stay: the one just loaded and the one that the last release still uses."""


@cache
def files() -> tuple[Path, ...]:
    """Give every `.sql` file, lower layers first, and in each those that define types first."""
    return tuple(
        sorted(
            PACKAGE.glob("*/**/*.sql"),
            key=lambda path: (
                ORDER.index(path.relative_to(PACKAGE).parts[0]),
                path.name not in {"requests.sql", "quote.sql"},
                path.name != "autorenewal.sql",
                path.name,
            ),
        )
    )


@cache
def schema() -> str:
    """Name the schema of these files: `verbs_` and twelve digits of their SHA-256."""
    digest = hashlib.sha256()
    for path in files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"verbs_{digest.hexdigest()[:12]}"


def load(owner: psycopg.Connection, app_role: str) -> bool:
    """Load the verbs, if their schema is not there yet, and grant the app those it may call.

    One transaction under an advisory lock, so two deploys side by side load once. Returns whether
    anything was loaded.
    """
    name = sql.Identifier(schema())
    with owner.transaction():
        owner.execute("select pg_advisory_xact_lock(727000)")
        if owner.execute("select to_regnamespace(%s)", [schema()]).fetchone() != (None,):
            return False
        owner.execute("set local check_function_bodies = off")
        owner.execute(sql.SQL("create schema {}").format(name))
        owner.execute(sql.SQL("set local search_path = {}, public, pg_temp").format(name))
        owner.execute("alter default privileges revoke execute on functions from public")
        for path in files():
            owner.execute(path.read_bytes())
        _grant(owner, name, sql.Identifier(app_role))
        owner.execute(sql.SQL("comment on schema {} is {}").format(name, _stamp(owner)))
        _drop_old(owner)
    return True


def _stamp(owner: psycopg.Connection) -> sql.Literal:
    """Give the server's time as the schema's comment: the order in which schemas were loaded."""
    row = owner.execute("select to_char(clock_timestamp(), 'YYYYMMDDHH24MISSUS')").fetchone()
    assert row is not None
    return sql.Literal(row[0])


def _grant(owner: psycopg.Connection, name: sql.Identifier, app: sql.Identifier) -> None:
    """Let the app call the verbs, which run as their owner, and nothing else of the schema."""
    owner.execute(sql.SQL("revoke all on all functions in schema {} from public").format(name))
    owner.execute(sql.SQL("grant usage on schema {} to {}").format(name, app))
    verbs = owner.execute(
        "select p.oid::regprocedure::text from pg_proc p"
        " where p.pronamespace = %s::regnamespace and p.prosecdef order by 1",
        [schema()],
    ).fetchall()
    for (signature,) in verbs:
        owner.execute(sql.SQL("grant execute on function {} to {}").format(sql.SQL(signature), app))


def _drop_old(owner: psycopg.Connection) -> None:
    """Drop all but the newest schemas of verbs."""
    old = owner.execute(
        "select n.nspname from pg_namespace n where n.nspname like 'verbs\\_%%'"
        " order by obj_description(n.oid) desc nulls last offset %s",
        [KEPT],
    ).fetchall()
    for (schema_name,) in old:
        owner.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema_name)))
