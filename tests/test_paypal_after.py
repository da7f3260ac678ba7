"""The PayPal adapter after the payment: refunds that happen once, callbacks that are verified."""

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from everline.errors import FaultError, MisuseError
from everline.money import Money
from everline.payments.gateways import Failed, Hint, Succeeded, Unknown
from everline.payments.gateways.paypal import VERIFY_AT_ONCE_MAX, PayPal
from everline.payments.gateways.paypal_wire import Place
from tests.paypal import PRICE, charge, opened, paid
from tests.peers.paypal.double import KEYS, Double, Event, signed

PART = Money(500, "EUR")


def key() -> str:
    return str(uuid.uuid4())


class TestRefunds:
    """Never more than was captured, and once per key."""

    def test_in_parts_up_to_all(self, paypal: PayPal, paypal_double: Double) -> None:
        yes = paid(paypal, paypal_double, charge())
        one, two, three = key(), key(), key()
        first = paypal.refund(one, yes.reference, PART)
        assert isinstance(first, Succeeded)
        assert first.captured == PART
        assert paypal.refund(one, yes.reference, PART) == first
        too_much = paypal.refund(two, yes.reference, Money(751, "EUR"))
        assert too_much == Failed(None, "refund_amount_exceeded", hard=True)
        rest = paypal.refund(three, yes.reference, Money(750, "EUR"))
        assert isinstance(rest, Succeeded)
        assert paypal.query_refund(three, yes.reference) == rest
        assert paypal.query_refund(one, yes.reference) == first
        assert paypal.query_refund(two, yes.reference) == Unknown("the refund is not listed")
        none_left = paypal.refund(key(), yes.reference, Money(1, "EUR"))
        assert none_left == Failed(None, "capture_fully_refunded", hard=True)
        assert {each.key for each in paypal_double.calls("refund")} >= {one, two, three}

    def test_a_refunded_capture_still_counts_as_paid(
        self, paypal: PayPal, paypal_double: Double
    ) -> None:
        wanted = charge()
        yes = paid(paypal, paypal_double, wanted)
        paypal.refund(key(), yes.reference, PART)
        assert paypal.charge(wanted) == yes

    @pytest.mark.parametrize(
        "fault", ["lost", "half", "error_after", "garbage", "amount", "key", "status"]
    )
    def test_one_that_happened_is_found(
        self, paypal: PayPal, paypal_double: Double, fault: str
    ) -> None:
        yes = paid(paypal, paypal_double, charge())
        mine = key()
        paypal_double.fail("refund", fault, "9.99" if fault == "amount" else "GALACTIC")
        assert isinstance(paypal.refund(mine, yes.reference, PRICE), Unknown)
        found = paypal.query_refund(mine, yes.reference)
        assert isinstance(found, Succeeded)
        assert paypal.refund(mine, yes.reference, PRICE) == found
        assert len(paypal_double.order_of_capture(yes.reference)["refunds"]) == 1

    @pytest.mark.parametrize("fault", ["cut", "error"])
    def test_one_that_did_not_happen_is_sent_again(
        self, paypal: PayPal, paypal_double: Double, fault: str
    ) -> None:
        yes = paid(paypal, paypal_double, charge())
        mine = key()
        paypal_double.fail("refund", fault)
        assert isinstance(paypal.refund(mine, yes.reference, PRICE), Unknown)
        assert isinstance(paypal.query_refund(mine, yes.reference), Unknown)
        assert isinstance(paypal.refund(mine, yes.reference, PRICE), Succeeded)

    @pytest.mark.parametrize(
        "issue", ["CAPTURE_FULLY_REFUNDED", "DUPLICATE_INVOICE_ID", "REFUND_AMOUNT_EXCEEDED"]
    )
    def test_one_that_paypal_forgot_the_key_of_is_found_by_its_invoice(
        self, paypal: PayPal, paypal_double: Double, issue: str
    ) -> None:
        yes = paid(paypal, paypal_double, charge())
        mine = key()
        done = paypal.refund(mine, yes.reference, PRICE)
        paypal_double.fail("refund", "issue", issue)
        paypal_double.fail("read", "without_key")
        assert paypal.refund(mine, yes.reference, PRICE) == done

    def test_one_that_may_have_happened_is_no_failure_while_nobody_can_tell(
        self, paypal: PayPal, paypal_double: Double
    ) -> None:
        yes = paid(paypal, paypal_double, charge())
        paypal_double.fail("refund", "issue", "CAPTURE_FULLY_REFUNDED")
        paypal_double.fail("read_capture", "error")
        assert isinstance(paypal.refund(key(), yes.reference, PRICE), Unknown)

    def test_one_that_is_under_way(self, paypal: PayPal, paypal_double: Double) -> None:
        yes = paid(paypal, paypal_double, charge())
        paypal_double.books.refunded_as = "PENDING"
        mine = key()
        under_way = Unknown("the refund is under way")
        assert paypal.refund(mine, yes.reference, PRICE) == under_way
        assert paypal.query_refund(mine, yes.reference) == under_way

    @pytest.mark.parametrize(
        ("issue", "lasts"),
        [
            ("REFUND_NOT_ALLOWED", True),
            ("REFUND_TIME_LIMIT_EXCEEDED", True),
            ("REFUND_FAILED_INSUFFICIENT_FUNDS", False),
            ("TRANSACTION_DISPUTED", False),
        ],
    )
    def test_a_refusal_that_lasts_and_one_that_may_pass(
        self, paypal: PayPal, paypal_double: Double, issue: str, *, lasts: bool
    ) -> None:
        yes = paid(paypal, paypal_double, charge())
        paypal_double.fail("refund", "issue", issue)
        told = paypal.refund(key(), yes.reference, PRICE)
        expected = Failed(None, issue.lower(), hard=True)
        assert told == (expected if lasts else Unknown(f"answered 422 {issue}"))

    def test_in_another_currency(self, paypal: PayPal, paypal_double: Double) -> None:
        yes = paid(paypal, paypal_double, charge())
        assert isinstance(paypal.refund(key(), yes.reference, Money(1250, "USD")), Failed)

    def test_of_what_is_not_a_capture(self, paypal: PayPal, paypal_double: Double) -> None:
        assert isinstance(paypal.refund(key(), "", PRICE), Failed)
        assert isinstance(paypal.refund(key(), "3C999999TN999999T", PRICE), Unknown)
        assert isinstance(paypal.query_refund(key()), Unknown)
        assert [each.operation for each in paypal_double.asked] == ["token", "refund"]


