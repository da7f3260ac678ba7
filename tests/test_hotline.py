"""The hotline: webhooks delivered twice, PINs, silence, and what a caller may hear and do.

The dialogue as data, without a database, is tested in test_hotline_flow.py; what
its provider sends, in test_hotline_webhooks.py; that it renews as every channel, in tests/channels.
"""

import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from psycopg.types.json import Jsonb
from twilio.request_validator import RequestValidator

from everline import clock, ids, renewals, trust
from everline.cards import Card
from everline.channels.hotline import legs
from everline.channels.hotline.models import Leg
from everline.ids import CustomerNumber
from everline.office.audit import audit
from everline.people import return_calls
from everline.people.models import Person
from tests.channels.hotline import PIN, TOKEN, Line
from tests.world import Plan, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture(autouse=True)
def _moment(world: World) -> Iterator[None]:
    """Let the pages' clock show the world's time."""
    settings.HOTLINE_TOKEN = TOKEN
    clock.use_offset(lambda: world.at - datetime.now(UTC) + timedelta(milliseconds=20))
    yield
    clock.use_offset(timedelta)
    settings.HOTLINE_TOKEN = ""


def _card(world: World, balance: int = 9500) -> tuple[Card, Plan]:
    card = world.card(balance=balance)
    trust.set_pin(world.caller("web"), card.account_id, PIN, world.at)
    return card, world.plan()


def _called(card: Card) -> Line:
    """Call from the card's own number, in English."""
    assert card.msisdn is not None
    line = Line(card.msisdn)
    if "For English" in line.dial():
        line.key("1")
    return line


def _paid(world: World) -> int:
    assert [finding.invariant.name for finding in audit(world.at) if finding.total] == []
    return int(
        world.one("select count(*) from renewals_renewal where state in ('paid', 'delivered')")
    )


def test_the_caller_hears_validity_and_nothing_more_before_the_pin(world: World) -> None:
    card, plan = _card(world)
    world.renew(card, plan)
    world.deliver_all()
    line = _called(card)
    assert "It is valid until 22 December 2026, 03:00, Lisbon time." in line.heard
    assert "balance is" not in line.heard
    line.key("3")
    assert "Enter your service PIN." in line.heard
    line.key(f"{PIN}#")
    assert "Data left: 30 gigabytes" in line.heard
    assert "The balance is 85 euros." in line.heard
    line.key("2")
    line.key("3")
    assert "Data left" in line.heard, "once in a call is enough to listen"


def test_paying_asks_for_the_pin_each_time(world: World) -> None:
    card, plan = _card(world)
    world.renew(card, plan)
    world.deliver_all()
    line = _called(card)
    line.key(f"3{PIN}#2")
    heard = line.key("1")
    assert "The total is 10 euros, tax included." in heard
    assert "The new end is 22 January 2027, 03:00, Lisbon time." in heard
    assert "It starts after the present plan" in heard
    assert "Enter your service PIN to pay." in line.key("1")
    assert _paid(world) == 1
    assert "Paid, being delivered." in line.key(f"{PIN}#")
    assert _paid(world) == 2
    world.advance(seconds=1)
    world.deliver_all()
    assert "Renewed." in line.key("1")


def test_every_webhook_may_be_delivered_twice(world: World) -> None:
    card, _plan = _card(world)
    assert card.msisdn is not None
    line = Line(card.msisdn)
    line.dial()
    for keys in ("", "1", "2", "1", "1", f"{PIN}#"):
        for key in keys:
            line.phone.press(line.call, key)
        again = line.post(*line.last)
        told = " ".join(re.findall(r"<Say[^>]*>([^<]*)</Say>", again))
        assert told == line.heard.replace("&", "&amp;")
        assert line.post(*line.last) == again
    assert "Paid, being delivered." in line.heard
    assert _paid(world) == 1
    assert world.one("select tries from trust_pin") == 0


def test_a_wrong_pin_delivered_twice_counts_once(world: World) -> None:
    card, _plan = _card(world)
    line = _called(card)
    line.key("211")
    heard = line.key("1111#")
    assert "The PIN is wrong. 4 tries are left." in heard
    line.post(*line.last)
    assert world.one("select tries from trust_pin") == 1
    assert "Paid, being delivered." in line.key(f"{PIN}#")


