"""How people walk through the site, by what a page is and not by what it says.

So the same steps go in every language; what a page says is held by the walks themselves.
"""

from contextlib import suppress

from playwright.sync_api import Page, TimeoutError as PlaywrightTimeoutError, expect

from tests.browser.stage import Stage

APPROVED = "4000 0000 0000 0010"
DECLINED = "4000 0000 0000 0028"

HURRY_MS = 400
HURRIES = 15

RENEWED = {"en": "Renewed", "zh-Hans": "续费成功", "id": "Berhasil diperpanjang"}


def enter(page: Page, stage: Stage, number: str) -> None:
    """Enter a card's number on the first page."""
    page.goto(stage.address)
    page.fill("input[name=number]", number)
    page.click("form.finder button.primary")
    page.wait_for_url("**/cards/**")


def choose(page: Page, plan: str) -> None:
    """Choose a plan on the card's page."""
    page.click(f'a.secondary[href$="/plans/{plan}"]')


def to_bank(page: Page) -> None:
    """Press what pays, and be led to the bank's own page."""
    page.locator("main .primary").first.click()
    page.wait_for_url("**/pay/**")


def pay(page: Page, stage: Stage, number: str = APPROVED) -> None:
    """Pay on the bank's page by a card of this number, and come back."""
    page.fill("#number", number)
    page.click("button.pay")
    page.wait_for_url(f"{stage.address}/**")


def stands(page: Page, tone: str) -> None:
    """Wait until the page of a renewal or a top-up has this tone: done, wait, stop or note."""
    comes(page, f".state.{tone}")


def comes(page: Page, what: str) -> None:
    """Wait until a page that waits for others shows this.

    It asks by itself every few seconds; people in a hurry load it anew, and so do the walks.
    """
    wanted = page.locator(what).first
    for _try in range(HURRIES):
        with suppress(PlaywrightTimeoutError):
            wanted.wait_for(timeout=HURRY_MS)
            return
        page.reload()
    expect(wanted).to_be_visible()
