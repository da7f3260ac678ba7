"""What Stripe's answers mean: a session, an intent, a refund.

Answers are read into records of just what we need; what is not understood is a FaultError or
`Unknown`, never a yes or a no. Nothing is called from here: that is stripe.py; events and disputes
are in stripe_events.py. Statuses are those of Stripe's published OpenAPI description, 2026-10-28.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from everline.errors import FaultError
from everline.payments.gateways import (
    AUTHENTICATION_REQUIRED,
    MEANS_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    URL_LENGTH_MAX,
    Failed,
    Kept,
    Outcome,
    Pending,
    RefundOutcome,
    SetupOutcome,
    Succeeded,
    Unknown,
)
from everline.payments.gateways.stripe_declines import ADVICE_HARD, AUTHENTICATION, HARD
from everline.payments.gateways.stripe_money import money_of
from everline.payments.gateways.stripe_wire import SYSTEM, Problem, RefusedError, read_plain

ATTEMPT: Final = "everline_attempt"
UNATTENDED: Final = "everline_unattended"
CLOSED: Final = "everline_closed"
SETUP: Final = "everline_setup"
REFUND: Final = "everline_refund"
"""The names under which our keys stand in Stripe's metadata."""

KEY_LENGTH_MAX: Final = 64
REFUSED: Final = frozenset(
    {
        "amount_too_large",
        "amount_too_small",
        "currency_not_supported",
        "customer_tax_location_invalid",
        "invalid_charge_amount",
        "payment_intent_incompatible_payment_method",
        "payment_method_currency_mismatch",
        "testmode_charges_only",
    }
)
"""Error codes of a call that was read and not begun: the same again is refused too."""

REFUNDED_ALREADY: Final = frozenset({"charge_already_refunded"})
"""What a refund may be refused with because it happened before: it is looked for first."""

REFUND_REFUSED: Final = REFUNDED_ALREADY | {"charge_not_refundable"}
"""Refusals of a refund that last. Short funds or a dispute do not: it is sent again later."""

BRANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "amex": "American Express",
        "cartes_bancaires": "Cartes Bancaires",
        "diners": "Diners Club",
        "discover": "Discover",
        "eftpos_au": "eftpos",
        "jcb": "JCB",
        "mastercard": "Mastercard",
        "unionpay": "UnionPay",
        "visa": "Visa",
    }
)
_LAST4: Final = re.compile(r"[0-9]{4}")
_TOKEN: Final = re.compile(r"pm_[A-Za-z0-9_]{1,100}")
_CUSTOMER: Final = re.compile(r"cus_[A-Za-z0-9_]{1,100}")
_PAGE: Final = re.compile(r"https?://[^\s/]+/")


class _Card(msgspec.Struct, frozen=True):
    brand: str = ""
    last4: str | None = None


class _Means(msgspec.Struct, frozen=True):
    """A payment method, or the details of one at a charge."""

    id: str = ""
    card: _Card | None = None

    @property
    def masked(self) -> str:
        """The brand and the last four digits."""
        digits = (self.card.last4 if self.card else None) or ""
        if self.card is None or _LAST4.fullmatch(digits) is None:
            return ""
        return f"{BRANDS.get(self.card.brand, '')} •••• {digits}".strip()[:MEANS_LENGTH_MAX]


class Method(msgspec.Struct, frozen=True):
    """A kept card, by whom it belongs to."""

    customer: str | None = None


class _ChargeRead(msgspec.Struct, frozen=True):
    payment_method_details: _Means | None = None


class _Redirect(msgspec.Struct, frozen=True):
    url: str | None = None


class _NextAction(msgspec.Struct, frozen=True):
    redirect_to_url: _Redirect | None = None


class Intent(msgspec.Struct, frozen=True):
    """One payment at Stripe, with the last charge that was tried for it."""

    id: str
    status: str
    amount: int
    currency: str
    metadata: dict[str, str] = {}
    amount_received: int = 0
    customer: str | None = None
    payment_method: str | None = None
    setup_future_usage: str | None = None
    last_payment_error: Problem | None = None
    latest_charge: _ChargeRead | str | None = None
    next_action: _NextAction | None = None

    @property
    def is_unattended(self) -> bool:
        """Tell whether nobody could be shown a page."""
        return UNATTENDED in self.metadata

    @property
    def page(self) -> str:
        """The page on which the customer proves to be themselves; '' when there is none."""
        action = self.next_action
        return page_of(action.redirect_to_url.url if action and action.redirect_to_url else None)

    @property
    def masked(self) -> str:
        """With what it was paid."""
        charge = self.latest_charge
        details = charge.payment_method_details if isinstance(charge, _ChargeRead) else None
        return details.masked if details else ""


class _SetupIntent(msgspec.Struct, frozen=True):
    status: str
    customer: str | None = None
    payment_method: _Means | str | None = None
    last_setup_error: Problem | None = None


class Session(msgspec.Struct, frozen=True):
    """A visit to Stripe's page, to pay or to have a card kept."""

    id: str
    status: str
    url: str | None = None
    client_reference_id: str | None = None
    payment_intent: Intent | str | None = None
    setup_intent: _SetupIntent | str | None = None


