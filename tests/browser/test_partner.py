"""The partner's own app: the tile, the number, a plan, paying, the outcome."""

import pytest
from playwright.sync_api import expect

from tests.browser.site import comes
from tests.browser.stage import Stage
from tests.browser.windows import Windows, seen

RENEWED = {"en": "Renewed", "zh-Hans": "已续期", "id": "Sudah diperpanjang"}


@pytest.mark.parametrize(("language", "width"), [("en", 360), ("zh-Hans", 360), ("id", 1280)])
def test_somebody_renews_in_a_partners_app(
    language: str, width: int, stage: Stage, windows: Windows
) -> None:
    card = stage.card(zone="Asia/Jakarta", state="bound", plan="WEEK-8", holder="")
    page = windows.open(language, width)
    page.goto(stage.told["partner_app"])
    assert page.get_attribute("html", "lang") == language
    seen(page, "partner-home")
    page.click(".tile a")
    page.wait_for_url("**/card")
    seen(page, "partner-number")
    page.fill("input[name=number]", card["iccid"])
    page.click("form button")
    page.wait_for_selector("button.plan")
    seen(page, "partner-plans")
    page.click("button.plan[value=WEEK-8]")
    page.wait_for_url("**/purchases/*")
    seen(page, "partner-review")
    page.click("form button")
    page.locator(".outcome").wait_for()
    comes(page, ".outcome.renewed")
    expect(page.locator(".outcome.renewed h1")).to_have_text(RENEWED[language])
    seen(page, "partner-outcome")
