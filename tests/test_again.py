"""The same again: a page with the quote of the last plan and one button that renews it once."""

from collections.abc import Iterator

import pytest

from everline import cards
from everline.trust import addresses
from tests.reader import APPROVED, Browser, on_the_pages
from tests.world import Plan, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

TITLES = {"en": "The same again", "zh-hans": "再续同款", "id": "Sama seperti sebelumnya"}


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


def again(card: cards.Card) -> str:
    return f"/cards/{addresses.token('crd', card.id)}/again"


def had(world: World, plan: Plan, *, balance: int = 0) -> cards.Card:
    """Load a card that got this plan a while ago, and has this balance left."""
    card = world.card(balance=plan.price + balance)
    world.advance(hours=-2)
    assert world.renew(card, plan).outcome == "renewed"
    world.advance(hours=2)
    return card


def holder_of(world: World, card: cards.Card) -> Browser:
    browser = Browser(world)
    browser.sign_in(card)
    return browser


def renewals_of(world: World, card: cards.Card) -> list[tuple[object, ...]]:
    return world.all(
        "select means, state from renewals_renewal where card_id = %s order by id", card.id
    )


@pytest.mark.parametrize("locale", TITLES)
def test_whoever_has_the_link_pays_by_bank_card_in_one_press(bank: World, locale: str) -> None:
    plan = bank.plan()
    card = had(bank, plan)
    browser = Browser(bank, locale).get(again(card))
    assert browser.title == TITLES[locale]
    browser.press(f"/plans/{plan.code}")
    assert browser.at.endswith("/payment")
    browser.pay(APPROVED)
    assert [means for means, _state in renewals_of(bank, card)] == ["balance", "gateway"]
    assert len(cards.status(card, bank.at).queued) == 1


def test_the_holder_pays_from_a_balance_that_suffices(bank: World) -> None:
    plan = bank.plan()
    card = had(bank, plan, balance=1000)
    browser = holder_of(bank, card).get(again(card))
    assert "Pay €10.00 from the balance" in browser.text
    sent = browser.form(f"/plans/{plan.code}")
    for _press in range(2):
        browser.post(*sent)
    assert [means for means, _state in renewals_of(bank, card)] == ["balance", "balance"]


def test_a_balance_that_is_short_or_not_ones_own_is_not_offered(bank: World) -> None:
    card = had(bank, bank.plan(), balance=900)
    assert "by bank card" in holder_of(bank, card).get(again(card)).text
    bank.fund(card.account_id, "balance", 5000)
    stranger = Browser(bank).get(again(card))
    assert "by bank card" in stranger.text
    assert "balance" not in stranger.text


def test_a_plan_that_was_just_renewed_is_not_offered_by_one_button(bank: World) -> None:
    card, plan = bank.card(balance=2000), bank.plan()
    browser = holder_of(bank, card).choose(card, plan)
    browser.press(f"/plans/{plan.code}", means="balance")
    browser.get(again(card))
    assert "Pay €10.00" not in browser.text
    assert "Pay another way" in browser.text


def test_a_card_without_a_plan_or_that_is_closed_is_led_on(bank: World) -> None:
    new = bank.card()
    assert Browser(bank).get(again(new)).at.endswith(again(new).removesuffix("/again"))
    gone = had(bank, bank.plan())
    cards.change(bank.caller("line"), gone.id, "suspend", bank.at)
    told = Browser(bank).get(again(gone))
    assert told.status == 409
    assert "suspended" in told.text
