"""The doctor: whether this deployment can do what it promises, checked part by part.

Each check tells what it found and, when that is not well, the way out. Nothing is written. Whether
the books are right is another question, answered by office/audit.py.
"""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from everline import clock, database, jobs, notices
from everline.catalogue import policy
from everline.config.examining import Check, State
from everline.config.outsiders import outside
from everline.config.watching import auto_renewal
from everline.database import verbs
from everline.database.addresses import APP, OWNER

__all__ = ["CHECKS", "Check", "examine", "outside"]

VERSION_MIN: Final = 15
CONNECTIONS_SPARE: Final = 10
SKEW_SECONDS: Final = (1, 5)
"""The verbs refuse an instant more than 5 s from the server's clock; 1 s deserves a look."""

QUEUE_SECONDS: Final = (60, 600)
HEARTBEAT_SECONDS: Final = 30
TIMEOUT_SECONDS: Final = 5
BOOKS: Final = (
    "ledger_transfer",
    "ledger_account",
    "ledger_hold",
    "renewals_renewal",
    "payments_payment",
    "payments_attempt",
    "payments_refund",
    "database_request",
    "database_history",
)
"""Tables that only verbs write."""

ZONE_WEEKS: Final = 105
"""How many weeks ahead the rules of zones are compared: two years, as far as terms are sold."""

ZONES_TOLD: Final = 8


@dataclass(frozen=True, slots=True)
class _Offsets:
    """A zone's offsets from UTC, as the database knows them."""

    name: str
    seconds: list[int]


def examine() -> Iterator[Check]:
    """Check everything, in the order in which one thing needs another."""
    for check in CHECKS:
        try:
            yield from check()
        except psycopg.Error as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            yield Check(check.__name__, "fail", reason, "See the database's own log.")


def database_server() -> Iterator[Check]:
    """Check that the server answers and is new enough."""
    version = int(database.value("select current_setting('server_version_num')::integer"))
    major = version // 10_000
    if major < VERSION_MIN:
        yield Check(
            "database", "fail", f"PostgreSQL {major}", f"Use PostgreSQL {VERSION_MIN} or newer."
        )
    else:
        yield Check("database", "ok", f"PostgreSQL {database.value('show server_version')}")
    mode = database.value("select mode from database_deployment")
    if mode != "production" and not settings.DEMO:
        yield Check(
            "mode",
            "fail",
            f"the database is marked {mode}, this process serves production",
            f"Set EVERLINE_MODE={mode}, or use another database.",
        )
    else:
        yield Check("mode", "ok", str(mode))


def roles() -> Iterator[Check]:
    """Check the two logins: neither may do everything, and the app may not write the books."""
    for role, login in ((APP, settings.APP_ADDRESS), (OWNER, settings.OWNER_ADDRESS)):
        if not login:
            yield Check(
                f"role {role}",
                "warn",
                "no address is given to this process",
                "Migrations need EVERLINE_OWNER_ADDRESS or DATABASE_URL.",
            )
            continue
        name = psycopg.conninfo.conninfo_to_dict(login).get("user")
        powerful = database.value(
            "select rolsuper or rolcreaterole or rolbypassrls from pg_roles where rolname = %s",
            [name],
        )
        if powerful is None or powerful:
            yield Check(
                f"role {role}",
                "fail",
                "there is no such role" if powerful is None else "it may do everything",
                "Run everline migrate with an admin's DATABASE_URL; see docs/operating.md.",
            )
    written = database.value(
        "select string_agg(t.name, ', ') from unnest(%s::text[]) as t (name)"
        " where has_table_privilege(current_user, 'public.' || t.name,"
        " 'insert, update, delete, truncate')",
        [list(BOOKS)],
    )
    if written:
        yield Check(
            "rights",
            "fail",
            f"the app may write {written}",
            "Run everline migrate, which sets all rights anew.",
        )
    else:
        yield Check("rights", "ok", "the app reads the books and writes by verbs alone")


def level() -> Iterator[Check]:
    """Check that tables and verbs are those of this Everline."""
    executor = MigrationExecutor(connections["default"])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    connections["default"].close()
    if missing:
        yield Check(
            "migrations", "fail", f"{len(missing)} are not applied", "Run everline migrate."
        )
    else:
        yield Check("migrations", "ok", "all are applied")
    callable_verbs = database.value(
        "select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = %s and has_schema_privilege(n.oid, 'usage')"
        " and has_function_privilege(p.oid, 'execute')",
        [verbs.schema()],
    )
    if not callable_verbs:
        yield Check("verbs", "fail", f"{verbs.schema()} is not loaded", "Run everline migrate.")
    else:
        yield Check("verbs", "ok", f"{callable_verbs} may be called in {verbs.schema()}")
    if database.value(
        "select exists (select from ledger_watermark w"
        " where w.through > pg_snapshot_xmax(pg_current_snapshot()))"
        " or exists (select from ledger_transfer t"
        " where t.transaction_id >= pg_snapshot_xmax(pg_current_snapshot()))"
    ):
        yield Check(
            "restored dump",
            "fail",
            "transfers bear the numbers of another server and are not summed",
            "Run everline migrate, which numbers them anew.",
        )


def clocks() -> Iterator[Check]:
    """Compare this machine's clock with the server's."""
    before = clock.now()
    there = database.value("select clock_timestamp() + clock_offset from database_deployment")
    between = before + (clock.now() - before) / 2
    skew = abs((there - between).total_seconds())
    state: State = "ok"
    if skew > SKEW_SECONDS[0]:
        state = "fail" if skew > SKEW_SECONDS[1] else "warn"
    yield Check(
        "clock",
        state,
        f"{skew:.3f} s from the server's clock",
        "" if state == "ok" else "Keep the clocks of both machines by NTP.",
    )
    offset = database.value("select clock_offset from database_deployment")
    if offset:
        yield Check("moved clock", "ok", f"the demo's clock is moved by {offset}")


