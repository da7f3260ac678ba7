"""The tour: every device and every button is clicked once, as people do."""

import re

import pytest

from tests.browser.stage import Stage
from tests.browser.windows import PICTURES, Windows, fits, seen
from tests.test_tour import ACTS

SETTLED_MS = 25_000


def test_every_device_and_every_button_is_one_renewal(stage: Stage, windows: Windows) -> None:
    page = windows.open("en", 1280)
    page.goto(f"{stage.address}/tour")
    assert page.evaluate("document.documentElement.scrollHeight") <= 800
    for name in ACTS:
        with page.expect_response(re.compile("/tour$")):
            page.click(f'form[data-act="{name}"] button')
        page.wait_for_selector(".why:not([data-busy])", timeout=SETTLED_MS)
        told = page.inner_text(".why")
        assert page.get_attribute(".why", "class") == "why good", (name, told)
        assert page.get_attribute(".why .count", "data-renewals") == "1", (name, told)
        assert page.is_visible(".paper"), name
        assert page.locator(".scale.tilted").count() == 0, name
    seen(page, "tour", keep=PICTURES)
    page.set_viewport_size({"width": 360, "height": 780})
    seen(page, "tour-phone", keep=PICTURES, full_page=True)


@pytest.mark.parametrize("language", ["zh-Hans", "id"])
def test_the_tour_speaks(language: str, stage: Stage, windows: Windows) -> None:
    page = windows.open(language, 1280)
    page.goto(f"{stage.address}/tour")
    assert page.get_attribute("html", "lang") == language
    seen(page, f"tour-{language}")
    page.set_viewport_size({"width": 360, "height": 780})
    fits(page)
