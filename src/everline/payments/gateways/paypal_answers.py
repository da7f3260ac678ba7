"""What PayPal's answers mean: an order, a capture, a refund, an error, an event.

Answers are read into records of just what we need, and anything else in them is passed over; what
is not understood is a FaultError or `Unknown`, never a yes or a no. Nothing is called from here:
that is paypal.py. Issue codes are those that PayPal publishes for each operation.
"""

import re
from typing import Final, TypeVar

import httpx
import msgspec

from everline.errors import FaultError
from everline.money import InvalidAmountError, Money, exponent
from everline.payments.gateways import (
    MEANS_LENGTH_MAX,
    REASON_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    URL_LENGTH_MAX,
    Failed,
    Outcome,
    Pending,
    RefundOutcome,
    Succeeded,
    Unknown,
)

NAME: Final = "paypal"
WITHOUT_DECIMALS: Final = frozenset({"HUF", "JPY", "TWD"})
"""Currencies of which PayPal takes whole units only, whatever the tables of others say."""

MEANS: Final = "PayPal"
"""With what somebody paid: PayPal tells an e-mail address too, which is not kept."""

TRY_AGAIN: Final = frozenset(
    {"INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED", "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"}
)
"""Refusals of a capture after which the payer may choose another means at PayPal."""

REFUSED: Final = frozenset(
    {
        "AGREEMENT_ALREADY_CANCELLED",
        "CANNOT_BE_NEGATIVE",
        "CANNOT_BE_ZERO_OR_NEGATIVE",
        "COMPLIANCE_VIOLATION",
        "DECIMAL_PRECISION",
        "DOMESTIC_TRANSACTION_REQUIRED",
        "INVALID_CURRENCY_CODE",
        "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
        "MAX_VALUE_EXCEEDED",
        "PAYEE_ACCOUNT_INVALID",
        "PAYEE_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYEE_ACCOUNT_RESTRICTED",
        "PAYEE_BLOCKED_TRANSACTION",
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYER_ACCOUNT_RESTRICTED",
        "PAYER_CANNOT_PAY",
        "TRANSACTION_BLOCKED_BY_PAYEE",
        "TRANSACTION_LIMIT_EXCEEDED",
        "TRANSACTION_RECEIVING_LIMIT_EXCEEDED",
        "TRANSACTION_REFUSED",
    }
)
"""Refusals of an order or capture after which the same again is refused too."""

CAPTURED_ALREADY: Final = frozenset(
    {
        "DUPLICATE_INVOICE_ID",
        "ORDER_ALREADY_CAPTURED",
        "ORDER_COMPLETION_IN_PROGRESS",
        "ORDER_NOT_APPROVED",
    }
)
"""What a capture is refused with when another call of ours was there before: read it again."""

REFUNDED_ALREADY: Final = frozenset(
    {"CAPTURE_FULLY_REFUNDED", "DUPLICATE_INVOICE_ID", "REFUND_AMOUNT_EXCEEDED"}
)
"""What a refund may be refused with because it happened before: it is looked for first."""

REFUND_REFUSED: Final = frozenset(
    {
        "CANNOT_BE_NEGATIVE",
        "CANNOT_BE_ZERO_OR_NEGATIVE",
        "CAPTURE_FULLY_REFUNDED",
        "CURRENCY_MISMATCH",
        "DECIMALS_NOT_SUPPORTED",
        "DECIMAL_PRECISION",
        "INVALID_CURRENCY_CODE",
        "MAX_NUMBER_OF_REFUNDS_EXCEEDED",
        "PARTIAL_REFUND_NOT_ALLOWED",
        "PAYEE_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
        "REFUND_AMOUNT_EXCEEDED",
        "REFUND_AMOUNT_TOO_LOW",
        "REFUND_CAPTURE_CURRENCY_MISMATCH",
        "REFUND_IS_RESTRICTED",
        "REFUND_NOT_ALLOWED",
        "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK",
        "REFUND_TIME_LIMIT_EXCEEDED",
    }
)
"""Refusals of a refund that last. Short funds or a dispute do not: it is sent again later."""

_Kind = TypeVar("_Kind")
_ISSUE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,58}")


class _Amount(msgspec.Struct, frozen=True):
    currency_code: str
    value: str


class _Link(msgspec.Struct, frozen=True):
    href: str
    rel: str


