"""Once: whatever is pressed twice, retried, or raced over several channels and workers.

Each race has a negative control, in a database of its own: with the lock or the index taken out of
the verb, the same race must be seen to fail, else it would show nothing. Where a gap is narrow, the
weakened verb dawdles in it.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from everline import cards, ledger, payments, renewals
from everline.database.requests import Answer
from tests.town import as_owner, at_once, findings, weaken
from tests.world import Plan, World

pytestmark = pytest.mark.race

MANY = 64
DAWDLE = "perform pg_sleep(0.02);"
Call = Callable[[], Answer]


def _outcomes(answers: list[Answer]) -> Counter[str | None]:
    return Counter(answer.reason or answer.outcome for answer in answers)


def _renewals(world: World, plan: Plan, these: list[cards.Card], **order: Any) -> list[Any]:
    """One renewal of each card from its own balance, quoted and ready to be called."""
    payer = order.pop("payer", None)
    return [
        partial(
            renewals.renew,
            world.caller(),
            world.order(card, plan, **order),
            payer or card.account_id,
            world.at,
        )
        for card in these
    ]


# One request id.


def _press_many_times(world: World) -> list[Answer]:
    card, plan = world.card(balance=100_000), world.plan()
    press = partial(
        renewals.renew, world.caller(), world.order(card, plan), card.account_id, world.at
    )
    return at_once([press] * MANY)


def test_one_request_id_is_one_renewal_and_replays(town: World) -> None:
    answers = _press_many_times(town)
    assert {(answer.outcome, answer.id) for answer in answers} == {("renewed", answers[0].id)}
    assert Counter(answer.replayed for answer in answers) == {False: 1, True: MANY - 1}
    assert town.all("select count(*) from renewals_renewal") == [(1,)]
    assert findings(town) == {}


def test_without_its_key_a_request_id_is_answered_more_than_once(world: World) -> None:
    weaken(
        world,
        "claim",
        (" on conflict on constraint database_request_pkey do nothing", ""),
        (
            "    insert into",
            "    if exists (select from database_request r where r.request_id = claim.request_id)"
            f" then return false; end if; {DAWDLE}\n    insert into",
        ),
    )
    world.owner.execute("alter table database_request drop constraint database_request_pkey")
    weaken(world, "replay", ("into strict", "into"))
    assert sum(not answer.replayed for answer in _press_many_times(world)) > 1


# Many request ids on one card.


def _insist(world: World, card: cards.Card, plan: Plan) -> Callable[[], Call]:
    """Take whatever place in the queue there is: where a quote has changed, take the new one."""
    first = world.order(card, plan)

    def insist() -> Call:
        order = first
        for _try in range(MANY):
            call = partial(renewals.renew, world.caller(), order, card.account_id, world.at)
            if call().reason != "quote_changed":
                return call
            order = world.order(card, plan)
        raise AssertionError

    return insist


def test_a_balance_for_one_pays_one_and_the_refusals_are_kept(town: World) -> None:
    calls = at_once([_insist(town, town.card(balance=1900), town.plan())] * MANY)
    town.fund(town.one("select account_id from cards_card"), "balance", 100_000)
    answers = [call() for call in calls]
    assert all(answer.replayed for answer in answers)
    assert _outcomes(answers) == {"renewed": 1, "balance_short": MANY - 1}
    assert findings(town) == {}


def test_a_queue_is_filled_to_its_end_and_no_term_twice(town: World) -> None:
    calls = at_once([_insist(town, town.card(balance=100_000), town.plan(days=30))] * 16)
    answers = [call() for call in calls]
    assert _outcomes(answers) == {"renewed": 7, "too_far_ahead": 9}
    assert len({answer.valid_until for answer in answers if answer.valid_until}) == 7
    assert findings(town) == {}


def test_without_the_lock_of_the_card_a_term_is_paid_twice(world: World) -> None:
    weaken(
        world,
        "renew",
        ("c.account_id = renew.account for update;", "c.account_id = renew.account;"),
        ("    if why.reason is not null then", f"    {DAWDLE}\n    if why.reason is not null then"),
    )
    world.owner.execute("drop index a_term_is_paid_once")
    world.owner.execute(
        "alter table cards_entitlement drop constraint entitlement_terms_do_not_overlap"
    )
    at_once(_renewals(world, world.plan(), [world.card(balance=100_000)] * 8))
    assert {"no_term_is_paid_twice", "terms_do_not_overlap"} <= findings(world).keys()


# One balance, deposit or budget, and many cards.


def _share(world: World, *, deposit: int, pockets: int = 1) -> tuple[Any, list[Answer]]:
    partner = world.partner(deposit=deposit, pockets=pockets)
    assert ledger.refill(world.at) == (pockets > 1)
    these = [world.card() for _ in range(MANY)]
    calls = _renewals(world, world.plan(), these, payer=partner.account_id)
    return partner, at_once(calls)


def test_a_deposit_for_one_pays_one(town: World) -> None:
    partner, answers = _share(town, deposit=1999)
    assert _outcomes(answers) == {"renewed": 1, "balance_short": MANY - 1}
    assert ledger.spendable(partner.account_id, "deposit", "EUR") == 999
    assert findings(town) == {}


def test_a_deposit_in_pockets_pays_as_many_as_it_can(town: World) -> None:
    partner, answers = _share(town, deposit=20_900, pockets=8)
    assert _outcomes(answers) == {"renewed": 20, "balance_short": MANY - 20}
    assert ledger.spendable(partner.account_id, "deposit", "EUR") == 900
    assert findings(town) == {}


def test_without_gathering_pockets_a_deposit_that_can_pay_refuses(world: World) -> None:
    weaken(
        world,
        "take",
        ("gather(take.account, take.kind, take.currency, take.amount, take.at)", "null"),
    )
    _partner, answers = _share(world, deposit=20_900, pockets=8)
    assert _outcomes(answers)["renewed"] < 20


def test_refilling_pockets_loses_no_money_while_they_pay(town: World) -> None:
    partner = town.partner(deposit=50_000, pockets=8)
    calls = _renewals(town, town.plan(), [town.card() for _ in range(48)], payer=partner.account_id)
    refills = [partial(ledger.refill, town.at)] * 8
    answers = [each for each in at_once([*calls, *refills]) if isinstance(each, Answer)]
    assert _outcomes(answers) == {"renewed": 48}
    assert ledger.spendable(partner.account_id, "deposit", "EUR") == 2000
    assert findings(town) == {}


@pytest.mark.parametrize("pockets", [1, 8])
def test_without_the_guarded_update_a_deposit_is_overspent(world: World, pockets: int) -> None:
    weaken(
        world,
        "take",
        (
            "    update ledger_account a set balance = a.balance - take.amount",
            "    select a.id into taken from ledger_account a where a.account_id = take.account"
            " and a.kind = take.kind and a.scope = '' and a.currency = take.currency"
            " and (last_pocket = 0 or a.id = taken) and a.balance - take.amount >= a.floor;"
            f" {DAWDLE} if taken is null then return null; end if;\n"
            "    update ledger_account a set balance = a.balance - take.amount",
        ),
        ("      and a.balance - a.held - take.amount >= a.floor\n    returning", "    returning"),
        ("        for update skip locked;", ";"),
    )
    weaken(world, "gather", ("    order by a.id for update;", "    order by a.id;"))
    world.owner.execute("alter table ledger_account drop constraint account_floor_holds")
    _partner, answers = _share(world, deposit=3900, pockets=pockets)
    assert _outcomes(answers)["renewed"] > 3
    assert findings(world).keys() & {"floors_hold", "balances_are_replayed"}


def _race_for_an_offer(world: World, pockets: int, **promotion: Any) -> list[Answer]:
    code = world.promotion(pockets=pockets, **promotion)
    account = world.one("select account_id from catalogue_promotion")
    unit = world.one("select budget_unit from catalogue_promotion")
    ledger.open_pockets(account, "promotion_budget", unit, pockets, world.at)
    these = [world.card(balance=1000) for _ in range(MANY)]
    return at_once(_renewals(world, world.plan(), these, promotion=code))


@pytest.mark.parametrize("pockets", [1, 4])
@pytest.mark.parametrize(
    "promotion",
    [
        {"budget": 1},
        {"budget": 299, "budget_unit": "EUR", "kind": "amount", "amount": 200, "currency": "EUR"},
    ],
    ids=["uses", "money"],
)
def test_a_budget_for_one_serves_one_of_many_buyers(
    town: World, pockets: int, promotion: dict[str, Any]
) -> None:
    answers = _race_for_an_offer(town, pockets, **promotion)
    assert _outcomes(answers) == {"renewed": 1, "promotion_spent": MANY - 1}
    assert town.all("select sum(discount) from renewals_renewal") == [
        (100 if promotion["budget"] == 1 else 200,)
    ]
    assert findings(town) == {}


def test_without_the_guarded_hold_a_budget_is_overspent(world: World) -> None:
    weaken(
        world,
        "hold",
        (
            "take(hold.account, hold.kind, hold.currency, hold.amount, hold.at)",
            "(select a.id from ledger_account a where a.account_id = hold.account"
            " and a.balance - a.held >= hold.amount)",
        ),
        ("balance = a.balance + hold.amount, ", ""),
    )
    world.owner.execute("alter table ledger_account drop constraint account_floor_holds")
    answers = _race_for_an_offer(world, 1, budget=1)
    assert _outcomes(answers)["renewed"] > 1
    assert "floors_hold" in findings(world)


# Several channels and the gateway's news on one card.


def _place_everywhere(world: World) -> list[Answer]:
    card, plan = world.card(), world.plan()
    return at_once(
        [
            partial(
                renewals.place,
                world.caller(channel),
                world.order(card, plan, channel=channel),
                "sandbox",
                None,
                world.at,
            )
            for channel in ("web", "hotline", "store", "kiosk") * 4
        ]
    )


def test_two_channels_at_once_open_one_renewal_and_the_other_is_told_where(town: World) -> None:
    answers = _place_everywhere(town)
    assert _outcomes(answers) == {"placed": 1, "renewal_open": 15}
    (placed,) = town.all("select id::text, channel from renewals_renewal")
    for answer in answers:
        if answer.facts:
            assert (answer.facts["renewal"], answer.facts["channel"]) == placed
    assert findings(town) == {}


def test_without_lock_and_index_two_channels_open_two_renewals(world: World) -> None:
    weaken(
        world,
        "place",
        ("c.account_id = place.account for update;", "c.account_id = place.account;"),
        ("    if why.reason is not null then", f"    {DAWDLE}\n    if why.reason is not null then"),
    )
    world.owner.execute("drop index one_open_renewal_per_card")
    assert _outcomes(_place_everywhere(world))["placed"] > 1
    assert "one_renewal_is_open" in findings(world)


def test_a_balance_and_a_gateway_at_once_end_in_one_paid_and_one_open_at_most(town: World) -> None:
    plan = town.plan()
    these = [town.card(balance=1000) for _ in range(12)]
    places = [
        partial(renewals.place, town.caller(), town.order(card, plan), "sandbox", None, town.at)
        for card in these
    ]
    answers = at_once([*_renewals(town, plan, these), *places])
    for at_balance, at_gateway in zip(answers[:12], answers[12:], strict=True):
        said = {at_balance.reason or at_balance.outcome, at_gateway.reason or at_gateway.outcome}
        assert said in ({"renewed", "quote_changed"}, {"renewal_open", "placed"})
    assert findings(town) == {}


def _hear_at_once(world: World, times: int = 16) -> tuple[Any, list[tuple[str, str]]]:
    renewal = world.place(world.card(), world.plan())
    attempt = world.send(renewal)
    hear = partial(world.hear, attempt, "succeeded", reference="r")
    return renewal, at_once([hear] * times)


def test_one_success_heard_by_many_pays_once(town: World) -> None:
    _renewal, heard = _hear_at_once(town)
    assert set(heard) == {("succeeded", "paid")}
    assert town.all("select captured, refunded from payments_payment") == [(1000, 0)]
    assert findings(town) == {}


def test_without_the_locks_one_success_is_captured_twice(world: World) -> None:
    weaken(world, "settle", (" where c.account_id = owed.account_id for update", ""))
    weaken(
        world,
        "settle_attempt",
        ("where a.id = settle_attempt.attempt for update;", "where a.id = settle_attempt.attempt;"),
        ("    reached := tried.state;", f"    {DAWDLE}\n    reached := tried.state;"),
    )
    _hear_at_once(world, 4)
    assert findings(world).keys() >= {"captures_have_their_attempt"}


def _retry_at_once(world: World) -> list[Answer]:
    renewal = world.place(world.card(), world.plan())
    world.hear(world.send(renewal), "failed", reason="insufficient_funds")
    return at_once(
        [
            partial(renewals.retry_payment, world.caller(), renewal, "sandbox", None, world.at)
            for _ in range(8)
        ]
    )


def test_many_retries_at_once_add_one_attempt(town: World) -> None:
    assert _outcomes(_retry_at_once(town)) == {"placed": 1, "payment_unsure": 7}
    assert town.all("select state from payments_attempt order by number") == [
        ("failed",),
        ("created",),
    ]
    assert findings(town) == {}


def test_without_the_lock_of_the_card_two_attempts_are_open(world: World) -> None:
    weaken(
        world,
        "retry_payment",
        ("perform 1 from cards_card c where c.id = waiting.card_id for update;", ""),
        ("    perform add_attempt(", f"    {DAWDLE}\n    perform add_attempt("),
    )
    weaken(world, "add_attempt", ("'-' || next_number", "'-' || random()"))
    world.owner.execute("alter table payments_attempt drop constraint attempt_number_is_unique")
    assert _outcomes(_retry_at_once(world))["placed"] > 1


@pytest.mark.parametrize("act", ["retry", "cancel"])
def test_news_and_a_change_of_mind_at_once_agree(town: World, act: str) -> None:
    plan, calls = town.plan(), []
    for _ in range(12):
        renewal = town.place(town.card(), plan)
        attempt = town.send(renewal)
        town.hear(attempt, "unknown")
        calls.append(partial(town.hear, attempt, "succeeded", reference="r"))
        if act == "cancel":
            calls.append(partial(renewals.cancel, town.caller(), renewal, town.at))
        else:
            calls.append(
                partial(renewals.retry_payment, town.caller(), renewal, "sandbox", None, town.at)
            )
    told: list[Any] = at_once(calls)
    for heard, answer in zip(told[::2], told[1::2], strict=True):
        said = (heard[1], answer.reason or answer.outcome)
        if act == "retry":
            assert said in {("paid", "renewal_state"), ("paid", "payment_unsure")}
        else:
            assert said in {("paid", "renewal_state"), ("cancelled", "cancelled")}
    assert findings(town) == {}


def test_without_the_lock_of_the_card_a_cancelled_renewal_is_paid(world: World) -> None:
    weaken(
        world,
        "cancel",
        ("perform 1 from cards_card c where c.id = waiting.card_id for update;", ""),
        ("    perform abandon_attempts(", f"    {DAWDLE}{DAWDLE}\n    perform abandon_attempts("),
    )
    renewal = world.place(world.card(), world.plan())
    attempt = world.send(renewal)
    world.hear(attempt, "unknown")
    heard, answer = at_once(
        [
            partial(world.hear, attempt, "succeeded", reference="r"),
            partial(renewals.cancel, world.caller(), renewal, world.at),
        ]  # type: ignore[list-item]
    )
    assert (heard, answer.outcome) == (("succeeded", "paid"), "cancelled")  # type: ignore[attr-defined]


# Refunds, deliveries and the queue.


def _refund_at_once(world: World) -> list[Any]:
    renewal = world.place(world.card(), world.plan())
    attempt = world.send(renewal)
    world.hear(attempt, "succeeded", reference="r")
    refund = "select open_refund(%s, 300, 'asked', %s)"
    return at_once([as_owner(world, refund, attempt.id, world.at) for _ in range(8)])


def test_refunds_side_by_side_never_exceed_what_was_captured(town: World) -> None:
    assert Counter(refund is not None for refund in _refund_at_once(town)) == {True: 3, False: 5}
    assert town.all("select captured, refunded from payments_payment") == [(1000, 900)]


def test_without_the_guarded_update_refunds_exceed_what_was_captured(world: World) -> None:
    weaken(
        world,
        "open_refund",
        (
            "    update payments_payment",
            "    if (select p.refunded + open_refund.amount > p.captured from payments_payment p"
            f" where p.id = tried.payment_id) then return null; end if; {DAWDLE}\n"
            "    update payments_payment",
        ),
        (" and p.refunded + open_refund.amount <= p.captured", ""),
    )
    world.owner.execute(
        "alter table payments_payment drop constraint refunds_do_not_exceed_captured"
    )
    assert sum(refund is not None for refund in _refund_at_once(world)) > 3
    assert "captures_have_their_attempt" in findings(world)


def test_many_reversals_at_once_give_the_money_back_once(town: World) -> None:
    card = town.card(balance=1000)
    renewal = town.renew(card, town.plan()).id
    assert renewal is not None
    answers = at_once(
        [partial(renewals.reverse, town.caller(), renewal, "asked", town.at) for _ in range(8)]
    )
    assert _outcomes(answers) == {"reversing": 1, "renewal_state": 7}
    assert ledger.spendable(card.account_id, "balance", "EUR") == 1000
    assert findings(town) == {}


def _order_and_give_up(world: World) -> list[Any]:
    """Let 16 workers deliver renewals whose time is over just now."""
    plan, calls = world.plan(), []
    ids = [world.renew(world.card(balance=1000), plan).id for _ in range(8)]
    world.advance(minutes=30)
    for renewal in ids:
        begin = partial(world.verb, "begin_delivery", renewal, "apply", "simulated", world.at)
        calls += [begin, begin, partial(world.verb, "deliver", renewal, "done", "", world.at)]
        calls.append(partial(world.verb, "give_up_delivery", renewal, world.at))
    return at_once(calls)


def test_delivering_and_giving_up_at_once_end_in_one_of_them(town: World) -> None:
    _order_and_give_up(town)
    ends = town.all("select r.state, count(*) from renewals_renewal r group by r.state")
    assert {state for state, _count in ends} <= {"delivered", "reversed"}
    given = town.all(
        "select r.state, sum(a.balance)::bigint / count(*) from renewals_renewal r"
        " join ledger_account a on a.account_id = r.account_id group by r.state"
    )
    assert set(given) <= {("delivered", 0), ("reversed", 1000)}
    assert findings(town).keys() == {"nothing_is_stuck"}, "no worker took the jobs"


def test_an_order_is_new_for_one_of_many_workers(town: World) -> None:
    renewal = town.renew(town.card(balance=1000), town.plan()).id
    begin = "select is_new from begin_delivery(%s, 'apply', 'simulated', %s)"
    told = at_once([as_owner(town, begin, renewal, town.at) for _ in range(8)])
    assert Counter(told) == {True: 1, False: 7}
    assert town.all("select state from provisioning_order") == [("sent",)]


def test_without_its_key_an_order_is_new_for_two_workers(world: World) -> None:
    weaken(
        world,
        "begin_delivery",
        ("    for update of c;", f"    ; {DAWDLE}"),
        ("select p.state", "select max(p.state)"),
    )
    weaken(world, "open_order", ("on conflict do nothing", ""))
    world.owner.execute("alter table provisioning_order drop constraint order_is_one_per_action")
    for (name,) in world.all(
        "select conname from pg_constraint where conrelid = 'provisioning_order'::regclass"
        " and contype = 'u'"
    ):
        world.owner.execute(f"alter table provisioning_order drop constraint {name}".encode())
    renewal = world.renew(world.card(balance=1000), world.plan()).id
    begin = "select is_new from begin_delivery(%s, 'apply', 'simulated', %s)"
    told = at_once([as_owner(world, begin, renewal, world.at) for _ in range(4)])
    assert Counter(told)[True] > 1


def _lease_at_once(world: World) -> list[Any]:
    plan = world.plan()
    for _ in range(12):
        world.renew(world.card(balance=1000), plan)
    lease = "select array_agg(id) from lease_jobs(array['deliver'], 5, 60, gen_random_uuid(), %s)"
    leased = at_once([as_owner(world, lease, world.at) for _ in range(8)])
    return [job for jobs in leased for job in jobs or ()]  # type: ignore[attr-defined]


def test_a_job_is_leased_by_one_worker(town: World) -> None:
    leased = _lease_at_once(town)
    assert len(leased) == len(set(leased)) == 12


def test_without_its_lock_a_job_is_leased_by_two_workers(world: World) -> None:
    weaken(world, "lease_jobs", ("        for update skip locked\n", ""))
    leased = _lease_at_once(world)
    assert len(leased) > len(set(leased))


def test_asking_is_done_by_one_janitor(town: World) -> None:
    for _ in range(6):
        town.hear(town.send(town.place(town.card(), town.plan())), "unknown")
    town.advance(minutes=5)
    claimed = at_once([partial(payments.claim_asks, town.at, 4)] * 8)
    asked = [attempt.id for attempts in claimed for attempt in attempts]
    assert len(asked) == len(set(asked)) == 6
