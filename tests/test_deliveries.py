"""Delivering what was paid, giving up on it, taking it back: the term, the data and the money.

What a network says is given to the verbs by hand; a real one, over HTTP, is at the end.
"""

from datetime import timedelta
from typing import Any

import pytest

from everline import cards, ledger, renewals
from everline.errors import FaultError
from tests.simulator import SimulatorProcess
from tests.town import as_owner, booked, findings, give_back, refunds, state
from tests.world import GIGABYTE, World

CONTACT = renewals.Contact("a@example.org", "+351210000000", "id")


def terms(world: World, card: cards.Card) -> list[tuple[float, float]]:
    """The card's terms in days from now, those taken back left out."""
    return [
        ((starts_at - world.at) / timedelta(days=1), (ends_at - world.at) / timedelta(days=1))
        for starts_at, ends_at in world.all(
            "select starts_at, ends_at from cards_entitlement"
            " where card_id = %s and state <> 'cancelled' order by starts_at",
            card.id,
        )
    ]


def paid(world: World, means: str, **order: Any) -> tuple[cards.Card, Any]:
    """A card with a renewal that was paid by these means, 1,000 of what was there."""
    card, plan = world.card(balance=1000), world.plan(price=600)
    if means == "gateway":
        renewal = world.place(card, plan, **order)
        world.hear(world.send(renewal), "succeeded", reference="r")
        return card, renewal
    payer = world.partner(deposit=600).account_id if means == "deposit" else card.account_id
    answer = renewals.renew(world.caller(), world.order(card, plan, **order), payer, world.at)
    assert answer.outcome == "renewed"
    return card, answer.id


def returned(world: World, card: cards.Card, means: str) -> bool:
    """Tell whether all of it is back where it came from."""
    if means == "gateway":
        return refunds(world) == [("created", 600, "not_delivered")]
    deposits = world.one("select sum(balance)::bigint from ledger_account where kind = 'deposit'")
    kept = ledger.spendable(card.account_id, "balance", "EUR")
    return (kept, deposits) == (1000, {"balance": None, "deposit": 600}[means])


def take_back(world: World, renewal: object) -> None:
    """Reverse a renewal, and let the network say that it has taken it back."""
    answer = renewals.reverse(world.caller(), renewal, "asked", world.at)  # type: ignore[arg-type]
    assert answer.reason is None
    world.verb("withdrawn", renewal, "done", "", world.at)


def test_what_the_network_has_is_delivered_and_its_owner_is_told(town: World) -> None:
    _card, renewal = paid(town, "balance", contact=CONTACT)
    begun = town.verb("begin_delivery", renewal, "apply", "simulated", town.at)
    assert begun == f"{renewal}-apply"
    assert town.verb("deliver", renewal, "unknown", "", town.at) == "paid"
    assert town.all("select 1 from notices_notice") == []
    for _again in range(2):
        assert town.verb("deliver", renewal, "done", "", town.at) == "delivered"
    assert town.all("select template, medium, locale from notices_notice order by medium") == [
        ("renewed", "email", "id"),
        ("renewed", "sms", "id"),
    ]
    assert town.all("select kind from jobs_job where kind = 'notify'") == [("notify",)] * 2
    assert town.all("select state from cards_entitlement") == [("delivered",)]
    assert findings(town) == {}


@pytest.mark.parametrize("means", ["balance", "deposit", "gateway"])
def test_what_is_not_delivered_in_time_is_refunded_by_itself(town: World, means: str) -> None:
    card, renewal = paid(town, means, contact=CONTACT)
    town.advance(minutes=29)
    assert renewals.expire_due(town.now) == 0
    town.advance(minutes=1)
    assert renewals.expire_due(town.now) == 1
    assert state(town, renewal) == ("reversing" if means == "gateway" else "reversed")
    assert returned(town, card, means)
    assert terms(town, card) == []
    give_back(town)
    assert state(town, renewal) == "reversed"
    assert town.all("select distinct template from notices_notice") == [("refunded",)]
    assert town.all("select kind from jobs_job where subject_id = %s order by kind", renewal) == [
        ("deliver",),
        ("withdraw",),
    ]
    assert findings(town).keys() == {"nothing_is_stuck"}, "no worker took the jobs"


