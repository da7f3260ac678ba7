"""Refunds: sent once, asked about again, owned by a person when the gateway says no."""

from datetime import timedelta

from everline import payments, renewals
from tests.test_payments import unsure
from tests.town import findings, give_back, state
from tests.world import World


def test_a_refund_that_is_refused_gets_an_owner_and_may_still_succeed(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    town.hear(town.send(renewal), "succeeded", reference="r")
    renewals.reverse(town.caller(), renewal, "asked", town.at)
    assert give_back(town, "failed") == ["parked"]
    assert state(town, renewal) == "reversing"
    assert town.all("select owner, owner_by from payments_refund") == [
        ("finance", town.at + timedelta(days=1))
    ]
    assert findings(town) == {}
    (refund,) = town.all("select id from payments_refund")
    town.verb("settle_refund", refund[0], "succeeded", "by hand", "", None, town.at)
    assert state(town, renewal) == "reversed"
    assert findings(town) == {}


def test_a_silent_refund_is_asked_about_again(town: World) -> None:
    renewal = town.place(town.card(), town.plan())
    town.hear(town.send(renewal), "succeeded", reference="r")
    renewals.reverse(town.caller(), renewal, "asked", town.at)
    (claimed,) = payments.claim_refunds(town.at, 10)
    later = town.at + timedelta(minutes=5)
    told = town.verb("settle_refund", claimed.id, "unknown", None, "", later, town.at)
    assert told == "unknown"
    assert payments.claim_refunds(town.at, 10) == []
    town.advance(minutes=5)
    assert give_back(town) == ["succeeded"]
    assert state(town, renewal) == "reversed"
    assert findings(town) == {}


def test_a_refund_of_a_late_success_does_not_end_a_reversal(town: World) -> None:
    renewal, first = unsure(town, minutes=12)
    renewals.retry_payment(town.caller(), renewal, "sandbox", None, town.at)
    second = town.send(renewal)
    town.hear(second, "succeeded", reference="2")
    town.deliver_all()
    town.advance(minutes=1)
    town.hear(first, "succeeded", reference="1")
    renewals.reverse(town.caller(), renewal, "asked", town.at)
    assert give_back(town) == ["succeeded"]
    assert state(town, renewal) == "reversing"
    town.verb("withdrawn", renewal, "done", "", town.at)
    assert give_back(town) == ["succeeded"]
    assert state(town, renewal) == "reversed"
    assert set(town.all("select attempt_id from payments_refund")) == {(first.id,), (second.id,)}
    assert findings(town) == {}
