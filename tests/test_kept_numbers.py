"""The sandbox bank keeps numbers: a kept one behaves as it says, until it is thrown away.

Everything goes over HTTP, through the real adapter and the bank's own page.
"""

import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest

from everline import cards, payments, renewals
from everline.errors import FaultError
from everline.payments.gateways import (
    AUTHENTICATION_REQUIRED,
    ActionNeeded,
    Charge,
    Failed,
    Kept,
    Outcome,
    Pending,
    Setup,
    Succeeded,
    Unknown,
)
from everline.payments.gateways.sandbox import Sandbox
from everline.simulators.numbers import BY_NAME, CONDUCTS, Conduct
from tests.simulator import RETURN_URL, SimulatorProcess, now, order
from tests.world import World

KEPT_BY_PAYING = tuple(each for each in CONDUCTS if each.is_yes)


def setup(**values: object) -> Setup:
    given = {
        "setup_key": f"setup-{uuid.uuid4()}",
        "currency": "EUR",
        "customer": "",
        "return_url": RETURN_URL,
        "cancel_url": RETURN_URL,
        "notify_url": "",
        "expires_at": now() + timedelta(minutes=30),
        "locale": "en",
    }
    return Setup(**(given | values))  # type: ignore[arg-type]


def give(browser: httpx.Client, url: str, conduct: Conduct) -> None:
    """Type a number on the bank's page, and confirm it where the bank asks."""
    moved = browser.post(url, data={"number": conduct.number})
    assert moved.status_code == 303, moved.text
    if conduct.asks_customer:
        browser.post(httpx.URL(url).join(moved.headers["location"]), data={"answer": "yes"})


def kept_by_setup(sandbox: Sandbox, browser: httpx.Client, name: str) -> Kept:
    wish = setup()
    asked = sandbox.set_up(wish)
    assert isinstance(asked, ActionNeeded)
    give(browser, asked.url, BY_NAME[name])
    told = sandbox.query_setup(wish.setup_key, asked.reference)
    assert isinstance(told, Kept)
    return told


def charge(sandbox: Sandbox, kept: Kept, **values: Any) -> tuple[Charge, Outcome]:
    wish = order(kept.token, is_unattended=True, **values)
    return wish, sandbox.charge(wish)


class TestKeeping:
    """A number is kept by a charge that asked for it, or on a page where nothing is paid."""

    @pytest.mark.parametrize("conduct", KEPT_BY_PAYING, ids=lambda each: each.name)
    def test_a_charge_keeps_its_number(
        self,
        simulator: SimulatorProcess,
        sandbox: Sandbox,
        browser: httpx.Client,
        conduct: Conduct,
    ) -> None:
        simulator.settings(unknown_ms=0, late_ms=0, slow_ms=0)
        wish = order(keeps=True)
        asked = sandbox.charge(wish)
        assert isinstance(asked, ActionNeeded)
        assert "is kept for later payments" in browser.get(asked.url).text
        give(browser, asked.url, conduct)
        told = sandbox.query(wish.attempt_key, now())
        assert isinstance(told, Succeeded)
        assert told.kept is not None
        assert told.kept == Kept(told.kept.token, "", conduct.masked)
        assert sandbox.query(wish.attempt_key, now()) == told
        for file in simulator.folder.iterdir():
            assert conduct.number.encode() not in file.read_bytes()

    def test_nothing_is_kept_unasked(self, sandbox: Sandbox, browser: httpx.Client) -> None:
        wish = order()
        asked = sandbox.charge(wish)
        assert isinstance(asked, ActionNeeded)
        assert "is kept for later payments" not in browser.get(asked.url).text
        give(browser, asked.url, BY_NAME["approve"])
        told = sandbox.query(wish.attempt_key, now())
        assert isinstance(told, Succeeded)
        assert told.kept is None

    def test_every_time_another_token(self, sandbox: Sandbox, browser: httpx.Client) -> None:
        tokens = {kept_by_setup(sandbox, browser, "approve").token for _time in range(3)}
        assert len(tokens) == 3

    def test_a_page_that_takes_no_money(self, sandbox: Sandbox, browser: httpx.Client) -> None:
        wish = setup()
        asked = sandbox.set_up(wish)
        assert isinstance(asked, ActionNeeded)
        assert sandbox.set_up(wish) == asked == sandbox.query_setup(wish.setup_key, "")
        page = browser.get(asked.url).text
        assert "Keep a means of payment" in page
        assert "0.00" not in page
        give(browser, asked.url, BY_NAME["confirm"])
        told = sandbox.query_setup(wish.setup_key, asked.reference)
        assert isinstance(told, Kept)
        assert told.masked_means == BY_NAME["confirm"].masked

    def test_leaving_that_page_and_a_page_never_opened(
        self, sandbox: Sandbox, browser: httpx.Client
    ) -> None:
        wish = setup()
        asked = sandbox.set_up(wish)
        assert isinstance(asked, ActionNeeded)
        browser.post(asked.url, data={"cancel": "1"})
        told = sandbox.query_setup(wish.setup_key, asked.reference)
        assert told == Failed(asked.reference, "cancelled", hard=False)
        never = sandbox.query_setup(f"setup-{uuid.uuid4()}", "")
        assert never == Failed(None, "never_received", hard=False)

    def test_a_bank_that_is_away(self, simulator: SimulatorProcess, sandbox: Sandbox) -> None:
        wish = setup()
        simulator.fault("setup", "cut", wish.setup_key)
        assert isinstance(sandbox.set_up(wish), Unknown)
        simulator.fault("setup", "garbage", wish.setup_key)
        assert isinstance(sandbox.set_up(wish), Unknown)
        assert isinstance(sandbox.set_up(wish), ActionNeeded)


