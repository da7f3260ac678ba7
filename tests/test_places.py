"""Stores and kiosks: how far they are, whether they are open, the drawn map, and the page."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as some

from everline.pages import maps
from everline.people import opening
from everline.people.opening import DAY_MINUTES
from everline.people.places import Point, metres
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

LISBON = Point(38_710_000, -9_137_000)
PORTO = Point(41_149_600, -8_611_000)
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
POINTS = some.builds(
    Point,
    some.integers(-90_000_000, 90_000_000),
    some.integers(-180_000_000, 180_000_000),
)


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def test_distances_are_those_of_the_great_circle() -> None:
    assert abs(metres(LISBON, PORTO) - 274_900) < 1500
    assert metres(Point(0, 179_999_000), Point(0, -179_999_000)) < 230
    assert abs(metres(Point(90_000_000, 0), Point(-90_000_000, 0)) - 20_015_115) < 100


@given(POINTS, POINTS)
def test_distances_are_the_same_both_ways(one: Point, other: Point) -> None:
    assert metres(one, other) == metres(other, one) <= 20_015_200
    assert metres(one, one) == 0


@pytest.mark.parametrize(
    ("hours", "weekday", "time", "expected"),
    [
        ("Mo-Fr 09:00-18:00", 0, "09:00", (True, 0, 1080, True)),
        ("Mo-Fr 09:00-18:00", 0, "08:59", (False, 0, 540, True)),
        ("Mo-Fr 09:00-18:00", 0, "18:00", (False, 1, 540, False)),
        ("Mo-Fr 09:00-18:00", 4, "18:00", (False, 0, 540, False)),
        ("Mo-Su 10:00-22:00; Su off", 6, "12:00", (False, 0, 600, False)),
        ("Fr 22:00-02:00", 5, "01:59", (True, 5, 120, True)),
        ("Fr 22:00-02:00", 5, "02:00", (False, 4, 1320, False)),
        ("Mo,We 08:30-12:00,13:00-24:00", 2, "12:30", (False, 2, 780, True)),
        ("Mo,We 08:30-12:00,13:00-24:00", 2, "23:59", (True, 2, 1440, True)),
        ("Sa-Mo 10:00-26:00; PH off", 0, "01:00", (True, 0, 120, True)),
        ("24/7", 3, "03:00", (True, None, 0, False)),
        ("Mo-Su 00:00-24:00", 3, "03:00", (True, None, 0, False)),
        ("Mo off", 0, "12:00", (False, None, 0, False)),
    ],
)
def test_open_now_and_until_when(
    hours: str, weekday: int, time: str, expected: tuple[bool, int | None, int, bool]
) -> None:
    hour, minute = map(int, time.split(":"))
    at = MONDAY + timedelta(days=weekday, hours=hour, minutes=minute)
    now = opening.now(opening.read_hours(hours), "UTC", at)
    assert (now.is_open, now.weekday, now.minute, now.is_today) == expected


@given(some.integers(0, 7 * DAY_MINUTES - 1))
def test_open_is_what_the_minutes_of_the_week_say(minute: int) -> None:
    hours = opening.read_hours("Mo-Th 10:00-22:00; Fr-Sa 10:00-26:00; Su 22:00-02:00")
    counted = {
        (day * DAY_MINUTES + each) % (7 * DAY_MINUTES)
        for day, spans in enumerate(hours.days)
        for begins, ends in spans
        for each in range(begins, ends)
    }
    now = opening.now(hours, "UTC", MONDAY + timedelta(minutes=minute))
    assert now.is_open == (minute in counted)


@given(some.lists(some.tuples(some.integers(0, 90_000), some.integers(0, 90_000)), max_size=10))
def test_pins_stay_on_the_map_and_apart(offsets: list[tuple[int, int]]) -> None:
    points = [Point(38_700_000 + north, -9_100_000 + east) for north, east in offsets]
    drawn = maps.draw(points, LISBON)
    assert (drawn is None) == (not points)
    for pin in drawn.pins if drawn else ():
        assert 0 < pin.x < maps.WIDTH
        assert 0 < pin.y < maps.HEIGHT


def test_places_of_two_countries_are_not_drawn() -> None:
    assert maps.draw([LISBON, Point(1_300_000, 103_800_000)], None) is None


def test_a_city_its_kiosks_and_what_is_typed(shop: World) -> None:
    store = shop.retailer(name="Loja Um", floor_or_exit="Piso 2", phone="+351210000001")
    kiosk = shop.retailer(city="Porto", name="Loja Dois", kind="station")
    shop.terminal("kiosk", kiosk)
    closed = shop.retailer(name="Loja Velha", closed_at=shop.at - timedelta(days=1))
    browser = Browser(shop).get("/places")
    for part in ("Loja Um", "Loja Dois", "Piso 2", store.code, f"/verify/{store.code}", "Station"):
        assert part in browser.page, part
    assert closed.code not in browser.page
    assert "Loja Dois" not in browser.get("/places?city=Lisboa").page
    assert "Loja Um" not in browser.get("/places?kind=kiosk").page
    assert "Loja Dois" not in browser.get("/places?kind=store").page
    assert "Loja Dois" in browser.get("/places?typed=rua+AUGUSTA").page
    assert "No place was found" in browser.get("/places?typed=%25_").text


def test_open_now_is_by_the_stores_clock(shop: World) -> None:
    shop.at = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
    shop.retailer(zone="Europe/Lisbon", opening_hours="Mo-Su 09:00-19:00")
    assert "Open now, until 19:00" in Browser(shop).get("/places").text
    assert "Buka sekarang, sampai 19.00" in Browser(shop, "id").get("/places").text
    shop.owner.execute("update people_retailer set zone = 'America/New_York'")
    assert "Closed, opens 09:00" in Browser(shop).get("/places").text
    shop.owner.execute("update people_retailer set zone = ''")
    unknown = Browser(shop).get("/places").text
    assert "Open now" not in unknown
    assert "Mon–Sun 09:00–19:00" in unknown


def test_the_nearest_first_from_a_position_that_stands_in_no_address(shop: World) -> None:
    shop.retailer(name="Far", latitude_microdegrees=38_760_000)
    shop.retailer(name="Near", latitude_microdegrees=38_712_000)
    browser = Browser(shop).post("/places", {"latitude": "38.71", "longitude": "-9.137"})
    assert browser.at == "/places"
    assert browser.text.index("Near") < browser.text.index("Far")
    assert "220 m" in browser.text.replace("\xa0", " ")
    assert "38.71" not in re.sub(r'value="[^"]*"', "", browser.page)
    asked = Browser(shop).get("/places?latitude=38.71&longitude=-9.137")
    assert "220 m" not in asked.text.replace("\xa0", " ")
    assert Browser(shop).post("/places", {"latitude": "x", "longitude": "9"}).status == 200


def test_ten_a_page(shop: World) -> None:
    for _each in range(12):
        shop.retailer()
    first = Browser(shop).get("/places")
    assert first.page.count("Official code") == 10
    follow = re.search(r'href="(\?[^"]*page=2)"', first.page)
    assert follow is not None
    second = Browser(shop).get("/places" + follow[1].replace("&amp;", "&"))
    assert second.page.count("Official code") == 2
    assert "page=1" in second.page
    placed = Browser(shop).post("/places", {"latitude": "38.7", "longitude": "-9.1", "page": "2"})
    assert placed.page.count("Official code") == 2