class _Capture(msgspec.Struct, frozen=True):
    id: str
    status: str
    amount: _Amount
    custom_id: str = ""


class _Refund(msgspec.Struct, frozen=True):
    id: str
    status: str
    amount: _Amount
    custom_id: str = ""
    invoice_id: str = ""


class _Payments(msgspec.Struct, frozen=True):
    captures: tuple[_Capture, ...] = ()
    refunds: tuple[_Refund, ...] = ()


class _Purchase(msgspec.Struct, frozen=True):
    custom_id: str = ""
    amount: _Amount | None = None
    payments: _Payments = _Payments()


class Order(msgspec.Struct, frozen=True):
    """An order as PayPal tells it, with the purchases, captures and refunds that it has."""

    id: str
    status: str
    purchase_units: tuple[_Purchase, ...] = ()
    links: tuple[_Link, ...] = ()

    @property
    def money(self) -> Money | None:
        """What the order is about, when it says so."""
        amounts = [each.amount for each in self.purchase_units if each.amount is not None]
        return _money(amounts[0]) if len(amounts) == 1 else None


class _Detail(msgspec.Struct, frozen=True):
    issue: str


class _Problem(msgspec.Struct, frozen=True):
    details: tuple[_Detail, ...] = ()


class _Related(msgspec.Struct, frozen=True):
    order_id: str = ""


class _Supplement(msgspec.Struct, frozen=True):
    related_ids: _Related = _Related()


class _CaptureRead(msgspec.Struct, frozen=True):
    supplementary_data: _Supplement = _Supplement()


class _Verdict(msgspec.Struct, frozen=True):
    verification_status: str


class _Named(msgspec.Struct, frozen=True):
    custom_id: str = ""


