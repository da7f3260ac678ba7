"""Speaking to PayPal: its places, the token, and exchanges bounded in seconds and bytes.

This knows HTTP and the one header that makes a call happen once, and nothing of orders: those are
paypal.py. Whatever is not a whole answer in time is a FaultError, whose detail names no key, token
or person. Why PayPal's own Python client is not used stands in docs/decisions/0003.
"""

import base64
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import httpx
import msgspec

from everline.errors import FaultError

SYSTEM: Final = "paypal"
BODY_BYTES_MAX: Final = 262_144
CONNECT_MS: Final = 3_000
CALL_MS_MIN: Final = 500
"""With less time left than this a call is not begun: it would be given up on its way."""

TOKEN_SECONDS_SPARE: Final = 120
TOKEN_SECONDS_MAX: Final = 28_800
KEY_LENGTH_MAX: Final = 108
"""The longest PayPal-Request-Id that creating and capturing an order takes."""

_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an environment of PayPal's listens, and what all its own pages begin with."""

    api: str
    pages: str


PLACES: Final[Mapping[str, Place]] = MappingProxyType(
    {
        "live": Place("https://api-m.paypal.com", "https://www.paypal.com/"),
        "sandbox": Place("https://api-m.sandbox.paypal.com", "https://www.sandbox.paypal.com/"),
    }
)
"""PayPal's environments, by the names that operators give them."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What PayPal gives a merchant's application; never in a log, so neither in a repr."""

    client_id: str
    secret: str
    webhook_id: str

    def __repr__(self) -> str:
        return "Keys(…)"


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int


class Wire:
    """A pool of connections to one environment, and the token that opens it."""

    def __init__(self, place: Place, keys: Keys, timeout_ms: int) -> None:
        basic = base64.b64encode(f"{keys.client_id}:{keys.secret}".encode()).decode()
        self._basic = f"Basic {basic}"
        self._timeout_ms = timeout_ms
        self._token, self._token_ends = "", 0
        self._fetching = threading.Lock()
        self._client = httpx.Client(
            base_url=place.api,
            limits=httpx.Limits(max_connections=32, keepalive_expiry=5),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections kept for the next call."""
        self._client.close()

    def deadline(self) -> int:
        """Give the millisecond of the monotonic clock when all calls of a question must be over."""
        return _now_ms() + self._timeout_ms

    def get(self, path: str, ends: int) -> tuple[int, bytes]:
        """Read something; gives status and body, raises FaultError."""
        return self._authorised("GET", path, b"", {}, ends)

    def post(self, path: str, body: bytes, ends: int, key: str = "") -> tuple[int, bytes]:
        """Send something; `key` makes it happen once, however often it is sent with it."""
        assert len(key) <= KEY_LENGTH_MAX
        headers = {"Content-Type": "application/json"}
        if key:
            headers |= {"PayPal-Request-Id": key, "Prefer": "return=representation"}
        return self._authorised("POST", path, body, headers, ends)

    def open(self, ends: int) -> None:
        """Make sure that there is a token; raises FaultError when our keys give none."""
        self._authorisation(ends)

    def _authorised(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], ends: int
    ) -> tuple[int, bytes]:
        """Exchange with a token, and once more with a new one when that is not taken any more."""
        token = self._authorisation(ends)
        answer = self._exchange(method, path, body, {**headers, "Authorization": token}, ends)
        if answer[0] != httpx.codes.UNAUTHORIZED:
            return answer
        self._forget(token)
        token = self._authorisation(ends)
        return self._exchange(method, path, body, {**headers, "Authorization": token}, ends)

    def _forget(self, token: str) -> None:
        with self._fetching:
            if self._token == token:
                self._token_ends = 0

    def _authorisation(self, ends: int) -> str:
        """Give the token of this process; threads that lack one wait for the first to fetch it."""
        if not self._fetching.acquire(timeout=_seconds(max(0, ends - _now_ms()))):
            raise FaultError(SYSTEM, "no token in time")
        try:
            if _now_ms() >= self._token_ends:
                self._fetch_token(ends)
            return self._token
        finally:
            self._fetching.release()

    def _fetch_token(self, ends: int) -> None:
        """Fetch a token for client credentials (RFC 6749, section 4.4)."""
        headers = {
            "Authorization": self._basic,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        begun = _now_ms()
        status, body = self._exchange(
            "POST", "/v1/oauth2/token", b"grant_type=client_credentials", headers, ends
        )
        if status != httpx.codes.OK:
            raise FaultError(SYSTEM, f"no token: answered {status}")
        try:
            told = msgspec.json.decode(body, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise FaultError(SYSTEM, "no token: the answer is not understood") from None
        if _TOKEN.fullmatch(told.access_token) is None:
            raise FaultError(SYSTEM, "no token: the answer is not understood")
        lasts = min(told.expires_in, TOKEN_SECONDS_MAX) - TOKEN_SECONDS_SPARE
        self._token, self._token_ends = f"Bearer {told.access_token}", begun + max(lasts, 0) * 1000

    def _exchange(
        self, method: str, path: str, content: bytes, headers: Mapping[str, str], ends: int
    ) -> tuple[int, bytes]:
        """Send one request; bounded in seconds and bytes, and any silence is a fault."""
        left = ends - _now_ms()
        if left < CALL_MS_MIN:
            raise FaultError(SYSTEM, "no time is left")
        limits = httpx.Timeout(_seconds(left), connect=_seconds(min(CONNECT_MS, left)))
        body = b""
        try:
            request = self._client.build_request(
                method,
                path,
                content=content or None,
                headers={"Accept": "application/json", **headers},
                timeout=limits,
            )
            response = self._client.send(request, stream=True)
            try:
                for part in response.iter_bytes():
                    body += part
                    if len(body) > BODY_BYTES_MAX or _now_ms() > ends:
                        raise FaultError(SYSTEM, "the answer is too long or too slow")
            finally:
                response.close()
        except httpx.HTTPError as error:
            # The error's own text may name an address, in which an order is named.
            raise FaultError(SYSTEM, type(error).__name__) from None
        return response.status_code, body


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _seconds(milliseconds: int) -> Any:
    """Give what libraries wait by; Any, as no amount of money is anywhere near."""
    return timedelta(milliseconds=milliseconds).total_seconds()
