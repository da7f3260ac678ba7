"""Every channel, in every language: at most one renewal, balanced books, an answer in words.

The same acts at every door; docs/channels.md explains how a new channel joins. What is common to
all is asserted here, and what a channel says besides is tested with it.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from everline import catalogue, clock, ids, notices
from everline.errors import Code
from everline.office.audit import audit
from everline.pages import words
from tests.channels.automatic import Mandate
from tests.channels.door import Door, Told
from tests.channels.hotline import Caller
from tests.channels.kiosk import Kiosk
from tests.channels.partner import Api
from tests.channels.store import Till
from tests.channels.web import Page
from tests.conftest import plugged
from tests.simulator import SimulatorProcess
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

DOORS: dict[str, Callable[[World, str], Door]] = {
    "web": Page,
    "auto": Mandate,
    "partner": Api,
    "hotline": Caller,
    "store": Till,
    "kiosk": Kiosk,
}
LOCALES = ("en", "zh-hans", "id")
APPROVED, UNSURE = "4000 0000 0000 0010", "4000 0000 0000 0069"
NOBODYS = "8999907777777777774"
MEANS = {"balance": "balance", "deposit": "deposit", "gateway": "online payment"}


@pytest.fixture
def sandboxed(town: World, simulator: SimulatorProcess) -> Iterator[World]:
    """Use one database for all of these: each begins with it emptied."""
    with plugged(simulator):
        yield town


@pytest.fixture(params=[(name, locale) for name in DOORS for locale in LOCALES], ids="-".join)
def door(request: pytest.FixtureRequest, sandboxed: World) -> Iterator[Door]:
    """One channel in one language; its clock shows the world's time."""
    name, locale = request.param
    sandboxed.at = sandboxed.server_time()
    clock.use_offset(lambda: sandboxed.at - datetime.now(UTC))
    senders = notices.installed()
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    request.node.user_properties.append(("locale", locale))
    yield DOORS[name](sandboxed, locale)
    notices.install(senders)
    clock.use_offset(timedelta)


@pytest.fixture
def locale(request: pytest.FixtureRequest, door: Door) -> str:
    return str(dict(request.node.user_properties)["locale"])


def _said(door: Door, told: Told, code: Code, locale: str) -> bool:
    """Tell whether the refusal was said in the person's language, and by its code if it has one."""
    english = door.sentence(code)
    with translation.override(locale):
        sentence = translation.gettext(english)
    if locale != "en":
        assert sentence != english, f"{code} is not translated into {locale}"
    return told.code in {None, code} and sentence in told.text


def _renewals(door: Door, world: World) -> int:
    """Count the paid renewals, and hold the books against the audit."""
    found = [finding.invariant.name for finding in audit(world.at) if finding.total]
    assert found == []
    paid = "select count(*) from renewals_renewal where state in ('paid', 'delivered')"
    return int(world.one(paid)) - door.beforehand


def test_a_renewal_is_paid_and_then_delivered(door: Door, sandboxed: World) -> None:
    card, plan = sandboxed.card(), sandboxed.plan()
    door.funds(card, 2500)
    told = door.send(door.ask(card, plan))
    assert told.outcome == "paid", told
    assert _renewals(door, sandboxed) == 1
    sandboxed.deliver_all()
    assert door.look(card).outcome == "renewed"
    assert _renewals(door, sandboxed) == 1


def test_the_same_request_twice_is_one_renewal(door: Door, sandboxed: World) -> None:
    card, plan = sandboxed.card(), sandboxed.plan()
    door.funds(card, 9500)
    request = door.ask(card, plan)
    first, again = door.send(request), door.send(request)
    assert (first.outcome, again.outcome) == ("paid", "paid")
    assert _renewals(door, sandboxed) == 1


def test_a_lost_answer_is_asked_for_again(door: Door, sandboxed: World) -> None:
    card, plan = sandboxed.card(), sandboxed.plan()
    door.funds(card, 9500)
    request = door.ask(card, plan)
    door.send(request, listens=False)
    sandboxed.advance(minutes=2)
    assert door.send(request).outcome == "paid"
    assert _renewals(door, sandboxed) == 1


def test_an_unknown_card_is_said_so(door: Door, sandboxed: World, locale: str) -> None:
    assert _said(door, door.look_up(NOBODYS), Code.CARD_UNKNOWN, locale)
    assert _renewals(door, sandboxed) == 0


