"""A renewal opened at one door is shown, paid and cancelled at every other by its spoken code.

Opened are those that wait for money: on the site, by the telephone's link, at a kiosk. The code is
taken from what the person saw or heard there, and keyed as it was told. Automatic renewal opens
nothing that waits, and partners pay at once, so neither has a code.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final, Protocol

import pytest
from django.core.cache import cache

from everline import clock
from everline.cards import Card
from everline.office.audit import audit
from tests.channels import kiosk as kiosks
from tests.channels.hotline import PIN, Caller, Line
from tests.channels.kiosk import Kiosk
from tests.channels.store import Till
from tests.channels.test_conformance import sandboxed
from tests.reader import APPROVED, Browser
from tests.world import Plan, World

__all__ = ["sandboxed"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

CODE: Final = re.compile(r"\b([2-9]{4})[ -]([2-9]{4})\b")
SPOKEN: Final = re.compile(r"(?:[2-9] ){3}[2-9], (?:[2-9] ){3}[2-9]")


@pytest.fixture
def street(sandboxed: World) -> Iterator[World]:
    """A world with the bank and its card terminals, whose time the pages show."""
    sandboxed.at = sandboxed.server_time()
    clock.use_offset(lambda: sandboxed.at - datetime.now(UTC))
    yield sandboxed
    clock.use_offset(timedelta)


# Where it is opened: each gives the code as the person was told it.


def opened_online(world: World, card: Card, plan: Plan) -> str:
    browser = Browser(world).choose(card, plan).press()
    browser.leave_bank()
    return seen(browser.text)


def opened_by_telephone(world: World, card: Card, plan: Plan) -> str:
    caller = Caller(world, "en")
    line = caller.lines[caller.ask(card, plan)]
    heard = SPOKEN.search(line.key("2"))
    assert heard is not None, line.heard
    world.advance(minutes=2)  # The way to another door takes longer than the janitor waits.
    world.ask_all()
    return re.sub(r"\D", "", heard[0])


def opened_at_a_kiosk(world: World, card: Card, plan: Plan) -> str:
    """Stop at the card terminal, before a bank card was held to it."""
    kiosk = Kiosk(world, "en")
    address, form, _price = kiosk.sent[kiosk.ask(card, plan)]
    kiosk.client.post(address, form | {"by": "card"})
    kiosk.client.post("/kiosk/pay/stop")
    return seen(kiosk.read(kiosk.client.get("/kiosk/pay")).text)


def opened_for_a_phone(world: World, card: Card, plan: Plan) -> str:
    """Scan a kiosk's code and not pay; another means may pay when the phone has had its time."""
    kiosk = Kiosk(world, "en")
    address, form, _price = kiosk.sent[kiosk.ask(card, plan)]
    kiosk.client.post(address, form | {"by": "phone"})
    code = seen(kiosk.read(kiosk.client.get("/kiosk/pay")).text)
    store = InAStore(world)
    store.show(code)
    assert "Do not pay again" in store.pay(card)
    world.advance(minutes=11)
    world.ask_all()
    return code


def seen(text: str) -> str:
    found = CODE.search(text)
    assert found is not None, text
    return found[0]


# Where one goes on.


class Other(Protocol):
    """Another door, to which somebody comes with a code."""

    def show(self, code: str) -> str:
        """Tell the code; gives what is shown of the renewal."""
        ...

    def pay(self, card: Card) -> str:
        """Pay it here; gives what is shown then."""
        ...

    def cancel(self) -> str:
        """Cancel it here; gives what is shown then."""
        ...


class OnTheSite:
    def __init__(self, world: World) -> None:
        self.browser = Browser(world)

    def show(self, code: str) -> str:
        return str(self.browser.enter(code).text)

    def pay(self, card: Card) -> str:
        return str(self.browser.press("/pay").pay(APPROVED).text)

    def cancel(self) -> str:
        return str(self.browser.press("/cancel").text)


