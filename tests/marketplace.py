"""A partner's platform as tests use it: it speaks HTTP with a key and knows nothing else of us.

`Platform` speaks to Django in this process, `serving` runs the real web server beside it.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client

from everline import cards, clock, database
from everline.channels.partner.auth import MEMORY
from everline.database.addresses import Addresses
from everline.database.pool import pool
from tests.demo import free_port
from tests.logs import require_clean
from tests.stores import Owner
from tests.world import Plan, World

RENEWALS, QUOTES = "/api/v1/renewals", "/api/v1/quotes"
STATUS, PLANS = "/api/v1/cards/status", "/api/v1/plans"
INQUIRIES, PAYMENTS = "/api/v1/inquiries", "/api/v1/payments"
ADVICE, REVERSALS = "/api/v1/advice", "/api/v1/reversals"
TOP_UPS, ANNOUNCEMENTS = "/api/v1/top-ups", "/api/v1/announcements"
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API: its status, its JSON, its headers by their names in small letters."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The problem's code; the answer must be a problem that agrees with itself."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.body["status"] == self.status
        assert self.body["type"] == f"urn:everline:problem:{self.body['code']}"
        assert self.body["title"]
        return str(self.body["code"])

    @property
    def is_replayed(self) -> bool:
        """Whether it was answered before."""
        return self.headers.get("idempotent-replayed") == "true"


@dataclass(slots=True)
class Platform:
    """A partner's program; what it sends and gets is all it knows."""

    owner: Owner
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a request with the key; a body that is not bytes goes as JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else written(body)
        given = {"Authorization": f"Bearer {self.owner.key}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        kind = given.pop("Content-Type", "application/json" if raw else "")
        sent = {name: value for name, value in given.items() if value}
        answer = self.client.generic(method, path, raw, kind, headers=sent)
        content = json.loads(answer.content) if answer.content else None
        return Reply(answer.status_code, content, _small(answer.items()))

    def order(self, card: cards.Card, plan: Plan, **more: Any) -> dict[str, Any]:
        """Ask for a quote and write the order that accepts it."""
        asked = {"iccid": card.iccid, "plan": plan.code}
        if "promotion" in more:
            asked["promotion"] = more["promotion"]
        quote = self.send("POST", QUOTES, asked)
        assert quote.status == 200, quote
        return asked | {"quoted_total": quote.body["total"], "quoted_end": quote.body["ends_at"]}

    def renew(self, order: dict[str, Any], key: str | None = None, **headers: str) -> Reply:
        """Send an order under a key, a new one unless it is given."""
        key = key or str(uuid.uuid4())
        return self.send("POST", RENEWALS, order, Idempotency_Key=key, **headers)


@dataclass(frozen=True, slots=True)
class Server:
    """The web server with the API, as a process of its own."""

    port: int

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a request over a connection of its own."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = None if body is None else written(body)
        if raw is not None:
            given["Content-Type"] = "application/json"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as line:
            line.request(method, path, raw, given)
            answer = line.getresponse()
            content = answer.read()
            return Reply(answer.status, json.loads(content), _small(answer.getheaders()))


@pytest.fixture
def platform(town: World) -> Iterator[Platform]:
    """A platform with a deposit of 100 euro; the program's clock shows the world's time."""
    MEMORY.clear()
    clock.use_offset(lambda: town.at - datetime.now(UTC))
    yield Platform(town.partner(deposit=10_000))
    clock.use_offset(timedelta)
    MEMORY.clear()


@pytest.fixture(scope="module")
def web_server(town_logins: Addresses) -> Iterator[Server]:
    """The real web server on the town's database, for all tests of a module."""
    with serving(town_logins) as running:
        yield running


@contextmanager
def serving(logins: Addresses) -> Iterator[Server]:
    """Run Granian on a free port with this database, and end it afterwards."""
    port = free_port()
    program = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    options = ["--workers", "1", "--blocking-threads", "16", "--log-level", "error"]
    said = tempfile.NamedTemporaryFile()  # noqa: SIM115  Closed below, and gone then.
    process = subprocess.Popen(
        [*program, *options, "everline.config.wsgi:application"],
        env=os.environ
        | {
            "EVERLINE_APP_ADDRESS": logins.app,
            "EVERLINE_OWNER_ADDRESS": logins.owner,
            "EVERLINE_MODE": "simulation",
            "EVERLINE_POOL_MAX": "16",
        },
        stdout=said,
        stderr=said,
    )
    try:
        _wait_for(port, process)
        yield Server(port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
    with said:
        require_clean(Path(said.name))


def one_connection() -> psycopg.Connection:
    """Open the raw pool of this process anew with one connection, and give that one."""
    database.close()
    pool().wait()  # Else a second one would be opened while the first is on its way.
    with database.connection() as lent:
        return lent


def written(body: Any) -> bytes:
    """Write a body as JSON."""
    return json.dumps(body).encode()


def _small(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        assert process.poll() is None, "the web server ended"
        with closing(socket.socket()) as line:
            line.settimeout(1)
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the web server did not listen in time")
