"""The app in a real browser: installed parts, what a device keeps, no connection, nothing jumps.

It is served by this process, with a world of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from tests.browser.serving import serving
from tests.browser.windows import Driver, awake, axe
from tests.reader import APPROVED, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

SHIFT_MAX: Final = 0.05
SHIFTS: Final = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
}).observe({ type: "layout-shift", buffered: true });
"""
WAIT_MS: Final = 10_000
CONTROLLED: Final = """
(most) => new Promise((done) => {
  const until = Date.now() + most;
  const look = () => {
    if (navigator.serviceWorker.controller) done(true);
    else if (Date.now() > until) done(false);
    else setTimeout(look, 50);
  };
  look();
})
"""
"""Waits for the worker; our policy lets no text be run that would look again and again."""

KEPT_IN: Final = """
(language) => new Promise((done) => {
  const look = async () => {
    const kept = await caches.match("/offline");
    if (kept?.headers.get("Content-Language") === language) done(true);
    else setTimeout(look, 50);
  };
  look();
})
"""
"""Waits until the page without a connection is kept in a language."""


@pytest.fixture
def address(sandboxed: World) -> Iterator[str]:
    """Serve the pages of this process to a browser, by the server's own time as the bank goes."""
    with on_the_pages(sandboxed, "server"), serving() as there:
        yield there


@contextmanager
def opened(driver: Driver, address: str, **how: Any) -> Iterator[Any]:
    """Open a page of a telephone, and see that it loads from nowhere else and says no error."""
    with awake(driver) as browser:
        context = browser.new_context(
            **{"locale": "en-US", "viewport": {"width": 360, "height": 740}} | how
        )
        page: Any = context.new_page()
        page.add_init_script(SHIFTS)
        wrong: list[str] = []
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))

        def foreign(request: Any) -> None:
            ours = page.url.startswith(address) and not request.is_navigation_request()
            if ours and not request.url.startswith((address, "data:")):
                wrong.append(request.url)

        page.on("request", foreign)
        page.told = wrong
        try:
            yield page
        finally:
            context.close()


def controlled(page: Any) -> None:
    """Wait for the worker. One whose files did not all come is installed by the next page."""
    for _visit in range(3):
        if page.evaluate(CONTROLLED, WAIT_MS):
            return
        page.reload()
    raise AssertionError("no worker stands between the site and the network")


def enter(page: Any, address: str, number: str) -> None:
    page.goto(address)
    page.fill("input[name=number]", number)
    page.press("input[name=number]", "Enter")
    page.wait_for_url("**/cards/**")


def test_a_device_keeps_what_its_owner_wants_and_shows_it_without_a_connection(
    sandboxed: World, driver: Driver, address: str
) -> None:
    plan = sandboxed.plan(price=1000)
    card = sandboxed.card(balance=1000)
    sandboxed.renew(card, plan)
    with opened(driver, address) as page:
        enter(page, address, card.iccid)
        assert page.evaluate("localStorage.length") == 0, "nothing is kept unasked"
        page.get_by_role("button", name="Keep its validity on this device").click()
        page.get_by_role("button", name="Forget it on this device").wait_for()
        kept = page.evaluate("localStorage.getItem('everline.cards')")
        assert card.iccid not in kept
        assert card.masked[-4:] in kept
        controlled(page)
        path = page.url.removeprefix(address)
        caches = page.evaluate(
            "caches.keys().then(async (names) => (await Promise.all(names.map(async (name) =>"
            " (await (await caches.open(name)).keys()).map((each) => each.url)))).flat())"
        )
        pages = [each for each in caches if "/static/" not in each]
        assert pages == [f"{address}/offline"], "no page with a price or a card is kept"
        assert page.told == []
        page.context.set_offline(True)
        page.goto(address + path)
        assert page.inner_text("h1") == "No connection"
        assert card.masked in page.inner_text("[data-kept]")
        assert "Valid until" in page.inner_text("[data-kept]")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert "rgb(246, 245, 241)" in page.evaluate("getComputedStyle(document.body).background")
        page.get_by_role("button", name="Forget all cards here").click()
        assert "No card is kept on this device." in page.inner_text("main")
        assert page.evaluate("localStorage.length") == 0
        page.context.set_offline(False)
        page.get_by_role("link", name="Try again").click()
        page.wait_for_url(f"{address}/")


