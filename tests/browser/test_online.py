"""The site: renewing, buying an eSIM, topping up, a declined card, a new card, auto-renewal."""

import pytest
from playwright.sync_api import expect

from tests.browser.site import DECLINED, RENEWED, choose, enter, pay, stands, to_bank
from tests.browser.stage import Stage
from tests.browser.windows import PICTURES, Windows, seen, strip

IMEI = "004400001047297"


@pytest.mark.parametrize(("language", "width"), [("en", 360), ("zh-Hans", 1280), ("id", 360)])
def test_a_card_is_renewed_and_its_mandate_is_given_and_ended(
    language: str, width: int, stage: Stage, windows: Windows
) -> None:
    card = stage.card(zone="Asia/Jakarta", state="bound", plan="HOME-12", holder="")
    page = windows.open(language, width)
    enter(page, stage, card["iccid"])
    assert page.get_attribute("html", "lang") == language
    shown = [seen(page, "site-plans")]
    choose(page, "HOME-12")
    page.wait_for_url("**/plans/HOME-12")
    shown.append(seen(page, "site-quote"))
    tick = page.locator("input[name=auto]")
    assert not tick.is_checked()
    tick.check()
    page.fill("input[name=contact]", "somebody@example.org")
    to_bank(page)
    seen(page, "site-bank")
    pay(page, stage)
    stands(page, "done")
    expect(page.locator("#state-title")).to_have_text(RENEWED[language])
    assert page.locator(".receipt .rows > div").count() > 5
    shown.append(seen(page, "site-renewed"))
    if language == "en":
        strip(PICTURES / "renewing.png", *shown)
    number = page.locator(".receipt dd.digits").last.inner_text()
    page.click(".receipt .actions a.plain >> nth=-1")
    expect(page.locator(".auto dl.rows")).to_be_visible()
    page.locator(".auto").scroll_into_view_if_needed()
    seen(page, "site-mandate")
    card_page = page.url
    page.click(".auto .away a")
    page.wait_for_url("**/auto-renewal")
    assert page.locator(".line li").count() >= 3
    asked = [seen(page, "auto-renewal"), seen(page, "auto-renewal-all", full_page=True)]
    page.click("form[action$='/pause'] button >> nth=0")
    expect(page.locator(".banner.note").first).to_be_visible()
    seen(page, "auto-renewal-skipped")
    page.goto(f"{card_page}/again")
    asked.append(seen(page, "again"))
    if language == "en":
        strip(PICTURES / "auto-renewal.png", asked[0], asked[2])
    page.goto(card_page)
    page.click(".auto button")
    expect(page.locator(".auto input[name=wanted]")).to_have_value("on")
    assert page.locator(".auto dl.rows").count() == 0

    page.goto(f"{stage.address}/verify/{number}")
    stands(page, "done")


def test_an_esim_is_bought_and_installed(stage: Stage, windows: Windows) -> None:
    page = windows.open("zh-Hans", 360)
    page.goto(f"{stage.address}/esim")
    seen(page, "esim-places")
    page.select_option("#country", "JP")
    page.click("form.filter button")
    page.wait_for_selector(".tile")
    seen(page, "esim-plans")
    page.click(".tile button")
    to_bank(page)
    pay(page, stage)
    stands(page, "done")
    page.click(".state a.primary")
    assert page.inner_text(".profile .code").startswith("LPA:1$")
    assert page.evaluate("document.querySelector('.qr').naturalWidth") > 100
    seen(page, "esim-code", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    seen(page, "esim-code-wide")


def test_a_balance_is_topped_up(stage: Stage, windows: Windows) -> None:
    card = stage.card(zone="Asia/Jakarta", state="bound", plan="HOME-30", holder="")
    page = windows.open("id", 360)
    page.goto(stage.address)
    page.fill("input[name=number]", card["iccid"])
    page.click("form.finder button[name=top-up]")
    page.wait_for_url("**/top-up")
    page.check("input[name=chosen] >> nth=0", force=True)
    seen(page, "top-up-amounts")
    to_bank(page)
    pay(page, stage)
    stands(page, "done")
    seen(page, "top-up-done")


def test_a_declined_card_leads_to_another_try(stage: Stage, windows: Windows) -> None:
    card = stage.card(zone="Europe/Lisbon", state="bound", kind="sim")
    page = windows.open("en", 1280)
    enter(page, stage, card["iccid"])
    choose(page, "GLOBAL-DAY")
    page.wait_for_url("**/plans/GLOBAL-DAY")
    seen(page, "declined-quote")
    to_bank(page)
    seen(page, "bank-wide")
    pay(page, stage, DECLINED)
    stands(page, "stop")
    seen(page, "declined")
    to_bank(page)
    pay(page, stage)
    stands(page, "done")


@pytest.mark.parametrize(("language", "width"), [("zh-Hans", 360), ("id", 1280)])
def test_a_new_card_is_led_through_its_doors_to_the_plan(
    language: str, width: int, stage: Stage, windows: Windows
) -> None:
    card = stage.card(zone="Asia/Jakarta", state="in_stock", kind="sim")
    page = windows.open(language, width)
    enter(page, stage, card["iccid"])
    seen(page, "new-card")
    choose(page, "WEEK-8")
    page.wait_for_url("**/activate*")
    seen(page, "new-card-activate")
    page.fill("input[name=start_code]", card["start_code"])
    page.click("button.primary")
    page.wait_for_url("**/bind*")
    seen(page, "new-card-bind")
    page.fill("input[name=number]", IMEI)
    page.click("button.primary")
    page.wait_for_url("**/plans/WEEK-8*")
    to_bank(page)
    pay(page, stage)
    stands(page, "done")