class TestCharging:
    """A kept number behaves as its number says, also where nobody is there."""

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("decline_soft", Failed("", "insufficient_funds", hard=False)),
            ("decline_hard", Failed("", "lost_card", hard=True)),
            ("confirm", Failed("", AUTHENTICATION_REQUIRED, hard=False)),
            ("later_soft", Failed("", "insufficient_funds", hard=False)),
            ("later_hard", Failed("", "lost_card", hard=True)),
        ],
    )
    def test_a_no(self, sandbox: Sandbox, browser: httpx.Client, name: str, said: Failed) -> None:
        kept = kept_by_setup(sandbox, browser, name)
        for _time in range(2):
            _wish, told = charge(sandbox, kept)
            assert isinstance(told, Failed)
            assert (told.reason, told.hard) == (said.reason, said.hard)

    @pytest.mark.parametrize("name", ["approve", "slow", "webhook_twice"])
    def test_a_yes_once_a_key(
        self, simulator: SimulatorProcess, sandbox: Sandbox, browser: httpx.Client, name: str
    ) -> None:
        simulator.settings(slow_ms=50)
        kept = kept_by_setup(sandbox, browser, name)
        wish, told = charge(sandbox, kept)
        assert isinstance(told, Succeeded)
        assert (told.kept, told.masked_means) == (None, BY_NAME[name].masked)
        assert sandbox.charge(wish) == told
        assert simulator.charge(wish.attempt_key)["received"] == 2

    @pytest.mark.parametrize(
        ("name", "kind"),
        [("unknown_yes", Succeeded), ("unknown_no", Failed), ("late_success", Succeeded)],
    )
    def test_silence_then_an_answer(
        self,
        simulator: SimulatorProcess,
        sandbox: Sandbox,
        browser: httpx.Client,
        name: str,
        kind: type[object],
    ) -> None:
        kept = kept_by_setup(sandbox, browser, name)
        simulator.settings(unknown_ms=60_000, late_ms=60_000)
        wish, told = charge(sandbox, kept)
        assert isinstance(told, Unknown)
        assert isinstance(sandbox.query(wish.attempt_key, now()), Pending)
        later = sandbox.query(wish.attempt_key, now() + timedelta(minutes=2))
        assert isinstance(later, kind)

    def test_somebody_who_is_there_may_confirm(
        self, sandbox: Sandbox, browser: httpx.Client
    ) -> None:
        kept = kept_by_setup(sandbox, browser, "confirm")
        wish = order(kept.token)
        asked = sandbox.charge(wish)
        assert isinstance(asked, ActionNeeded)
        browser.post(asked.url, data={"answer": "yes"})
        assert isinstance(sandbox.query(wish.attempt_key, now()), Succeeded)

    def test_a_number_that_is_kept_no_longer(
        self, simulator: SimulatorProcess, sandbox: Sandbox, browser: httpx.Client
    ) -> None:
        kept = kept_by_setup(sandbox, browser, "approve")
        simulator.fault("forget", "cut", kept.token)
        assert not sandbox.forget(kept.token, "")
        assert sandbox.forget(kept.token, "")
        assert sandbox.forget(kept.token, "")
        _wish, told = charge(sandbox, kept)
        assert told == Failed(None, "token_unknown", hard=True)


