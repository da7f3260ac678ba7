"""The audit finds nothing in a world that only verbs touched, and each thing broken by hand."""

from datetime import timedelta

import pytest

from everline import renewals
from everline.database.requests import Caller
from everline.office.audit import INVARIANTS, audit
from everline.payments import Said, first_attempt, mark_sent
from everline.renewals.pay import settle
from tests.world import World

BREAKS = {
    "debits_equal_credits": "update ledger_transfer set currency = 'USD' where kind = 'sale'",
    "floors_hold": "update ledger_account set balance = -1 where kind = 'balance'",
    "balances_are_replayed": (
        "update ledger_account set balance = balance + 1 where kind = 'balance'"
    ),
    "holds_are_counted": (
        "update ledger_account set held = 1 where kind = 'balance' and balance > 1"
    ),
    "roll_ups_are_replayed": "update ledger_rollup set debits = debits + 1",
    "sales_have_their_transfers": "delete from ledger_transfer where kind = 'tax'",
    "topups_have_their_transfers": "delete from ledger_transfer where kind = 'topup'",
    "commissions_follow_their_sale": (
        "update ledger_transfer set amount = 501 where kind = 'commission'"
    ),
    "codes_are_of_open_renewals": (
        "update renewals_renewal set spoken_code = '48273915' where state = 'paid'"
    ),
    "sales_have_their_renewal": "update ledger_transfer set group_id = id where kind = 'sale'",
    "money_is_applied_or_returned": "update payments_payment set captured = captured + 1",
    "captures_have_their_attempt": "update payments_attempt set state = 'failed'",
    "refunds_are_booked": "delete from ledger_transfer where kind = 'refund'",
    "paid_is_owned": "update renewals_renewal set deadline_at = null where state = 'paid'",
    "terms_do_not_overlap": (
        "insert into cards_entitlement select gen_random_uuid(), account_id, renewal_id,"
        " plan_version_id, state, starts_at + interval '1 minute', ends_at, planned_ends_at,"
        " anchor_day, allowance_bytes, fair_use_bytes, used_bytes, carried_bytes, used_as_of,"
        " devices_max, closed_by_id, card_id from cards_entitlement where state <> 'cancelled'"
    ),
    "cards_are_there": "update renewals_renewal set card_id = id where state = 'reversed'",
    "paid_has_its_term": "update cards_entitlement set state = 'cancelled'",
    "no_term_is_paid_twice": (
        "update renewals_renewal r set card_id = o.card_id, account_id = o.account_id,"
        " starts_at = o.starts_at from renewals_renewal o"
        " where o.state = 'paid' and r.state = 'delivered'"
    ),
    "one_renewal_is_open": (
        "update renewals_renewal r set state = 'held', card_id ="
        " (select o.card_id from renewals_renewal o where o.state = 'awaiting_payment')"
        " where r.state = 'paid'"
    ),
    "nothing_is_stuck": "update jobs_job set run_at = run_at - interval '1 hour'",
    "persons_keep_their_deadlines": "update payments_attempt set state = 'parked', owner = ''",
    "states_have_their_history": "update renewals_renewal set state = 'held' where state = 'paid'",
    "steps_are_allowed": "update database_history set event = 'jump' where machine = 'renewal'",
    "requests_have_their_answer": "update database_request set answer_id = null",
    "due_is_tried": "update cards_card set next_rung_at = '2020-01-01'",
    "foreseen_is_tried": (
        "with given as (insert into autorenewal_mandate (id, account_id, card_id, channel,"
        " words_version, given_at) select gen_random_uuid(), account_id, id, 'web', '2026-11',"
        " loaded_at - interval '60 days' from cards_card)"
        " update cards_entitlement set starts_at = starts_at - interval '31 days',"
        " ends_at = ends_at - interval '31 days' where state <> 'cancelled'"
    ),
    "cohorts_are_replayed": "update renewals_cohort set sold = sold + 1",
}
"""One way to break each invariant, with constraints and triggers out of the way."""


