"""Stripe through our own verbs and pages: renewals, declines, refunds, webhooks and disputes.

The callbacks are localstripe's own, with its signatures. The adapter alone is in test_stripe.py.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from everline import cards, payments, renewals
from everline.office.audit import audit
from everline.payments import gateways
from everline.payments.gateways import Kept
from everline.payments.gateways.stripe import Stripe
from everline.renewals.keeping import settle_setup
from tests import purse
from tests.peers.stripe.proxy import Proxy
from tests.reader import Browser, on_the_pages
from tests.simulator import Receiver, wait_until
from tests.stripe_fixtures import Peer, keep
from tests.world import World

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:No directory at"),  # No static files are needed.
]

NOT_SENT = frozenset({"nothing_is_stuck"})
"""What the audit finds where notices were written days ago that nobody here sends."""

BOOKS = "select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]') from ledger_transfer t"


@pytest.fixture
def shop(town: World, stripe: Stripe) -> Iterator[World]:
    """A world in which Stripe alone takes money; its books are right at the end."""
    before = gateways.installed()
    gateways.install({"stripe": stripe})
    with on_the_pages(town, by="server"):
        yield town
    assert {each.invariant.name for each in audit(town.at) if each.total} <= NOT_SENT
    gateways.install(before)


@pytest.fixture
def webhooks(peer: Peer) -> Iterator[Receiver]:
    """What Stripe sends us, kept until a test passes it on."""
    with Receiver() as receiver:
        peer.send_webhooks_to(receiver.url)
        yield receiver


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


def ordered(world: World, locale: str = "en") -> Browser:
    """Choose a plan and press the button for bank cards."""
    browser = Browser(world, locale).choose(world.card(), world.plan(price=1250))
    browser.press(means="gateway")
    assert browser.at.endswith("/payment"), browser.text
    return browser


def come_back(browser: Browser, address: str) -> Browser:
    """Follow Stripe's way back to us."""
    assert address.startswith("http://localhost:8000")
    return browser.get(address.removeprefix("http://localhost:8000"))


def told(receiver: Receiver, kind: str) -> tuple[dict[str, str], bytes]:
    """Wait for a webhook of a kind."""

    def found() -> list[tuple[dict[str, str], bytes]]:
        return [each for each in receiver.callbacks if json.loads(each[1])["type"] == kind]

    wait_until(lambda: bool(found()))
    return found()[-1]


def pass_on(webhook: tuple[dict[str, str], bytes]) -> Any:
    """Send a webhook as Stripe does, from a caller without cookies."""
    cache.clear()
    headers, body = webhook
    return Client(enforce_csrf_checks=True).post(
        "/callbacks/stripe",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": headers["Stripe-Signature"]},
        SERVER_NAME="localhost",
    )


