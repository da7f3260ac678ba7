"""Paying through a gateway: yes, no, silence, too late, twice; and money that goes back.

What the gateway says is given to the verbs by hand here; that real answers over HTTP become the
same words is shown in test_gateways.py, and once more at the end of this file.
"""

from datetime import timedelta

import pytest

from everline import cards, ledger, payments, renewals

from tests.town import findings
from tests.world import World


COMES_AND_GOES = (
    ("capture", "clearing", "unapplied"),
    ("refund", "unapplied", "clearing"),
)


def booked(world: World, group: object) -> list[tuple[str, str, str, int]]:
    """The transfers of one renewal, in order: kind, debited and credited kind, amount."""
    return [
        (kind, debit, credit, amount)
        for kind, debit, credit, amount in world.all(
            "select t.kind, d.kind, c.kind, t.amount from ledger_transfer t"
            " join ledger_account d on d.id = t.debit_id join ledger_account c on c.id = t.credit_id"
            " where t.group_id = %s order by t.id",
            group,
        )
    ]


def state(world: World, renewal: object) -> str:
    return str(world.one("select state from renewals_renewal where id = %s", renewal))


def refunds(world: World) -> list[tuple[object, ...]]:
    return world.all("select state, amount, reason from payments_refund order by created_at, id")


def give_back(world: World, outcome: str = "succeeded") -> list[str]:
    """Do what the janitor does with all refunds that are due, and the gateway says this."""
    claimed = payments.claim_refunds(world.at, 10)
    return [
        str(world.verb("settle_refund", each.id, outcome, "back", "", None, world.at))
        for each in claimed
    ]


def test_a_card_lost_while_its_owner_paid_gets_its_money_back(town: World) -> None:
    world = town
    card = world.card()
    renewal = world.place(card, world.plan())
    attempt = world.send(renewal)
    cards.change(world.caller(), card.id, "lose", world.at)
    assert world.hear(attempt, "succeeded", reference="r") == ("succeeded", "refused")
    assert refunds(world) == [("created", 1000, "card_state")]
    assert give_back(world) == ["succeeded"]
    assert findings(world) == {}
    assert world.all("select 1 from cards_entitlement") == []


def test_a_late_refund_does_not_end_a_reversal(town: World) -> None:
    world = town
    card = world.card()
    renewal = world.place(card, world.plan())
    first = world.send(renewal)
    world.advance(minutes=12)
    assert world.hear(first, "unknown") == ("superseded", "awaiting_payment")
    renewals.retry_payment(world.caller(), renewal, "sandbox", None, world.at)
    second = world.send(renewal)
    assert world.hear(second, "succeeded", reference="2") == ("succeeded", "paid")
    assert world.deliver_all() == 1
    world.advance(minutes=1)
    assert world.hear(first, "succeeded", reference="1") == ("succeeded", "delivered")
    renewals.reverse(world.caller(), renewal, "asked", world.at)
    assert give_back(world) == ["succeeded"]
    assert state(world, renewal) == "reversing"
    world.verb("withdrawn", renewal, "done", "", world.at)
    assert give_back(world) == ["succeeded"]
    assert state(world, renewal) == "reversed"
    assert set(world.all("select attempt_id from payments_refund")) == {(first.id,), (second.id,)}
    assert findings(world) == {}
