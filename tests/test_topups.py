"""Topping up: at once from a deposit, or through a gateway that may be late, silent or late again.

Each race has its negative control, as in test_once.py.
"""

from datetime import timedelta
from functools import partial

import pytest

from everline import cards, ids, ledger, notices, payments, renewals, topups
from everline.catalogue import policy
from everline.renewals import Contact
from tests.stores import Owner
from tests.town import (
    booked,
    findings,
    give_back,
    refunds,
)
from tests.world import World

MANY = 64
NOBODY_THERE = {"return_url": "http://localhost:9/back", "notify_address": "http://localhost:9"}


def balance(world: World, card: cards.Card) -> int:
    return ledger.spendable(card.account_id, "balance", card.currency)


def deposit(owner: Owner) -> int:
    return ledger.spendable(owner.account_id, "deposit", "EUR")


def state(world: World, top_up: object) -> str:
    return str(world.one("select state from topups_topup where id = %s", top_up))


# At once, from a deposit.


def test_a_deposit_tops_a_balance_up_once_and_replays(town: World) -> None:
    card, store = town.card("activated"), town.retailer(deposit=5000)
    caller = town.caller("store")
    order = town.topup_order(card, 2000)
    first = topups.top_up(caller, order, store.account_id, town.at)
    again = topups.top_up(caller, order, store.account_id, town.at)
    assert (first.outcome, first.replayed) == ("topped_up", False)
    assert (again.id, again.outcome, again.replayed) == (first.id, "topped_up", True)
    other = topups.top_up(caller, town.topup_order(card, 2001), store.account_id, town.at)
    assert other.reason == "request_reused"
    assert (balance(town, card), deposit(store)) == (2000, 3000)
    assert booked(town, first.id) == [("topup", "deposit", "balance", 2000)]
    assert first.id is not None
    found = topups.find(first.id)
    assert found is not None
    assert (found.state, found.amount, found.means, found.payer_id) == (
        "paid",
        2000,
        "deposit",
        store.account_id,
    )
    assert topups.of_card(card.id, 10) == topups.of_payer(store.account_id, 10) == [found]
    assert topups.find_by_request(caller.channel, caller.source, caller.request_id) == found
    assert findings(town) == {}


@pytest.mark.parametrize(
    ("card_state", "reason"),
    [
        ("activated", None),
        ("bound", None),
        ("suspended", None),
        ("in_stock", "card_not_active"),
        ("lost", "card_lost"),
        ("terminated", "card_terminated"),
    ],
)
def test_a_card_that_is_somebodys_takes_money(
    town: World, card_state: str, reason: str | None
) -> None:
    card, store = town.card(card_state), town.retailer(deposit=5000)
    assert town.top_up(card, 100, store).reason == reason
    assert balance(town, card) == (0 if reason else 100)
    assert findings(town) == {}


def test_what_stands_against_a_top_up_is_told_and_kept(town: World) -> None:
    town.owner.execute(
        "update catalogue_policy set topup_limits = '{\"EUR\": [500, 20000]}',"
        " topup_amounts = '{\"EUR\": [1000, 2000]}'"
    )
    card, store = town.card(), town.retailer(deposit=3000)
    assert town.top_up(card, 499, store).facts == {"total": 499, "least": 500, "most": 20000}
    assert town.top_up(card, 20001, store).reason == "limit_exceeded"
    assert town.top_up(card, 0, store).reason == "limit_exceeded"
    short = town.top_up(card, 3001, store)
    assert short.reason == "balance_short"
    assert short.facts == {"needed": 3001, "currency": "EUR", "balance": 3000}
    town.owner.execute("update trust_channel set means = '{gateway}' where code = 'kiosk'")
    town.owner.execute("update trust_channel set is_open = false where code = 'hotline'")
    town.owner.execute("update trust_channel set amount_max = '{\"EUR\": 900}' where code = 'web'")
    assert town.top_up(card, 1000, store, channel="kiosk").reason == "means_not_allowed"
    assert town.top_up(card, 1000, store, channel="hotline").reason == "channel_closed"
    assert town.top_up(card, 1000, store, channel="web").facts == {"total": 1000, "most": 900}
    order = topups.Order(card.account_id, card.id, 1000, "IDR")
    caller = town.caller("store")
    differs = partial(topups.top_up, caller, order, store.account_id, town.at)
    for is_replayed in (False, True):
        told = differs()
        assert (told.reason, told.facts) == ("currency_differs", {"currency": "EUR"})
        assert told.replayed is is_replayed
    unknown = topups.Order(store.account_id, card.id, 1000, "EUR")
    told = topups.top_up(town.caller("store"), unknown, store.account_id, town.at)
    assert told.reason == "card_unknown"
    assert topups.find_by_request(caller.channel, caller.source, caller.request_id) is None
    assert topups.offered("EUR") == topups.Offered([1000, 2000], 500, 20000)
    assert topups.offered("IDR") == topups.Offered([], 1, 10**12)
    assert (balance(town, card), deposit(store)) == (0, 3000)
    assert findings(town) == {}


