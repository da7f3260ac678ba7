"""Whatever dies between two steps of a card-paid renewal, it is charged once or not at all.

A page, a worker or PostgreSQL is killed at every step, then all is started again and time goes on.
In the end the renewal is delivered, or ended unpaid, or its money went back; the bank and the
network agree, and the audit finds nothing.
"""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from everline import database
from everline.config.plugs import plug_in
from everline.database.addresses import Addresses, addresses, is_embedded
from everline.database.migrate import migrate
from everline.database.server import Server, ensure_running, running
from everline.office.audit import audit
from everline.renewals import find_open, of_card
from tests.conftest import point_at
from tests.simulator import SimulatorProcess
from tests.world import World

DELAYS = (0, 70, 200, 400, 2400)
"""Seconds after which the worker looks again: leases, asking and deadlines run out in between."""


class Zygote:
    """The forking process, as a test speaks to it."""

    def __init__(self, world: World, simulator: SimulatorProcess) -> None:
        self.world, self.simulator = world, simulator
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def do(self, flow: str, kill_at: int = 0, **order: Any) -> dict[str, Any]:
        """Let a child do one order and tell how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = {
            "flow": flow,
            "kill_at": kill_at,
            "address": self.world.logins.app,
            "bank": self.simulator.url,
            "secret": self.simulator.notify_secret,
            "offset": 0,
            "postgres": 0,
            **order,
        }
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def close(self) -> None:
        """End the forking process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@pytest.fixture
def zygote(sandboxed: World, simulator: SimulatorProcess) -> Iterator[Zygote]:
    sandboxed.at = sandboxed.server_time()
    made = Zygote(sandboxed, simulator)
    yield made
    made.close()


def _buy(zygote: Zygote, kill_at: int = 0, saved_card: str = "tok_approve", **order: Any) -> str:
    """Let a page renew a new card, and die on the way; gives the card's number."""
    world = zygote.world
    card = world.card()
    zygote.do(
        "web", kill_at, iccid=card.iccid, plan=str(_plan(world)), token=saved_card,
        request_id=str(uuid.uuid4()), **order,
    )  # fmt: skip
    return card.iccid


def _plan(world: World) -> uuid.UUID:
    found = world.one("select id from catalogue_planversion limit 1")
    return found if isinstance(found, uuid.UUID) else world.plan().version_id


def _recover(zygote: Zygote) -> None:
    """Start a worker again and again, each some time later."""
    for offset in DELAYS:
        told = zygote.do("work", offset=offset)
        assert "error" not in told, told
        world = zygote.world
        if not world.one(
            "select 1 from renewals_renewal where state in"
            " ('placed', 'awaiting_payment', 'paid', 'reversing') limit 1"
        ):
            break


def _check(zygote: Zygote) -> list[str]:
    """Hold each renewal against the bank and the network; gives the states that were reached."""
    world, simulator = zygote.world, zygote.simulator
    charges = {charge["key"]: charge for charge in simulator.read("control/charges")["charges"]}
    states = []
    for renewal_id, state, iccid in world.all(
        "select r.id, r.state, c.iccid from renewals_renewal r"
        " join cards_card c on c.id = r.card_id"
    ):
        charge = charges.get(f"{renewal_id}-1", {})
        is_charged = charge.get("state") == "succeeded"
        orders = simulator.card(iccid)
        has_data = sum(order["state"] == "applied" for order in orders)
        assert all(order["applied"] <= 1 for order in orders)
        if state == "delivered":
            assert (is_charged, has_data) == (True, 1), (charge, orders)
        elif state == "reversed":
            assert (charge["refunded_minor"], has_data) == (1000, 0), (charge, orders)
        else:
            assert state in {"expired", "cancelled"}, state
            assert has_data == 0, orders
            assert not is_charged or charge["refunded_minor"] == 1000, charge
        states.append(state)
    late = world.server_time()
    found = [finding.invariant.name for finding in audit(late) if finding.total]
    assert found == []
    return states


def test_a_page_killed_at_any_step_charges_once_or_not_at_all(zygote: Zygote) -> None:
    card = zygote.world.card()
    whole = zygote.do(
        "web", iccid=card.iccid, plan=str(_plan(zygote.world)), token="tok_approve",
        request_id="whole",
    )  # fmt: skip
    assert not whole["killed"]
    assert whole["steps"] >= 14
    for kill_at in range(1, whole["steps"] + 1):
        _buy(zygote, kill_at)
    _recover(zygote)
    states = _check(zygote)
    assert set(states) == {"delivered", "expired"}
    assert states.count("delivered") >= 3


def test_a_worker_killed_at_any_step_delivers_what_was_paid_once(zygote: Zygote) -> None:
    _buy(zygote)
    whole = zygote.do("work")
    assert not whole["killed"]
    world = zygote.world
    for kill_at in range(1, 25):
        _buy(zygote, saved_card="tok_approve" if kill_at % 2 else "tok_webhook_twice")
        zygote.do("work", kill_at, offset=0 if kill_at % 3 else 70)
    _recover(zygote)
    assert set(_check(zygote)) == {"delivered"}
    assert world.one("select count(*) from notices_notice") == 25


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[tuple[Server, Addresses]]:
    """Run a durable PostgreSQL of its own, which may be killed."""
    if not is_embedded():
        pytest.skip("PostgreSQL is killed only where it is our embedded one")
    with running(tmp_path / "home", durable=True) as server:
        logins = addresses(tmp_path / "home", "everline_killed")
        point_at(logins)
        migrate(logins, datetime.now(UTC))
        connections.close_all()
        yield server, logins
        database.close()


def _postmaster(server: Server) -> int:
    (pid_file,) = server.home.glob("postgres-*/postmaster.pid")
    return int(pid_file.read_text().split()[0])


def test_a_killed_postgresql_loses_nothing_that_was_answered(
    own_server: tuple[Server, Addresses], simulator: SimulatorProcess
) -> None:
    server, logins = own_server
    with psycopg.connect(logins.owner, autocommit=True) as owner:
        owner.execute("update database_deployment set mode = 'simulation'")
        world = World(owner, logins)
        world.at = world.server_time()
        plan = world.plan().version_id
        cards = [world.card() for _ in range(12)]
        settings.SANDBOX_ADDRESS, settings.SANDBOX_SECRET = simulator.url, simulator.notify_secret
        plug_in()
    database.close()
    zygote = Zygote(world, simulator)
    for number, card in enumerate(cards):
        order: dict[str, Any] = {"iccid": card.iccid, "plan": str(plan), "token": "tok_approve"}
        flow = "web" if number < 8 else "work"
        if flow == "work":
            zygote.do("web", request_id=f"calm-{number}", **order)
        zygote.do(
            flow, 2 * number + 3 if number < 8 else 3 * (number - 7),
            request_id=f"killed-{number}", postgres=_postmaster(server), **order,
        )  # fmt: skip
        server = ensure_running(server.home)
    with psycopg.connect(logins.owner, autocommit=True) as owner:
        world.owner = owner
        _recover(zygote)
        assert set(_check(zygote)) <= {"delivered", "expired"}
    zygote.close()
    server.leave()


def test_open_renewals_are_found_by_their_card(sandboxed: World) -> None:
    card = sandboxed.card()
    assert find_open(card.id) is None
    assert of_card(card.id, 5) == []
