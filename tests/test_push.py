"""Reminders by push: sealed and signed as the standards say, once, and to public places alone."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from everline import cards, endings, notices
from everline.errors import Code, FaultError
from everline.notices import push, webpush
from tests.push_service import ENDPOINT, Phone, PushService, claims, decoded, letter, push_service
from tests.world import Plan, World

__all__ = ["push_service"]

KEY: Final = notices.new_key()


@pytest.fixture
def sent(world: World, push_service: PushService) -> Iterator[PushService]:
    """Send to the test's own push service, which nobody else may be."""
    open_to = frozenset({push_service.origin})
    notices.install({"push": notices.WebPush(lambda: KEY, open_to=open_to)})
    yield push_service
    notices.install({})


def remind(world: World, card: cards.Card, device: notices.Device, **named: Any) -> uuid.UUID:
    answer = notices.remind_device(world.caller(**named), card.id, device, "en", world.at)
    assert answer.outcome == "reminded"
    assert answer.id is not None
    return answer.id


def ending(world: World, plan: Plan | None = None) -> cards.Card:
    """Make a card whose term ends within the warning time, of which nobody was told yet."""
    plan = plan or world.plan()
    card = world.card(balance=plan.price)
    assert world.renew(card, plan).outcome == "renewed"
    return card


def near_the_end(world: World, card: cards.Card) -> None:
    end = cards.status(card, world.at).valid_until
    assert end is not None
    world.at = end - timedelta(hours=60)


def waiting(world: World) -> list[uuid.UUID]:
    return [found for (found,) in world.all("select id from notices_notice where state='waiting'")]


def devices(world: World) -> int:
    return int(world.one("select count(*) from notices_device"))


def test_a_reminder_is_sealed_for_one_browser_and_signed_as_ours(
    world: World, sent: PushService
) -> None:
    card, phone = ending(world), Phone()
    remind(world, card, phone.device(f"{sent.origin}/send/one"))
    near_the_end(world, card)
    assert endings.warn_ending(world.at) == 1
    (notice,) = waiting(world)
    assert notices.send(notice, world.now) == "sent"
    assert notices.send(notice, world.now) == "sent"
    (taken,) = sent.taken
    assert taken.path == "/send/one"
    assert taken.headers["content-encoding"] == "aes128gcm"
    assert int(taken.headers["ttl"]) == 86_400
    told = phone.opened(taken.body)
    assert set(told) == {"title", "body", "url", "tag"}
    assert told["title"].startswith("Service ends soon: ")
    assert "Renew it before to stay online." in told["body"]
    assert card.iccid not in str(told)
    assert told["url"].endswith("/again")
    said = claims(taken.headers["authorization"], webpush.public_key(KEY))
    assert said["aud"] == sent.origin
    assert said["sub"] == "mailto:hello@testline.example"
    assert phone.private.private_numbers().private_value.to_bytes(32, "big") not in taken.body


def test_only_that_browser_can_open_it(world: World, sent: PushService) -> None:
    card = ending(world)
    remind(world, card, Phone().device(f"{sent.origin}/send/one"))
    near_the_end(world, card)
    endings.warn_ending(world.at)
    notices.send(waiting(world)[0], world.now)
    from cryptography.exceptions import InvalidTag

    with pytest.raises(InvalidTag):
        Phone().opened(sent.taken[0].body)


def test_push_stands_beside_mail_and_each_is_told_once(world: World, sent: PushService) -> None:
    plan = world.plan()
    card = world.card(balance=plan.price)
    contact = notices.Contact(email="ana@customers.example", locale="id")
    assert world.renew(card, plan, contact=contact).outcome == "renewed"
    for number in (1, 2):
        remind(world, card, Phone().device(f"{ENDPOINT}{number}"))
    near_the_end(world, card)
    assert endings.warn_ending(world.at) == 1
    assert endings.warn_ending(world.at) == 0
    told = world.all(
        "select medium, locale from notices_notice where template = 'ending_days' order by 1, 2"
    )
    assert told == [("email", "id"), ("push", "en"), ("push", "en")]


def test_a_reminder_falls_when_any_channel_renews(world: World, sent: PushService) -> None:
    plan = world.plan()
    card = ending(world, plan)
    remind(world, card, Phone().device(f"{sent.origin}/one"))
    near_the_end(world, card)
    endings.warn_ending(world.at)
    (notice,) = waiting(world)
    world.fund(card.account_id, "balance", plan.price, "EUR")
    assert world.renew(card, plan).outcome == "renewed"
    assert notices.send(notice, world.now) == "stopped"
    assert sent.taken == []


