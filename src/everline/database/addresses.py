"""The three logins of Everline and what they may: owner, app, admin.

`everline_owner` migrates, `everline_app` serves and works, the admin only prepares the two and the
database. Their passwords derive from the admin's, so every process that knows the one address
agrees on all three. On the embedded server this guards against our own bugs, not against another
program of the same user. The server itself is in `server.py`; what the roles may touch is granted
by the migrations.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from everline.database.server import Progress, ServerError, admin_address, running

OWNER: Final = "everline_owner"
APP: Final = "everline_app"
DATABASE: Final = "everline"

LIMITS: Final[Mapping[str, Mapping[str, str]]] = {
    OWNER: {
        "statement_timeout": "10min",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "10min",
    },
    APP: {
        "statement_timeout": "30s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "60s",
    },
}
"""How long each role may run, wait for a lock, and sit in an open transaction."""

_LOCK: Final = 0x45766572_6C696E65
"""Advisory lock of those who prepare roles, in the maintenance database: "Everline"."""

_BUILTIN_SINCE: Final = 17
"""The first major with the builtin locale provider, which sorts the same on every machine."""

_VARIABLES: Final = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_APP_URL")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Connection strings for libpq and psycopg, passwords included: never log them."""

    owner: str = field(repr=False)
    app: str = field(repr=False)
    admin: str = field(repr=False)
    """Empty where the operator gave the two logins and prepared them."""


def addresses(home: Path, database: str | None = None) -> Addresses:
    """Return the logins to `database`, by default the one of DATABASE_URL, else `everline`.

    They are those of DATABASE_URL, or of DATABASE_OWNER_URL and DATABASE_APP_URL, or of the
    embedded server in `home`, which must have been started once but need not be up. Raises
    `ServerError` when an address cannot be understood.
    """
    environment = {name: os.environ.get(name, "") for name in _VARIABLES}
    if environment["DATABASE_OWNER_URL"] or environment["DATABASE_APP_URL"]:
        return Addresses(
            owner=_operators("DATABASE_OWNER_URL", environment, database),
            app=_operators("DATABASE_APP_URL", environment, database),
            admin="",
        )
    if environment["DATABASE_URL"]:
        return _derived(_operators("DATABASE_URL", environment, database))
    return _derived(admin_address(home, database or DATABASE))


def is_embedded() -> bool:
    """Tell whether the database is our embedded server, as no address of another is given."""
    return not any(os.environ.get(name) for name in _VARIABLES)


@contextmanager
def reachable(
    home: Path,
    database: str | None = None,
    *,
    durable: bool = True,
    progress: Progress | None = None,
) -> Iterator[Addresses]:
    """Yield the logins, with the embedded server up meanwhile where it is the database."""
    if not is_embedded():
        yield addresses(home, database)
        return
    with running(home, durable=durable, progress=progress) as server:
        yield addresses(server.home, database)


def prepare_roles(logins: Addresses) -> None:
    """Make the two roles and the database as admin, or bring them up to date.

    Safe to repeat and to race. Without an admin it does nothing: the operator has done it, as
    docs/operating.md says. Raises `ServerError` when the admin cannot log in or may not do it.
    """
    if not logins.admin:
        return
    database = _part(logins.admin, "dbname")
    try:
        with _maintenance(logins.admin) as connection:
            connection.execute("set lock_timeout = '30s'")
            connection.execute("select pg_advisory_lock(%s)", [_LOCK])
            for login in (logins.owner, logins.app):
                _prepare_role(connection, login)
            _prepare_database(connection, database)
            with psycopg.connect(logins.admin, autocommit=True) as inside:
                _prepare_inside(inside, database)
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise ServerError(
            f"The roles and the database {database} cannot be prepared: {reason};"
            " DATABASE_URL must name a login that may create both."
        ) from None


