"""Renewal by data: due when it runs low, with a margin for old readings, bounded in every way."""

import threading
from datetime import timedelta

import pytest

from everline import autorenewal, cards
from everline.autorenewal.low import mark_low
from everline.errors import Code
from tests.armed import armed, broken, end_of, paid, policy, refusals, sweep
from tests.world import GIGABYTE, Plan, World


def _plan(world: World, on_renewal: str = "stack") -> Plan:
    return world.plan(on_renewal=on_renewal, gigabytes=10, price=1000)


def _use(world: World, card: cards.Card, gigabytes: float, **later: float) -> None:
    """Let the network tell a figure, and look for low data some time later."""
    assert cards.record_usage(card.id, int(gigabytes * GIGABYTE), world.at)
    world.advance(**(later or {"seconds": 1}))
    mark_low(world.at)
    sweep(world)


@pytest.mark.parametrize("on_renewal", ["stack", "replace"])
def test_low_data_renews_at_once_where_the_plan_starts_at_once(
    world: World, on_renewal: str
) -> None:
    card = armed(world, _plan(world, on_renewal), balance=9000, below_bytes=GIGABYTE)
    world.advance(days=5)
    _use(world, card, 8)
    assert paid(world, card) == 0
    world.advance(days=1)
    _use(world, card, 9.5)
    assert (paid(world, card), refusals(world, card)) == (1, [])
    status = cards.status(card, world.at)
    assert status.present is not None
    assert status.present.starts_at == world.at
    left = 10.5 if on_renewal == "stack" else 10
    assert status.present.left_bytes == int(left * GIGABYTE)
    assert broken(world) == []


def test_low_data_is_not_passed_over_though_another_term_ends_sooner(world: World) -> None:
    """The due sweep goes by the hour in which service ends, and looks three days ahead."""
    sooner = armed(world, _plan(world), balance=9000, below_bytes=GIGABYTE)
    world.advance(days=1)
    card = armed(world, _plan(world), balance=9000, below_bytes=GIGABYTE)
    world.advance(days=2)
    _use(world, card, 9.5)
    assert (paid(world, sooner), paid(world, card)) == (0, 1)
    assert broken(world) == []


def test_a_plan_that_waits_for_its_turn_is_refused_when_it_is_asked_for(world: World) -> None:
    card = armed(world, _plan(world, "queue"), balance=9000)
    refused = autorenewal.change_mandate(
        world.caller(), card.id, world.at, autorenewal.Wishes(below_bytes=GIGABYTE)
    )
    assert refused.refusal is not None
    assert refused.refusal.code is Code.PLAN_QUEUES
    standing = autorenewal.standing(card.id, world.at)
    assert standing is not None
    assert standing.below_bytes is None


def test_an_old_reading_counts_for_less(world: World) -> None:
    """A gigabyte a day: what was 2.5 GB left yesterday is 1.5 GB today, below 2."""
    card = armed(world, _plan(world), balance=9000, below_bytes=2 * GIGABYTE)
    world.advance(days=7.5)
    _use(world, card, 7.5, hours=11)
    assert paid(world, card) == 0
    world.advance(hours=2)
    mark_low(world.at)
    sweep(world)
    assert paid(world, card) == 1


def test_a_reading_of_last_week_is_no_reason_to_charge(world: World) -> None:
    """A pace goes on for a day at most: a network that is silent must not cost anybody money."""
    card = armed(world, _plan(world), balance=9000, below_bytes=2 * GIGABYTE)
    world.advance(days=5)
    _use(world, card, 5, days=7)
    assert paid(world, card) == 0


def test_one_reading_makes_due_once(world: World) -> None:
    card = armed(world, _plan(world), balance=1000, below_bytes=GIGABYTE)
    world.advance(days=5)
    _use(world, card, 9.5)
    for _minute in range(5):
        world.advance(hours=9)
        mark_low(world.at)
        sweep(world)
    assert refusals(world, card) == ["balance_short"]