def test_wrong_pins_lock_and_the_link_remains(world: World) -> None:
    card, _plan = _card(world)
    line = _called(card)
    line.key("211")
    for _try in range(5):
        line.key("1111#")
    assert "The PIN is locked until" in line.heard
    assert "in a text message, press 2" in line.heard
    line.key("1")
    assert "The PIN is locked until" in line.key(f"{PIN}#")
    assert _paid(world) == 0


def test_without_a_pin_nothing_is_asked_and_nothing_is_paid(world: World) -> None:
    card = world.card(balance=5000)
    world.plan()
    line = _called(card)
    line.key("21")
    assert "This account has no service PIN yet." in line.key("1")
    line.key("8")
    assert "This account has no service PIN yet." in line.key("3")


def test_the_caller_id_selects_and_never_authorises(world: World) -> None:
    """Whoever forges a number hears no more than who keys it, and pays nothing."""
    card, _plan = _card(world)
    line = _called(card)
    line.key("21")
    line.key("1")
    line.key("#")
    assert _paid(world) == 0
    assert world.one("select tries from trust_pin") == 0


def test_silence_is_asked_twice_and_then_a_call_back_is_offered(world: World) -> None:
    card, _plan = _card(world)
    line = _called(card)
    for _time in range(2):
        heard = line.wait()
        assert heard.startswith("We did not hear a key. The card that ends in")
    assert "A person can call you back." in line.wait()
    line.wait()
    assert "A person can call you back." in line.wait()
    assert "Goodbye." in line.wait()
    assert line.call.is_over
    assert Leg.objects.get().ended_at is not None


def test_wrong_keys_are_told_and_not_guessed(world: World) -> None:
    card, _plan = _card(world)
    line = _called(card)
    assert line.key("7").startswith("This key has no meaning here.")
    assert line.key("*").startswith("The card that ends in")
    line.key("7")
    assert "A person can call you back." in line.key("7")
    assert "A person will call you back." in line.key("1")
    (waiting,) = return_calls.waiting()
    assert (waiting.phone, waiting.card_id) == (card.msisdn, card.id)


def test_zero_leaves_a_call_back_and_asks_for_a_number_that_is_withheld(world: World) -> None:
    line = Line("anonymous")
    line.dial()
    line.key("3")
    assert "nomor telepon untuk kami hubungi" in line.key("0")
    line.key("123#")
    assert return_calls.waiting() == []
    line.key("351911222333#")
    assert line.call.is_over
    (waiting,) = return_calls.waiting()
    assert (waiting.phone, waiting.locale) == ("+351911222333", "id")


def test_the_language_is_remembered_for_a_caller(world: World) -> None:
    line = Line("+351955555555")
    assert "For English, press 1. 中文服务请按 2。 Untuk Bahasa Indonesia" in line.dial()
    assert [each.language for each in line.call.heard] == ["en-US", "zh-CN", "id-ID"]
    line.key("2")
    again = Line("+351955555555")
    assert "欢迎致电Testline" in again.dial()
    assert {each.language for each in again.call.heard} == {"zh-CN"}
    assert "For English" in again.key("9")


def test_a_banner_is_said_first(world: World) -> None:
    world.insert(
        "trust_banner",
        id=ids.uuid7(world.at),
        text=Jsonb({"en": "The network is down in Lisbon.", "zh-Hans": "里斯本网络中断。"}),
        channels=["hotline"],
        severity="warning",
        starts_at=world.at,
    )
    card, _plan = _card(world)
    assert _called(card).heard.startswith("The network is down in Lisbon. The card that ends")


def test_a_customer_number_selects_among_the_cards_held(world: World) -> None:
    first, second = world.card(), world.card()
    person = Person.objects.create_user("caller@testline.example")
    person.refresh_from_db()
    for card in (first, second):
        world.insert(
            "people_holding",
            id=ids.uuid7(world.at),
            account_id=card.account_id,
            person_id=person.id,
            starts_at=world.at,
        )
    number = CustomerNumber.of(person.customer_number)
    line = Line()
    line.dial()
    line.key("12")
    assert "You hold several cards." in line.key(f"{number}#")
    heard = line.key("2")
    ending = " ".join(max(first.iccid, second.iccid)[-4:])
    assert f"The card that ends in {ending}." in heard


