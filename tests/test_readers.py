"""The card readers: what the adapter makes of their answers, and what their own screen shows.

The sandbox bank's other side is in test_gateways.py; the kiosk that they stand beside in
test_kiosk.py.
"""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from everline.money import Money
from everline.payments.gateways import (
    Charge,
    Failed,
    Gateway,
    Pending,
    Stoppable,
    Succeeded,
    Unknown,
)
from everline.payments.gateways.terminal import Terminal
from tests.simulator import HOUR_MS, PRICE, SimulatorProcess, now, order


class Reader:
    """One reader, as a visitor stands before it."""

    def __init__(self, simulator: SimulatorProcess, client: httpx.Client) -> None:
        self.code = f"LIS-{uuid.uuid4().hex[:8]}"
        self._url = f"{simulator.url}/reader/{self.code}"
        self._client = client

    def tap(self, turn: str) -> int:
        """Press one of the buttons."""
        return self._client.post(self._url, data={"turn": turn}).status_code

    def screen(self, locale: str = "en") -> str:
        """Read the screen."""
        answer = self._client.get(self._url, params={"locale": locale})
        assert "form-action 'self'" in answer.headers["content-security-policy"]
        return answer.text

    def order(self) -> Charge:
        """Make a charge that this reader is to show."""
        return order(self.code)


@pytest.fixture
def reader(simulator: SimulatorProcess, browser: httpx.Client) -> Reader:
    return Reader(simulator, browser)


@pytest.fixture
def terminal(simulator: SimulatorProcess) -> Iterator[Terminal]:
    adapter = Terminal(simulator.url, simulator.notify_secret, "Everline")
    yield adapter
    adapter.close()


def test_it_keeps_the_protocol(terminal: Terminal) -> None:
    gateway: Gateway = terminal
    assert isinstance(gateway, Stoppable)
    assert (gateway.abilities.name, gateway.abilities.has_page) == ("terminal", False)


def test_a_card_that_is_held_pays_once(terminal: Terminal, reader: Reader) -> None:
    charge = reader.order()
    assert isinstance(terminal.charge(charge), Pending)
    assert "€12.50" in reader.screen()
    assert reader.tap("approve") == 303
    yes = terminal.query(charge.attempt_key, now())
    assert isinstance(yes, Succeeded)
    assert (yes.captured, yes.masked_means) == (PRICE, "•••• 0010")
    assert terminal.charge(charge) == yes
    assert terminal.stop(charge.attempt_key) == yes
    back = terminal.refund(str(uuid.uuid4()), yes.reference, Money(1250, "EUR"))
    assert isinstance(back, Succeeded)
    assert "Approved" in reader.screen()
    assert "€12.50" not in reader.screen()


@pytest.mark.parametrize(
    ("turn", "reason"), [("decline", "insufficient_funds"), ("remove", "card_removed")]
)
def test_an_explicit_no(terminal: Terminal, reader: Reader, turn: str, reason: str) -> None:
    charge = reader.order()
    terminal.charge(charge)
    reader.tap(turn)
    told = terminal.query(charge.attempt_key, now())
    assert isinstance(told, Failed)
    assert (told.reason, told.hard) == (reason, False)


@pytest.mark.parametrize(("turn", "outcome"), [("silent", "failed"), ("late", "succeeded")])
def test_a_reader_that_falls_silent_is_unknown(
    terminal: Terminal, reader: Reader, simulator: SimulatorProcess, turn: str, outcome: str
) -> None:
    charge = reader.order()
    terminal.charge(charge)
    reader.tap(turn)
    assert terminal.query(charge.attempt_key, now()) == Unknown("answered 504")
    assert terminal.stop(charge.attempt_key) == Unknown("answered 504")
    assert "Please wait" in reader.screen()
    simulator.settings(clock_offset_ms=HOUR_MS + 1)
    told = terminal.query(charge.attempt_key, now())
    assert isinstance(told, Succeeded if outcome == "succeeded" else Failed)


