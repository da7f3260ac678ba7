"""Walking the guides: each walk does what one guide says, and shows every step of it to its album.

An album knows its guide, so a step that the guide does not have, or one that was not met, is told.
Its pictures are written where the guide looks for them, when WRITE_PICTURES is set.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from everline.guides import HEIGHT, WIDTH, Guide
from tests.browser.site import comes
from tests.browser.stage import Row, Stage
from tests.browser.windows import SETTLE, WRITES
from tests.tidy.rule import ROOT, SOURCE

STATIC = ROOT / SOURCE / "guides" / "static"
BYTES_MAX = 25_000
QUALITY = 72

CLERK = "clerk@senandi.example"
HELD, CALLED = "8999907111111111112", "8999907222222222225"
PHONE = "9990722222222"
BANK_CARD = "4000 0000 0000 0010"
STORE = "JKT-002"
PLAN = "HOME-30"
STILL_RUNNING = "load-24d"
"""A month that began later runs for some days yet; days are written with two digits."""

ABROAD = "JP"
ASK_MS, ASKED_MAX = 500, 30

LANGUAGE_KEYS = {"en": "1", "zh-Hans": "2", "id": "3"}
SCROLL = "(it) => window.scrollTo(0, it.getBoundingClientRect().top + window.scrollY - 14)"
VEIL = """(how) => document.querySelectorAll(".demo, .speaker").forEach((it) => {
  it.style.visibility = how;
})"""
"""Hides or shows what stands on a page in the demo alone."""


@dataclass
class Album:
    """The pictures of one guide in one language, taken by one person on one screen."""

    guide: Guide
    language: str
    stage: Stage
    page: Page
    met: list[str] = field(default_factory=list)

    def at(self, path: str) -> None:
        """Open an address of the site."""
        self.page.goto(f"{self.stage.address}{path}")

    def show(self, name: str, seen: str, top: str = "") -> None:
        """Meet a step: what is `seen` is there, and from `top` on a picture of it is taken."""
        self.page.locator(seen).first.wait_for()
        self.met.append(name)
        step = next(each for each in self.guide.steps if each.name == name)
        if WRITES:
            self.page.evaluate("window.scrollTo(0, 0)")
            if top:
                self.page.locator(top).first.evaluate(SCROLL)
            self.page.evaluate(SETTLE)
            self.page.evaluate(VEIL, "hidden")
            taken = self.page.screenshot(animations="disabled")
            self.page.evaluate(VEIL, "")
            _write(STATIC / self.guide.picture(step, self.language), taken)

    def enter(self, number: str) -> None:
        """Enter a number on the first page."""
        self.at("/")
        self.page.fill("input[name=number]", number)
        self.page.press("input[name=number]", "Enter")
        self.page.wait_for_url("**/cards/**")

    def sign_in(self) -> None:
        """Sign in as a holder."""
        self.stage.sign_in(self.page)

    def pay_at_bank(self) -> None:
        """Pay on the bank's page and come back to the site."""
        self.page.fill("#number", BANK_CARD)
        self.page.click("button.pay")
        self.page.wait_for_url(f"{self.stage.address}/**")

    def press(self, keys: str) -> None:
        """Press keys of the telephone."""
        for key in keys:
            with self.page.expect_navigation():
                self.page.click(f'button[name=key][value="{key}"]')


def _write(to: Path, taken: bytes) -> None:
    small = io.BytesIO()
    with Image.open(io.BytesIO(taken)) as drawn:
        fitted = drawn.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        fitted.save(small, "webp", quality=QUALITY, method=6)
    assert small.tell() < BYTES_MAX, f"{to.name} has {small.tell()} bytes"
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(small.getvalue())


def running(stage: Stage) -> Row:
    """Take a card without a holder whose month still runs for some days."""
    while True:
        row = stage.card(currency="IDR", state="bound", plan=PLAN, holder="")
        if row["term_started"] < STILL_RUNNING:
            return row


def online(album: Album) -> None:
    """Renew on the site."""
    page = album.page
    album.at("/")
    page.fill("input[name=number]", running(album.stage)["iccid"])
    album.show("number", ".finder", ".hero")
    page.press("input[name=number]", "Enter")
    album.show("plan", ".tile", ".jump")
    page.click(f'a[href$="/plans/{PLAN}"]')
    album.show("price", ".line .end", ".columns")
    page.fill("input[name=contact]", "me@example.org")
    page.click(".bill form[data-once] button.primary")
    page.wait_for_url("**/pay/**")
    page.fill("#number", BANK_CARD)
    album.show("pay", "button.pay")
    album.pay_at_bank()
    comes(page, ".state.done .receipt")
    album.show("receipt", ".state.done .receipt", ".state")


def automatic(album: Album) -> None:
    """Switch automatic renewal on and off."""
    page = album.page
    album.sign_in()
    album.enter(HELD)
    card = page.url
    page.click('a[href$="/top-up"]')
    album.show("balance", ".amounts", ".sheet")
    page.goto(card)
    album.show("consent", ".auto ul", ".auto")
    page.click(".auto button")
    album.show("charge", ".auto .rows", ".auto")
    page.click(".auto button")
    album.show("off", ".auto ul", ".auto")