def test_a_card_does_not_top_itself_up_from_its_balance(town: World) -> None:
    card = town.card(balance=500)
    answer = topups.top_up(
        town.caller("store"), town.topup_order(card, 100), card.account_id, town.at
    )
    assert answer.reason == "balance_short"
    assert balance(town, card) == 500


@pytest.mark.parametrize("pockets", [1, 4])
def test_a_commission_is_paid_and_goes_back_with_its_top_up(town: World, pockets: int) -> None:
    partner = town.partner(deposit=8000, commission=250, pockets=pockets)
    card = town.card()
    answer = town.top_up(card, 1980, partner, channel="partner")  # 2.5 % are 49.5
    assert ("commission", "commission", "deposit", 50) in booked(town, answer.id)
    assert (balance(town, card), deposit(partner)) == (1980, 6070)
    assert answer.id is not None
    taken = topups.take_back(town.caller("partner"), answer.id, "asked", town.at)
    assert (taken.outcome, state(town, answer.id)) == ("reversed", "reversed")
    assert (balance(town, card), deposit(partner)) == (0, 8000)
    again = topups.take_back(town.caller("partner"), answer.id, "asked", town.at)
    assert (again.reason, again.facts) == ("topup_state", {"state": "reversed"})
    assert findings(town) == {}


def test_what_was_spent_is_not_taken_back(town: World) -> None:
    card, store = town.card(), town.retailer(deposit=5000)
    answer = town.top_up(card, 1500, store)
    assert town.renew(card, town.plan()).outcome == "renewed"
    assert answer.id is not None
    caller = town.caller("store")
    refused = topups.take_back(caller, answer.id, "asked", town.at)
    assert (refused.reason, refused.facts) == ("topup_spent", {"needed": 1500, "currency": "EUR"})
    assert topups.take_back(caller, answer.id, "asked", town.at).replayed
    assert topups.take_back(town.caller(), card.id, "x", town.at).reason == "topup_unknown"
    assert (balance(town, card), deposit(store)) == (500, 3500)
    assert findings(town) == {}


# Through a gateway.


def test_a_gateway_tops_a_balance_up(town: World) -> None:
    card = town.card()
    top_up = town.place_top_up(card, 1500)
    attempt = town.send(top_up)
    assert topups.find_open(card.id) is not None
    assert town.hear(attempt, "unknown") == ("unknown", "awaiting_payment")
    assert balance(town, card) == 0
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "paid")
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "paid")
    assert balance(town, card) == 1500
    assert booked(town, top_up) == [
        ("capture", "clearing", "unapplied", 1500),
        ("topup", "unapplied", "balance", 1500),
    ]
    assert topups.find_open(card.id) is None
    assert findings(town) == {}


def test_a_gateway_that_says_no_leaves_it_open_until_another_or_its_time(town: World) -> None:
    card = town.card()
    first = town.place_top_up(card, 1500)
    unsent = topups.place(town.caller(), town.topup_order(card, 900), "sandbox", None, town.at)
    assert unsent.reason == "payment_unsure"
    assert unsent.facts is not None
    assert (unsent.facts["topup"], unsent.facts["channel"]) == (str(first), "web")
    town.hear(town.send(first), "failed", reason="declined")
    second = town.place_top_up(card, 900, channel="kiosk")
    assert (state(town, first), state(town, second)) == ("cancelled", "awaiting_payment")
    town.hear(town.send(second), "failed", reason="declined")
    town.advance(minutes=31)
    assert town.expire_due() == 1
    assert state(town, second) == "expired"
    cancelled = topups.cancel(town.caller(), second, town.at)
    assert cancelled.reason == "topup_state"
    assert topups.cancel(town.caller(), card.id, town.at).reason == "topup_unknown"
    assert findings(town) == {}


def test_an_attempt_in_flight_keeps_it_open_and_a_late_success_after_closing_goes_back(
    town: World,
) -> None:
    card = town.card()
    top_up = town.place_top_up(card, 1500, contact=Contact(email="a@example.org"))
    attempt = town.send(top_up)
    town.hear(attempt, "unknown")
    town.advance(minutes=31)
    assert town.expire_due() == 0
    assert topups.cancel(town.caller("hotline"), top_up, town.at).outcome == "cancelled"
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "cancelled")
    assert refunds(town) == [("created", 1500, "late")]
    assert give_back(town) == ["succeeded"]
    assert balance(town, card) == 0
    assert [kind for kind, *_ in booked(town, top_up)] == ["capture", "refund"]
    (notice,) = notices.newest(9)
    assert (notice.template, notice.recipient) == ("refunded", "a@example.org")
    assert findings(town) == {}


