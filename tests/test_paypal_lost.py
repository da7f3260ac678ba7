"""PayPal when things get lost or come late: one renewal, and money that is taken at most once."""

import logging

import pytest
from django.db import connections

from everline import renewals
from everline.payments.gateways.paypal import ABILITIES
from tests.paypal_bank import call_back, come_back, key_of, ordered, silence, states
from tests.peers.paypal.double import KEYS, Double, Event
from tests.reader import APPROVED, Browser
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

GAVE_UP = ABILITIES.supersede_after_seconds + 1


@pytest.fixture
def bank(paypal_bank: World) -> World:
    return paypal_bank


class TestLosing:
    """A closed tab, a lost answer, a doubled callback: one renewal, and one capture at most."""

    def test_a_closed_tab_is_found_by_the_callback(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        key = key_of(bank)
        paypal_double.approve(key)
        (approved,) = paypal_double.events
        for _ in range(2):
            answer = call_back(approved)
            assert (answer.status_code, answer.json()) == (200, {"state": "matched"})
        assert states(bank) == ("sent", "awaiting_payment")  # A hint settles nothing.
        bank.advance(seconds=1)
        assert bank.ask_all() == 1
        assert states(bank) == ("succeeded", "paid")
        assert len(paypal_double.captures_of(key)) == 1
        assert browser.get(browser.at).title == "Paid, being delivered"
        kept = b"".join(bytes(each) for (each,) in bank.all("select body from payments_callback"))
        assert key.encode() in kept
        for person in (b"ana.buyer", b"Buyer", b"QYR5Z8XDVJNXQ"):
            assert person not in kept

    def test_a_closed_tab_is_found_by_the_janitor_alone(
        self, bank: World, paypal_double: Double
    ) -> None:
        ordered(bank)
        paypal_double.approve(key_of(bank))
        bank.advance(seconds=ABILITIES.ask_again_seconds[0] + 1)
        assert bank.ask_all() == 1
        assert states(bank) == ("succeeded", "paid")

    def test_a_callback_that_comes_before_the_answer(
        self, bank: World, paypal_double: Double
    ) -> None:
        told: list[int] = []

        def hear(event: Event) -> None:
            if event.kind == "PAYMENT.CAPTURE.COMPLETED":
                paypal_double.hear = lambda _event: None
                told.append(call_back(event).status_code)
                connections.close_all()  # Those of the double's own thread.

        browser = ordered(bank)
        paypal_double.hear = hear
        come_back(browser, paypal_double.approve(key_of(bank)))
        assert told == [200]
        assert browser.title == "Paid, being delivered"
        bank.advance(seconds=1)
        bank.ask_all()
        assert states(bank) == ("succeeded", "paid")
        assert bank.one("select captured from payments_payment") == 1250

    @pytest.mark.parametrize("fault", ["lost", "garbage", "error_after", "half"])
    def test_a_lost_answer_to_the_capture(
        self, bank: World, paypal_double: Double, fault: str
    ) -> None:
        browser = ordered(bank)
        key = key_of(bank)
        paypal_double.fail("capture", fault)
        come_back(browser, paypal_double.approve(key))
        assert browser.title == "Paid, being delivered"  # The page asked once more.
        assert len(paypal_double.captures_of(key)) == 1

    def test_while_nobody_can_tell_it_is_being_checked(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        key = key_of(bank)
        back = paypal_double.approve(key)
        silence(paypal_double)
        come_back(browser, back)
        assert browser.title == "Checking the payment, do not pay again"
        assert states(bank)[0] == "unknown"
        bank.advance(seconds=ABILITIES.ask_again_seconds[0] + 1)
        assert bank.ask_all() == 1
        assert states(bank) == ("succeeded", "paid")
        assert len(paypal_double.captures_of(key)) == 1

    def test_a_lost_answer_to_the_order(self, bank: World, paypal_double: Double) -> None:
        paypal_double.fail("create", "lost")
        browser = Browser(bank).choose(bank.card(), bank.plan()).press(means="paypal")
        bank.advance(seconds=ABILITIES.ask_again_seconds[0] + 1)
        bank.ask_all()
        assert browser.get(browser.at).title == "The payment was not made"
        browser.press("/pay", means="paypal")
        come_back(browser, paypal_double.approve(key_of(bank)))
        assert browser.title == "Paid, being delivered"

    def test_another_amount_is_unknown_and_asked_about(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        paypal_double.books.captured_value = "9.99"
        come_back(browser, paypal_double.approve(key_of(bank)))
        assert browser.title == "Checking the payment, do not pay again"
        assert states(bank) == ("unknown", "awaiting_payment")
        for seconds in ABILITIES.ask_again_seconds:
            bank.advance(seconds=seconds + 1)
            bank.ask_all()
            if states(bank)[0] == "parked":
                break
        assert states(bank)[0] == "parked"
        assert bank.expire_due() == 1
        assert bank.one("select owner from payments_attempt") == "finance"

    def test_while_paypal_cannot_verify_a_callback_it_is_not_kept(
        self, bank: World, paypal_double: Double
    ) -> None:
        ordered(bank)
        paypal_double.approve(key_of(bank))
        (approved,) = paypal_double.events
        paypal_double.fail("verify", "error")
        answer = call_back(approved)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_verified")
        assert bank.one("select count(*) from payments_callback") == 0
        assert call_back(approved).status_code == 200

    def test_a_forged_callback(self, bank: World, paypal_double: Double) -> None:
        ordered(bank)
        paypal_double.approve(key_of(bank))
        (approved,) = paypal_double.events
        forged = Event("", approved.headers, approved.body.replace(b"APPROVED", b"VOIDED"))
        assert call_back(forged).status_code == 401
        assert call_back(Event("", {}, b"{}")).status_code == 400
        assert bank.one("select count(*) from payments_callback") == 0

    def test_no_key_or_person_is_logged(
        self, bank: World, paypal_double: Double, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        browser = ordered(bank)
        paypal_double.fail("capture", "garbage")
        come_back(browser, paypal_double.approve(key_of(bank)))
        paypal_double.fail("verify", "cut")
        call_back(paypal_double.events[0])
        assert "could not be verified" in caplog.text
        for secret in (KEYS.secret, KEYS.client_id, "A21AA", "ana.buyer", "QYR5Z8", "token=5O"):
            assert secret not in caplog.text


class TestComingLate:
    """After we gave up nothing is taken; what was taken before goes back by itself."""

    def test_approved_late_while_nothing_else_paid(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        bank.advance(seconds=GAVE_UP)
        bank.ask_all()
        assert states(bank) == ("superseded", "awaiting_payment")
        come_back(browser, paypal_double.approve(key_of(bank)))
        assert browser.title == "Paid, being delivered"
        assert states(bank) == ("succeeded", "paid")

    def test_approved_after_the_time_to_pay_is_not_taken(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        key = key_of(bank)
        bank.advance(seconds=GAVE_UP)
        bank.ask_all()
        bank.advance(minutes=30)
        assert bank.expire_due() == 1
        back = paypal_double.approve(key)
        assert call_back(paypal_double.events[0]).status_code == 200
        bank.advance(seconds=1)
        bank.ask_all()
        assert states(bank) == ("failed", "expired")
        assert come_back(browser, back).title == "The time to pay is over"
        assert paypal_double.captures_of(key) == []

    def test_a_second_means_pays_and_the_first_is_never_taken(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        first = key_of(bank)
        bank.advance(seconds=GAVE_UP)
        bank.ask_all()
        browser.get(browser.at.removesuffix("/payment"))
        browser.press("/pay").pay(APPROVED)
        assert browser.title == "Paid, being delivered"
        assert bank.deliver_all() == 1
        come_back(browser, paypal_double.approve(first))
        bank.advance(seconds=3601)
        bank.ask_all()
        assert paypal_double.captures_of(first) == []
        assert bank.one("select captured from payments_payment") == 1250

    def test_what_was_taken_before_we_knew_goes_back(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        key = key_of(bank)
        back = paypal_double.approve(key)
        silence(paypal_double)
        come_back(browser, back)
        (renewal_id,) = bank.all("select id from renewals_renewal")[0]
        bank.advance(seconds=1)
        assert renewals.cancel(bank.caller("web"), renewal_id, bank.at).refusal is None
        bank.advance(seconds=61)
        paypal_double.fail("refund", "lost")
        bank.ask_all()
        assert states(bank) == ("succeeded", "cancelled")
        assert bank.one("select state from payments_refund") == "unknown"
        for _ in range(3):
            bank.advance(seconds=ABILITIES.ask_again_seconds[0] + 61)
            bank.ask_all()
        assert bank.one("select state from payments_refund") == "succeeded"
        (capture,) = paypal_double.captures_of(key)
        assert capture["status"] == "REFUNDED"
        assert len(paypal_double.order_of_capture(capture["id"])["refunds"]) == 1

    def test_told_by_a_callback_after_it_was_called_failed(
        self, bank: World, paypal_double: Double
    ) -> None:
        """A capture that was under way while we gave up is heard of, and given back."""
        ordered(bank)
        key = key_of(bank)
        bank.advance(seconds=GAVE_UP)
        bank.ask_all()
        bank.advance(minutes=30)
        bank.expire_due()
        bank.advance(seconds=3601)
        bank.ask_all()
        assert states(bank)[0] == "failed"
        order = paypal_double.order_of(key)
        paypal_double.approve(key)
        path = f"/v2/checkout/orders/{order['id']}/capture"
        paypal_double.books.capture(path, f"{key}-capture", {}, order["id"])
        paypal_double.settle(paypal_double.captures_of(key)[0]["id"], "COMPLETED")
        assert call_back(paypal_double.events[-1]).status_code == 200
        bank.advance(seconds=1)
        bank.ask_all()
        assert states(bank) == ("succeeded", "expired")
        assert paypal_double.captures_of(key)[0]["status"] == "REFUNDED"
