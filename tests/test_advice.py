"""Advice: the cheapest plan that is enough, with arithmetic that can be done again."""

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from everline import cards
from everline.catalogue import Need, Offer, advise
from everline.catalogue.advice import GIGABYTE, TERM_DAYS_MAX, days, weigh
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def offer(
    code: str = "p",
    *,
    price: int = 1000,
    unit: str = "month",
    count: int = 1,
    gigabytes: int | None = 30,
    countries: tuple[str, ...] = ("ID",),
) -> Offer:
    return Offer(
        plan_version_id=uuid.uuid4(),
        code=code,
        names={"en": code},
        period_unit=unit,
        period_count=count,
        validity="rolling",
        on_renewal="queue",
        allowance_bytes=None if gigabytes is None else gigabytes * GIGABYTE,
        fair_use_bytes=50 * GIGABYTE if gigabytes is None else None,
        devices_max=1,
        price=price,
        currency="EUR",
        tax_basis_points=0,
        region_code=None,
        region_names=None,
        countries=list(countries),
    )


offers = st.lists(
    st.builds(
        offer,
        price=st.integers(1, 10**7),
        unit=st.sampled_from(["day", "week", "month", "quarter", "year"]),
        count=st.integers(1, 3),
        gigabytes=st.none() | st.integers(1, 500),
        countries=st.sampled_from([("ID",), ("ID", "JP"), ("ID", "JP", "KR")]),
    ),
    max_size=8,
)
needs = st.builds(
    Need,
    month_bytes=st.integers(1, 300 * GIGABYTE),
    countries=st.frozensets(st.sampled_from(["ID", "JP", "KR"])),
)


@given(offers, needs)
def test_none_that_is_enough_is_cheaper(sold: list[Offer], need: Need) -> None:
    found = advise(sold, need)
    fitting = [
        weigh(each, need)
        for each in sold
        if need.countries <= set(each.countries) and days(each) <= TERM_DAYS_MAX
    ]
    if found is None:
        assert fitting == []
        return
    enough = [each for each in fitting if each.given_bytes >= each.term_bytes]
    assert found.is_enough == bool(enough)
    assert found.month_price == min(each.month_price for each in enough or fitting)


@given(st.builds(offer, price=st.integers(1, 10**7), count=st.integers(1, 3)), needs)
def test_the_arithmetic_never_says_less_than_it_costs(sold: Offer, need: Need) -> None:
    found = weigh(sold, need)
    assert found.term_bytes * 30 >= need.month_bytes * found.term_days
    if found.is_enough:
        assert found.lasts_days >= found.term_days
        assert found.month_price * found.term_days >= sold.price * 30 > 0
    assert found.month_price * found.term_days >= sold.price * 30


def test_a_short_plan_is_better_than_a_long_one_of_the_same_price() -> None:
    short, long = offer("short"), offer("long", price=3000, count=3, gigabytes=90)
    found = advise([long, short], Need(9 * GIGABYTE))
    assert found is not None
    assert found.offer is short
    assert found.lasts_days == 100


def used(world: World, gigabytes: int, running: int) -> cards.Card:
    """Give a card that has used so much in so many days."""
    card, plan = world.card(balance=9000), world.plan("home", price=1000)
    world.renew(card, plan)
    world.advance(days=running)
    cards.record_usage(card.id, gigabytes * GIGABYTE, world.at)
    return card


def test_the_pace_is_what_was_used_in_the_days_that_a_plan_ran(shop: World) -> None:
    card = used(shop, 3, 10)
    pace = cards.pace(card.id, shop.at)
    assert pace is not None
    assert (pace.used_bytes, pace.days, pace.month_bytes) == (3 * GIGABYTE, 10, 9 * GIGABYTE)
    shop.advance(days=120)
    assert cards.pace(card.id, shop.at) is None


def test_nothing_is_said_of_a_pace_after_a_day(shop: World) -> None:
    assert cards.pace(used(shop, 3, 1).id, shop.at) is None


SAID = {
    "en": ("You use about 9 GB a month; 30 GB lasts you 3 months.", "3 GB used in 10 days"),
    "zh-hans": ("您每月约用 9 GB；30 GB 够您用 3 个月。", "10 天 内用了 3 GB"),
    "id": ("Anda memakai sekitar 9 GB per bulan; 30 GB cukup untuk 3 bulan.", "3 GB terpakai"),
}


@pytest.mark.parametrize("locale", SAID)
def test_the_holder_is_advised_by_usage_and_a_stranger_hears_nothing_of_it(
    shop: World, locale: str
) -> None:
    card = used(shop, 3, 10)
    holder, stranger = Browser(shop, locale), Browser(shop, locale)
    holder.sign_in(card)
    shown = holder.enter(card.iccid).text.replace("\xa0", " ")
    for each in SAID[locale]:
        assert each.replace("\xa0", " ") in shown, each
    assert 'class="advice' not in stranger.enter(card.iccid).page
    assert "9\xa0GB" not in stranger.text


def test_a_stranger_answers_two_questions(shop: World) -> None:
    home, asia = shop.plan("home", price=900), shop.plan("asia", price=2500, gigabytes=20)
    for plan, countries in ((home, ["ID"]), (asia, ["ID", "JP", "KR"])):
        for country in countries:
            shop.insert("catalogue_coverage", plan_version_id=plan.version_id, country=country)
    browser = Browser(shop).enter(shop.card().iccid)
    at = browser.at
    browser.get(f"{at}?need=10")
    assert "Enough for about 10\xa0GB a month".replace("\xa0", " ") in browser.text.replace(
        "\xa0", " "
    )
    assert "home · €9.00" in browser.text
    browser.get(f"{at}?need=10&country=JP&country=KR")
    assert "asia · €25.00" in browser.text
    assert f"/plans/{home.code}" not in browser.page
    assert "Japan, South Korea" in browser.text
    browser.get(f"{at}?need=30&country=JP")
    assert "No plan gives 30 GB a month" in browser.text.replace("\xa0", " ")
    browser.get(f"{at}?roaming=yes")
    assert f"/plans/{asia.code}" in browser.page
    assert f"/plans/{home.code}" not in browser.page
    browser.get(f"{at}?country=XX&need=7&roaming=x")
    assert f"/plans/{home.code}" in browser.page
    assert 'class="advice' not in browser.page
    shop.insert("catalogue_coverage", plan_version_id=home.version_id, country="PT")
    browser.get(f"{at}?country=JP&country=PT")
    assert "No plan works in all of these places" in browser.text


def test_a_year_is_never_advised(shop: World) -> None:
    shop.plan("year", unit="year", price=10, gigabytes=500)
    browser = Browser(shop).enter(shop.card().iccid)
    assert 'class="advice' not in browser.get(f"{browser.at}?need=3").page


def test_what_is_asked_goes_before_the_own_pace(shop: World) -> None:
    card = used(shop, 3, 10)
    browser = Browser(shop)
    browser.sign_in(card)
    browser.enter(card.iccid)
    browser.get(f"{browser.at}?need=30")
    assert "Enough for about 30" in browser.text
