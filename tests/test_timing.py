"""Where a page's time goes: the header of pages that are read, and how often each asks."""

import re
from collections.abc import Iterator

import pytest

from everline import database
from everline.database import spent
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def timed(header: str) -> dict[str, float]:
    return {name: float(text) for name, text in re.findall(r"(\w+);dur=([\d.]+)", header)}


def test_a_page_tells_database_rendering_and_total(shop: World) -> None:
    shop.plan()
    browser = Browser(shop).enter(shop.card().iccid)
    for path in ("/", browser.at, "/offers"):
        took = timed(browser.client.get(path)["Server-Timing"])
        assert set(took) == {"db", "render", "total"}
        assert took["db"] > 0
        assert took["db"] + took["render"] <= took["total"]


def test_the_answer_to_a_form_tells_no_times(shop: World) -> None:
    browser = Browser(shop)
    assert "Server-Timing" not in browser.client.post("/", {"number": "8999907111111111112"})
    assert "Server-Timing" not in browser.client.post("/", {"number": shop.card().iccid})


def test_what_is_waited_for_is_counted(shop: World) -> None:
    spent.begin()
    database.value("select pg_sleep(0.02)")
    assert spent.seconds() >= 0.02
    assert spent.count() == 1
    with pytest.raises(ZeroDivisionError), spent.counted():
        _impossible = 1 / 0
    assert spent.count() == 2
