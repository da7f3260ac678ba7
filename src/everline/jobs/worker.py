"""The worker: takes jobs under a lease, does them, settles them; and sweeps by a schedule.

Any number run side by side. A worker may be killed anywhere: its leases run out and another takes
the jobs, so whatever a handler does must be safe to repeat. It never calls anything outside while
it holds a row. It knows no noun above the queue: kinds and sweeps are given by config/plugs.py.
"""

import contextlib
import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import psycopg

from everline import database
from everline.database.pool import pool
from everline.errors import FaultError, MisuseError

LEASE_SECONDS: Final = 120
"""How long a job is ours; no handler may take longer, so its outside calls have shorter limits."""

POLL_SECONDS: Final = 0.2
AWAY_SECONDS: Final = (0.2, 5.0)
"""The first and the longest wait while the database does not answer."""

STOP_SECONDS: Final = 20.0
SWEEP_THREADS: Final = 4

logger: Final = logging.getLogger(__name__)

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of job is done: `run` takes the subject's id and the clock.

    `retry_seconds` is the wait after the first failure; each further one doubles it.
    """

    run: Callable[[UUID, Now], object]
    retry_seconds: int


class LaterError(Exception):
    """Work that is not to be done before an instant; it does not count as a try."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True)
class Sweep:
    """Due work that is found by its state. `run` gives how much it found.

    While it finds something it is repeated at once, `repeats_max` times at most. With several
    `lanes` it runs that often side by side, for what waits for outside answers.
    """

    name: str
    every_seconds: int
    run: Callable[[Now], int]
    repeats_max: int = 1
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class _Job:
    id: UUID
    kind: str
    subject_id: UUID
    tries: int
    tries_max: int
    lease: UUID


@dataclass(slots=True)
class _Lane:
    """One line in which a sweep runs, never beside itself."""

    sweep: Sweep
    due_at: datetime | None = None
    running: Future[None] | None = None


