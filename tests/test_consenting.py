"""Ending automatic renewal from a message: one button, no signing in, and nothing else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from everline import autorenewal, cards, notices
from everline.catalogue import policy
from everline.notices.send import letter_of
from everline.trust import addresses
from tests.endings import arm, end_of, running
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

ASKED = {
    "en": "End auto-renewal?",
    "zh-hans": "关闭自动续费？",
    "id": "Akhiri perpanjangan otomatis?",
}


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    with on_the_pages(town):
        yield town
    notices.install({})


def mandated(world: World) -> cards.Card:
    card = running(world, world.plan())
    arm(world, card)
    return card


def stop_of(world: World, card: cards.Card) -> str:
    """The address that stands in a message about the card's present mandate."""
    mandate = world.one(
        "select id from autorenewal_mandate where card_id = %s order by given_at desc limit 1",
        card.id,
    )
    return f"/auto/{addresses.token('mnd', mandate, addresses.STOPPING)}/end"


def is_on(world: World, card: cards.Card) -> bool:
    return autorenewal.standing(card.id, world.at) is not None


@pytest.mark.parametrize("locale", ASKED)
def test_looking_changes_nothing_and_one_press_ends_it(shop: World, locale: str) -> None:
    card = mandated(shop)
    browser = Browser(shop, locale).get(stop_of(shop, card))
    assert browser.title == ASKED[locale]
    assert is_on(shop, card)
    sent = browser.form()
    for _press in range(2):
        browser.post(browser.at, sent[1])
        assert browser.status == 200
        assert not is_on(shop, card)
    assert Browser(shop, locale).get(stop_of(shop, card)).title != ASKED[locale]


def test_a_program_that_sends_no_token_of_the_form_is_heard(shop: World) -> None:
    card = mandated(shop)
    Browser(shop).post(stop_of(shop, card), {})
    assert not is_on(shop, card)


def test_every_message_of_it_carries_the_address(shop: World) -> None:
    card = mandated(shop)
    shop.at = end_of(shop, card) - timedelta(hours=30)
    assert autorenewal.warn_short(shop.at) == 1
    shop.at = end_of(shop, card) - timedelta(minutes=1)
    assert autorenewal.renew_due(shop.at).refused == 1
    told = {each.template: each for each in notices.newest(9) if each.template[:5] == "auto_"}
    assert set(told) == {"auto_short", "auto_failed"}
    for each in told.values():
        stop = each.words(policy()).stop.removeprefix(settings.PUBLIC_ADDRESS)
        assert stop == stop_of(shop, card)
        letter = letter_of(each, policy())
        assert letter.stop.endswith(stop)


def test_a_renewal_that_it_made_leads_to_it_too(shop: World) -> None:
    card = mandated(shop)
    shop.fund(card.account_id, "balance", 1000)
    shop.at = end_of(shop, card) - timedelta(minutes=1)
    assert autorenewal.renew_due(shop.at).renewed == 1
    shop.deliver_all()
    (told,) = [each for each in notices.newest(9) if each.facts.get("channel") == "auto"]
    stop = told.words(policy()).stop.removeprefix(settings.PUBLIC_ADDRESS)
    Browser(shop).get(stop).press()
    assert not is_on(shop, card)


def test_an_old_address_ends_what_was_agreed_to_anew(shop: World) -> None:
    card = mandated(shop)
    old = stop_of(shop, card)
    for _again in range(3):
        shop.advance(days=1)
        arm(shop, card)
    Browser(shop).get(old).press()
    assert not is_on(shop, card)


def test_it_ends_nothing_that_was_given_after_it_had_ended(shop: World) -> None:
    card = mandated(shop)
    old = stop_of(shop, card)
    autorenewal.end_mandate(shop.caller(), card.id, shop.at)
    shop.advance(days=1)
    arm(shop, card)
    browser = Browser(shop).get(old)
    assert "<button" not in browser.page.partition("<main")[2].partition("</main")[0]
    browser.post(old, {})
    assert is_on(shop, card)


def test_the_address_opens_nothing_else_and_no_other_one_opens_it(shop: World) -> None:
    card = mandated(shop)
    mandate = shop.one("select id from autorenewal_mandate where card_id = %s", card.id)
    renewal = shop.one("select id from renewals_renewal where card_id = %s", card.id)
    for wrong in (
        f"/auto/{addresses.token('mnd', mandate)}/end",
        f"/auto/{addresses.token('rnw', renewal)}/end",
        f"/auto/{addresses.token('rnw', renewal, addresses.STOPPING)}/end",
        f"/renewals/{addresses.token('rnw', renewal, addresses.STOPPING)}",
        f"/auto/{addresses.token('crd', card.id)}/end",
    ):
        assert Browser(shop).get(wrong).status == 404
    page = Browser(shop).get(stop_of(shop, card)).page
    assert card.iccid not in page
    assert "€" not in page.partition("<main")[2]