@pytest.mark.parametrize("means", ["balance", "deposit", "gateway"])
def test_what_the_network_refuses_is_refunded_at_once(town: World, means: str) -> None:
    card, renewal = paid(town, means)
    town.verb("begin_delivery", renewal, "apply", "simulated", town.at)
    town.verb("deliver", renewal, "refused", "card_not_on_network", town.at)
    assert returned(town, card, means)
    assert town.all("select state, reason from provisioning_order") == [
        ("refused", "card_not_on_network")
    ]
    give_back(town)
    assert state(town, renewal) == "reversed"
    assert findings(town) == {}


@pytest.mark.parametrize("means", ["balance", "deposit", "gateway"])
def test_taking_back_what_was_delivered_waits_for_the_network(town: World, means: str) -> None:
    card, renewal = paid(town, means)
    town.deliver_all()
    answer = renewals.reverse(town.caller(), renewal, "not_delivered", town.at)
    assert answer.outcome == "reversing"
    assert not returned(town, card, means)
    assert town.verb("withdrawn", renewal, "unknown", "", town.at) == "reversing"
    assert not returned(town, card, means)
    town.verb("withdrawn", renewal, "done", "", town.at)
    assert returned(town, card, means)
    give_back(town)
    assert town.verb("withdrawn", renewal, "done", "", town.at) == "reversed"
    assert sorted(kind for kind, *_ in booked(town, renewal)) == sorted(
        ["sale", "tax", "sale_reversed", "tax_reversed"]
        + (["capture", "refund"] if means == "gateway" else [])
    )
    assert findings(town) == {}


def test_a_reversal_is_replayed_and_made_once(town: World) -> None:
    card, renewal = paid(town, "balance")
    caller = town.caller()
    first = renewals.reverse(caller, renewal, "asked", town.at)
    again = renewals.reverse(caller, renewal, "asked", town.at)
    assert (again.id, again.outcome, again.replayed) == (first.id, "reversing", True)
    other = renewals.reverse(town.caller(), renewal, "asked", town.at)
    assert other.reason == "renewal_state"
    assert other.facts == {"state": "reversed"}
    unknown = renewals.reverse(town.caller(), card.id, "asked", town.at)
    assert unknown.reason == "renewal_unknown"
    assert ledger.spendable(card.account_id, "balance", "EUR") == 1000


def test_a_yes_after_giving_up_is_taken_back(town: World) -> None:
    card, renewal = paid(town, "balance")
    town.verb("begin_delivery", renewal, "apply", "simulated", town.at)
    town.verb("deliver", renewal, "unknown", "", town.at)
    town.advance(minutes=31)
    renewals.expire_due(town.now)
    assert town.verb("deliver", renewal, "done", "", town.at) == "reversed"
    assert terms(town, card) == []
    begin = "select applied_state from begin_delivery(%s, 'reverse', 'simulated', %s)"
    assert as_owner(town, begin, renewal, town.at)() == "done", "so the network is told"


def test_nothing_is_ordered_for_what_was_taken_back_before(town: World) -> None:
    _card, renewal = paid(town, "balance")
    renewals.reverse(town.caller(), renewal, "asked", town.at)
    assert renewals.deliver(renewal, town.now) == "reversed"
    assert town.all("select 1 from provisioning_order") == []


# What is left of a term.


def test_stacking_adds_what_is_left_and_taking_it_back_restores_the_former_term(
    town: World,
) -> None:
    card, stack = town.card(balance=9000), town.plan(days=30, on_renewal="stack", gigabytes=10)
    town.renew(card, stack)
    town.advance(days=20)
    cards.record_usage(card.id, 4 * GIGABYTE, town.at)
    (quote,) = renewals.quote([card.id], stack.version_id, None, "web", town.at)
    assert (quote.leftover_bytes, quote.starts_at) == (6 * GIGABYTE, town.at)
    second = town.renew(card, stack).id
    town.deliver_all()
    assert terms(town, card) == [(-20, 0), (0, 30)]
    assert _carried(town, card) == [0, 6 * GIGABYTE]
    take_back(town, second)
    assert terms(town, card) == [(-20, 10)]
    status = cards.status(card, town.at)
    assert status.present is not None
    assert status.present.left_bytes == 6 * GIGABYTE
    assert findings(town) == {}


