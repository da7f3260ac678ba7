"""A process that forks others, which are killed between two steps of a renewal.

`python -m tests.zygote` reads one JSON order a line and answers with one. It has imported all of
Everline and has no thread and no connection, so a fork is cheap and safe. A step is the edge of
every statement and of every outside call, before it and after it; at the step `kill_at` the child
kills itself, or the PostgreSQL whose process is named.
"""

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

QUIET_SECONDS = 6.0


class Steps:
    """Counts the steps of this process and strikes at one of them."""

    def __init__(self, kill_at: int, postgres: int) -> None:
        self._kill_at, self._postgres = kill_at, postgres
        self._lock = threading.Lock()
        self.taken = 0

    def take(self) -> None:
        """Take one step; at the chosen one, somebody dies."""
        with self._lock:
            self.taken += 1
            if self.taken != self._kill_at:
                return
            if self._postgres:
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


def _child(order: dict[str, Any]) -> int:
    """Do one order; gives the number of steps that it took."""
    import httpx
    from django.conf import settings

    from everline import database, notices
    from everline.config.plugs import plug_in

    settings.APP_ADDRESS = order["address"]
    settings.SANDBOX_ADDRESS, settings.SANDBOX_SECRET = order["bank"], order["secret"]
    plug_in()
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    steps = Steps(order["kill_at"], order["postgres"])
    for name in ("row", "rows", "value"):
        setattr(database, name, steps.around(getattr(database, name)))
    httpx.Client.send = steps.around(httpx.Client.send)  # type: ignore[method-assign]
    offset = timedelta(seconds=order["offset"])

    def now() -> datetime:
        return datetime.now(UTC) + offset

    database.pool.WAIT_SECONDS = 1.0
    if order["flow"] == "web":
        _renew(order, now)
    else:
        _work(order, now)
    return steps.taken


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
    """Be a real worker until nothing is due."""
    import psycopg

    from everline.config.plugs import KINDS, sweeps
    from everline.jobs.worker import Worker

    worker = Worker(KINDS, sweeps(), threads=2, now=now)
    dead = _leases()
    running = threading.Thread(target=worker.run, args=(2.0,), daemon=True)
    running.start()
    until = time.monotonic() + QUIET_SECONDS
    quiet = 0
    away = 0
    while quiet < 3 and away < 2 and time.monotonic() < until and running.is_alive():
        time.sleep(0.05)
        try:
            quiet = 0 if _is_busy(now, dead) else quiet + 1
        except psycopg.Error:
            away += 1
    worker.stop()
    running.join(5)


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
    import everline.config.plugs
    import everline.renewals  # noqa: F401  Imported once here, so that no child has to.

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                taken = _child(order)
                os.write(write, json.dumps({"steps": taken}).encode())
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
