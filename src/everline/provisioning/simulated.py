"""The simulated network: the one of everline.simulators, spoken to over HTTP like any other.

It never imports the simulator. The protocol and its values stand in network.py; what the other side
can be made to do stands in simulators/network.py and simulators/faults.py.
"""

import time
from typing import Final
from urllib.parse import quote

import httpx
import msgspec

from everline.errors import FaultError
from everline.provisioning.network import (
    REASON_LENGTH_MAX,
    Applied,
    ApplyOutcome,
    NetworkOrder,
    NotFound,
    QueryOutcome,
    Refused,
    Reversed,
    ReverseOutcome,
    Unknown,
)

BODY_BYTES_MAX: Final = 65_536
CONNECT_SECONDS: Final = 3
TIMEOUT_SECONDS: Final = 10


class _Order(msgspec.Struct, frozen=True):
    reference: str
    status: str
    reason: str


class _Held(msgspec.Struct, frozen=True):
    eid: str = ""


class _Error(msgspec.Struct, frozen=True):
    code: str


class _Problem(msgspec.Struct, frozen=True):
    error: _Error


class Simulated:
    """The adapter; holds an address and a pool of connections."""

    def __init__(self, base_url: str, timeout_seconds: int = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._client = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=32, keepalive_expiry=5),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections kept for the next call."""
        self._client.close()

    def apply(self, order: NetworkOrder) -> ApplyOutcome:
        """Put an entitlement on a card, or give the outcome that this order already has."""
        told = self._told(
            "POST",
            "/network/apply",
            order.reference,
            {
                "reference": order.reference,
                "iccid": order.iccid,
                "starts_at": order.starts_at.isoformat(),
                "ends_at": order.ends_at.isoformat(),
                "allowance_bytes": order.allowance_bytes,
                "bonus_bytes": order.bonus_bytes,
                "fair_use_bytes": order.fair_use_bytes,
                "replaces": order.replaces,
            },
        )
        return told if isinstance(told, Unknown) else _applied(told)

    def query(self, reference: str) -> QueryOutcome:
        """Ask what became of an order; one that was taken back counts as refused."""
        told = self._told("GET", f"/network/orders/{quote(reference, safe='')}", reference)
        if isinstance(told, Unknown):
            return told
        return NotFound(reference) if told.status == "not_found" else _applied(told)

    def reverse(self, reference: str) -> ReverseOutcome:
        """Take an order back; a reference never seen is closed there for ever."""
        told = self._told("POST", "/network/reverse", reference, {"reference": reference})
        if isinstance(told, Unknown):
            return told
        if told.status == "reversed":
            return Reversed(told.reference)
        if told.status == "refused":
            return Refused(told.reason[:REASON_LENGTH_MAX])
        return Unknown(f"says {told.status[:20]!r}")

    def eid_of(self, iccid: str) -> str | None:
        """Tell the EID of the chip that holds an eSIM's profile; None while that is not known."""
        request = self._client.build_request("GET", f"/network/cards/{quote(iccid, safe='')}")
        try:
            status, body = self._exchange(request)
            told = msgspec.json.decode(body, type=_Held) if status == httpx.codes.OK else _Held()
        except (FaultError, msgspec.DecodeError):
            return None
        return told.eid or None

    def _told(
        self, method: str, path: str, reference: str, values: dict[str, object] | None = None
    ) -> _Order | Unknown:
        """Exchange one request for the state of an order; whatever is not one is unknown."""
        try:
            status, body = self._exchange(self._client.build_request(method, path, json=values))
            if status == httpx.codes.NOT_FOUND:
                problem = msgspec.json.decode(body, type=_Problem)
                if problem.error.code == "order_unknown":
                    return _Order(reference, "not_found", "")
            if status != httpx.codes.OK:
                return Unknown(f"answered {status}")
            told = msgspec.json.decode(body, type=_Order)
        except FaultError as fault:
            return Unknown(fault.detail)
        except msgspec.DecodeError:
            return Unknown("the answer is not understood")
        if told.reference != reference:
            return Unknown("the answer is about another order")
        return told

    def _exchange(self, request: httpx.Request) -> tuple[int, bytes]:
        """Send one request; bounded in seconds and bytes, and any silence is a fault."""
        ends = time.monotonic() + self._timeout_seconds
        body = b""
        try:
            response = self._client.send(request, stream=True)
            try:
                for part in response.iter_bytes():
                    body += part
                    if len(body) > BODY_BYTES_MAX or time.monotonic() > ends:
                        raise FaultError("network", "the answer is too long or too slow")
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise FaultError("network", type(error).__name__) from error
        return response.status_code, body


def _applied(told: _Order) -> Applied | Refused | Unknown:
    if told.status == "applied":
        return Applied(told.reference)
    if told.status == "refused":
        return Refused(told.reason[:REASON_LENGTH_MAX])
    if told.status == "reversed":
        return Refused("reversed")
    return Unknown(f"says {told.status[:20]!r}")
