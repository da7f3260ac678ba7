"""The sandbox adapter against the real simulator process: each token, each lie, each refund."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from everline.errors import MisuseError
from everline.money import Money
from everline.payments import gateways
from everline.payments.gateways import (
    Abilities,
    ActionNeeded,
    Failed,
    Hint,
    Pending,
    Succeeded,
    Unknown,
    checked,
)
from everline.payments.gateways.sandbox import ABILITIES, Sandbox
from tests.simulator import (
    HOUR_MS,
    PRICE,
    RETURN_URL,
    Receiver,
    SimulatorProcess,
    now,
    order,
    start_simulator,
    wait_until,
)


def keys_of(sandbox: Sandbox, receiver: Receiver, count: int) -> list[Hint]:
    return [sandbox.read_callback(*each) for each in receiver.wait_for(count)]


class TestTokens:
    """Charges from server to server: what each token does, by charge, query and callback."""

    def test_approve(self, sandbox: Sandbox, receiver: Receiver) -> None:
        charge = order("tok_approve", receiver.url)
        yes = sandbox.charge(charge)
        assert isinstance(yes, Succeeded)
        assert yes.captured == PRICE
        assert yes.masked_means == "•••• 0010"
        assert sandbox.query(charge.attempt_key, now()) == yes
        assert [each.attempt_key for each in keys_of(sandbox, receiver, 1)] == [charge.attempt_key]

    @pytest.mark.parametrize(
        ("token", "reason", "hard"),
        [
            ("tok_decline_soft", "insufficient_funds", False),
            ("tok_decline_hard", "lost_card", True),
        ],
    )
    def test_declines(
        self, sandbox: Sandbox, receiver: Receiver, token: str, reason: str, *, hard: bool
    ) -> None:
        charge = order(token, receiver.url)
        no = sandbox.charge(charge)
        assert isinstance(no, Failed)
        assert (no.reason, no.hard) == (reason, hard)
        assert sandbox.query(charge.attempt_key, now()) == no
        receiver.wait_for(1)

    @pytest.mark.parametrize("said", ["yes", "no"])
    def test_confirmation(self, sandbox: Sandbox, browser: httpx.Client, said: str) -> None:
        charge = order("tok_confirm")
        asked = sandbox.charge(charge)
        assert isinstance(asked, ActionNeeded)
        assert sandbox.query(charge.attempt_key, now()) == asked
        assert "Is this you?" in browser.get(asked.url).text
        moved = browser.post(asked.url, data={"answer": said})
        assert (moved.status_code, moved.headers["location"]) == (303, RETURN_URL)
        told = sandbox.query(charge.attempt_key, now())
        if said == "yes":
            assert isinstance(told, Succeeded)
        else:
            assert told == Failed(asked.reference, "confirmation_refused", hard=False)

    def test_slow_is_waited_for(self, sandbox: Sandbox) -> None:
        assert isinstance(sandbox.charge(order("tok_slow")), Succeeded)

    def test_slower_than_the_timeout_is_unknown(
        self, simulator: SimulatorProcess, sandbox: Sandbox
    ) -> None:
        simulator.settings(slow_ms=3000)
        hasty = Sandbox(simulator.url, simulator.notify_secret, "Everline", timeout_seconds=1)
        charge = order("tok_slow")
        assert hasty.charge(charge) == Unknown("ReadTimeout")
        assert isinstance(sandbox.query(charge.attempt_key, now()), Pending)
        wait_until(lambda: isinstance(sandbox.query(charge.attempt_key, now()), Succeeded))
        hasty.close()

    @pytest.mark.parametrize(
        ("token", "kind"), [("tok_unknown_yes", Succeeded), ("tok_unknown_no", Failed)]
    )
    def test_unknown_until_the_asker_has_waited(
        self, simulator: SimulatorProcess, sandbox: Sandbox, token: str, kind: type[object]
    ) -> None:
        simulator.settings(unknown_ms=60_000)
        charge = order(token)
        assert sandbox.charge(charge) == Unknown("RemoteProtocolError")
        # The asker lives in another year; what counts is the time between its own questions.
        asked = now() + timedelta(days=800)
        assert isinstance(sandbox.query(charge.attempt_key, asked), Pending)
        assert isinstance(sandbox.query(charge.attempt_key, asked + timedelta(seconds=59)), Pending)
        told = sandbox.query(charge.attempt_key, asked + timedelta(seconds=61))
        assert isinstance(told, kind)
        assert simulator.charge(charge.attempt_key)["received"] == 1

    def test_unknown_ends_by_itself_and_says_so(
        self, simulator: SimulatorProcess, sandbox: Sandbox, receiver: Receiver
    ) -> None:
        simulator.settings(unknown_ms=200)
        charge = order("tok_unknown_yes", receiver.url)
        assert isinstance(sandbox.charge(charge), Unknown)
        hints = keys_of(sandbox, receiver, 2)
        assert len({hint.event_id for hint in hints}) == 2
        assert isinstance(sandbox.query(charge.attempt_key, now()), Succeeded)

    def test_webhook_twice(self, sandbox: Sandbox, receiver: Receiver) -> None:
        assert isinstance(sandbox.charge(order("tok_webhook_twice", receiver.url)), Succeeded)
        first, second = keys_of(sandbox, receiver, 2)
        assert first == second

    def test_webhook_before_the_answer(self, sandbox: Sandbox, receiver: Receiver) -> None:
        charge = order("tok_webhook_first", receiver.url)
        assert isinstance(sandbox.charge(charge), Succeeded)
        assert len(receiver.callbacks) == 1

    def test_success_after_we_gave_up(self, simulator: SimulatorProcess, sandbox: Sandbox) -> None:
        simulator.settings(late_ms=900_000)
        charge = order("tok_late_success")
        assert isinstance(sandbox.charge(charge), Unknown)
        first = now()
        gave_up = first + timedelta(seconds=ABILITIES.supersede_after_seconds)
        assert isinstance(sandbox.query(charge.attempt_key, first), Pending)
        assert isinstance(sandbox.query(charge.attempt_key, gave_up), Pending)
        last = first + timedelta(seconds=sum(ABILITIES.ask_again_seconds))
        assert isinstance(sandbox.query(charge.attempt_key, last), Succeeded)

    def test_the_simulated_clock_moves_too(
        self, simulator: SimulatorProcess, sandbox: Sandbox
    ) -> None:
        charge = order("tok_late_success")
        assert isinstance(sandbox.charge(charge), Unknown)
        simulator.settings(clock_offset_ms=HOUR_MS + 1000)
        assert isinstance(sandbox.query(charge.attempt_key, now()), Succeeded)

    def test_unknown_token(self, sandbox: Sandbox) -> None:
        assert sandbox.charge(order("tok_other")) == Failed(None, "token_unknown", hard=True)

    @pytest.mark.parametrize(
        "amount", [Money(1, "JPY"), Money(1_500_000_000, "IDR"), Money(5, "KWD")]
    )
    def test_every_currency_in_its_minor_units(self, sandbox: Sandbox, amount: Money) -> None:
        yes = sandbox.charge(order("tok_approve", amount=amount))
        assert isinstance(yes, Succeeded)
        assert yes.captured == amount


class TestOnce:
    """A key means one charge, whatever is repeated, raced or killed."""

    def test_the_same_charge_again(self, simulator: SimulatorProcess, sandbox: Sandbox) -> None:
        charge = order("tok_approve")
        assert sandbox.charge(charge) == sandbox.charge(charge)
        assert simulator.charge(charge.attempt_key)["received"] == 2

    def test_another_charge_under_a_known_key(self, sandbox: Sandbox) -> None:
        charge = order("tok_approve")
        sandbox.charge(charge)
        other = replace(charge, amount=Money(9900, "EUR"))
        assert sandbox.charge(other) == Unknown("answered 409")
        told = sandbox.query(charge.attempt_key, now())
        assert isinstance(told, Succeeded)
        assert told.captured == PRICE

    @pytest.mark.race
    def test_many_at_once(self, simulator: SimulatorProcess, sandbox: Sandbox) -> None:
        charge = order("tok_approve")
        with ThreadPoolExecutor(16) as pool:
            outcomes = set(pool.map(sandbox.charge, [charge] * 32))
        assert len(outcomes) == 1
        assert isinstance(outcomes.pop(), Succeeded)
        assert simulator.charge(charge.attempt_key)["received"] == 32

    def test_a_key_never_seen_is_closed(self, sandbox: Sandbox) -> None:
        charge = order("tok_approve")
        told = sandbox.query(charge.attempt_key, now())
        assert isinstance(told, Failed)
        assert (told.reason, told.hard) == ("never_received", False)
        # The request was only late: it is turned away, so that no money moves after that answer.
        assert sandbox.charge(charge) == Failed(None, "never_received", hard=False)
        assert sandbox.query(charge.attempt_key, now()) == told

    @pytest.mark.kill
    def test_the_bank_remembers_when_killed(self, tmp_path: Path) -> None:
        with start_simulator(tmp_path / "a bank") as bank:
            adapter = Sandbox(bank.url, bank.notify_secret, "Everline")
            charge = order("tok_unknown_yes")
            assert isinstance(adapter.charge(charge), Unknown)
            bank.kill()
            assert adapter.query(charge.attempt_key, now()) == Unknown("ConnectError")
            bank.start()
            assert isinstance(adapter.query(charge.attempt_key, now()), Pending)
            bank.resolve(charge.attempt_key, "succeeded")
            told = adapter.query(charge.attempt_key, now())
            assert isinstance(told, Succeeded)
            assert adapter.charge(charge) == told
            adapter.close()


class TestLies:
    """Whatever is not an explicit yes or no is unknown; what happened is told by a later query."""

    @pytest.mark.parametrize(
        "fault",
        [
            "lost",
            "error_after",
            "garbage",
            "lying_amount",
            "lying_currency",
            "lying_status",
            "lying_key",
        ],
    )
    def test_a_charge_that_happened(
        self, simulator: SimulatorProcess, sandbox: Sandbox, fault: str
    ) -> None:
        charge = order("tok_approve")
        simulator.fault("charge", fault, charge.attempt_key)
        assert isinstance(sandbox.charge(charge), Unknown)
        assert isinstance(sandbox.query(charge.attempt_key, now()), Succeeded)

    @pytest.mark.parametrize("fault", ["cut", "error"])
    def test_a_charge_that_did_not_happen(
        self, simulator: SimulatorProcess, sandbox: Sandbox, fault: str
    ) -> None:
        charge = order("tok_approve")
        simulator.fault("charge", fault, charge.attempt_key)
        assert isinstance(sandbox.charge(charge), Unknown)
        assert isinstance(sandbox.query(charge.attempt_key, now()), Failed)

    @pytest.mark.parametrize("fault", ["cut", "lost", "error", "garbage", "lying_status"])
    def test_a_query(self, simulator: SimulatorProcess, sandbox: Sandbox, fault: str) -> None:
        charge = order("tok_approve")
        yes = sandbox.charge(charge)
        simulator.fault("query", fault, charge.attempt_key)
        assert isinstance(sandbox.query(charge.attempt_key, now()), Unknown)
        assert sandbox.query(charge.attempt_key, now()) == yes

    @pytest.mark.parametrize("fault", ["lying_amount", "lying_currency"])
    def test_a_query_that_names_other_money(
        self, simulator: SimulatorProcess, sandbox: Sandbox, fault: str
    ) -> None:
        charge = order("tok_approve")
        sandbox.charge(charge)
        simulator.fault("query", fault, charge.attempt_key)
        told = sandbox.query(charge.attempt_key, now())
        assert isinstance(told, Succeeded)
        assert isinstance(checked(told, PRICE), Unknown)

    def test_a_request_that_arrives_twice(
        self, simulator: SimulatorProcess, sandbox: Sandbox
    ) -> None:
        charge = order("tok_approve")
        simulator.fault("charge", "double", charge.attempt_key)
        assert isinstance(sandbox.charge(charge), Succeeded)
        assert simulator.charge(charge.attempt_key)["received"] == 2

    def test_a_scripted_refusal(self, simulator: SimulatorProcess, sandbox: Sandbox) -> None:
        charge = order("tok_approve")
        simulator.fault("charge", "refuse", charge.attempt_key, reason="fraud_suspected")
        told = sandbox.charge(charge)
        assert isinstance(told, Failed)
        assert (told.reason, told.hard) == ("fraud_suspected", False)

    def test_nobody_listens(self) -> None:
        adapter = Sandbox("http://localhost:9", "secret", "Everline")
        assert adapter.charge(order("tok_approve")) == Unknown("ConnectError")
        assert adapter.query("key", now()) == Unknown("ConnectError")
        assert adapter.refund("key", "chg_1", PRICE) == Unknown("ConnectError")
        assert adapter.query_refund("key") == Unknown("ConnectError")
        adapter.close()


class TestRefunds:
    """Never more than was captured, and once per key."""

    @pytest.fixture
    def paid(self, sandbox: Sandbox) -> Succeeded:
        yes = sandbox.charge(order("tok_approve"))
        assert isinstance(yes, Succeeded)
        return yes

    def test_in_parts_up_to_all(self, sandbox: Sandbox, paid: Succeeded) -> None:
        key = uuid.uuid4().hex
        first = sandbox.refund(f"{key}-1", paid.reference, Money(1000, "EUR"))
        assert isinstance(first, Succeeded)
        assert first.captured == Money(1000, "EUR")
        assert sandbox.refund(f"{key}-1", paid.reference, Money(1000, "EUR")) == first
        too_much = sandbox.refund(f"{key}-2", paid.reference, Money(251, "EUR"))
        assert isinstance(too_much, Failed)
        assert too_much.reason == "exceeds_captured"
        rest = sandbox.refund(f"{key}-3", paid.reference, Money(250, "EUR"))
        assert isinstance(rest, Succeeded)
        assert sandbox.query_refund(f"{key}-3") == rest
        assert sandbox.query_refund(f"{key}-2") == too_much

    def test_of_what_was_not_captured(self, sandbox: Sandbox) -> None:
        no = sandbox.charge(order("tok_decline_soft"))
        assert isinstance(no, Failed)
        assert no.reference is not None
        told = sandbox.refund(uuid.uuid4().hex, no.reference, PRICE)
        assert isinstance(told, Failed)
        assert told.reason == "not_captured"

    def test_in_another_currency(self, sandbox: Sandbox, paid: Succeeded) -> None:
        told = sandbox.refund(uuid.uuid4().hex, paid.reference, Money(1250, "USD"))
        assert isinstance(told, Failed)

    @pytest.mark.parametrize("fault", ["lost", "error_after", "garbage", "lying_amount"])
    def test_a_refund_that_happened(
        self, simulator: SimulatorProcess, sandbox: Sandbox, paid: Succeeded, fault: str
    ) -> None:
        key = uuid.uuid4().hex
        simulator.fault("refund", fault, key)
        assert isinstance(sandbox.refund(key, paid.reference, PRICE), Unknown)
        assert isinstance(sandbox.query_refund(key), Succeeded)
        assert isinstance(sandbox.refund(key, paid.reference, PRICE), Succeeded)

    def test_a_refund_that_never_arrived(
        self, simulator: SimulatorProcess, sandbox: Sandbox, paid: Succeeded
    ) -> None:
        key = uuid.uuid4().hex
        simulator.fault("refund", "cut", key)
        assert isinstance(sandbox.refund(key, paid.reference, PRICE), Unknown)
        assert sandbox.query_refund(key) == Unknown("answered 404")
        assert isinstance(sandbox.refund(key, paid.reference, PRICE), Succeeded)

    @pytest.mark.race
    def test_many_at_once_never_exceed_the_capture(
        self, simulator: SimulatorProcess, sandbox: Sandbox
    ) -> None:
        charge = order("tok_approve")
        yes = sandbox.charge(charge)
        assert isinstance(yes, Succeeded)
        keys = [uuid.uuid4().hex for _ in range(16)]
        with ThreadPoolExecutor(16) as pool:
            told = list(
                pool.map(lambda key: sandbox.refund(key, yes.reference, Money(500, "EUR")), keys)
            )
        assert sum(isinstance(each, Succeeded) for each in told) == 2
        assert simulator.charge(charge.attempt_key)["refunded_minor"] == 1000


class TestRegistry:
    """Gateways by name, as the composition root installs them."""

    def test_installed_by_name(self) -> None:
        before = gateways.installed()
        adapter = Sandbox("http://localhost:9", "secret", "Everline")
        try:
            gateways.install({"sandbox": adapter})
            assert gateways.gateway("sandbox") is adapter
            with pytest.raises(MisuseError) as caught:
                gateways.gateway("nobody")
            assert caught.value.code == "gateway_unknown"
        finally:
            gateways.install(before)
            adapter.close()

    def test_default_pace(self) -> None:
        plain = Abilities("any", frozenset({"EUR"}), supports_token=False, has_page=True)
        assert plain.ask_again_seconds == (300, 3600, 86400, 86400, 86400, 86400, 86400)
        assert plain.supersede_after_seconds == 3600
        assert plain.takes("EUR")
        assert not plain.takes("USD")
        assert ABILITIES.takes("USD")
