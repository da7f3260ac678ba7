"""A world in which a bank and PayPal take money, and what its people and PayPal do there.

conftest.py loads this file as a plugin. At the end of each test the books are right.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from everline.office.audit import audit
from everline.payments import gateways
from everline.payments.gateways.paypal import PayPal
from tests.peers.paypal.double import Double, Event
from tests.reader import Browser, on_the_pages
from tests.world import World

HERE = "http://localhost:8000"


@pytest.fixture
def paypal_bank(sandboxed_town: World, paypal: PayPal) -> Iterator[World]:
    """A world in which a bank and PayPal take money; its books are right at the end."""
    before = gateways.installed()
    gateways.install({"paypal": paypal, **before})
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town
    assert [each.invariant.name for each in audit(sandboxed_town.at) if each.total] == []
    gateways.install(before)


def key_of(world: World) -> str:
    found: str = world.one("select key from payments_attempt order by number desc limit 1")
    return found


def states(world: World) -> tuple[str, str]:
    """How the latest attempt and its renewal stand."""
    found: tuple[str, str] = world.all(
        "select a.state, r.state from payments_attempt a join payments_payment p"
        " on p.id = a.payment_id join renewals_renewal r on r.id = p.purpose_id"
        " order by a.number desc limit 1"
    )[0]
    return found


def ordered(world: World, locale: str = "en", **plan: Any) -> Browser:
    """Choose a plan and press PayPal's button."""
    browser = Browser(world, locale).choose(world.card(), world.plan(price=1250, **plan))
    browser.press(means="paypal")
    assert browser.at.endswith("/payment"), browser.text
    return browser


def come_back(browser: Browser, address: str) -> Browser:
    """Follow PayPal's way back to us."""
    assert address.startswith(HERE)
    return browser.get(address.removeprefix(HERE))


def call_back(event: Event) -> Any:
    """Send a callback as PayPal does, from a caller without cookies."""
    cache.clear()
    return Client(enforce_csrf_checks=True).post(
        "/callbacks/paypal",
        event.body,
        content_type="application/json",
        headers=event.headers,
        SERVER_NAME="localhost",
    )


def silence(double: Double) -> None:
    """Capture when next told to, and say nothing of it, not even when asked a moment later."""

    def deaf(event: Event) -> None:
        if event.kind.startswith("PAYMENT.CAPTURE"):
            double.hear = lambda _event: None
            double.fail("read", "error")

    double.fail("capture", "lost")
    double.hear = deaf
