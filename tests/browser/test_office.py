"""The office: signing in as the owner, each screen of the menu, a card, and the tables."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.stage import Stage
from tests.browser.windows import Windows, seen


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh-Hans", 360), ("id", 1280)])
def test_the_owner_sees_every_screen(
    language: str, width: int, stage: Stage, windows: Windows
) -> None:
    page = windows.open(language, width)
    page.goto(f"{stage.address}/office")
    page.fill("input[name=username]", "owner@senandi.example")
    page.fill("input[name=password]", stage.password)
    seen(page, "office-sign-in")
    page.click("main button.primary")
    page.wait_for_url("**/office/**")
    links = page.locator(".menu a")
    addresses = [str(each.get_attribute("href")) for each in links.all()]
    assert len(addresses) > 9
    for address in addresses:
        page.goto(f"{stage.address}{address}")
        expect(page.locator(".menu [aria-current=page]")).to_have_count(1)
        name = re.sub(r"\W+", "-", address.removeprefix("/office/")).strip("-")
        seen(page, f"office-{name}")


def test_a_card_is_found_and_told(stage: Stage, windows: Windows) -> None:
    page = windows.open("en", 360)
    page.goto(f"{stage.address}/office/search")
    page.fill("input[name=username]", "owner@senandi.example")
    page.fill("input[name=password]", stage.password)
    page.click("main button.primary")
    page.wait_for_url("**/office/search")
    page.fill("main .field input", "8999907111111111112")
    page.click("main button")
    page.wait_for_url("**/office/cards/*")
    seen(page, "office-card", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    seen(page, "office-card-wide")
    page.click(".menu li:last-child a")
    page.click(".shelves a >> nth=0")
    page.wait_for_selector(".results")
    seen(page, "office-table")
    page.set_viewport_size({"width": 360, "height": 780})
    seen(page, "office-table-phone")