def test_many_wrong_numbers_end_with_a_person(world: World) -> None:
    line = Line()
    line.dial()
    line.key("1")
    for _try in range(4):
        line.key("3")
        assert "We know no open renewal by this code." in line.key("22222222#")
    line.key("3")
    assert "A person can call you back." in line.key("22222222#")


def test_a_renewal_opened_elsewhere_is_found_by_its_code_and_paid(sandboxed: World) -> None:
    world = sandboxed
    card, plan = _card(world)
    renewal = renewals.find(world.place(card, plan))
    assert renewal is not None
    line = Line()
    line.dial()
    line.key("13")
    heard = line.key(f"{renewal.spoken_code}#")
    assert "is open. It was opened on this website, " in heard
    assert "Paid, being delivered." in line.key(f"1{PIN}#")
    assert _paid(world) == 1


def test_who_only_knows_the_number_hears_of_an_open_renewal_but_cannot_end_it(
    sandboxed: World,
) -> None:
    world = sandboxed
    card, plan = _card(world)
    renewal_id = world.place(card, plan)
    heard = _called(card).heard
    assert "A renewal of the card that ends in" in heard
    assert "To cancel it" not in heard
    assert "text message" not in heard
    line = _called(card)
    assert line.key("3").startswith("This key has no meaning here.")
    found = renewals.find(renewal_id)
    assert found is not None
    assert found.state == "awaiting_payment"


def test_a_link_is_sent_once_to_a_number_and_opens_the_renewal(sandboxed: World) -> None:
    card, _plan = _card(sandboxed, balance=0)
    line = _called(card)
    line.key("21")
    heard = line.key("2")
    assert "We send a link to pay to the number that ends in" in heard
    code = sandboxed.one("select spoken_code from renewals_renewal")
    assert f"{' '.join(code[:4])}, {' '.join(code[4:])}" in heard
    line.key("8")
    line.key("2")
    sent = sandboxed.all("select recipient, facts from notices_notice")
    assert len(sent) == 1
    recipient, facts = sent[0]
    assert recipient == card.msisdn
    assert Client(SERVER_NAME="localhost").get(facts["path"]).status_code == 200


def test_two_calls_at_once_for_one_card_renew_it_once(sandboxed: World) -> None:
    """Both hear a quote; the first places it, the other is told that one is in progress."""
    card, _plan = _card(sandboxed)
    one, other = _called(card), _called(card)
    one.key("21")
    other.key("21")
    one.key("2")
    assert "Another renewal of this card is in progress." in other.key(f"1{PIN}#")
    assert _paid(sandboxed) == 0


def test_one_webhook_delivered_twice_at_the_same_moment_pays_once(world: World) -> None:
    card, _plan = _card(world)
    line = _called(card)
    line.key("211")
    told: list[str] = []
    address = line.call.action
    form = {"CallSid": line.call.sid, "From": line.call.caller, "Digits": PIN}
    signature = RequestValidator(TOKEN).compute_signature(address, form)

    def deliver() -> None:
        told.append(line.post(address, form, signature))
        connections.close_all()

    deliveries = [threading.Thread(target=deliver) for _each in range(4)]
    for each in deliveries:
        each.start()
    for each in deliveries:
        each.join(20)
    assert len(told) == 4
    assert len(set(told)) == 1
    assert "Paid, being delivered." in told[0]
    assert _paid(world) == 1


def test_the_pin_is_in_no_row_and_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    card, _plan = _card(world)
    with caplog.at_level(logging.DEBUG):
        line = _called(card)
        line.key(f"2118642#{PIN}#")
    assert "Paid, being delivered." in line.heard
    kept = str(world.all("select to_jsonb(l) from hotline_leg l"))
    assert card.msisdn is not None
    for secret in (PIN, "8642", card.msisdn, card.msisdn[1:]):
        assert secret not in re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\\\\x[0-9a-f]+", "", kept)
        assert secret not in "".join(
            record.getMessage() for record in caplog.records if record.name.startswith("everline")
        )


def test_a_call_that_never_ends_is_ended(world: World) -> None:
    card, _plan = _card(world)
    line = _called(card)
    Leg.objects.update(turn=legs.TURNS_MAX)
    line.call.action = line.call.action.replace("turn=2", f"turn={legs.TURNS_MAX}")
    line.key("2")
    assert line.call.is_over
