"""Due cards paid by kept means: placed by the due sweep, charged side by side, settled in sets.

The bank is the sandbox one, over HTTP. Many workers at once, and a worker that is killed, are tried
in test_charging_twice.py.
"""

from datetime import timedelta

import pytest

from everline import autorenewal, cards, payments, renewals
from everline.autorenewal import METHODS_FIRST
from everline.database.requests import Answer
from tests.endings import written
from tests.purse import (
    armed,
    automatic,
    charge,
    keep,
    next_rung,
    renewal_of,
    sweep,
    to_rung,
    tries,
)
from tests.simulator import SimulatorProcess
from tests.town import booked, findings, refunds
from tests.world import World

NOT_SENT = frozenset({"nothing_is_stuck"})
"""What the audit finds where a notice was written that nobody sends."""

PLACED = autorenewal.Swept(renewed=0, refused=0, taken=1, placed=1)


def test_a_kept_means_pays_before_the_term_ends(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town, "tok_approve")
    ends = cards.status(card, town.at).valid_until
    to_rung(town, card)
    assert sweep(town) == PLACED
    assert automatic(town, card) == [("awaiting_payment", "gateway", "")]
    later = next_rung(town, card)
    assert later > town.at
    assert charge(town) == 1
    assert automatic(town, card) == [("paid", "gateway", "")]
    assert booked(town, renewal_of(town, card)) == [
        ("capture", "clearing", "unapplied", 1000),
        ("sale", "unapplied", "deferred", 813),
        ("tax", "unapplied", "tax", 187),
    ]
    status = cards.status(card, town.at)
    assert ends is not None
    assert status.valid_until is not None
    assert status.valid_until > ends
    assert next_rung(town, card) > ends - timedelta(days=3) + timedelta(days=20)
    assert town.deliver_all() == 1
    assert findings(town) == {}
    town.at = later
    assert sweep(town).taken == charge(town) == 0


@pytest.mark.parametrize("order", ["balance_first", METHODS_FIRST])
def test_the_order_of_balance_and_means_is_the_persons(sandboxed_town: World, order: str) -> None:
    town = sandboxed_town
    card = armed(town, "tok_approve", balance=1000, means_order=order)
    to_rung(town, card)
    swept = sweep(town)
    charge(town)
    means = "balance" if order == "balance_first" else "gateway"
    assert automatic(town, card) == [("paid", means, "")]
    assert (swept.renewed, swept.placed) == ((1, 0) if means == "balance" else (0, 1))
    assert findings(town) == {}


def test_without_a_usable_means_the_balance_is_short(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town)
    to_rung(town, card)
    assert sweep(town).refused == 1
    reason = "select reason from database_request where channel = 'auto'"
    assert town.all(reason) == [("balance_short",)]


def test_a_soft_decline_goes_on_with_the_next_means(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town, "tok_decline_soft", "tok_approve")
    to_rung(town, card)
    sweep(town)
    assert charge(town) == 2
    assert tries(town) == [
        ("tok_decline_soft", "failed", "insufficient_funds"),
        ("tok_approve", "succeeded", ""),
    ]
    assert automatic(town, card) == [("paid", "gateway", "")]
    assert [each.state for each in payments.methods_of(card.account_id)] == ["active", "active"]
    assert written(town, "auto_failed") == []
    assert findings(town) == {}


def test_then_the_balance_pays(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town, "tok_decline_soft", balance=1000, means_order=METHODS_FIRST)
    to_rung(town, card)
    assert sweep(town) == PLACED
    assert charge(town) == 1
    assert automatic(town, card) == [("paid", "balance", "")]
    assert town.one("select balance from ledger_account where kind = 'balance'") == 0
    assert findings(town) == {}


