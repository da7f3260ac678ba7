"""The worker: jobs under leases, retries and dead letters, sweeps; killed, stopped, left alone."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from everline import clock, database, jobs, ledger, notices, provisioning, renewals
from everline.config import plugs
from everline.database.pool import pool
from everline.errors import FaultError
from everline.jobs import Kind, LaterError, Now, Sweep, Worker
from everline.jobs.worker import LEASE_SECONDS
from everline.provisioning.simulated import Simulated
from tests.simulator import NOTIFY_SECRET, SimulatorProcess, wait_until
from tests.world import World

SLOW_MS = 1500


@contextmanager
def working(worker: Worker) -> Iterator[Worker]:
    """Run a worker beside the test, and expect that it ends when it is told to."""
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(worker.run(5)))
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(10)
    assert ended == [True]


def of(world: World, *sweeps: Sweep, threads: int = 2, **runs: Callable[..., object]) -> Worker:
    """Make a worker of this world's time that does `runs` for the kinds of those names."""
    kinds = {kind: Kind(run, retry_seconds=2) for kind, run in runs.items()}
    return Worker(kinds, sweeps, threads=threads, now=world.now)


def renewed(world: World, **contact: str) -> uuid.UUID:
    """Renew a card from its balance: the job that delivers it is due now."""
    card, plan = world.card(balance=1000), world.plan(price=1000)
    answer = world.renew(card, plan, contact=renewals.Contact(**contact))
    assert answer.id is not None
    return answer.id


def job(world: World) -> dict[str, Any]:
    """Read the one job there is."""
    columns = ("kind", "state", "tries", "run_at", "lease", "last_error")
    return dict(zip(columns, *world.all(f"select {', '.join(columns)} from jobs_job"), strict=True))


def count(world: World) -> int:
    return int(world.one("select count(*) from jobs_job"))


def state(world: World, renewal: uuid.UUID) -> str:
    return str(world.one("select state from renewals_renewal where id = %s", renewal))


