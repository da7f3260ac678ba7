"""The guides as pages: complete in each language, with every picture, and without any table."""

import html
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import translation
from PIL import Image

from everline import catalogue, guides
from everline.channels.web.refusals import Place, explain
from everline.errors import Code, Refusal
from everline.guides import GUIDES, HEIGHT, WIDTH
from everline.pages import statics
from tests.catalogues import LOCALES
from tests.reader import Browser, on_the_pages
from tests.tidy.rule import ROOT, SOURCE
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

STATIC = ROOT / SOURCE / "guides" / "static"
TAGS = ("en", "zh-Hans", "id")
BYTES_MAX = 25_000
PATHS = ("/help", *(f"/help/{name}" for name in GUIDES))


def _page(path: str, language: str = "en") -> str:
    client = Client(headers={"accept-language": language}, SERVER_NAME="localhost")
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Language"] == language.lower()
    assert {"Accept-Language", "Cookie"} <= {each.strip() for each in answer["Vary"].split(",")}
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    return str(answer.content.decode())


def _words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])).split())


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every way to a table fail at once."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a table was asked for")

    monkeypatch.setattr("everline.database.pool.connection", refuse)
    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.connect", refuse)


@pytest.mark.parametrize("language", TAGS)
def test_every_page_is_there_without_a_table(language: str, no_database: None) -> None:
    for path in PATHS:
        page = _page(path, language)
        assert f'<html lang="{language}">' in page
        assert len(re.findall("<h1", page)) == 1
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


@pytest.mark.parametrize("language", TAGS)
@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_says_all_it_has_to_say(name: str, language: str) -> None:
    guide, page = GUIDES[name], _page(f"/help/{name}", language)
    told = _words(page)
    with translation.override(language.lower()):
        said = [guide.title, guide.hint, *guide.notes, *(text for _, text in guide.leads)]
        for step in guide.steps:
            said += [step.title, *step.texts]
            assert f'id="{step.name}"' in page
            assert f'alt="{html.escape(translation.gettext(step.alt), quote=True)}"' in page
        for sentence in said:
            assert " ".join(translation.gettext(sentence).split()) in told, sentence
    pictures = re.findall(rf'<img src="/static/(guides/[^"]+)"[^>]*?{_size()}', page)
    plain = [statics.HASHED.sub("", picture) for picture in pictures]
    assert plain == [guide.picture(step, language) for step in guide.steps]


def _size() -> str:
    return rf'width="{WIDTH}"\s+height="{HEIGHT}"'


def test_nothing_is_said_in_english_alone() -> None:
    for locale in LOCALES:
        with translation.override(locale.replace("_", "-").lower()):
            for guide in GUIDES.values():
                steps = [each for step in guide.steps for each in (step.title, *step.texts)]
                for sentence in (guide.hint, *guide.notes, *steps):
                    assert translation.gettext(sentence) != sentence, (locale, sentence)


def test_every_picture_is_there_and_small_and_none_lies_unused() -> None:
    named = {
        guide.picture(step, language)
        for guide in GUIDES.values()
        for step in guide.steps
        for language in TAGS
    }
    there = {str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()}
    assert named == there
    for name in sorted(named):
        found = finders.find(name)
        assert found is not None, name
        assert Path(found).stat().st_size < BYTES_MAX, name
        with Image.open(found) as drawn:
            assert (drawn.format, drawn.size) == ("WEBP", (WIDTH, HEIGHT)), name


def test_guides_and_steps_have_names_of_their_own() -> None:
    assert len(GUIDES) == 7
    for guide in GUIDES.values():
        names = [step.name for step in guide.steps]
        assert len(names) == len(set(names))
    steps = {step.name for step in guides.BEFORE.steps}
    assert set(guides.OF_CODE.values()) <= steps
    assert {Code.CARD_NOT_ACTIVE, Code.CARD_NOT_BOUND, Code.BALANCE_SHORT} <= set(guides.OF_CODE)


def test_what_is_no_guide_is_not_found(town: World) -> None:
    client = Client(SERVER_NAME="localhost")
    assert client.get("/help/teleport").status_code == 404
    assert client.post("/help").status_code == 405


def test_the_index_leads_to_all_and_every_page_leads_to_the_index(town: World) -> None:
    index = _page("/help")
    for name in GUIDES:
        assert f'href="/help/{name}"' in index
    for path in ("/", "/places", "/verify", "/sign-in", "/esim", "/help/kiosk"):
        page = Client(SERVER_NAME="localhost").get(path).content.decode()
        assert 'href="/help"' in page.partition("<main")[0], path
        assert 'href="/help"' in page.partition("<footer")[2], path


def test_a_refusal_leads_to_the_step_that_is_missing(town: World) -> None:
    for code in Code:
        address = explain(Refusal(code), Place(catalogue.policy())).guide
        assert bool(address) == (code in guides.OF_CODE), code
        if address:
            path, _hash, step = address.partition("#")
            assert f'id="{step}"' in _page(path)
    assert explain(Refusal(Code.CARD_NOT_BOUND), Place(catalogue.policy())).guide.endswith("#bound")


def test_the_doors_show_how(town: World) -> None:
    for state, door, step in (("in_stock", "activate", "active"), ("activated", "bind", "bound")):
        card = town.card(state)
        with on_the_pages(town):
            browser = Browser(town).enter(card.iccid)
            browser.get(f"{browser.at}/{door}")
        assert browser.status == 200
        assert f'href="/help/before#{step}"' in browser.page
