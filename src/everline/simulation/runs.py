"""A run: from the first event to the last, one call at a time, checked after every day.

The same seed, cards and days give the same run to the letter; its digest proves it. A run ends at
the first broken promise. How a failing one is made short is in shrink.py, what a run tells an
operator in figures.py.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Final

import psycopg
from psycopg import sql

from everline import ledger, notices, payments, provisioning
from everline.autorenewal.guards.outages import beat
from everline.database import verbs
from everline.database.requests import Caller
from everline.errors import MisuseError
from everline.jobs import Kind, Sweep
from everline.payments import gateways
from everline.simulation import bank, carrier, keeping, people, staff, town
from everline.simulation.bank import Bank
from everline.simulation.carrier import Carrier
from everline.simulation.changed import Changed
from everline.simulation.checks import Judge
from everline.simulation.crew import Crew, soonest
from everline.simulation.faults import Faults
from everline.simulation.figures import Figures, gather
from everline.simulation.ground import Ground
from everline.simulation.lived import lived_through
from everline.simulation.post import Arrived, Post
from everline.simulation.prices import publish_prices
from everline.simulation.seeding import seeded
from everline.simulation.world import Event, Violation, World

START: Final = datetime(2027, 1, 1, tzinfo=UTC)
DEPOSIT: Final = 10**13
"""What shops have paid in, in minor units: theirs never runs dry in a run."""

DAY: Final = timedelta(days=1)
CATCH_UP: Final = timedelta(minutes=30)
MOMENT: Final = timedelta(seconds=2)
"""How long before now the due sweep ran the last time, if we were there."""

WHOLE_DAYS: Final = 10
"""Every so many days, and on the last one, all rows are checked, and not only what changed."""

KEPT_EVENTS: Final = 400

Progress = Callable[[int, int], None]
"""Told after every day: how many are over, and how many renewals there were."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a worker does, given by the composition root."""

    kinds: Mapping[str, Kind]
    sweeps: Sequence[Sweep]


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that makes a run what it is: two runs of one setting are the same."""

    seed: int
    numbers: tuple[int, ...]
    days: int
    files: tuple[Path, ...] = ()
    without: frozenset[str] = frozenset()
    """Kinds of faults that do not happen, such as `gateway.lost`, `outage` or `clock`."""
    prices: tuple[str, ...] = ()
    """Prices to be tried, such as HOME-30=105000."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to; `history` is that of the cards that broke a promise."""

    setting: Setting
    digest: str
    violations: tuple[Violation, ...]
    history: tuple[Event, ...]
    days_done: int
    events: int
    renewals: int
    seconds: float
    faults: Counter[str]
    lived: Counter[str]
    """How often each rare thing happened."""
    figures: Figures | None = field(default=None, repr=False)

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not self.violations


def run(
    ground: Ground,
    outside: Outside,
    setting: Setting,
    progress: Progress = lambda _day, _renewals: None,
    *,
    wants_figures: bool = False,
) -> Outcome:
    """Run one setting to its end, or to the first day on which a promise was broken."""
    began = perf_counter()
    with (
        _world(ground, setting) as world,
        _installed(world, setting.seed) as post,
        Changed(ground.logins.owner) as changed,
    ):
        judge = Judge(world, changed)
        crew = Crew(
            outside.kinds,
            outside.sweeps,
            seed=setting.seed,
            steps=world.steps,
            reader=world.reader,
            person_of=world.person_of,
            wrong=world.wrong,
            beat=lambda: _beat(world, world.at - MOMENT),
        )
        del post
        for person in world.town.people.values():
            people.settle_in(world, person)
        done = 0
        while done < setting.days and not world.violations:
            _live(world, crew, _end_of(world, done))
            staff.work_off(world)
            is_whole = done % WHOLE_DAYS == WHOLE_DAYS - 1 or done + 1 == setting.days
            judge.check_day(START + DAY * (done - 1), is_whole=is_whole)
            _tidy(ground, done)
            done += 1
            progress(done, world.carrier.applied)
        return _outcome(world, setting, done, perf_counter() - began, wants_figures=wants_figures)


def _end_of(world: World, day: int) -> datetime:
    """Tell when a day is judged: at its end, or when the work of an outage is made up for."""
    end = START + DAY * (day + 1)
    back_at = world.faults.back_at("ours", end) or world.faults.back_at("ours", end - CATCH_UP)
    return end if back_at is None else max(end, back_at + CATCH_UP)


def _live(world: World, crew: Crew, until: datetime) -> None:
    """Let everything happen that comes before an instant, in its order."""
    work_at, changed_at = crew.next_at(world.at), None
    acts = {**people.ACTS, **keeping.ACTS}
    steps = sorted(
        [(each.at, timedelta(seconds=each.seconds)) for each in world.faults.steps]
        + [(each.mended_at, timedelta(0)) for each in world.faults.steps]
    )
    while True:
        act_at, call_at = world.next_at(), world.bank.next_callback_at()
        step_at, skew = next((each for each in steps if each[0] > world.at), (None, timedelta(0)))
        at = min(each for each in (act_at, call_at, work_at, step_at) if each is not None)
        if changed_at is not None and min(at, until) >= soonest(changed_at):
            # Until then nothing that people did can be due, so it was not asked for sooner.
            work_at, changed_at = min(work_at, crew.next_at(changed_at)), None
            at = min(at, work_at)
        if at > until:
            world.at = until
            return
        world.at = max(at, world.at)
        if step_at is not None and step_at <= world.at:
            _beat(world, world.at)
            world.skew = skew
            work_at = world.at
            world.tell(0, f"our clocks are {skew.total_seconds():+.0f} s off")
        elif call_at is not None and call_at <= world.at:
            _hear(world)
        elif act_at is not None and act_at <= world.at:
            world.act(acts)
            changed_at = changed_at or world.at
        else:
            back_at = world.faults.back_at("ours", world.at)
            if back_at is not None:
                work_at = back_at
                continue
            work_at, changed_at = crew.work(world.now, world.at), None


