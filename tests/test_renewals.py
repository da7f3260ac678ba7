"""Renewing one card: once, at the quoted price, to the quoted end, with the money in the books."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from everline import cards, clock, ledger, renewals
from everline.errors import Code
from tests.world import GIGABYTE, World


def test_a_balance_paid_renewal_gives_the_term_that_was_quoted(world: World) -> None:
    card, plan = world.card(balance=1500), world.plan()
    order = world.order(card, plan)
    answer = renewals.renew(world.caller(), order, card.account_id, world.at)
    assert (answer.outcome, answer.reason, answer.replayed) == ("renewed", None, False)
    assert answer.valid_until == order.quoted_end
    status = cards.status(card, world.at)
    assert status.valid_until == order.quoted_end
    assert status.present is not None
    assert status.present.left_bytes == 30 * GIGABYTE
    assert ledger.spendable(card.account_id, "balance", "EUR") == 500


def test_the_same_request_again_is_answered_from_memory(world: World) -> None:
    card, plan = world.card(balance=5000), world.plan()
    caller, order = world.caller(), world.order(card, plan)
    first = renewals.renew(caller, order, card.account_id, world.at)
    world.advance(hours=5)
    again = renewals.renew(caller, order, card.account_id, world.at)
    assert again.replayed
    assert (again.id, again.valid_until) == (first.id, first.valid_until)
    assert ledger.spendable(card.account_id, "balance", "EUR") == 4000


def test_a_refusal_is_kept_and_replayed_even_when_the_reason_is_gone(world: World) -> None:
    card, plan = world.card(), world.plan()
    caller, order = world.caller(), world.order(card, plan)
    refused = renewals.renew(caller, order, card.account_id, world.at)
    assert refused.refusal is not None
    assert refused.refusal.code is Code.BALANCE_SHORT
    assert refused.facts == {"needed": 1000, "currency": "EUR", "balance": 0}
    world.fund(card.account_id, "balance", 5000)
    again = renewals.renew(caller, order, card.account_id, world.at)
    assert again.replayed
    assert again.reason == "balance_short"
    assert world.renew(card, plan).outcome == "renewed"


def test_a_request_id_with_another_input_is_refused_and_keeps_its_answer(world: World) -> None:
    card, plan, other = world.card(balance=5000), world.plan(), world.plan(price=700)
    caller = world.caller()
    renewals.renew(caller, world.order(card, plan), card.account_id, world.at)
    reused = renewals.renew(caller, world.order(card, other), card.account_id, world.at)
    assert reused.reason == "request_reused"
    assert ledger.spendable(card.account_id, "balance", "EUR") == 4000


def test_a_request_is_known_by_what_its_caller_asked(town: World) -> None:
    card, plan, payer = town.card(balance=5000), town.plan(), town.partner(deposit=5000)
    mei = renewals.Contact("mei@testline.example", locale="en")
    caller, order = town.caller(), replace(town.order(card, plan), contact=mei)
    first = renewals.renew(caller, order, card.account_id, town.at)
    newer = town.plan(price=1200)
    for same in (
        replace(order, plan_version_id=newer.version_id),
        replace(order, quoted_end=order.quoted_end.astimezone(clock.zone("Asia/Jakarta"))),
    ):
        again = renewals.renew(caller, same, card.account_id, town.at)
        assert (again.id, again.replayed) == (first.id, True)
    for other in (
        replace(order, plan_code=newer.code),
        replace(order, card_id=town.card().id),
        replace(order, promotion="HELLO"),
        replace(order, quoted_total=999),
        replace(order, quoted_end=order.quoted_end + timedelta(microseconds=1)),
        replace(order, contact=replace(mei, email="mia@testline.example")),
        replace(order, contact=replace(mei, locale="id")),
        replace(order, contact=renewals.Contact()),
    ):
        refused = renewals.renew(caller, other, card.account_id, town.at)
        assert (refused.reason, refused.replayed) == ("request_reused", False)
    assert renewals.renew(caller, order, payer.account_id, town.at).reason == "request_reused"
    placed = renewals.place(caller, order, "sandbox", None, town.at)
    assert placed.reason == "request_reused"
    assert ledger.spendable(card.account_id, "balance", "EUR") == 4000


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("in_stock", "card_not_active"),
        ("activated", "card_not_bound"),
        ("suspended", "card_suspended"),
        ("lost", "card_lost"),
        ("terminated", "card_terminated"),
    ],
)
def test_a_card_that_is_not_bound_is_refused_with_what_is_missing(
    world: World, state: str, reason: str
) -> None:
    card, plan = world.card(state, balance=5000), world.plan()
    assert world.renew(card, plan).reason == reason
    assert ledger.spendable(card.account_id, "balance", "EUR") == 5000


def test_another_total_or_end_than_now_valid_is_refused(world: World) -> None:
    card, plan = world.card(balance=5000), world.plan()
    order = world.order(card, plan)
    world.owner.execute("update catalogue_price set amount = 1100")
    answer = renewals.renew(world.caller(), order, card.account_id, world.at)
    assert answer.reason == "quote_changed"
    assert answer.facts is not None
    assert answer.facts["total"] == 1100


def test_a_quote_may_be_read_for_some_minutes_and_keeps_its_end(world: World) -> None:
    card, plan = world.card(balance=5000), world.plan(days=1)
    order = world.order(card, plan)
    world.advance(minutes=10)
    answer = renewals.renew(world.caller(), order, card.account_id, world.at)
    assert answer.valid_until == order.quoted_end
    late = world.order(world.card(balance=5000), plan)
    world.advance(minutes=16)
    refused = renewals.renew(world.caller(), late, late.account_id, world.at)
    assert refused.reason == "quote_changed"


def test_queued_terms_follow_each_other_and_end_somewhere(world: World) -> None:
    card, plan = world.card(balance=50_000), world.plan(days=7)
    ends = [world.renew(card, plan).valid_until for _ in range(7)]
    assert ends == [world.at + timedelta(days=7 * number) for number in range(1, 8)]
    assert world.renew(card, plan).reason == "too_far_ahead"


def test_the_plans_of_a_card_are_quoted_at_once(world: World) -> None:
    card, plans = world.card(), [world.plan(price=price) for price in (300, 700, 1100)]
    versions = [plan.version_id for plan in plans]
    quotes = renewals.quote_plans(card.id, [*versions, uuid.uuid4()], "store", world.at)
    assert list(quotes) == versions
    for plan in plans:
        (one,) = renewals.quote([card.id], plan.version_id, None, "store", world.at)
        assert quotes[plan.version_id] == one
        assert one.total == plan.price
