"""Rounds: sweeps over very many cards look at a slice a call, and nobody is left out."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from everline import endings, notices
from everline.database.pool import record
from tests.endings import end_of, running, written
from tests.mandates import armed
from tests.town import at_once
from tests.world import World


@pytest.fixture(autouse=True)
def outbox() -> Iterator[None]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    yield
    notices.install({})


def ending_soon(town: World, count: int) -> None:
    """Let so many cards end that nothing renews, all at one instant."""
    plan = town.plan()
    made = [running(town, plan) for _card in range(count)]
    town.at = end_of(town, made[0]) - timedelta(hours=20)


def one_slice(town: World, verb: str, most: int) -> tuple[int, bool]:
    """Call a verb once, as the app."""
    seen = record(f"select * from {verb}(%(at)s, %(most)s)", {"at": town.at, "most": most})
    assert seen is not None
    return seen["done"], seen["is_over"]


def sliced(town: World, verb: str, most: int) -> list[tuple[int, bool]]:
    """Call a verb until its round is over; gives what each call told."""
    told: list[tuple[int, bool]] = []
    while not (told and told[-1][1]):
        told.append(one_slice(town, verb, most))
        assert len(told) < 20
    return told


def test_a_slice_a_call_and_all_that_end_at_one_instant_are_told(town: World) -> None:
    ending_soon(town, 5)
    assert sliced(town, "warn_ending", 2) == [(2, False), (2, False), (1, True)]
    assert sliced(town, "warn_ending", 2) == [(0, False), (0, False), (0, True)]
    assert len(written(town)) == 5


@pytest.mark.parametrize("verb", ["warn_ahead", "warn_short"])
def test_armed_cards_are_gone_through_by_their_urgency(town: World, verb: str) -> None:
    plan = town.plan()
    balance = plan.price if verb == "warn_ahead" else 0
    made = [armed(town, plan, balance=balance) for _card in range(5)]
    town.at = end_of(town, made[0]) - timedelta(hours=50)
    assert sliced(town, verb, 2) == [(2, False), (2, False), (1, True)]
    assert sliced(town, verb, 2) == [(0, False), (0, False), (0, True)]


@pytest.mark.parametrize("verb", ["warn_number_ends", "recycle_lapsed"])
def test_cards_that_lapsed_are_gone_through_by_their_ids(town: World, verb: str) -> None:
    ending_soon(town, 5)
    town.advance(days=88 if verb == "warn_number_ends" else 92)
    town.owner.execute("update renewals_renewal set state = 'delivered'")
    told = sliced(town, verb, 2)
    assert sum(done for done, _is_over in told) == 5
    assert len(told) == 3
    assert all(done <= 2 for done, _is_over in told)


def test_another_worker_goes_on_where_one_stopped(town: World) -> None:
    ending_soon(town, 5)
    assert one_slice(town, "warn_ending", 2) == (2, False)
    town.advance(minutes=1)
    assert endings.warn_ending(town.at, 2) == 3
    assert len(written(town)) == 5


def test_workers_side_by_side_tell_each_once(town: World) -> None:
    ending_soon(town, 6)
    told = sum(at_once([lambda: endings.warn_ending(town.at, 1)] * 4))
    assert told + endings.warn_ending(town.at, 1) == 6
    assert len(written(town)) == 6


def test_a_long_round_rests_before_the_next_but_not_on_a_clock_that_was_put_back(
    town: World,
) -> None:
    ending_soon(town, 2)
    assert endings.warn_ending(town.at) == 2
    town.owner.execute("update jobs_round set looked = 5000")
    running(town, town.plan(days=1))
    town.advance(hours=19)  # The new term is in its last quarter now.
    town.owner.execute("update jobs_round set began_at = %s", [town.at])
    assert endings.warn_ending(town.at) == 0
    town.advance(minutes=14)
    assert endings.warn_ending(town.at) == 0
    town.owner.execute("update jobs_round set began_at = %s", [town.at + timedelta(hours=1)])
    assert endings.warn_ending(town.at) == 3


def test_after_its_rest_a_round_begins_anew(town: World) -> None:
    ending_soon(town, 2)
    assert endings.warn_ending(town.at) == 2
    town.owner.execute("update jobs_round set looked = 5000")
    town.advance(hours=15)
    assert endings.warn_ending(town.at) == 2  # Six hours before.