class TestPaying:
    @pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
    def test_the_whole_way_and_back(self, shop: World, peer: Peer, locale: str) -> None:
        browser = ordered(shop, locale)
        assert f"{peer.url}/c/pay/cs_test_" in browser.page
        come_back(browser, peer.pay(key_of(shop))["location"])
        assert states(shop) == ("succeeded", "paid")
        assert shop.deliver_all() == 1
        browser.get(browser.at)
        assert "Visa •••• 4242" in browser.text
        assert peer.charged() == [1250]

    def test_turning_away(self, shop: World, peer: Peer) -> None:
        browser = ordered(shop)
        (made,) = peer.calls("POST /v1/checkout/sessions")
        assert "expires_at" in made["sent"]
        come_back(browser, made["sent"]["cancel_url"])
        assert browser.title == "You left before paying"
        assert states(shop) == ("failed", "awaiting_payment")
        assert len(peer.calls(f"POST /v1/checkout/sessions/{_session(shop)}/expire")) == 1

    def test_a_webhook_before_we_know_and_twice(
        self, shop: World, peer: Peer, webhooks: Receiver
    ) -> None:
        ordered(shop)
        peer.pay(key_of(shop))  # The customer never comes back.
        webhook = told(webhooks, "checkout.session.completed")
        assert pass_on(webhook).json() == {"state": "matched"}
        assert states(shop) == ("sent", "awaiting_payment")  # Nothing is believed yet.
        assert shop.ask_all() == 1
        assert states(shop) == ("succeeded", "paid")
        assert pass_on(webhook).json() == {"state": "matched"}
        assert shop.ask_all() == 0
        assert peer.charged() == [1250]
        kept = shop.all("select body from payments_callback")
        assert len(kept) == 2
        assert all(b"@" not in bytes(body) for (body,) in kept)

    def test_a_webhook_that_comes_before_its_attempt_is_known_is_parked_and_replayed(
        self, shop: World, peer: Peer, webhooks: Receiver
    ) -> None:
        ordered(shop)
        peer.pay(key_of(shop))
        webhook = told(webhooks, "payment_intent.succeeded")
        # The attempt is not there yet: as if our own writing of it were still under way.
        key = key_of(shop)
        shop.owner.execute("update payments_attempt set key = 'written later'")
        assert pass_on(webhook).json() == {"state": "parked"}
        assert payments.replay_callbacks(shop.at) == 0
        shop.owner.execute("update payments_attempt set key = %s", [key])
        assert payments.replay_callbacks(shop.at) == 1
        assert shop.ask_all() == 1
        assert states(shop) == ("succeeded", "paid")

    def test_a_forged_webhook(self, shop: World, peer: Peer, webhooks: Receiver) -> None:
        ordered(shop)
        peer.pay(key_of(shop))
        headers, body = told(webhooks, "payment_intent.succeeded")
        assert pass_on((headers, body.replace(b"1250", b"1"))).status_code == 401
        assert shop.one("select count(*) from payments_callback") == 0

    def test_a_lost_answer_is_not_called_a_failure(
        self, shop: World, peer: Peer, proxy: Proxy
    ) -> None:
        browser = ordered(shop)
        address = peer.pay(key_of(shop))["location"]
        for _ in range(2):  # Coming back asks, and so does the page that it leads to.
            proxy.fail("GET /v1/checkout/sessions/", "lost")
        come_back(browser, address)
        assert states(shop) == ("unknown", "awaiting_payment")
        assert "failed" not in browser.text.lower()
        shop.advance(minutes=2)
        shop.ask_all()
        assert states(shop) == ("succeeded", "paid")
        assert peer.charged() == [1250]

    def test_a_refund(self, shop: World, peer: Peer, proxy: Proxy) -> None:
        browser = ordered(shop)
        come_back(browser, peer.pay(key_of(shop))["location"])
        renewal = shop.one("select id from renewals_renewal")
        renewals.reverse(shop.caller(), renewal, "asked", shop.at)
        proxy.fail("POST /v1/refunds", "lost")
        shop.ask_all()
        assert shop.one("select state from payments_refund") == "unknown"
        shop.advance(minutes=2)
        shop.ask_all()
        assert shop.one("select state from payments_refund") == "succeeded"
        (made,) = peer.calls("POST /v1/refunds")
        assert made["headers"]["idempotency-key"] == str(shop.one("select id from payments_refund"))


class TestKeptCards:
    """Charged at the rungs of automatic renewal, once each, with nobody there."""

    def test_an_automatic_renewal_and_then_a_decline(
        self, shop: World, peer: Peer, stripe: Stripe, proxy: Proxy
    ) -> None:
        card = purse.armed(shop)
        kept = keep(stripe, peer)
        keep_here(shop, card, kept)
        before = peer.charged()
        purse.to_rung(shop, card)
        assert purse.sweep(shop).placed == 1
        proxy.fail("POST /v1/payment_intents", "double")
        assert purse.charge(shop) == 1
        assert purse.automatic(shop, card) == [("paid", "gateway", "")]
        assert peer.charged() == [*before, 1000]
        shop.deliver_all()
        peer.do("decline", payment_method=kept.token, decline_code="stolen_card")
        purse.to_rung(shop, card)
        assert purse.sweep(shop).placed == 1
        purse.charge(shop)
        assert [each.state for each in payments.methods_of(card.account_id)] == ["broken"]
        assert purse.tries(shop)[-1][1:] == ("failed", "stolen_card")
        assert peer.charged() == [*before, 1000]


def keep_here(world: World, card: cards.Card, kept: Kept) -> None:
    """Keep for a card what Stripe keeps."""
    begun = payments.begin_setup(world.caller(), card.id, "stripe", payments.KEEP_VERSION, world.at)
    assert begun.id is not None
    assert settle_setup(begun.id, payments.SetupSaid("kept", kept=kept), world.at) == "kept"