class Worker:
    """One worker; `run` returns after `stop`, when what was in hand is done or its time is over."""

    def __init__(
        self, kinds: Mapping[str, Kind], sweeps: tuple[Sweep, ...], *, threads: int, now: Now
    ) -> None:
        self._kinds = kinds
        self._lanes = [_Lane(sweep) for sweep in sweeps for _lane in range(sweep.lanes)]
        self._threads = threads
        self._now = now
        self._in_hand: set[Future[None]] = set()
        self._woken = threading.Event()
        self._is_stopped = False

    def stop(self) -> None:
        """Ask the worker to end; safe to call more than once.

        A signal handler may call it, so it takes no lock: the loop may hold it just then.
        """
        self._is_stopped = True

    def run(self, stop_seconds: float = STOP_SECONDS) -> bool:
        """Work until `stop`; False when something was still in hand at the end of the patience.

        What is left then is no loss: it is found again.
        """
        away = AWAY_SECONDS[0]
        doing = ThreadPoolExecutor(self._threads, thread_name_prefix="job")
        sweeping = ThreadPoolExecutor(SWEEP_THREADS, thread_name_prefix="sweep")
        while not self._is_stopped:
            self._woken.clear()
            pause = POLL_SECONDS
            try:
                at = self._now()
                self._start_sweeps(sweeping, at)
                if self._start_jobs(doing, at):
                    pause = 0
                away = AWAY_SECONDS[0]
            except psycopg.OperationalError as error:
                logger.warning("the database is away (%s); asking again", type(error).__name__)
                pause = away * random.uniform(0.8, 1.2)  # noqa: S311  Spreads workers, no secret.
                away = min(away * 2, AWAY_SECONDS[1])
                _renew_connections()
            except psycopg.Error:
                logger.exception("the queue could not be read")
                pause = AWAY_SECONDS[1]
            self._pause(pause)
        return self._end(doing, sweeping, stop_seconds)

    def _pause(self, seconds: float) -> None:
        """Wait, but not longer than until a job is done or we are told to end."""
        ends = time.monotonic() + seconds
        while not self._is_stopped and (left := ends - time.monotonic()) > 0:
            if self._woken.wait(min(left, POLL_SECONDS)):
                return

    def _start_jobs(self, doing: ThreadPoolExecutor, at: datetime) -> bool:
        """Lease as many jobs as there are threads free; tell whether more may be due."""
        self._in_hand = {future for future in self._in_hand if not future.done()}
        room = self._threads - len(self._in_hand)
        if room == 0:
            return False
        leased = database.rows(
            _Job,
            "select j.id, j.kind, j.subject_id, j.tries::integer as tries,"
            " j.tries_max::integer as tries_max, j.lease from lease_jobs(%s, %s, %s, %s, %s) j",
            [list(self._kinds), room, LEASE_SECONDS, uuid.uuid4(), at],
        )
        for job in leased:
            future = doing.submit(self._do, job)
            self._in_hand.add(future)
            future.add_done_callback(lambda _future: self._woken.set())
        return len(leased) == room

    def _do(self, job: _Job) -> None:
        """Do one job and settle it; whatever goes wrong, the worker goes on."""
        kind = self._kinds[job.kind]
        try:
            if job.tries > job.tries_max:
                # It was taken this often and never settled: it ends its workers, so it is not run.
                self._fail(job, "every worker that took it ended", kind.retry_seconds)
                return
            try:
                kind.run(job.subject_id, self._now)
            except LaterError as later:
                database.value("select put_off_job(%s, %s, %s)", [job.id, job.lease, later.until])
            except (FaultError, MisuseError) as error:
                self._fail(job, str(error), kind.retry_seconds)
            except psycopg.OperationalError as error:
                self._fail(job, type(error).__name__, kind.retry_seconds)
            except Exception as error:
                logger.exception("job %s %s failed", job.kind, job.id)
                self._fail(job, type(error).__name__, kind.retry_seconds)
            else:
                self._finish(job)
        except psycopg.Error as error:
            logger.warning(
                "job %s %s is settled when its lease is over: %s",
                job.kind, job.id, type(error).__name__,
            )  # fmt: skip

    def _finish(self, job: _Job) -> None:
        if not database.value("select finish_job(%s, %s)", [job.id, job.lease]):
            logger.warning("job %s %s was taken over by another worker", job.kind, job.id)

    def _fail(self, job: _Job, failure: str, retry_seconds: int) -> None:
        """Put a job back, or let it die when its tries are used up; that is for a person to see."""
        reached = database.value(
            "select fail_job(%s, %s, %s, %s, %s)",
            [job.id, job.lease, failure, retry_seconds, self._now()],
        )
        if reached == "dead":
            logger.error("job %s %s is dead after %d tries", job.kind, job.id, job.tries)
        else:
            logger.info("job %s %s waits after try %d: %s", job.kind, job.id, job.tries, failure)

    def _start_sweeps(self, sweeping: ThreadPoolExecutor, at: datetime) -> None:
        """Start what is due by this worker's clock: one that is moved ahead brings it at once."""
        for lane in self._lanes:
            every = timedelta(seconds=lane.sweep.every_seconds)
            is_due = lane.due_at is None or not at < lane.due_at <= at + every
            if is_due and (lane.running is None or lane.running.done()):
                lane.due_at = at + every
                lane.running = sweeping.submit(self._sweep, lane.sweep)

    def _sweep(self, sweep: Sweep) -> None:
        """Run one sweep; one that fails is told and comes again at its next time."""
        for _round in range(sweep.repeats_max):
            try:
                found = sweep.run(self._now)
            except psycopg.OperationalError as error:
                logger.warning("sweep %s waits: %s", sweep.name, type(error).__name__)
                return
            except (FaultError, MisuseError) as error:
                logger.warning("sweep %s waits: %s", sweep.name, error)
                continue
            except Exception:
                logger.exception("sweep %s failed", sweep.name)
                continue
            if not found or self._is_stopped:
                return

    def _end(self, doing: ThreadPoolExecutor, sweeping: ThreadPoolExecutor, seconds: float) -> bool:
        """Wait for what is in hand, `seconds` at most."""
        ends = time.monotonic() + seconds
        lanes = {lane.running for lane in self._lanes if lane.running is not None}
        for threads in (doing, sweeping):
            threads.shutdown(wait=False, cancel_futures=True)
        # What never began was cancelled; nobody would ever tell `wait` of it.
        begun = {future for future in self._in_hand | lanes if not future.cancelled()}
        left = wait(begun, timeout=max(ends - time.monotonic(), 0)).not_done
        if left:
            logger.warning("%d left in hand; others take over", len(left))
        return not left


def _renew_connections() -> None:
    """Drop connections that the database closed, so that not each of them fails once."""
    with contextlib.suppress(psycopg.Error):
        pool().check()
