"""Breakers and caps: what holds automatic charges back, and how a person lets them go on."""

import threading
from datetime import timedelta

import pytest

from everline import autorenewal
from everline.errors import Code
from tests import purse
from tests.armed import armed, broken, end_of, paid, policy, refusals, sweep
from tests.world import World


def test_a_card_that_is_charged_too_often_is_parked_until_a_person_releases_it(
    world: World,
) -> None:
    """Setting the rung by hand stands for whatever makes a card due again and again."""
    policy(world, auto_card_day_max=3)
    card = armed(world, world.plan(days=1, price=100), balance=5000)
    for _charge in range(3):
        world.owner.execute("update cards_card set next_rung_at = %s", [world.at])
        sweep(world)
        world.advance(minutes=1)
    assert paid(world, card) == 3
    world.owner.execute("update cards_card set next_rung_at = %s", [world.at])
    sweep(world)
    assert (paid(world, card), refusals(world, card)) == (3, ["auto_parked"])
    (parked,) = autorenewal.parked()
    assert (parked.card_id, parked.reason, parked.owner) == (card.id, "card_day_max", "support")
    assert parked.facts["charges"] == 3
    world.advance(minutes=1)
    caller = world.caller("office")
    assert autorenewal.release_card(caller, card.id, world.at).outcome == "released"
    again = autorenewal.release_card(caller, card.id, world.at)
    assert (again.outcome, again.replayed) == ("released", True)
    assert autorenewal.parked() == []
    sweep(world)
    assert paid(world, card) == 4
    refused = autorenewal.release_card(world.caller("office"), card.id, world.at)
    assert refused.refusal is not None
    assert refused.refusal.code is Code.NOT_PARKED
    assert broken(world) == []


def test_without_the_breaker_a_card_is_charged_on(world: World) -> None:
    """The control of the test above: what stops the charges is the breaker."""
    policy(world, auto_card_day_max=99)
    card = armed(world, world.plan(days=1, price=100), balance=5000)
    for _charge in range(5):
        world.owner.execute("update cards_card set next_rung_at = %s", [world.at])
        sweep(world)
        world.advance(minutes=1)
    assert paid(world, card) == 5


def test_a_card_whose_term_ended_while_it_was_parked_is_not_charged(world: World) -> None:
    policy(world, auto_card_day_max=0)
    card = armed(world, world.plan(), balance=5000)
    world.at = end_of(world, card)
    sweep(world)
    assert set(refusals(world, card)) == {"auto_parked"}
    world.advance(hours=1)
    policy(world, auto_card_day_max=3)
    autorenewal.release_card(world.caller("office"), card.id, world.at)
    sweep(world)
    assert paid(world, card) == 0
    assert broken(world) == []


@pytest.mark.race
def test_two_people_release_a_card_once(world: World) -> None:
    policy(world, auto_card_day_max=0)
    card = armed(world, world.plan(), balance=5000)
    world.at = end_of(world, card) - timedelta(hours=1)
    sweep(world)
    start, outcomes = threading.Barrier(4), []

    def release() -> None:
        start.wait()
        answer = autorenewal.release_card(world.caller("office"), card.id, world.at)
        outcomes.append(answer.outcome)

    threads = [threading.Thread(target=release) for _person in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "refused", "refused", "released"]
    assert world.one("select count(*) from autorenewal_parked where released_at is null") == 0


