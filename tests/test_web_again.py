"""Coming back: the button of the browser, two tabs, a closed one, a telephone that slept.

Whatever is pressed again, it is one renewal, and whoever comes back sees where it stands.
"""

import re
import threading
from collections.abc import Iterator

import httpx
import pytest
from django.db import connections

from everline import ledger
from tests.reader import APPROVED, Browser, on_the_pages
from tests.simulator import HOUR_MS, SimulatorProcess
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


def states(world: World) -> list[str]:
    return [state for (state,) in world.all("select state from renewals_renewal order by id")]


def following(browser: Browser) -> str:
    """Give the page that follows what a browser has opened."""
    return browser.at.removesuffix("/payment")


def test_many_presses_at_once_are_one_renewal(shop: World) -> None:
    card, plan = shop.card(balance=9000), shop.plan()
    browser = Browser(shop)
    browser.sign_in(card)
    where, fields = browser.choose(card, plan).form(plan.code)
    led: list[str] = []

    def press() -> None:
        answer = browser.client.post(where, fields | {"means": "balance"})
        led.append(answer["Location"])
        connections.close_all()

    presses = [threading.Thread(target=press) for _each in range(6)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    assert len(led) == 6
    assert len(set(led)) == 1
    assert states(shop) == ["paid"]
    assert ledger.spendable(card.account_id, "balance", "EUR") == 8000


def test_back_after_paying_leads_to_what_was_paid(bank: World) -> None:
    card, plan = bank.card(), bank.plan()
    browser = Browser(bank)
    where, fields = browser.choose(card, plan).form(plan.code)
    here = following(browser.post(where, fields))
    browser.pay(APPROVED)
    browser.post(where, fields)
    assert browser.at == here, "the form of before, pressed once more"
    assert browser.title == "Paid, being delivered"
    browser.get(f"{here}/payment")
    assert browser.at == here, "the way to the bank, gone once more"
    assert states(bank) == ["paid"]
    assert bank.one("select count(*) from payments_attempt") == 1


def test_pages_that_can_be_sent_are_not_kept_by_the_browser(shop: World) -> None:
    card, plan = shop.card(), shop.plan()
    browser = Browser(shop)
    for path in ("/", browser.enter(card.iccid).at, browser.choose(card, plan).at):
        assert browser.client.get(path)["Cache-Control"] == "no-store"


def test_two_tabs_are_one_renewal_and_the_second_leads_to_the_first(bank: World) -> None:
    card, plan = bank.card(), bank.plan()
    browser = Browser(bank)
    one = browser.choose(card, plan).form(plan.code)
    two = browser.choose(card, plan).form(plan.code)
    assert one[1]["request_id"] != two[1]["request_id"]
    here = following(browser.post(*one))
    browser.post(*two)
    assert browser.status == 409
    assert "already in progress" in browser.text
    assert f'href="{here}"' in browser.page
    assert states(bank) == ["awaiting_payment"]
    assert bank.one("select count(*) from payments_attempt") == 1


def test_a_closed_tab_is_found_again_from_the_first_page(bank: World) -> None:
    card = bank.card()
    browser = Browser(bank)
    here = following(browser.choose(card, bank.plan()).press())
    assert f'href="{here}"' in browser.enter(card.iccid).page
    assert browser.get(here).title == "Waiting for your payment"
    code = re.search(r'class="spoken">.*?class="digits">([^<]+)<', browser.page, re.DOTALL)
    assert code is not None
    assert Browser(bank).enter(code[1]).title == "Waiting for your payment"


def test_who_pays_and_never_comes_back_is_renewed(bank: World) -> None:
    browser = Browser(bank).choose(bank.card(), bank.plan()).press()
    with httpx.Client(timeout=10, trust_env=False) as other:
        assert other.post(browser.to_bank(), data={"number": APPROVED}).status_code < 400
    bank.advance(seconds=30)
    assert browser.get(following(browser)).title == "Paid, being delivered"
    assert states(bank) == ["paid"]


def test_a_telephone_that_slept_over_the_time_to_pay(
    bank: World, simulator: SimulatorProcess
) -> None:
    browser = Browser(bank).choose(bank.card(), bank.plan()).press()
    here = following(browser)
    simulator.settings(clock_offset_ms=HOUR_MS)
    bank.advance(hours=1)
    bank.ask_all()
    bank.expire_due()
    polled = browser.get(here, **{"HX-Request": "true"})
    assert polled.title == "The time to pay is over"
    assert "Nothing was charged." in polled.text
    assert "hx-trigger" not in polled.page
    assert browser.get(f"{here}/payment").at == here


def test_a_form_that_slept_shows_what_it_costs_now(shop: World) -> None:
    card, plan = shop.card(balance=9000), shop.plan()
    browser = Browser(shop)
    browser.sign_in(card)
    where, fields = browser.choose(card, plan).form(plan.code)
    shop.advance(hours=9)
    browser.post(where, fields | {"means": "balance"})
    assert browser.status == 409
    assert "has changed" in browser.text
    assert states(shop) == []
    new = browser.form(plan.code)[1]
    assert new["ends_at"] != fields["ends_at"]
    assert browser.press(means="balance").title == "Paid, being delivered"
    assert states(shop) == ["paid"]


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Nobody of ours asks you for a code, a PIN or a bank card number"),
        ("zh-hans", "我们的任何人员都不会通过电话或消息向您索要验证码"),
        ("id", "Tidak seorang pun dari kami meminta kode OTP"),
    ],
)
def test_before_paying_one_reads_who_is_official(bank: World, locale: str, said: str) -> None:
    browser = Browser(bank, locale).choose(bank.card(), bank.plan())
    for _page in ("price details", "to the payment"):
        for each in (said, "testline.example", "hello@testline.example · Testline"):
            assert each in browser.text, each
        browser.press() if browser.at.count("/plans/") else None