def _operators(variable: str, environment: Mapping[str, str], database: str | None) -> str:
    """Read one of the operator's addresses, without ever quoting it."""
    given = environment[variable]
    if not given:
        other = {"DATABASE_OWNER_URL": "DATABASE_APP_URL"}.get(variable)
        instead = (
            f" What needs no owner takes the address of {other} as EVERLINE_APP_ADDRESS instead."
            if other
            else ""
        )
        raise ServerError(
            f"{variable} is missing: give DATABASE_OWNER_URL and DATABASE_APP_URL.{instead}"
        )
    try:
        parts = conninfo_to_dict(given)
    except psycopg.Error:
        raise ServerError(
            f"{variable} is not an address of PostgreSQL: write it as"
            " postgresql://user:password@host:5432/everline, with special characters as %XX."
        ) from None
    name = database or parts.get("dbname") or DATABASE
    return make_conninfo(given, dbname=name, connect_timeout=parts.get("connect_timeout", 10))


def _derived(admin: str) -> Addresses:
    """Return the admin's address and those of the roles, whose passwords derive from its own."""
    secret = _part(admin, "password") or os.environ.get("PGPASSWORD", "")
    if not secret:
        raise ServerError(
            "DATABASE_URL has no password, from which those of the roles derive: add one, or give"
            " DATABASE_OWNER_URL and DATABASE_APP_URL."
        )
    owner, app = (
        make_conninfo(admin, user=role, password=_password(secret, role)) for role in (OWNER, APP)
    )
    return Addresses(owner=owner, app=app, admin=admin)


def _password(secret: str, role: str) -> str:
    """Derive a role's password, the same for all who know the admin's."""
    return hmac.new(secret.encode(), role.encode(), hashlib.sha256).hexdigest()


def _part(address: str, name: str) -> str:
    """Return one part of an address, empty if it is not there."""
    return str(conninfo_to_dict(address).get(name) or "")


def _maintenance(admin: str) -> psycopg.Connection:
    """Connect where one can be before our own database exists."""
    return psycopg.connect(make_conninfo(admin, dbname="postgres"), autocommit=True)


def _prepare_role(connection: psycopg.Connection, login: str) -> None:
    """Make one login role; refuse to use one that could do everything."""
    role, password = _part(login, "user"), _part(login, "password")
    name = sql.Identifier(role)
    found = connection.execute(
        "select rolsuper or rolcreaterole or rolbypassrls from pg_roles where rolname = %s", [role]
    ).fetchone()
    if found is None:
        connection.execute(sql.SQL("create role {}").format(name))
    elif found[0]:
        raise ServerError(
            f"The role {role} may do too much: take superuser, createrole and bypassrls from it."
        )
    # The password goes hashed, so that no log of the server can show it.
    hashed = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    connection.execute(sql.SQL("alter role {} login password {}").format(name, hashed))
    for setting, value in LIMITS[role].items():
        connection.execute(
            sql.SQL("alter role {} set {} = {}").format(name, sql.Identifier(setting), value)
        )


def _prepare_database(connection: psycopg.Connection, database: str) -> None:
    """Make the database, owned by the owner, if it is missing."""
    found = connection.execute(
        "select exists (select from pg_database where datname = %s),"
        " (select rolsuper from pg_roles where rolname = current_user),"
        " current_setting('server_version_num')::int / 10000",
        [database],
    ).fetchone()
    assert found is not None
    exists, is_superuser, major = found
    if not is_superuser:
        # To give something to a role one must be a member of it.
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(OWNER)))
    if exists:
        return
    builtin = sql.SQL("locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'")
    provided = (sql.SQL("locale 'C.UTF-8'"), sql.SQL("locale 'C'"))
    create = sql.SQL("create database {} owner {} template template0 encoding 'UTF8' ").format(
        sql.Identifier(database), sql.Identifier(OWNER)
    )
    for locale in (builtin,) if major >= _BUILTIN_SINCE else provided:
        try:
            connection.execute(create + locale)
        except psycopg.errors.WrongObjectType:
            continue  # The server's machine does not know this locale.
        return


def _prepare_inside(connection: psycopg.Connection, database: str) -> None:
    """Give the two roles the database, and nobody else the schema public."""
    name, owner, app = (sql.Identifier(word) for word in (database, OWNER, APP))
    connection.execute("create extension if not exists btree_gist")
    connection.execute("revoke create on schema public from public")
    for grant in (
        sql.SQL("grant usage, create on schema public to {}").format(owner),
        sql.SQL("grant usage on schema public to {}").format(app),
        sql.SQL("grant connect, create, temporary on database {} to {}").format(name, owner),
        sql.SQL("grant connect on database {} to {}").format(name, app),
    ):
        connection.execute(grant)
