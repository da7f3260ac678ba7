"""The till: enrolled, signed in on, a sale with change, its slip; and a lock that opens."""

import pytest
from playwright.sync_api import expect

from tests.browser.site import RENEWED, comes
from tests.browser.stage import Stage
from tests.browser.windows import Windows, seen

CHANGE = {"en": "Change", "zh-Hans": "找零", "id": "Kembalian"}


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh-Hans", 1280), ("id", 360)])
def test_a_clerk_sells_for_cash(language: str, width: int, stage: Stage, windows: Windows) -> None:
    card = stage.card(zone="Asia/Jakarta", state="bound", plan="HOME-12", holder="")
    page = windows.open(language, width)
    page.goto(f"{stage.address}/till/enrol")
    seen(page, "till-enrol")
    page.click(".demo-devices button >> nth=0")
    page.click("button.primary")
    page.wait_for_url("**/till/sign-in")
    seen(page, "till-sign-in")
    page.fill("input[name=email]", "clerk@senandi.example")
    page.fill("input[name=password]", stage.password)
    page.click("button.primary")
    page.wait_for_url("**/till")
    seen(page, "till-counter")
    page.fill("input[name=number]", card["iccid"])
    page.click("form.finder button")
    page.wait_for_url("**/till/cards/*")
    seen(page, "till-plans")
    page.click('a.choose[href$="/HOME-12"]')
    seen(page, "till-cash")
    page.fill("input[name=tendered]", "100000")
    page.click("button[value=typed]")
    page.locator(".outcome .state").wait_for()
    comes(page, ".outcome .state.done")
    expect(page.locator(".state.done #state-title")).to_have_text(RENEWED[language])
    expect(page.locator(".change")).to_contain_text(CHANGE[language])
    assert page.locator(".slip p").count() > 8
    seen(page, "till-sold", full_page=True)

    page.click("header form[action$=lock] button")
    seen(page, "till-locked")
    page.fill("input[name=password]", stage.password)
    page.click("button.primary")
    page.wait_for_url("**/till")