def test_what_is_for_the_payer_alone_is_not_pushed(world: World) -> None:
    from everline import autorenewal

    plan = world.plan()
    card = ending(world, plan)
    remind(world, card, Phone().device(ENDPOINT))
    autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=None,
        words_version=autorenewal.VERSION,
        contact=notices.Contact(email="ana@customers.example"),
    )
    near_the_end(world, card)
    world.at += timedelta(hours=10)
    assert autorenewal.warn_short(world.at) == 1
    assert world.all("select medium from notices_notice where template = 'auto_short'") == [
        ("email",)
    ]


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten_for_every_card(
    world: World, sent: PushService, status: int
) -> None:
    device = Phone().device(f"{sent.origin}/one")
    card, other = ending(world), world.card()
    for each in (card, other):
        remind(world, each, device)
    remind(world, other, Phone().device(f"{sent.origin}/two"))
    near_the_end(world, card)
    endings.warn_ending(world.at)
    (notice,) = waiting(world)
    sent.answers.append(status)
    assert notices.send(notice, world.now) == "stopped"
    assert devices(world) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_is_busy_is_asked_again(
    world: World, sent: PushService, status: int
) -> None:
    card = ending(world)
    remind(world, card, Phone().device(f"{sent.origin}/one"))
    near_the_end(world, card)
    endings.warn_ending(world.at)
    (notice,) = waiting(world)
    sent.answers.append(status)
    with pytest.raises(FaultError, match=str(status)):
        notices.send(notice, world.now)
    assert notices.send(notice, world.now) == "sent"
    assert len({each.headers["topic"] for each in sent.taken}) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 403, 413])
def test_a_final_no_ends_it_and_nobody_is_followed_elsewhere(
    world: World, sent: PushService, status: int
) -> None:
    card = ending(world)
    remind(world, card, Phone().device(f"{sent.origin}/one"))
    near_the_end(world, card)
    endings.warn_ending(world.at)
    (notice,) = waiting(world)
    sent.answers.append(status)
    assert notices.send(notice, world.now) == "failed"
    assert len(sent.taken) == 1
    assert devices(world) == 1


class TestAsking:
    """Switching it on and off, by verbs."""

    def test_twice_is_once_and_the_newest_keys_hold(self, world: World) -> None:
        card, caller = world.card(), world.caller()
        first, newer = Phone().device(ENDPOINT), Phone().device(ENDPOINT)
        answers = [notices.remind_device(caller, card.id, first, "en", world.at) for _ in range(2)]
        assert [each.replayed for each in answers] == [False, True]
        assert answers[0].id == answers[1].id
        assert remind(world, card, newer) == answers[0].id
        assert devices(world) == 1
        assert push.device_of(remind(world, card, newer)) == newer

    def test_another_device_by_the_same_request_is_refused(self, world: World) -> None:
        card, caller = world.card(), world.caller()
        notices.remind_device(caller, card.id, Phone().device(ENDPOINT), "en", world.at)
        other = Phone().device(f"{ENDPOINT}2")
        answer = notices.remind_device(caller, card.id, other, "en", world.at)
        assert answer.reason == Code.REQUEST_REUSED
        assert devices(world) == 1

    def test_off_is_off_for_this_card_alone(self, world: World, sent: PushService) -> None:
        card, other, device = ending(world), world.card(), Phone().device(f"{sent.origin}/one")
        one, two = remind(world, card, device), remind(world, other, device)
        near_the_end(world, card)
        endings.warn_ending(world.at)
        caller = world.caller()
        for replayed in (False, True):
            answer = notices.forget_device(caller, card.id, one, world.at)
            assert (answer.outcome, answer.replayed) == ("forgotten", replayed)
        assert not notices.is_reminded(card.id, one)
        assert notices.is_reminded(other.id, two)
        assert notices.send(waiting(world)[0], world.now) == "stopped"
        assert sent.taken == []

    def test_nobody_ends_the_reminders_of_another_card(self, world: World) -> None:
        card, other = world.card(), world.card()
        kept = remind(world, card, Phone().device(ENDPOINT))
        notices.forget_device(world.caller(), other.id, kept, world.at)
        assert notices.is_reminded(card.id, kept)

    def test_a_card_reminds_twenty_devices_the_newest(self, world: World) -> None:
        card = world.card()
        first = remind(world, card, Phone().device(ENDPOINT))
        phone = Phone()
        for number in range(20):
            world.advance(seconds=1)
            remind(world, card, phone.device(f"{ENDPOINT}{number}"))
        assert devices(world) == 20
        assert not notices.is_reminded(card.id, first)

    def test_a_card_that_ended_reminds_nobody(self, world: World) -> None:
        card = world.card("terminated")
        answer = notices.remind_device(
            world.caller(), card.id, Phone().device(ENDPOINT), "en", world.at
        )
        assert answer.reason == Code.CARD_TERMINATED
        lost = notices.remind_device(
            world.caller(), uuid.uuid4(), Phone().device(ENDPOINT), "en", world.at
        )
        assert lost.reason == Code.CARD_UNKNOWN


def test_the_key_is_kept_and_its_public_half_is_a_point(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from everline.config.plugs import push_key

    assert push_key() == push_key()
    kept = settings.HOME / "push.key"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert push.is_key(notices.browser_key())
    assert len(decoded(push_key())) == 32
    monkeypatch.setattr(settings, "PUSH_KEY_FILE", str(kept.with_name("lost.key")))
    with pytest.raises(FileNotFoundError):
        push_key()


def test_no_secret_shows() -> None:
    device = Phone().device(ENDPOINT)
    assert ENDPOINT not in repr(letter(device))
    assert device.secret not in repr(device)
