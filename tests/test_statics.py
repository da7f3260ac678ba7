"""Static files by hash, and what the pages weigh on the wire, counted without a clock.

What a slow connection makes of these bytes is measured by benchmarks/slow_phone.py.
"""

import gzip
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.conf import settings
from django.test import Client

from everline.pages import statics
from tests.reader import APPROVED, Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

PAGE_MAX: Final = 100_000
FLOW_MAX: Final = 300_000
AROUND: Final = 900
"""Bytes of an answer's headers and of the request, generously."""

LOADED: Final = re.compile(
    r'(?:<link rel="(?:icon|stylesheet)" href|<script src|<img src)="([^"]+)"'
)


@pytest.fixture
def client(world: World) -> Client:
    return Client(SERVER_NAME="localhost", headers={"accept-encoding": "gzip"})


def test_a_file_is_kept_for_ever_under_its_hash(client: Client) -> None:
    address = statics.files()["pages/frame.css"].address
    assert re.fullmatch(r"/static/pages/frame\.[0-9a-f]{12}\.css", address)
    packed = client.get(address)
    assert packed["Cache-Control"] == "public, max-age=31536000, immutable"
    assert packed["Content-Encoding"] == "gzip"
    assert packed["Vary"] == "Accept-Encoding"
    assert packed["Content-Type"] == "text/css; charset=utf-8"
    assert int(packed["Content-Length"]) == len(packed.content)
    plain = client.get(address, headers={"accept-encoding": "identity"})
    assert gzip.decompress(packed.content) == plain.content
    assert "Content-Encoding" not in plain
    assert plain["Vary"] == "Accept-Encoding"


def test_the_hash_of_another_release_gives_the_present_file_for_a_minute(client: Client) -> None:
    answer = client.get("/static/pages/frame.0123456789ab.css")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "path",
    [
        "/static/pages/../look.0123456789ab.py",
        "/static/pages/look.0123456789ab.py",
        "/static//etc/passwd.0123456789ab.css",
        "/static/pages/frame.0123456789AB.css",
    ],
)
def test_nothing_else_is_served(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_plain_name_is_served_too_and_a_form_is_not_taken(client: Client) -> None:
    plain = client.get("/static/pages/frame.css", headers={"accept-encoding": "identity"})
    assert b"".join(plain) == statics.files()["pages/frame.css"].body
    plain.close()
    assert client.post(statics.files()["pages/frame.css"].address).status_code in {404, 405}


def test_every_page_names_its_files_by_their_hash(client: Client) -> None:
    page = gzip.decompress(client.get("/").content).decode()
    own = [each for each in LOADED.findall(page) if each.startswith(settings.STATIC_URL)]
    assert len(own) > 4
    assert all(statics.HASHED.search(each) for each in own)


def weigh(client: Client, page: str, seen: set[str]) -> int:
    """Count the bytes of a page and of what it loads that was not loaded before."""
    total = len(gzip.compress(page.encode())) + AROUND
    for address in LOADED.findall(page):
        if address not in seen:
            seen.add(address)
            answer: Any = client.get(address)
            assert answer.status_code == 200, address
            total += len(answer.content) + AROUND
    return total


def test_a_page_and_the_whole_way_stay_light(sandboxed: World, client: Client) -> None:
    plans = [sandboxed.plan(price=1250 + number) for number in range(30)]
    card = sandboxed.card()
    seen: set[str] = set()
    way: dict[str, int] = {}
    with on_the_pages(sandboxed, "server"):
        browser = Browser(sandboxed, "zh-hans")
        steps: tuple[tuple[str, Callable[[], Browser]], ...] = (
            ("first page", lambda: browser.get("/")),
            ("plans", lambda: browser.enter(card.iccid)),
            ("price details", lambda: browser.get(f"{browser.at}/plans/{plans[0].code}")),
            ("to the payment", lambda: browser.press(plans[0].code)),
            ("result", lambda: browser.pay(APPROVED)),
        )
        for step, go in steps:
            go()
            assert browser.status == 200, step
            way[step] = weigh(client, browser.page, seen)
            alone = weigh(client, browser.page, set())
            assert alone < PAGE_MAX, (step, alone)
    assert sum(way.values()) < FLOW_MAX, way
    assert way["first page"] < 60_000, way


def test_pages_are_compressed(client: Client) -> None:
    answer = client.get("/")
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) * 2 < len(gzip.decompress(answer.content))
