"""The Stripe adapter against localstripe: pages, kept cards, declines, and what is sent.

What gets lost on the way is in test_stripe_lost.py, what comes after a payment in
test_stripe_after.py, our own verbs in test_stripe_renewals.py.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from everline.money import Money
from everline.payments.gateways import (
    AUTHENTICATION_REQUIRED,
    ActionNeeded,
    Charge,
    Failed,
    Keeping,
    Kept,
    Known,
    Outcome,
    Setup,
    Stoppable,
    Succeeded,
    Unknown,
)
from everline.payments.gateways.stripe import Stripe
from everline.payments.gateways.stripe_declines import HARD, SOFT
from everline.payments.gateways.stripe_money import minor_of, money_of
from tests.peers.stripe.proxy import Proxy
from tests.stripe_fixtures import (
    CANCEL_URL,
    DECLINED,
    PRICE,
    RETURN_URL,
    WANTS_AUTHENTICATION,
    Peer,
    by_kept,
    charge,
    keep,
    opened,
    paid,
)

pytestmark = pytest.mark.peers
NOW = datetime.now(UTC)


def asking(adapter: Stripe, wanted: Charge, on_record: Known) -> Outcome:
    return adapter.query(wanted.attempt_key, NOW, on_record)


class TestPages:
    """A page is made once, says what it is for, and is paid once."""

    def test_what_is_sent(self, stripe: Stripe, peer: Peer) -> None:
        wanted = charge()
        told = stripe.charge(wanted)
        assert isinstance(told, ActionNeeded)
        assert told.url == f"{peer.url}/c/pay/{told.reference}"
        (call,) = peer.calls("POST /v1/checkout/sessions")
        assert call["headers"]["idempotency-key"] == f"{wanted.attempt_key}-page"
        assert "x-stripe-client-telemetry" not in call["headers"]
        assert "platform" not in call["headers"]["x-stripe-client-user-agent"]
        sent = call["sent"]
        (item,) = sent.pop("line_items")
        assert item["price_data"]["unit_amount"] == "1250"
        assert item["price_data"]["currency"] == "eur"
        metadata = {"everline_attempt": wanted.attempt_key}
        assert sent == {
            "mode": "payment",
            "client_reference_id": wanted.attempt_key,
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata, "description": "EU-30 4711"},
            "allowed_payment_method_types": ["card"],
            "adaptive_pricing": {"enabled": "false"},
            "success_url": RETURN_URL,
            "cancel_url": CANCEL_URL,
            "locale": "zh",
            "expires_at": str(int(wanted.expires_at.timestamp()) + 120),
        }

    @pytest.mark.parametrize("minutes", [10, 60 * 25])
    def test_a_page_for_less_than_half_an_hour_or_more_than_a_day_is_ended_by_us(
        self, stripe: Stripe, peer: Peer, minutes: int
    ) -> None:
        wanted = charge(expires_at=datetime.now(UTC) + timedelta(minutes=minutes))
        on_record = opened(stripe, wanted)
        assert opened(stripe, wanted) == on_record
        made = peer.calls("POST /v1/checkout/sessions")
        assert ["expires_at" in call["sent"] for call in made] == [True, False] * 2
        no = asking(stripe, wanted, replace(on_record, may_take=False))
        assert no == Failed(on_record.reference, "expired", hard=False)

    def test_charging_again_gives_the_same_page_and_then_the_outcome(
        self, stripe: Stripe, peer: Peer
    ) -> None:
        wanted = charge()
        assert stripe.charge(wanted) == stripe.charge(wanted)
        peer.pay(wanted)
        assert isinstance(stripe.charge(wanted), Succeeded)
        assert peer.charged() == [1250]

    def test_paid(self, stripe: Stripe, peer: Peer) -> None:
        wanted = charge()
        on_record = opened(stripe, wanted)
        assert isinstance(asking(stripe, wanted, on_record), ActionNeeded)
        assert peer.pay(wanted)["location"] == RETURN_URL
        yes = asking(stripe, wanted, on_record)
        assert isinstance(yes, Succeeded)
        assert yes.reference.startswith("pi_")
        assert (yes.captured, yes.masked_means, yes.kept) == (PRICE, "Visa •••• 4242", None)
        assert asking(stripe, wanted, Known(yes.reference, PRICE)) == yes
        assert asking(stripe, wanted, replace(on_record, may_take=False)) == yes
        assert stripe.stop(wanted.attempt_key, on_record) == yes
        assert peer.charged() == [1250]

    def test_declined_at_the_page_one_may_try_another_card_there(
        self, stripe: Stripe, peer: Peer
    ) -> None:
        wanted = charge()
        on_record = opened(stripe, wanted)
        assert peer.pay(wanted, DECLINED) == {"declined": True}
        assert isinstance(asking(stripe, wanted, on_record), ActionNeeded)
        peer.pay(wanted)
        assert isinstance(asking(stripe, wanted, on_record), Succeeded)
        assert peer.charged() == [1250]

    @pytest.mark.parametrize(("stops", "reason"), [(True, "cancelled"), (False, "expired")])
    def test_a_page_that_nobody_may_pay_at_any_more(
        self, stripe: Stripe, peer: Peer, *, stops: bool, reason: str
    ) -> None:
        wanted = charge()
        on_record = opened(stripe, wanted)
        assert isinstance(stripe, Stoppable)
        if stops:
            no = stripe.stop(wanted.attempt_key, on_record)
        else:
            no = asking(stripe, wanted, replace(on_record, may_take=False))
        assert no == Failed(on_record.reference, reason, hard=False)
        late = asking(stripe, wanted, on_record)
        assert late == Failed(on_record.reference, "expired", hard=False)
        assert peer.charged() == []

    @pytest.mark.parametrize("reference", ["cs_test_gone", "pi_gone", "../v1/customers", ""])
    def test_what_stripe_does_not_know(self, stripe: Stripe, reference: str) -> None:
        assert isinstance(stripe.query("key-1", NOW, Known(reference, PRICE)), Unknown)

    def test_a_page_of_another_attempt(self, stripe: Stripe, peer: Peer) -> None:
        wanted, other = charge(), charge()
        on_record = opened(stripe, wanted)
        peer.pay(wanted)
        assert isinstance(asking(stripe, other, on_record), Unknown)
        yes = asking(stripe, wanted, on_record)
        assert isinstance(yes, Succeeded)
        assert isinstance(asking(stripe, other, Known(yes.reference, PRICE)), Unknown)


class TestKeptCards:
    """Kept with a payment or without one, charged with nobody there, and forgotten."""

    def test_kept_with_a_payment_and_charged_later(self, stripe: Stripe, peer: Peer) -> None:
        kept = keep(stripe, peer)
        assert kept.masked_means == "Visa •••• 4242"
        wanted = by_kept(kept, Money(990, "EUR"))
        yes = stripe.charge(wanted)
        assert isinstance(yes, Succeeded)
        assert (yes.captured, yes.masked_means) == (Money(990, "EUR"), "Visa •••• 4242")
        assert peer.charged() == [1250, 990]
        (call,) = peer.calls("POST /v1/payment_intents")
        assert call["headers"]["idempotency-key"] == wanted.attempt_key
        assert call["sent"]["off_session"] == "true"
        assert asking(stripe, wanted, Known(yes.reference, wanted.amount)) == yes

    def test_a_second_card_of_one_customer(self, stripe: Stripe, peer: Peer) -> None:
        first = keep(stripe, peer)
        wanted = charge(keeps=True, customer=first.customer)
        on_record = opened(stripe, wanted)
        peer.pay(wanted)
        yes = asking(stripe, wanted, on_record)
        assert isinstance(yes, Succeeded)
        assert yes.kept is not None
        assert yes.kept.customer == first.customer
        assert peer.do("kept")["customers"] == 1

    def test_charging_again_charges_once(self, stripe: Stripe, peer: Peer) -> None:
        wanted = by_kept(keep(stripe, peer))
        assert stripe.charge(wanted) == stripe.charge(wanted)
        assert peer.charged(wanted.attempt_key) == [1250]

    def test_many_at_once_are_one_charge(self, stripe: Stripe, peer: Peer) -> None:
        wanted = by_kept(keep(stripe, peer))
        peer.do("pace", slow_ms=100)
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(stripe.charge, [wanted] * 8))
        assert sum(isinstance(each, Succeeded) for each in told) == 1
        others = {each for each in told if not isinstance(each, Succeeded)}
        assert others == {Unknown("answered 409 idempotency_key_in_use")}
        assert isinstance(asking(stripe, wanted, Known(None, PRICE)), Succeeded)
        assert peer.charged(wanted.attempt_key) == [1250]

    def test_a_bank_that_wants_to_see_its_customer(self, stripe: Stripe, peer: Peer) -> None:
        kept = keep(stripe, peer, WANTS_AUTHENTICATION)
        wanted = by_kept(kept)
        no = stripe.charge(wanted)
        assert isinstance(no, Failed)
        assert no.reference is not None
        assert (no.reason, no.hard) == (AUTHENTICATION_REQUIRED, False)
        assert asking(stripe, wanted, Known(no.reference, PRICE)) == no
        assert asking(stripe, wanted, Known(None, PRICE)) == no
        assert peer.charged(wanted.attempt_key) == []

    def test_who_sits_there_is_led_to_their_bank(self, stripe: Stripe, peer: Peer) -> None:
        kept = keep(stripe, peer, WANTS_AUTHENTICATION)
        wanted = by_kept(kept, is_unattended=False)
        told = stripe.charge(wanted)
        assert isinstance(told, ActionNeeded)
        assert told.url == f"{peer.url}/3ds/{told.reference}"
        on_record = Known(told.reference, PRICE)
        assert asking(stripe, wanted, on_record) == told
        peer.do("authenticate", id=told.reference)
        assert isinstance(asking(stripe, wanted, on_record), Succeeded)
        assert isinstance(stripe.charge(wanted), Succeeded)
        assert peer.charged(wanted.attempt_key) == [1250]

    def test_and_may_turn_away_there(self, stripe: Stripe, peer: Peer) -> None:
        wanted = by_kept(keep(stripe, peer, WANTS_AUTHENTICATION), is_unattended=False)
        on_record = opened(stripe, wanted)
        no = stripe.stop(wanted.attempt_key, on_record)
        assert no == Failed(on_record.reference, "cancelled", hard=False)
        assert asking(stripe, wanted, on_record) == no

    def test_or_fail_there(self, stripe: Stripe, peer: Peer) -> None:
        wanted = by_kept(keep(stripe, peer, WANTS_AUTHENTICATION), is_unattended=False)
        on_record = opened(stripe, wanted)
        peer.do("authenticate", id=on_record.reference, success=False)
        no = asking(stripe, wanted, on_record)
        assert isinstance(no, Failed)
        assert not no.hard

    @pytest.mark.parametrize(
        ("codes", "reason", "hard"),
        [
            ({}, "generic_decline", False),
            ({"decline_code": "insufficient_funds"}, "insufficient_funds", False),
            ({"decline_code": "expired_card"}, "expired_card", True),
            ({"decline_code": "stolen_card"}, "stolen_card", True),
            ({"decline_code": "of_the_year_2031"}, "of_the_year_2031", False),
            ({"decline_code": "Not A Code!"}, "card_declined", False),
            (
                {"decline_code": "generic_decline", "advice_code": "do_not_try_again"},
                "generic_decline",
                True,
            ),
        ],
    )
    def test_declines(
        self, stripe: Stripe, peer: Peer, codes: dict[str, str], reason: str, *, hard: bool
    ) -> None:
        kept = keep(stripe, peer)
        peer.do("decline", payment_method=kept.token, **codes)
        wanted = by_kept(kept)
        no = stripe.charge(wanted)
        assert isinstance(no, Failed)
        assert (no.reason, no.hard) == (reason, hard)
        assert no.reference is not None
        assert stripe.charge(wanted) == no
        assert asking(stripe, wanted, Known(no.reference, PRICE)) == no
        assert asking(stripe, wanted, Known(None, PRICE)) == no
        assert peer.charged(wanted.attempt_key) == []

    def test_a_card_that_stripe_does_not_know(self, stripe: Stripe, peer: Peer) -> None:
        kept = replace(keep(stripe, peer), token="pm_gone")
        no = Failed(None, "token_unknown", hard=True)
        assert stripe.charge(by_kept(kept)) == no

    def test_kept_without_a_payment(self, stripe: Stripe, peer: Peer) -> None:
        assert isinstance(stripe, Keeping)
        wanted = setup()
        told = stripe.set_up(wanted)
        assert isinstance(told, ActionNeeded)
        assert stripe.set_up(wanted) == told
        assert stripe.query_setup(wanted.setup_key, told.reference) == told
        peer.pay(wanted.setup_key, WANTS_AUTHENTICATION)
        kept = stripe.query_setup(wanted.setup_key, told.reference)
        assert isinstance(kept, Kept)
        assert kept.masked_means == "Visa •••• 3155"
        assert isinstance(stripe.query_setup("another", told.reference), Unknown)
        assert peer.charged() == []

    def test_a_card_that_is_declined_when_it_is_to_be_kept(
        self, stripe: Stripe, peer: Peer
    ) -> None:
        wanted = setup()
        told = stripe.set_up(wanted)
        assert isinstance(told, ActionNeeded)
        assert peer.pay(wanted.setup_key, "4000000000000002") == {"declined": True}
        assert stripe.query_setup(wanted.setup_key, told.reference) == told
        assert isinstance(stripe.query_setup(wanted.setup_key, ""), Failed)

    def test_a_forgotten_card_is_not_charged(self, stripe: Stripe, peer: Peer) -> None:
        kept = keep(stripe, peer)
        assert stripe.forget(kept.token, kept.customer)
        assert stripe.forget(kept.token, kept.customer)
        assert stripe.forget("pm_gone", kept.customer)
        assert stripe.forget("tok_of_another_gateway", "")
        assert [each["customer"] for each in peer.do("kept")["cards"]] == [None]
        wanted = by_kept(kept)
        assert not isinstance(stripe.charge(wanted), Succeeded)
        assert peer.charged(wanted.attempt_key) == []

    def test_forgetting_is_asked_again_when_nobody_answers(
        self, stripe: Stripe, peer: Peer, proxy: Proxy
    ) -> None:
        kept = keep(stripe, peer)
        proxy.fail("POST /v1/payment_methods", "cut")
        assert not stripe.forget(kept.token, kept.customer)
        assert stripe.forget(kept.token, kept.customer)


class TestAmounts:
    """Stripe's minor units are not everybody's."""

    @pytest.mark.parametrize(
        ("money", "minor"),
        [
            (Money(1250, "EUR"), 1250),
            (Money(1_500_000, "IDR"), 1_500_000),
            (Money(1250, "JPY"), 1250),
            (Money(5120, "KWD"), 5120),
            (Money(5, "ISK"), 500),
            (Money(1200, "UGX"), 120_000),
            (Money(300, "RSD"), 30_000),
            (Money(125_050, "HUF"), 125_050),
        ],
    )
    def test_taken(self, stripe: Stripe, peer: Peer, money: Money, minor: int) -> None:
        assert minor_of(money) == minor
        assert money_of(minor, money.currency.lower()) == money
        wanted = charge(money)
        assert paid(stripe, peer, wanted).captured == money
        assert peer.charged(wanted.attempt_key) == [minor]

    @pytest.mark.parametrize("money", [Money(5124, "KWD"), Money(100, "CUP"), Money(0, "EUR")])
    def test_not_taken(self, stripe: Stripe, peer: Peer, money: Money) -> None:
        assert stripe.charge(charge(money)) == Failed(None, "currency_not_taken", hard=True)
        assert peer.do("asked") == {"asked": []}
        assert stripe.query("key-1", NOW, Known(None, money)) == Failed(
            None, "never_received", hard=False
        )

    def test_finer_than_we_can_write(self) -> None:
        assert money_of(501, "isk") is None
        assert money_of(500, "of no currency") is None


def test_no_code_is_both() -> None:
    assert frozenset() == HARD & SOFT


def test_nothing_is_told_of_people(
    stripe: Stripe, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    import os

    assert "STRIPE_LOG" not in os.environ
    assert logging.getLogger("stripe").level == logging.WARNING
    with caplog.at_level(logging.WARNING):
        kept = keep(stripe, peer)
        peer.do("decline", payment_method=kept.token)
        stripe.charge(by_kept(kept))
    assert caplog.text == ""


def setup() -> Setup:
    order = charge()
    return Setup(
        setup_key=order.attempt_key,
        currency="EUR",
        customer="",
        return_url=RETURN_URL,
        cancel_url=CANCEL_URL,
        notify_url=order.notify_url,
        expires_at=order.expires_at,
        locale="id",
    )
