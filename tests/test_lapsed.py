"""Lapsed cards: renewable for some days, warned of twice, then their number is given away."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from everline import autorenewal, cards, endings, ledger, notices, payments, renewals
from everline.catalogue import policy
from tests.endings import written
from tests.reader import Browser, on_the_pages
from tests.town import LINGER, Spoiler, at_once, findings
from tests.world import Plan, World

EMAIL = "ana@customers.example"
ANA = renewals.Contact(email=EMAIL)
pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


def lapsed(world: World, plan: Plan, *, balance: int = 0) -> cards.Card:
    """Renew a card once, deliver it, and go to the day on which its number is given away."""
    card = world.card(balance=plan.price + balance)
    assert world.renew(card, plan, contact=ANA).outcome == "renewed"
    world.deliver_all()
    return card


def gone_at(world: World, card: cards.Card) -> None:
    until = cards.status(card, world.at).renewable_until
    assert until is not None
    world.at = until


def state(world: World, card: cards.Card) -> object:
    return world.one("select state from cards_card where id = %s", card.id)


def test_a_card_is_recycled_on_its_day_and_not_before(town: World) -> None:
    plan = town.plan()
    card = lapsed(town, plan, balance=250)
    town.fund(card.account_id, "balance", plan.price)
    autorenewal.give_mandate(
        town.caller(),
        card.id,
        town.at,
        plan_id=None,
        words_version=autorenewal.VERSION,
        contact=ANA,
    )
    end = cards.status(card, town.at).valid_until
    gone_at(town, card)
    assert end is not None
    assert town.at == end + timedelta(days=90)
    town.advance(seconds=-1)
    assert endings.recycle_lapsed(town.at) == 0
    town.advance(seconds=1)
    assert endings.recycle_lapsed(town.at) == 1
    assert state(town, card) == "terminated"
    assert town.one("select count(*) from autorenewal_mandate where ended_at is null") == 0
    assert town.one("select next_rung_at from cards_card where id = %s", card.id) is None
    # The number is free again, and what was left is still there for finance.
    assert card.msisdn is not None
    other = town.card(msisdn=card.msisdn)
    found = cards.find(card.msisdn)
    assert found is not None
    assert found.id == other.id
    (left,) = endings.balances_left()
    assert (left.card_id, left.balance, left.ended_at) == (card.id, 250 + plan.price, town.at)
    assert ledger.spendable(card.account_id, "balance", "EUR") == 250 + plan.price
    assert findings(town).keys() <= {"nothing_is_stuck"}  # Nobody sent the confirmation.


@pytest.mark.parametrize("kept", ["lost", "in_stock", "never", "queued", "open", "paid", "sent"])
def test_what_may_still_come_keeps_the_number(town: World, kept: str) -> None:
    plan = town.plan()
    if kept in {"in_stock", "never"}:
        card = town.card("in_stock" if kept == "in_stock" else "bound")
        town.advance(days=1000)
    else:
        card = lapsed(town, plan, balance=plan.price)
        gone_at(town, card)
    match kept:
        case "lost":
            cards.change(town.caller("line"), card.id, "lose", town.at)
        case "queued" | "paid":
            town.renew(card, plan)
            if kept == "paid":
                town.advance(days=200)  # Paid and never delivered: somebody owns that first.
        case "open":
            town.place(card, plan)
        case "sent":
            renewal = town.place(card, plan)
            town.send(renewal)
            assert renewals.cancel(town.caller(), renewal, town.at).outcome == "cancelled"
            assert payments.first_attempt(renewal) is not None
    before = state(town, card)
    assert endings.recycle_lapsed(town.at) == 0
    assert state(town, card) == before


def test_a_cancelled_order_that_nobody_paid_keeps_nothing(town: World) -> None:
    plan = town.plan()
    card = lapsed(town, plan)
    gone_at(town, card)
    renewals.cancel(town.caller(), town.place(card, plan), town.at)
    assert endings.recycle_lapsed(town.at) == 1


def race(world: World) -> set[str]:
    """Renew lapsed cards while two workers recycle them; gives what became of state and term."""
    plan = world.plan()
    own = [lapsed(world, plan, balance=plan.price) for _card in range(8)]
    gone_at(world, own[-1])
    orders = [world.order(card, plan) for card in own]

    def renew(order: renewals.Order) -> object:
        return renewals.renew(world.caller(), order, order.account_id, world.at)

    def recycle() -> object:
        return endings.recycle_lapsed(world.at)

    calls: list[Callable[[], object]] = [partial(renew, order) for order in orders]
    at_once([*calls, recycle, recycle])
    return {
        f"{found} {'renewed' if terms > 1 else 'lapsed'}"
        for found, terms in world.all(
            "select c.state, (select count(*) from cards_entitlement e where e.card_id = c.id)"
            " from cards_card c"
        )
    }


def test_a_renewal_and_the_recycling_never_both_win(town: World) -> None:
    assert race(town) <= {"bound renewed", "terminated lapsed", "bound lapsed"}


def test_without_the_second_look_both_would(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "recycle_lapsed",
        (" and is_lapsed(c.id, recycle_lapsed.at)", " and c.state = 'bound'"),
        ("select array_agg(k.id) into held", f"{LINGER} select array_agg(k.id) into held"),
    )
    assert "terminated renewed" in race(town)


def test_two_warnings_then_it_is_gone(town: World) -> None:
    notices.install({"email": notices.Outbox()})
    plan = town.plan()
    card = lapsed(town, plan, balance=plan.price)
    gone_at(town, card)
    day = town.at
    told = []
    for hours in range(24 * 20, -1, -1):
        town.at = day - timedelta(hours=hours)
        told += [hours] * endings.warn_number_ends(town.at)
    assert told == [14 * 24, 2 * 24]
    kept = written(town)[-2:]
    assert [template for template, _to, _state in kept] == ["number_ends", "number_ends_soon"]
    (last, first) = notices.newest(2)
    assert "given to somebody else" in last.words(policy()).text
    town.at = day - timedelta(hours=1)
    assert notices.send(first.id, town.now) == "sent"
    assert town.renew(card, plan).outcome == "renewed"
    assert notices.send(last.id, town.now) == "stopped"


def test_the_page_says_until_when(town: World) -> None:
    with on_the_pages(town):
        card = lapsed(town, town.plan())
        assert "Renewable until" not in Browser(town).enter(card.iccid).text
        town.advance(days=40)
        text = Browser(town).enter(card.iccid).text
        assert "Renewable until 22 Mar 2027, 03:00 (Europe/Lisbon)" in text
        assert "its number is given away" in text
