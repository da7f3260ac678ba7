"""Through every door: whatever dies in the middle of a request, the same request again is enough.

The web server's process is killed, or its connections to the database are cut, at a step of the
request that pays; then the person presses again, the program sends again, the provider delivers its
webhook again, the next worker sweeps. There is one renewal and one charge, a worker delivers it
once, the books balance. A gateway that is unsure in the middle is the conformance suite's.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, Self

import pytest
from django.conf import settings
from django.db import connections
from django.http import HttpResponse
from django.test import Client

from everline import clock, database, notices
from everline.cards import Card
from everline.office.audit import audit
from tests.channels.automatic import Mandate
from tests.channels.door import Door
from tests.channels.hotline import TOKEN, Caller
from tests.channels.kiosk import Kiosk
from tests.channels.partner import Api
from tests.channels.store import Till
from tests.channels.test_conformance import DOORS, sandboxed
from tests.channels.web import Page
from tests.simulator import SimulatorProcess
from tests.test_kills import DELAYS, Zygote
from tests.world import World

__all__ = ["sandboxed"]

pytestmark = [
    pytest.mark.kill,
    pytest.mark.filterwarnings("ignore:No directory at"),  # No static files are needed.
]

KILLS_MAX, CUTS_MAX = 8, 3
"""At so many steps of a request it is struck, spread over all of them."""

PLAIN: Final = {"wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": True}


class LostError(Exception):
    """Nobody answered."""


class Remote:
    """The server as a browser reaches it, one of whose requests another process answers.

    That is request number `at` from now on, counted from nought; the others are answered here.
    """

    def __init__(self, zygote: Zygote, client: Client, at: int, **order: Any) -> None:
        self.zygote, self.client, self.left, self.order = zygote, client, at, order
        self.own: Any = client.handler
        self.steps = 0

    def __enter__(self) -> Self:
        self.client.handler = self  # type: ignore[assignment]  # It is called in the same way.
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.handler = self.own

    def __call__(self, environ: dict[str, Any]) -> Any:
        self.left -= 1
        if self.left != -1:
            return self.own(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        told = self.zygote.do(
            "door",
            environ=PLAIN | {name: value for name, value in environ.items() if type(value) is str},
            body=body.hex(),
            token=TOKEN,
            offset=(self.zygote.world.at - datetime.now(UTC)).total_seconds(),
            **self.order,
        )
        self.steps = told.get("steps", 0)
        if told.get("status", 500) >= 500:  # Whoever is told so may press again, as without one.
            raise LostError(told.get("error", "killed"))
        answer = HttpResponse(
            bytes.fromhex(told["content"]), status=told["status"], headers=told["headers"]
        )
        for cookie in told["cookies"]:
            answer.cookies.load(cookie)
        answer.wsgi_request = SimpleNamespace()  # type: ignore[attr-defined]  # The client asks.
        return answer


@pytest.fixture
def forge(sandboxed: World, simulator: SimulatorProcess) -> Iterator[Zygote]:
    """A process from which web servers are forked, in a world whose time the pages show."""
    sandboxed.at = sandboxed.server_time()
    clock.use_offset(lambda: sandboxed.at - datetime.now(UTC))
    senders = notices.installed()
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    settings.HOTLINE_TOKEN = TOKEN
    zygote = Zygote(sandboxed, simulator)
    yield zygote
    zygote.close()
    notices.install(senders)
    clock.use_offset(timedelta)


def strike(zygote: Zygote, door: Door, **order: Any) -> tuple[Card, int]:
    """Let a door renew a new card and be struck on the way, then again; gives the steps taken."""
    world = zygote.world
    card, plan = world.card(), world.plan()
    door.funds(card, 2500)
    request = door.ask(card, plan)
    _close()
    steps = 0
    if isinstance(door, Mandate):
        offset = (world.at - datetime.now(UTC)).total_seconds()
        steps = zygote.do("sweep", offset=offset, **order).get("steps", 0)
    else:
        client, at = paying(door, request)
        with Remote(zygote, client, at, **order) as remote:
            try:
                door.send(request)
            except LostError:
                assert order["kill_at"]
        steps = remote.steps
    _close()
    world.advance(seconds=30)  # A turn of a call that died is free again after twenty.
    told = door.send(request)
    if isinstance(door, Kiosk) and order["kill_at"]:
        # Whether the card terminal had been told, nobody knows then: the janitor asks it.
        assert told.outcome in {"paid", "checking", "shown"}, (order, told)
    else:
        assert told.outcome == "paid", (order, told)
    made = "select count(*) from renewals_renewal where card_id = %s"
    assert world.one(made, card.id) == 1 + door.beforehand, order
    return card, steps


def paying(door: Door, request: str) -> tuple[Client, int]:
    """Give the browser or program that sends, and how many requests come before the one that pays.

    On the telephone the first key agrees, and the PIN pays.
    """
    if isinstance(door, Caller):
        return door.lines[request].client, 1
    assert isinstance(door, Page | Api | Till | Kiosk)
    return door.client, 0


def _close() -> None:
    """Leave no connection here that could be cut."""
    database.close()
    connections.close_all()


def spread(steps: int, most: int) -> list[int]:
    """Choose some of the steps, the first and the last among them."""
    return sorted({1 + (steps - 1) * each // (most - 1) for each in range(most)})


@pytest.mark.parametrize("name", DOORS)
def test_a_request_that_dies_anywhere_is_sent_again_and_renews_once(
    forge: Zygote, simulator: SimulatorProcess, name: str
) -> None:
    world = forge.world
    door = DOORS[name](world, "en")
    calm, steps = strike(forge, door, kill_at=0)
    assert steps >= 2
    kills: list[dict[str, Any]] = [{"kill_at": step} for step in spread(steps, KILLS_MAX)]
    cuts = [{"kill_at": step, "cut": world.logins.admin} for step in spread(steps, CUTS_MAX)]
    struck = [calm, *(strike(forge, door, **order)[0] for order in (*kills, *cuts))]
    recover(forge)
    check(world, simulator, struck, door)


def recover(zygote: Zygote) -> None:
    """Let a worker deliver what is paid, again some time later if it must be.

    It works at the last of these times in any case: the audit looks from there, and more may have
    fallen due until then.
    """
    for delay in DELAYS:
        work(zygote, delay)
        if not is_open(zygote):
            break
    for _again in range(3):
        work(zygote, DELAYS[-1])
        if not is_open(zygote):
            break


def work(zygote: Zygote, delay: int) -> None:
    later = zygote.world.at + timedelta(seconds=delay)
    told = zygote.do("work", offset=(later - datetime.now(UTC)).total_seconds())
    assert "error" not in told, told


def is_open(zygote: Zygote) -> bool:
    """Tell whether a renewal has not come to its end yet."""
    return bool(
        zygote.world.one(
            "select 1 from renewals_renewal where state in"
            " ('placed', 'awaiting_payment', 'paid', 'reversing') limit 1"
        )
    )


def check(world: World, simulator: SimulatorProcess, struck: list[Card], door: Door) -> None:
    """Hold each card against the bank and the network, and the books against the audit."""
    charges = {each["key"]: each for each in simulator.read("control/charges")["charges"]}
    states = []
    for card in struck:
        made = world.all("select state, id from renewals_renewal where card_id = %s", card.id)
        orders = [each["applied"] for each in simulator.card(card.iccid)]
        assert all(applied <= 1 for applied in orders), orders
        kept = [
            charge
            for _state, renewal in made
            for key, charge in charges.items()
            if key.startswith(str(renewal))
            and charge["state"] == "succeeded"
            and not charge["refunded_minor"]
        ]
        delivered = [state for state, _renewal in made].count("delivered")
        # A mandate's first term is delivered beforehand, and more fall due in the meantime.
        assert sum(orders) == delivered or door.beforehand, (made, orders)
        if door.beforehand:
            assert delivered == len(made) > door.beforehand, made
        elif isinstance(door, Kiosk):
            assert len(kept) == delivered <= 1, (made, kept)
        else:
            assert delivered == len(made) == 1, made
        states += [state for state, _renewal in made]
    assert set(states) <= {"delivered", "cancelled", "expired", "reversed"}
    assert states.count("delivered") > len(struck) // 2
    at = world.at + timedelta(seconds=DELAYS[-1])
    assert [each.invariant.name for each in audit(at) if each.total] == []
