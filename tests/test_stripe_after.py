"""The Stripe adapter after the payment: refunds that happen once, webhooks, disputes, keys."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe as library
from hypothesis import HealthCheck, given, settings, strategies as st

from everline.errors import MisuseError
from everline.money import Money
from everline.payments.gateways import (
    Disputing,
    Examinable,
    Failed,
    Opened,
    Succeeded,
    Unknown,
)
from everline.payments.gateways.stripe import TOLERANCE_SECONDS, Stripe
from everline.payments.gateways.stripe_wire import Keys
from tests.peers.stripe.proxy import Proxy
from tests.simulator import Receiver, wait_until
from tests.stripe_fixtures import (
    PRICE,
    WEBHOOK_SECRET,
    Peer,
    by_kept,
    charge,
    keep,
    opened,
    paid,
)
from tests.test_stripe_lost import DONE, NOT_SENT

pytestmark = pytest.mark.peers
PART = Money(500, "EUR")
REFUND = "POST /v1/refunds"


def key() -> str:
    return str(uuid.uuid4())


class TestRefunds:
    """Never more than was captured, and once per key."""

    def test_in_parts_up_to_all(self, stripe: Stripe, peer: Peer) -> None:
        yes = paid(stripe, peer, charge())
        one, two, three = key(), key(), key()
        first = stripe.refund(one, yes.reference, PART)
        assert isinstance(first, Succeeded)
        assert first.captured == PART
        assert stripe.refund(one, yes.reference, PART) == first
        assert isinstance(stripe.refund(two, yes.reference, Money(751, "EUR")), Unknown)
        rest = stripe.refund(three, yes.reference, Money(750, "EUR"))
        assert isinstance(rest, Succeeded)
        assert stripe.query_refund(three, yes.reference) == rest
        assert stripe.query_refund(one, yes.reference) == first
        assert stripe.query_refund(two, yes.reference) == Unknown("the refund is not listed")
        none_left = stripe.refund(key(), yes.reference, Money(1, "EUR"))
        assert none_left == Failed(None, "charge_already_refunded", hard=True)

    def test_a_refunded_payment_still_counts_as_paid(self, stripe: Stripe, peer: Peer) -> None:
        wanted = by_kept(keep(stripe, peer))
        yes = stripe.charge(wanted)
        assert isinstance(yes, Succeeded)
        stripe.refund(key(), yes.reference, PRICE)
        assert stripe.charge(wanted) == yes

    @pytest.mark.parametrize("fault", DONE)
    def test_one_that_happened_is_found(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        yes = paid(stripe, peer, charge())
        mine = key()
        proxy.fail(REFUND, fault)
        assert isinstance(stripe.refund(mine, yes.reference, PRICE), Unknown)
        found = stripe.query_refund(mine, yes.reference)
        assert isinstance(found, Succeeded)
        assert stripe.refund(mine, yes.reference, PRICE) == found
        peer.do("forget_keys")
        assert stripe.refund(mine, yes.reference, PRICE) == found

    @pytest.mark.parametrize("fault", NOT_SENT)
    def test_one_that_did_not_happen_is_sent_again(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        yes = paid(stripe, peer, charge())
        mine = key()
        proxy.fail(REFUND, fault)
        assert isinstance(stripe.refund(mine, yes.reference, PRICE), Unknown)
        assert isinstance(stripe.query_refund(mine, yes.reference), Unknown)
        assert isinstance(stripe.refund(mine, yes.reference, PRICE), Succeeded)

    @pytest.mark.parametrize("fault", ["double", "twins"])
    def test_one_that_is_doubled_on_the_way(
        self, stripe: Stripe, peer: Peer, proxy: Proxy, fault: str
    ) -> None:
        yes = paid(stripe, peer, charge())
        peer.do("pace", slow_ms=50)
        proxy.fail(REFUND, fault)
        assert isinstance(stripe.refund(key(), yes.reference, PART), Succeeded)
        rest = stripe.refund(key(), yes.reference, Money(750, "EUR"))
        assert isinstance(rest, Succeeded)

    @pytest.mark.parametrize(
        ("status", "told"),
        [
            ("pending", Unknown("the refund is under way")),
            ("requires_action", Unknown("the refund is under way")),
            ("of_tomorrow", Unknown("the refund says an unknown word")),
        ],
    )
    def test_one_that_is_under_way(
        self, stripe: Stripe, peer: Peer, status: str, told: Unknown
    ) -> None:
        yes = paid(stripe, peer, charge())
        peer.do("change", refund_status=status)
        mine = key()
        assert stripe.refund(mine, yes.reference, PRICE) == told
        assert stripe.query_refund(mine, yes.reference) == told

    def test_one_that_failed(self, stripe: Stripe, peer: Peer) -> None:
        yes = paid(stripe, peer, charge())
        peer.do("change", refund_status="failed")
        no = stripe.refund(key(), yes.reference, PRICE)
        assert isinstance(no, Failed)
        assert (no.reason, no.hard) == ("refund_failed", True)

    def test_of_what_is_no_payment(self, stripe: Stripe, peer: Peer) -> None:
        assert isinstance(stripe.refund(key(), "", PRICE), Failed)
        assert isinstance(stripe.refund(key(), "pi_gone", PRICE), Unknown)
        assert isinstance(stripe.query_refund(key()), Unknown)
        assert len(peer.calls(REFUND)) == 1


def event(**values: Any) -> bytes:
    """Write an event about nothing of ours."""
    about = {"id": "pi_1", "object": "payment_intent", "status": "succeeded"}
    told = {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": about}}
    return json.dumps(told | values).encode()


def told_by(receiver: Receiver, kind: str, named: str) -> list[tuple[dict[str, str], bytes]]:
    """Wait for webhooks of a kind that name an object: those of an earlier test may come late."""

    def found() -> list[tuple[dict[str, str], bytes]]:
        return [
            (headers, body)
            for headers, body in receiver.callbacks
            if f'"type": "{kind}"'.encode() in body and f'"{named}"'.encode() in body
        ]

    wait_until(lambda: bool(found()))
    return found()


def signed(body: bytes, secret: str = WEBHOOK_SECRET, age_seconds: int = 0) -> dict[str, str]:
    at = int(time.time()) - age_seconds
    header = library.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    return {"Stripe-Signature": header}


class TestWebhooks:
    """Verified by Stripe's library on the raw body; a hint at most, and no person is kept."""

    def test_each_points_at_its_attempt(self, stripe: Stripe, peer: Peer) -> None:
        with Receiver() as receiver:
            peer.send_webhooks_to(receiver.url)
            wanted = charge(keeps=True)
            opened(stripe, wanted)
            peer.pay(wanted)
            came = receiver.wait_for(3)
        hints = [stripe.read_callback(headers, body) for headers, body in came]
        kinds = {json.loads(hint.kept or b"")["type"]: hint for hint in hints}
        assert kinds["payment_intent.succeeded"].attempt_key == wanted.attempt_key
        assert kinds["checkout.session.completed"].attempt_key == wanted.attempt_key
        assert kinds["customer.created"].attempt_key == ""
        assert b"ana.buyer@example.com" in b"".join(body for _, body in came)
        assert b"@" not in b"".join(hint.kept or b"" for hint in hints)

    def test_doubled(self, stripe: Stripe) -> None:
        body = event()
        headers = signed(body)
        lower = {name.lower(): value for name, value in headers.items()}
        assert stripe.read_callback(headers, body) == stripe.read_callback(lower, body)

    @pytest.mark.parametrize(
        "forge",
        [
            lambda body: (signed(body, "whsec_of_somebody"), body),
            lambda body: (signed(body), body.replace(b"succeeded", b"canceled!")),
            lambda body: (signed(body), body + b" "),
            lambda body: (signed(body, age_seconds=TOLERANCE_SECONDS + 60), body),
            lambda body: ({}, body),
            lambda body: ({"Stripe-Signature": "t=1"}, body),
            lambda body: ({"Stripe-Signature": "t=1,v1=é"}, body),
            lambda body: ({"Stripe-Signature": f"t={'9' * 5000},v1=00"}, body),
            lambda body: (signed(body), b"\xff" + body),
        ],
    )
    def test_tampered_with(
        self, stripe: Stripe, forge: Callable[[bytes], tuple[dict[str, str], bytes]]
    ) -> None:
        headers, body = forge(event())
        with pytest.raises(MisuseError) as caught:
            stripe.read_callback(headers, body)
        assert caught.value.code in {"signature_wrong", "body_wrong"}

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        body=st.text(max_size=200).map(str.encode)
        | st.sampled_from([b"[" * 60_000, b'{"id":"evt_1"}', b'{"id":1,"type":"A"}', b""])
    )
    def test_a_body_that_is_no_event(self, stripe: Stripe, body: bytes) -> None:
        with pytest.raises(MisuseError) as caught:
            stripe.read_callback(signed(body), body)
        assert caught.value.code == "body_wrong"

    def test_of_somebody_elses_payment(self, stripe: Stripe) -> None:
        for metadata in ({}, None, {"order_id": "1"}, {"everline_attempt": "x" * 100}):
            about = {"id": "ch_1", "object": "charge", "metadata": metadata}
            body = event(data={"object": about})
            assert stripe.read_callback(signed(body), body).attempt_key == ""


