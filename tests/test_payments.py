"""Paying through a gateway: yes, no, silence, too late, twice; and money that goes back.

What the gateway says is given to the verbs by hand here; that answers over HTTP become the same
words is shown in test_gateways.py, and once for each kind of card at the end of this file.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from everline import cards, ledger, payments, renewals
from tests.town import booked, findings, give_back, refunds, state
from tests.world import World


def attempts(world: World) -> list[str]:
    return [one for (one,) in world.all("select state from payments_attempt order by number")]


def unsure(world: World, **minutes: float) -> tuple[UUID, payments.Attempt]:
    """Open a renewal whose first attempt got no answer."""
    renewal = world.place(world.card(), world.plan())
    attempt = world.send(renewal)
    world.advance(**minutes)
    world.hear(attempt, "unknown")
    return renewal, attempt


def test_money_comes_in_is_applied_and_the_term_begins(town: World) -> None:
    card = town.card()
    renewal = town.place(card, town.plan())
    assert town.hear(town.send(renewal), "succeeded", reference="r", masked_means="•• 42") == (
        "succeeded",
        "paid",
    )
    assert booked(town, renewal) == [
        ("capture", "clearing", "unapplied", 1000),
        ("sale", "unapplied", "deferred", 813),
        ("tax", "unapplied", "tax", 187),
    ]
    found = renewals.find(renewal)
    assert found is not None
    assert (found.masked_means, found.attempt_state) == ("•• 42", "succeeded")
    assert cards.status(card, town.at).valid_until == found.ends_at
    assert town.deliver_all() == 1
    assert findings(town) == {}


def test_a_no_leaves_the_renewal_open_for_another_try(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    first = town.send(renewal)
    assert town.hear(first, "failed", reason="insufficient_funds", is_hard=True) == (
        "failed",
        "awaiting_payment",
    )
    found = renewals.find(renewal)
    assert found is not None
    assert (found.attempt_reason, found.attempt_is_hard) == ("insufficient_funds", True)
    assert renewals.retry_payment(town.caller(), renewal, "sandbox", "tok", town.at).reason is None
    second = town.send(renewal)
    assert (first.key, second.key) == (f"{renewal}-1", f"{renewal}-2")
    assert town.hear(second, "succeeded", reference="r")[1] == "paid"
    assert findings(town) == {}


def test_while_the_outcome_is_unknown_no_other_means_may_pay(town: World) -> None:
    card, plan = town.card(balance=5000), town.plan()
    renewal = town.place(card, plan)
    attempt = town.send(renewal)
    assert town.hear(attempt, "unknown") == ("unknown", "awaiting_payment")
    again = renewals.retry_payment(town.caller(), renewal, "sandbox", None, town.at)
    assert again.reason == "payment_unsure"
    for channel in ("web", "hotline", "auto"):
        told = town.renew(card, plan, channel=channel)
        assert told.reason == "renewal_open"
        assert told.facts is not None
        assert (told.facts["renewal"], told.facts["channel"]) == (str(renewal), "web")
    town.advance(minutes=5)
    assert [each.id for each in payments.claim_asks(town.at, 10)] == [attempt.id]
    assert payments.claim_asks(town.at, 10) == []
    assert town.hear(attempt, "succeeded", reference="r")[1] == "paid"
    assert ledger.spendable(card.account_id, "balance", "EUR") == 5000
    assert findings(town) == {}


@pytest.mark.parametrize("said", ["pending", "action_needed"])
def test_a_gateway_that_needs_time_or_the_customer_is_asked_later(town: World, said: str) -> None:
    renewal = town.place(town.card(), town.plan())
    attempt = town.send(renewal)
    told = town.hear(attempt, said, page_url="https://bank.example/1", reference="r")
    assert told == ("sent", "awaiting_payment")
    found = renewals.find(renewal)
    assert found is not None
    assert found.page_url == (None if said == "pending" else "https://bank.example/1")
    town.advance(minutes=11)
    assert town.hear(attempt, said) == ("superseded", "awaiting_payment")
    assert findings(town) == {}


def test_after_the_bank_said_pending_nobody_is_led_to_its_page(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    attempt = town.send(renewal)
    pages = []
    for said, page in (
        ("action_needed", "https://bank.example/1"),
        ("pending", None),
        ("unknown", None),
        ("action_needed", "https://bank.example/2"),
    ):
        town.hear(attempt, said, page_url=page, reference="r")
        found = renewals.find(renewal)
        assert found is not None
        assert found.attempt_reference == "r"
        pages.append(found.page_url)
    assert pages == ["https://bank.example/1", None, None, "https://bank.example/2"]
    assert findings(town) == {}


def test_after_its_time_another_means_pays_and_the_late_success_goes_back(town: World) -> None:
    renewal, first = unsure(town, minutes=12)
    assert attempts(town) == ["superseded"]
    assert renewals.retry_payment(town.caller(), renewal, "sandbox", None, town.at).reason is None
    assert town.hear(town.send(renewal), "succeeded", reference="2")[1] == "paid"
    town.deliver_all()
    assert town.hear(first, "succeeded", reference="1") == ("succeeded", "delivered")
    assert refunds(town) == [("created", 1000, "late")]
    assert give_back(town) == ["succeeded"]
    assert state(town, renewal) == "delivered"
    assert [kind for kind, *_ in booked(town, renewal)] == [
        "capture",
        "sale",
        "tax",
        "capture",
        "refund",
    ]
    assert findings(town) == {}


def test_a_late_success_pays_when_nobody_else_has(town: World) -> None:
    renewal, attempt = unsure(town, minutes=12)
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "paid")
    assert refunds(town) == []
    assert state(town, renewal) == "paid"


def test_a_no_that_becomes_a_yes_goes_back_when_another_attempt_has_paid(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    first = town.send(renewal)
    town.hear(first, "failed", reason="issuer_declined")
    renewals.retry_payment(town.caller(), renewal, "sandbox", None, town.at)
    town.hear(town.send(renewal), "succeeded", reference="2")
    assert town.hear(first, "succeeded", reference="1") == ("succeeded", "paid")
    assert refunds(town) == [("created", 1000, "late")]
    assert findings(town) == {}


def test_when_asking_ends_a_person_owns_it_and_keeps_the_deadline(town: World) -> None:
    _renewal, attempt = unsure(town)
    town.advance(hours=1)
    assert town.hear(attempt, "unknown", ask_in=None)[0] == "parked"
    owned = "select owner, owner_by from payments_attempt"
    assert town.all(owned) == [("finance", town.at + timedelta(days=1))]
    by = town.one("select owner_by from payments_attempt")
    town.advance(hours=10)
    assert town.hear(attempt, "unknown")[0] == "parked"
    assert town.all(owned) == [("finance", by)]
    assert findings(town) == {}
    town.advance(hours=20)
    assert "persons_keep_their_deadlines" in findings(town)
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "paid")
    assert town.all(owned) == [("", None)]
    assert "persons_keep_their_deadlines" not in findings(town)


def test_what_arrives_after_a_cancellation_goes_back(town: World) -> None:
    renewal, attempt = unsure(town)
    answer = renewals.cancel(town.caller(), renewal, town.at)
    assert (answer.outcome, attempts(town)) == ("cancelled", ["superseded"])
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "cancelled")
    assert give_back(town) == ["succeeded"]
    assert [kind for kind, *_ in booked(town, renewal)] == ["capture", "refund"]
    assert renewals.cancel(town.caller(), renewal, town.at).reason == "renewal_state"
    assert findings(town) == {}


@pytest.mark.parametrize("sent", [True, False])
def test_a_cancelled_renewal_has_nothing_to_send(town: World, sent: bool) -> None:  # noqa: FBT001
    renewal = town.place(town.card(), town.plan())
    if sent:
        town.send(renewal)
    renewals.cancel(town.caller(), renewal, town.at)
    assert attempts(town) == ["superseded" if sent else "failed"]
    latest = payments.first_attempt(renewal)
    assert latest is not None
    assert payments.mark_sent(latest.id, town.at) is None
    assert findings(town) == {}


def test_a_renewal_waits_for_money_in_flight_and_then_expires(town: World) -> None:
    renewal, attempt = unsure(town)
    town.advance(minutes=31)
    assert renewals.expire_due(town.now) == 0
    assert not town.verb("expire", renewal, town.at)
    assert town.hear(attempt, "failed", reason="issuer_declined")[1] == "awaiting_payment"
    late = renewals.retry_payment(town.caller(), renewal, "sandbox", None, town.at)
    assert late.reason == "renewal_state"
    assert renewals.expire_due(town.now) == 1
    assert state(town, renewal) == "expired"
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "expired")
    assert refunds(town) == [("created", 1000, "late")]
    assert findings(town) == {}


def test_nobody_fails_as_never_sent_what_was_sent_meanwhile(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    town.advance(minutes=2)
    (seen,) = payments.claim_asks(town.at, 10)
    said = payments.ask(seen, town.at, may_take=True)
    assert (said.outcome, said.reason) == ("failed", "not_sent")
    attempt = town.send(renewal)
    assert town.hear(attempt, "failed", reason="not_sent") == ("sent", "awaiting_payment")
    assert town.one("select ask_at from payments_attempt") == town.at + timedelta(minutes=1)
    assert town.hear(attempt, "succeeded", reference="r")[1] == "paid"
    assert findings(town) == {}


def test_who_dies_before_sending_leaves_an_attempt_that_fails(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    town.advance(minutes=2)
    assert renewals.ask_all(town.now) == 1
    assert attempts(town) == ["failed"]
    assert renewals.retry_payment(town.caller(), renewal, "sandbox", None, town.at).reason is None


def test_news_that_comes_again_changes_nothing(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    attempt = town.send(renewal)
    town.hear(attempt, "succeeded", reference="r")
    before = town.all("select state, settled_at, ask_at, reason from payments_attempt")
    town.advance(minutes=3)
    for outcome in ("succeeded", "failed", "unknown", "pending"):
        assert town.hear(attempt, outcome)[0] == "succeeded"
    assert town.all("select state, settled_at, ask_at, reason from payments_attempt") == [
        (*before[0][:3], town.one("select reason from payments_attempt"))
    ]
    assert town.all("select captured, refunded from payments_payment") == [(1000, 0)]
    assert findings(town) == {}


def test_paying_slowly_never_shortens_the_term(town: World) -> None:
    card, plan = town.card(), town.plan(days=7)
    renewal = town.place(card, plan)
    promised = renewals.find(renewal)
    assert promised is not None
    attempt = town.send(renewal)
    town.advance(minutes=10)
    town.hear(attempt, "unknown")
    town.advance(minutes=45)
    assert town.hear(attempt, "succeeded", reference="r")[1] == "paid"
    found = renewals.find(renewal)
    assert found is not None
    assert found.starts_at == town.at
    assert found.ends_at == town.at + timedelta(days=7) > promised.ends_at


def test_a_plan_withdrawn_or_dearer_meanwhile_is_sold_as_promised(town: World) -> None:
    card, plan = town.card(), town.plan()
    renewal = town.place(card, plan)
    attempt = town.send(renewal)
    town.owner.execute("update catalogue_price set amount = 9999")
    town.owner.execute("update catalogue_plan set retired_at = %s", [town.at])
    assert town.hear(attempt, "succeeded", reference="r")[1] == "paid"
    assert sum(amount for kind, *_, amount in booked(town, renewal) if kind != "capture") == 1000


@pytest.mark.parametrize("event", ["suspend", "lose", "terminate"])
def test_a_card_that_stopped_while_its_owner_paid_gets_the_money_back(
    town: World, event: str
) -> None:
    card = town.card()
    renewal = town.place(card, town.plan())
    attempt = town.send(renewal)
    cards.change(town.caller(), card.id, event, town.at)
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "refused")
    assert refunds(town) == [("created", 1000, "card_state")]
    assert give_back(town) == ["succeeded"]
    assert findings(town) == {}
    assert town.all("select 1 from cards_entitlement") == []


def test_what_costs_nothing_needs_no_gateway(town: World) -> None:
    code = town.promotion(percent_basis_points=10_000)
    card, plan = town.card(), town.plan()
    refused = renewals.place(
        town.caller(), town.order(card, plan, promotion=code), "sandbox", None, town.at
    )
    assert refused.reason == "means_not_allowed"
    free = town.renew(card, plan, promotion=code)
    assert free.outcome == "renewed"
    assert booked(town, free.id) == []
    town.deliver_all()
    renewals.reverse(town.caller(), free.id or UUID(int=0), "asked", town.at)
    town.verb("withdrawn", free.id, "done", "", town.at)
    assert state(town, free.id) == "reversed"
    assert findings(town) == {}


def test_a_pending_automatic_renewal_is_absorbed_by_who_succeeds_only(town: World) -> None:
    card, plan = town.card(balance=1000), town.plan()
    pending = town.place(card, plan, channel="auto")
    town.hear(town.send(pending), "failed", reason="insufficient_funds")
    dear = town.plan(price=9000)
    assert town.renew(card, dear).reason == "balance_short"
    assert state(town, pending) == "awaiting_payment"
    assert town.renew(card, plan).outcome == "renewed"
    assert state(town, pending) == "cancelled"
    again = town.place(card, plan, channel="auto")
    town.hear(town.send(again), "failed", reason="insufficient_funds")
    town.place(card, plan, channel="hotline")
    assert state(town, again) == "cancelled"
    assert findings(town) == {}


def test_a_callback_before_its_attempt_is_parked_and_matched_later(town: World) -> None:
    renewal = town.place(town.card(), town.plan())

    def call_back(key: str) -> Any:
        return town.verb("keep_callback", "sandbox", Jsonb({}), b"{}", "evt", key, town.at)

    assert call_back(f"{renewal}-2") == "parked"
    attempt = town.send(renewal)
    assert call_back(attempt.key) == "matched"
    assert [each.id for each in payments.claim_asks(town.at, 10)] == [attempt.id]
    town.hear(attempt, "failed", reason="no")
    assert payments.claim_asks(town.at, 10) == []
    renewals.retry_payment(town.caller(), renewal, "sandbox", None, town.at)
    second = town.send(renewal)
    assert payments.claim_asks(town.at, 10) == []
    assert payments.replay_callbacks(town.at) == 1
    assert [each.id for each in payments.claim_asks(town.at, 10)] == [second.id]


@pytest.mark.parametrize(
    ("token", "attempt_state", "renewal_state"),
    [
        ("tok_approve", "succeeded", "paid"),
        ("tok_webhook_twice", "succeeded", "paid"),
        ("tok_decline_soft", "failed", "awaiting_payment"),
        ("tok_confirm", "sent", "awaiting_payment"),
    ],
)
def test_the_sandbox_answers_over_http(
    sandboxed_town: World, token: str, attempt_state: str, renewal_state: str
) -> None:
    world = sandboxed_town
    card, plan = world.card(), world.plan()
    placed = renewals.place(world.caller(), world.order(card, plan), "sandbox", token, world.at)
    assert placed.id is not None
    address = {"return_url": "http://localhost:9/back", "notify_address": "http://localhost:9"}
    told = renewals.pay(placed.id, **address, locale="en", now=world.now)
    assert told == renewals.Settled(attempt_state, renewal_state)
    assert renewals.pay(placed.id, **address, locale="en", now=world.now) is None
    if renewal_state == "paid":
        renewals.reverse(world.caller(), placed.id, "asked", world.at)
        assert renewals.ask_all(world.now) == 1
        assert state(world, placed.id) == "reversed"
    assert findings(world) == {}


def test_a_term_that_was_moved_while_it_was_paid_keeps_its_length(town: World) -> None:
    card = town.card(balance=9000)
    town.renew(card, town.plan(days=30))
    end = cards.status(card, town.at).valid_until
    town.deliver_all()
    town.advance(days=1)
    short = town.renew(card, town.plan(days=1, on_renewal="replace")).id
    assert short is not None
    waiting = town.place(card, town.plan(days=1))
    attempt = town.send(waiting)
    renewals.reverse(town.caller(), short, "asked", town.at)
    assert town.hear(attempt, "succeeded", reference="r")[1] == "paid"
    found = renewals.find(waiting)
    assert found is not None
    assert end is not None
    assert (found.starts_at, found.ends_at) == (end, end + timedelta(days=1))
    assert findings(town) == {}