def test_with_nothing_left_it_is_closed_told_once_and_the_next_rung_stands(
    sandboxed_town: World,
) -> None:
    town = sandboxed_town
    card = armed(town, "tok_decline_soft")
    for _rung in range(2):
        to_rung(town, card)
        assert sweep(town) == PLACED
        assert charge(town) == 1
    assert automatic(town, card) == [("refused", "gateway", "payment_declined")] * 2
    assert [to for _template, to, _state in written(town, "auto_failed")] == [
        "putri@testline.example"
    ]
    facts = town.one("select facts from notices_notice where template = 'auto_failed'")
    assert (facts["reason"], facts["total"]) == ("payment_declined", 1000)
    assert next_rung(town, card) > town.at
    assert findings(town).keys() <= NOT_SENT


def test_a_hard_decline_is_never_tried_again_until_there_is_another_means(
    sandboxed_town: World,
) -> None:
    town = sandboxed_town
    card = armed(town, "tok_decline_hard")
    to_rung(town, card)
    sweep(town)
    assert charge(town) == 1
    (broken,) = payments.methods_of(card.account_id)
    assert (broken.state, broken.reason) == ("broken", "lost_card")
    to_rung(town, card)
    assert sweep(town).refused == 1
    assert charge(town) == 0
    assert len(tries(town)) == 1
    town.advance(minutes=7)
    keep(town, card, "tok_approve")
    assert next_rung(town, card) == town.at
    assert sweep(town) == PLACED
    assert charge(town) == 1
    assert automatic(town, card)[-1] == ("paid", "gateway", "")
    assert findings(town).keys() <= NOT_SENT


def test_a_broken_means_that_is_kept_anew_is_tried_at_once(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town, "tok_decline_hard")
    to_rung(town, card)
    sweep(town)
    charge(town)
    town.advance(minutes=7)
    again = keep(town, card, "tok_decline_hard")
    assert again.is_active
    assert sweep(town) == PLACED
    assert charge(town) == 1
    assert tries(town) == [("tok_decline_hard", "failed", "lost_card")] * 2


def test_a_means_kept_before_the_ladder_begins_hurries_nothing(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town)
    rung = next_rung(town, card)
    town.advance(hours=1)
    keep(town, card, "tok_approve")
    assert next_rung(town, card) == rung


def test_a_bank_that_wants_the_person_is_soft_and_the_person_is_told(
    sandboxed_town: World,
) -> None:
    town = sandboxed_town
    card = armed(town, "tok_confirm")
    to_rung(town, card)
    sweep(town)
    charge(town)
    assert tries(town) == [("tok_confirm", "failed", "authentication_required")]
    assert payments.methods_of(card.account_id)[0].is_active
    facts = town.one("select facts from notices_notice where template = 'auto_failed'")
    assert facts["reason"] == "authentication_required"
    assert automatic(town, card) == [("refused", "gateway", "payment_declined")]


@pytest.mark.parametrize(("token", "paid"), [("tok_unknown_yes", True), ("tok_unknown_no", False)])
def test_while_the_outcome_is_unknown_nothing_else_is_tried(
    sandboxed_town: World,
    simulator: SimulatorProcess,
    token: str,
    paid: bool,  # noqa: FBT001
) -> None:
    town = sandboxed_town
    simulator.settings(unknown_ms=60_000)
    card = armed(town, token, "tok_approve", plan=town.plan(days=1))
    to_rung(town, card)
    sweep(town)
    assert charge(town) == 1
    assert tries(town) == [(token, "unknown", "")]
    assert town.renew(card, town.plan()).reason == "renewal_open"
    town.advance(minutes=1)
    assert (charge(town), town.ask_all()) == (0, 1)
    assert [state for _token, state, _reason in tries(town)] == ["unknown"]
    town.advance(minutes=3)
    assert town.ask_all() == 1
    assert charge(town) == (0 if paid else 1)
    assert automatic(town, card) == [("paid", "gateway", "")]
    assert findings(town) == {}


