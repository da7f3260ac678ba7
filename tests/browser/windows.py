"""Browser windows that tell on a page: errors, foreign hosts, sideways scroll, faults for axe.

One Playwright and one Chromium serve all walks of a process. `awake` lends them to one test at a
time: Playwright marks its event loop as running between calls, and Django and asyncio refuse to
work beside a running loop, so the mark is taken off when the test ends.
"""

import asyncio
import io
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import Browser, Page, Response, sync_playwright

from tests.tidy.rule import ROOT

PROGRAM = "chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 10_000
HEIGHTS = {360: 780, 1280: 800}
TAGS = {"en": "en-US", "zh-Hans": "zh-CN", "id": "id-ID"}
HOSTS = {"localhost", "127.0.0.1"}
GRAVE = {"serious", "critical"}
ARTIFACTS = ROOT / "test-artifacts" / "pictures"
PICTURES = ROOT / "docs" / "pictures"
KEPT_BYTES_MAX = 60_000

SETTLE = """() => document.getAnimations().forEach((each) => {
  if (each.effect.getComputedTiming().endTime !== Infinity) each.finish();
})"""
"""Ends what is moving: words that are still fading in have no contrast yet."""

AXE = "() => axe.run(document, {resultTypes: ['violations'], preload: false})"
WIDTH = "document.documentElement.scrollWidth"


@dataclass
class Driver:
    """The one Chromium of this process, and the event loop that Playwright runs it on."""

    browser: Browser
    loop: asyncio.AbstractEventLoop


@contextmanager
def driving() -> Iterator[Driver]:
    """Start Playwright and Chromium; the test is skipped where there is no Chromium."""
    program = shutil.which(PROGRAM)
    if program is None:
        pytest.skip("CHROMIUM IS MISSING, so no page is seen: apt-get install chromium")
    played = sync_playwright().start()
    loop = asyncio.get_running_loop()
    try:
        browser = played.chromium.launch(executable_path=program, args=ARGUMENTS)
        _mark(None)
        yield Driver(browser, loop)
        _mark(loop)
        browser.close()
    finally:
        played.stop()


@contextmanager
def awake(driver: Driver) -> Iterator[Browser]:
    """Lend the browser to one test."""
    _mark(driver.loop)
    try:
        yield driver.browser
    finally:
        _mark(None)


def _mark(loop: asyncio.AbstractEventLoop | None) -> None:
    """Say which event loop runs in this thread, if one does."""
    asyncio._set_running_loop(loop)  # noqa: SLF001  Playwright itself does, between its calls.


@dataclass
class Windows:
    """The windows of one test. What went wrong in any of them is said when the test ends."""

    browser: Browser
    wrong: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def open(self, language: str = "en", width: int = 360, **options: Any) -> Page:
        """Open a window of a person of its own, who reads this language on a screen this wide."""
        context = self.browser.new_context(
            **{
                "locale": TAGS[language],
                "viewport": {"width": width, "height": HEIGHTS[width]},
                "service_workers": "block",
                "timezone_id": "Asia/Jakarta",
                **options,
            }
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", self._watch)
        return context.new_page()

    def expect(self, status: int) -> None:
        """Let pages be answered with this status, which the console calls an error."""
        self._expected.append(f"the server responded with a status of {status} ")

    def close(self) -> None:
        """Close all windows; raises what went wrong in them."""
        for context in self.browser.contexts:
            context.close()
        assert self.wrong == []

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self._judge_address(request.url))
        page.on("response", self._judge_answer)
        page.on(
            "console",
            lambda line: self._judge_line(page, line.text) if line.type == "error" else None,
        )

    def _judge_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in HOSTS:
            self.wrong.append(f"a foreign host was asked: {url}")

    def _judge_answer(self, answer: Response) -> None:
        if answer.status >= 500:
            self.wrong.append(f"{answer.status} {answer.url}")

    def _judge_line(self, page: Page, line: str) -> None:
        if not any(expected in line for expected in self._expected):
            self.wrong.append(f"{page.url}: {line}")


def axe(page: Page) -> None:
    """Hold that axe finds nothing serious on the page as it stands."""
    page.evaluate(SETTLE)
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(AXE)["violations"]
    told = [
        f"{each['id']} ({each['impact']}) {node['target']}: {node['failureSummary']}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]
    assert not told, "\n".join([page.url, *told])


def fits(page: Page) -> None:
    """Hold that nothing makes the page scroll sideways."""
    assert page.viewport_size is not None
    assert page.evaluate(WIDTH) <= page.viewport_size["width"], page.url


def picture(page: Page, name: str, *, keep: Path | None = None, **options: Any) -> None:
    """Keep what is seen below test-artifacts; and in a folder of ours when WRITE_PICTURES is set.

    `keep` is that folder; what is kept there has few colours and few bytes.
    """
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    taken = page.screenshot(**{"animations": "disabled", **options})
    (ARTIFACTS / f"{name}.png").write_bytes(taken)
    if keep is None:
        return
    small = io.BytesIO()
    with Image.open(io.BytesIO(taken)) as drawn:
        drawn.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
            small, "png", optimize=True
        )
    assert small.tell() < KEPT_BYTES_MAX, f"{name}.png has {small.tell()} bytes"
    if os.environ.get("WRITE_PICTURES"):
        (keep / f"{name}.png").write_bytes(small.getvalue())


def seen(page: Page, name: str, *, keep: Path | None = None, **options: Any) -> None:
    """Look at a page: it fits, axe finds nothing serious, and a picture of it is kept."""
    fits(page)
    axe(page)
    assert page.viewport_size is not None
    picture(page, f"{re.sub('[^a-z0-9]+', '-', name.lower())}", keep=keep, **options)
