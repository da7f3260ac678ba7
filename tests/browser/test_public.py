"""The pages that anybody opens first: the first page, places, the official check, signing in."""

import pytest
from playwright.sync_api import expect

from tests.browser.stage import Stage
from tests.browser.windows import Windows, seen

OFFICIAL = {"en": "official", "zh-Hans": "官方", "id": "resmi"}
JAKARTA = {"latitude": -6.2, "longitude": 106.82}


@pytest.mark.parametrize("language", ["en", "zh-Hans", "id"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_first_pages_are_whole(
    language: str, width: int, stage: Stage, windows: Windows
) -> None:
    """In Indonesian they are looked at in the dark."""
    dark = {"color_scheme": "dark"} if language == "id" else {}
    page = windows.open(language, width, **dark)
    page.goto(stage.address)
    assert page.get_attribute("html", "lang") == language
    seen(page, "home")
    page.goto(f"{stage.address}/esim")
    seen(page, "esim")
    page.goto(f"{stage.address}/verify")
    page.fill("input[name=code]", "JKT-002")
    page.click("main button.primary")
    expect(page.locator(".state.done")).to_contain_text(OFFICIAL[language])
    seen(page, "verify")
    page.goto(f"{stage.address}/places")
    seen(page, "places")


def test_what_is_not_ours_is_told(stage: Stage, windows: Windows) -> None:
    windows.expect(404)
    page = windows.open("zh-Hans", 360)
    page.goto(f"{stage.address}/verify/FAKE-SHOP-99")
    expect(page.locator(".state.stop")).to_be_visible()
    seen(page, "verify-not-ours")
    page.goto(f"{stage.address}/nothing/here")
    seen(page, "fault")


def test_a_holder_sees_what_is_theirs_and_the_letters_that_came(
    stage: Stage, windows: Windows
) -> None:
    page = windows.open("id", 360)
    page.goto(f"{stage.address}/sign-in")
    seen(page, "sign-in")
    stage.sign_in(page)
    seen(page, "holder-cards")
    page.click(".held h2 a >> nth=0")
    page.wait_for_selector("#validity-title")
    seen(page, "holder-all", full_page=True)
    for path in ("my/records", "my/account", "my/account/erase", "my/cards/add"):
        page.goto(f"{stage.address}/{path}")
        seen(page, f"holder-{path.rpartition('/')[2]}", full_page=True)
    page.goto(f"{stage.address}/my/cards")
    page.click(".held a.primary >> nth=0")
    page.wait_for_selector(".facts")
    seen(page, "holder-card", full_page=True)
    page.click("a[href$='/pin']")
    page.wait_for_selector("#pin-title")
    seen(page, "holder-pin")
    page.goto(f"{stage.address}/outbox")
    seen(page, "outbox")


def test_the_nearest_stores_come_first(stage: Stage, windows: Windows) -> None:
    page = windows.open("en", 1280, geolocation=JAKARTA, permissions=["geolocation"])
    page.goto(f"{stage.address}/places")
    page.click("form[data-position] button")
    expect(page.locator(".far").first).to_be_visible()
    told = page.locator(".places li").all_inner_texts()
    assert "Jakarta" in told[0]
    seen(page, "places-nearest")
    page.set_viewport_size({"width": 360, "height": 780})
    seen(page, "places-nearest-phone")
