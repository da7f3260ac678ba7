"""What gets lost between us and Stripe: each fault ends in one charge at most, and the right word.

The faults are those of the proxy in tests/peers/stripe/proxy.py, on the way to localstripe.
"""

import time
from datetime import UTC, datetime

import pytest

from everline.payments.gateways import (
    ActionNeeded,
    Charge,
    Failed,
    Keeping,
    Known,
    Outcome,
    Succeeded,
    Unknown,
)
from everline.payments.gateways.stripe import Stripe
from everline.payments.gateways.stripe_wire import Keys
from tests.peers.stripe.proxy import Proxy
from tests.stripe_fixtures import (
    HASTY_MS,
    PRICE,
    WEBHOOK_SECRET,
    Peer,
    by_kept,
    charge,
    keep,
    opened,
)

pytestmark = pytest.mark.peers
NOW = datetime.now(UTC)
CREATE = "POST /v1/payment_intents"
NOT_SENT = ("cut", "error", "garbage", "limit")
"""Faults with which Stripe never hears of the call."""

DONE = ("lost", "half", "error_after")
"""Faults with which Stripe does what it was asked, and we do not hear of it."""

NO = Failed(None, "never_received", hard=False)


def asking(adapter: Stripe, wanted: Charge, known: Known | None = None) -> Outcome:
    return adapter.query(wanted.attempt_key, NOW, known or Known(None, wanted.amount))


