"""Topping up online: by anybody with the number, once, by the bank's own page, or not at all."""

import re
from collections.abc import Iterator

import pytest

from everline import ids, ledger
from everline.config import plugs
from tests.reader import APPROVED, DECLINED, UNSURE, Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

TITLES = {
    "en": ("Waiting for your payment", "Top-up done"),
    "zh-hans": ("等待您付款", "充值成功"),
    "id": ("Menunggu pembayaran Anda", "Isi saldo berhasil"),
}


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    sandboxed_town.owner.execute(
        "update catalogue_policy set topup_limits = '{\"EUR\": [500, 15000]}',"
        " topup_amounts = '{\"EUR\": [1000, 2000]}'"
    )
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


def states_of(world: World) -> list[str]:
    return [state for (state,) in world.all("select state from topups_topup order by id")]


def choosing(world: World, locale: str = "en") -> Browser:
    """Enter a card's number on the first page and press the second button."""
    card = world.card()
    return Browser(world, locale).post("/", {"number": card.iccid, "top-up": "yes"})


@pytest.mark.parametrize("locale", TITLES)
def test_the_whole_way_by_bank_card(bank: World, locale: str) -> None:
    browser = choosing(bank, locale)
    assert browser.at.endswith("/top-up")
    browser.press(chosen="2000", contact="ana@example.com")
    assert browser.at.endswith("/payment")
    following = browser.at.removesuffix("/payment")
    waiting, paid = TITLES[locale]
    assert Browser(bank, locale).get(following).title == waiting
    browser.pay(APPROVED)
    assert browser.title == paid
    assert "•••• 0010" in browser.text
    assert "hx-get" not in browser.page
    ((account, receipt),) = bank.all("select account_id, id from topups_topup")
    assert ledger.spendable(account, "balance", "EUR") == 2000
    number = ids.outside("top", receipt)
    stranger = Browser(bank, locale).get(f"/top-ups/{number}")
    assert stranger.title == paid
    assert number in stranger.text
    plugs.plug_in()
    assert number in stranger.get(f"/verify/{number}").text
    facts = bank.one("select facts from notices_notice where template = 'topped_up'")
    assert facts["masked_means"] == "•••• 0010"


def test_an_amount_is_typed_and_its_limits_are_told(bank: World) -> None:
    browser = choosing(bank)
    request_id = browser.form()[1]["request_id"]
    for typed, said in (
        ("", "Choose an amount, or type one."),
        ("4.99", "From €5.00 to €150.00"),
        ("150.01", "From €5.00 to €150.00"),
        ("-20", "From €5.00 to €150.00"),
        ("much", "not an amount"),
        ("7.123", "decimals"),
    ):
        browser.press(typed=typed)
        assert (browser.status, browser.form()[1]["request_id"]) == (422, request_id), typed
        assert said in browser.text, typed
    assert browser.press(chosen="1500").status == 422
    assert browser.press(typed="7.50").at.endswith("/payment")
    assert bank.one("select amount from topups_topup") == 750


def test_pressing_twice_is_one_payment(bank: World) -> None:
    browser = choosing(bank)
    where, fields = browser.form()
    pages = {browser.post(where, fields | {"chosen": "1000"}).to_bank() for _ in range(2)}
    assert len(pages) == 1
    assert bank.one("select count(*) from payments_attempt") == 1
    assert states_of(bank) == ["awaiting_payment"]


def test_while_unsure_nobody_pays_again(bank: World) -> None:
    browser = choosing(bank)
    where = browser.at
    browser.press(chosen="1000").pay(UNSURE)
    assert browser.title == "Checking the payment, do not pay again"
    assert not re.findall(r'action="[^"]*/pay"', browser.page)
    following = browser.at
    assert Browser(bank).get(following).title == "Checking the payment, do not pay again"
    browser.get(where).press(chosen="1000")
    assert browser.status == 409
    assert following in browser.page
    assert states_of(bank) == ["awaiting_payment"]


def test_after_a_decline_one_pays_again_and_is_told_at_the_same_place(bank: World) -> None:
    browser = choosing(bank).press(chosen="1000", contact="ana@example.com").pay(DECLINED)
    assert browser.title == "Payment declined"
    browser.press("/pay").pay(APPROVED)
    assert browser.title == "Top-up done"
    assert sorted(states_of(bank)) == ["cancelled", "paid"]
    assert bank.one("select contact ->> 'email' from topups_topup where state = 'paid'")


def test_leaving_the_bank_and_cancelling(bank: World) -> None:
    browser = choosing(bank).press(chosen="1000").leave_bank()
    assert browser.title == "You left before paying"
    assert browser.press("/cancel").title == "Cancelled"
    assert "Nothing was charged." in browser.text
    assert states_of(bank) == ["cancelled"]


def test_whoever_has_the_receipts_number_alone_can_do_nothing(bank: World) -> None:
    choosing(bank).press(chosen="1000").leave_bank()
    number = ids.outside("top", bank.one("select id from topups_topup"))
    stranger = Browser(bank).get(f"/top-ups/{number}")
    assert stranger.status == 200
    assert "/cancel" not in stranger.page
    assert "/pay" not in stranger.page


def test_only_the_holder_sees_the_balance(bank: World) -> None:
    card = bank.card(balance=4321)
    stranger, holder = Browser(bank), Browser(bank)
    stranger.sign_in(bank.card())
    holder.sign_in(card)
    for browser, is_shown in ((stranger, False), (holder, True)):
        browser.post("/", {"number": card.iccid, "top-up": "yes"})
        assert ("€43.21" in browser.text) is is_shown


@pytest.mark.parametrize("state", ["in_stock", "lost", "terminated"])
def test_a_card_that_takes_no_money_says_its_holder_why(bank: World, state: str) -> None:
    card, browser = bank.card(state), Browser(bank)
    browser.sign_in(card)
    browser.post("/", {"number": card.iccid, "top-up": "yes"})
    assert browser.status == 409
    assert "<form" not in browser.page.partition("<main")[2].partition("</main")[0]


def test_a_closed_channel_refuses_in_words(bank: World) -> None:
    browser = choosing(bank)
    bank.owner.execute("update trust_channel set is_open = false where code = 'web'")
    browser.press(chosen="1000")
    assert browser.status == 409
    assert states_of(bank) == []
