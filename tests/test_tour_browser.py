"""The tour in a real browser: every device and every button is clicked once, as people do.

One demo is brought up for it, by its own command. Without Chromium it is skipped, and says so.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.homes import clear
from tests.test_demo import Demo, free_port
from tests.test_tour import ACTS

CHROMIUM = Path("/usr/bin/chromium")
SETTLED_MS = 25_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="CHROMIUM IS MISSING: the tour is not seen"),
]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Run a demo of its own, and give the address of its tour."""
    if os.geteuid() == 0:
        tmp_path.chmod(0o755)
    demo = Demo(tmp_path / "home", "--port", str(free_port()), "--json")
    try:
        told = demo.ready()
        bank = (tmp_path / "home" / "sandbox.address").read_text().strip()
        httpx.post(f"{bank}/control/settings", json={"unknown_ms": 500}, trust_env=False)
        yield str(told["tour"])
    finally:
        demo.end()
        assert demo.process.stdout is not None
        demo.process.stdout.close()
        demo.said.close()
        clear(tmp_path / "home")


@pytest.mark.timeout(180)
def test_every_device_and_every_button_is_one_renewal(address: str) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="PLAYWRIGHT IS MISSING")
    with sync_api.sync_playwright() as played:
        browser = played.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.goto(address)
        size = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert size[0] <= 1280
        assert size[1] <= 800
        for name in ACTS:
            with page.expect_response(re.compile("/tour$")):
                page.click(f'form[data-act="{name}"] button')
            page.wait_for_selector(".why:not([data-busy])", timeout=SETTLED_MS)
            told = page.inner_text(".why")
            assert page.get_attribute(".why", "class") == "why good", (name, told)
            assert page.get_attribute(".why .count", "data-renewals") == "1", (name, told)
            assert page.is_visible(".paper"), name
            assert page.locator(".scale.tilted").count() == 0, name
        page.set_viewport_size({"width": 360, "height": 780})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert wrong == []
        browser.close()