def test_after_a_refusal_the_next_reading_waits(world: World) -> None:
    card = armed(world, _plan(world), balance=1000, below_bytes=GIGABYTE)
    world.advance(days=5)
    for minute in range(0, 24 * 60, 20):
        assert cards.record_usage(card.id, 95 * GIGABYTE // 10 + minute, world.at)
        mark_low(world.at)
        sweep(world)
        world.advance(minutes=20)
    assert refusals(world, card) == ["balance_short"] * 5
    world.fund(card.account_id, "balance", 1000)
    world.advance(hours=17)
    _use(world, card, 9.6)
    assert paid(world, card) == 1


@pytest.mark.parametrize(
    ("bounds", "charges", "cap"),
    [
        ({"day_max": 2}, 2, "day"),
        ({"day_max": 9, "month_max": 3}, 3, "month"),
        ({"day_max": 9, "month_total_max": 1000}, 1, "money"),
    ],
    ids=["a day", "a month", "money"],
)
def test_a_threshold_that_stays_crossed_is_charged_no_further_than_its_caps(
    world: World, bounds: dict[str, int], charges: int, cap: str
) -> None:
    policy(world, auto_card_day_max=99)
    card = armed(world, _plan(world), balance=90_000, below_bytes=99 * GIGABYTE, **bounds)
    world.advance(hours=1)
    for _reading in range(6):
        _use(world, card, 1)
        world.advance(minutes=61)
    assert paid(world, card) == charges
    assert set(refusals(world, card)) == {"auto_capped"}
    assert world.one("select facts ->> 'cap' from database_request where outcome = 'refused'") == (
        cap
    )
    assert broken(world) == []


def test_without_caps_it_would_go_on(world: World) -> None:
    """The control of the test above."""
    policy(world, auto_card_day_max=99)
    card = armed(world, _plan(world), balance=90_000, below_bytes=99 * GIGABYTE, day_max=99,
                 month_max=99)  # fmt: skip
    world.advance(hours=1)
    for _reading in range(6):
        _use(world, card, 1)
        world.advance(minutes=61)
    assert paid(world, card) == 6


def test_whoever_rests_or_has_one_open_is_not_made_due(sandboxed: World) -> None:
    world = sandboxed
    plan = _plan(world)
    paused, opened, served = (
        armed(world, plan, balance=9000, below_bytes=GIGABYTE) for _ in range(3)
    )
    autorenewal.pause_mandate(world.caller(), paused.id, world.at + timedelta(days=9), world.at)
    world.advance(days=5)
    world.place(opened, world.plan())
    for card in (paused, opened, served):
        cards.record_usage(card.id, 95 * GIGABYTE // 10, world.at)
    world.advance(seconds=1)
    assert mark_low(world.at) == 1
    assert world.all("select card_id from autorenewal_low") == [(served.id,)]


def test_many_mandates_are_looked_through_in_parts(world: World) -> None:
    plan = _plan(world)
    due = [armed(world, plan, balance=9000, below_bytes=GIGABYTE) for _ in range(5)]
    world.advance(days=5)
    for card in due:
        cards.record_usage(card.id, 95 * GIGABYTE // 10, world.at)
    world.advance(seconds=1)
    assert mark_low(world.at, 2) == 5


@pytest.mark.race
def test_many_workers_make_a_card_due_once(world: World) -> None:
    plan = _plan(world)
    due = [armed(world, plan, balance=9000, below_bytes=GIGABYTE) for _ in range(8)]
    world.advance(days=5)
    for card in due:
        cards.record_usage(card.id, 95 * GIGABYTE // 10, world.at)
    world.advance(seconds=1)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        mark_low(world.at)
        while autorenewal.sweep_due(world.at):
            pass

    threads = [threading.Thread(target=work) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep(world)
    assert [paid(world, card) for card in due] == [1] * 8
    assert broken(world) == []


def test_a_card_without_a_threshold_is_renewed_at_its_end_alone(world: World) -> None:
    card = armed(world, _plan(world), balance=9000)
    world.advance(days=5)
    _use(world, card, 9.9)
    assert paid(world, card) == 0
    world.at = end_of(world, card)
    autorenewal.renew_due(world.at)
    assert paid(world, card) == 1