class TestCallbacks:
    """Verified by PayPal itself, byte for byte; a hint at most, and no person is kept."""

    def test_each_points_at_its_attempt(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        yes = paid(paypal, paypal_double, wanted)
        paypal.refund(key(), yes.reference, PART)
        approved, captured, refunded = paypal_double.events
        for event in (approved, captured):
            hint = paypal.read_callback(event.headers, event.body)
            assert hint.attempt_key == wanted.attempt_key
            assert hint.event_id == json.loads(event.body)["id"]
        assert paypal.read_callback(refunded.headers, refunded.body).attempt_key

    def test_what_is_kept_names_nobody(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        (approved,) = paypal_double.events
        assert b"ana.buyer@example.com" in approved.body
        kept = paypal.read_callback(approved.headers, approved.body).kept
        assert kept is not None
        assert json.loads(kept) == {
            "id": json.loads(approved.body)["id"],
            "event_type": "CHECKOUT.ORDER.APPROVED",
            "resource": {
                "id": paypal_double.order_of(wanted.attempt_key)["id"],
                "status": "APPROVED",
                "custom_id": wanted.attempt_key,
            },
        }

    def test_before_the_answer_to_the_capture(self, paypal: PayPal, paypal_double: Double) -> None:
        hints: list[Hint] = []

        def hear(event: Event) -> None:
            hints.append(paypal.read_callback(event.headers, event.body))

        paypal_double.hear = hear
        wanted = charge()
        paid(paypal, paypal_double, wanted)
        assert [hint.attempt_key for hint in hints] == [wanted.attempt_key] * 2

    def test_doubled(self, paypal: PayPal, paypal_double: Double) -> None:
        paid(paypal, paypal_double, charge())
        event = paypal_double.events[-1]
        assert paypal.read_callback(event.headers, event.body) == paypal.read_callback(
            {name.lower(): value for name, value in event.headers.items()}, event.body
        )

    @pytest.mark.parametrize(
        "forge",
        [
            lambda event: replace(event, body=event.body.replace(b"COMPLETED", b"PENDING")),
            lambda event: replace(event, body=event.body.replace(b'": "', b'":"', 1)),
            lambda event: with_header(event, "PAYPAL-TRANSMISSION-SIG", "Zm9yZ2Vk"),
            lambda event: with_header(event, "PAYPAL-TRANSMISSION-ID", str(uuid.uuid4())),
            lambda event: with_header(event, "PAYPAL-TRANSMISSION-TIME", "2026-01-01T00:00:00Z"),
        ],
    )
    def test_tampered_with(
        self, paypal: PayPal, paypal_double: Double, forge: Callable[[Event], Event]
    ) -> None:
        paid(paypal, paypal_double, charge())
        forged = forge(paypal_double.events[-1])
        with pytest.raises(MisuseError) as caught:
            paypal.read_callback(forged.headers, forged.body)
        assert caught.value.code == "signature_wrong"
        assert paypal_double.calls("verify")

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("PAYPAL-CERT-URL", "https://evil.example/paypal.com/cert"),
            ("PAYPAL-CERT-URL", "http://api.paypal.com/cert"),
            ("PAYPAL-AUTH-ALGO", "no algorithm"),
            ("PAYPAL-TRANSMISSION-SIG", ""),
            ("PAYPAL-TRANSMISSION-ID", "x" * 80),
            ("PAYPAL-TRANSMISSION-TIME", "yesterday"),
        ],
    )
    def test_what_paypal_never_sends_is_not_even_asked_about(
        self, paypal: PayPal, paypal_double: Double, header: str, value: str
    ) -> None:
        event = with_header(signed("X", event_body()), header, value)
        with pytest.raises(MisuseError) as caught:
            paypal.read_callback(event.headers, event.body)
        assert caught.value.code == "signature_wrong"
        assert paypal_double.asked == []

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        body=st.binary(max_size=200)
        | st.sampled_from([b"[" * 60_000, b'{"id":"WH-1"}', b'{"id":1,"event_type":"A"}', b""])
    )
    def test_a_body_that_is_no_event(self, paypal: PayPal, body: bytes) -> None:
        with pytest.raises(MisuseError) as caught:
            paypal.read_callback(signed("X", body).headers, body)
        assert caught.value.code == "body_wrong"

    @pytest.mark.parametrize("fault", ["cut", "lost", "error", "garbage", "error_after"])
    def test_while_paypal_cannot_tell_it_must_come_again(
        self, paypal: PayPal, paypal_double: Double, fault: str
    ) -> None:
        paid(paypal, paypal_double, charge())
        event = paypal_double.events[-1]
        paypal_double.fail("verify", fault)
        with pytest.raises(FaultError):
            paypal.read_callback(event.headers, event.body)
        assert paypal.read_callback(event.headers, event.body).attempt_key

    def test_of_somebody_elses_order(self, paypal: PayPal) -> None:
        theirs: tuple[dict[str, Any], ...] = (
            {},
            {"custom_id": "x" * 100},
            {"purchase_units": [{}, {}]},
        )
        for resource in theirs:
            body = event_body(resource=resource)
            event = signed("X", body)
            assert paypal.read_callback(event.headers, body).attempt_key == ""

    def test_a_flood_asks_paypal_a_few_at_a_time(
        self, paypal: PayPal, paypal_double: Double
    ) -> None:
        event = signed("X", event_body())
        paypal_double.slow_seconds = 0.5
        for _ in range(VERIFY_AT_ONCE_MAX):
            paypal_double.fail("verify", "slow")
        crowd = [
            threading.Thread(target=paypal.read_callback, args=(event.headers, event.body))
            for _ in range(VERIFY_AT_ONCE_MAX)
        ]
        for each in crowd:
            each.start()
        while len(paypal_double.calls("verify")) < VERIFY_AT_ONCE_MAX:
            threading.Event().wait(0.01)
        with pytest.raises(FaultError, match="too many"):
            paypal.read_callback(event.headers, event.body)
        for each in crowd:
            each.join()
        assert paypal.read_callback(event.headers, event.body).event_id == "WH-1"

    def test_nobody_can_verify(self) -> None:
        nobody = PayPal(Place("http://127.0.0.1:9", "http://127.0.0.1:9/"), KEYS)
        event = signed("X", event_body())
        with pytest.raises(FaultError):
            nobody.read_callback(event.headers, event.body)
        nobody.close()


def event_body(**fields: object) -> bytes:
    """Write an event about nothing of ours."""
    event = {
        "id": "WH-1",
        "create_time": datetime.now(UTC).isoformat(),
        "event_type": "PAYMENT.CAPTURE.COMPLETED",
        "resource": {},
    }
    return json.dumps(event | fields).encode()


def with_header(event: Event, name: str, value: str) -> Event:
    return replace(event, headers={**event.headers, name: value})
