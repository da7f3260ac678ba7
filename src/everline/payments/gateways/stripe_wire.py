"""Speaking to Stripe by its official library, on a client of ours, bounded in seconds and bytes.

The library writes and signs the calls and knows their fields. It tries nothing again, as our
attempts are ours; it tells Stripe nothing of earlier calls; and nothing of ours is left in its
globals but that switch. What is not a whole answer in time is a FaultError, what is a no in
Stripe's own words a RefusedError; the details of both name no key and no person. What is asked is
in stripe.py, what answers mean in stripe_answers.py.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import httpx
import msgspec
import stripe

from everline.errors import FaultError

SYSTEM: Final = "stripe"
API: Final = "https://api.stripe.com"
BODY_BYTES_MAX: Final = 1_048_576
CONNECT_MS: Final = 3_000
CALL_MS_MIN: Final = 500
"""With less time left than this a call is not begun: it would be given up on its way."""

CONNECTIONS_MAX: Final = 32
PASSING: Final = frozenset({408, 409, 424, 425, 429})
"""Statuses of the 4xx that say nothing of what was done: a conflict in flight, a limit of rates."""

_WORD: Final = re.compile(r"[a-z][a-z0-9_]{1,59}")
_Kind = TypeVar("_Kind")

stripe.enable_telemetry = False  # It would tell how long earlier calls took, and this machine.


@dataclass(frozen=True, slots=True)
class Keys:
    """What Stripe gives a merchant; never in a log, so neither in a repr."""

    secret: str
    webhook_secret: str

    def __repr__(self) -> str:
        return "Keys(…)"

    @property
    def is_for_tests(self) -> bool:
        """Tell whether these are keys with which no money moves."""
        return "_test_" in self.secret


class Problem(msgspec.Struct, frozen=True):
    """Why Stripe says no, by the codes that it publishes; its sentences are passed over."""

    type: str | None = None
    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    param: str | None = None
    payment_intent: Any = None

    @property
    def word(self) -> str:
        """The most exact of its codes, in a form that is safe to log; '' when there is none."""
        for each in (self.decline_code, self.code):
            if each is not None and _WORD.fullmatch(each):
                return each
        return ""


class _Body(msgspec.Struct, frozen=True):
    error: Problem


class RefusedError(Exception):
    """A call that Stripe read and refused, with the status and the codes that it gave."""

    def __init__(self, status: int, problem: Problem) -> None:
        self.status = status
        self.problem = problem
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        """What is safe to log of it."""
        return f"answered {self.status} {self.problem.word}".strip()

    @property
    def reused(self) -> bool:
        """Tell whether the key of the call was used before, for a call with other values."""
        return self.problem.type == "idempotency_error"


class _Bounded(stripe.HTTPClient):
    """The library's way out: our pool of connections, with a deadline for a whole question."""

    name = "httpx"

    def __init__(self) -> None:
        super().__init__()
        self._until = threading.local()
        self._http = httpx.Client(
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX, keepalive_expiry=5),
            follow_redirects=False,
            trust_env=False,
        )

    def begin(self, timeout_ms: int) -> None:
        """Let all calls of this thread be over in this time, until it begins again."""
        self._until.ends = _now_ms() + timeout_ms

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Send one request; any silence is a fault, and so is what is no object of JSON."""
        left = self._until.ends - _now_ms()
        if left < CALL_MS_MIN:
            raise FaultError(SYSTEM, "no time is left")
        limits = httpx.Timeout(_seconds(left), connect=_seconds(min(CONNECT_MS, left)))
        body = b""
        try:
            request = self._http.build_request(
                method.upper(), url, content=post_data or None, headers=headers, timeout=limits
            )
            response = self._http.send(request, stream=True)
            try:
                for part in response.iter_bytes():
                    body += part
                    if len(body) > BODY_BYTES_MAX or _now_ms() > self._until.ends:
                        raise FaultError(SYSTEM, "the answer is too long or too slow")
            finally:
                response.close()
        except httpx.HTTPError as error:
            # The error's own text may name an address, in which a payment is named.
            raise FaultError(SYSTEM, type(error).__name__) from None
        return _checked(response.status_code, body), response.status_code, response.headers

    def close(self) -> None:
        """Close the connections kept for the next call."""
        self._http.close()


class Wire:
    """Stripe's services with our keys, on connections that are kept."""

    def __init__(self, keys: Keys, timeout_ms: int, api: str = API) -> None:
        self._timeout_ms = timeout_ms
        self._way = _Bounded()
        self._client = stripe.StripeClient(
            keys.secret,
            base_addresses={"api": api},
            max_network_retries=0,
            http_client=self._way,
        )

    def close(self) -> None:
        """Close the connections kept for the next call."""
        self._way.close()

    @contextmanager
    def question(self) -> Iterator[stripe.V1Services]:
        """Lend Stripe's services for one question, whose calls are all over in time.

        Raises FaultError and RefusedError in place of the library's own errors, whose texts may
        name people.
        """
        self._way.begin(self._timeout_ms)
        try:
            yield self._client.v1
        except stripe.StripeError as error:
            raise _told(error) from None


def read(told: stripe.StripeObject, kind: type[_Kind]) -> _Kind:
    """Read an answer as a record of just what we need; raises FaultError for another one."""
    return read_plain(told.to_dict(), kind)


def read_plain(told: Any, kind: type[_Kind]) -> _Kind:
    """Do the same for what is plain already."""
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError:
        raise FaultError(SYSTEM, "the answer is not understood") from None


def _told(error: stripe.StripeError) -> FaultError | RefusedError:
    """Say what an error of the library's means: a no that was read, or nothing at all."""
    status = error.http_status
    if status is None or not httpx.codes.is_client_error(status):
        return FaultError(SYSTEM, f"answered {status}" if status else type(error).__name__)
    try:
        problem = msgspec.convert(error.json_body, _Body).error
    except msgspec.ValidationError:
        return FaultError(SYSTEM, f"answered {status}")
    refused = RefusedError(status, problem)
    if status in PASSING or problem.code == "rate_limit":
        return FaultError(SYSTEM, refused.detail)
    return refused


def _checked(status: int, body: bytes) -> str:
    """Let the library read nothing but an object of JSON; broken ones are faults."""
    try:
        told = msgspec.json.decode(body)
        text = body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FaultError(SYSTEM, f"answered {status} with what is not understood") from None
    if not isinstance(told, dict):
        raise FaultError(SYSTEM, f"answered {status} with what is not understood")
    return text


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _seconds(milliseconds: int) -> Any:
    """Give what libraries wait by; Any, as no amount of money is anywhere near."""
    return timedelta(milliseconds=milliseconds).total_seconds()
