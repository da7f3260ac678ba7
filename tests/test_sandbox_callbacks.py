"""Callbacks of the sandbox bank: signed, and now and then lost, doubled, swapped or forged."""

import hmac
import json

import pytest
from hypothesis import given, strategies as st

from everline.errors import MisuseError
from everline.payments.gateways import (
    Hint,
)
from everline.payments.gateways.sandbox import Sandbox
from tests.simulator import (
    NOTIFY_SECRET,
    Receiver,
    SimulatorProcess,
    order,
    wait_until,
)


def keys_of(sandbox: Sandbox, receiver: Receiver, count: int) -> list[Hint]:
    return [sandbox.read_callback(*each) for each in receiver.wait_for(count)]


class TestCallbacks:
    """News is signed, delivered at least once, and can be lost, doubled, delayed or swapped."""

    def test_a_callback_that_was_tampered_with(self, sandbox: Sandbox, receiver: Receiver) -> None:
        sandbox.charge(order("tok_approve", receiver.url))
        headers, body = receiver.wait_for(1)[0]
        seal = headers["Sandbox-Signature"]
        assert sandbox.read_callback({"SANDBOX-SIGNATURE": seal}, body).event_id
        moment = int(seal[2:].partition(",")[0])
        for wrong_seal, wrong_body in [
            (seal, body.replace(b"succeeded", b"failed")),
            (seal, body + b" "),
            (seal.replace(f"t={moment}", f"t={moment + 1}"), body),
            (seal[:-1] + ("0" if seal[-1] != "0" else "1"), body),
            (seal.upper(), body),
            ("", body),
        ]:
            with pytest.raises(MisuseError) as caught:
                sandbox.read_callback({"Sandbox-Signature": wrong_seal}, wrong_body)
            assert caught.value.code == "signature_wrong"
        with pytest.raises(MisuseError):
            sandbox.read_callback({}, body)

    @given(body=st.binary(max_size=200))
    def test_a_signed_body_that_is_not_understood(
        self, sandbox_adapter: Sandbox, body: bytes
    ) -> None:
        seal = hmac.new(NOTIFY_SECRET.encode(), b"1." + body, "sha256").hexdigest()
        with pytest.raises(MisuseError) as caught:
            sandbox_adapter.read_callback({"Sandbox-Signature": f"t=1,v1={seal}"}, body)
        assert caught.value.code == "body_wrong"

    def test_an_adapter_needs_a_secret(self) -> None:
        with pytest.raises(ValueError, match="secret"):
            Sandbox("http://localhost:9", "", "Everline")

    def test_sent_again_until_it_is_taken(self, sandbox: Sandbox) -> None:
        with Receiver(500, 503) as grumpy:
            sandbox.charge(order("tok_approve", grumpy.url))
            assert len({hint.event_id for hint in keys_of(sandbox, grumpy, 3)}) == 1

    def test_lost(self, simulator: SimulatorProcess, sandbox: Sandbox, receiver: Receiver) -> None:
        charge = order("tok_approve", receiver.url)
        simulator.fault("webhook", "lost", charge.attempt_key)
        sandbox.charge(charge)
        simulator.control("notify", attempt_key=charge.attempt_key)
        receiver.wait_for(1)
        events = simulator.charge(charge.attempt_key)["events"]
        assert events[0]["state"] == "lost"
        assert len(receiver.callbacks) == 1

    def test_forged(
        self, simulator: SimulatorProcess, sandbox: Sandbox, receiver: Receiver
    ) -> None:
        charge = order("tok_approve", receiver.url)
        simulator.fault("webhook", "forged", charge.attempt_key)
        sandbox.charge(charge)
        with pytest.raises(MisuseError):
            keys_of(sandbox, receiver, 1)

    def test_late_and_reordered(
        self, simulator: SimulatorProcess, sandbox: Sandbox, receiver: Receiver
    ) -> None:
        charge = order("tok_unknown_yes", receiver.url)
        simulator.fault("webhook", "reordered", charge.attempt_key)
        simulator.fault("webhook", "late", charge.attempt_key, milliseconds=100)
        sandbox.charge(charge)
        simulator.resolve(charge.attempt_key, "succeeded")
        told = [json.loads(body)["status"] for _, body in receiver.wait_for(2)]
        assert told == ["succeeded", "pending"]

    def test_nobody_but_loopback_is_called(
        self, simulator: SimulatorProcess, sandbox: Sandbox
    ) -> None:
        charge = order("tok_approve", "http://192.0.2.1/callbacks")
        sandbox.charge(charge)

        def state() -> str:
            return str(simulator.charge(charge.attempt_key)["events"][0]["state"])

        wait_until(lambda: state() == "given_up")
