"""What a demo alone shows: the design on one page, and a newcomer's first renewal on the first."""

import importlib
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.urls import clear_url_caches

from everline.channels.web import first_steps
from everline.cli import panel
from everline.config import urls
from everline.pages import design
from everline.simulators.numbers import CONDUCTS
from tests.reader import Browser
from tests.test_colours import tokens
from tests.tidy.rule import SOURCE, read
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def in_a_demo(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(settings, "DEMO", True)
    importlib.reload(urls)
    clear_url_caches()
    yield world
    monkeypatch.undo()
    importlib.reload(urls)
    clear_url_caches()


def test_the_design_shows_every_token_and_every_state(in_a_demo: World) -> None:
    page = Browser(in_a_demo).get("/dev/design").page
    shown = {name for _title, names in design.COLOURS for name in names}
    assert shown == tokens("light").keys()
    assert all(f'fill="var(--{name})"' in page for name in shown)
    sheet = read(SOURCE + "pages/static/pages/tokens.css")
    assert all(f"--{name}: " in sheet for name in (*design.TYPE, *design.SPACE))
    for part in ("banner note", "banner done", "banner wait", "banner stop", "sheet empty"):
        assert f'"{part}"' in page
    for part in ("sheet loading", "chart-ring", "chart-bars", "steps", "tile sheet", "rows"):
        assert f'"{part}"' in page
    for state in ("disabled", 'aria-busy="true"', 'aria-invalid="true"', "checked"):
        assert state in page


def test_there_is_none_of_it_in_production(world: World) -> None:
    browser = Browser(world)
    assert browser.get("/dev/design").status == 404
    world.card(iccid=first_steps.CARDS[0][0])
    assert "first renewal" not in browser.get("/").text


def test_a_newcomer_is_led_to_a_card_by_one_press(in_a_demo: World) -> None:
    card = in_a_demo.card(iccid=first_steps.CARDS[1][0])
    browser = Browser(in_a_demo).get("/")
    assert "Your first renewal, in a minute" in browser.text
    assert "The outbox" in browser.text
    tries = re.findall(r'<input type="hidden" name="number" value="(\d+)"', browser.page)
    assert tries == [card.iccid], "one that is not there is not offered"
    browser.post("/", {"number": tries[0]})
    assert re.fullmatch(r"/cards/crd_\w+\.[\w-]+", browser.at)
    assert card.masked in browser.text


def test_the_steps_name_what_the_demo_has() -> None:
    known = {number for number, _what in panel.CARDS}
    assert {number for number, _sentence in first_steps.CARDS} <= known
    approved = {each.number for each in CONDUCTS}
    assert first_steps.PAYS.replace(" ", "") in approved
