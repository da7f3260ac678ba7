"""Scanning a card's code: the camera is Chromium's own made-up one, the detector is the system's.

Chromium on Linux brings no detector of its own, so the walk gives one that sees a code in the
camera's pictures when the walk holds it there. Without one, nothing is offered: typing stays.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.stage import Stage
from tests.browser.windows import Windows, axe

DETECTOR = """(seen) => {
  window.BarcodeDetector = class {
    static getSupportedFormats = async () => ["code_128", "qr_code"];
    detect = async (video) => {
      const isSeen = window.isHeldBefore && video.videoWidth > 0 && !video.paused;
      return isSeen ? [{ rawValue: seen }] : [];
    };
  };
}"""
"""Sees the code as soon as it is held before the camera."""


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_card_is_scanned_by_the_camera(language: str, stage: Stage, windows: Windows) -> None:
    iccid = stage.card(zone="Asia/Jakarta", state="bound", plan="HOME-30", holder="")["iccid"]
    page = windows.open(language, 360, permissions=["camera"])
    page.add_init_script(f"({DETECTOR})('ICCID {iccid}')")
    page.goto(stage.address)
    page.locator("[data-scan]").click()
    expect(page.locator("[data-scanner] video")).to_be_visible()
    axe(page)
    page.evaluate("window.isHeldBefore = true")
    page.wait_for_url("**/cards/**")
    assert page.locator("h1").is_visible()


def test_who_refuses_the_camera_types_the_number(stage: Stage, windows: Windows) -> None:
    page = windows.open("id", 360, permissions=[])
    page.add_init_script(f"({DETECTOR})('')")
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no'); }"
    )
    page.goto(stage.address)
    page.locator("[data-scan]").click()
    expect(page.locator("[data-scan]")).to_be_hidden()
    expect(page.locator("#id_number")).to_be_visible()


def test_without_a_detector_nothing_is_offered(stage: Stage, windows: Windows) -> None:
    page = windows.open("en", 360)
    page.goto(stage.address)
    expect(page.locator("#id_number")).to_be_visible()
    expect(page.locator("[data-scan]")).to_be_hidden()
