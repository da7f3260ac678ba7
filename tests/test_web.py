"""The online channel, page by page, as people without script meet it; mostly without an account.

The bank's page is the real sandbox's. What a page says in each state and for each refusal is tested
in test_web_words.py, callbacks in test_callbacks.py.
"""

import logging
import re
from collections.abc import Iterator

import pytest

from everline import cards, ids, ledger
from tests.reader import APPROVED, DECLINED, HARD, UNSURE, Browser, on_the_pages
from tests.simulator import HOUR_MS, SimulatorProcess
from tests.world import GIGABYTE, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

IMEI = "490154203237518"
LOCALES = ("en", "zh-hans", "id")
TITLES = {
    "en": ("Waiting for your payment", "Paid, being delivered", "Renewed"),
    "zh-hans": ("等待您付款", "已付款，开通中", "续费成功"),
    "id": ("Menunggu pembayaran Anda", "Sudah dibayar, sedang diaktifkan", "Berhasil diperpanjang"),
}


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


def renewals_of(world: World) -> list[str]:
    return [state for (state,) in world.all("select state from renewals_renewal order by id")]


class TestFirstPage:
    """Entering a card number."""

    def test_any_way_of_writing_the_number_finds_the_card(self, shop: World) -> None:
        card = shop.card()
        assert card.msisdn is not None
        iccid, full = card.iccid, card.iccid.translate({48 + n: 0xFF10 + n for n in range(10)})
        spaced = " ".join(re.findall("..?.?.?", iccid))
        for typed in (
            iccid,
            spaced,
            spaced.replace(" ", "-"),
            full,
            card.msisdn,
            f"00{card.msisdn[1:]}",
            f"+{card.msisdn[1:4]} {card.msisdn[4:]}",
        ):
            browser = Browser(shop).enter(typed)
            assert browser.status == 200, typed
            assert browser.title == card.masked

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("8999907111111111113", "one digit is wrong or two are swapped"),
            ("89999071111111", "this one has 14"),
            ("8999 O7", "Only digits"),
            ("0812 5550 100", "with + and the country's code"),
            ("8999907111111111112", "This card number is not known"),
            ("", "Enter the card number"),
        ],
    )
    def test_a_near_miss_is_explained(self, shop: World, typed: str, said: str) -> None:
        browser = Browser(shop).enter(typed)
        assert browser.status == 422
        assert said in browser.text
        assert f'value="{typed}"' in browser.page or not typed

    def test_no_number_comes_into_an_address_or_a_log(
        self, shop: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        card, plan = shop.card(), shop.plan()
        with caplog.at_level(logging.DEBUG):
            browser = Browser(shop).choose(card, plan)
        assert browser.status == 200
        assert card.iccid not in browser.page + browser.at + caplog.text
        assert card.masked in browser.text

    def test_a_token_that_was_not_made_here_leads_nowhere(self, shop: World) -> None:
        token = Browser(shop).enter(shop.card().iccid).at
        assert Browser(shop).get(token).status == 200
        assert Browser(shop).get(token[:-1] + ("A" if token[-1] != "A" else "B")).status == 404
        other = ids.outside("crd", ids.uuid7(shop.at))
        assert Browser(shop).get(f"/cards/{other}.{token[-16:]}").status == 404

    def test_the_browser_decides_the_language_and_the_footer_switches_it(self, shop: World) -> None:
        browser = Browser(shop, "id-ID,id;q=0.9")
        assert '<html lang="id">' in browser.get("/").page
        browser.post("/language", {"language": "zh-hans", "next": "/"})
        assert '<html lang="zh-Hans">' in browser.page
        assert browser.title == "数据卡续费充值"
        assert '<html lang="en">' in Browser(shop, "fr").get("/").page


class TestPlans:
    """The plans of a card."""

    def test_they_stand_in_groups_and_can_be_filtered(self, shop: World) -> None:
        shop.insert("catalogue_region", code="two", names='{"en": "Both", "zh-Hans": "两地"}')
        day, year = shop.plan("day", days=1), shop.plan("year", unit="year", region_id="two")
        shop.plan("free", gigabytes=None, unit="quarter", devices=5)
        for plan, country in ((day, "ID"), (year, "ID"), (year, "SG")):
            shop.insert("catalogue_coverage", plan_version_id=plan.version_id, country=country)
        browser = Browser(shop, "zh-hans").enter(shop.card().iccid)
        said = browser.text
        for words in (
            "日 / 周套餐",
            "季套餐",
            "年套餐",
            "3 个月 · 5 台设备",
            "超过 5\xa0GB 后限速",
            "€10.00",
            "印度尼西亚",
            "两地 · 2 个国家和地区",
        ):
            assert words.replace("\xa0", " ") in said.replace("\xa0", " "), words
        browser.get(f"{browser.at}?country=SG")
        assert f"/plans/{year.code}" in browser.page
        assert f"/plans/{day.code}" not in browser.page
        assert f"/plans/{day.code}" in browser.get(f"{browser.at}?country=").page

    @pytest.mark.parametrize("state", ["suspended", "lost", "terminated"])
    def test_the_holder_of_a_closed_card_is_told_why(self, shop: World, state: str) -> None:
        shop.plan()
        card, browser = shop.card(state), Browser(shop)
        browser.sign_in(card)
        browser.enter(card.iccid)
        assert browser.title == card.masked
        assert "/plans/" not in browser.page
        assert 'role="alert"' in browser.page

    def test_only_the_holder_sees_usage_balance_and_history(self, shop: World) -> None:
        card, plan = shop.card(balance=4321), shop.plan(price=1000)
        shop.renew(card, plan)
        cards.record_usage(card.id, 11 * GIGABYTE, shop.advance(hours=2))
        shop.advance(minutes=1)
        secrets = ("19\xa0GB", "11\xa0GB", "€33.21", "Last renewals")
        stranger = Browser(shop)
        stranger.sign_in(shop.card())
        for shown in (stranger.enter(card.iccid).page, stranger.choose(card, plan).page):
            assert not [secret for secret in secrets if secret in shown]
        holder = Browser(shop)
        holder.sign_in(card)
        shown = holder.enter(card.iccid).page
        assert not [secret for secret in secrets if secret not in shown]
        assert "19\xa0GB" in holder.get("/my/cards").page


class TestBuying:
    """Price details, paying, waiting, and the receipt."""

    @pytest.mark.parametrize("locale", LOCALES)
    def test_the_whole_way_by_bank_card(self, bank: World, locale: str) -> None:
        card, plan = bank.card(), bank.plan(price=1250)
        browser = Browser(bank, locale).choose(card, plan)
        assert "12" in browser.text
        assert "(Europe/Lisbon)" in browser.text.translate({0xFF08: "(", 0xFF09: ")"})
        browser.press(contact="ana@example.com")
        assert browser.at.endswith("/payment")
        assert 'http-equiv="refresh"' in browser.page
        waiting, paid, renewed = TITLES[locale]
        following = browser.at.removesuffix("/payment")
        assert Browser(bank, locale).get(following).title == waiting
        browser.pay(APPROVED)
        assert browser.title == paid
        assert 'hx-trigger="every 3s"' in browser.page
        assert '<noscript><meta http-equiv="refresh"' in browser.page
        assert bank.deliver_all() == 1
        browser.get(following)
        assert browser.title == renewed
        assert "hx-get" not in browser.page
        for fact in (card.masked, "•••• 0010", "rnw_", "12"):
            assert fact in browser.text, fact
        assert bank.one("select contact ->> 'locale' from renewals_renewal") in {None, locale}
        assert ledger.spendable(card.account_id, "balance", "EUR") == 0

    def test_pressing_twice_is_one_renewal(self, shop: World) -> None:
        card, plan = shop.card(balance=9000), shop.plan()
        browser = Browser(shop)
        browser.sign_in(card)
        where, fields = browser.choose(card, plan).form(plan.code)
        first = browser.post(where, fields | {"means": "balance"}).at
        assert browser.post(where, fields | {"means": "balance"}).at == first
        assert renewals_of(shop) == ["paid"]
        assert ledger.spendable(card.account_id, "balance", "EUR") == 8000

    def test_pressing_twice_by_bank_card_is_one_payment(self, bank: World) -> None:
        card, plan = bank.card(), bank.plan()
        browser = Browser(bank)
        where, fields = browser.choose(card, plan).form(plan.code)
        pages = {browser.post(where, fields).to_bank() for _ in range(2)}
        assert len(pages) == 1
        assert bank.one("select count(*) from payments_attempt") == 1

    def test_while_unsure_nobody_is_told_that_it_failed(
        self, bank: World, simulator: SimulatorProcess
    ) -> None:
        browser = Browser(bank).choose(bank.card(), bank.plan()).press().pay(UNSURE)
        assert browser.title == "Checking the payment, do not pay again"
        assert not re.search("declined|failed|Pay €", browser.text)
        assert "/pay" not in re.findall(r'action="[^"]*(/[a-z]+)"', browser.page)
        simulator.settings(clock_offset_ms=HOUR_MS + 1000)
        bank.advance(seconds=10)
        assert bank.ask_all() == 1
        assert browser.get(browser.at).title == "Paid, being delivered"

    def test_while_unsure_no_other_browser_leads_to_the_bank_again(self, bank: World) -> None:
        following = Browser(bank).choose(bank.card(), bank.plan()).press().pay(UNSURE).at
        elsewhere = Browser(bank).get(following)
        assert elsewhere.title == "Checking the payment, do not pay again"
        assert "/pay/" not in elsewhere.page
        assert elsewhere.get(f"{following}/payment").at == following

    @pytest.mark.parametrize(
        ("number", "said"), [(DECLINED, "The bank said no this time"), (HARD, "cannot be used")]
    )
    def test_after_a_decline_one_pays_again(self, bank: World, number: str, said: str) -> None:
        browser = Browser(bank).choose(bank.card(), bank.plan()).press().pay(number)
        assert browser.title == "Payment declined"
        assert said in browser.text
        browser.press("/pay").pay(APPROVED)
        assert browser.title == "Paid, being delivered"
        assert bank.one("select count(*) from payments_attempt") == 2

    def test_leaving_the_bank_and_cancelling(self, bank: World) -> None:
        browser = Browser(bank).choose(bank.card(), bank.plan()).press().leave_bank()
        assert browser.title == "You left before paying"
        assert browser.press("/cancel").title == "Cancelled"
        assert renewals_of(bank) == ["cancelled"]
        assert "Nothing was charged." in browser.text

    def test_looking_does_not_ask_about_what_is_just_being_sent(self, bank: World) -> None:
        renewal = bank.place(bank.card(), bank.plan())
        bank.send(renewal)
        browser = Browser(bank).get(f"/renewals/{ids.outside('rnw', renewal)}")
        assert browser.title == "Checking the payment, do not pay again"
        assert bank.one("select state from payments_attempt") == "sent"

    def test_a_changed_price_is_shown_and_nothing_is_bought(self, bank: World) -> None:
        plan = bank.plan(price=1000)
        browser = Browser(bank).choose(bank.card(), plan)
        old = browser.form(plan.code)[1]
        bank.owner.execute("update catalogue_price set amount = 1100")
        browser.press()
        assert browser.status == 409
        assert "The price or the end date has changed" in browser.text
        assert "Pay €11.00" in browser.text
        new = browser.form(plan.code)[1]
        assert (new["total"], new["request_id"] != old["request_id"]) == ("1100", True)
        assert renewals_of(bank) == []

    def test_an_open_renewal_is_joined_here_and_told_of_elsewhere(self, bank: World) -> None:
        card, plan = bank.card(), bank.plan()
        here, there = Browser(bank), Browser(bank)
        here.choose(card, plan).press()
        following = here.at.removesuffix("/payment")
        there.choose(card, plan).press()
        assert there.status == 409
        assert "already in progress" in there.text
        assert "on this website" in there.text
        assert following not in there.page
        assert following in here.choose(card, plan).press().page
        assert following in here.enter(card.iccid).page

    def test_the_same_plan_again_within_the_hour_wants_a_yes(self, shop: World) -> None:
        card, plan = shop.card(balance=9000), shop.plan()
        browser = Browser(shop)
        browser.sign_in(card)
        browser.choose(card, plan).press(means="balance")
        browser.choose(card, plan).press(means="balance")
        assert browser.status == 422
        assert len(renewals_of(shop)) == 1
        assert browser.press(means="balance", again="on").title == "Paid, being delivered"
        assert len(renewals_of(shop)) == 2
        shop.advance(hours=2)
        assert "less than an hour ago" not in browser.choose(card, plan).text

    def test_a_stranger_cannot_pay_from_the_balance(self, bank: World) -> None:
        card, plan = bank.card(balance=9000), bank.plan()
        browser = Browser(bank).choose(card, plan)
        assert "Balance of the card" not in browser.text
        browser.press(means="balance")
        assert browser.status == 409
        assert ledger.spendable(card.account_id, "balance", "EUR") == 9000

    def test_a_promo_code_is_tried_before_ordering(self, shop: World) -> None:
        card, plan = shop.card(), shop.plan(price=1000)
        shop.promotion("ALL", percent_basis_points=10_000, budget=1)
        browser = Browser(shop).choose(card, plan, "?promo=nonsense")
        assert "This promo code is not known" in browser.text
        browser.get(f"{browser.at.partition('?')[0]}?promo=a%00b%ED%A0%80")
        assert "This promo code is not known" in browser.text
        browser.get(f"{browser.at.partition('?')[0]}?promo=+all")
        assert "-€10.00" in browser.text
        assert browser.press().title == "Paid, being delivered"
        assert shop.one("select total from renewals_renewal") == 0

    def test_a_wrong_contact_keeps_the_form(self, bank: World) -> None:
        browser = Browser(bank).choose(bank.card(), bank.plan())
        request_id = browser.form()[1]["request_id"]
        browser.press(contact="ana@nowhere")
        assert (browser.status, browser.form()[1]["request_id"]) == (422, request_id)
        assert "This is not an e-mail address" in browser.text
        assert "with + and the country's code" in browser.press(contact="0812 555").text
        assert browser.press(contact="+351 912 345 678").at.endswith("/payment")

    def test_a_tampered_form_shows_the_details_anew(self, bank: World) -> None:
        browser = Browser(bank).choose(bank.card(), bank.plan())
        for field, value in (("total", "-1"), ("ends_at", "soon"), ("request_id", "1")):
            assert browser.press(**{field: value}).status == 422
        assert renewals_of(bank) == []


class TestDoors:
    """From a stocked card to a first plan, without an account."""

    def test_activate_bind_and_back_to_the_plan(self, bank: World) -> None:
        card, plan = bank.card("in_stock"), bank.plan()
        browser = Browser(bank).choose(card, plan)
        assert browser.title == "Activate the card"
        browser.press(start_code="wrong")
        assert (browser.status, "9 tries are left" in browser.text) == (409, True)
        browser.press(start_code=" start 0001 ")
        assert browser.title == "Bind the card to a device"
        browser.press(number=IMEI[:-1] + "9")
        assert (browser.status, "one digit is wrong" in browser.text) == (422, True)
        browser.press(number=IMEI)
        assert browser.at.endswith(f"/plans/{plan.code}")
        assert browser.press().pay(APPROVED).title == "Paid, being delivered"

    def test_a_bound_card_takes_no_device_from_strangers(self, shop: World) -> None:
        card = shop.card()
        token = Browser(shop).enter(card.iccid).at
        browser = Browser(shop).post(f"{token}/bind", {"number": IMEI, "request_id": "1"})
        assert browser.at == token
        assert cards.status(card, shop.at).devices == ()
