"""The tour: every device and every button is clicked once, as people do."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.stage import Stage
from tests.browser.windows import Windows, seen
from tests.test_tour import ACTS

SETTLED_MS = 25_000


def press(page: Page, name: str) -> None:
    """Press a device or a button, and hold that one renewal came of it, balanced."""
    with page.expect_response(re.compile("/tour$")):
        page.click(f'form[data-act="{name}"] button')
    page.wait_for_selector(f'form[data-act="{name}"] button:not([aria-busy])')
    page.wait_for_selector(".why:not([data-busy])", timeout=SETTLED_MS)
    told = page.inner_text(".why")
    assert page.get_attribute(".why", "class") == "why good", (name, told)
    assert page.get_attribute(".why .count", "data-renewals") == "1", (name, told)
    assert page.is_visible(".paper"), name
    assert page.locator(".scale.tilted").count() == 0, name


def test_every_device_and_every_button_is_one_renewal(stage: Stage, windows: Windows) -> None:
    page = windows.open("en", 1280)
    page.goto(f"{stage.address}/tour")
    assert page.evaluate("document.documentElement.scrollHeight") <= 800
    for name in ACTS:
        press(page, name)
    seen(page, "tour")
    phone = windows.open("en", 360, storage_state=page.context.storage_state())
    phone.goto(f"{stage.address}/tour")
    seen(phone, "tour-phone", full_page=True)


@pytest.mark.parametrize(("language", "width"), [("zh-Hans", 1280), ("id", 360)])
def test_the_tour_speaks(language: str, width: int, stage: Stage, windows: Windows) -> None:
    page = windows.open(language, width)
    page.goto(f"{stage.address}/tour")
    assert page.get_attribute("html", "lang") == language
    press(page, "race")
    seen(page, "tour-race")
