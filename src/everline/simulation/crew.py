"""The crew: what any number of workers do, done by one, one call at a time, when something is due.

Jobs and sweeps are those of config/plugs.py, given by who starts the run. What is due, and when the
next work is, is asked of the tables in one query; nothing ticks in between, and a sweep that would
find nothing is not called. A step may be killed: a job's lease then runs out, a sweep comes again.
What a worker would log as an unexpected error is a violation here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from everline import database
from everline.errors import FaultError, MisuseError
from everline.jobs import Kind, LaterError, Sweep
from everline.simulation.chance import stream
from everline.simulation.steps import KilledError, Steps

MINUTE: Final = 60
GRID_SECONDS: Final = 600
"""Rungs and deadlines that come within these seconds are done together, so that a year is over in
minutes; jobs and questions to gateways within a minute."""

HOT_SECONDS: Final = 5
HOUR: Final = 3600
PACES: Final = ((HOT_SECONDS, 0), (HOUR - 1, HOUR), (24 * HOUR, 24 * HOUR))
"""Sweeps that come every so many seconds may come as seldom as this. What is hot comes when its
work is due."""

DUE: Final = {
    "ask": "asks", "ask_setups": "setups", "renew_due": "rungs", "charge_due": "charges",
    "grace": "graces", "expire": "deadlines",
}  # fmt: skip
"""By which of the due times below a hot sweep is called; any other hot one is called each time."""

AT_ONCE: Final = frozenset({"ask_setups", "grace"})
"""Sweeps that are hot though they come more seldom: what they find follows from what just was."""

FOLLOWS: Final = frozenset({"charges", "graces"})
"""Due times that nobody waits for: what they tell of follows from other work, and is done with
it, or with that of the hour."""

LEASE_SECONDS: Final = 120
ROUNDS_MAX: Final = 30
FOREVER: Final = datetime.max.replace(tzinfo=UTC)
NOBODY: Final = 0
"""Whose luck a sweep has: it is about many cards."""

Wrong = Callable[[int, str, str], None]

_NEXT: Final = (
    "select (select min(j.run_at) from jobs_job j where j.state = 'ready') as jobs,"
    " least((select min(a.ask_at) from payments_attempt a),"
    "  (select min(f.ask_at) from payments_refund f)) as asks,"
    " (select min(s.ask_at) from payments_setup s) as setups,"
    " (select min(c.next_rung_at) from cards_card c"
    "  where c.next_rung_at < 'infinity') as rungs,"
    " least((select min(r.deadline_at) from renewals_renewal r),"
    "  (select min(o.deadline_at) from topups_topup o)) as deadlines"
)
_NOW: Final = (
    _NEXT + ", (select a.created_at from payments_attempt a"  # noqa: S608 the text is our own
    "  where a.state = 'created' and a.is_unattended limit 1) as charges,"
    " (select e.ends_at from catalogue_policy p join cards_entitlement e"
    "  on e.ends_at > %(at)s - make_interval(hours => p.grace_hours) and e.ends_at <= %(at)s"
    "  join cards_card c on c.id = e.card_id and c.next_rung_at = 'infinity'"
    "   and c.rung_ends_at = e.ends_at"
    "  where p.bridge_bytes > 0 and e.state <> 'cancelled' and not exists (select"
    "   from autorenewal_prolonging l where l.entitlement_id = e.id and l.kind = 'grace')"
    "  limit 1) as graces"
)
_LEASE: Final = (
    "select j.id, j.kind, j.subject_id, j.account_id from lease_jobs(%s, 200, %s, %s, %s) j"
)


@dataclass(frozen=True, slots=True)
class _Job:
    id: UUID
    kind: str
    subject_id: UUID
    account_id: UUID


class Crew:
    """All workers of the run in one."""

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        sweeps: Sequence[Sweep],
        *,
        seed: int,
        steps: Steps,
        reader: psycopg.Connection,
        person_of: Callable[[UUID], int],
        wrong: Wrong,
        beat: Callable[[], None],
    ) -> None:
        self._kinds = kinds
        self._sweeps = sweeps
        self._steps = steps
        self._cursor = reader.cursor(row_factory=dict_row)
        self._person_of = person_of
        self._wrong = wrong
        self._beat = beat
        self._due_at: dict[str, datetime] = {}
        self._chance = stream(seed, "leases")

    def next_at(self, at: datetime) -> datetime:
        """Tell when the crew is to come next: when something is due, and once an hour at least."""
        return self._next_of(self._due(_NEXT, at), at)

    def work(self, now: Callable[[], datetime], at: datetime) -> datetime:
        """Do what is due until nothing is, as far as it can be done now; gives when to come next.

        `at` is true time, `now` what our clocks show.
        """
        is_first = True
        for _round in range(ROUNDS_MAX):
            due = self._due(_NOW, now())
            if is_first and due.get("rungs", FOREVER) <= now():
                self._beat()
            found = sum(
                self._run(sweep, now)
                for sweep in self._sweeps
                if self._is_due(sweep, due, now(), is_first=is_first)
            )
            is_whole = not is_first
            is_first = False
            if due.get("jobs", FOREVER) <= now() or found:
                found += self._do_jobs(now)
            if not found:
                return self._next_of(due, at) if is_whole else self.next_at(at)
        self._wrong(NOBODY, "work_ends", f"more than {ROUNDS_MAX} rounds at one instant")
        return self.next_at(at)

    def _due(self, query: str, at: datetime) -> dict[str, datetime]:
        """Read when what is next due."""
        found = self._cursor.execute(query.encode(), {"at": at}).fetchone() or {}
        return {name: at for name, at in found.items() if at is not None}

    def _is_more(self, what: str, at: datetime) -> bool:
        return self._due(_NOW, at).get(what, FOREVER) <= at

    def _next_of(self, due: dict[str, datetime], at: datetime) -> datetime:
        comes = [_on_grid(at + timedelta(seconds=HOUR), MINUTE)]
        for what, due_at in due.items():
            if what not in FOLLOWS:
                step = GRID_SECONDS if what in {"rungs", "deadlines"} else MINUTE
                comes.append(_on_grid(max(due_at, at + timedelta(seconds=1)), step))
        return min(comes)

    def _is_due(
        self, sweep: Sweep, due: dict[str, datetime], at: datetime, *, is_first: bool
    ) -> bool:
        """Tell whether a sweep is called in this round."""
        pace = next((pace for most, pace in PACES if sweep.every_seconds <= most), 24 * HOUR)
        if sweep.name in DUE:
            return due.get(DUE[sweep.name], FOREVER) <= at
        if not pace:
            return is_first
        if not is_first or self._due_at.get(sweep.name, at) > at:
            return False
        self._due_at[sweep.name] = at + timedelta(seconds=pace - 1)
        return True

    def _run(self, sweep: Sweep, now: Callable[[], datetime]) -> int:
        """Run one sweep until it finds nothing, or nothing more is due; gives how much it found."""
        found = 0
        for _repeat in range(sweep.repeats_max):
            try:
                with self._steps.step(NOBODY):
                    now_found = sweep.run(now)
            except KilledError:
                return found + 1
            except (FaultError, MisuseError):
                continue
            except (psycopg.Error, AssertionError, LookupError, TypeError, ValueError) as error:
                self._wrong(NOBODY, "no_bug_is_met", f"sweep {sweep.name}: {_short(error)}")
                return 0
            found += now_found
            if not now_found or (sweep.name in DUE and not self._is_more(DUE[sweep.name], now())):
                break
        return found if sweep.repeats_max > 1 else 0

    def _do_jobs(self, now: Callable[[], datetime]) -> int:
        """Lease what is due and do it, one job after the other."""
        lease = UUID(int=self._chance.getrandbits(128), version=4)
        jobs = database.rows(_Job, _LEASE, [list(self._kinds), LEASE_SECONDS, lease, now()])
        for job in sorted(jobs, key=lambda each: each.id):
            person = self._person_of(job.account_id)
            try:
                with self._steps.step(person):
                    self._do(job, lease, now, person)
            except KilledError:
                continue
        return len(jobs)

    def _do(self, job: _Job, lease: UUID, now: Callable[[], datetime], person: int) -> None:
        kind = self._kinds[job.kind]
        try:
            kind.run(job.subject_id, now)
        except LaterError as later:
            database.value("select put_off_job(%s, %s, %s)", [job.id, lease, later.until])
            return
        except (FaultError, MisuseError) as error:
            failure = str(error)
        except (psycopg.Error, AssertionError, LookupError, TypeError, ValueError) as error:
            self._wrong(person, "no_bug_is_met", f"job {job.kind}: {_short(error)}")
            failure = type(error).__name__
        else:
            database.value("select finish_job(%s, %s)", [job.id, lease])
            return
        database.value(
            "select fail_job(%s, %s, %s, %s, %s)",
            [job.id, lease, failure, kind.retry_seconds, now()],
        )


def soonest(at: datetime) -> datetime:
    """Tell before which instant no crew comes, whatever was done at another one."""
    return _on_grid(at + timedelta(seconds=1), MINUTE)


def _on_grid(at: datetime, step: int) -> datetime:
    """Give the first instant of a grid of so many seconds that is not before this one."""
    over = int(at.timestamp()) % step
    whole = at.replace(microsecond=0)
    if not over and whole == at:
        return at
    return whole + timedelta(seconds=step - over)


def _short(error: Exception) -> str:
    line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {line[:160]}"


__all__ = ["NOBODY", "Crew", "soonest"]
