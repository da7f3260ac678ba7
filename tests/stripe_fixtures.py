"""Stripe's peer as fixtures, the adapter that speaks to it, and what tests charge by it.

conftest.py loads this file as a plugin. The peer is one process for all tests of a worker, emptied
between them; the proxy on the way to it is new for each.
"""

import importlib.util
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from everline.money import Money
from everline.payments.gateways import ActionNeeded, Charge, Kept, Known, Succeeded
from everline.payments.gateways.stripe import Stripe
from everline.payments.gateways.stripe_wire import Keys
from tests.peers.stripe.proxy import Proxy

ROOT = Path(__file__).parent.parent
WEBHOOK_SECRET = "whsec_of_the_tests"
KEYS = Keys("sk_test_of_the_tests", WEBHOOK_SECRET)
PRICE = Money(1250, "EUR")
RETURN_URL = "https://everline.example/renewals/rnw_1/returned"
CANCEL_URL = f"{RETURN_URL}?left"
TIMEOUT_MS = 5000
HASTY_MS = 1500
"""Less than the peer takes when it is slow, more than it takes else on a busy machine."""

WANTS_AUTHENTICATION = "4000002500003155"
DECLINED = "4000000000000341"


class Peer:
    """What a test does as customer, as bank, or as Stripe itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=10, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def do(self, act: str, **values: Any) -> Any:
        answer = self._client.post(f"/_test/{act}", json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send_webhooks_to(self, url: str) -> None:
        values = {"url": url, "secret": WEBHOOK_SECRET}
        assert self._client.post("/_config/webhooks/tests", data=values).is_success

    def pay(self, wanted: Charge | str, number: str = "4242424242424242") -> Any:
        """Fill in the page of an attempt, or of a card to be kept."""
        key = wanted if isinstance(wanted, str) else wanted.attempt_key
        return self.do("pay", key=key, number=number)

    def charged(self, key: str = "") -> list[int]:
        """List what was taken, for one attempt or in all."""
        amounts: list[int] = self.do("charged", key=key)["amounts"]
        return amounts

    def calls(self, call: str) -> list[dict[str, Any]]:
        """List the calls that came, such as "POST /v1/refunds"."""
        return [each for each in self.do("asked")["asked"] if each["call"] == call]


@contextmanager
def started() -> Iterator[str]:
    """Run localstripe with what is put before it, and give its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.peers.stripe.launcher"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), url
            yield url
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[str]:
    if importlib.util.find_spec("localstripe") is None:
        pytest.skip("LOCALSTRIPE IS MISSING, so Stripe is not tried: pip install localstripe")
    with started() as url:
        yield url


@pytest.fixture
def peer(stripe_process: str) -> Iterator[Peer]:
    """Stripe's peer, as new."""
    found = Peer(stripe_process)
    found.do("reset")
    yield found
    found.close()


@pytest.fixture
def proxy(peer: Peer) -> Iterator[Proxy]:
    """The way to it; each fault that was ordered has been met at the end."""
    with Proxy(peer.url) as way:
        yield way
    assert way.ordered == []


@pytest.fixture
def stripe(proxy: Proxy) -> Iterator[Stripe]:
    """The adapter."""
    adapter = Stripe(KEYS, TIMEOUT_MS, proxy.url)
    yield adapter
    adapter.close()


@pytest.fixture
def hasty_stripe(proxy: Proxy) -> Iterator[Stripe]:
    """The adapter, giving up before the proxy is done with being late."""
    proxy.late_ms = 2 * HASTY_MS
    adapter = Stripe(KEYS, HASTY_MS, proxy.url)
    yield adapter
    adapter.close()


def charge(amount: Money = PRICE, **values: Any) -> Charge:
    """Make an attempt of its own."""
    wanted = Charge(
        attempt_key=f"{uuid.uuid4()}-1",
        amount=amount,
        description="EU-30 4711",
        token=None,
        return_url=RETURN_URL,
        notify_url="https://everline.example/callbacks/stripe",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        locale="zh-hans",
        cancel_url=CANCEL_URL,
    )
    return replace(wanted, **values)


def by_kept(kept: Kept, amount: Money = PRICE, **values: Any) -> Charge:
    """Make a charge of a kept card, without anybody there."""
    values = {"is_unattended": True} | values
    return charge(amount, token=kept.token, customer=kept.customer, **values)


def known(told: ActionNeeded, amount: Money = PRICE, *, may_take: bool = True) -> Known:
    """What we have on record of an attempt after its page was given."""
    return Known(told.reference, amount, may_take=may_take)


def opened(adapter: Stripe, wanted: Charge) -> Known:
    """Ask for the page, and give what is known from then on."""
    told = adapter.charge(wanted)
    assert isinstance(told, ActionNeeded), told
    return known(told, wanted.amount)


def paid(adapter: Stripe, peer: Peer, wanted: Charge) -> Succeeded:
    """Pay at the page."""
    on_record = opened(adapter, wanted)
    peer.pay(wanted)
    yes = adapter.query(wanted.attempt_key, datetime.now(UTC), on_record)
    assert isinstance(yes, Succeeded), yes
    return yes


def keep(adapter: Stripe, peer: Peer, number: str = "4242424242424242") -> Kept:
    """Pay at the page with a card that is kept."""
    wanted = charge(keeps=True)
    on_record = opened(adapter, wanted)
    peer.pay(wanted, number)
    yes = adapter.query(wanted.attempt_key, datetime.now(UTC), on_record)
    assert isinstance(yes, Succeeded), yes
    assert yes.kept is not None
    return yes.kept
