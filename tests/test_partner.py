"""The partner API as a platform uses it: renew once, at what was quoted, from the deposit."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from everline import cards, clock, ledger
from everline.channels.partner.auth import MEMORY
from tests.world import Owner, Plan, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

RENEWALS, QUOTES, STATUS = "/api/v1/renewals", "/api/v1/quotes", "/api/v1/cards/status"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API: its status, its JSON, its headers."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The problem's code; the answer must be a problem."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        assert self.body["status"] == self.status
        assert self.body["type"] == f"urn:everline:problem:{self.body['code']}"
        return str(self.body["code"])


@dataclass(slots=True)
class Platform:
    """A partner's program: it speaks HTTP and knows nothing else."""

    owner: Owner
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a request with the key; a body that is not bytes goes as JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.owner.key}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.generic(
            method,
            path,
            raw,
            given.pop("Content-Type", "application/json" if raw else ""),
            headers={name: value for name, value in given.items() if value},
        )
        content = answer.content
        return Reply(answer.status_code, json.loads(content) if content else None, dict(answer.items()))

    def order(self, card: cards.Card, plan: Plan, **more: Any) -> dict[str, Any]:
        """Ask for a quote and write the order that accepts it."""
        asked = {"iccid": card.iccid, "plan": plan.code}
        if more.get("promotion"):
            asked["promotion"] = more["promotion"]
        quote = self.send("POST", QUOTES, asked)
        assert quote.status == 200, quote
        return {
            **asked, "quoted_total": quote.body["total"], "quoted_end": quote.body["ends_at"], **more
        }  # fmt: skip

    def renew(self, order: dict[str, Any], key: str | None = None, **headers: str) -> Reply:
        """Send an order under a key, a new one unless it is given."""
        return self.send(
            "POST", RENEWALS, order, Idempotency_Key=key or str(uuid.uuid4()), **headers
        )


@pytest.fixture
def platform(world: World) -> Iterator[Platform]:
    """A platform with a deposit of 100 euro; the program's clock shows the world's time."""
    MEMORY.clear()
    clock.use_offset(lambda: world.at - datetime.now(UTC))
    yield Platform(world.partner(deposit=10_000))
    clock.use_offset(timedelta)
    MEMORY.clear()


def test_smoke(world: World, platform: Platform) -> None:
    card, plan = world.card(), world.plan()
    print(platform.send("GET", "/api/v1/plans"))
    print(platform.send("POST", STATUS, {"iccid": card.iccid}))
    o = platform.order(card, plan)
    print(o)
    r = platform.renew(o, "k1")
    print(r)
    print(platform.renew(o, "k1"))
    print(platform.renew(o | {"quoted_total": 5}, "k1"))
    print(platform.renew(o, "k2"))
    print(platform.send("GET", r.headers["Location"]))
    print(platform.send("GET", RENEWALS))
    print(platform.send("GET", "/api/v1/nothing"))
    print(platform.send("DELETE", RENEWALS))
    print(platform.send("POST", QUOTES, {"iccid": "12", "plan": plan.code}))
    print(platform.send("POST", QUOTES, {"iccid": card.iccid, "plan": "x\0"}))
    print(platform.send("POST", QUOTES, b"{"))
    print(platform.send("POST", QUOTES, b"{}", Content_Type="text/plain"))
    print(platform.send("POST", QUOTES, b" "*70000))
    print(platform.send("POST", QUOTES, b""))
    print(platform.send("GET", RENEWALS+"?limit=1000"))
    print(platform.send("GET", RENEWALS+"?limit=1&x=3"))
    print(platform.send("GET", RENEWALS, Authorization=""))
    print(platform.send("GET", RENEWALS, Accept="text/html"))
    print(platform.send("GET", RENEWALS+"/rnw_1"))
    assert ledger
