"""Stripe: a card kept on its page, confirmed with the bank, pays what waited at once.

It is no part of the demo, so the pages are served by this process, beside Stripe's peer.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from everline import cards, payments
from everline.payments import gateways
from everline.payments.gateways.stripe import Stripe
from everline.people.models import Person
from everline.trust import addresses
from tests import purse
from tests.browser.serving import be, session_of
from tests.browser.windows import Windows, seen
from tests.endings import hold
from tests.stripe_fixtures import WANTS_AUTHENTICATION, Peer
from tests.world import World

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore:No directory at")]


@dataclass(frozen=True)
class Held:
    """A card whose automatic renewal was refused, and its holder's session."""

    card: cards.Card
    session: str


@pytest.fixture
def held(town: World, stripe: Stripe, served: str) -> Held:
    assert served
    gateways.install({"stripe": stripe})
    card = purse.armed(town)
    hold(town, card)
    purse.to_rung(town, card)
    assert purse.sweep(town).refused == 1
    town.advance(minutes=5)
    return Held(card, session_of(Person.objects.get()))


def test_a_card_is_kept_with_confirmation_and_pays_at_once(
    town: World, peer: Peer, served: str, held: Held, windows: Windows
) -> None:
    page = windows.open("zh-Hans", 360)
    be(page, served, held.session)
    own = f"{served}/my/cards/{addresses.token('crd', held.card.id)}/means"
    page.goto(own)
    page.click(".give button")
    page.wait_for_url(f"{peer.url}/c/pay/**")
    page.click("#leave")
    page.wait_for_url(own)
    expect(page.locator(".means .none")).to_be_visible()
    page.click(".give button")
    page.wait_for_url(f"{peer.url}/c/pay/**")
    page.fill("input", WANTS_AUTHENTICATION)
    page.click("button")
    page.click("button[name=confirmed]")
    page.wait_for_url(own)
    expect(page.locator(".means .about .digits")).to_contain_text("3155")
    seen(page, "means-stripe", full_page=True)
    (method,) = payments.methods_of(held.card.account_id)
    assert method.is_active
    town.advance(seconds=2)
    assert purse.sweep(town).placed == 1
    assert purse.charge(town) == 1
    assert purse.automatic(town, held.card)[-1] == ("paid", "gateway", "")
    assert peer.charged() == [1000]