@pytest.fixture
def process(world: World, simulator: SimulatorProcess) -> Iterator[Callable[[], Any]]:
    """Start real `everline work` processes on this world's database, and end what is left."""
    started: list[subprocess.Popen[str]] = []
    environment = os.environ | {
        "EVERLINE_APP_ADDRESS": world.logins.app,
        "EVERLINE_OWNER_ADDRESS": world.logins.owner,
        "EVERLINE_MODE": "simulation",
        "EVERLINE_SANDBOX_ADDRESS": simulator.url,
        "EVERLINE_SANDBOX_SECRET": NOTIFY_SECRET,
    }

    def start() -> subprocess.Popen[str]:
        begun = subprocess.Popen(
            [sys.executable, "-m", "everline.cli", "work", "--threads", "2"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(begun)
        return begun

    yield start
    for each in started:
        with each:
            each.kill()


def test_a_paid_renewal_is_delivered_and_told(world: World, network: Simulated) -> None:
    provisioning.install({"simulated": network})
    notices.install({"email": notices.Outbox()})
    renewal = renewed(world, email="ana@customers.example")
    with working(Worker(plugs.KINDS, (), threads=2, now=world.now)):
        wait_until(lambda: count(world) == 0)
    assert state(world, renewal) == "delivered"
    assert world.all("select template, state from notices_notice") == [("renewed", "sent")]


def test_a_worker_killed_in_its_job_loses_the_lease_and_another_does_it_once(
    world: World, simulator: SimulatorProcess, network: Simulated, process: Callable[[], Any]
) -> None:
    world.at = clock.now()
    renewal = renewed(world)
    simulator.fault("network.apply", "slow", f"{renewal}-apply", milliseconds=3000)
    first = process()
    wait_until(lambda: job(world)["lease"] is not None)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    before = job(world)
    assert (before["state"], before["tries"]) == ("ready", 1)
    provisioning.install({"simulated": network})
    world.at = clock.now()
    # The lease protects the job from a second worker as long as it lasts.
    with working(of(world, deliver=renewals.deliver)):
        time.sleep(0.6)
        assert job(world)["lease"] == before["lease"]
    world.advance(seconds=LEASE_SECONDS + 1)
    with working(of(world, deliver=renewals.deliver)):
        wait_until(lambda: count(world) == 0)
    assert state(world, renewal) == "delivered"
    assert simulator.order(f"{renewal}-apply")["applied"] == 1


def test_a_worker_told_to_end_finishes_what_is_in_hand(
    world: World, simulator: SimulatorProcess, process: Callable[[], Any]
) -> None:
    world.at = clock.now()
    renewal = renewed(world)
    simulator.fault("network.apply", "slow", f"{renewal}-apply", milliseconds=SLOW_MS)
    worker = process()
    wait_until(lambda: job(world)["lease"] is not None)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert state(world, renewal) == "delivered"
    assert count(world) == 0


def test_only_the_holder_of_the_lease_can_finish_or_fail_a_job(world: World) -> None:
    renewed(world)
    first, second = uuid.uuid4(), uuid.uuid4()

    def lease(token: uuid.UUID) -> int:
        query = "select count(*) from lease_jobs(%s, 10, %s, %s, %s)"
        return int(database.value(query, [["deliver"], LEASE_SECONDS, token, world.at]))

    assert lease(first) == 1
    assert lease(second) == 0
    world.advance(seconds=LEASE_SECONDS + 1)
    assert lease(second) == 1
    (found,) = world.all("select id from jobs_job")
    assert world.verb("finish_job", found[0], first) is False
    assert world.verb("fail_job", found[0], first, "late", 5, world.at) is None
    assert world.verb("finish_job", found[0], second) is True


def test_a_job_that_always_fails_waits_longer_and_longer_then_dies_visibly(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    renewed(world)
    waits: list[float] = []

    def silent(_subject: uuid.UUID, now: Now) -> None:
        raise FaultError("network", "timeout")

    with caplog.at_level(logging.INFO), working(of(world, deliver=silent)):
        for tries in range(1, 12):
            run_at = _waits_after(world, tries)
            waits.append((run_at - world.at).total_seconds())
            world.at = run_at
        wait_until(lambda: job(world)["state"] == "dead")
    assert waits == [2.0**tries for tries in range(1, 12)]
    assert job(world)["tries"] == 12
    assert job(world)["last_error"] == "network: timeout"
    assert jobs.depth(world.at) == jobs.Depth(due=0, later=0, dead=1, oldest_at=None)
    assert not [record for record in caplog.records if record.exc_info]  # A fault is expected.
    assert [record.levelname for record in caplog.records if "is dead" in record.message]
    (dead,) = world.all("select id from jobs_job")
    assert jobs.revive(dead[0], world.at)
    with working(of(world, deliver=lambda *_: None)):
        wait_until(lambda: count(world) == 0)


def test_work_that_is_for_later_is_put_off_and_counts_as_no_try(world: World) -> None:
    renewed(world)
    until = world.at + timedelta(hours=9)

    def wait(*_: object) -> None:
        raise LaterError(until)

    with working(of(world, deliver=wait)):
        wait_until(lambda: job(world)["run_at"] == until and job(world)["tries"] == 0)


def _waits_after(world: World, tries: int) -> datetime:
    """Wait until a try has failed, and tell when the next one is due."""
    waiting: list[dict[str, Any]] = []

    def has_failed() -> bool:
        waiting.append(job(world))
        return waiting[-1]["lease"] is None and waiting[-1]["tries"] == tries

    wait_until(has_failed)
    run_at = waiting[-1]["run_at"]
    assert isinstance(run_at, datetime)
    return run_at


def test_a_job_that_ends_its_workers_is_given_up_without_running_again(world: World) -> None:
    renewed(world)
    world.owner.execute("update jobs_job set tries = tries_max")
    ran: list[uuid.UUID] = []
    with working(of(world, deliver=lambda subject, _now: ran.append(subject))):
        wait_until(lambda: job(world)["state"] == "dead")
    assert ran == []
    assert "every worker" in job(world)["last_error"]


def test_a_bug_in_one_job_is_loud_and_stops_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = renewed(world), renewed(world)

    def run(subject: uuid.UUID, now: Now) -> None:
        if subject == bad:
            raise ZeroDivisionError

    with working(of(world, deliver=run, threads=1)):
        wait_until(lambda: count(world) == 1 and job(world)["lease"] is None)
    assert job(world)["last_error"] == "ZeroDivisionError"
    assert world.one("select count(*) from jobs_job where subject_id = %s", good) == 0
    assert [record for record in caplog.records if record.exc_info]


def test_outside_calls_run_side_by_side_up_to_the_threads(world: World) -> None:
    for _card in range(5):
        renewed(world)
    begun: list[uuid.UUID] = []
    ended: list[uuid.UUID] = []
    together: list[int] = []
    are_three = threading.Event()

    def slow(subject: uuid.UUID, now: Now) -> None:
        begun.append(subject)
        together.append(len(begun) - len(ended))
        if together[-1] == 3:
            are_three.set()
        are_three.wait(60)
        ended.append(subject)

    with working(of(world, deliver=slow, threads=3)):
        wait_until(lambda: count(world) == 0)
    assert max(together) == 3
    assert len(together) == 5


def test_a_worker_outlives_the_absence_of_its_database(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[uuid.UUID] = []
    name = sql.Identifier(world.owner.info.dbname)
    maintenance = make_conninfo(world.logins.admin, dbname="postgres")
    with (
        psycopg.connect(maintenance, autocommit=True) as admin,
        working(of(world, deliver=lambda subject, _now: done.append(subject))),
    ):
        renewed(world)
        wait_until(lambda: len(done) == 1)
        admin.execute(sql.SQL("alter database {} allow_connections false").format(name))
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename = 'everline_app' and datname = %s",
            [world.owner.info.dbname],
        )
        try:
            wait_until(lambda: "the database is away" in caplog.text)
        finally:
            admin.execute(sql.SQL("alter database {} allow_connections true").format(name))
        second = _renew_again(world)
        wait_until(lambda: done[-1:] == [second])
    assert len(done) == 2


def _renew_again(world: World) -> uuid.UUID:
    """Renew once more, over connections that may just have been closed under us."""
    for _try in range(20):
        try:
            return renewed(world)
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError


def test_sweeps_run_by_their_schedule_and_at_once_when_the_clock_is_moved(world: World) -> None:
    runs: list[datetime] = []

    def note(now: Now) -> int:
        runs.append(now())
        return 0

    with working(of(world, Sweep("note", 60, note))):
        wait_until(lambda: len(runs) == 1)
        time.sleep(0.5)
        assert len(runs) == 1
        world.advance(days=30)
        wait_until(lambda: len(runs) == 2)
        world.advance(days=-30)
        wait_until(lambda: len(runs) == 3)


def test_a_sweep_is_repeated_while_it_finds_something_and_is_bounded(world: World) -> None:
    left = [3, 2, 1, 0]
    endless: list[int] = []

    def drain(_now: Now) -> int:
        return left.pop(0)

    def never_done(_now: Now) -> int:
        endless.append(1)
        return 1

    sweeps = (
        Sweep("drain", 60, drain, repeats_max=10),
        Sweep("endless", 60, never_done, repeats_max=5),
    )
    with working(of(world, *sweeps)):
        wait_until(lambda: left == [] and len(endless) == 5)
        time.sleep(0.3)
    assert len(endless) == 5


def test_a_sweep_that_fails_is_told_and_stops_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    def broken(_now: Now) -> int:
        calls.append("broken")
        raise ZeroDivisionError

    def silent(_now: Now) -> int:
        calls.append("silent")
        raise FaultError("bank", "timeout")

    with working(of(world, Sweep("broken", 1, broken), Sweep("silent", 1, silent))):
        wait_until(lambda: {"broken", "silent"} <= set(calls))
        world.advance(seconds=2)
        wait_until(lambda: min(calls.count("broken"), calls.count("silent")) >= 2)
    traced = [record.message for record in caplog.records if record.exc_info]
    assert traced
    assert all("broken" in line for line in traced)


def test_every_sweep_of_this_deployment_runs_on_an_empty_and_on_a_living_world(
    world: World,
) -> None:
    for sweep in plugs.sweeps():
        sweep.run(world.now)
    renewed(world)
    world.advance(days=40)
    for sweep in plugs.sweeps():
        sweep.run(world.now)
    # Its delivery is overdue, so it was taken back; the books were rolled up; partitions exist.
    assert world.one("select state from renewals_renewal") == "reversed"
    # What is rolled up waits for every transaction on the server, those of other tests too.
    wait_until(lambda: ledger.roll_up() > 0 or world.one("select count(*) from ledger_rollup") > 0)
    month = f"database_history_{world.at:%Y%m}"
    assert world.one("select to_regclass(%s)", month) is not None


def test_the_demos_clock_follows_the_databases_offset(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugs, "OFFSET_SECONDS", 0.0)
    moved = plugs.MovedClock()
    assert moved.offset() == timedelta(0)
    world.owner.execute("update database_deployment set clock_offset = interval '30 days'")
    assert moved.offset() == timedelta(days=30)
    database.close()
    monkeypatch.setattr(settings, "APP_ADDRESS", "host=127.0.0.1 port=9 connect_timeout=2")
    monkeypatch.setattr(pool(), "timeout", 0.2)
    assert moved.offset() == timedelta(days=30)