def test_a_short_plan_that_stacks_never_ends_before_the_present_term(town: World) -> None:
    card = town.card(balance=9000)
    town.renew(card, town.plan(days=30))
    town.advance(days=1)
    town.renew(card, town.plan(days=1, on_renewal="stack"))
    assert terms(town, card) == [(-1, 0), (0, 29)]


def test_replacing_ends_the_present_term_and_drops_what_is_left(town: World) -> None:
    card = town.card(balance=9000)
    town.renew(card, town.plan(days=30, gigabytes=10))
    town.advance(days=1)
    town.renew(card, town.plan(days=1, on_renewal="replace"))
    assert terms(town, card) == [(-1, 0), (0, 1)]
    assert _carried(town, card) == [0, 0]


def test_unlimited_data_is_neither_carried_nor_added_to(town: World) -> None:
    card = town.card(balance=9000)
    town.renew(card, town.plan(days=30, gigabytes=None))
    town.advance(days=1)
    town.renew(card, town.plan(days=30, gigabytes=5, on_renewal="stack"))
    town.advance(days=1)
    town.renew(card, town.plan(days=30, gigabytes=None, on_renewal="stack"))
    assert _carried(town, card) == [0, 0, 5 * GIGABYTE]
    assert town.all(
        "select allowance_bytes, fair_use_bytes from cards_entitlement order by starts_at"
    ) == [(None, 5 * GIGABYTE), (5 * GIGABYTE, None), (None, 5 * GIGABYTE)]


def test_nothing_stacks_or_replaces_while_a_term_is_queued(town: World) -> None:
    card, queue = town.card(balance=9000), town.plan(days=30)
    town.renew(card, queue)
    town.renew(card, queue)
    town.advance(days=1)
    for on_renewal in ("stack", "replace"):
        answer = town.renew(card, town.plan(days=30, on_renewal=on_renewal))
        assert (answer.reason, answer.facts) == ("term_queued", {"queued": 1})


def test_a_term_of_the_same_instant_is_not_sold_twice(town: World) -> None:
    card, replace = town.card(balance=9000), town.plan(days=30, on_renewal="replace")
    town.renew(card, replace)
    assert town.renew(card, replace).reason == "term_paid"
    assert town.renew(card, town.plan(days=30)).outcome == "renewed"
    assert findings(town) == {}


def test_a_queue_keeps_its_anchor_through_the_verbs(town: World) -> None:
    town.at = town.at.replace(year=2027, month=1, day=31, hour=9)
    card, plan = town.card(balance=9000, zone="Asia/Shanghai"), town.plan()
    said = [town.renew(card, plan).valid_until for _ in range(3)]
    assert [f"{end:%m-%d %H:%M}" for end in said if end] == [
        "02-28 09:00",
        "03-31 09:00",
        "04-30 09:00",
    ]


def test_a_day_is_24_hours_and_a_month_the_same_wall_time_over_a_change_of_clocks(
    town: World,
) -> None:
    town.at = town.at.replace(year=2027, month=3, day=27, hour=12)
    daily, monthly = town.plan(days=1), town.plan()
    lisbon = [town.card(balance=9000, zone="Europe/Lisbon") for _ in range(2)]
    assert town.renew(lisbon[0], daily).valid_until == town.at + timedelta(hours=24)
    end = town.renew(lisbon[1], monthly).valid_until
    assert end == town.at.replace(month=4, hour=11)


def _carried(world: World, card: cards.Card) -> list[int]:
    return [
        carried
        for (carried,) in world.all(
            "select carried_bytes from cards_entitlement where card_id = %s order by starts_at",
            card.id,
        )
    ]


def test_taking_back_a_term_in_the_middle_leaves_no_overlap(town: World) -> None:
    card, stack = town.card(balance=9000), town.plan(days=30, on_renewal="stack")
    town.renew(card, stack)
    town.advance(days=10)
    middle = town.renew(card, stack).id
    town.advance(days=10)
    last = town.renew(card, stack).id
    town.deliver_all()
    assert terms(town, card) == [(-20, -10), (-10, 0), (0, 30)]
    take_back(town, middle)
    assert terms(town, card) == [(-20, 0), (0, 30)]
    take_back(town, last)
    assert terms(town, card) == [(-20, 10)]
    assert findings(town) == {}


