"""Automatic renewal: due cards are renewed from their balances, all at once and once each."""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.translation import override

from everline import autorenewal, cards, ledger, renewals
from everline.autorenewal import consent
from everline.office.audit import audit
from tests.endings import hold
from tests.reader import Browser, on_the_pages
from tests.world import Plan, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


def _armed(world: World, plan: Plan, *, balance: int) -> cards.Card:
    card = world.card(balance=balance)
    world.renew(card, plan)
    given = autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=None,
        words_version="2026-11",
        contact=renewals.Contact(),
    )
    assert given.outcome == "mandated"
    return card


CONSENTS = {
    ("2026-11", "en"): "86fb8be55e913b53",
    ("2026-11", "zh-hans"): "86c863cb2d13a080",
    ("2026-11", "id"): "84bb1abc7d672d62",
    ("2026-12", "en"): "d4003cc9a9a264f4",
    ("2026-12", "zh-hans"): "4110074ab82c3156",
    ("2026-12", "id"): "587b684d37d71bba",
}
"""What each version of the consent says in each language, by hash: it never changes again."""


def _found(world: World) -> list[str]:
    return [finding.invariant.name for finding in audit(world.at) if finding.total]


def _next_rung(world: World, card: cards.Card) -> object:
    return world.one("select next_rung_at from cards_card where id = %s", card.id)


def test_due_cards_are_charged_before_their_term_ends(world: World) -> None:
    monthly, daily = world.plan(), world.plan(days=1, price=100)
    month, day = _armed(world, monthly, balance=2000), _armed(world, daily, balance=200)
    ends = {card.id: cards.status(card, world.at).valid_until for card in (month, day)}
    assert autorenewal.renew_due(world.at).taken == 0
    world.advance(hours=19)
    assert autorenewal.renew_due(world.at) == autorenewal.Swept(renewed=1, refused=0, taken=1)
    status = cards.status(day, world.at)
    assert status.queued[0].starts_at == ends[day.id]
    world.advance(days=29)
    swept = autorenewal.renew_due(world.at)
    assert (swept.renewed, swept.refused) == (1, 1)
    assert cards.status(month, world.at).queued[0].starts_at == ends[month.id]
    assert ledger.spendable(month.account_id, "balance", "EUR") == 0


def test_a_short_balance_is_refused_kept_and_tried_again_until_the_end(world: World) -> None:
    card = _armed(world, world.plan(), balance=1000)
    standing = autorenewal.standing(card.id, world.at)
    assert standing is not None
    end = standing.rungs[-1]
    world.at = standing.rungs[0]
    tries = 0
    while world.at < end + timedelta(days=1):
        tries += autorenewal.renew_due(world.at).refused
        world.advance(minutes=10)
    assert tries == len(standing.rungs) == 5
    refusals = world.all("select reason from database_request where channel = 'auto'")
    assert refusals == [("balance_short",)] * tries
    world.fund(card.account_id, "balance", 5000)
    world.renew(card, world.plan())
    assert autorenewal.renew_due(world.at).taken == 0


def test_a_renewal_through_another_door_absorbs_the_rung(world: World) -> None:
    plan = world.plan()
    card = _armed(world, plan, balance=5000)
    world.advance(days=29, hours=12)
    assert world.renew(card, plan).outcome == "renewed"
    assert autorenewal.renew_due(world.at).taken == 0
    standing = autorenewal.standing(card.id, world.at)
    assert standing is not None
    assert standing.term_ends_at == cards.status(card, world.at).queued[-1].ends_at
    assert _next_rung(world, card) == standing.rungs[0] > world.at + timedelta(days=28)


def test_a_mandate_ends_in_one_step(world: World) -> None:
    card = _armed(world, world.plan(), balance=5000)
    autorenewal.end_mandate(world.caller(), card.id, world.at)
    world.advance(days=31)
    assert autorenewal.renew_due(world.at).taken == 0
    assert ledger.spendable(card.account_id, "balance", "EUR") == 4000


