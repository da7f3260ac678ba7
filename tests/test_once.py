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


def _press_many_times(world: World) -> Counter[bool]:
    card, plan = world.card(balance=100_000), world.plan()
    press = partial(
        renewals.renew, world.caller(), world.order(card, plan), card.account_id, world.at
    )
    answers = at_once([press] * MANY)
    assert {answer.outcome for answer in answers} == {"renewed"}
    return Counter(answer.replayed for answer in answers)


def test_one_request_id_is_one_renewal_and_replays(town: World) -> None:
    assert _press_many_times(town) == {False: 1, True: MANY - 1}
    assert town.all("select count(*) from renewals_renewal") == [(1,)]
    assert findings(town) == {}


def test_without_its_key_one_request_id_is_many_renewals(world: World) -> None:
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
    assert _press_many_times(world)[False] > 1


# Many request ids on one card.


def _many_ids_on_one_card(world: World) -> tuple[list[Any], list[Answer]]:
    calls = _renewals(world, world.plan(), [world.card(balance=1900)] * MANY)
    return calls, at_once(calls)


def test_a_balance_for_one_pays_one_and_the_refusals_are_kept(town: World) -> None:
    calls, answers = _many_ids_on_one_card(town)
    # Those that come second see that the term they were quoted is taken, and nobody's money moves.
    assert _outcomes(answers) == {"renewed": 1, "quote_changed": MANY - 1}
    assert _outcomes([call() for call in calls]) == _outcomes(answers)
    assert all(call().replayed for call in calls[:5])
    assert findings(town) == {}


def _open_ended(world: World, *, balance: int, plan: Plan) -> list[Answer]:
    """Let many ask for the same card, each with the quote of the place in the queue it may get."""
    card = world.card(balance=balance)
    first = world.order(card, plan)

    def persist(caller: Any) -> Answer:
        order = first
        for _try in range(MANY):
            answer = renewals.renew(world.caller(), order, card.account_id, world.at)
            if answer.reason != "quote_changed":
                return answer
            order = world.order(card, plan)
        raise AssertionError

    return at_once([partial(persist, None)] * 16)


def test_a_queue_is_filled_to_its_end_and_no_term_twice(town: World) -> None:
    plan = town.plan(days=30)
    answers = _open_ended(town, balance=100_000, plan=plan)
    assert _outcomes(answers) == {"renewed": 7, "too_far_ahead": 9}
    ends = sorted(str(answer.valid_until) for answer in answers if answer.valid_until)
    assert len(set(ends)) == 7
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
    _many_ids_on_one_card(world)
    world.fund(world.one("select account_id from cards_card"), "balance", 100_000)
    at_once(_renewals(world, world.plan(), [world.card(balance=100_000)] * 8))
    assert {"no_term_is_paid_twice", "terms_do_not_overlap"} <= findings(world).keys()
