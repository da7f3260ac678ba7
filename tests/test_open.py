"""What one door opened, another finds by its spoken code, and pays from a balance or a deposit.

Each race has its negative control, as in test_once.py.
"""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from everline import cards, ledger, payments, renewals
from everline.database.requests import Answer
from tests.town import (
    LINGER,
    Spoiler,
    as_owner,
    at_once,
    booked,
    findings,
    give_back,
    outcomes,
    refunds,
    state,
)
from tests.world import Plan, World


def code_of(world: World, renewal: UUID) -> str | None:
    code: str | None = world.one("select spoken_code from renewals_renewal where id = %s", renewal)
    return code


def deposit(account: UUID) -> int:
    return ledger.spendable(account, "deposit", "EUR")


def pay_open(world: World, renewal: UUID, payer: UUID, channel: str = "store") -> Answer:
    return renewals.pay_open(world.caller(channel), renewal, payer, world.at)


# The code.


def test_an_open_renewal_has_a_code_that_finds_it_until_its_time_is_over(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    code = code_of(town, renewal)
    assert code is not None
    assert len(code) == 8
    assert set(code) <= set("23456789")
    shown = renewals.grouped_code(code)
    assert shown == f"{code[:4]} {code[4:]}"
    for typed in (code, shown, f"{code[:4]}-{code[4:]}"):
        found = renewals.find_by_code(typed, town.at)
        assert found is not None
        assert (found.id, found.spoken_code) == (renewal, code)
    for typed in ("", "2", code[:7], code + "2", "22222222" if code != "22222222" else "33333333"):
        assert renewals.find_by_code(typed, town.at) is None
    assert renewals.find_by_code(code, town.at + timedelta(minutes=30)) is None


@pytest.mark.parametrize("ending", ["paid", "pay_open", "cancelled", "expired", "absorbed"])
def test_a_code_is_gone_when_its_renewal_is_paid_or_closed(town: World, ending: str) -> None:
    card, plan = town.card(balance=5000), town.plan()
    renewal = town.place(card, plan, channel="auto" if ending == "absorbed" else "web")
    code = code_of(town, renewal)
    assert code
    if ending == "paid":
        town.hear(town.send(renewal), "succeeded", reference="r")
    elif ending == "pay_open":
        assert pay_open(town, renewal, card.account_id).outcome == "renewed"
    elif ending == "cancelled":
        renewals.cancel(town.caller(), renewal, town.at)
    else:
        town.hear(town.send(renewal), "failed", reason="declined")
        if ending == "absorbed":
            assert town.renew(card, plan).outcome == "renewed"
        else:
            town.advance(minutes=31)
            town.expire_due()
    assert code_of(town, renewal) is None
    assert renewals.find_by_code(code, town.at) is None
    assert findings(town) == {}


def test_what_is_paid_at_once_has_no_code(town: World) -> None:
    town.renew(town.card(balance=5000), town.plan())
    assert town.all("select spoken_code from renewals_renewal") == [(None,)]


def test_a_clash_of_codes_is_drawn_again_and_never_stops_a_renewal(
    town: World, spoiler: Spoiler
) -> None:
    plan = town.plan()
    spoiler.weaken("code_by_chance", (" & 7)", " & 0)"))
    first, second = (town.place(town.card(), plan) for _ in range(2))
    assert (code_of(town, first), code_of(town, second)) == ("22222222", None)
    spoiler.restore()


def test_codes_are_drawn_from_all_digits(town: World) -> None:
    drawn = [str(as_owner(town, "select code_by_chance()")()) for _ in range(40)]
    assert len(set(drawn)) == 40
    assert set("".join(drawn)) == set("23456789")


# Paying at another door.


def test_a_store_pays_what_was_opened_on_the_web(town: World) -> None:
    card, plan = town.card(), town.plan(tax=2300)
    store = town.retailer(deposit=5000, commission=333)
    renewal = town.place(card, plan)
    caller = town.caller("store")
    answer = renewals.pay_open(caller, renewal, store.account_id, town.at)
    assert (answer.id, answer.outcome, answer.replayed) == (renewal, "renewed", False)
    again = renewals.pay_open(caller, renewal, store.account_id, town.at)
    assert (again.id, again.valid_until, again.replayed) == (renewal, answer.valid_until, True)
    found = renewals.find(renewal)
    assert found is not None
    assert (found.channel, found.means, found.payer_id, found.state, found.ends_at) == (
        "web",
        "deposit",
        store.account_id,
        "paid",
        answer.valid_until,
    )
    assert renewals.find_by_request("store", caller.source, caller.request_id) == found
    assert renewals.find_by_request("web", found.source, found.request_id) == found
    assert renewals.find_by_request("web", found.source, "another") is None
    assert renewals.of_payer(store.account_id, 9) == [found]
    assert booked(town, renewal) == [
        ("commission", "commission", "deposit", 33),
        ("sale", "deposit", "deferred", 813),
        ("tax", "deposit", "tax", 187),
    ]
    assert deposit(store.account_id) == 5000 - 1000 + 33
    assert town.all("select state from payments_attempt") == [("failed",)]
    town.deliver_all()
    assert state(town, renewal) == "delivered"
    assert findings(town) == {}


def test_a_balance_pays_and_writes_what_a_balance_paid_renewal_writes(town: World) -> None:
    plan = town.plan()
    at_once_card, card = town.card(balance=1000), town.card(balance=1000)
    one = town.renew(at_once_card, plan).id
    renewal = town.place(card, plan)
    assert pay_open(town, renewal, card.account_id, "hotline").outcome == "renewed"
    assert booked(town, renewal) == booked(town, one)
    for table in ("cards_entitlement", "jobs_job"):
        subject = "renewal_id" if table == "cards_entitlement" else "subject_id"
        counts = [
            town.one(f"select count(*) from {table} where {subject} = %s", each)
            for each in (one, renewal)
        ]
        assert counts == [1, 1]
    assert findings(town) == {}


def test_what_stands_against_paying_at_another_door_is_told_and_kept(town: World) -> None:
    card, plan = town.card(balance=999), town.plan()
    store = town.retailer(deposit=10)
    renewal = town.place(card, plan)
    assert pay_open(town, card.id, store.account_id).reason == "renewal_unknown"
    short = pay_open(town, renewal, store.account_id)
    assert short.facts == {"needed": 1000, "currency": "EUR", "balance": 10}
    assert pay_open(town, renewal, card.account_id).reason == "balance_short"
    town.owner.execute("update trust_channel set means = '{gateway}' where code = 'kiosk'")
    refused = pay_open(town, renewal, store.account_id, "kiosk")
    assert (refused.reason, refused.facts) == ("means_not_allowed", {"means": ["gateway"]})
    assert town.all("select state from payments_attempt") == [("created",)]
    attempt = town.send(renewal)
    town.fund(store.account_id, "deposit", 5000)
    for _silence in range(2):
        assert pay_open(town, renewal, store.account_id).reason == "payment_unsure"
        town.hear(attempt, "unknown")
    town.hear(attempt, "failed", reason="declined")
    cards.change(town.caller(), card.id, "suspend", town.at)
    assert pay_open(town, renewal, store.account_id).reason == "card_suspended"
    cards.change(town.caller(), card.id, "resume", town.at)
    town.advance(minutes=31)
    late = pay_open(town, renewal, store.account_id)
    assert (late.reason, late.facts) == ("renewal_state", {"state": "awaiting_payment"})
    assert deposit(store.account_id) == 5010
    assert findings(town) == {}


def test_a_superseded_attempt_that_succeeds_after_all_goes_back_and_ends_no_reversal(
    town: World,
) -> None:
    card, plan, store = town.card(), town.plan(), town.retailer(deposit=5000, commission=100)
    renewal = town.place(card, plan)
    attempt = town.send(renewal)
    town.hear(attempt, "unknown")
    town.advance(minutes=12)
    assert town.hear(attempt, "unknown")[0] == "superseded"
    assert pay_open(town, renewal, store.account_id).outcome == "renewed"
    town.deliver_all()
    renewals.reverse(town.caller(), renewal, "asked", town.at)
    assert town.hear(attempt, "succeeded", reference="r") == ("succeeded", "reversing")
    assert refunds(town) == [("created", 1000, "late")]
    assert give_back(town) == ["succeeded"]
    assert state(town, renewal) == "reversing"
    town.verb("withdrawn", renewal, "done", "", town.at)
    assert state(town, renewal) == "reversed"
    assert deposit(store.account_id) == 5000
    assert findings(town) == {}


def test_paying_slowly_at_another_door_answers_with_the_end_that_was_given(town: World) -> None:
    card, plan = town.card(balance=1000), town.plan(days=7)
    renewal = town.place(card, plan)
    town.hear(town.send(renewal), "failed", reason="declined")
    town.advance(minutes=20)
    caller = town.caller("hotline")
    for is_replayed in (False, True):
        answer = renewals.pay_open(caller, renewal, card.account_id, town.at)
        assert answer.valid_until == town.at + timedelta(days=7)
        assert answer.replayed is is_replayed


def test_a_promotion_is_paid_out_of_its_budget_at_another_door_too(town: World) -> None:
    code = town.promotion(budget=3)
    card, plan = town.card(balance=1000), town.plan()
    renewal = town.place(card, plan, promotion=code)
    assert pay_open(town, renewal, card.account_id).outcome == "renewed"
    assert ("promotion", "promotion_budget", "promotion_spent", 1) in booked(town, renewal)
    assert findings(town) == {}


# Commission on a renewal at once.


@pytest.mark.parametrize("kind", ["partner", "retailer"])
def test_who_pays_from_a_deposit_earns_and_gives_back(town: World, kind: str) -> None:
    firm: Any = getattr(town, kind)(deposit=5000, commission=5000)
    plan = town.plan(price=999)
    card = town.card()
    answer = renewals.renew(town.caller("store"), town.order(card, plan), firm.account_id, town.at)
    assert ("commission", "commission", "deposit", 500) in booked(town, answer.id)  # of 499.5
    assert deposit(firm.account_id) == 5000 - 999 + 500
    assert answer.id is not None
    renewals.reverse(town.caller("store"), answer.id, "asked", town.at)
    assert deposit(firm.account_id) == 5000
    assert findings(town) == {}


def test_nothing_is_earned_on_what_is_free(town: World) -> None:
    code = town.promotion(percent_basis_points=10_000)
    store = town.retailer(deposit=0, commission=500)
    order = town.order(town.card(), town.plan(), promotion=code)
    answer = renewals.renew(town.caller("store"), order, store.account_id, town.at)
    assert (answer.outcome, booked(town, answer.id)) == ("renewed", [])


# Races.


def _pay_everywhere(world: World, calls: int) -> tuple[UUID, list[Answer]]:
    card: cards.Card = world.card(balance=100_000)
    plan: Plan = world.plan()
    stores = [world.retailer(deposit=5000, commission=100) for _ in range(3)]
    renewal = world.place(card, plan)
    payers = [card.account_id, *(store.account_id for store in stores)]
    return renewal, at_once(
        [
            partial(renewals.pay_open, world.caller("store"), renewal, payers[number % 4], world.at)
            for number in range(calls)
        ]
    )


@pytest.mark.race
def test_sixty_four_payers_pay_an_open_renewal_once(town: World) -> None:
    _renewal, answers = _pay_everywhere(town, 64)
    assert outcomes(answers) == {"renewed": 1, "renewal_state": 63}
    assert findings(town) == {}


@pytest.mark.race
def test_without_the_lock_of_the_card_it_is_paid_twice(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "pay_open",
        ("    perform 1 from cards_card c where c.id = waiting.card_id for update;\n", ""),
        ("    order by a.id for update;", "    order by a.id;"),
        ("    if why.reason is not null then", f"    {LINGER}\n    if why.reason is not null then"),
    )
    spoiler.weaken("pay_renewal", ("r.state, 'pay'", "'awaiting_payment', 'pay'"))
    spoiler.weaken("abandon_attempts", ("a.state in ('created', 'sent', 'unknown')", "false"))
    spoiler.drop("renewals_renewal", "a_term_is_paid_once")
    spoiler.drop("cards_entitlement", "entitlement_terms_do_not_overlap")
    spoiler.drop("ledger_transfer", "ledger_transfer_pkey")
    spoiler.drop("cards_entitlement", "cards_entitlement_pkey")
    spoiler.drop("jobs_job", "jobs_job_pkey")
    spoiler.drop("jobs_job", "job_is_queued_once")
    _renewal, answers = _pay_everywhere(town, 4)
    assert outcomes(answers)["renewed"] > 1
    assert "sales_have_their_transfers" in findings(town)


@pytest.mark.race
def test_a_page_that_sends_and_a_store_that_pays_never_both_take_the_money(town: World) -> None:
    plan, store = town.plan(), town.retailer(deposit=50_000)
    opened = [town.place(town.card(), plan) for _ in range(12)]
    sends = [partial(_sent, town, each) for each in opened]
    pays = [
        partial(renewals.pay_open, town.caller("store"), each, store.account_id, town.at)
        for each in opened
    ]
    told: list[Any] = at_once([*sends, *pays])
    for was_sent, paid in zip(told[:12], told[12:], strict=True):
        assert (paid.reason or paid.outcome) == ("payment_unsure" if was_sent else "renewed")
    assert findings(town) == {}


def _sent(world: World, renewal: UUID) -> bool:
    attempt = payments.first_attempt(renewal)
    assert attempt is not None
    return payments.mark_sent(attempt.id, world.at) is not None
