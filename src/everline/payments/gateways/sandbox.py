"""The sandbox gateway: the bank of everline.simulators, spoken to over HTTP like any other.

It never imports the simulator. Bank card numbers are typed on the bank's own page, so none passes
here. The protocol and its values stand in __init__.py; docs of the other side in simulators/.
"""

import hmac
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import httpx
import msgspec

from everline.errors import FaultError, MisuseError
from everline.money import InvalidAmountError, Money
from everline.payments.gateways import (
    MEANS_LENGTH_MAX,
    NOTHING_KNOWN,
    REASON_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    TOKEN_LENGTH_MAX,
    URL_LENGTH_MAX,
    Abilities,
    ActionNeeded,
    Charge,
    Failed,
    Hint,
    Kept,
    Known,
    Outcome,
    Pending,
    RefundOutcome,
    Setup,
    SetupOutcome,
    Succeeded,
    Unknown,
    checked,
    checked_refund,
)

SIGNATURE_HEADER: Final = "sandbox-signature"
BODY_BYTES_MAX: Final = 65_536
CONNECT_SECONDS: Final = 3
TIMEOUT_SECONDS: Final = 12
ABILITIES: Final = Abilities(
    name="sandbox",
    currencies=None,
    supports_token=True,
    has_page=True,
    ask_again_seconds=(5, 15, 60, 300, 3600),
    supersede_after_seconds=600,
    timeout_seconds=TIMEOUT_SECONDS,
)
REFUSALS: Final = frozenset({"token_unknown", "currency_invalid", "amount_minor_invalid"})
"""Error codes that say the request was read and nothing was or will be charged."""

NEVER_RECEIVED: Final = "never_received"
_SIGNATURE: Final = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


class _Charge(msgspec.Struct, frozen=True):
    reference: str
    key: str
    status: str
    amount_minor: int
    captured_minor: int
    currency: str
    masked_means: str
    reason: str
    hard: bool
    url: str
    kept_token: str = ""


class _Refund(msgspec.Struct, frozen=True):
    reference: str
    key: str
    status: str
    amount_minor: int
    currency: str
    reason: str


class _Event(msgspec.Struct, frozen=True):
    event_id: str
    key: str


class _Error(msgspec.Struct, frozen=True):
    code: str
    message: str


class _Problem(msgspec.Struct, frozen=True):
    error: _Error