def test_short_money_is_refused_and_nothing_is_taken(
    door: Door, sandboxed: World, locale: str
) -> None:
    card, plan = sandboxed.card(), sandboxed.plan()
    door.funds(card, 999)
    told = door.send(door.ask(card, plan))
    assert told.outcome == "refused"
    assert _said(door, told, Code.BALANCE_SHORT, locale)
    assert _renewals(door, sandboxed) == 0


def test_a_card_that_is_blocked_meanwhile_is_refused(
    door: Door, sandboxed: World, locale: str
) -> None:
    card, plan = sandboxed.card(), sandboxed.plan()
    door.funds(card, 2500)
    request = door.ask(card, plan)
    sandboxed.verb("change_card", "line", "support", "lost", b"1", card.id, "lose", sandboxed.at)
    told = door.send(request)
    assert told.outcome == "refused"
    assert _said(door, told, Code.CARD_LOST, locale)
    assert _renewals(door, sandboxed) == 0


def test_while_the_bank_is_unsure_nobody_is_told_that_it_failed(
    door: Door, sandboxed: World, simulator: SimulatorProcess, locale: str
) -> None:
    card, plan = sandboxed.card(), sandboxed.plan()
    if "gateway" not in door.means:
        sandboxed.owner.execute(
            "update trust_channel set means = '{gateway}' where code <> all('{web,hotline,kiosk}')"
        )
        door.funds(card, 2500)
        told = door.send(door.ask(card, plan))
        assert told.outcome == "refused"
        assert _said(door, told, Code.MEANS_NOT_ALLOWED, locale)
        assert _renewals(door, sandboxed) == 0
        return
    assert door.pay_by_bank(card, plan, UNSURE).outcome == "checking"
    (key,) = sandboxed.all("select key from payments_attempt")[0]
    simulator.resolve(key, "succeeded")
    sandboxed.advance(minutes=7)
    assert door.look(card).outcome in {"checking", "paid"}
    sandboxed.ask_all()
    assert door.look(card).outcome == "paid"
    assert _renewals(door, sandboxed) == 1


def test_while_the_network_is_down_it_is_paid_and_then_refunded_by_itself(
    door: Door, sandboxed: World
) -> None:
    card, plan = sandboxed.card(), sandboxed.plan()
    door.funds(card, 2500)
    assert door.send(door.ask(card, plan)).outcome == "paid"
    assert door.look(card).outcome == "paid"
    sandboxed.advance(minutes=31)
    sandboxed.expire_due()
    assert door.look(card).outcome not in {"paid", "renewed"}
    sandboxed.ask_all()  # A refund by a gateway is sent by the janitor.
    newest = "select state from renewals_renewal order by id desc limit 1"
    assert sandboxed.one(newest) == "reversed"


def test_a_confirmation_says_all_and_leads_to_the_receipt(
    door: Door, sandboxed: World, locale: str
) -> None:
    card, plan = sandboxed.card(), sandboxed.plan()
    door.contact = "nina@testline.example"
    door.funds(card, 2500)
    assert door.send(door.ask(card, plan)).outcome == "paid"
    sandboxed.deliver_all()
    newest = "select id, means, ends_at from renewals_renewal order by id desc limit 1"
    ((renewal_id, means, ends_at),) = sandboxed.all(newest)
    receipt = ids.outside("rnw", renewal_id)
    (letter,) = [
        notice for notice in notices.newest(10) if notice.facts.get("renewal") == str(renewal_id)
    ]
    assert letter.template == "renewed"
    said = letter.words(catalogue.policy())
    with translation.override(locale):
        facts = [
            f"{settings.PUBLIC_ADDRESS}/renewals/{receipt}",
            card.iccid[-4:],
            plan.code,
            words.money(plan.price, "EUR", catalogue.policy()),
            translation.gettext(MEANS[means]),
            words.instant(ends_at, card.zone),
        ]
    text = said.short if letter.medium == "sms" else said.text
    assert [fact for fact in facts if fact not in text] == []
    page = Client(headers={"accept-language": locale}, SERVER_NAME="localhost").get(
        f"/renewals/{receipt}"
    )
    assert page.status_code == 200
    shown = door.look(card)
    assert shown.outcome == "renewed"
    # On the telephone the receipt's number is not spelled: it is in the message.
    assert letter.medium == "sms" or receipt in shown.text


def test_a_bank_card_pays_where_the_channel_takes_one(door: Door, sandboxed: World) -> None:
    if "gateway" not in door.means:
        assert door.means in ({"deposit"}, {"balance"})
        return
    assert door.pay_by_bank(sandboxed.card(), sandboxed.plan(), APPROVED).outcome == "paid"
    assert _renewals(door, sandboxed) == 1