def test_a_rung_that_meets_an_unknown_charge_waits(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town, "tok_unknown_yes", plan=town.plan(days=1))
    to_rung(town, card)
    sweep(town)
    charge(town)
    to_rung(town, card)
    assert sweep(town).refused == 1
    reasons = town.all("select reason from database_request where channel = 'auto' order by at")
    assert reasons == [(None,), ("renewal_open",)]
    assert len(tries(town)) == 1


def test_a_late_yes_after_another_paid_goes_back(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    town = sandboxed_town
    card = armed(town, "tok_late_success")
    to_rung(town, card)
    sweep(town)
    charge(town)
    first = renewal_of(town, card)
    town.advance(minutes=11)
    town.ask_all()
    assert tries(town)[0][1] == "superseded"
    town.advance(minutes=30)
    assert town.expire_due() == 1
    town.fund(card.account_id, "balance", 1000)
    to_rung(town, card)
    assert sweep(town).renewed == 1
    town.deliver_all()
    simulator.settings(late_ms=0)
    town.advance(hours=2)
    town.ask_all()
    assert tries(town)[0][1] == "succeeded"
    assert refunds(town) == [("succeeded", 1000, "late")]
    assert [kind for kind, *_ in booked(town, first)] == ["capture", "refund"]
    assert findings(town).keys() <= NOT_SENT


def test_means_that_are_taken_away_before_the_call_are_not_charged(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town, "tok_approve", "tok_approve_2")
    first = payments.methods_of(card.account_id)[0]
    to_rung(town, card)
    sweep(town)
    payments.end_method(town.caller(), card.id, first.id, town.at)
    charge(town)
    states = [(token, state, reason) for token, state, reason in tries(town)]
    assert states[0] == ("tok_approve", "failed", "not_sent")
    assert states[1][0] == "tok_approve_2"


def test_what_waited_too_long_is_not_charged_and_told_to_nobody(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town, "tok_approve")
    to_rung(town, card)
    sweep(town)
    town.advance(minutes=31)
    assert charge(town) == 0
    assert tries(town) == [("tok_approve", "failed", "not_sent")]
    assert town.expire_due() == 1
    assert written(town, "auto_failed") == []
    to_rung(town, card)
    assert sweep(town) == PLACED
    assert charge(town) == 1
    assert findings(town) == {}


def test_a_card_that_is_renewed_by_hand_absorbs_what_was_declined(sandboxed_town: World) -> None:
    town = sandboxed_town
    card = armed(town, "tok_decline_soft")
    to_rung(town, card)
    sweep(town)
    in_flight: Answer = town.renew(card, town.plan())
    assert in_flight.reason == "renewal_open"
    charge(town)
    town.fund(card.account_id, "balance", 1000)
    assert town.renew(card, town.plan()).outcome == "renewed"
    assert next_rung(town, card) > town.at + timedelta(days=20)


def test_who_keeps_a_means_is_not_warned_of_a_short_balance(sandboxed_town: World) -> None:
    town = sandboxed_town
    kept, bare = armed(town, "tok_approve"), armed(town)
    town.at = next_rung(town, kept) - timedelta(hours=12)
    autorenewal.warn_short(town.at)
    assert town.all("select account_id from notices_warned where template = 'auto_short'") == [
        (bare.account_id,)
    ]


def test_each_card_is_charged_its_own(sandboxed_town: World) -> None:
    town, plan = sandboxed_town, sandboxed_town.plan()
    tokens = ["tok_approve", "tok_decline_soft", "tok_decline_hard", "tok_webhook_twice"]
    due = [armed(town, tokens[number % 4], plan=plan) for number in range(40)]
    to_rung(town, *due)
    assert sweep(town).placed == 40
    assert charge(town) == 40
    said = [automatic(town, card)[0][0] for card in due]
    assert said == ["paid", "refused", "refused", "paid"] * 10
    assert renewals.find(renewal_of(town, due[0])) is not None
    assert findings(town) == {}