def test_many_workers_and_other_doors_renew_each_due_card_once(world: World) -> None:
    plan = world.plan(days=4, price=100)
    due = [_armed(world, plan, balance=300) for _ in range(24)]
    assert world.deliver_all() == 24
    world.advance(days=3, hours=1)
    orders = [world.order(card, plan) for card in due]
    start = threading.Barrier(6)

    def sweep() -> None:
        start.wait()
        while autorenewal.renew_due(world.at, 5).taken:
            pass

    def renew_by_hand(own: int) -> None:
        start.wait()
        for order in orders[own::2]:
            renewals.renew(world.caller(), order, order.account_id, world.at)

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    threads += [threading.Thread(target=renew_by_hand, args=(own,)) for own in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for card in due:
        assert world.one("select count(*) from renewals_renewal where card_id = %s", card.id) == 2
        assert ledger.spendable(card.account_id, "balance", "EUR") == 100
    assert world.deliver_all() == 24
    assert _found(world) == []


def test_the_words_of_a_consent_never_change() -> None:
    assert {version for version, _locale in CONSENTS} == set(consent.WORDS)
    for (version, locale), known in CONSENTS.items():
        with override(locale):
            said = "\n".join(autorenewal.words(version))
        assert hashlib.sha256(said.encode()).hexdigest()[:16] == known, (version, locale, said)


def test_how_it_stands_is_told(world: World) -> None:
    plan = world.plan()
    card = world.card(balance=1400)
    world.renew(card, plan)
    assert autorenewal.standing(card.id, world.at) is None
    autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=None,
        words_version=autorenewal.VERSION,
        contact=renewals.Contact(),
    )
    found = autorenewal.standing(card.id, world.at)
    end = cards.status(card, world.at).valid_until
    assert found is not None
    assert end is not None
    assert (found.plan_code, found.total, found.currency) == (plan.code, 1000, "EUR")
    assert (found.next_at, found.rungs[-1], found.term_ends_at) == (found.rungs[0], end, end)
    assert len(found.rungs) == 5
    assert (found.balance, found.missing, found.reason) == (400, 600, None)
    cards.change(world.caller("line"), card.id, "suspend", world.at)
    found = autorenewal.standing(card.id, world.at)
    assert found is not None
    assert found.reason == "card_suspended"


def test_before_its_first_term_nothing_is_to_come(world: World) -> None:
    card = world.card()
    autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=None,
        words_version=autorenewal.VERSION,
        contact=renewals.Contact(),
    )
    found = autorenewal.standing(card.id, world.at)
    assert found is not None
    assert (found.next_at, found.total, found.plan_code) == (None, None, None)


def test_after_its_last_rung_it_still_stands_and_waits(world: World) -> None:
    plan = world.plan(days=30)
    card = world.card(balance=1000)
    world.renew(card, plan)
    autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=plan.plan_id,
        words_version=autorenewal.VERSION,
        contact=renewals.Contact(),
    )
    world.advance(days=30)
    autorenewal.renew_due(world.at)
    world.advance(hours=1)
    found = autorenewal.standing(card.id, world.at)
    assert found is not None
    assert (found.next_at, found.rungs, found.total) == (None, [], 1000)


class TestPages:
    """The box on the order's page, and the switch on the card's."""

    @pytest.fixture
    def shop(self, world: World) -> Iterator[World]:
        with on_the_pages(world):
            yield world

    def test_the_box_is_not_ticked_and_gives_the_mandate_once(self, shop: World) -> None:
        card, plan = shop.card(balance=3000), shop.plan()
        browser = Browser(shop)
        browser.sign_in(card)
        browser.choose(card, plan)
        where, fields = browser.form(f"/plans/{plan.code}")
        assert "auto" not in fields
        assert autorenewal.words()[0] in browser.text
        for _press in range(2):
            browser.post(where, fields | {"means": "balance", "auto": "on"})
        ((version, channel, ended),) = shop.all(
            "select words_version, channel, ended_at from autorenewal_mandate"
        )
        assert (version, channel, ended) == (autorenewal.VERSION, "web", None)
        browser.enter(card.iccid)
        assert "Auto-renewal is on" in browser.text
        assert "Next charge €10.00 First tried 20 Dec 2026" in browser.text
        assert "the card's balance, now €20.00" in browser.text
        browser.choose(card, plan)
        assert autorenewal.words()[0] not in browser.text

    def test_without_the_box_there_is_none(self, shop: World) -> None:
        card, plan = shop.card(balance=3000), shop.plan()
        browser = Browser(shop)
        browser.sign_in(card)
        browser.choose(card, plan).press(f"/plans/{plan.code}", means="balance")
        assert autorenewal.standing(card.id, shop.at) is None

    def test_one_step_switches_it_off_and_on(self, shop: World) -> None:
        card = _armed(shop, shop.plan(), balance=1500)
        browser = Browser(shop)
        browser.sign_in(card)
        browser.enter(card.iccid)
        assert "The balance is too low by €5.00." in browser.text
        browser.press("/auto-renewal")
        assert "Auto-renewal is off" in browser.text
        assert autorenewal.standing(card.id, shop.at) is None
        browser.press("/auto-renewal")
        assert "Auto-renewal is on" in browser.text
        assert autorenewal.standing(card.id, shop.at) is not None

    def test_a_stranger_neither_sees_nor_changes_it(self, shop: World) -> None:
        card, plan = _armed(shop, shop.plan(), balance=3000), shop.plan()
        hold(shop, card)
        stranger = Browser(shop).enter(card.iccid)
        assert "Auto-renewal" not in stranger.text
        fields = {"request_id": str(uuid.uuid4()), "wanted": "off"}
        assert stranger.post(f"{stranger.at}/auto-renewal", fields).at.startswith("/sign-in")
        assert autorenewal.standing(card.id, shop.at) is not None
        autorenewal.end_mandate(shop.caller(), card.id, shop.at)
        stranger.choose(card, plan)
        assert autorenewal.words()[0] not in stranger.text