def _beat(world: World, at: datetime) -> None:
    """Make good that nothing ticks in between: the due sweep would have run until this instant.

    While we were away it did not, but for the time before: the outage is found when we are back.
    """
    away = world.faults.away("ours", at)
    beat((away.starts_at if away else at) + world.skew)


def _hear(world: World) -> None:
    """Take the callbacks that the gateway sends now; while we are away nobody does."""
    for body in world.bank.due_callbacks():
        if not world.faults.is_away("ours", world.at):
            with suppress(MisuseError):
                payments.keep_callback(bank.NAME, {}, body, world.now())


def _tidy(ground: Ground, day: int) -> None:
    """Clean up as a server does by itself, at an hour that is always the same."""
    if day % 7 == 6:  # noqa: PLR2004  Once a week.
        with psycopg.connect(ground.logins.owner, autocommit=True) as owner:
            owner.execute("vacuum (analyze) jobs_job, cards_card, ledger_account, payments_attempt")
            owner.execute("vacuum (analyze) renewals_renewal, cards_entitlement, database_request")


@contextmanager
def _world(ground: Ground, setting: Setting) -> Iterator[World]:
    """Make the ground fresh, load the town, and have a world of it meanwhile."""
    faults = Faults(setting.seed, START, setting.days, setting.without)
    with (
        seeded(setting.seed),
        tempfile.TemporaryDirectory(prefix="everline-simulation-") as folder,
        ground.fresh(setting.seed, faults, START) as steps,
        psycopg.connect(ground.logins.app, autocommit=True) as reader,
    ):
        reader.execute(
            sql.SQL(
                "set search_path = {}, public; set plan_cache_mode = force_generic_plan;"
                " set enable_seqscan = off; set jit = off"
            ).format(sql.Identifier(verbs.schema()))
        )
        reader.prepare_threshold = 1
        world = World(
            START, faults, steps, reader=reader, logins=ground.logins, folder=Path(folder)
        )
        made = town.build(
            ground.logins,
            reader,
            seed=setting.seed,
            numbers=setting.numbers,
            files=setting.files,
            folder=Path(folder),
            at=START,
        )
        world.settle(made)
        publish_prices(reader, setting.prices, START)
        for shop in made.shops.values():
            ledger.fund(
                Caller("office", "simulation", f"deposit-{shop.currency}"), shop.account_id,
                "deposit", amount=DEPOSIT, currency=shop.currency, at=START,
            )  # fmt: skip
        yield world


@contextmanager
def _installed(world: World, seed: int) -> Iterator[Post]:
    """Plug the run's own gateway, network and senders in, and what was there before back again."""
    before = gateways.installed(), provisioning.installed(), notices.installed()
    world.bank = Bank(seed, world.faults, world.true_time, world.card_of_attempt)
    world.carrier = Carrier(world.faults, world.true_time, world.card_of_iccid)

    def arrive(arrived: Arrived) -> None:
        world.tell(arrived.card, f"reads: {arrived.template}")
        people.read_letter(world, world.town.people[arrived.card], arrived)

    post = Post(world.reader, world.faults, world.now, arrive, world.wrong)
    gateways.install({bank.NAME: world.bank})
    provisioning.install({carrier.NAME: world.carrier})
    notices.install(dict.fromkeys(("email", "sms", "push"), post))
    try:
        yield post
    finally:
        gateways.install(before[0])
        provisioning.install(before[1])
        notices.install(before[2])


def _outcome(
    world: World, setting: Setting, done: int, seconds: float, *, wants_figures: bool
) -> Outcome:
    """Close the run: its digest is over what happened and over what the tables say in the end."""
    told = world.reader.execute(
        "select string_agg(md5(h::text), '' order by h.id) from database_history h"
    ).fetchone()
    booked = world.reader.execute(
        "select string_agg(md5(t::text), '' order by t.at, t.id) from (select t.id, t.at, t.kind,"
        " t.amount, t.debit_id, t.credit_id from ledger_transfer t) t"
    ).fetchone()
    broken = {each.card for each in world.violations}
    history = [each for each in world.events if each.card in broken or not each.card]
    return Outcome(
        setting=setting,
        digest=world.digest(told, booked),
        violations=tuple(world.violations),
        history=tuple(history[-KEPT_EVENTS:]),
        days_done=done,
        events=len(world.events),
        renewals=world.carrier.applied,
        seconds=seconds,
        faults=world.faults.counts + world.faults.begun(START + DAY * done),
        lived=lived_through(world.reader),
        figures=gather(world, START, START + DAY * done) if wants_figures else None,
    )


__all__ = ["START", "Outcome", "Outside", "Setting", "run"]
