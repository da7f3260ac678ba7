"""The page of automatic renewal: what is tried when, agreeing, pausing, skipping, and what it may.

Ending it from a message is tried in test_consenting.py, the box on the order's page in
test_autorenewal.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from everline import autorenewal, cards, renewals
from everline.autorenewal import Standing
from everline.trust import addresses
from tests.endings import arm, end_of, running
from tests.mandates import retire
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

SENTENCES = {
    "en": "We will try Sun, Dec 20",
    "zh-hans": "我们将在 12月20日周日",
    "id": "Kami mencoba pada Min, 20 Des",
}


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def page_of(card: cards.Card) -> str:
    return f"/cards/{addresses.token('crd', card.id)}/auto-renewal"


def holder_of(world: World, card: cards.Card, locale: str = "en") -> Browser:
    browser = Browser(world, locale)
    browser.sign_in(card)
    return browser.get(page_of(card))


def now(world: World, card: cards.Card) -> Standing:
    found = autorenewal.standing(card.id, world.at)
    assert found is not None
    return found


class TestTheLadder:
    """Shown as it will be climbed, in the card's place and to the minute."""

    @pytest.mark.parametrize("locale", SENTENCES)
    def test_names_every_try_and_when_service_ends(self, shop: World, locale: str) -> None:
        card = running(shop, shop.plan())
        arm(shop, card)
        browser = holder_of(shop, card, locale)
        assert SENTENCES[locale] in browser.text
        zone = timedelta(0)  # Lisbon's winter.
        for rung in now(shop, card).rungs:
            mark = "." if locale == "id" else ":"
            assert (rung + zone).strftime(f"%H{mark}%M") in browser.text
        assert browser.page.count("<li") >= 5

    def test_says_why_nothing_will_be_charged(self, shop: World) -> None:
        card = running(shop, shop.plan())
        arm(shop, card)
        browser = holder_of(shop, card)
        assert "The balance is too low by €10.00." in browser.text
        cards.change(shop.caller("line"), card.id, "suspend", shop.at)
        assert "This card is suspended." in browser.get(page_of(card)).text


class TestConsent:
    """Given to the amount that was shown, by a box that nobody ticked beforehand."""

    def test_keeps_what_was_shown(self, shop: World) -> None:
        card = running(shop, shop.plan(), balance=1000)
        browser = holder_of(shop, card)
        assert "Auto-renewal is off" in browser.text
        where, fields = browser.form("/auto-renewal")
        assert "agrees" not in fields
        browser.post(where, fields)
        assert "Tick the box" in browser.text
        assert autorenewal.standing(card.id, shop.at) is None
        browser.post(where, fields | {"agrees": "on", "chosen": ":1000"})
        assert "Auto-renewal is on" in browser.text
        kept = shop.all(
            "select words_version, locale, channel, source, total, currency, period_unit,"
            " period_count, plan_id from autorenewal_mandate where ended_at is null"
        )
        assert kept == [("2026-12", "en", "web", "page", 1000, "EUR", "month", 1, None)]

    def test_names_a_plan_when_one_was_chosen(self, shop: World) -> None:
        card, other = running(shop, shop.plan()), shop.plan("BIG-30", price=2500)
        browser = holder_of(shop, card)
        where, fields = browser.form("/auto-renewal")
        wish = {"agrees": "on", "chosen": "BIG-30:2500", "means_order": "methods_first"}
        browser.post(where, fields | wish)
        found = now(shop, card)
        assert (found.plan_id, found.agreed_total) == (other.plan_id, 2500)
        assert found.means_order == autorenewal.METHODS_FIRST

    def test_of_an_amount_that_is_not_the_price_is_refused(self, shop: World) -> None:
        card = running(shop, shop.plan())
        browser = holder_of(shop, card)
        where, fields = browser.form("/auto-renewal")
        browser.post(where, fields | {"agrees": "on", "chosen": ":900"})
        assert "has changed" in browser.text
        assert autorenewal.standing(card.id, shop.at) is None

    def test_to_a_higher_price_is_asked_for_anew(self, shop: World) -> None:
        plan = shop.plan()
        card = running(shop, plan, balance=5000)
        browser = holder_of(shop, card)
        where, fields = browser.form("/auto-renewal")
        browser.post(where, fields | {"agrees": "on", "chosen": ":1000"})
        shop.owner.execute("update catalogue_price set amount = 1200")
        browser.get(page_of(card))
        assert "The price is now €12.00" in browser.text
        assert "We will try" not in browser.text
        forms = [form for form in browser.page.split("<form") if 'name="agrees"' in form]
        assert len(forms) == 1
        browser.post(
            where,
            fields | {"agrees": "on", "chosen": ":1200", "request_id": "0" * 31 + "1"},
        )
        assert now(shop, card).agreed_total == 1200
        assert not now(shop, card).consent_needed

    def test_anew_shows_the_amount_and_keeps_plan_and_order(self, shop: World) -> None:
        old, heir = shop.plan(), shop.plan(price=1500)
        shop.plan(price=900)
        card = running(shop, old, balance=5000)
        given = autorenewal.give_mandate(
            shop.caller(),
            card.id,
            shop.at,
            plan_id=None,
            words_version=autorenewal.VERSION,
            contact=renewals.Contact(),
            quoted_total=old.price,
            means_order=autorenewal.METHODS_FIRST,
        )
        assert given.outcome == "mandated"
        retire(shop, old, heir)
        shop.advance(minutes=1)
        browser = holder_of(shop, card)
        where, fields = browser.form("/auto-renewal")
        if fields["wanted"] == "off":  # The first form of the page switches it off.
            browser.page = browser.page.partition("Agree to the new price")[2]
            where, fields = browser.form("/auto-renewal")
        assert fields["chosen"] == f"{heir.code}:1500"
        assert "<strong>€15.00, " in browser.page
        browser.post(where, fields | {"agrees": "on"})
        found = now(shop, card)
        assert (found.agreed_total, found.means_order) == (1500, autorenewal.METHODS_FIRST)
        assert not found.consent_needed


