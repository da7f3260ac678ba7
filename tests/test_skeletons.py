"""Pages that are filled in from memory: the same as rendered ones, of one card, and never old."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from everline import cards, catalogue, ids, renewals, trust
from everline.channels.web import showing
from everline.database import spent
from everline.pages import skeletons
from everline.pages.frame import HTML_TAGS
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

LOCALES = ("en", "zh-hans", "id")
CHANGES = {
    "price": "update catalogue_price set amount = 4321",
    "name": 'update catalogue_plan set names = \'{"en": "Other"}\'',
    "operator": "update catalogue_policy set name = 'Other'",
    "coverage": "delete from catalogue_coverage where country = 'JP'",
    "retired": "update catalogue_plan set retired_at = '2000-01-01' where code = 'two'",
    "promotion": 'update catalogue_promotion set names = \'{"en": "Other"}\'',
    "secret": "update catalogue_promotion set is_public = false",
    "spent": "update ledger_account set balance = 0 where kind = 'promotion_budget'",
    "banner": "insert into trust_banner (id, text, severity, channels, starts_at)"
    " values (gen_random_uuid(), '{\"en\": \"Other\"}', 'info', '{}', '2000-01-01')",
}


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def sold(world: World) -> None:
    """Sell two plans, one of them abroad, with an offer."""
    one, two = world.plan("one", price=1000), world.plan("two", price=2000)
    for plan, country in ((one, "ID"), (two, "ID"), (two, "JP")):
        world.insert("catalogue_coverage", plan_version_id=plan.version_id, country=country)
    world.promotion("SUMMER", is_public=True, budget=5)


def plain(page: str) -> str:
    """Take out what is another for each request."""
    return re.sub(r'(name="(csrfmiddlewaretoken|request_id)" value=)"[^"]*"', r"\1", page)


def known(world: World, locale: str = "en") -> Browser:
    """Give a browser that has a session, and so is served by rendering."""
    browser = Browser(world, locale)
    session = browser.client.session
    session["seen"] = True
    session.save()
    return browser


def renewed(world: World, *, paid_only: bool = False) -> tuple[cards.Card, str]:
    card = world.card(balance=9000)
    answer = world.renew(card, world.plan())
    assert answer.id is not None
    if not paid_only:
        world.deliver_all()
    return card, ids.outside("rnw", answer.id)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("query", ["", "?need=10&country=JP&roaming=yes"])
def test_the_plans_are_those_that_rendering_shows(shop: World, locale: str, query: str) -> None:
    sold(shop)
    for state in ("bound", "in_stock", "activated", "bound"):
        at = Browser(shop).enter(shop.card(state).iccid).at + query
        first, again, rendered = (
            plain(browser.get(at).page)
            for browser in (Browser(shop, locale), Browser(shop, locale), known(shop, locale))
        )
        assert first == again == rendered


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("paid_only", [True, False], ids=["paid", "delivered"])
def test_a_renewal_is_what_rendering_shows(shop: World, locale: str, *, paid_only: bool) -> None:
    _card, number = renewed(shop, paid_only=paid_only)
    for path in (f"/renewals/{number}", f"/renewals/{number}"):
        first, again, rendered = (
            plain(browser.get(path).page)
            for browser in (Browser(shop, locale), Browser(shop, locale), known(shop, locale))
        )
        assert first == again == rendered


def test_every_card_has_its_own_facts(shop: World) -> None:
    sold(shop)
    some = [shop.card() for _each in range(3)]
    shop.fund(some[0].account_id, "balance", 1000)
    shop.renew(some[0], shop.plan())
    pages = [Browser(shop).enter(card.iccid) for card in some * 2]
    for card, shown in zip(some * 2, pages, strict=True):
        assert shown.title == card.masked
        assert f'href="{shown.at}/plans/one"' in shown.page
        others = {other.masked for other in some} - {card.masked}
        assert not [each for each in others if each in shown.page]
    assert "Valid until" in pages[0].text
    assert "Ready for its first plan" in pages[1].text


def test_each_request_has_its_own_tokens(shop: World) -> None:
    sold(shop)
    at = Browser(shop).enter(shop.card().iccid).at
    answers = [Browser(shop).client.get(at) for _each in range(3)]
    masks = [
        re.findall(r'csrfmiddlewaretoken" value="(\w+)"', answer.content.decode())
        for answer in answers
    ]
    assert all(masks)
    assert len({mask for some in masks for mask in some}) == len(answers)
    for answer in answers:
        assert answer["Cache-Control"] == "no-store"
        assert answer.cookies["csrftoken"].value


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_shown_at_once(shop: World, change: str) -> None:
    sold(shop)
    at = Browser(shop).enter(shop.card().iccid).at
    before = [plain(Browser(shop).get(at).page) for _each in range(2)]
    assert before[0] == before[1]
    shop.owner.execute(CHANGES[change].encode())
    after = plain(Browser(shop).get(at).page)
    assert after != before[0]
    assert after == plain(known(shop).get(at).page)


def test_a_plan_begins_and_ends_by_itself(shop: World) -> None:
    sold(shop)
    at = Browser(shop).enter(shop.card().iccid).at
    ends = shop.at + timedelta(hours=1)
    shop.owner.execute("update catalogue_plan set retired_at = %s where code = 'two'", [ends])
    assert "/plans/two" in Browser(shop).get(at).page
    shop.advance(hours=1, minutes=1)
    assert "/plans/two" not in Browser(shop).get(at).page
    shop.advance(hours=-2)
    assert "/plans/two" in Browser(shop).get(at).page


def test_a_name_is_never_a_slot(shop: World) -> None:
    sold(shop)
    hostile = '{"en": "\ue000masked\ue001 <b> %(masked)s {{ masked }}"}'
    shop.owner.execute("update catalogue_plan set names = %s where code = 'one'", [hostile])
    at = Browser(shop).enter(shop.card().iccid).at
    for _each in range(2):
        assert "\ue000masked\ue001 &lt;b&gt;" in Browser(shop).get(at).page


def test_a_slot_is_escaped() -> None:
    page = skeletons.filled("escaped", {"x": '"<&'}, lambda marks: f"<p>{marks['x']}</p>")
    again = skeletons.filled("escaped", {"x": "y"}, lambda _marks: "never called")
    assert (page, again) == ("<p>&quot;&lt;&amp;</p>", "<p>y</p>")


def test_few_shapes_are_remembered() -> None:
    made: list[int] = []

    def render(number: int, _marks: dict[str, str]) -> str:
        made.append(number)
        return str(number)

    for number in [*range(skeletons.KEPT_MAX + 1), 0]:
        skeletons.filled(("few", number), {}, partial(render, number))
    assert made.count(0) == 2


def test_one_look_tells_what_the_parts_tell(shop: World) -> None:
    sold(shop)
    _renewed, number = renewed(shop)
    for card in (shop.card(), shop.card("in_stock"), shop.card("lost"), _renewed):
        seen = renewals.look_at_card(card.id, "web", "zh-hans", shop.at)
        assert seen is not None
        status = cards.status(card, shop.at)
        assert seen.card == card
        for name in ("valid_until", "last_ended_at", "renewable_until"):
            assert getattr(seen, name) == getattr(status, name), name
        assert seen.around.policy == catalogue.policy()
        assert seen.around.banners == trust.banners("web", shop.at, "zh-hans")
        assert seen.promotions == [each.code for each in catalogue.running(shop.at)]
        assert seen.has_run == (cards.first_renewal_id(card) is not None)
        assert showing.standing(card, status)
    renewal_id = ids.inside("rnw", number)
    looked = renewals.look_at_renewal(renewal_id, "web", "en", shop.at)
    assert looked is not None
    assert looked.renewal == renewals.find(renewal_id)
    assert renewals.look_at_card(ids.uuid7(shop.at), "web", "en", shop.at) is None
    assert set(HTML_TAGS) == set(trust.announcements.TAGS)


def asked(browser: Browser, path: str) -> int:
    spent.begin()
    answer: Any = browser.client.get(path)
    assert answer.status_code == 200
    return spent.count()


def test_how_often_each_page_asks_the_database(shop: World) -> None:
    sold(shop)
    card, number = renewed(shop)
    stranger = Browser(shop)
    at = stranger.enter(card.iccid).at
    stranger.get(at)
    stranger.get(f"/renewals/{number}")
    counted = {
        "first page": asked(stranger, "/"),
        "plans": asked(stranger, at),
        "price details": asked(stranger, f"{at}/plans/one"),
        "status": asked(stranger, f"/renewals/{number}"),
        "offers": asked(stranger, "/offers"),
    }
    assert counted == {
        "first page": 2,
        "plans": 1,
        "price details": 8,
        "status": 1,
        "offers": 3,
    }
