"""Automatic renewal: due cards are renewed from their balances, all at once and once each."""

import threading
from datetime import timedelta

from everline import autorenewal, cards, ledger, renewals
from everline.office.audit import audit
from tests.world import Plan, World


def _armed(world: World, plan: Plan, *, balance: int) -> cards.Card:
    card = world.card(balance=balance)
    world.renew(card, plan)
    given = autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=None,
        words_version="2026-11",
        contact=renewals.Contact(),
    )
    assert given.outcome == "mandated"
    return card


def _found(world: World) -> list[str]:
    return [finding.invariant.name for finding in audit(world.at) if finding.total]


def _next_rung(world: World, card: cards.Card) -> object:
    return world.one("select next_rung_at from cards_card where id = %s", card.id)


def test_due_cards_are_charged_before_their_term_ends(world: World) -> None:
    monthly, daily = world.plan(), world.plan(days=1, price=100)
    month, day = _armed(world, monthly, balance=2000), _armed(world, daily, balance=200)
    ends = {card.id: cards.status(card, world.at).valid_until for card in (month, day)}
    assert autorenewal.renew_due(world.at).taken == 0
    world.advance(hours=18)
    assert autorenewal.renew_due(world.at) == autorenewal.Swept(renewed=1, refused=0, taken=1)
    status = cards.status(day, world.at)
    assert status.queued[0].starts_at == ends[day.id]
    world.advance(days=29)
    swept = autorenewal.renew_due(world.at)
    assert (swept.renewed, swept.refused) == (1, 1)
    assert cards.status(month, world.at).queued[0].starts_at == ends[month.id]
    assert ledger.spendable(month.account_id, "balance", "EUR") == 0


def test_a_short_balance_is_refused_kept_and_tried_again_until_the_end(world: World) -> None:
    card = _armed(world, world.plan(), balance=1000)
    end = cards.status(card, world.at).valid_until
    assert end is not None
    world.at = end - timedelta(hours=24)
    tries = 0
    while world.at < end + timedelta(days=1):
        tries += autorenewal.renew_due(world.at).refused
        world.advance(minutes=10)
    assert 4 <= tries <= 12
    refusals = world.all("select reason from database_request where channel = 'auto'")
    assert refusals == [("balance_short",)] * tries
    world.fund(card.account_id, "balance", 5000)
    world.renew(card, world.plan())
    assert autorenewal.renew_due(world.at).taken == 0


def test_a_renewal_through_another_door_absorbs_the_rung(world: World) -> None:
    plan = world.plan()
    card = _armed(world, plan, balance=5000)
    world.advance(days=29, hours=12)
    assert world.renew(card, plan).outcome == "renewed"
    assert autorenewal.renew_due(world.at).taken == 0
    end = cards.status(card, world.at).valid_until
    assert end is not None
    assert _next_rung(world, card) == end - timedelta(hours=24)


def test_a_mandate_ends_in_one_step(world: World) -> None:
    card = _armed(world, world.plan(), balance=5000)
    autorenewal.end_mandate(world.caller(), card.id, world.at)
    world.advance(days=31)
    assert autorenewal.renew_due(world.at).taken == 0
    assert ledger.spendable(card.account_id, "balance", "EUR") == 4000


def test_many_workers_and_other_doors_renew_each_due_card_once(world: World) -> None:
    plan = world.plan(days=4, price=100)
    due = [_armed(world, plan, balance=300) for _ in range(24)]
    assert world.deliver_all() == 24
    world.advance(days=3, hours=1)
    orders = [world.order(card, plan) for card in due]
    start = threading.Barrier(6)

    def sweep() -> None:
        start.wait()
        while autorenewal.renew_due(world.at, 5).taken:
            pass

    def renew_by_hand(own: int) -> None:
        start.wait()
        for order in orders[own::2]:
            renewals.renew(world.caller(), order, order.account_id, world.at)

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    threads += [threading.Thread(target=renew_by_hand, args=(own,)) for own in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for card in due:
        assert world.one("select count(*) from renewals_renewal where card_id = %s", card.id) == 2
        assert ledger.spendable(card.account_id, "balance", "EUR") == 100
    assert world.deliver_all() == 24
    assert _found(world) == []