def _lived_in(world: World) -> None:
    """Let a world see a bit of everything: sales, a refund, an open renewal, a roll-up."""
    plan = world.plan()
    world.renew(world.card(balance=2500), plan)
    for state in ("delivered", "refunded", "waiting"):
        card = world.card()
        caller = Caller("web", "somebody", state)
        answer = renewals.place(caller, world.order(card, plan), "sandbox", None, world.at)
        assert answer.id is not None
        attempt = first_attempt(answer.id)
        assert attempt is not None
        if state == "waiting":
            continue
        mark_sent(attempt.id, world.at)
        settle(attempt.id, Said("succeeded", "ref", None, "•••• 4242"), world.at)
        if state == "delivered":
            world.verb("begin_delivery", answer.id, "apply", "simulated", world.at)
            world.verb("deliver", answer.id, "done", "", world.at)
            continue
        renewals.reverse(Caller("web", "somebody", "back"), answer.id, "asked", world.at)
        (refund,) = world.all("select id from payments_refund")
        world.verb("claim_refunds", world.at, 10, 60)
        world.verb("settle_refund", refund[0], "succeeded", "back", "", None, world.at)
    store = world.retailer(deposit=3000, commission=300)
    world.top_up(world.card("activated"), 1000, store)
    paid = world.place(world.card(), plan)
    renewals.pay_open(world.caller("store"), paid, store.account_id, world.at)
    topup = world.place_top_up(world.card(), 700)
    world.hear(world.send(topup), "succeeded", reference="r")
    world.place_top_up(world.card(), 700)
    world.roll_up_all()


def _found(world: World) -> set[str]:
    return {finding.invariant.name for finding in audit(world.at) if finding.total}


def test_a_world_that_only_verbs_touched_is_clean(sandboxed: World) -> None:
    world = sandboxed
    _lived_in(world)
    assert _found(world) == set()
    world.advance(days=3)
    assert "nothing_is_stuck" in _found(world)


def test_every_invariant_has_a_way_to_break_it() -> None:
    assert {invariant.name for invariant in INVARIANTS} == set(BREAKS)


MORE_BREAKS = {
    "cards_are_there": ("update cards_entitlement set account_id = id",),
    "floors_hold": (
        "update ledger_account set balance = 1 where kind = 'deferred'",
        "update ledger_account set held = 1 where kind = 'deferred'",
    ),
    "topups_have_their_transfers": (
        "update topups_topup set amount = amount + 1 where state = 'paid'",
        "update topups_topup set state = 'reversed' where means = 'gateway' and state = 'paid'",
        (
            "insert into ledger_transfer (id, account_id, group_id, kind, debit_id, credit_id,"
            " amount, currency, at, transaction_id) select gen_random_uuid(), account_id,"
            " gen_random_uuid(), kind, debit_id, credit_id, amount, currency, at, transaction_id"
            " from ledger_transfer where kind = 'topup' limit 1"
        ),
    ),
    "commissions_follow_their_sale": (
        "update topups_topup set state = 'reversed' where means = 'deposit'",
        "update topups_topup set payer_id = account_id where means = 'deposit'",
    ),
    "money_is_applied_or_returned": (
        "update topups_topup set state = 'cancelled' where means = 'gateway' and state = 'paid'",
        "update payments_payment set purpose = 'topup' where purpose = 'renewal'",
    ),
    "nothing_is_stuck": (
        "update topups_topup set deadline_at = null where state = 'awaiting_payment'",
        (
            "update topups_topup set deadline_at = deadline_at - interval '2 days'"
            " where state = 'awaiting_payment'"
        ),
    ),
    "one_renewal_is_open": (
        (
            "update topups_topup t set state = 'awaiting_payment', card_id = (select o.card_id"
            " from topups_topup o where o.state = 'awaiting_payment') where t.state = 'paid'"
        ),
    ),
    "states_have_their_history": ("update topups_topup set state = 'expired'",),
    "requests_have_their_answer": (
        "update topups_topup set request_id = 'another' where means = 'deposit'",
        "update database_request set answer_id = gen_random_uuid() where outcome = 'topped_up'",
    ),
}
"""More ways, of what top-ups, commissions and other doors have added."""


@pytest.mark.parametrize(
    ("name", "broken"),
    [(name, broken) for name, several in MORE_BREAKS.items() for broken in several],
)
def test_more_of_what_is_broken_by_hand_is_found(sandboxed: World, name: str, broken: str) -> None:
    world = sandboxed
    plan = world.plan()
    store = world.retailer(deposit=3000, commission=300)
    world.top_up(world.card("activated"), 1000, store)
    paid = world.place_top_up(world.card(), 700)
    world.hear(world.send(paid), "succeeded", reference="r")
    world.place_top_up(world.card(), 700)
    world.hear(world.send(world.place(world.card(), plan)), "succeeded", reference="r")
    assert name not in _found(world)
    world.break_rules(broken)
    assert name in _found(world)


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_by_hand_is_found(sandboxed: World, name: str) -> None:
    world = sandboxed
    _lived_in(world)
    world.advance(seconds=1)
    world.break_rules(BREAKS[name])
    found = {finding.invariant.name: finding for finding in audit(world.at) if finding.total}
    assert name in found
    assert found[name].offences[0].id


def test_audit_reads_one_moment(sandboxed: World) -> None:
    world = sandboxed
    _lived_in(world)
    findings = list(audit(world.at + timedelta(seconds=1)))
    assert len(findings) == len(INVARIANTS)
