"""The PayPal adapter against PayPal's double: orders, approval, captures, faults and refusals.

Tokens are in test_paypal_wire.py, refunds and callbacks in test_paypal_after.py, the pages in
test_paypal_pages.py.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from everline.money import Money
from everline.payments.gateways import (
    ActionNeeded,
    Charge,
    Failed,
    Known,
    Outcome,
    Pending,
    Stoppable,
    Succeeded,
    Unknown,
)
from everline.payments.gateways.paypal import PayPal
from everline.payments.gateways.paypal_answers import order_of, page_of
from everline.payments.gateways.paypal_wire import PLACES
from tests.paypal import CANCEL_URL, PRICE, RETURN_URL, charge, opened, paid
from tests.peers.paypal.double import Double

NOW = datetime.now(UTC)


def asking(adapter: PayPal, wanted: Charge, on_record: Known) -> Outcome:
    return adapter.query(wanted.attempt_key, NOW, on_record)


class TestOrders:
    """An order is created once, says what it is for, and leads to PayPal's own page."""

    def test_what_is_sent(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        asked = paypal.charge(wanted)
        assert isinstance(asked, ActionNeeded)
        assert asked.url == f"{paypal_double.url}/checkoutnow?token={asked.reference}"
        (sent,) = paypal_double.calls("create")
        assert sent.key == wanted.attempt_key
        (purchase,) = sent.body["purchase_units"]
        assert purchase["custom_id"] == purchase["invoice_id"] == wanted.attempt_key
        assert purchase["amount"] == {"currency_code": "EUR", "value": "12.50"}
        assert sent.body["payment_source"]["paypal"]["experience_context"] == {
            "brand_name": "Testline",
            "locale": "zh-CN",
            "shipping_preference": "NO_SHIPPING",
            "user_action": "PAY_NOW",
            "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
            "return_url": RETURN_URL,
            "cancel_url": CANCEL_URL,
        }

    def test_charging_again_gives_the_same_order(
        self, paypal: PayPal, paypal_double: Double
    ) -> None:
        wanted = charge()
        assert paypal.charge(wanted) == paypal.charge(wanted)
        assert len(paypal_double.books.orders) == 1

    def test_many_at_once_are_one_order_and_one_token(
        self, paypal: PayPal, paypal_double: Double
    ) -> None:
        wanted = charge()
        with ThreadPoolExecutor(8) as pool:
            asked = set(pool.map(paypal.charge, [wanted] * 8))
        assert len(asked) == len(paypal_double.books.orders) == 1
        assert len(paypal_double.calls("token")) == 1

    @pytest.mark.parametrize(
        ("amount", "value"),
        [
            (Money(1250, "EUR"), "12.50"),
            (Money(5, "USD"), "0.05"),
            (Money(1250, "JPY"), "1250"),
            (Money(125_000, "HUF"), "1250"),
            (Money(30_000, "TWD"), "300"),
        ],
    )
    def test_amounts_as_paypal_takes_them(
        self, paypal: PayPal, paypal_double: Double, amount: Money, value: str
    ) -> None:
        wanted = charge(amount)
        assert paid(paypal, paypal_double, wanted).captured == amount
        (sent,) = paypal_double.calls("create")
        assert sent.body["purchase_units"][0]["amount"]["value"] == value

    @pytest.mark.parametrize(
        "amount",
        [Money(125_050, "HUF"), Money(1, "TWD"), Money(1_500_000, "IDR"), Money(990, "CNY")],
    )
    def test_what_paypal_does_not_take_is_not_sent(
        self, paypal: PayPal, paypal_double: Double, amount: Money
    ) -> None:
        assert paypal.charge(charge(amount)) == Failed(None, "currency_not_taken", hard=True)
        assert paypal_double.asked == []

    def test_a_saved_means_is_not_taken_yet(self, paypal: PayPal) -> None:
        wanted = replace(charge(), token="tok_1")
        assert paypal.charge(wanted) == Failed(None, "token_unknown", hard=True)

    @pytest.mark.parametrize(
        ("issue", "is_no"),
        [
            ("PAYEE_ACCOUNT_RESTRICTED", True),
            ("COMPLIANCE_VIOLATION", True),
            ("INVALID_CURRENCY_CODE", True),
            ("POSTAL_CODE_REQUIRED", False),
        ],
    )
    def test_a_refused_order(
        self, paypal: PayPal, paypal_double: Double, issue: str, *, is_no: bool
    ) -> None:
        paypal_double.fail("create", "issue", issue)
        told = paypal.charge(charge())
        expected = Failed(None, issue.lower(), hard=True)
        assert told == (expected if is_no else Unknown(f"answered 422 {issue}"))

    @pytest.mark.parametrize("fault", ["cut", "lost", "half", "error", "error_after", "garbage"])
    def test_an_order_whose_answer_is_lost_is_never_captured(
        self, paypal: PayPal, paypal_double: Double, fault: str
    ) -> None:
        wanted = charge()
        paypal_double.fail("create", fault)
        assert isinstance(paypal.charge(wanted), Unknown)
        no = asking(paypal, wanted, Known(None, PRICE))
        assert no == Failed(None, "never_received", hard=False)
        assert paypal_double.calls("capture") == []

    @pytest.mark.parametrize(("fault", "value"), [("key", ""), ("status", "GALACTIC")])
    def test_an_order_that_is_lied_about(
        self, paypal: PayPal, paypal_double: Double, fault: str, value: str
    ) -> None:
        paypal_double.fail("create", fault, value)
        assert isinstance(paypal.charge(charge()), Unknown)

    def test_a_page_that_is_not_paypals(self) -> None:
        body = (
            b'{"id":"5O1","status":"PAYER_ACTION_REQUIRED","links":[{"rel":"payer-action",'
            b'"href":"https://www.paypal.com.evil.example/"}]}'
        )
        order = order_of(body, "key", is_new=True)
        assert page_of(order, PLACES["live"].pages) == ""
        assert page_of(order, "https://www.paypal.com.evil.example/") != ""


class TestCaptures:
    """Money is taken after approval, once, and only when that is still wanted."""

    def test_approved_and_captured(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        assert isinstance(asking(paypal, wanted, on_record), ActionNeeded)
        back = paypal_double.approve(wanted.attempt_key)
        assert back.startswith(f"{RETURN_URL}?token=")
        yes = asking(paypal, wanted, on_record)
        assert yes == Succeeded(
            paypal_double.captures_of(wanted.attempt_key)[0]["id"], PRICE, "PayPal"
        )
        assert [each.key for each in paypal_double.calls("capture")] == [
            f"{wanted.attempt_key}-capture"
        ]
        assert asking(paypal, wanted, on_record) == yes
        assert paypal.charge(wanted) == yes

    def test_many_who_ask_at_once_capture_once(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(lambda _: asking(paypal, wanted, on_record), range(8)))
        assert all(isinstance(each, Succeeded) for each in told)
        assert len(paypal_double.captures_of(wanted.attempt_key)) == 1

    @pytest.mark.parametrize(
        "fault", ["lost", "half", "error_after", "garbage", "key", "status", "amount"]
    )
    def test_a_capture_that_happened_is_found_later(
        self, paypal: PayPal, paypal_double: Double, fault: str
    ) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.fail("capture", fault, "9.99" if fault == "amount" else "GALACTIC")
        told = asking(paypal, wanted, on_record)
        if fault == "amount":
            assert isinstance(told, Succeeded)
            assert told.captured != PRICE  # Whoever asked compares, and makes it unknown.
        else:
            assert isinstance(told, Unknown), told
        assert isinstance(asking(paypal, wanted, on_record), Succeeded)
        assert len(paypal_double.captures_of(wanted.attempt_key)) == 1

    def test_a_slow_capture_is_unknown_and_then_found(
        self, paypal: PayPal, hasty: PayPal, paypal_double: Double
    ) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.fail("capture", "slow")
        paypal_double.slow_seconds = 3.0
        begun = time.monotonic()
        assert asking(hasty, wanted, on_record) == Unknown("ReadTimeout")
        assert time.monotonic() - begun < paypal_double.slow_seconds
        assert isinstance(asking(paypal, wanted, on_record), Succeeded)
        assert len(paypal_double.captures_of(wanted.attempt_key)) == 1

    @pytest.mark.parametrize("fault", ["cut", "error"])
    def test_a_capture_that_did_not_happen_is_taken_later(
        self, paypal: PayPal, paypal_double: Double, fault: str
    ) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.fail("capture", fault)
        assert isinstance(asking(paypal, wanted, on_record), Unknown)
        assert paypal_double.captures_of(wanted.attempt_key) == []
        assert isinstance(asking(paypal, wanted, on_record), Succeeded)

    @pytest.mark.parametrize("fault", ["cut", "lost", "half", "error", "garbage", "key", "status"])
    def test_a_question_that_is_not_answered_captures_nothing(
        self, paypal: PayPal, paypal_double: Double, fault: str
    ) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.fail("read", fault, "GALACTIC")
        assert isinstance(asking(paypal, wanted, on_record), Unknown)
        assert paypal_double.calls("capture") == []

    @pytest.mark.parametrize(
        ("issue", "expected"),
        [
            ("INSTRUMENT_DECLINED", False),
            ("PAYER_ACTION_REQUIRED", False),
            ("TRANSACTION_REFUSED", True),
            ("COMPLIANCE_VIOLATION", True),
            ("PAYER_CANNOT_PAY", True),
            ("PAYER_ACCOUNT_RESTRICTED", True),
            ("INVALID_PICKUP_ADDRESS", None),
        ],
    )
    def test_a_refused_capture(
        self, paypal: PayPal, paypal_double: Double, issue: str, *, expected: bool | None
    ) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.fail("capture", "issue", issue)
        told = asking(paypal, wanted, on_record)
        if expected is None:
            assert told == Unknown(f"answered 422 {issue}")
        else:
            assert told == Failed(on_record.reference, issue.lower(), hard=expected)

    @pytest.mark.parametrize("issue", ["ORDER_ALREADY_CAPTURED", "DUPLICATE_INVOICE_ID"])
    def test_one_that_is_said_to_be_captured_already_is_read_again(
        self, paypal: PayPal, paypal_double: Double, issue: str
    ) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.fail("capture", "lost")
        assert isinstance(asking(paypal, wanted, on_record), Unknown)
        paypal_double.fail("read", "status", "APPROVED")  # An answer from a moment ago.
        paypal_double.fail("capture", "issue", issue)
        assert isinstance(asking(paypal, wanted, on_record), Succeeded)

    def test_another_amount_is_never_captured(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.fail("read", "amount", "1.00")
        assert isinstance(asking(paypal, wanted, on_record), Unknown)
        assert paypal_double.calls("capture") == []

    def test_captured_another_amount(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.books.captured_value = "9.99"
        told = asking(paypal, wanted, on_record)
        assert isinstance(told, Succeeded)
        assert told.captured == Money(999, "EUR")
        assert paypal.charge(wanted) == Unknown("captured 9.99 EUR")

    def test_pending_and_how_it_ends(self, paypal: PayPal, paypal_double: Double) -> None:
        for ending in ("COMPLETED", "DECLINED"):
            wanted = charge()
            on_record = opened(paypal, wanted)
            paypal_double.approve(wanted.attempt_key)
            paypal_double.books.captured_as = "PENDING"
            assert asking(paypal, wanted, on_record) == Pending(on_record.reference or "")
            paypal_double.settle(paypal_double.captures_of(wanted.attempt_key)[0]["id"], ending)
            told = asking(paypal, wanted, on_record)
            assert isinstance(told, Succeeded if ending == "COMPLETED" else Failed)

    def test_approved_after_we_gave_up_is_not_captured(
        self, paypal: PayPal, paypal_double: Double
    ) -> None:
        wanted = charge()
        late = replace(opened(paypal, wanted), may_take=False)
        no = Failed(late.reference, "expired", hard=False)
        assert asking(paypal, wanted, late) == no
        paypal_double.approve(wanted.attempt_key)
        assert asking(paypal, wanted, late) == no
        assert paypal_double.calls("capture") == []

    def test_captured_before_we_gave_up_is_told(
        self, paypal: PayPal, paypal_double: Double
    ) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        paypal_double.fail("capture", "lost")
        assert isinstance(asking(paypal, wanted, on_record), Unknown)
        late = replace(on_record, may_take=False)
        assert isinstance(asking(paypal, wanted, late), Succeeded)

    def test_turning_away_ends_it(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        assert isinstance(paypal, Stoppable)
        assert paypal_double.turn_away(wanted.attempt_key).startswith(f"{CANCEL_URL}&token=")
        assert paypal.stop(wanted.attempt_key, on_record) == Failed(
            on_record.reference, "cancelled", hard=False
        )
        assert paypal.stop(wanted.attempt_key) == Failed(None, "never_received", hard=False)

    def test_turning_away_too_late_is_told_so(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.approve(wanted.attempt_key)
        assert isinstance(paypal.stop(wanted.attempt_key, on_record), Succeeded)

    @pytest.mark.parametrize("reference", ["5O999999TN999999T", "../../v1/oauth2/token", ""])
    def test_an_order_that_paypal_does_not_know(
        self, paypal: PayPal, paypal_double: Double, reference: str
    ) -> None:
        told = paypal.query("key", NOW, Known(reference, PRICE))
        assert isinstance(told, Unknown)
        assert [each.operation for each in paypal_double.asked] in ([], ["token", "read"])
