"""Once: whatever is pressed twice, retried, or raced over several channels and workers.

Each race has a negative control: with the lock or the index taken out of the verb, the same race
must be seen to fail, else it would show nothing. Where a gap is narrow, the weakened verb dawdles
in it. Races with gateways, networks and workers stand in test_once_paid.py.
"""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest

from everline import cards, ledger, renewals
from everline.database.requests import Answer
from tests.stores import Owner
from tests.town import DAWDLE, LINGER, Spoiler, at_once, findings, outcomes
from tests.world import Plan, World

pytestmark = pytest.mark.race

MANY = 64
Call = Callable[[], Answer]


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


def test_without_its_key_a_request_id_is_answered_more_than_once(
    town: World, spoiler: Spoiler
) -> None:
    spoiler.weaken(
        "claim",
        (" on conflict on constraint database_request_pkey do nothing", ""),
        (
            "    insert into",
            (
                "    if exists (select from database_request r"
                " where r.request_id = claim.request_id)"
                f" then return false; end if; {DAWDLE}\n    insert into"
            ),
        ),
    )
    spoiler.drop("database_request", "database_request_pkey")
    spoiler.weaken("replay", ("into strict", "into"))
    assert sum(not answer.replayed for answer in _press_many_times(town)) > 1


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
    assert outcomes(answers) == {"renewed": 1, "balance_short": MANY - 1}
    assert findings(town) == {}


def test_a_queue_is_filled_to_its_end_and_no_term_twice(town: World) -> None:
    calls = at_once([_insist(town, town.card(balance=100_000), town.plan(days=30))] * 16)
    answers = [call() for call in calls]
    assert outcomes(answers) == {"renewed": 7, "too_far_ahead": 9}
    assert len({answer.valid_until for answer in answers if answer.valid_until}) == 7
    assert findings(town) == {}


def test_without_the_lock_of_the_card_a_term_is_paid_twice(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "renew",
        ("c.account_id = renew.account for update;", "c.account_id = renew.account;"),
        ("    if why.reason is not null then", f"    {LINGER}\n    if why.reason is not null then"),
    )
    spoiler.drop("renewals_renewal", "a_term_is_paid_once")
    spoiler.drop("cards_entitlement", "entitlement_terms_do_not_overlap")
    at_once(_renewals(town, town.plan(), [town.card(balance=100_000)] * 8))
    assert {"no_term_is_paid_twice", "terms_do_not_overlap"} <= findings(town).keys()


# One balance, deposit or budget, and many cards.


def _share(
    world: World, *, deposit: int, pockets: int = 1, buyers: int = MANY
) -> tuple[Owner, list[Answer]]:
    partner = world.partner(deposit=deposit, pockets=pockets)
    assert ledger.refill(world.at) == (pockets > 1)
    these = [world.card() for _ in range(buyers)]
    calls = _renewals(world, world.plan(), these, payer=partner.account_id)
    return partner, at_once(calls)


def test_a_deposit_for_one_pays_one(town: World) -> None:
    partner, answers = _share(town, deposit=1999)
    assert outcomes(answers) == {"renewed": 1, "balance_short": MANY - 1}
    assert ledger.spendable(partner.account_id, "deposit", "EUR") == 999
    assert findings(town) == {}


def test_a_deposit_in_pockets_pays_as_many_as_it_can(town: World) -> None:
    partner, answers = _share(town, deposit=20_900, pockets=8)
    assert outcomes(answers) == {"renewed": 20, "balance_short": MANY - 20}
    assert ledger.spendable(partner.account_id, "deposit", "EUR") == 900
    assert findings(town) == {}


def test_without_gathering_pockets_a_deposit_that_can_pay_refuses(
    town: World, spoiler: Spoiler
) -> None:
    spoiler.weaken(
        "take",
        ("gather(take.account, take.kind, take.currency, take.amount, take.at)", "null"),
    )
    _partner, answers = _share(town, deposit=20_900, pockets=8)
    assert outcomes(answers)["renewed"] < 20