class Found(msgspec.Struct, frozen=True):
    """A page of a search for intents."""

    data: tuple[Intent, ...]


class Refund(msgspec.Struct, frozen=True):
    """Money on its way back."""

    id: str
    status: str | None
    amount: int
    currency: str
    metadata: dict[str, str] | None = None


class Refunds(msgspec.Struct, frozen=True):
    """The refunds of an intent."""

    data: tuple[Refund, ...]
    has_more: bool = False


def page_of(url: str | None) -> str:
    """Give a page of Stripe's to lead a customer to; '' when it is none."""
    return url if url and len(url) <= URL_LENGTH_MAX and _PAGE.match(url) else ""


def own(intent: Intent, key: str) -> Intent:
    """Give back an intent that bears our key; raises FaultError for another one."""
    if intent.metadata.get(ATTEMPT) != key or not 1 <= len(intent.id) <= REFERENCE_LENGTH_MAX:
        raise FaultError(SYSTEM, "the answer is about another attempt")
    return intent


def settled(intent: Intent) -> Outcome | None:
    """Say what became of an intent; None while the customer, or we, could still do something."""
    match intent.status:
        case "succeeded":
            return _paid(intent)
        case "processing":
            return Pending(intent.id)
        case "canceled":
            return Failed(intent.id, "cancelled", hard=False)
        case "requires_payment_method":
            return declined(intent.id, intent.last_payment_error or Problem())
        case "requires_action" if intent.is_unattended:
            return Failed(intent.id, AUTHENTICATION_REQUIRED, hard=False)
        case "requires_action":
            return None
    return Unknown("the payment says an unknown word")


def declined(reference: str | None, problem: Problem) -> Failed:
    """Word a no of the customer's bank, by the table in stripe_declines.py."""
    codes = {problem.code, problem.decline_code}
    if codes & AUTHENTICATION:
        return Failed(reference, AUTHENTICATION_REQUIRED, hard=False)
    is_hard = bool(codes & HARD) or problem.advice_code in ADVICE_HARD
    return Failed(reference, problem.word or "declined", hard=is_hard)


def refused(no: RefusedError, key: str) -> Failed | Unknown:
    """Read a refused payment: a no only where a bank said it, or Stripe for a known reason."""
    problem = no.problem
    if problem.type == "card_error":
        return declined(_reference(problem, key), problem)
    if problem.code == "resource_missing" and problem.param in {"payment_method", "customer"}:
        return Failed(None, "token_unknown", hard=True)
    if problem.code in REFUSED:
        return Failed(None, problem.word, hard=True)
    return Unknown(no.detail)


def _reference(problem: Problem, key: str) -> str | None:
    """Read which intent a card's error is about; None when it does not say, or is another's."""
    if problem.payment_intent is None:
        return None
    try:
        return own(read_plain(problem.payment_intent, Intent), key).id
    except FaultError:
        return None


def _paid(intent: Intent) -> Succeeded | Unknown:
    captured = money_of(intent.amount_received, intent.currency)
    if captured is None or captured.amount <= 0:
        return Unknown("the answer names no amount of money")
    kept = None
    if intent.setup_future_usage == "off_session":
        kept = _kept(intent.payment_method, intent.customer, intent.masked)
    return Succeeded(intent.id, captured, intent.masked, kept)


def _kept(token: str | None, customer: str | None, masked: str) -> Kept | None:
    """Name a card that Stripe keeps; None when it is not told whose it is."""
    if not (_TOKEN.fullmatch(token or "") and _CUSTOMER.fullmatch(customer or "")):
        return None
    return Kept(token or "", customer or "", masked)


def set_up(session: Session) -> SetupOutcome:
    """Say what became of a completed visit for having a card kept."""
    intent = session.setup_intent
    if not isinstance(intent, _SetupIntent):
        return Unknown("the answer tells of no card")
    match intent.status:
        case "succeeded":
            means = intent.payment_method
            if isinstance(means, _Means):
                kept = _kept(means.id, intent.customer, means.masked)
                return kept or Unknown("the answer tells of no card")
            return Unknown("the answer tells of no card")
        case "processing":
            return Pending(session.id)
        case "canceled" | "requires_payment_method":
            return declined(session.id, intent.last_setup_error or Problem())
    return Unknown("the answer says an unknown word")


def refund_outcome(refund: Refund) -> RefundOutcome:
    """Say what became of a refund."""
    match refund.status:
        case "succeeded":
            money = money_of(refund.amount, refund.currency)
            if money is None or not 1 <= len(refund.id) <= REFERENCE_LENGTH_MAX:
                return Unknown("the answer names no amount of money")
            return Succeeded(refund.id, money, "")
        case "failed" | "canceled":
            return Failed(refund.id[:REFERENCE_LENGTH_MAX], f"refund_{refund.status}", hard=True)
        case "pending" | "requires_action":
            return Unknown("the refund is under way")
    return Unknown("the refund says an unknown word")


def refund_told(refund: Refund, key: str) -> RefundOutcome:
    """Read the answer to a refund that we asked for."""
    if (refund.metadata or {}).get(REFUND) != key:
        return Unknown("the answer is about another refund")
    return refund_outcome(refund)
