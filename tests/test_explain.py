"""Explaining a card: every kind of fact in its order, the same to holder, agent and shell."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from everline import autorenewal, cards, catalogue, endings, notices
from everline.cli import explaining
from everline.pages import telling
from everline.people.roles import Role
from everline.trust import addresses
from tests.endings import EMAIL, arm, end_of, hold, running, waiting
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    with on_the_pages(town):
        yield town
    notices.install({})


def told(world: World, card: cards.Card, locale: str = "en", **asked: Any) -> telling.Told:
    with override(locale):
        account = autorenewal.explain(card.id, world.at, **asked)
        return telling.tell(account, card.zone, catalogue.policy())


def codes(world: World, card: cards.Card) -> list[str]:
    """The kinds of all facts, the oldest first."""
    return [fact.code for fact in reversed(autorenewal.explain(card.id, world.at).facts)]


def a_life(world: World) -> cards.Card:
    """One card: agreed to, renewed, refused, told, paused, resumed, ended, over."""
    plan = world.plan()
    card = running(world, plan, balance=plan.price)
    world.deliver_all()
    world.advance(hours=1)
    arm(world, card)
    world.at = end_of(world, card) - timedelta(minutes=30)
    assert autorenewal.renew_due(world.at).renewed == 1
    world.advance(minutes=1)
    world.deliver_all()
    world.at = end_of(world, card) - timedelta(minutes=30)
    assert autorenewal.renew_due(world.at).refused == 1
    for notice in waiting(world):
        world.advance(seconds=1)
        notices.send(notice, world.now)
    world.advance(minutes=1)
    autorenewal.pause_mandate(world.caller(), card.id, world.at + timedelta(days=3), world.at)
    world.advance(minutes=1)
    autorenewal.resume_mandate(world.caller(), card.id, world.at)
    world.advance(minutes=1)
    autorenewal.end_mandate(world.caller(), card.id, world.at)
    world.advance(hours=2)
    return card


def test_a_life_is_told_in_its_order(shop: World) -> None:
    card = a_life(shop)
    found = [code for code in codes(shop, card) if code != "notice"]
    assert found == [
        "paid",
        "renewal_delivered",
        "consent_given",
        "paid",
        "renewal_delivered",
        "auto_refused",
        "mandate_paused",
        "mandate_resumed",
        "consent_ended",
        "service_ended",
    ]
    times = [fact.at for fact in autorenewal.explain(card.id, shop.at).facts]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
def test_every_fact_has_words_and_no_address_or_number(shop: World, locale: str) -> None:
    card = a_life(shop)
    found = told(shop, card, locale)
    assert len(found.lines) == len(autorenewal.explain(card.id, shop.at).facts)
    text = " ".join((*found.answers, *(line.what for line in found.lines)))
    assert "%(" not in text
    assert EMAIL not in text
    assert card.iccid not in text
    assert card.msisdn is not None
    assert card.msisdn not in text


class TestAnswers:
    """Why it is off, why it was charged, why it did not renew: one sentence each, on top."""

    def test_off_by_somebody_and_never_agreed_to(self, shop: World) -> None:
        assert "nobody has agreed" in told(shop, shop.card()).answers[0]
        card = a_life(shop)
        off, charged, why = told(shop, card).answers
        assert "it was ended on 21 Jan 2027" in off or "it was ended on 22 Jan 2027" in off
        assert charged.startswith("Last charged: €10.00 on 2")
        assert "by auto-renewal" in charged
        assert "The balance is too low" in why

    def test_on_with_what_comes_next(self, shop: World) -> None:
        card = running(shop, shop.plan())
        arm(shop, card)
        assert told(shop, card).answers[0].startswith("Auto-renewal is on. We will try Sun, Dec 20")

    def test_what_stands_against_it(self, shop: World) -> None:
        card = running(shop, shop.plan())
        arm(shop, card)
        cards.change(shop.caller("line"), card.id, "suspend", shop.at)
        assert "This card is suspended" in told(shop, card).answers[0]

    def test_a_renewal_by_hand_answers_by_itself(self, shop: World) -> None:
        card = a_life(shop)
        shop.fund(card.account_id, "balance", 1000)
        assert shop.renew(card, shop.plan(), channel="kiosk").outcome == "renewed"
        answers = told(shop, card).answers
        assert len(answers) == 2
        assert "at a self-service kiosk" in answers[1]


def test_it_is_bounded(shop: World) -> None:
    card = a_life(shop)
    assert len(autorenewal.explain(card.id, shop.at, most=3).facts) == 3
    assert len(autorenewal.explain(card.id, shop.at, most=10_000).facts) <= 200


def test_a_declined_card_is_told_masked(shop: World) -> None:
    card, plan = shop.card(), shop.plan()
    attempt = shop.send(shop.place(card, plan))
    shop.hear(attempt, "failed", reason="insufficient_funds", masked_means="•••• 0028")
    lines = [line.what for line in told(shop, card).lines if line.code == "declined"]
    assert len(lines) == 1
    assert "€10.00" in lines[0]
    assert "•••• 0028" in lines[0]
    assert "not enough money" in lines[0]


def test_notices_are_told_with_their_medium_and_whether_they_left(shop: World) -> None:
    card = running(shop, shop.plan())
    shop.at = end_of(shop, card) - timedelta(hours=60)
    endings.warn_ending(shop.at)
    (notice,) = waiting(shop)
    assert "To be told by e-mail: Plan ends in three days." in texts(shop, card)
    notices.send(notice, shop.now)
    assert "Told by e-mail: Plan ends in three days." in texts(shop, card)


def texts(world: World, card: cards.Card) -> list[str]:
    return [line.what for line in told(world, card).lines]


def test_its_holder_and_an_agent_and_a_shell_are_told_the_same(shop: World) -> None:
    card = a_life(shop)
    said = texts(shop, card)
    holder = Browser(shop)
    holder.sign_in(card)
    page = holder.get(f"/cards/{addresses.token('crd', card.id)}/auto-renewal").text
    agent = Browser(shop)
    agent.client.force_login(shop.staff(Role.SUPPORT))
    desk = agent.get(f"/office/cards/{card.id}").text
    shell = explaining.look(card, shop.at, 60).as_json()
    assert [fact["said"] for fact in shell["facts"]] == said
    for sentence in said:
        assert sentence in page
        assert sentence in desk
    assert json.loads(json.dumps(shell))["answers"] == list(told(shop, card).answers)


def test_a_later_holder_is_told_nothing_of_an_earlier_one(shop: World) -> None:
    card = a_life(shop)
    hold(shop, card)
    shop.owner.execute("update people_holding set ends_at = %s", [shop.at])
    shop.advance(days=1)
    later = Browser(shop)
    later.sign_in(card)
    text = later.get(f"/cards/{addresses.token('crd', card.id)}/auto-renewal").text
    assert "Last charged" not in text
    assert "Told by e-mail" not in text