def test_taking_back_a_replacement_stops_at_the_term_queued_behind_it(town: World) -> None:
    card = town.card(balance=9000)
    town.renew(card, town.plan(days=30))
    town.advance(days=10)
    short = town.renew(card, town.plan(days=1, on_renewal="replace")).id
    queued = town.renew(card, town.plan(days=30)).id
    town.deliver_all()
    assert terms(town, card) == [(-10, 0), (0, 1), (1, 31)]
    take_back(town, short)
    assert terms(town, card) == [(-10, 1), (1, 31)]
    take_back(town, queued)
    assert terms(town, card) == [(-10, 20)]
    assert findings(town) == {}


def test_a_term_can_be_bought_again_while_its_money_is_on_the_way_back(town: World) -> None:
    card, plan = town.card(balance=9000), town.plan(days=30)
    town.renew(card, plan)
    queued = town.renew(card, plan).id
    assert queued is not None
    town.deliver_all()
    renewals.reverse(town.caller(), queued, "asked", town.at)
    again = town.renew(card, plan)
    assert again.outcome == "renewed"
    assert terms(town, card) == [(0, 30), (30, 60)]
    town.verb("withdrawn", queued, "done", "", town.at)
    assert ledger.spendable(card.account_id, "balance", "EUR") == 7000
    assert findings(town) == {}


# A real network.


def test_the_simulated_network_gets_the_term_and_gives_it_back(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    world = sandboxed_town
    card, plan = world.card(balance=9000), world.plan(on_renewal="stack", gigabytes=None)
    renewal = world.renew(card, plan).id
    assert renewal is not None
    assert renewals.deliver(renewal, world.now) == "delivered"
    (order,) = simulator.card(card.iccid)
    assert (order["state"], order["applied"], order["replaces"]) == ("applied", 1, True)
    assert (order["allowance_bytes"], order["fair_use_bytes"]) == (None, 5 * GIGABYTE)
    assert renewals.deliver(renewal, world.now) == "delivered"
    renewals.reverse(world.caller(), renewal, "asked", world.at)
    simulator.fault("network.reverse", "refuse", reason="in_use")
    with pytest.raises(FaultError, match="in_use"):
        renewals.withdraw(renewal, world.now)
    assert state(world, renewal) == "reversing"
    simulator.fault("network.reverse", "lost")
    with pytest.raises(FaultError):
        renewals.withdraw(renewal, world.now)
    assert renewals.withdraw(renewal, world.now) == "reversed"
    assert findings(world) == {}


@pytest.mark.parametrize("fault", ["lost", "cut", "error", "error_after", "garbage", "double"])
def test_whatever_happens_on_the_way_it_is_applied_once(
    sandboxed_town: World, simulator: SimulatorProcess, fault: str
) -> None:
    world = sandboxed_town
    card = world.card(balance=9000)
    renewal = world.renew(card, world.plan()).id
    assert renewal is not None
    simulator.fault("network.apply", fault)
    if fault == "double":
        assert renewals.deliver(renewal, world.now) == "delivered"
    else:
        with pytest.raises(FaultError):
            renewals.deliver(renewal, world.now)
        assert state(world, renewal) == "paid"
        assert renewals.deliver(renewal, world.now) == "delivered"
    assert [order["applied"] for order in simulator.card(card.iccid)] == [1]
    assert findings(world) == {}


def test_a_network_that_was_silent_when_it_was_too_late_has_nothing_afterwards(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    world = sandboxed_town
    card = world.card(balance=9000)
    renewal = world.renew(card, world.plan()).id
    assert renewal is not None
    simulator.fault("network.apply", "lost")
    with pytest.raises(FaultError):
        renewals.deliver(renewal, world.now)
    world.advance(minutes=31)
    renewals.expire_due(world.now)
    assert ledger.spendable(card.account_id, "balance", "EUR") == 9000
    assert renewals.withdraw(renewal, world.now) == "reversed"
    assert [order["state"] for order in simulator.card(card.iccid)] == ["reversed"]
    assert renewals.deliver(renewal, world.now) == "reversed"
