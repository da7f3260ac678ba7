"""PayPal through the pages: its button, the way there and back, and turning away.

What gets lost, and what comes late, is in test_paypal_lost.py.
"""

import httpx
import pytest

from everline import payments
from everline.payments import gateways
from everline.payments.gateways.paypal import PayPal
from tests.paypal_bank import come_back, key_of, ordered, states
from tests.peers.paypal.double import Double
from tests.reader import APPROVED, Browser
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

TITLES = {
    "en": ("Pay with PayPal", "Paid, being delivered"),
    "zh-hans": ("用 PayPal 支付", "已付款，开通中"),
    "id": ("Bayar dengan PayPal", "Sudah dibayar, sedang diaktifkan"),
}


@pytest.fixture
def bank(paypal_bank: World) -> World:
    return paypal_bank


class TestButton:
    """Offered where PayPal takes the currency, and nowhere else."""

    @pytest.mark.parametrize("locale", TITLES)
    def test_the_whole_way_and_back(self, bank: World, paypal_double: Double, locale: str) -> None:
        browser = Browser(bank, locale).choose(bank.card(), bank.plan(price=1250))
        button, paid = TITLES[locale]
        assert button in browser.text
        assert 'name="means" value="paypal"' in " ".join(browser.page.split())
        browser.press(means="paypal")
        assert "PayPal" in browser.text
        assert "€" in browser.text
        assert f"{paypal_double.url}/checkoutnow?token=" in browser.page
        come_back(browser, paypal_double.approve(key_of(bank)))
        assert browser.title == paid
        assert states(bank) == ("succeeded", "paid")
        assert bank.deliver_all() == 1
        browser.get(browser.at)
        assert "PayPal" in browser.text
        assert "•" not in browser.text.partition("PayPal")[2][:8]
        assert len(paypal_double.captures_of(key_of(bank))) == 1

    @pytest.mark.parametrize("currency", ["IDR", "CNY"])
    def test_none_where_the_currency_is_not_taken(self, bank: World, currency: str) -> None:
        card = bank.card(currency=currency)
        plan = bank.plan(prices={currency: 150_000})
        browser = Browser(bank).choose(card, plan)
        assert "PayPal" not in browser.page
        assert "Pay " in browser.text
        browser.press(means="paypal")
        assert browser.status == 409
        assert bank.one("select count(*) from payments_attempt") == 0

    def test_bank_cards_come_first_wherever_one_is_chosen_for_people(self, bank: World) -> None:
        assert [each.name for each in payments.by_page("EUR")] == ["sandbox", "paypal"]
        assert [each.name for each in payments.by_page("IDR")] == ["sandbox"]

    def test_where_there_is_nothing_but_paypal(self, bank: World, paypal: PayPal) -> None:
        gateways.install({"paypal": paypal})
        browser = Browser(bank).choose(bank.card(), bank.plan())
        assert "Pay with PayPal" in browser.text
        assert "by bank card" not in browser.text.lower()
        assert browser.press(means="gateway").status == 409
        assert browser.press(means="paypal").at.endswith("/payment")
        assert Browser(bank).get("/").status == 200

    def test_a_top_up(self, bank: World, paypal_double: Double) -> None:
        bank.owner.execute(
            "update catalogue_policy set topup_limits = '{\"EUR\": [500, 15000]}',"
            " topup_amounts = '{\"EUR\": [1000, 2000]}'"
        )
        browser = Browser(bank).post("/", {"number": bank.card().iccid, "top-up": "yes"})
        assert "Pay with PayPal" in browser.text
        browser.press(chosen="2000", means="paypal")
        come_back(browser, paypal_double.turn_away(key_of(bank)))
        assert browser.title == "You left before paying"
        browser.press("/pay", means="paypal")
        assert "/checkoutnow?token=" in browser.page
        key = bank.one("select key from payments_attempt where state = 'sent'")
        come_back(browser, paypal_double.approve(key))
        assert browser.title == "Top-up done"
        assert "PayPal" in browser.text

    @pytest.mark.parametrize(("way", "reached"), [("pay", "succeeded"), ("leave", "failed")])
    def test_paypals_own_page_leads_back(
        self, bank: World, paypal_double: Double, way: str, reached: str
    ) -> None:
        browser = ordered(bank)
        order = paypal_double.order_of(key_of(bank))["id"]
        with httpx.Client(timeout=5, trust_env=False) as payer:
            page = payer.get(f"{paypal_double.url}/checkoutnow?token={order}")
            assert "12.50 EUR" in page.text
            gone = payer.get(f"{paypal_double.url}/checkoutnow/{way}?token={order}")
        come_back(browser, gone.headers["location"])
        assert states(bank)[0] == reached

    def test_coming_back_again_and_again_asks_paypal_once(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        back = paypal_double.turn_away(key_of(bank))
        for _ in range(5):
            assert come_back(browser, back).title == "You left before paying"
        assert len(paypal_double.calls("read")) == 1

    def test_pressing_twice_is_one_order(self, bank: World, paypal_double: Double) -> None:
        browser = Browser(bank)
        where, fields = browser.choose(bank.card(), bank.plan()).form("")
        for _ in range(2):
            browser.post(where, fields | {"means": "paypal"})
        assert len(paypal_double.calls("create")) == 1


class TestTurningAway:
    """Nobody who did not pay is charged, or told that they were."""

    def test_one_pays_by_bank_card_instead(self, bank: World, paypal_double: Double) -> None:
        browser = ordered(bank)
        come_back(browser, paypal_double.turn_away(key_of(bank)))
        assert browser.title == "You left before paying"
        assert states(bank) == ("failed", "awaiting_payment")
        browser.press("/pay").pay(APPROVED)
        assert browser.title == "Paid, being delivered"
        assert paypal_double.calls("capture") == []

    def test_or_by_paypal_once_more(self, bank: World, paypal_double: Double) -> None:
        browser = ordered(bank)
        come_back(browser, paypal_double.turn_away(key_of(bank)))
        browser.press("/pay", means="paypal")
        come_back(browser, paypal_double.approve(key_of(bank)))
        assert browser.title == "Paid, being delivered"
        assert len(paypal_double.books.orders) == 2

    def test_a_declined_one_names_paypal_and_not_a_bank_card(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        paypal_double.fail("capture", "issue", "INSTRUMENT_DECLINED")
        come_back(browser, paypal_double.approve(key_of(bank)))
        assert browser.title == "Payment declined"
        assert "PayPal did not take this payment" in browser.text
        assert "another bank card" not in browser.text
        assert "Pay with PayPal" in browser.text
        assert bank.one("select is_hard from payments_attempt") is False

    def test_the_back_button_leads_to_the_same_order(
        self, bank: World, paypal_double: Double
    ) -> None:
        browser = ordered(bank)
        following = browser.at.removesuffix("/payment")
        assert browser.get(following).title == "Waiting for your payment"
        assert f"{paypal_double.url}/checkoutnow?token=" in browser.page
        come_back(browser, paypal_double.approve(key_of(bank)))
        assert browser.title == "Paid, being delivered"