def _buy_while_all_pockets_are_busy(town: World) -> int:
    """Let two buy while another transaction holds both pockets, and count what was gathered."""
    partner, plan = town.partner(deposit=20_000, pockets=2), town.plan()
    ledger.refill(town.at)
    calls = _renewals(town, plan, [town.card(), town.card()], payer=partner.account_id)
    before = town.one("select count(*) from ledger_transfer where kind = 'refill'")
    with ThreadPoolExecutor(2) as threads:
        with psycopg.connect(town.logins.owner) as holder:
            holder.execute(
                "select from ledger_account where account_id = %s for update", [partner.account_id]
            )
            running = [threads.submit(call) for call in calls]
            _wait_for(
                town,
                "select count(distinct l.pid) = 2 from pg_locks l"
                " join pg_stat_activity s on s.pid = l.pid"
                " where s.datname = current_database() and not l.granted",
            )
        answers = [each.result(10) for each in running]
    assert outcomes(answers) == {"renewed": 2}
    gathered = town.one("select count(*) from ledger_transfer where kind = 'refill'") - before
    return int(gathered)


def _wait_for(town: World, query: str) -> None:
    for _ in range(200):
        if town.one(query):
            return
        time.sleep(0.05)
    raise AssertionError(query)


def test_who_finds_all_pockets_busy_waits_for_one(town: World) -> None:
    assert _buy_while_all_pockets_are_busy(town) == 0
    assert findings(town) == {}


def test_without_waiting_for_one_pocket_busy_ones_are_gathered(
    town: World, spoiler: Spoiler
) -> None:
    spoiler.weaken(
        "take", ("                ) for update;", "                ) and false for update;")
    )
    assert _buy_while_all_pockets_are_busy(town) > 0


def test_refilling_pockets_loses_no_money_while_they_pay(town: World) -> None:
    partner = town.partner(deposit=50_000, pockets=8)
    calls = _renewals(town, town.plan(), [town.card() for _ in range(48)], payer=partner.account_id)
    refills = [partial(ledger.refill, town.at)] * 8
    answers = [each for each in at_once([*calls, *refills]) if isinstance(each, Answer)]
    assert outcomes(answers) == {"renewed": 48}
    assert ledger.spendable(partner.account_id, "deposit", "EUR") == 2000
    assert findings(town) == {}


def test_without_the_guarded_update_a_deposit_is_overspent(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "take",
        (
            "    update ledger_account a set balance = a.balance - take.amount",
            (
                "    select a.id into taken from ledger_account a where a.account_id = take.account"
                " and a.kind = take.kind and a.scope = '' and a.currency = take.currency"
                " and (last_pocket = 0 or a.id = taken) and a.balance - take.amount >= a.floor;"
                f" {DAWDLE} if taken is null then return null; end if;\n"
                "    update ledger_account a set balance = a.balance - take.amount"
            ),
        ),
        ("      and a.balance - a.held - take.amount >= a.floor\n    returning", "    returning"),
        ("        for update skip locked;", ";"),
    )
    spoiler.drop("ledger_account", "account_floor_holds")
    _partner, answers = _share(town, deposit=3900, pockets=1)
    assert outcomes(answers)["renewed"] > 3
    assert findings(town).keys() & {"floors_hold", "balances_are_replayed"}


def test_without_the_lock_of_all_pockets_money_is_gathered_twice(
    town: World, spoiler: Spoiler
) -> None:
    spoiler.weaken(
        "gather",
        ("    order by a.id for update;", "    order by a.id;"),
        ("    insert into ledger_transfer", f"    {LINGER}\n    insert into ledger_transfer"),
    )
    spoiler.drop("ledger_account", "account_floor_holds")
    _share(town, deposit=4000, pockets=8, buyers=8)
    assert "balances_are_replayed" in findings(town)


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
    assert outcomes(answers) == {"renewed": 1, "promotion_spent": MANY - 1}
    assert town.all("select sum(discount) from renewals_renewal") == [
        (100 if promotion["budget"] == 1 else 200,)
    ]
    assert findings(town) == {}


def test_without_the_guarded_hold_a_budget_is_overspent(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "hold",
        (
            "take(hold.account, hold.kind, hold.currency, hold.amount, hold.at)",
            (
                "(select a.id from ledger_account a where a.account_id = hold.account"
                " and a.balance - a.held >= hold.amount)"
            ),
        ),
        ("balance = a.balance + hold.amount, ", ""),
        ("    if taken is null then", f"    {DAWDLE}\n    if taken is null then"),
    )
    spoiler.drop("ledger_account", "account_floor_holds")
    answers = _race_for_an_offer(town, 1, budget=1)
    assert outcomes(answers)["renewed"] > 1
    assert "floors_hold" in findings(town)