class TestWhole:
    """From the page to a method of the account, and out again."""

    def test_a_setup_becomes_a_method(
        self, sandboxed_town: World, sandbox: Sandbox, browser: httpx.Client
    ) -> None:
        town, card = sandboxed_town, sandboxed_town.card()
        begun = begin(town, card)
        again = renewals.set_up(
            begun.id, currency="EUR", return_url="", notify_address="", locale="en", now=town.now
        )
        assert again == begun
        assert begun.page_url is not None
        give(browser, begun.page_url, BY_NAME["later_soft"])
        found = renewals.ask_setup(begun.id, town.now)
        assert found is not None
        assert found.state == "kept"
        (method,) = payments.methods_of(card.account_id)
        assert (method.id, method.masked_means) == (found.method_id, "•••• 0119")
        payments.end_method(town.caller(), card.id, method.id, town.at)
        payments.forget(method.id)
        payments.forget(method.id)
        assert town.all("select token, state from payments_method") == [("", "ended")]
        assert isinstance(sandbox, Sandbox)

    def test_what_the_gateway_does_not_forget_is_tried_again(
        self, sandboxed_town: World, simulator: SimulatorProcess, browser: httpx.Client
    ) -> None:
        town, card = sandboxed_town, sandboxed_town.card()
        begun = begin(town, card)
        assert begun.page_url is not None
        give(browser, begun.page_url, BY_NAME["approve"])
        renewals.ask_setup(begun.id, town.now)
        (method,) = payments.methods_of(card.account_id)
        payments.end_method(town.caller(), card.id, method.id, town.at)
        simulator.fault("forget", "error")
        with pytest.raises(FaultError, match="taken away"):
            payments.forget(method.id)
        assert town.one("select token from payments_method") != ""
        payments.forget(method.id)
        assert town.one("select token from payments_method") == ""

    def test_who_closes_the_page_is_found_by_the_sweep(
        self, sandboxed_town: World, browser: httpx.Client
    ) -> None:
        town, card = sandboxed_town, sandboxed_town.card()
        begun, left = begin(town, card), begin(town, card)
        assert begun.page_url is not None
        give(browser, begun.page_url, BY_NAME["approve"])
        town.advance(minutes=2)
        assert renewals.ask_setups(town.now) == 2
        assert [each.masked_means for each in payments.methods_of(card.account_id)] == ["•••• 0010"]
        for _time in range(6):
            town.advance(hours=1)
            renewals.ask_setups(town.now)
        found = payments.find_setup(left.id)
        assert found is not None
        assert found.state == "failed"
        assert town.all("select ask_at from payments_setup where ask_at is not null") == []


def begin(town: World, card: cards.Card) -> payments.Setup:
    town.at = now()  # The bank's pages expire by its own clock.
    answer = payments.begin_setup(town.caller(), card.id, "sandbox", payments.KEEP_VERSION, town.at)
    assert answer.id is not None
    found = renewals.set_up(
        answer.id,
        currency="EUR",
        return_url=RETURN_URL,
        notify_address="http://localhost:9",
        locale="en",
        now=town.now,
    )
    assert found is not None
    return found
