"""PayPal: an order that the customer approves on PayPal's page, and that we capture afterwards.

Money moves only when we capture, so an order that we never capture is an explicit no; that makes
turning away, coming late and a lost answer to the order simple. An order is found by the reference
that PayPal gave it, and bears our attempt key as `custom_id`. The wire stands in paypal_wire.py,
what answers mean in paypal_answers.py. Source: PayPal's OpenAPI descriptions of Orders v2
(2.13), Payments v2 (2.5) and Webhooks v1 (1.11).
"""

import re
import threading
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import httpx
import msgspec

from everline.errors import FaultError, MisuseError
from everline.money import Money
from everline.payments.gateways import (
    DAY_SECONDS,
    NOTHING_KNOWN,
    REFERENCE_LENGTH_MAX,
    Abilities,
    ActionNeeded,
    Charge,
    Failed,
    Hint,
    Known,
    Outcome,
    RefundOutcome,
    Unknown,
    checked,
    checked_refund,
)
from everline.payments.gateways.paypal_answers import (
    CAPTURED_ALREADY,
    NAME,
    REFUNDED_ALREADY,
    Order,
    captured,
    event_of,
    is_genuine,
    issue_of,
    order_of,
    order_of_capture,
    page_of,
    refund_listed,
    refund_outcome,
    refused,
    refused_refund,
    value_of,
)
from everline.payments.gateways.paypal_wire import Keys, Place, Wire

CREATED: Final = (httpx.codes.OK, httpx.codes.CREATED)
TIMEOUT_SECONDS: Final = 14
VERIFY_AT_ONCE_MAX: Final = 4
"""How many callbacks one process lets PayPal verify at once: anybody may send us one."""

KEY_LENGTH_MAX: Final = 64
BRAND_LENGTH_MAX: Final = 127
CURRENCIES: Final = frozenset(
    {
        "AUD",
        "CAD",
        "CHF",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "JPY",
        "MXN",
        "NOK",
        "NZD",
        "PHP",
        "PLN",
        "SEK",
        "SGD",
        "THB",
        "TWD",
        "USD",
    }
)
"""What PayPal takes from anywhere, by its published list of currency codes.

BRL, CNY and MYR are on that list for accounts of their own country alone, so they are not here.
"""

ABILITIES: Final = Abilities(
    name=NAME,
    title="PayPal",
    currencies=CURRENCIES,
    supports_token=False,
    has_page=True,
    ask_again_seconds=(30, 60, 120, 300, 600, 1200, 3600, 6 * 3600, DAY_SECONDS, DAY_SECONDS),
    supersede_after_seconds=900,
    timeout_seconds=TIMEOUT_SECONDS,
)
LOCALES: Final[Mapping[str, str]] = MappingProxyType(
    {"en": "en-US", "zh-hans": "zh-CN", "id": "id-ID"}
)
"""PayPal's pages in our languages; another is left to PayPal to choose."""

_ID: Final = re.compile(r"[A-Z0-9-]{1,36}")
_SENT: Final[Mapping[str, tuple[str, re.Pattern[str]]]] = MappingProxyType(
    {
        "auth_algo": ("paypal-auth-algo", re.compile(r"[a-zA-Z0-9]{1,100}")),
        "cert_url": (
            "paypal-cert-url",
            re.compile(r"https://[a-z0-9.-]{1,60}\.paypal\.com/[\x21-\x7e]{1,400}"),
        ),
        "transmission_id": (
            "paypal-transmission-id",
            re.compile(r"(?![0-9]+$)[a-zA-Z0-9_][\x21-\x7e]{1,49}"),
        ),
        "transmission_sig": ("paypal-transmission-sig", re.compile(r"[a-zA-Z0-9+/=_-]{2,500}")),
        "transmission_time": ("paypal-transmission-time", re.compile(r"[0-9TZ:.+-]{10,40}")),
    }
)
"""What PayPal signs a callback with: the field of its verification, the header, and its form."""


