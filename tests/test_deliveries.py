"""Delivering what was paid, giving up on it, taking it back: the term, the data and the money."""

from datetime import timedelta

import pytest

from everline import cards, ledger, payments, renewals

from tests.town import findings, give_back, refunds, state
from tests.world import GIGABYTE, World



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


def take_back(world: World, renewal: object) -> None:
    assert renewals.reverse(world.caller(), renewal, "asked", world.at).reason is None
    world.verb("withdrawn", renewal, "done", "", world.at)


def test_taking_back_a_term_in_the_middle_leaves_no_overlap(town: World) -> None:
    world = town
    card, stack = world.card(balance=9000), world.plan(days=30, on_renewal="stack")
    world.renew(card, stack)
    world.advance(days=10)
    middle = world.renew(card, stack).id
    world.advance(days=10)
    last = world.renew(card, stack).id
    world.deliver_all()
    assert terms(world, card) == [(-20, -10), (-10, 0), (0, 30)]
    take_back(world, middle)
    assert terms(world, card) == [(-20, 0), (0, 30)]
    take_back(world, last)
    assert terms(world, card) == [(-20, 10)]
    assert findings(world) == {}


def test_taking_back_a_replacement_stops_at_the_term_queued_behind_it(town: World) -> None:
    world = town
    card = world.card(balance=9000)
    world.renew(card, world.plan(days=30))
    world.advance(days=10)
    short = world.renew(card, world.plan(days=1, on_renewal="replace")).id
    queued = world.renew(card, world.plan(days=30)).id
    world.deliver_all()
    assert terms(world, card) == [(-10, 0), (0, 1), (1, 31)]
    take_back(world, short)
    assert terms(world, card) == [(-10, 1), (1, 31)]
    take_back(world, queued)
    assert terms(world, card) == [(-10, 20)]
    assert findings(world) == {}


def test_a_term_can_be_bought_again_while_its_money_is_on_the_way_back(town: World) -> None:
    world = town
    card, plan = world.card(balance=9000), world.plan(days=30)
    world.renew(card, plan)
    queued = world.renew(card, plan).id
    world.deliver_all()
    renewals.reverse(world.caller(), queued, "asked", world.at)
    again = world.renew(card, plan)
    assert again.outcome == "renewed"
    assert terms(world, card) == [(0, 30), (30, 60)]
    world.verb("withdrawn", queued, "done", "", world.at)
    assert ledger.spendable(card.account_id, "balance", "EUR") == 7000
    assert findings(world) == {}
