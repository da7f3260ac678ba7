"""Callbacks of gateways: verified, stored raw, never believed, answered shortly."""

import hmac
import json
import time
from typing import Any

import pytest
from django.test import Client

from tests.simulator import SimulatorProcess
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


def send(body: bytes, secret: str, gateway: str = "sandbox") -> Any:
    """Send a callback signed as the sandbox signs it, from a caller without cookies."""
    at = str(int(time.time()))
    signature = hmac.new(secret.encode(), at.encode() + b"." + body, "sha256").hexdigest()
    return Client(enforce_csrf_checks=True).post(
        f"/callbacks/{gateway}",
        body,
        content_type="application/json",
        headers={"sandbox-signature": f"t={at},v1={signature}"},
        SERVER_NAME="localhost",
    )


def event(key: str, event_id: str = "evt_1") -> bytes:
    return json.dumps({"event_id": event_id, "key": key}).encode()


def test_one_that_fits_an_attempt_makes_its_asking_due_and_settles_nothing(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    world = sandboxed_town
    world.at = world.server_time()
    attempt = world.send(world.place(world.card(), world.plan()))
    answer = send(event(attempt.key), simulator.notify_secret)
    assert (answer.status_code, answer.json()) == (200, {"state": "matched"})
    state, is_due = world.all("select state, ask_at <= clock_timestamp() from payments_attempt")[0]
    assert (state, is_due) == ("sent", True)
    assert world.one("select state from renewals_renewal") == "awaiting_payment"


def test_one_that_fits_nothing_yet_is_parked_and_kept(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    body = event("not-yet-1")
    assert send(body, simulator.notify_secret).json() == {"state": "parked"}
    kept = sandboxed_town.all("select state, body, headers from payments_callback")
    assert [(state, bytes(raw)) for state, raw, _headers in kept] == [("parked", body)]
    assert "sandbox-signature" not in kept[0][2]


def test_what_is_wrong_is_named_and_nothing_is_kept(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    secret = simulator.notify_secret
    for answer, status, code in (
        (send(event("a"), "another secret"), 401, "signature_wrong"),
        (send(b"{", secret), 400, "body_wrong"),
        (send(event("a"), secret, "nobody"), 404, "gateway_unknown"),
        (send(b"x" * 65_537, secret), 413, "body_too_large"),
        (send(b"x" * 300_000, secret), 413, "body_too_large"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert len(answer.content) < 200
    assert sandboxed_town.one("select count(*) from payments_callback") == 0


def test_an_address_can_be_tried_and_not_read(sandboxed_town: World) -> None:
    client = Client(SERVER_NAME="localhost")
    assert client.head("/callbacks/sandbox").status_code == 200
    assert client.get("/callbacks/sandbox").status_code == 405