class PayPal:
    """The adapter; holds the merchant's keys, connections and the token of the process."""

    def __init__(
        self,
        place: Place,
        keys: Keys,
        merchant: str = "Everline",
        timeout_ms: int = TIMEOUT_SECONDS * 1000,
    ) -> None:
        if not (keys.client_id and keys.secret and keys.webhook_id):
            raise ValueError("PayPal needs a client id, a secret and a webhook id")
        self._place = place
        self._webhook_id = keys.webhook_id
        self._merchant = merchant
        self._wire = Wire(place, keys, timeout_ms)
        self._verifying = threading.BoundedSemaphore(VERIFY_AT_ONCE_MAX)

    @property
    def abilities(self) -> Abilities:
        """What PayPal can do; a saved means of payment is not taken yet."""
        return ABILITIES

    def close(self) -> None:
        """Close the connections kept for the next call."""
        self._wire.close()

    def trouble(self) -> str:
        """Say why PayPal cannot be used now; empty when our keys give a token."""
        try:
            self._wire.open(self._wire.deadline())
        except FaultError as fault:
            return fault.detail
        return ""

    def charge(self, charge: Charge) -> Outcome:
        """Create the order that the customer is to approve, or give the outcome that it has."""
        value = value_of(charge.amount)
        if charge.token is not None:
            return Failed(None, "token_unknown", hard=True)
        if value is None or not ABILITIES.takes(charge.amount.currency):
            return Failed(None, "currency_not_taken", hard=True)
        order = msgspec.json.encode(self._order(charge, value))
        ends = self._wire.deadline()
        try:
            status, body = self._wire.post("/v2/checkout/orders", order, ends, charge.attempt_key)
            if status not in CREATED:
                return refused(status, body)
            found = order_of(body, charge.attempt_key, is_new=True)
            known = Known(None, charge.amount)
            return checked(self._follow(found, charge.attempt_key, known, ends), charge.amount)
        except FaultError as fault:
            return Unknown(fault.detail)

    def query(self, attempt_key: str, at: datetime, known: Known = NOTHING_KNOWN) -> Outcome:
        """Read the order of an attempt, and capture it when the customer has approved it.

        Without a reference its making was never confirmed: nobody was given its page, so nobody
        can approve it, and it is never captured.
        """
        return self._ask(attempt_key, known, is_stopping=False)

    def stop(self, attempt_key: str, known: Known = NOTHING_KNOWN) -> Outcome:
        """Give up an order that was not approved yet; it is never captured afterwards."""
        return self._ask(attempt_key, known, is_stopping=True)

    def refund(self, refund_key: str, attempt_reference: str, amount: Money) -> RefundOutcome:
        """Give back a part or all of a capture; `attempt_reference` is the capture's own id.

        The key is the refund's invoice too: PayPal keeps request ids for 45 days, and refuses a
        second refund with one invoice for ever.
        """
        value = value_of(amount)
        if value is None or _ID.fullmatch(attempt_reference) is None:
            return Failed(None, "reference_unknown", hard=True)
        order = {
            "amount": {"currency_code": amount.currency, "value": value},
            "custom_id": refund_key,
            "invoice_id": refund_key,
        }
        path = f"/v2/payments/captures/{attempt_reference}/refund"
        ends = self._wire.deadline()
        try:
            status, body = self._wire.post(path, msgspec.json.encode(order), ends, refund_key)
            if status in CREATED:
                return checked_refund(refund_outcome(body, refund_key), amount)
            issue = issue_of(status, body)
            if issue in REFUNDED_ALREADY:
                listed = self._listed(refund_key, attempt_reference, ends)
                if listed is not None:
                    return checked_refund(listed, amount)
        except FaultError as fault:
            return Unknown(fault.detail)
        return refused_refund(status, issue)

    def query_refund(self, refund_key: str, attempt_reference: str = "") -> RefundOutcome:
        """Look for a refund among those of its order; one that is not there is unknown."""
        if _ID.fullmatch(attempt_reference) is None:
            return Unknown("the capture is not known")
        try:
            listed = self._listed(refund_key, attempt_reference, self._wire.deadline())
        except FaultError as fault:
            return Unknown(fault.detail)
        return listed or Unknown("the refund is not listed")

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Let PayPal verify its own signature, and say which attempt the callback points at.

        The event is sent back byte for byte, since a checksum of it is signed. Of the body only
        ids and states are kept: it names the payer.
        """
        try:
            event = event_of(body)
        except FaultError:
            raise _misuse("body_wrong", "The body is no event of PayPal's.", "body") from None
        sent = _signed(headers)
        fields = msgspec.json.encode({**sent, "webhook_id": self._webhook_id})
        asked = fields[:-1] + b',"webhook_event":' + body.strip() + b"}"
        if not self._verifying.acquire(blocking=False):
            raise FaultError(NAME, "too many callbacks at once")
        try:
            status, told = self._wire.post(
                "/v1/notifications/verify-webhook-signature", asked, self._wire.deadline()
            )
        finally:
            self._verifying.release()
        if not is_genuine(status, told):
            raise _misuse("signature_wrong", "PayPal says that this callback is not its own.")
        key = event.attempt_key if len(event.attempt_key) <= KEY_LENGTH_MAX else ""
        return Hint(event.id[:REFERENCE_LENGTH_MAX], key, event.kept)

    def _order(self, charge: Charge, value: str) -> dict[str, Any]:
        """Write an order: one purchase, paid at once, nothing shipped, on pages in one language."""
        context = {
            "brand_name": self._merchant[:BRAND_LENGTH_MAX],
            "shipping_preference": "NO_SHIPPING",
            "user_action": "PAY_NOW",
            "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
            "return_url": charge.return_url,
            "cancel_url": charge.cancel_url or charge.return_url,
        }
        if charge.locale.lower() in LOCALES:
            context["locale"] = LOCALES[charge.locale.lower()]
        purchase = {
            "amount": {"currency_code": charge.amount.currency, "value": value},
            "description": charge.description[:BRAND_LENGTH_MAX],
            "custom_id": charge.attempt_key,
            "invoice_id": charge.attempt_key,
        }
        return {
            "intent": "CAPTURE",
            "purchase_units": [purchase],
            "payment_source": {"paypal": {"experience_context": context}},
        }

    def _ask(self, key: str, known: Known, *, is_stopping: bool) -> Outcome:
        if known.reference is None:
            return Failed(None, "never_received", hard=False)
        ends = self._wire.deadline()
        try:
            found = self._read(known.reference, key, ends)
            return self._follow(found, key, known, ends, is_stopping=is_stopping)
        except FaultError as fault:
            return Unknown(fault.detail)

    def _read(self, reference: str, key: str, ends: int) -> Order:
        """Read an order again; raises FaultError when there is no whole answer about this one."""
        if _ID.fullmatch(reference) is None:
            raise FaultError(NAME, "the reference is not an order's")
        return order_of(self._found(f"/v2/checkout/orders/{reference}", ends), key)

    def _follow(
        self, order: Order, key: str, known: Known, ends: int, *, is_stopping: bool = False
    ) -> Outcome:
        """Say how an order stands, and take the money of one that was approved in time."""
        match order.status:
            case "CREATED" | "SAVED" | "PAYER_ACTION_REQUIRED":
                if is_stopping:
                    return Failed(order.id, "cancelled", hard=False)
                if not known.may_take:
                    return Failed(order.id, "expired", hard=False)
                url = page_of(order, self._place.pages)
                return ActionNeeded(order.id, url) if url else Unknown("the page is not PayPal's")
            case "APPROVED" if not known.may_take:
                return Failed(order.id, "expired", hard=False)
            case "APPROVED":
                if known.amount is not None and order.money not in {None, known.amount}:
                    return Unknown("the order is about another amount")
                return self._capture(order, key, ends)
            case "COMPLETED":
                return captured(order, key)
            case "VOIDED":
                return Failed(order.id, "voided", hard=False)
        return Unknown("the order says an unknown word")

    def _capture(self, order: Order, key: str, ends: int) -> Outcome:
        """Take the money; its request id comes from the attempt's, so it is taken once."""
        path = f"/v2/checkout/orders/{order.id}/capture"
        status, body = self._wire.post(path, b"{}", ends, f"{key}-capture")
        if status in CREATED:
            return captured(order_of(body, key), key)
        if issue_of(status, body) in CAPTURED_ALREADY:
            return captured(self._read(order.id, key, ends), key)
        return refused(status, body, order.id)

    def _listed(self, refund_key: str, capture_id: str, ends: int) -> RefundOutcome | None:
        """Find a refund in the order that its capture belongs to; None when it is not there."""
        order_id = order_of_capture(self._found(f"/v2/payments/captures/{capture_id}", ends))
        if _ID.fullmatch(order_id) is None:
            raise FaultError(NAME, "the capture names no order")
        return refund_listed(self._found(f"/v2/checkout/orders/{order_id}", ends), refund_key)

    def _found(self, path: str, ends: int) -> bytes:
        """Read what must be there."""
        status, body = self._wire.get(path, ends)
        if status != httpx.codes.OK:
            raise FaultError(NAME, f"answered {status}")
        return body


def _signed(headers: Mapping[str, str]) -> dict[str, str]:
    """Read what a callback is signed with; raises MisuseError for what PayPal never sends."""
    sent = {name.lower(): value for name, value in headers.items()}
    found = {}
    for field, (header, form) in _SENT.items():
        value = sent.get(header, "")
        if form.fullmatch(value) is None:
            raise _misuse("signature_wrong", "Send the five headers that PayPal signs.", header)
        found[field] = value
    return found


def _misuse(code: str, sentence: str, field: str = "paypal-transmission-sig") -> MisuseError:
    return MisuseError(code, sentence, field_name=field)