def test_one_open_payment_a_reader(terminal: Terminal, reader: Reader) -> None:
    first, second = reader.order(), reader.order()
    assert isinstance(terminal.charge(first), Pending)
    assert isinstance(terminal.charge(first), Pending)
    assert terminal.charge(second) == Failed(None, "reader_busy", hard=False)
    reader.tap("approve")
    assert isinstance(terminal.charge(second), Pending)


@pytest.mark.race
def test_of_many_at_once_one_is_shown(terminal: Terminal, reader: Reader) -> None:
    charges = [reader.order() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(terminal.charge, charges))
    assert sum(isinstance(each, Pending) for each in told) == 1
    assert sum(isinstance(each, Failed) for each in told) == 7


def test_stopping_before_a_card_is_held(terminal: Terminal, reader: Reader) -> None:
    charge = reader.order()
    terminal.charge(charge)
    told = terminal.stop(charge.attempt_key)
    assert isinstance(told, Failed)
    assert told.reason == "cancelled"
    reader.tap("approve")
    assert isinstance(terminal.query(charge.attempt_key, now()), Failed)
    assert "Ready" in reader.screen()


def test_a_key_never_seen_is_closed(terminal: Terminal, reader: Reader) -> None:
    charge = reader.order()
    told = terminal.query(charge.attempt_key, now())
    assert isinstance(told, Failed)
    assert told.reason == "never_received"
    # The request was only late: it is turned away, and nothing stands on the screen.
    assert terminal.charge(charge) == Failed(None, "never_received", hard=False)
    assert "€12.50" not in reader.screen()


def test_an_amount_that_nobody_pays_goes_away(
    terminal: Terminal, reader: Reader, simulator: SimulatorProcess
) -> None:
    charge = reader.order()
    terminal.charge(charge)
    simulator.settings(clock_offset_ms=91_000)
    told = terminal.query(charge.attempt_key, now())
    assert isinstance(told, Failed)
    assert told.reason == "expired"


@pytest.mark.parametrize("fault", ["lost", "error_after", "garbage", "lying_amount", "lying_key"])
def test_a_lost_or_lying_answer_is_unknown_and_told_later(
    terminal: Terminal, reader: Reader, simulator: SimulatorProcess, fault: str
) -> None:
    charge = reader.order()
    terminal.charge(charge)
    reader.tap("approve")
    simulator.fault("reader.query", fault, charge.attempt_key)
    told = terminal.query(charge.attempt_key, now())
    is_lie = fault == "lying_amount" and isinstance(told, Succeeded) and told.captured != PRICE
    assert isinstance(told, Unknown) or is_lie  # The caller compares what was captured.
    yes = terminal.query(charge.attempt_key, now())
    assert isinstance(yes, Succeeded)
    assert yes.captured == PRICE


def test_a_payment_whose_answer_was_lost_stands_on_the_screen(
    terminal: Terminal, reader: Reader, simulator: SimulatorProcess
) -> None:
    charge = reader.order()
    simulator.fault("reader.pay", "lost", charge.attempt_key)
    assert isinstance(terminal.charge(charge), Unknown)
    assert isinstance(terminal.query(charge.attempt_key, now()), Pending)
    assert "€12.50" in reader.screen()


def test_nobody_listens() -> None:
    adapter = Terminal("http://localhost:9", "secret", "Everline")
    assert adapter.charge(order("LIS-1")) == Unknown("ConnectError")
    assert adapter.query("key", now()) == Unknown("ConnectError")
    assert adapter.stop("key") == Unknown("ConnectError")
    adapter.close()


@pytest.mark.parametrize(("locale", "word"), [("en", "Ready"), ("zh-Hans", "准备"), ("id", "Siap")])
def test_the_screen_speaks_three_languages(reader: Reader, locale: str, word: str) -> None:
    page = reader.screen(locale)
    assert word in page
    assert f'lang="{locale}"' in page


def test_a_screen_without_payment_takes_no_card(reader: Reader) -> None:
    assert reader.tap("approve") == 303
    assert reader.tap("anything") == 303
    assert "<button" not in reader.screen()
    assert "&lt;" not in reader.screen()
