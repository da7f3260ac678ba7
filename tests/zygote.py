"""A process that forks others, which are killed between two steps of a renewal.

`python -m tests.zygote` reads one JSON order a line and answers with one. It has imported all of
Everline and has no thread and no connection, so a fork is cheap and safe. A step is the edge of
every statement and of every outside call, before it and after it; at the step `kill_at` the child
kills itself, or the PostgreSQL whose process is named, or the connections to the database `cut`.
"""

import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

QUIET_SECONDS = 20.0
AWAY_SECONDS = 0.3


class Steps:
    """Counts the steps of this process and strikes at one of them."""

    def __init__(self, kill_at: int, postgres: int, cut: str) -> None:
        self._kill_at, self._postgres, self._cut = kill_at, postgres, cut
        self._lock = threading.Lock()
        self.taken = 0

    def take(self) -> None:
        """Take one step; at the chosen one, somebody dies."""
        with self._lock:
            self.taken += 1
            if self.taken != self._kill_at:
                return
            if self._cut:
                _cut_connections(self._cut)
            elif self._postgres:
                os.kill(self._postgres, signal.SIGKILL)
            else:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Take a step before and after each call."""

        def stepped(*positional: Any, **named: Any) -> Any:
            self.take()
            try:
                return call(*positional, **named)
            finally:
                self.take()

        return stepped


def _cut_connections(admin: str) -> None:
    """End every connection that an app has to one database."""
    import psycopg

    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(a.pid) from pg_stat_activity a"
            " where a.datname = current_database() and a.usename = 'everline_app'"
        )


def _child(order: dict[str, Any]) -> dict[str, Any]:
    """Do one order; gives the number of steps that it took, and what a door answered."""
    import httpx
    from django.conf import settings

    from everline import database, notices
    from everline.config.plugs import plug_in

    settings.APP_ADDRESS = order["address"]
    settings.SANDBOX_ADDRESS, settings.SANDBOX_SECRET = order["bank"], order["secret"]
    plug_in()
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    if order["postgres"]:
        # It stays away until this child has ended, so waiting for it teaches nothing.
        database.value("select 1")
        database.pool.pool().timeout = AWAY_SECONDS
    steps = Steps(order["kill_at"], order["postgres"], order.get("cut", ""))
    for name in ("row", "rows", "value"):
        setattr(database, name, steps.around(getattr(database, name)))
    httpx.Client.send = steps.around(httpx.Client.send)  # type: ignore[method-assign]
    offset = timedelta(seconds=order["offset"])

    def now() -> datetime:
        return datetime.now(UTC) + offset

    answered: dict[str, Any] = {}
    if order["flow"] == "web":
        _renew(order, now)
    elif order["flow"] == "door":
        answered = _answer(order)
    elif order["flow"] == "sweep":
        answered = _sweep(now)
    else:
        _work(order, now)
    return {"steps": steps.taken, **answered}


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    """Answer a request as the web server does, at the world's time."""
    from io import BytesIO

    from django.conf import settings
    from django.test.client import FakePayload

    from everline import clock

    settings.HOTLINE_TOKEN = order["token"]
    clock.use_offset(lambda: timedelta(seconds=order["offset"]))
    _point_django_at(order["address"])
    sent = {"wsgi.input": FakePayload(bytes.fromhex(order["body"])), "wsgi.errors": BytesIO()}
    answer = HANDLER[0](order["environ"] | sent)
    return {
        "status": answer.status_code,
        "headers": dict(answer.items()),
        "cookies": [each.OutputString() for each in answer.cookies.values()],
        "content": answer.content.hex(),
    }


def _sweep(now: Callable[[], datetime]) -> dict[str, Any]:
    """Renew what is due, as one worker does."""
    from everline import autorenewal

    return {"renewed": autorenewal.renew_due(now()).renewed}


def _point_django_at(address: str) -> None:
    from django.db import connections
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(address)
    connections["default"].settings_dict.update(
        NAME=parts["dbname"],
        USER=parts.get("user", ""),
        PASSWORD=parts.get("password", ""),
        HOST=parts.get("host", ""),
        PORT=str(parts.get("port", "")),
        CONN_MAX_AGE=0,
    )


