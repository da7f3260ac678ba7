"""Kept means: kept while paying, put in order, paid with in one tap, taken away."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import choose, enter, pay, stands, to_bank
from tests.browser.stage import Row, Stage
from tests.browser.windows import Windows, seen

SHORT_LATER = "4000 0000 0000 0119"
PLAN = {"IDR": "WEEK-8", "EUR": "GLOBAL-DAY", "CNY": "GLOBAL-DAY"}


def held(row: Row) -> bool:
    return bool(row["holder"]) and row["state"] == "bound" and row["kind"] == "sim"


def kept(page: Page) -> list[str]:
    return page.locator(".means .about .digits").all_inner_texts()


@pytest.mark.parametrize(("language", "width"), [("en", 360), ("zh-Hans", 1280)])
def test_a_bank_card_is_kept_ordered_paid_with_and_taken_away(
    language: str, width: int, stage: Stage, windows: Windows
) -> None:
    card = stage.card(held)
    page = windows.open(language, width)
    stage.sign_in(page, card["holder"])
    enter(page, stage, card["iccid"])
    card_page = page.url
    choose(page, PLAN[card["currency"]])
    tick = page.locator("input[name=keep]")
    assert not tick.is_checked()
    tick.check()
    seen(page, "means-keep", full_page=True)

    own = card_page.replace("/cards/", "/my/cards/")
    page.goto(f"{own}/means")
    seen(page, "means-none", full_page=True)
    page.click(".give button >> nth=0")
    page.wait_for_url("**/pay/**")
    seen(page, "means-bank")
    pay(page, stage, SHORT_LATER)
    page.wait_for_url("**/means")
    assert kept(page) == ["•••• 0119"]

    page.goto(f"{card_page}/again")
    seen(page, "means-again", full_page=True)
    page.click("button[name=method]")
    stands(page, "stop")
    page.check("input[name=keep]")
    seen(page, "means-another-try", full_page=True)
    to_bank(page)
    pay(page, stage)
    stands(page, "done")

    page.goto(f"{own}/means")
    assert kept(page) == ["•••• 0119", "•••• 0010"]
    page.click(".means button.up >> nth=1")
    expect(page.locator(".means .about .digits").first).to_have_text("•••• 0010")
    page.click(".means button.down >> nth=0")
    expect(page.locator(".means .about .digits").first).to_have_text("•••• 0119")
    seen(page, "means-two", full_page=True)
    page.goto(own)
    seen(page, "means-card", full_page=True)

    page.goto(f"{card_page}/top-up")
    page.check("input[name=chosen] >> nth=0", force=True)
    seen(page, "means-top-up", full_page=True)
    page.click("button[name=method] >> nth=1")
    stands(page, "done")

    page.goto(f"{own}/means")
    page.click(".means form[action$='/remove'] button >> nth=1")
    expect(page.locator(".means > li")).to_have_count(1)
    page.click(".means form[action$='/remove'] button")
    expect(page.locator(".means .none")).to_be_visible()