class Sandbox:
    """The adapter; holds an address, the secret of callbacks and a pool of connections."""

    def __init__(
        self,
        base_url: str,
        notify_secret: str,
        merchant: str = "Everline",
        timeout_seconds: int = TIMEOUT_SECONDS,
    ) -> None:
        if not notify_secret:
            raise ValueError("the sandbox needs the secret that its callbacks are signed with")
        self._secret = notify_secret.encode()
        self._merchant = merchant
        self._timeout_seconds = timeout_seconds
        self._client = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=128, keepalive_expiry=5),
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def abilities(self) -> Abilities:
        """What the sandbox can do; it takes every currency."""
        return ABILITIES

    def close(self) -> None:
        """Close the connections kept for the next call."""
        self._client.close()

    def charge(self, charge: Charge) -> Outcome:
        """Take the money, or give the outcome that this attempt already has."""
        order = {
            "amount_minor": charge.amount.amount,
            "currency": charge.amount.currency,
            "merchant": self._merchant,
            "description": charge.description,
            "token": charge.token or "",
            "return_url": charge.return_url,
            "notify_url": charge.notify_url,
            "expires_at": charge.expires_at.isoformat(),
            "locale": charge.locale,
            **({"keep": True} if charge.keeps else {}),
            **({"unattended": True} if charge.is_unattended else {}),
        }
        try:
            status, body = self._post("/v1/charges", order, charge.attempt_key)
        except FaultError as fault:
            return Unknown(fault.detail)
        if status != httpx.codes.OK:
            return refused(status, body)
        return checked(charge_outcome(body, charge.attempt_key), charge.amount)

    def set_up(self, setup: Setup) -> SetupOutcome:
        """Open the bank's page on which a number is given to be kept."""
        order = {
            "currency": setup.currency,
            "merchant": self._merchant,
            "description": self._merchant,
            "return_url": setup.return_url,
            "notify_url": setup.notify_url,
            "expires_at": setup.expires_at.isoformat(),
            "locale": setup.locale,
        }
        try:
            status, body = self._post("/v1/setups", order, setup.setup_key)
        except FaultError as fault:
            return Unknown(fault.detail)
        if status != httpx.codes.OK:
            found = refused(status, body)
            return found if isinstance(found, Failed) else Unknown(found.detail)
        return setup_outcome(body, setup.setup_key)

    def query_setup(self, setup_key: str, reference: str) -> SetupOutcome:
        """Ask what became of a setup; one that never arrived is an explicit no."""
        try:
            status, body = self._get("/v1/setups", {"key": setup_key})
        except FaultError as fault:
            return Unknown(fault.detail)
        if code_of(status, body) == "charge_unknown":
            return Failed(reference or None, NEVER_RECEIVED, hard=False)
        if status != httpx.codes.OK:
            return Unknown(f"answered {status}")
        return setup_outcome(body, setup_key)

    def forget(self, token: str, customer: str) -> bool:
        """Have a number kept no longer; one that is gone already is gone."""
        try:
            status, _body = self._post("/v1/kept/forget", {"token": token})
        except FaultError:
            return False
        return status == httpx.codes.OK

    def query(self, attempt_key: str, at: datetime, known: Known = NOTHING_KNOWN) -> Outcome:
        """Ask what became of an attempt.

        A key that the bank has never seen is closed there, so that a request still under way is
        turned away when it arrives. Only then is "never received" an explicit no.
        """
        try:
            status, body = self._get("/v1/charges", {"key": attempt_key, "at": at.isoformat()})
            if code_of(status, body) == "charge_unknown":
                status, body = self._post("/v1/charges/close", {"key": attempt_key})
        except FaultError as fault:
            return Unknown(fault.detail)
        if status != httpx.codes.OK:
            return Unknown(f"answered {status}")
        return charge_outcome(body, attempt_key)

    def refund(self, refund_key: str, attempt_reference: str, amount: Money) -> RefundOutcome:
        """Give back a part or all of a captured attempt."""
        order = {
            "charge": attempt_reference,
            "amount_minor": amount.amount,
            "currency": amount.currency,
        }
        try:
            status, body = self._post("/v1/refunds", order, refund_key)
        except FaultError as fault:
            return Unknown(fault.detail)
        if status != httpx.codes.OK:
            return refused(status, body)
        return checked_refund(_refund_outcome(body, refund_key), amount)

    def query_refund(self, refund_key: str, attempt_reference: str = "") -> RefundOutcome:
        """Ask what became of a refund; one that never arrived is unknown and may be sent again."""
        try:
            status, body = self._get("/v1/refunds", {"key": refund_key})
        except FaultError as fault:
            return Unknown(fault.detail)
        if status != httpx.codes.OK:
            return Unknown(f"answered {status}")
        return _refund_outcome(body, refund_key)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Verify HMAC-SHA256 over "<unix seconds>.<body>" and say what the callback points at.

        The age of the timestamp is not judged: a callback sent again only makes us ask again.
        """
        sent = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE_HEADER, "")
        found = _SIGNATURE.fullmatch(sent)
        signed = (found.group(1) if found else "").encode() + b"." + body
        expected = hmac.new(self._secret, signed, "sha256").hexdigest()
        if found is None or not hmac.compare_digest(expected, found.group(2)):
            raise MisuseError(
                "signature_wrong",
                "The signature does not fit the body. Sign the raw body with the shared secret.",
                field_name=SIGNATURE_HEADER,
            )
        try:
            event = msgspec.json.decode(body, type=_Event)
        except msgspec.DecodeError as error:
            raise MisuseError(
                "body_wrong", "The body names no event and key. Send both.", field_name="body"
            ) from error
        return Hint(event.event_id[:REFERENCE_LENGTH_MAX], event.key)

    def _post(
        self, path: str, values: Mapping[str, Any], key: str | None = None
    ) -> tuple[int, bytes]:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._exchange(
            self._client.build_request("POST", path, json=dict(values), headers=headers)
        )

    def _get(self, path: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        return self._exchange(self._client.build_request("GET", path, params=dict(query)))

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
                        raise FaultError("sandbox", "the answer is too long or too slow")
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise FaultError("sandbox", type(error).__name__) from error
        return response.status_code, body


def charge_outcome(body: bytes, key: str) -> Outcome:
    """Read an answer about a charge; what is not understood is unknown."""
    try:
        told = msgspec.json.decode(body, type=_Charge)
    except msgspec.DecodeError:
        return Unknown("the answer is not understood")
    if told.key != key or not 1 <= len(told.reference) <= REFERENCE_LENGTH_MAX:
        return Unknown("the answer is about another attempt")
    if told.status == "succeeded" and told.captured_minor == told.amount_minor:
        return _yes(
            told.reference, told.captured_minor, told.currency, told.masked_means, told.kept_token
        )
    if told.status == "failed" and told.captured_minor == 0:
        return Failed(told.reference, told.reason[:REASON_LENGTH_MAX], told.hard)
    if told.status == "action_needed" and _is_page(told.url):
        return ActionNeeded(told.reference, told.url)
    if told.status == "pending":
        return Pending(told.reference)
    return Unknown("the answer contradicts itself or says an unknown word")


def setup_outcome(body: bytes, key: str) -> SetupOutcome:
    """Read an answer about a setup; a yes without a token is no yes."""
    try:
        told = msgspec.json.decode(body, type=_Charge)
    except msgspec.DecodeError:
        return Unknown("the answer is not understood")
    if told.key != key or not 1 <= len(told.reference) <= REFERENCE_LENGTH_MAX:
        return Unknown("the answer is about another setup")
    if told.status == "succeeded" and 1 <= len(told.kept_token) <= TOKEN_LENGTH_MAX:
        return Kept(told.kept_token, "", told.masked_means[:MEANS_LENGTH_MAX])
    if told.status == "failed":
        return Failed(told.reference, told.reason[:REASON_LENGTH_MAX], told.hard)
    if told.status == "action_needed" and _is_page(told.url):
        return ActionNeeded(told.reference, told.url)
    if told.status == "pending":
        return Pending(told.reference)
    return Unknown("the answer contradicts itself or says an unknown word")


def _refund_outcome(body: bytes, key: str) -> RefundOutcome:
    try:
        told = msgspec.json.decode(body, type=_Refund)
    except msgspec.DecodeError:
        return Unknown("the answer is not understood")
    if told.key != key or not 1 <= len(told.reference) <= REFERENCE_LENGTH_MAX:
        return Unknown("the answer is about another refund")
    if told.status == "succeeded":
        return _yes(told.reference, told.amount_minor, told.currency, "")
    if told.status == "failed":
        return Failed(told.reference, told.reason[:REASON_LENGTH_MAX], hard=True)
    return Unknown("the answer says an unknown word")


def _yes(
    reference: str, minor: int, currency: str, means: str, token: str = ""
) -> Succeeded | Unknown:
    try:
        captured = Money(minor, currency)
    except InvalidAmountError:
        return Unknown("the answer names no amount of money")
    if minor <= 0:
        return Unknown("the answer names no amount of money")
    means = means[:MEANS_LENGTH_MAX]
    kept = Kept(token, "", means) if 1 <= len(token) <= TOKEN_LENGTH_MAX else None
    return Succeeded(reference, captured, means, kept)


def refused(status: int, body: bytes) -> Failed | Unknown:
    """Read an error: a no only where the bank says that nothing was done and nothing will be."""
    code = code_of(status, body)
    if code == "key_closed":
        return Failed(None, NEVER_RECEIVED, hard=False)
    if code in REFUSALS:
        return Failed(None, code, hard=True)
    return Unknown(f"answered {status}")


def code_of(status: int, body: bytes) -> str:
    """Return the code of a client error, or nothing."""
    if not httpx.codes.is_client_error(status):
        return ""
    try:
        return msgspec.json.decode(body, type=_Problem).error.code
    except msgspec.DecodeError:
        return ""


def _is_page(url: str) -> bool:
    return len(url) <= URL_LENGTH_MAX and re.match(r"https?://[^\s/]+/", url) is not None
