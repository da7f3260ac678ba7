"""Topping up once: whatever is pressed twice, or raced for one deposit, one payment, one balance.

As in test_once.py, each race has its negative control.
"""

from functools import partial
from typing import Any

import pytest

from everline import renewals, topups
from everline.database.requests import Answer
from tests.stores import Owner
from tests.test_topups import deposit
from tests.town import LINGER, Spoiler, at_once, findings, outcomes
from tests.world import World

pytestmark = pytest.mark.race

MANY = 64


def _press_many_times(world: World) -> list[Answer]:
    card, store = world.card(), world.retailer(deposit=100_000, commission=300)
    press = partial(
        topups.top_up,
        world.caller("store"),
        world.topup_order(card, 1000),
        store.account_id,
        world.at,
    )
    return at_once([press] * MANY)


def test_one_request_id_is_one_top_up_and_replays(town: World) -> None:
    answers = _press_many_times(town)
    assert {(answer.outcome, answer.id) for answer in answers} == {("topped_up", answers[0].id)}
    assert sum(not answer.replayed for answer in answers) == 1
    assert town.all("select amount from topups_topup") == [(1000,)]
    assert findings(town) == {}


def test_without_its_key_a_request_id_tops_up_more_than_once(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "claim",
        (" on conflict on constraint database_request_pkey do nothing", ""),
        (
            "    insert into",
            (
                "    if exists (select from database_request r"
                " where r.request_id = claim.request_id)"
                f" then return false; end if; {LINGER}\n    insert into"
            ),
        ),
    )
    spoiler.drop("database_request", "database_request_pkey")
    spoiler.weaken("replay", ("into strict", "into"))
    assert sum(not answer.replayed for answer in _press_many_times(town)) > 1


def _share(world: World, *, paid_in: int, **firm: Any) -> tuple[Owner, list[Answer]]:
    partner = world.partner(deposit=paid_in, **firm)
    calls = [
        partial(
            topups.top_up,
            world.caller("partner"),
            world.topup_order(world.card(), 1000),
            partner.account_id,
            world.at,
        )
        for _ in range(MANY)
    ]
    return partner, at_once(calls)


def test_a_deposit_for_one_tops_one_up(town: World) -> None:
    partner, answers = _share(town, paid_in=1999)
    assert outcomes(answers) == {"topped_up": 1, "balance_short": MANY - 1}
    assert deposit(partner) == 999
    assert findings(town) == {}


def test_pockets_with_commission_pay_without_standing_in_each_others_way(town: World) -> None:
    partner, answers = _share(town, paid_in=100_000, pockets=4, commission=1000)
    assert outcomes(answers) == {"topped_up": MANY}
    assert deposit(partner) == 100_000 - MANY * 900
    assert findings(town) == {}


def _hear_at_once(world: World, times: int) -> list[tuple[str, str]]:
    attempt = world.send(world.place_top_up(world.card(), 1000))
    return at_once([partial(world.hear, attempt, "succeeded", reference="r")] * times)


def test_one_success_heard_by_many_is_credited_once(town: World) -> None:
    assert set(_hear_at_once(town, 16)) == {("succeeded", "paid")}
    assert town.all("select balance from ledger_account where kind = 'balance'") == [(1000,)]
    assert findings(town) == {}


def test_without_the_locks_one_success_is_credited_twice(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken("settle", (" where c.account_id = owed.account_id for update", ""))
    spoiler.weaken(
        "settle_attempt",
        ("where a.id = settle_attempt.attempt for update;", "where a.id = settle_attempt.attempt;"),
        ("    reached := tried.state;", f"    {LINGER}\n    reached := tried.state;"),
    )
    _hear_at_once(town, 4)
    assert findings(town)


def test_many_places_at_once_open_one_top_up(town: World) -> None:
    card = town.card()
    order = town.topup_order(card, 1000)
    answers = at_once(
        [
            partial(topups.place, town.caller(channel), order, "sandbox", None, town.at)
            for channel in ("web", "kiosk", "hotline", "store") * 4
        ]
    )
    assert outcomes(answers) == {"placed": 1, "payment_unsure": 15}
    assert findings(town) == {}


def test_without_lock_and_index_two_top_ups_are_open(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "place_top_up",
        ("c.account_id = place_top_up.account for update;", "c.account_id = place_top_up.account;"),
        ("    if why.reason is not null then", f"    {LINGER}\n    if why.reason is not null then"),
    )
    spoiler.drop("topups_topup", "one_open_topup_per_card")
    order = town.topup_order(town.card(), 1000)
    at_once(
        [partial(topups.place, town.caller(), order, "sandbox", None, town.at) for _ in range(8)]
    )
    assert "one_renewal_is_open" in findings(town)


def test_a_balance_is_spent_or_its_top_up_taken_back_and_never_both(town: World) -> None:
    plan, store = town.plan(), town.retailer(deposit=50_000)
    calls: list[partial[Answer]] = []
    for _ in range(12):
        card = town.card()
        paid = town.top_up(card, 1000, store)
        assert paid.id is not None
        calls.append(
            partial(renewals.renew, town.caller(), town.order(card, plan), card.account_id, town.at)
        )
        calls.append(partial(topups.take_back, town.caller(), paid.id, "asked", town.at))
    answers = at_once(calls)
    for spent, taken in zip(answers[::2], answers[1::2], strict=True):
        assert {spent.reason or spent.outcome, taken.reason or taken.outcome} in (
            {"renewed", "topup_spent"},
            {"balance_short", "reversed"},
        )
    assert findings(town) == {}