def zones() -> Iterator[Check]:
    """Compare the rules of time zones here, where instants are shown, with those of the verbs.

    Both sides carry their own copy of the tz database, and countries change their clocks.
    """
    first = clock.now()
    instants = [first + timedelta(weeks=week) for week in range(ZONE_WEEKS)]
    names = sorted(clock.zones())
    there = database.rows(
        _Offsets,
        "select n.name, (select array_agg(extract(epoch from (at at time zone n.name)"
        " - (at at time zone 'UTC'))::integer order by at) from unnest(%s::timestamptz[]) at)"
        " as seconds from pg_timezone_names n where n.name = any(%s)",
        [instants, names],
    )
    known = {each.name: each.seconds for each in there}
    differing = [name for name in names if known.get(name) != _offsets(name, instants)]
    if not differing:
        yield Check("zones", "ok", f"{len(names)} have the same rules here and in the database")
        return
    told = ", ".join(differing[:ZONES_TOLD]) + (" …" if len(differing) > ZONES_TOLD else "")
    yield Check(
        "zones",
        "warn",
        f"{len(differing)} of {len(names)} have other rules or are missing in the database: {told}",
        "Update tzdata, here or on the server: terms end by the server's rules and are shown by"
        " those here.",
    )


def _offsets(name: str, instants: list[datetime]) -> list[int]:
    """Give a zone's offsets from UTC in seconds, as this machine knows them."""
    zone = clock.zone(name)
    return [
        int((at.astimezone(zone).utcoffset() or timedelta(0)).total_seconds()) for at in instants
    ]


def capacity() -> Iterator[Check]:
    """Check that all threads can have a connection at once."""
    most = int(database.value("select current_setting('max_connections')::integer"))
    used = database.value(
        "select count(*) from pg_stat_activity where backend_type = 'client backend'"
    )
    needed = 2 * settings.POOL_MAX + CONNECTIONS_SPARE
    if most < needed:
        yield Check(
            "connections",
            "fail",
            f"max_connections is {most}; one web server and one worker may need {needed}",
            f"Set max_connections to {needed} or more, or EVERLINE_POOL_MAX lower.",
        )
    else:
        yield Check("connections", "ok", f"{used} of {most} in use, {needed} may be needed")


def senders() -> Iterator[Check]:
    """Check that notices can leave: the mail server, or the demo's outbox."""
    installed = notices.installed()
    counts = notices.waiting_media(clock.now())
    if settings.DEMO:
        yield Check("notices", "ok", "e-mail and text messages land in the outbox")
        return
    if settings.EMAIL_HOST:
        yield _mail_server()
    for medium in ("email", "sms"):
        waiting, failed = counts.get(medium, (0, 0))
        if medium not in installed:
            yield Check(
                medium,
                "fail" if waiting else "warn",
                f"no sender is set up; {waiting} wait",
                "Set EVERLINE_EMAIL_HOST." if medium == "email" else "",
            )
        elif failed:
            yield Check(medium, "warn", f"{failed} could not be sent in the last day")
    if not policy().sender_email:
        yield Check("sender", "warn", "the operator has no e-mail address", "Load operator.yaml.")


def _mail_server() -> Check:
    """Connect to the mail server, and say nothing to it."""
    address = (settings.EMAIL_HOST, settings.EMAIL_PORT)
    named = f"{address[0]}:{address[1]}"
    try:
        with socket.create_connection(address, timeout=TIMEOUT_SECONDS):
            return Check("mail server", "ok", f"{named} answers")
    except OSError as error:
        return Check(
            "mail server",
            "fail",
            f"{named} does not answer: {error.strerror or error}",
            "Check EVERLINE_EMAIL_HOST and EVERLINE_EMAIL_PORT.",
        )


def queue() -> Iterator[Check]:
    """Check that workers are there, keep up, and that nothing died."""
    at = clock.now()
    beat = database.value(
        "select extract(epoch from now() - max(state_change))::integer from pg_stat_activity"
        " where application_name = 'everline worker' and datname = current_database()"
    )
    if beat is None:
        yield Check("worker", "fail", "none is connected", "Run everline work.")
    elif beat > HEARTBEAT_SECONDS:
        yield Check("worker", "fail", f"none has asked for {beat} s", "Restart it: everline work.")
    else:
        yield Check("worker", "ok", "asks for work")
    depth = jobs.depth(at)
    age = at - depth.oldest_at if depth.oldest_at else timedelta(0)
    state: State = "ok"
    if age > timedelta(seconds=QUEUE_SECONDS[0]):
        state = "fail" if age > timedelta(seconds=QUEUE_SECONDS[1]) else "warn"
    yield Check(
        "queue",
        state,
        f"{depth.due} due, the oldest for {int(age.total_seconds())} s; {depth.later} later",
        "" if state == "ok" else "Run more workers: everline work.",
    )
    if depth.dead:
        yield Check(
            "dead letters",
            "warn",
            f"{depth.dead} jobs used up their tries",
            "everline jobs lists them; mend the cause, then everline jobs --retry ID.",
        )


Checks = Callable[[], Iterator[Check]]
CHECKS: Final[tuple[Any, ...]] = (
    database_server,
    roles,
    level,
    clocks,
    zones,
    capacity,
    senders,
    outside,
    queue,
    auto_renewal,
)
