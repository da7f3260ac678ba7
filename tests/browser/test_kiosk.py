"""The kiosk: its first screen, the keys, a plan, the card terminal, the slip, and forgetting."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import RENEWED, pay, stands, to_bank
from tests.browser.stage import Stage
from tests.browser.windows import Windows, seen

IDLE_SECONDS = 70
CODES = {"en": "en", "zh-Hans": "zh-hans", "id": "id"}


def enrol(page: Page, stage: Stage) -> None:
    """Make this window a kiosk."""
    page.goto(f"{stage.address}/kiosk/enrol")
    page.click(".demo-devices button >> nth=0")
    page.click("button.primary >> nth=0")
    page.wait_for_url("**/kiosk")


def begin(page: Page, language: str, number: str) -> None:
    """Touch a language and key a card's number."""
    page.click(f'.greeting[value="{CODES[language]}"]')
    for digit in number:
        page.click(f'.key[value="{digit}"]')
    page.click("form.asks > button.primary")
    page.wait_for_url("**/kiosk/plans")


@pytest.mark.parametrize("language", ["en", "zh-Hans", "id"])
def test_somebody_renews_by_card_and_is_forgotten(
    language: str, stage: Stage, windows: Windows
) -> None:
    card = stage.card(zone="Asia/Jakarta", state="bound", plan="HOME-12", holder="")
    page = windows.open("en", 1280)
    enrol(page, stage)
    seen(page, "kiosk-attract")
    page.click(f'.greeting[value="{CODES[language]}"]')
    assert page.get_attribute("html", "lang") == language
    seen(page, "kiosk-keys")
    for digit in card["iccid"]:
        page.click(f'.key[value="{digit}"]')
    assert page.input_value(".typed input").replace(" ", "") == card["iccid"]
    page.click("form.asks > button.primary")
    page.wait_for_url("**/kiosk/plans")
    seen(page, "kiosk-plans")
    page.click('a.offer[href$="/HOME-12"] >> nth=0')
    seen(page, "kiosk-quote")
    page.click("button[name=by][value=card]")
    expect(page.locator("[data-stage=card]")).to_be_visible()
    seen(page, "kiosk-terminal")
    with page.context.expect_page() as opened:
        page.click(".demo a")
    reader = opened.value
    seen(reader, "kiosk-reader")
    with reader.expect_event("load"):  # A page that is closed on its way may never say it was.
        reader.click(".turns button >> nth=0")
    reader.close()
    expect(page.locator("#state-title")).to_have_text(RENEWED[language])
    assert page.locator(".slip p").count() > 8
    seen(page, "kiosk-slip", full_page=True)

    page.click(".ways button")
    page.wait_for_url("**/kiosk")
    page.go_back()
    page.wait_for_url("**/kiosk")
    assert card["iccid"][-4:] not in page.content()


def test_a_kiosk_that_nobody_touches_forgets(stage: Stage, windows: Windows) -> None:
    card = stage.card(zone="Asia/Jakarta", state="bound", plan="HOME-30", holder="")
    page = windows.open("en", 1280)
    page.clock.install()
    enrol(page, stage)
    begin(page, "en", card["iccid"])
    page.clock.run_for(IDLE_SECONDS // 2 * 1000)
    page.clock.run_for(15_000)
    expect(page.locator("dialog[data-idle]")).to_be_visible()
    seen(page, "kiosk-anybody")
    page.clock.run_for(15_000)
    page.wait_for_url("**/kiosk")
    assert card["iccid"][-4:] not in page.content()
    page.goto(f"{stage.address}/kiosk/plans")
    page.wait_for_url("**/kiosk")


def test_a_kiosk_without_its_network_keeps_its_screen_and_forgets(
    stage: Stage, windows: Windows
) -> None:
    windows.expect_offline()
    card = stage.card(zone="Asia/Jakarta", state="bound", plan="HOME-12", holder="")
    page = windows.open("id", 1280)
    page.clock.install()
    enrol(page, stage)
    begin(page, "id", card["iccid"])
    page.click('a.offer[href$="/HOME-12"] >> nth=0')
    page.wait_for_selector("button[name=by][value=card]")
    page.context.set_offline(True)
    page.click("button[name=by][value=card]")
    lost = page.locator("dialog[data-alive]")
    expect(lost).to_be_visible()
    seen(page, "kiosk-lost")
    page.context.set_offline(False)
    page.clock.run_for(3_000)
    expect(lost).to_be_hidden()
    page.click("button[name=by][value=card]")
    expect(page.locator("[data-stage=card]")).to_be_visible()

    page.context.set_offline(True)
    page.clock.run_for(IDLE_SECONDS * 3 * 1000)
    expect(lost).to_be_visible()
    assert card["iccid"][-4:] not in page.content()
    page.context.set_offline(False)
    page.clock.run_for(3_000)
    page.wait_for_url("**/kiosk")


def test_a_phone_pays_what_the_kiosk_shows(stage: Stage, windows: Windows) -> None:
    card = stage.card(zone="Asia/Jakarta", state="bound", plan="HOME-30", holder="")
    page = windows.open("en", 1280)
    enrol(page, stage)
    begin(page, "id", card["iccid"])
    page.click('a.offer[href$="/HOME-30"] >> nth=0')
    page.click("button[name=by][value=phone]")
    expect(page.locator("[data-stage=phone] img.code")).to_be_visible()
    seen(page, "kiosk-phone")
    phone = windows.open("id", 360)
    phone.goto(page.get_attribute(".demo a", "href") or "")
    to_bank(phone)
    pay(phone, stage)
    stands(phone, "done")
    expect(page.locator("#state-title")).to_have_text(RENEWED["id"])