class OnTheTelephone:
    def __init__(self, world: World) -> None:
        self.world = world
        self.line = Line("+351968000001")

    def show(self, code: str) -> str:
        self.line.dial()
        self.line.key("13")
        return self.line.key(re.sub(r"\D", "", code) + "#")

    def pay(self, card: Card) -> str:
        Caller(self.world, "en").funds(card, 5000)
        self.line.key("1")
        return self.line.key(f"{PIN}#")

    def cancel(self) -> str:
        return self.line.key("3")


class InAStore:
    def __init__(self, world: World) -> None:
        self.till = Till(world, "en")
        world.fund(self.till.store.account_id, "deposit", 9000)
        self.address = ""

    def show(self, code: str) -> str:
        answer = self.till.client.post("/till", {"number": code})
        assert answer.status_code == 303, answer.content
        self.address = answer["Location"]
        return self.read(self.till.client.get(self.address))

    def pay(self, card: Card) -> str:
        sent = {"request_id": str(uuid.uuid4()), "pay": "typed", "tendered": ""}
        return self.follow(self.till.client.post(f"{self.address}/pay", sent))

    def cancel(self) -> str:
        sent = {"request_id": str(uuid.uuid4())}
        answer = self.till.client.post(f"{self.address}/cancel", sent)
        assert answer.status_code == 303, answer.content
        return "cancelled"

    def follow(self, answer: Any) -> str:
        while answer.status_code == 303:
            answer = self.till.client.get(answer["Location"])
        return self.read(answer)

    def read(self, answer: Any) -> str:
        return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


class AtAKiosk:
    def __init__(self, world: World) -> None:
        self.kiosk = Kiosk(world, "en")

    def show(self, code: str) -> str:
        answer = self.kiosk.enter(code)
        assert answer.status_code == 303, answer.content
        return self.kiosk.follow(answer).text

    def pay(self, card: Card) -> str:
        page = self.kiosk.client.get("/kiosk/pay").content.decode()
        form = kiosks.fields(page, "/kiosk/pay/again")
        self.kiosk.client.post("/kiosk/pay/again", form | {"by": "card"})
        self.kiosk.tap("approve")
        cache.clear()
        return self.kiosk.read(self.kiosk.client.get("/kiosk/pay")).text

    def cancel(self) -> str:
        sent = {"request_id": str(uuid.uuid4())}
        return self.kiosk.follow(self.kiosk.client.post("/kiosk/pay/cancel", sent)).text


OPENED: Final = {
    "web": opened_online,
    "hotline": opened_by_telephone,
    "kiosk": opened_at_a_kiosk,
    "phone": opened_for_a_phone,
}
OTHERS: Final[dict[str, Callable[[World], Other]]] = {
    "web": OnTheSite,
    "hotline": OnTheTelephone,
    "store": InAStore,
    "kiosk": AtAKiosk,
}
PAIRS: Final = list(product(OPENED, OTHERS))


def only(world: World) -> tuple[str, str]:
    ((channel, state),) = world.all("select channel, state from renewals_renewal")
    assert [each.invariant.name for each in audit(world.at) if each.total] == []
    return channel, state


@pytest.mark.parametrize(("opener", "other"), PAIRS)
def test_what_one_door_opened_is_shown_and_paid_at_another(
    street: World, opener: str, other: str
) -> None:
    card, plan = street.card(), street.plan("HOME-30", price=1234)
    code = OPENED[opener](street, card, plan)
    door = OTHERS[other](street)
    shown = door.show(code)
    assert "12.34" in shown or "12 euros and 34" in shown, shown
    assert "Paid, being delivered" in door.pay(card)
    assert only(street) == ({"phone": "kiosk"}.get(opener, opener), "paid")


@pytest.mark.parametrize(("opener", "other"), PAIRS)
def test_what_one_door_opened_is_cancelled_at_another_and_its_code_is_void(
    street: World, opener: str, other: str
) -> None:
    card, plan = street.card(), street.plan("HOME-30", price=1234)
    code = OPENED[opener](street, card, plan)
    door = OTHERS[other](street)
    door.show(code)
    assert "ancelled" in door.cancel()
    assert only(street) == ({"phone": "kiosk"}.get(opener, opener), "cancelled")
    assert "No open renewal has this code" in Browser(street).enter(code).text