def test_the_page_without_a_connection_follows_the_language(
    sandboxed: World, driver: Driver, address: str
) -> None:
    with opened(driver, address, locale="zh-CN") as page:
        page.goto(f"{address}/app")
        controlled(page)
        with page.expect_navigation():
            page.get_by_role("button", name="Bahasa Indonesia").click()
        page.evaluate(KEPT_IN, "id")
        page.context.set_offline(True)
        page.goto(f"{address}/verify")
        assert page.inner_text("h1") == "Tidak ada koneksi"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_jumps_on_the_way_from_the_first_page_to_the_result(
    sandboxed: World, driver: Driver, address: str, scheme: str
) -> None:
    card = sandboxed.card()
    for number in range(9):
        sandboxed.plan(f"plan-{number}", price=1250 + number)
    shifts: dict[str, float] = {}

    def note(page: Any, step: str) -> None:
        page.wait_for_load_state("networkidle")
        shifts[step] = page.evaluate("window.shifted")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, step

    with opened(driver, address, locale="zh-CN", color_scheme=scheme) as page:
        page.goto(address)
        note(page, "first page")
        enter(page, address, card.iccid)
        note(page, "plans")
        page.locator(".tile a.secondary").first.click()
        page.wait_for_url("**/plans/**")
        note(page, "price details")
        page.click("form[data-once] button.primary")
        page.wait_for_url("**/pay/**")
        page.fill("input[name=number]", APPROVED)
        page.locator("button[type=submit]").first.click()
        page.wait_for_url(f"{address}/renewals/**")
        note_polls(page)
        shifts["result"] = page.evaluate("window.shifted")
        for path in ("/app", "/verify", "/places", "/esim"):
            page.goto(address + path)
            note(page, path)
        assert page.told == []
    assert max(shifts.values()) < SHIFT_MAX, shifts


def note_polls(page: Any) -> None:
    """Let the result update itself once."""
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        page.locator("#state").wait_for()


def test_reminders_say_what_the_browser_cannot_do(
    sandboxed: World, driver: Driver, address: str
) -> None:
    """No push service is reached from here; what the browser would send is in test_app.py."""
    card = sandboxed.card()
    with opened(driver, address) as page:
        enter(page, address, card.iccid)
        page.get_by_role("link", name="Remind me before it ends").click()
        page.get_by_role("button", name="Switch reminders on").click()
        page.locator("[data-told=denied]:visible, [data-told=failed]:visible").first.wait_for()
        assert page.locator("[data-told=unable]").is_hidden()
    with opened(driver, address, java_script_enabled=False) as page:
        enter(page, address, card.iccid)
        page.get_by_role("link", name="Remind me before it ends").click()
        assert page.get_by_role("button", name="Switch reminders on").count() == 0
        assert "This browser shows no messages from sites." in page.inner_text("main")


@pytest.mark.parametrize("path", ["/", "/app", "/offline", "/verify", "/places"])
def test_axe_finds_nothing_serious(
    sandboxed: World, driver: Driver, address: str, path: str
) -> None:
    for scheme in ("light", "dark"):
        with opened(driver, address, color_scheme=scheme) as page:
            page.goto(address + path)
            axe(page)


def test_the_keyboard_alone_leads_from_the_first_page_to_the_plans(
    sandboxed: World, driver: Driver, address: str
) -> None:
    card = sandboxed.card()
    sandboxed.plan()
    with opened(driver, address, viewport={"width": 1280, "height": 800}) as page:
        page.goto(address)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        for _press in range(12):
            if page.evaluate("document.activeElement.name") == "number":
                break
            page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px"
        page.keyboard.type(card.iccid)
        page.keyboard.press("Enter")
        page.wait_for_url("**/cards/**")