class TestPauses:
    """Until a day, or for one term; each in one press, as is going on."""

    def test_until_a_day_of_the_cards_place(self, shop: World) -> None:
        card = running(shop, shop.plan())
        arm(shop, card)
        browser = holder_of(shop, card)
        browser.post(*self.wanted(browser, "until", until="2027-02-01"))
        assert now(shop, card).paused_until == datetime(2027, 2, 1, tzinfo=UTC)
        assert "Auto-renewal is paused" in browser.text
        assert "Service ends on 22 Dec 2026" in browser.text
        browser.post(*self.wanted(browser, "resume"))
        assert "Auto-renewal is on" in browser.text

    def test_one_term(self, shop: World) -> None:
        card = running(shop, shop.plan())
        arm(shop, card)
        browser = holder_of(shop, card)
        end = end_of(shop, card)
        browser.post(*self.wanted(browser, "skip"))
        found = now(shop, card)
        assert found.is_skip
        assert found.paused_until == end.replace(month=1, year=2027)
        assert "One term is skipped" in browser.text

    def test_a_day_that_cannot_be_is_refused(self, shop: World) -> None:
        card = running(shop, shop.plan())
        arm(shop, card)
        browser = holder_of(shop, card)
        for day in ("2026-11-01", "2030-01-01", "", "soon"):
            browser.post(*self.wanted(browser, "until", until=day))
            assert now(shop, card).paused_until is None
            assert 'class="banner' in browser.page or "Choose a date" in browser.text

    def wanted(self, browser: Browser, what: str, until: str = "") -> tuple[str, dict[str, str]]:
        request_id = next(
            part.split('"')[0] for part in browser.page.split('name="request_id" value="')[1:]
        )
        return (
            f"{browser.at.removesuffix('/pause')}/pause",
            {"request_id": request_id, "wanted": what, "until": until},
        )


class TestBounds:
    """From what it is paid, by data too, and how much at most."""

    def test_are_kept_as_they_were_typed(self, shop: World) -> None:
        card = running(shop, shop.plan(on_renewal="stack"))
        arm(shop, card)
        browser = holder_of(shop, card, "id")
        browser.press(
            "/auto-renewal/change",
            means_order="methods_first",
            below_megabytes="1500",
            day_max="2",
            month_max="5",
            month_total_max="45,50",
        )
        assert now(shop, card).wishes == autorenewal.Wishes(
            "methods_first", 1_500_000_000, 2, 5, 4550
        )
        assert 'value="1500"' in browser.page
        browser.press("/auto-renewal/change", below_megabytes="", month_total_max="")
        assert now(shop, card).below_bytes is None
        assert now(shop, card).month_total_max is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"day_max": "0"},
            {"month_max": "x"},
            {"below_megabytes": "-1"},
            {"month_total_max": "0"},
            {"month_total_max": "much"},
            {"means_order": "mine"},
        ],
    )
    def test_what_cannot_be_is_told_beside_the_field(
        self, shop: World, wrong: dict[str, str]
    ) -> None:
        card = running(shop, shop.plan())
        arm(shop, card)
        before = now(shop, card).wishes
        browser = holder_of(shop, card)
        browser.press("/auto-renewal/change", **wrong)
        assert browser.status == 422
        assert now(shop, card).wishes == before


def test_to_others_the_page_does_not_exist(shop: World) -> None:
    card, other = running(shop, shop.plan()), shop.card()
    arm(shop, card)
    holder_of(shop, card)
    stranger = Browser(shop).get(page_of(card))
    assert stranger.at.startswith("/sign-in")
    stranger.sign_in(other)
    assert stranger.get(page_of(card)).status == 404
    for act in ("", "/pause", "/change"):
        assert stranger.post(page_of(card) + act, {"wanted": "off"}).status == 404
