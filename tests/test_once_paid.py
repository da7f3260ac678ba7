"""Once, where a gateway, a network, another channel or a worker is in it.

As in test_once.py, each race has its negative control.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from everline import ledger, payments, renewals
from everline.database.requests import Answer
from tests.town import LINGER, Spoiler, as_owner, at_once, findings, outcomes
from tests.world import World

pytestmark = pytest.mark.race

TRIES_MAX = 5
"""How often a race of two is run until it is seen: a busy machine may start one far too late."""


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
    assert outcomes(answers) == {"placed": 1, "renewal_open": 15}
    (placed,) = town.all("select id::text, channel from renewals_renewal")
    for answer in answers:
        if answer.facts:
            assert (answer.facts["renewal"], answer.facts["channel"]) == placed
    assert findings(town) == {}


def test_without_lock_and_index_two_channels_open_two_renewals(
    town: World, spoiler: Spoiler
) -> None:
    spoiler.weaken(
        "place",
        ("c.account_id = place.account for update;", "c.account_id = place.account;"),
        ("    if why.reason is not null then", f"    {LINGER}\n    if why.reason is not null then"),
    )
    spoiler.drop("renewals_renewal", "one_open_renewal_per_card")
    assert outcomes(_place_everywhere(town))["placed"] > 1
    assert "one_renewal_is_open" in findings(town)


def test_a_balance_and_a_gateway_at_once_end_in_one_paid_and_one_open_at_most(town: World) -> None:
    plan = town.plan()
    these = [town.card(balance=1000) for _ in range(12)]
    places = [
        partial(renewals.place, town.caller(), town.order(card, plan), "sandbox", None, town.at)
        for card in these
    ]
    renews = [
        partial(renewals.renew, town.caller(), town.order(card, plan), card.account_id, town.at)
        for card in these
    ]
    answers = at_once([*renews, *places])
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


def test_without_the_locks_one_success_is_captured_twice(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken("settle", (" where c.account_id = owed.account_id for update", ""))
    spoiler.weaken(
        "settle_attempt",
        ("where a.id = settle_attempt.attempt for update;", "where a.id = settle_attempt.attempt;"),
        ("    reached := tried.state;", f"    {LINGER}\n    reached := tried.state;"),
    )
    _hear_at_once(town, 4)
    assert findings(town).keys() >= {"captures_have_their_attempt"}


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
    assert outcomes(_retry_at_once(town)) == {"placed": 1, "payment_unsure": 7}
    assert town.all("select state from payments_attempt order by number") == [
        ("failed",),
        ("created",),
    ]
    assert findings(town) == {}


def test_without_the_lock_of_the_card_two_attempts_are_open(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "retry_payment",
        ("perform 1 from cards_card c where c.id = waiting.card_id for update;", ""),
        ("    perform add_attempt(", f"    {LINGER}\n    perform add_attempt("),
    )
    spoiler.weaken("add_attempt", ("'-' || next_number", "'-' || random()"))
    spoiler.drop("payments_attempt", "attempt_number_is_unique")
    assert outcomes(_retry_at_once(town))["placed"] > 1


@pytest.mark.parametrize("act", ["retry", "cancel"])
def test_news_and_a_change_of_mind_at_once_agree(town: World, act: str) -> None:
    plan = town.plan()
    calls: list[Callable[[], Any]] = []
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
    told = at_once(calls)
    for heard, answer in zip(told[::2], told[1::2], strict=True):
        said = (heard[1], answer.reason or answer.outcome)
        if act == "retry":
            assert said in {("paid", "renewal_state"), ("paid", "payment_unsure")}
        else:
            assert said in {("paid", "renewal_state"), ("cancelled", "cancelled")}
    assert findings(town) == {}


def test_without_the_lock_of_the_card_a_cancelled_renewal_is_paid(
    town: World, spoiler: Spoiler
) -> None:
    spoiler.weaken(
        "cancel",
        ("perform 1 from cards_card c where c.id = waiting.card_id for update;", ""),
        ("    perform abandon_attempts(", f"    {LINGER}\n    perform abandon_attempts("),
    )
    seen = []
    for _try in range(TRIES_MAX):
        renewal = town.place(town.card(), town.plan())
        attempt = town.send(renewal)
        town.hear(attempt, "unknown")
        calls: list[Callable[[], Any]] = [
            partial(town.hear, attempt, "succeeded", reference="r"),
            partial(renewals.cancel, town.caller(), renewal, town.at),
        ]
        heard, answer = at_once(calls)
        seen.append((*heard, answer.outcome))
        if seen[-1] == ("succeeded", "paid", "cancelled"):
            return
    raise AssertionError(f"the race was never seen: {seen}")


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


def test_without_the_guarded_update_refunds_exceed_what_was_captured(
    town: World, spoiler: Spoiler
) -> None:
    spoiler.weaken(
        "open_refund",
        (
            "    update payments_payment",
            (
                "    if (select p.refunded + open_refund.amount > p.captured"
                " from payments_payment p"
                f" where p.id = tried.payment_id) then return null; end if; {LINGER}\n"
                "    update payments_payment"
            ),
        ),
        (" and p.refunded + open_refund.amount <= p.captured", ""),
    )
    spoiler.drop("payments_payment", "refunds_do_not_exceed_captured")
    assert sum(refund is not None for refund in _refund_at_once(town)) > 3
    assert "captures_have_their_attempt" in findings(town)


def test_many_reversals_at_once_give_the_money_back_once(town: World) -> None:
    card = town.card(balance=1000)
    renewal = town.renew(card, town.plan()).id
    assert renewal is not None
    answers = at_once(
        [partial(renewals.reverse, town.caller(), renewal, "asked", town.at) for _ in range(8)]
    )
    assert outcomes(answers) == {"reversing": 1, "renewal_state": 7}
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


def test_without_its_key_an_order_is_new_for_two_workers(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "begin_delivery",
        ("    for update of c;", f"    ; {LINGER}"),
        ("select p.state", "select max(p.state)"),
    )
    spoiler.weaken("open_order", ("on conflict do nothing", ""))
    spoiler.drop("provisioning_order", "order_is_one_per_action")
    for (name,) in town.all(
        "select conname from pg_constraint where conrelid = 'provisioning_order'::regclass"
        " and contype = 'u'"
    ):
        spoiler.drop("provisioning_order", name)
    renewal = town.renew(town.card(balance=1000), town.plan()).id
    begin = "select is_new from begin_delivery(%s, 'apply', 'simulated', %s)"
    told = at_once([as_owner(town, begin, renewal, town.at) for _ in range(4)])
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


def test_without_its_lock_a_job_is_leased_by_two_workers(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "lease_jobs",
        ("        for update skip locked\n", ""),
        ("j.run_at <= lease_jobs.at", "j.run_at <= lease_jobs.at and pg_sleep(0.01)::text = ''"),
    )
    leased = _lease_at_once(town)
    assert len(leased) > len(set(leased))


def test_asking_is_done_by_one_janitor(town: World) -> None:
    for _ in range(6):
        town.hear(town.send(town.place(town.card(), town.plan())), "unknown")
    town.advance(minutes=5)
    claimed = at_once([partial(payments.claim_asks, town.at, 4)] * 8)
    asked = [attempt.id for attempts in claimed for attempt in attempts]
    assert len(asked) == len(set(asked)) == 6