class _Resource(msgspec.Struct, frozen=True):
    id: str = ""
    status: str = ""
    custom_id: str = ""
    purchase_units: tuple[_Named, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """A callback's event: about an order, a capture or a refund."""

    id: str
    event_type: str
    resource: _Resource = _Resource()

    @property
    def attempt_key(self) -> str:
        """Our key, which captures bear themselves and orders in their purchase; '' for others."""
        within = {each.custom_id for each in self.resource.purchase_units}
        return self.resource.custom_id or (within.pop() if len(within) == 1 else "")

    @property
    def kept(self) -> bytes:
        """What of the event is kept: what it points at, and no person."""
        resource = {
            "id": self.resource.id,
            "status": self.resource.status,
            "custom_id": self.attempt_key,
        }
        told = {"id": self.id, "event_type": self.event_type, "resource": resource}
        return msgspec.json.encode(told)


def event_of(body: bytes) -> Event:
    """Read a callback's event, which anybody may have sent; raises FaultError."""
    return _read(body, Event)


def is_genuine(status: int, body: bytes) -> bool:
    """Read PayPal's judgement of its own signature; raises FaultError when it gave none."""
    verdict = _read(body, _Verdict).verification_status if status == httpx.codes.OK else ""
    if verdict not in {"SUCCESS", "FAILURE"}:
        raise FaultError(NAME, f"the signature was not judged: answered {status}")
    return verdict == "SUCCESS"


def value_of(amount: Money) -> str | None:
    """Write an amount as PayPal takes it; None where it would need decimals that are not taken."""
    whole, _point, fraction = amount.plain().partition(".")
    if amount.amount <= 0:
        return None
    if amount.currency not in WITHOUT_DECIMALS:
        return amount.plain()
    return None if fraction.strip("0") else whole


def order_of(body: bytes, key: str, *, is_new: bool = False) -> Order:
    """Read an answer about the order of an attempt; a new one may be told without its purchase.

    Raises FaultError when it is not understood, or is about something else.
    """
    order = _read(body, Order)
    keys = [each.custom_id for each in order.purchase_units]
    if not 1 <= len(order.id) <= REFERENCE_LENGTH_MAX:
        raise FaultError(NAME, "the answer names no order")
    if keys != [key] and not (is_new and not keys):
        raise FaultError(NAME, "the answer is about another attempt")
    return order


def page_of(order: Order, pages: str) -> str:
    """Give the page on which the payer approves an order; '' when it is not one of PayPal's own.

    An order that is read again may come without it: then it is the page that PayPal gives to all.
    """
    found = [each.href for each in order.links if each.rel in {"payer-action", "approve"}]
    url = found[0] if found else f"{pages}checkoutnow?token={order.id}"
    return url if url.startswith(pages) and len(url) <= URL_LENGTH_MAX else ""


def captured(order: Order, key: str) -> Outcome:
    """Say what became of an order's one capture; its own id is the reference from then on."""
    captures = [each for one in order.purchase_units for each in one.payments.captures]
    if order.status != "COMPLETED" or len(captures) != 1:
        return Unknown("the order tells of no capture, or of several")
    (capture,) = captures
    if capture.custom_id not in {"", key}:
        return Unknown("the capture is about another attempt")
    match capture.status:
        case "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED":
            return _yes(capture.id, capture.amount, MEANS)
        case "PENDING":
            return Pending(order.id)
        case "DECLINED" | "FAILED":
            return Failed(order.id, "instrument_declined", hard=False)
    return Unknown("the capture says an unknown word")


def refused(status: int, body: bytes, reference: str | None = None) -> Failed | Unknown:
    """Read an error about an order or capture: a no only for the issues that are known as one."""
    issue = issue_of(status, body)
    if issue in TRY_AGAIN:
        return Failed(reference, issue.lower()[:REASON_LENGTH_MAX], hard=False)
    if issue in REFUSED:
        return Failed(reference, issue.lower()[:REASON_LENGTH_MAX], hard=True)
    return Unknown(f"answered {status} {issue}".strip())


def refused_refund(status: int, issue: str) -> Failed | Unknown:
    """Read an error about a refund, by the issue that it names."""
    if issue in REFUND_REFUSED:
        return Failed(None, issue.lower()[:REASON_LENGTH_MAX], hard=True)
    return Unknown(f"answered {status} {issue}".strip())


def issue_of(status: int, body: bytes) -> str:
    """Return the one issue that a 400 or 422 names, or nothing; its form makes it safe to log."""
    if status not in {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}:
        return ""
    try:
        issues = {each.issue for each in _read(body, _Problem).details}
    except FaultError:
        return ""
    issue = issues.pop() if len(issues) == 1 else ""
    return issue if _ISSUE.fullmatch(issue) else ""


def order_of_capture(body: bytes) -> str:
    """Return the id of the order that a capture belongs to; raises FaultError."""
    return _read(body, _CaptureRead).supplementary_data.related_ids.order_id


def refund_outcome(body: bytes, key: str) -> RefundOutcome:
    """Read the answer to a refund; raises FaultError when it is not understood."""
    refund = _read(body, _Refund)
    if {refund.custom_id, refund.invoice_id} - {"", key}:
        return Unknown("the answer is about another refund")
    return _refunded(refund)


def refund_listed(body: bytes, key: str) -> RefundOutcome | None:
    """Find a refund by its key in what an order tells of itself; None when it is not there."""
    purchases = _read(body, Order).purchase_units
    refunds = [each for one in purchases for each in one.payments.refunds]
    found = [each for each in refunds if key in {each.custom_id, each.invoice_id}]
    return _refunded(found[0]) if len(found) == 1 else None


def _refunded(refund: _Refund) -> RefundOutcome:
    match refund.status:
        case "COMPLETED":
            return _yes(refund.id, refund.amount, "")
        case "FAILED" | "CANCELLED":
            return Failed(refund.id[:REFERENCE_LENGTH_MAX], refund.status.lower(), hard=True)
        case "PENDING":
            return Unknown("the refund is under way")
    return Unknown("the refund says an unknown word")


def _read(body: bytes, kind: type[_Kind]) -> _Kind:
    """Read an answer of one kind; what is hostile or broken is a fault like silence."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FaultError(NAME, "the answer is not understood") from None


def _yes(reference: str, amount: _Amount, means: str) -> Succeeded | Unknown:
    money = _money(amount)
    if money is None or money.amount <= 0 or not 1 <= len(reference) <= REFERENCE_LENGTH_MAX:
        return Unknown("the answer names no amount of money")
    return Succeeded(reference, money, means[:MEANS_LENGTH_MAX])


def _money(amount: _Amount) -> Money | None:
    """Read an amount; decimals that a currency lacks are let pass when they are zeros."""
    whole, point, fraction = amount.value.partition(".")
    try:
        digits = exponent(amount.currency_code)
        kept = fraction[:digits] + fraction[digits:].rstrip("0")
        return Money.parse(f"{whole}{point if kept else ''}{kept}", amount.currency_code)
    except InvalidAmountError:
        return None
