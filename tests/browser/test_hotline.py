"""The hotline's telephone: validity and data heard, a renewal from the balance, and by a link."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage
from tests.browser.windows import Windows, seen

DIGIT = {"en": "1", "zh-Hans": "2", "id": "3"}
PIN = {"en": "PIN", "zh-Hans": "服务密码", "id": "PIN"}


def press(page: Page, keys: str) -> None:
    """Press keys; each is a page of its own, as for a telephone without script."""
    for key in keys:
        with page.expect_navigation():
            page.click(f'.key[value="{key}"]')


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh-Hans", 360), ("id", 360)])
def test_a_caller_hears_and_renews(
    language: str, width: int, stage: Stage, windows: Windows
) -> None:
    page = windows.open(language, width)
    page.goto(f"{stage.address}/hotline/try")
    seen(page, "hotline-quiet")
    page.click(".hook.up")
    press(page, f"9{DIGIT[language]}")
    heard = page.locator("[data-heard]")
    expect(heard.locator("p[lang]").first).to_have_attribute("lang", re.compile(language[:2]))
    press(page, "3")
    expect(heard).to_contain_text(PIN[language])
    press(page, f"{stage.pin}#")
    expect(heard).to_contain_text("GB")
    press(page, "2")
    press(page, "21")
    seen(page, "hotline-quote")
    press(page, "1")
    press(page, f"{stage.pin}#")
    seen(page, "hotline-outcome")
    page.click(".hook.down")
    expect(page.locator("#caller")).to_be_visible()