HANDLER: list[Any] = []
"""What answers requests, made once before any fork."""


def _renew(order: dict[str, Any], now: Callable[[], datetime]) -> None:
    """Do what a page does when somebody pays by a saved card."""
    from everline import cards, renewals
    from everline.database.requests import Caller

    card = cards.find(order["iccid"])
    assert card is not None
    plan = UUID(order["plan"])
    (quote,) = renewals.quote([card.id], plan, None, "web", now())
    assert quote.total is not None
    assert quote.ends_at is not None
    wanted = renewals.Order(
        card.account_id, card.id, order["plan"], plan, None, quote.total, quote.ends_at,
        renewals.Contact(email="somebody@testline.example"),
    )  # fmt: skip
    caller = Caller("web", "kills", order["request_id"])
    answer = renewals.place(caller, wanted, "sandbox", order["token"], now())
    assert answer.id is not None, answer
    renewals.pay(
        answer.id,
        return_url="http://localhost:9/",
        notify_address="http://localhost:9",
        locale="en",
        now=now,
    )


def _work(order: dict[str, Any], now: Callable[[], datetime]) -> None:
    """Be a real worker until each sweep has run and nothing is due."""
    import psycopg

    from everline.config.plugs import KINDS, sweeps
    from everline.jobs.worker import Worker

    planned = sweeps()
    swept: set[str] = set()
    worker = Worker(KINDS, tuple(_noting(each, swept) for each in planned), threads=2, now=now)
    dead = _leases()
    running = threading.Thread(target=worker.run, args=(2.0,), daemon=True)
    running.start()
    until = time.monotonic() + QUIET_SECONDS
    quiet = 0
    away = 0
    while quiet < 3 and away < 2 and time.monotonic() < until and running.is_alive():
        time.sleep(0.05)
        try:
            is_done = len(swept) == len(planned) and not _is_busy(now, dead)
            quiet = quiet + 1 if is_done else 0
        except psycopg.Error:
            away += 1
    worker.stop()
    running.join(5)


def _noting(sweep: Any, swept: set[str]) -> Any:
    """Let a sweep say that it has run: none has, at first, where a machine is busy."""
    from dataclasses import replace

    def run(now: Callable[[], datetime]) -> int:
        try:
            found: int = sweep.run(now)
            return found
        finally:
            swept.add(sweep.name)

    return replace(sweep, run=run)


def _leases() -> list[UUID]:
    """Read the leases of those who died before; nobody waits for them until they run out."""
    from everline.database import pool

    found: list[UUID] = pool.value(
        "select array(select lease from jobs_job where lease is not null)"
    )
    return found


def _is_busy(now: Callable[[], datetime], dead: list[UUID]) -> bool:
    """Tell whether something is due or in hand."""
    from everline.database import pool

    return bool(
        pool.value(
            "select (select count(*) from jobs_job"
            " where run_at <= %s or lease is not null and lease <> all(%s))"
            " + (select count(*) from payments_attempt where ask_at <= %s)"
            " + (select count(*) from payments_refund where ask_at <= %s)"
            " + (select count(*) from renewals_renewal where deadline_at <= %s)",
            [now(), dead, *[now()] * 3],
        )
    )


def main() -> None:
    """Fork one child an order, wait for its end, tell how it ended."""
    import django

    django.setup()
    from django.test.client import ClientHandler
    from django.urls import get_resolver

    import everline.config.plugs
    import everline.renewals  # noqa: F401  Imported once here, so that no child has to.

    HANDLER.append(ClientHandler(enforce_csrf_checks=False))
    HANDLER[0].load_middleware()
    assert get_resolver().url_patterns

    gc.collect()
    gc.freeze()  # Else each child would copy all there is as soon as it collects garbage.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                told_of = json.dumps(_child(order)).encode()
                with os.fdopen(write, "wb") as whole:
                    whole.write(told_of)
            except BaseException as error:  # noqa: BLE001  The parent is told, whatever it was.
                os.write(write, json.dumps({"error": repr(error)[:300]}).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        answer = {"killed": killed, **(json.loads(told) if told else {})}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