def test_more_charges_than_were_foreseen_stop_everything(world: World) -> None:
    policy(world, auto_burst_least=5, auto_burst_percent=200)
    plan = world.plan(days=10, price=100)
    due = [armed(world, plan, balance=500) for _ in range(12)]
    world.advance(hours=1)
    autorenewal.judge_hours(world.at - timedelta(hours=1))
    autorenewal.judge_hours(world.at)
    # Something makes all of them due at once, days before their ladders begin.
    world.owner.execute("update cards_card set next_rung_at = %s", [world.at])
    while autorenewal.renew_due(world.at, 3).taken:
        pass
    stop = autorenewal.stopped()
    assert stop is not None
    assert (stop.charged, stop.expected, stop.allowed) == (6, 0, 5)
    assert sum(paid(world, card) for card in due) == 6
    world.advance(minutes=30)
    assert autorenewal.sweep_due(world.at) == 0
    assert "due_is_tried" not in broken(world)
    caller = world.caller("office")
    assert autorenewal.release_stop(caller, stop.id, world.at).outcome == "released"
    assert autorenewal.release_stop(caller, stop.id, world.at).replayed
    other = autorenewal.release_stop(world.caller("office"), stop.id, world.at)
    assert other.refusal is not None
    assert other.refusal.code is Code.NOT_PARKED
    policy(world, auto_burst_least=100)
    sweep(world)
    assert sum(paid(world, card) for card in due) == 12
    assert broken(world) == []


def test_what_the_ladders_foresee_is_no_burst(world: World) -> None:
    """The control of the test above: as many charges, each of which its ladder foresaw."""
    policy(world, auto_burst_least=2, auto_burst_percent=100)
    plan = world.plan(days=10, price=100)
    due = [armed(world, plan, balance=500) for _ in range(12)]
    last = max(end_of(world, card) for card in due)
    while world.at < last:
        world.advance(minutes=20)
        autorenewal.judge_hours(world.at)
        while autorenewal.renew_due(world.at, 1).taken:
            pass
    assert autorenewal.stopped() is None
    assert sum(paid(world, card) for card in due) == 12


def test_a_burst_after_an_outage_is_foreseen(world: World) -> None:
    policy(world, auto_burst_least=2, auto_burst_percent=100)
    plan = world.plan(days=10, price=100)
    due = [armed(world, plan, balance=500) for _ in range(12)]
    autorenewal.sweep_due(world.at)
    autorenewal.judge_hours(world.at)
    world.at = max(end_of(world, card) for card in due) - timedelta(hours=30)
    autorenewal.sweep_due(world.at)
    world.advance(hours=29)
    autorenewal.judge_hours(world.at)
    sweep(world)
    assert autorenewal.stopped() is None
    assert sum(paid(world, card) for card in due) == 12


def test_a_term_that_ended_while_all_was_stopped_is_over(world: World) -> None:
    card = armed(world, world.plan(), balance=5000)
    world.at = end_of(world, card) - timedelta(hours=60)
    world.owner.execute(
        "insert into autorenewal_stop (id, scope, since, charged, expected, allowed, released_by)"
        " values (gen_random_uuid(), 'operator', %s, 9, 1, 5, '')",
        [world.at],
    )
    world.at = end_of(world, card) + timedelta(hours=2)
    assert autorenewal.sweep_due(world.at) == 0
    stop = autorenewal.stopped()
    assert stop is not None
    autorenewal.release_stop(world.caller("office"), stop.id, world.at)
    world.advance(minutes=1)
    sweep(world)
    assert (paid(world, card), refusals(world, card)) == (0, ["auto_parked"])
    assert broken(world) == []


def test_a_cap_in_money_holds_for_thirty_days(world: World) -> None:
    card = armed(world, world.plan(days=7, price=1000), balance=9000, month_total_max=2000)
    for _week in range(3):
        world.at = end_of(world, card)
        sweep(world)
    assert (paid(world, card), set(refusals(world, card))) == (2, {"auto_capped"})
    assert world.one("select facts ->> 'cap' from database_request where reason = 'auto_capped'")
    assert broken(world) == []


def test_kept_means_are_not_charged_while_all_is_stopped(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = purse.armed(town, "tok_approve")
    purse.to_rung(town, card)
    purse.sweep(town)
    town.insert(
        "autorenewal_stop",
        id=card.id,
        scope="operator",
        since=town.at,
        charged=9,
        expected=1,
        allowed=5,
        released_by="",
    )
    assert purse.charge(town) == 0
    assert purse.automatic(town, card) == [("awaiting_payment", "gateway", "")]
    autorenewal.release_stop(town.caller("office"), card.id, town.at)
    assert purse.charge(town) == 1
    assert purse.automatic(town, card) == [("paid", "gateway", "")]
