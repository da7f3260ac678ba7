"""Browser windows that tell on a page: errors, foreign hosts, sideways scroll, faults for axe.

One Playwright and one Chromium serve all walks of a process. `awake` lends them to one test at a
time: Playwright marks its event loop as running between calls, and Django and asyncio refuse to
work beside a running loop, so the mark is taken off when the test ends.
"""

import asyncio
import importlib.util
import io
import os
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
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from everline.slips.raster import PACKAGE
from tests.tidy.rule import ROOT

PROGRAMS = ("chromium-headless-shell", "chromium")
"""The first that is there: without the frame of a window, Chromium takes less than half as long."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
PATIENCE_MS = 30_000
"""For a busy machine; whoever finds what he looks for does not wait."""

TELEPHONE = 360
HEIGHTS = {TELEPHONE: 780, 1280: 800}
TAGS = {"en": "en-US", "zh-Hans": "zh-CN", "id": "id-ID"}
HOSTS = {"localhost", "127.0.0.1"}
GRAVE = {"serious", "critical"}
expect.set_options(timeout=PATIENCE_MS)
WRITES = bool(os.environ.get("WRITE_PICTURES"))
ARTIFACTS = ROOT / "test-artifacts" / "pictures"
PICTURES = ROOT / "docs" / "pictures"
KEPT = {
    "tour-en-1280": "tour",
    "tour-phone-en-360": "tour-phone",
    "home-zh-Hans-1280": "home",
    "hotline-quote-en-1280": "hotline",
    "till-cash-en-1280": "store",
    "kiosk-plans-zh-Hans-1280": "kiosk",
    "partner-review-en-360": "partner",
    "places-nearest-en-1280": "places",
    "office-today-en-1280": "office",
    "rehearsal-en-1280": "simulation",
}
"""Which of the pictures the docs show, and by what names; each as it is in docs/pictures."""

KEPT_BYTES_MAX = 60_000
COLOURS = 160
GAP = 24

FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<dir>{ours}</dir><cachedir>{kept}</cachedir></fontconfig>"""

SETTLE = """() => document.getAnimations().forEach((each) => {
  if (each.effect.getComputedTiming().endTime !== Infinity) each.finish();
})"""
"""Ends what is moving: words that are still fading in have no contrast yet."""

AXE = """() => axe.run(document, {
  preload: false,
  reporter: "no-passes",
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
})"""
WIDTH = "document.documentElement.scrollWidth"
LOOK = "[document.documentElement.lang, matchMedia('(prefers-color-scheme: dark)').matches]"

_JUDGED: set[tuple[str, int, bool]] = set()
"""What axe has judged already: the names of pages, how wide, and whether in the dark."""


@dataclass
class Driver:
    """The one Chromium of this process, and the event loop that Playwright runs it on."""

    browser: Browser
    loop: asyncio.AbstractEventLoop


@contextmanager
def driving(folder: Path) -> Iterator[Driver]:
    """Start Playwright and Chromium; the test is skipped where there is no Chromium."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("CHROMIUM IS MISSING, so no page is seen: apt-get install chromium")
    played = sync_playwright().start()
    loop = asyncio.get_running_loop()
    try:
        browser = played.chromium.launch(
            executable_path=program,
            args=ARGUMENTS,
            env={**os.environ, "FONTCONFIG_FILE": str(_fonts(folder))},
        )
        _mark(None)
        yield Driver(browser, loop)
        _mark(loop)
        browser.close()
    finally:
        played.stop()


def _fonts(folder: Path) -> Path:
    """Name the machine's fonts and our own for Chinese, which many machines lack."""
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None
    assert found.origin is not None
    names = folder / "fonts.conf"
    names.write_text(FONTS.format(ours=Path(found.origin).parent, kept=folder / "fonts"))
    return names


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
                "is_mobile": width == TELEPHONE,
                "has_touch": width == TELEPHONE,
                **options,
            }
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", self._watch)
        return context.new_page()

    def expect(self, status: int) -> None:
        """Let pages be answered with this status, which the console calls an error."""
        self._expected.append(f"the server responded with a status of {status} ")

    def expect_offline(self) -> None:
        """Let requests fail for want of a network, which the console and htmx call errors."""
        self._expected += ["net::ERR_INTERNET_DISCONNECTED", "htmx:"]

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
        f"{each['id']} ({each['impact']}) {node['target']}: "
        + "; ".join(why["message"] for kind in ("any", "all", "none") for why in node[kind])
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]
    assert not told, "\n".join([page.url, *told])


def fits(page: Page) -> None:
    """Hold that nothing makes the page scroll sideways."""
    assert page.viewport_size is not None
    assert page.evaluate(WIDTH) <= page.viewport_size["width"], page.url


def picture(page: Page, name: str, *, keep: Path | None = None, **options: Any) -> Path:
    """Keep what is seen below test-artifacts, and as `keep` too, when WRITE_PICTURES is set."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    taken = ARTIFACTS / f"{name}.png"
    if not WRITES:
        return taken
    page.screenshot(path=taken, **{"animations": "disabled", **options})
    if name in KEPT:
        keep = PICTURES / f"{KEPT[name]}.png"
    if keep is not None:
        strip(keep, taken)
    return taken


def strip(keep: Path, *taken: Path) -> None:
    """Write pictures side by side into a file of ours, of few colours and few bytes."""
    if not WRITES:
        return
    drawn = [Image.open(each).convert("RGB") for each in taken]
    width = sum(each.width for each in drawn) + GAP * (len(drawn) - 1)
    whole = Image.new("RGB", (width, max(each.height for each in drawn)), "white")
    left = 0
    for each in drawn:
        whole.paste(each, (left, 0))
        left += each.width + GAP
    few = whole.quantize(COLOURS, dither=Image.Dither.NONE)
    small = io.BytesIO()
    few.save(small, "png", optimize=True)
    assert small.tell() < KEPT_BYTES_MAX, f"{keep} has {small.tell()} bytes"
    keep.write_bytes(small.getvalue())


def seen(page: Page, name: str, *, keep: Path | None = None, **options: Any) -> Path:
    """Look at a page: it fits, axe finds nothing serious, and a picture is kept when wanted.

    Axe judges a page of this name once in each width and in the dark, in whichever language comes
    first: words alone make no fault that it finds.
    """
    page.wait_for_load_state()
    fits(page)
    language, is_dark = page.evaluate(LOOK)
    assert page.viewport_size is not None
    look = (name, page.viewport_size["width"], is_dark)
    if look not in _JUDGED:
        axe(page)
        _JUDGED.add(look)
    shown = f"{name}-{language}-{page.viewport_size['width']}"
    return picture(page, shown, keep=keep, **options)