class TestUnattended:
    """A charge of a kept card: it happens once or never, and asking tells which."""

    @pytest.mark.parametrize("fault", DONE)
    def test_one_that_happened_is_found(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        wanted = by_kept(keep(stripe, peer))
        proxy.fail(CREATE, fault)
        assert isinstance(stripe.charge(wanted), Unknown)
        assert len(peer.calls(CREATE)) == 1
        yes = asking(stripe, wanted)
        assert isinstance(yes, Succeeded)
        assert yes.captured == PRICE
        assert stripe.charge(wanted) == yes
        assert peer.charged(wanted.attempt_key) == [1250]

    @pytest.mark.parametrize("fault", NOT_SENT)
    def test_one_that_did_not_happen_never_happens(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        wanted = by_kept(keep(stripe, peer))
        proxy.fail(CREATE, fault)
        assert isinstance(stripe.charge(wanted), Unknown)
        assert peer.calls(CREATE) == []
        assert asking(stripe, wanted) == NO
        assert asking(stripe, wanted) == NO
        # The first call was only late: now that it was called never, it must not happen.
        assert stripe.charge(wanted) == Unknown("answered 400")
        assert peer.charged(wanted.attempt_key) == []

    @pytest.mark.parametrize("fault", ["double", "twins"])
    def test_one_that_is_doubled_on_the_way(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        wanted = by_kept(keep(stripe, peer))
        peer.do("pace", slow_ms=50)
        proxy.fail(CREATE, fault)
        assert isinstance(stripe.charge(wanted), Succeeded)
        assert len(peer.calls(CREATE)) == 2
        assert peer.charged(wanted.attempt_key) == [1250]

    def test_one_that_is_answered_too_late(
        self, stripe: Stripe, hasty_stripe: Stripe, peer: Peer, proxy: Proxy
    ) -> None:
        wanted = by_kept(keep(stripe, peer))
        proxy.fail(CREATE, "late")
        begun = time.monotonic()
        assert hasty_stripe.charge(wanted) == Unknown("ReadTimeout")
        assert time.monotonic() - begun < proxy.late_ms / 1000
        assert isinstance(asking(stripe, wanted), Succeeded)
        assert peer.charged(wanted.attempt_key) == [1250]

    def test_one_that_is_still_under_way_is_neither_yes_nor_no(
        self, stripe: Stripe, hasty_stripe: Stripe, peer: Peer
    ) -> None:
        wanted = by_kept(keep(stripe, peer))
        peer.do("pace", slow_ms=2 * HASTY_MS)
        assert hasty_stripe.charge(wanted) == Unknown("ReadTimeout")
        assert asking(stripe, wanted) == Unknown("answered 409 idempotency_key_in_use")
        peer.do("pace", slow_ms=0)
        deadline = time.monotonic() + 60
        while not peer.charged(wanted.attempt_key) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert isinstance(asking(stripe, wanted), Succeeded)
        assert peer.charged(wanted.attempt_key) == [1250]

    def test_while_searches_lag_behind_it_is_not_called_never(
        self, stripe: Stripe, peer: Peer, proxy: Proxy
    ) -> None:
        wanted = by_kept(keep(stripe, peer))
        proxy.fail(CREATE, "lost")
        stripe.charge(wanted)
        peer.do("change", searches=False)
        assert asking(stripe, wanted) == Unknown("it was received, and is not found yet")
        peer.do("change", searches=True)
        assert isinstance(asking(stripe, wanted), Succeeded)

    def test_days_later_when_stripe_has_forgotten_the_key(
        self, stripe: Stripe, peer: Peer, proxy: Proxy
    ) -> None:
        wanted = by_kept(keep(stripe, peer))
        proxy.fail(CREATE, "lost")
        stripe.charge(wanted)
        peer.do("forget_keys")
        assert isinstance(asking(stripe, wanted), Succeeded)
        assert peer.charged(wanted.attempt_key) == [1250]

    @pytest.mark.parametrize(
        "call", ["GET /v1/payment_intents/search", "GET /v1/payment_intents/pi_", CREATE]
    )
    def test_nothing_is_said_while_nobody_can_tell(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, call: str
    ) -> None:
        wanted = by_kept(keep(stripe, peer))
        if call != CREATE:
            proxy.fail(CREATE, "lost")
            stripe.charge(wanted)
        for fault in (*NOT_SENT, *DONE):
            proxy.fail(call, fault)
            assert isinstance(asking(stripe, wanted), Unknown), fault
        assert (
            asking(stripe, wanted) == NO
            if call == CREATE
            else isinstance(asking(stripe, wanted), Succeeded)
        )

    def test_a_lost_decline(self, stripe: Stripe, peer: Peer, proxy: Proxy) -> None:
        kept = keep(stripe, peer)
        peer.do("decline", payment_method=kept.token, decline_code="insufficient_funds")
        wanted = by_kept(kept)
        proxy.fail(CREATE, "lost")
        assert isinstance(stripe.charge(wanted), Unknown)
        no = asking(stripe, wanted)
        assert isinstance(no, Failed)
        assert (no.reason, no.hard) == ("insufficient_funds", False)
        assert stripe.charge(wanted) == no

    def test_with_wrong_keys(self, peer: Peer, proxy: Proxy) -> None:
        stranger = Stripe(Keys("rk_live_of_somebody", WEBHOOK_SECRET), api=proxy.url)
        assert stranger.charge(charge()) == Unknown("answered 401")
        assert stranger.query("key-1", NOW, Known(None, PRICE)) == Unknown("answered 401")
        assert stranger.trouble() == "answered 401"
        stranger.close()

    def test_nobody_there(self) -> None:
        nobody = Stripe(Keys("sk_test_1", WEBHOOK_SECRET), api="http://127.0.0.1:9")
        assert nobody.charge(charge()) == Unknown("ConnectError")
        assert nobody.trouble() == "ConnectError"
        nobody.close()


class TestPages:
    """A page whose making was never confirmed was told to nobody, so nobody pays there."""

    PAGE = "POST /v1/checkout/sessions"

    @pytest.mark.parametrize("fault", [*NOT_SENT, *DONE])
    def test_a_page_that_was_told_to_nobody(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        wanted = charge()
        proxy.fail(self.PAGE, fault)
        assert isinstance(stripe.charge(wanted), Unknown)
        assert len(peer.calls(self.PAGE)) == (0 if fault in NOT_SENT else 1)
        assert asking(stripe, wanted) == NO
        assert peer.charged() == []

    @pytest.mark.parametrize("fault", ["double", "twins"])
    def test_a_page_that_is_made_twice_is_one(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        wanted = charge()
        peer.do("pace", slow_ms=50)
        proxy.fail(self.PAGE, fault)
        on_record = opened(stripe, wanted)
        peer.pay(wanted)
        assert isinstance(asking(stripe, wanted, on_record), Succeeded)
        assert peer.charged() == [1250]

    @pytest.mark.parametrize("fault", [*NOT_SENT, *DONE])
    def test_a_paid_page_is_asked_about_until_it_answers(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        wanted = charge()
        on_record = opened(stripe, wanted)
        peer.pay(wanted)
        proxy.fail("GET /v1/checkout/sessions/", fault)
        assert isinstance(asking(stripe, wanted, on_record), Unknown)
        assert isinstance(asking(stripe, wanted, on_record), Succeeded)

    @pytest.mark.parametrize("fault", [*NOT_SENT, *DONE])
    def test_ending_a_page_gets_lost(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        wanted = charge()
        on_record = opened(stripe, wanted)
        proxy.fail("POST /v1/checkout/sessions/", fault)
        assert isinstance(stripe.stop(wanted.attempt_key, on_record), Unknown)
        assert isinstance(stripe.stop(wanted.attempt_key, on_record), Failed)

    def test_paying_while_the_page_is_ended(self, stripe: Stripe, peer: Peer, proxy: Proxy) -> None:
        wanted = charge()
        on_record = opened(stripe, wanted)
        # What is read is older than what is so: the answer "open" comes after somebody has paid.
        proxy.between = lambda: peer.pay(wanted)
        proxy.fail("GET /v1/checkout/sessions/", "meanwhile")
        assert isinstance(stripe.stop(wanted.attempt_key, on_record), Succeeded)
        assert peer.charged() == [1250]

    def test_making_a_page_to_keep_a_card_gets_lost(
        self, stripe: Stripe, peer: Peer, proxy: Proxy
    ) -> None:
        from tests.test_stripe import setup

        assert isinstance(stripe, Keeping)
        wanted = setup()
        proxy.fail(self.PAGE, "lost")
        assert isinstance(stripe.set_up(wanted), Unknown)
        told = stripe.set_up(wanted)
        assert isinstance(told, ActionNeeded)
        peer.pay(wanted.setup_key)
        proxy.fail("GET /v1/checkout/sessions/", "error")
        assert isinstance(stripe.query_setup(wanted.setup_key, told.reference), Unknown)
