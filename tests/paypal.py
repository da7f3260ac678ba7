"""PayPal's double as a fixture, the adapter that speaks to it, and what tests charge by it.

conftest.py loads this file as a plugin. At the end of each test the double has nothing to say
against what it was sent, nor against what it answered.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from everline.money import Money
from everline.payments.gateways import ActionNeeded, Charge, Known, Succeeded
from everline.payments.gateways.paypal import PayPal
from tests.peers.paypal.double import KEYS, Double

PRICE = Money(1250, "EUR")
RETURN_URL = "https://everline.example/renewals/rnw_1/returned"
CANCEL_URL = f"{RETURN_URL}?left"


@pytest.fixture
def paypal_double() -> Iterator[Double]:
    """PayPal, on loopback."""
    with Double() as double:
        yield double
    assert double.mistakes == []
    assert double.faults == []


@pytest.fixture
def paypal(paypal_double: Double) -> Iterator[PayPal]:
    """The adapter, in less of a hurry than the double is slow."""
    adapter = PayPal(paypal_double.place, KEYS, "Testline", timeout_ms=5000)
    yield adapter
    adapter.close()


@pytest.fixture
def hasty(paypal_double: Double) -> Iterator[PayPal]:
    """The adapter, giving up before the double is done with being slow."""
    adapter = PayPal(paypal_double.place, KEYS, "Testline", timeout_ms=1500)
    yield adapter
    adapter.close()


def charge(amount: Money = PRICE) -> Charge:
    """Make an attempt of its own."""
    return Charge(
        attempt_key=f"{uuid.uuid4()}-1",
        amount=amount,
        description="EU-30 4711",
        token=None,
        return_url=RETURN_URL,
        notify_url="https://everline.example/callbacks/paypal",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        locale="zh-hans",
        cancel_url=CANCEL_URL,
    )


def known(asked: ActionNeeded, amount: Money = PRICE, *, may_take: bool = True) -> Known:
    """What we have on record of an attempt after its page was given."""
    return Known(asked.reference, amount, may_take=may_take)


def opened(adapter: PayPal, wanted: Charge) -> Known:
    """Charge, and give what is known from then on."""
    asked = adapter.charge(wanted)
    assert isinstance(asked, ActionNeeded), asked
    return known(asked, wanted.amount)


def paid(adapter: PayPal, double: Double, wanted: Charge) -> Succeeded:
    """Charge, approve and capture."""
    on_record = opened(adapter, wanted)
    double.approve(wanted.attempt_key)
    yes = adapter.query(wanted.attempt_key, datetime.now(UTC), on_record)
    assert isinstance(yes, Succeeded), yes
    return yes