@pytest.mark.parametrize("event", ["lose", "terminate"])
def test_a_card_that_ended_while_somebody_paid_gets_nothing_and_the_money_goes_back(
    town: World, event: str
) -> None:
    card = town.card()
    top_up = town.place_top_up(card, 1500)
    attempt = town.send(top_up)
    cards.change(town.caller(), card.id, event, town.at)
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "refused")
    assert refunds(town) == [("created", 1500, "card_state")]
    assert give_back(town) == ["succeeded"]
    assert findings(town) == {}


def test_a_gateways_top_up_is_taken_back_to_the_gateway(town: World) -> None:
    card = town.card()
    top_up = town.place_top_up(card, 1500)
    town.hear(town.send(top_up), "succeeded", reference="r")
    assert topups.take_back(town.caller(), top_up, "asked", town.at).outcome == "reversed"
    assert refunds(town) == [("created", 1500, "asked")]
    assert give_back(town) == ["succeeded"]
    assert [(kind, debit, credit) for kind, debit, credit, _ in booked(town, top_up)] == [
        ("capture", "clearing", "unapplied"),
        ("topup", "unapplied", "balance"),
        ("topup_reversed", "balance", "unapplied"),
        ("refund", "unapplied", "clearing"),
    ]
    assert findings(town) == {}


def test_who_dies_before_sending_leaves_an_attempt_that_the_janitor_fails(town: World) -> None:
    card = town.card()
    top_up = town.place_top_up(card, 1500)
    town.advance(minutes=2)
    assert renewals.ask_all(town.now) == 1
    assert town.place_top_up(card, 1500) != top_up
    assert findings(town) == {}


@pytest.mark.parametrize(
    ("token", "attempt_state", "reached"),
    [
        ("tok_approve", "succeeded", "paid"),
        ("tok_decline_soft", "failed", "awaiting_payment"),
        ("tok_confirm", "sent", "awaiting_payment"),
    ],
)
def test_the_sandbox_is_paid_over_http_as_for_a_renewal(
    sandboxed_town: World, token: str, attempt_state: str, reached: str
) -> None:
    world = sandboxed_town
    card = world.card()
    order = world.topup_order(card, 1500)
    placed = topups.place(world.caller(), order, "sandbox", token, world.at)
    assert placed.id is not None
    told = renewals.pay(placed.id, **NOBODY_THERE, locale="en", now=world.now)
    assert told == renewals.Settled(attempt_state, reached)
    assert renewals.pay(placed.id, **NOBODY_THERE, locale="en", now=world.now) is None
    if reached == "paid":
        topups.take_back(world.caller(), placed.id, "asked", world.at)
        assert renewals.ask_all(world.now) == 1
        assert world.one("select state from payments_refund") == "succeeded"
    assert findings(world) == {}


# What is told.


@pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
def test_a_confirmation_names_receipt_card_amount_means_and_link(town: World, locale: str) -> None:
    card, store = town.card(balance=98_765), town.retailer(deposit=5000)
    contact = Contact(email="a@example.org", phone="+8821012345678", locale=locale)
    answer = town.top_up(card, 1500, store, contact=contact)
    assert answer.id is not None
    told = {notice.medium: notice.words(policy()) for notice in notices.newest(9)}
    assert set(told) == {"email", "sms"}
    receipt = ids.outside("top", answer.id)
    for text in (told["email"].text, told["email"].html):
        assert receipt in text
        assert ids.Iccid(card.iccid).masked in text
        assert "15" in text
        assert f"/top-ups/{receipt}" in text
        assert card.iccid not in text
        assert "987" not in text
    assert f"/top-ups/{receipt}" in told["sms"].short
    topups.take_back(town.caller(), answer.id, "asked", town.at)
    back = [each for each in notices.newest(9) if each.template == "refunded"]
    assert len(back) == 2
    assert receipt in back[0].words(policy()).text


def test_a_claimed_question_is_asked_of_a_top_up_too(town: World) -> None:
    attempt = town.send(town.place_top_up(town.card(), 1000))
    town.hear(attempt, "unknown", ask_in=timedelta(minutes=5))
    town.advance(minutes=6)
    assert [each.id for each in payments.claim_asks(town.at, 10)] == [attempt.id]