class TestDisputes:
    """Pointed at by a webhook, read again, and told in our words."""

    def test_one(self, stripe: Stripe, peer: Peer) -> None:
        wanted = charge()
        yes = paid(stripe, peer, wanted)
        with Receiver() as receiver:
            peer.send_webhooks_to(receiver.url)
            made = peer.do("dispute", payment_intent=yes.reference)
            disputes = told_by(receiver, "charge.dispute.created", made["id"])
        ((headers, body),) = disputes
        hint = stripe.read_callback(headers, body)
        assert (hint.dispute, hint.attempt_key) == (made["id"], "")
        assert isinstance(stripe, Disputing)
        told = stripe.read_dispute(hint.dispute)
        assert not isinstance(told, Unknown)
        assert (told.attempt_key, told.amount) == (wanted.attempt_key, PRICE)
        assert (told.state, told.is_inquiry, told.reason) == ("to_answer", False, "fraudulent")
        assert told.answer_by is not None

    @pytest.mark.parametrize(
        ("status", "state", "is_inquiry"),
        [
            ("warning_needs_response", "to_answer", True),
            ("warning_closed", "closed", True),
            ("under_review", "under_review", False),
            ("lost", "lost", False),
            ("won", "won", False),
        ],
    )
    def test_how_they_stand(
        self, stripe: Stripe, peer: Peer, status: str, state: str, *, is_inquiry: bool
    ) -> None:
        yes = paid(stripe, peer, charge())
        made = peer.do("dispute", payment_intent=yes.reference, status=status)
        told = stripe.read_dispute(made["id"])
        assert not isinstance(told, Unknown)
        assert (told.state, told.is_inquiry) == (state, is_inquiry)

    def test_those_of_a_time_are_listed_page_by_page(self, stripe: Stripe, peer: Peer) -> None:
        yes = paid(stripe, peer, charge())
        first = datetime(2026, 11, 1, tzinfo=UTC)
        made = [
            peer.do(
                "dispute", payment_intent=yes.reference, is_another=True,
                created=int(first.timestamp()) + number,
            )["id"]
            for number in range(103)
        ]  # fmt: skip
        told = stripe.disputes_since(first, first + timedelta(seconds=102))
        assert told == Opened(tuple(reversed(made[:102])), is_all=True)
        assert stripe.disputes_since(first - timedelta(days=1), first) == Opened((), is_all=True)

    def test_what_cannot_be_read(self, stripe: Stripe, peer: Peer) -> None:
        yes = paid(stripe, peer, charge())
        made = peer.do("dispute", payment_intent=yes.reference, status="of_tomorrow")
        assert isinstance(stripe.read_dispute(made["id"]), Unknown)
        assert isinstance(stripe.read_dispute("du_gone"), Unknown)
        assert isinstance(stripe.read_dispute("../customers"), Unknown)


def test_the_keys_are_tried(stripe: Stripe, peer: Peer) -> None:
    assert isinstance(stripe, Examinable)
    assert stripe.trouble() == ""
    assert "sk_test" not in repr(Keys("sk_test_1", "whsec_1"))
    with pytest.raises(ValueError, match="secret"):
        Stripe(Keys("sk_test_1", ""))


def test_keys_for_tests_are_asked_more_slowly() -> None:
    for secret, rate in (("sk_test_1", 20), ("rk_live_1", 80)):
        adapter = Stripe(Keys(secret, "whsec_1"))
        assert adapter.abilities.rate_max == rate
        adapter.close()
