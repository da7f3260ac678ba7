"""The installed app: what devices are told, what they may keep, and reminders on their pages.

What a browser makes of it is walked in tests/browser/test_app.py.
"""

import io
import json
import re
from typing import Any, Final

import pytest
from django.test import Client
from PIL import Image

from everline import cards
from everline.pages import look
from everline.trust import addresses
from tests.push_service import ENDPOINT, Phone
from tests.reader import Browser
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

NAMES: Final = {"en": "Renew", "zh-hans": "续费", "id": "Perpanjang"}


@pytest.fixture
def client(world: World) -> Client:
    return Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")


@pytest.mark.parametrize("language", NAMES)
def test_the_manifest_speaks_the_language_of_the_page(world: World, language: str) -> None:
    page = Browser(world, language).get("/").page
    found = re.search(r'rel="manifest" href="([^"]+)"', page)
    assert found is not None
    # A browser asks for it without cookies and in the language of the system.
    answer = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost").get(found[1])
    assert answer["Content-Type"] == "application/manifest+json"
    told = json.loads(answer.content)
    assert told["name"] == "Testline"
    assert told["shortcuts"][0]["name"] == NAMES[language]
    assert (told["id"], told["start_url"], told["scope"]) == ("/", "/", "/")
    assert told["display"] == "standalone"


def test_the_manifest_names_icons_that_are_there(client: Client) -> None:
    told = json.loads(client.get("/manifest.webmanifest").content)
    sizes = {(each["sizes"], each["purpose"]) for each in told["icons"]}
    assert sizes == {
        ("any", "any"),
        *((f"{size}x{size}", purpose) for size in (192, 512) for purpose in ("any", "maskable")),
    }
    for each in told["icons"][1:]:
        answer = client.get(each["src"])
        assert answer["Content-Type"] == "image/png"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        drawn = Image.open(io.BytesIO(answer.content))
        assert f"{drawn.width}x{drawn.height}" == each["sizes"]
        assert len(answer.content) < 40_000
        corner: Any = drawn.convert("RGBA").getpixel((0, 0))
        assert corner[3] == (255 if each["purpose"] == "maskable" else 0)


def test_a_maskable_icon_keeps_its_sign_inside(client: Client) -> None:
    answer = client.get("/icons/maskable-512.png")
    drawn = Image.open(io.BytesIO(answer.content)).convert("RGB")
    ground = drawn.getpixel((0, 0))
    reach = max(
        ((x - 256) ** 2 + (y - 256) ** 2) ** 0.5
        for x in range(0, 512, 2)
        for y in range(0, 512, 2)
        if drawn.getpixel((x, y)) != ground
    )
    assert 80 < reach < 512 * 0.4