class TestDisputes:
    """Recorded, read again, shown to finance; the books and the card stay as they are."""

    def test_one_from_its_webhook_to_its_end(
        self, shop: World, peer: Peer, webhooks: Receiver, proxy: Proxy
    ) -> None:
        browser = ordered(shop)
        come_back(browser, peer.pay(key_of(shop))["location"])
        shop.deliver_all()
        books = shop.one(BOOKS)
        term = shop.all("select starts_at, ends_at from cards_entitlement")
        reference = shop.one("select reference from payments_attempt")
        peer.do("dispute", payment_intent=reference)
        webhook = told(webhooks, "charge.dispute.created")
        for _ in range(2):
            assert pass_on(webhook).status_code == 200
        assert dispute(shop) == ("told", None, None)
        proxy.fail("GET /v1/disputes/", "cut")
        assert payments.read_disputes(shop.now) == 1
        assert dispute(shop) == ("told", None, None)
        assert payments.read_disputes(shop.now) == 0
        shop.advance(minutes=2)
        assert payments.read_disputes(shop.now) == 1
        attempt = shop.one("select id from payments_attempt")
        assert dispute(shop) == ("to_answer", attempt, 1250)
        peer.do("dispute", payment_intent=reference, status="lost")
        shop.advance(days=1, minutes=1)
        assert payments.read_disputes(shop.now) == 1
        assert dispute(shop) == ("lost", attempt, 1250)
        shop.advance(days=2)
        assert payments.read_disputes(shop.now) == 0
        assert shop.one(BOOKS) == books
        assert shop.all("select starts_at, ends_at from cards_entitlement") == term

    def test_one_of_nobody_and_one_whose_gateway_is_gone(self, shop: World, peer: Peer) -> None:
        from everline.payments.disputes import note_dispute

        note_dispute("stripe", "du_of_somebody_else", shop.at)
        note_dispute("gone", "du_1", shop.at)
        assert payments.read_disputes(shop.now) == 2
        rows = shop.all("select state, ask_at > %s from payments_dispute", shop.at)
        assert rows == [("told", True)] * 2

    def test_a_webhook_while_it_is_being_read_is_not_lost(self, shop: World, peer: Peer) -> None:
        from everline.payments.disputes import note_dispute

        note_dispute("stripe", "du_1", shop.at)
        ((its_id, claimed),) = shop.all("select id, ask_at from payments_dispute")
        shop.verb("claim_disputes", shop.at, 10, 60)
        note_dispute("stripe", "du_1", shop.at)
        until = shop.at + timedelta(seconds=60)
        later = shop.at + timedelta(days=1)
        values = ["", 1, "EUR", "general", "won", False, None, until, later, shop.at]
        shop.verb("settle_dispute", its_id, *values)
        assert shop.all("select state, ask_at from payments_dispute") == [("won", claimed)]

    def test_one_whose_webhook_is_lost_is_found_and_the_webhook_may_come_late(
        self, shop: World, peer: Peer, webhooks: Receiver, proxy: Proxy
    ) -> None:
        browser = ordered(shop)
        come_back(browser, peer.pay(key_of(shop))["location"])
        shop.deliver_all()
        reference = shop.one("select reference from payments_attempt")
        opened = int((shop.at - timedelta(days=9)).timestamp())
        peer.do("dispute", payment_intent=reference, created=opened)
        proxy.fail("GET /v1/disputes?", "cut")
        assert payments.find_disputes(shop.now) == 0
        assert shop.all("select state from payments_dispute") == []
        assert payments.find_disputes(shop.now) == 1
        assert dispute(shop) == ("told", None, None)
        assert payments.read_disputes(shop.now) == 1
        read = dispute(shop)
        assert read[::2] == ("to_answer", 1250)
        assert payments.find_disputes(shop.now) == 0
        assert payments.read_disputes(shop.now) == 0
        assert pass_on(told(webhooks, "charge.dispute.created")).status_code == 200
        assert payments.read_disputes(shop.now) == 1
        assert dispute(shop) == read
        shop.advance(hours=5)
        assert payments.find_disputes(shop.now) == 0
        (through,) = shop.all("select through from payments_disputes")
        assert through == (shop.at,)


def dispute(world: World) -> tuple[Any, ...]:
    """How the one dispute stands, and which attempt it is about."""
    (found,) = world.all("select state, attempt_id, amount from payments_dispute")
    assert isinstance(found, tuple)
    return found


def _session(world: World) -> str:
    found: str = world.one("select reference from payments_attempt")
    return found