def hotline(album: Album) -> None:
    """Call from a withheld number, and renew the same plan from the balance."""
    page = album.page
    album.sign_in()
    album.enter(CALLED)
    card = page.url
    page.click('a[href$="/top-up"]')
    page.click(".amounts label:nth-of-type(2)")
    page.click("main button.primary")
    page.wait_for_url("**/pay/**")
    album.pay_at_bank()
    comes(page, ".state.done")
    page.goto(card)
    page.click('a[href$="/pin"]')
    album.show("pin", "input[name=pin]", ".sheet")
    album.at("/hotline/try")
    page.select_option("#caller", "anonymous")
    with page.expect_navigation():
        page.click("button[value=dial]")
    album.show("call", ".heard p[lang]", ".heard")
    album.press(LANGUAGE_KEYS[album.language])
    album.show("card", ".heard p[lang]", ".heard")
    album.press(f"1{PHONE}#")
    album.show("menu", ".heard p[lang]", ".heard")
    album.press("1")
    album.show("price", ".heard p[lang]", ".heard")
    album.press(f"1{album.stage.pin}#")
    told = page.inner_text(".heard")
    for _again in range(ASKED_MAX):
        page.wait_for_timeout(ASK_MS)
        album.press("1")
        if page.inner_text(".heard") != told:
            break
    album.show("done", ".heard p[lang]", ".heard")


def store(album: Album) -> None:
    """Find a store, and renew at its till."""
    page = album.page
    album.at("/places?city=Jakarta")
    album.show("places", ".places .badge", ".places")
    album.at("/till/enrol")
    page.click(".demo-devices button")
    page.click("button.primary")
    page.wait_for_url("**/till/sign-in")
    page.fill("input[name=email]", CLERK)
    page.fill("input[name=password]", album.stage.password)
    page.click("button.primary")
    page.wait_for_url("**/till")
    page.fill("input[name=number]", running(album.stage)["iccid"])
    album.show("card", ".finder")
    page.press("input[name=number]", "Enter")
    album.show("plan", ".choices .choose", ".found")
    page.click(f'a[href$="/plans/{PLAN}"]')
    album.show("cash", ".notes button", ".columns")
    page.click("button[value=typed]")
    page.locator(".outcome .state").wait_for()
    comes(page, ".outcome .state.done")
    album.show("slip", ".outcome .paper", ".paper")


def platform(album: Album) -> None:
    """Renew in the app of a partner."""
    page, language = album.page, album.language
    page.goto(f"{album.stage.told['partner_app']}/?lang={language}")
    album.show("tile", ".tiles .tile a")
    page.click(".tiles .tile a")
    page.fill("#number", running(album.stage)["iccid"])
    album.show("number", "#number")
    page.click("main form button")
    album.show("plan", "button.plan")
    page.click(f"button.plan[value={PLAN}]")
    album.show("pay", "main dl")
    page.click("main form button")
    page.locator(".outcome").wait_for()
    comes(page, ".outcome.renewed")
    album.show("done", ".outcome.renewed")


def kiosk(album: Album) -> None:
    """Renew at a kiosk, by bank card at its terminal."""
    page = album.page
    album.at("/kiosk/enrol")
    page.click(".demo-devices button")
    page.click("button.primary")
    page.wait_for_url("**/kiosk")
    album.show("language", ".greetings")
    page.click(f'.greeting[lang="{album.language}"]')
    page.fill("input[name=number]", running(album.stage)["iccid"])
    album.show("number", ".pad")
    page.click("form.asks button.primary")
    album.show("plan", ".offer")
    page.click(f'a.offer[href$="/plans/{PLAN}"]')
    album.show("price", ".means .mean")
    page.click("button[name=by][value=card]")
    album.show("pay", "[data-stage=card] .hold")
    reader = page.context.new_page()
    reader.goto(page.get_attribute(".demo a", "href") or "")
    reader.click("button[name=turn][value=approve]")
    page.bring_to_front()
    album.show("slip", ".outcome.done")
    page.locator(".paper").wait_for()
    page.click(".ways form button")
    page.locator(".greetings").wait_for()


def before(album: Album) -> None:
    """Activate and bind a card, look at plans and at a held card, try a code, check a store."""
    page = album.page
    new = album.stage.card(kind="sim", zone="Asia/Jakarta", currency="IDR", state="in_stock")
    album.enter(new["iccid"])
    page.click('a[href$="/activate"]')
    page.fill("input[name=start_code]", new["start_code"])
    album.show("active", "input[name=start_code]", ".sheet")
    page.click("main form button.primary")
    page.wait_for_url("**/bind**")
    page.fill("input[name=number]", "35 693803 564380 9")
    album.show("bound", "input[name=number]", ".sheet")
    page.click("main form button.primary")
    page.wait_for_url("**/cards/**")
    album.at(f"{page.url.removeprefix(album.stage.address).partition('?')[0]}?country={ABROAD}")
    album.show("plan", ".tile", ".wishes")
    album.sign_in()
    album.enter(HELD)
    album.show("standing", ".card .facts .meter", ".card")
    album.enter(running(album.stage)["iccid"])
    page.goto(f"{page.url.partition('?')[0]}/plans/{PLAN}?promo=HEMAT15")
    album.show("offers", ".promo .success", ".bill")
    page.click(".bill form[data-once] button.primary")
    page.wait_for_url("**/pay/**")
    album.pay_at_bank()
    comes(page, ".state.done .receipt")
    album.show("records", ".state.done .receipt", ".receipt")
    album.at(f"/verify/{STORE}")
    album.show("official", ".state.done", ".state")


WALKS: Mapping[str, Callable[[Album], None]] = {
    each.__name__: each for each in (online, automatic, hotline, store, platform, kiosk, before)
}
"""The walk of each guide, by the guide's name."""

SCREENS: Mapping[str, tuple[int, int]] = {"store": (450, 750), "kiosk": (720, 1200)}
"""Screens that are larger than a phone, in the shape of the pictures."""