@pytest.mark.parametrize("path", ["/icons/any-191.png", "/icons/other-192.png", "/icons/any-0.png"])
def test_no_other_icon_is_drawn(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_operators_icon_has_its_initial_in_its_colour(client: Client) -> None:
    light, dark = look.tokens("#00a86b", "")
    try:
        look.install(look.Look("青鸟", b"", light, dark))
        branded = client.get("/icons/maskable-192.png").content
        told = json.loads(client.get("/manifest.webmanifest").content)
    finally:
        look.install(look.Look())
    assert told["short_name"] == "青鸟"
    ground: Any = Image.open(io.BytesIO(branded)).convert("RGB").getpixel((0, 0))
    assert "#{:02x}{:02x}{:02x}".format(*ground) == light["brand"]
    assert branded != client.get("/icons/maskable-192.png").content


def test_the_worker_names_what_it_keeps_and_all_of_it_is_there(client: Client) -> None:
    answer = client.get("/sw.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    first = answer.content.decode().splitlines()[0]
    told = json.loads(first.removeprefix("const EVERLINE = ").removesuffix(";"))
    assert told["offline"] == "/offline"
    for address in told["kept"]:
        kept = client.get(address)
        assert kept.status_code == 200
        assert "immutable" in kept["Cache-Control"], address
    page = client.get("/offline").content.decode()
    loaded = re.findall(r'(?:rel="(?:stylesheet|icon)" href|script src)="([^"]+)"', page)
    assert set(loaded) - set(told["kept"]) <= {each for each in loaded if "htmx" in each}


def test_another_look_is_another_worker(client: Client) -> None:
    before = client.get("/sw.js").content
    assert client.get("/sw.js").content == before
    try:
        look.install(look.Look("Senandi"))
        assert client.get("/sw.js").content != before
    finally:
        look.install(look.Look())


def test_the_page_without_a_connection_is_the_same_for_everybody(world: World) -> None:
    somebody, nobody = Browser(world), Browser(world)
    somebody.sign_in(world.card())
    nonce = re.compile(r'nonce="[^"]*"')
    pages = [nonce.sub("", each.get("/offline").page) for each in (somebody, nobody)]
    assert pages[0] == pages[1]
    assert "csrf" not in pages[0]
    assert "<form" not in pages[0]


def test_the_app_page_says_how_on_each_device_and_leads_to_a_cards_reminders(
    world: World,
) -> None:
    card = world.card()
    browser = Browser(world).get("/app")
    for words in ("Android", "iPhone and iPad", "Computer", "Testline on your home screen"):
        assert words in browser.text
    browser.post("/app", {"number": card.iccid})
    assert re.fullmatch(r"/cards/crd_\w+\.[\w-]+/reminders", browser.at)
    assert browser.title == "Remind me before it ends"
    browser.post("/app", {"number": "8999907111111111112"})
    assert browser.status == 422
    told = browser.text
    browser.post("/app", {"number": world.card("terminated").iccid})
    assert browser.status == 422
    assert browser.text == told, "a stranger is told the same of a card that ended"
    browser.post("/app", {"number": ""})
    assert "Enter the card number." in browser.text


def test_the_cards_page_keeps_nothing_by_itself_and_no_number(world: World) -> None:
    card = world.card()
    page = Browser(world).enter(card.iccid).page
    found = re.search(r"<button[^>]*data-masked=\"([^\"]*)\"[^>]*>", page)
    assert found is not None
    assert found[1] == card.masked
    assert card.iccid not in page


class TestReminders:
    """Switching them on and off on the page."""

    def ask(self, browser: Browser, card: cards.Card, **other: str) -> Browser:
        browser.get(f"/cards/{addresses.token('crd', card.id)}/reminders")
        device = Phone().device(ENDPOINT)
        sent = {
            "endpoint": device.endpoint,
            "public_key": device.public_key,
            "secret": device.secret,
        }
        return browser.press("", **(sent | other))

    def test_on_and_off_again(self, world: World) -> None:
        card, browser = world.card(), Browser(world, "zh-hans")
        self.ask(browser, card)
        assert browser.title == "提醒已开启"
        assert world.all("select card_id, endpoint, locale from notices_device") == [
            (card.id, ENDPOINT, "zh-hans")
        ]
        browser.press("")
        assert browser.title == "到期前提醒我"
        assert world.one("select count(*) from notices_device") == 0

    def test_another_browser_sees_nothing_of_it(self, world: World) -> None:
        card, one, other = world.card(), Browser(world), Browser(world)
        self.ask(one, card)
        other.get(one.at)
        assert other.title == "Remind me before it ends"
        other.post(one.at, {"wanted": "off", "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e"})
        assert world.one("select count(*) from notices_device") == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"endpoint": "http://push.example.net/a"},
            {"endpoint": "https://127.0.0.1/a"},
            {"endpoint": ""},
            {"public_key": "AAAA"},
            {"secret": ""},
            {"request_id": "x"},
            {"endpoint": "https://push.example.net/" + "a" * 2000},
        ],
    )
    def test_what_no_browser_sends_is_not_kept(self, world: World, wrong: dict[str, str]) -> None:
        browser = self.ask(Browser(world), world.card(), **wrong)
        assert browser.status == 422
        assert "could not be understood" in browser.text
        assert world.one("select count(*) from notices_device") == 0

    def test_a_card_that_ended_is_told(self, world: World) -> None:
        browser = self.ask(Browser(world), world.card("terminated"))
        assert "ended" in browser.text
        assert world.one("select count(*) from notices_device") == 0

    def test_a_stranger_learns_nothing_of_others_and_no_key_shows(self, world: World) -> None:
        card, browser = world.card(), Browser(world)
        self.ask(browser, card)
        assert ENDPOINT not in browser.page
        from everline.config.plugs import push_key

        assert push_key() not in browser.page

    def test_an_address_that_was_made_up_is_not_found(self, client: Client) -> None:
        made_up = "/cards/crd_00000000000000000000000000.AAAAAAAAAAAAAAAA/reminders"
        assert client.get(made_up).status_code == 404
