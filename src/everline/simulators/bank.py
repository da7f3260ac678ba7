"""The sandbox bank: its charges and refunds, and every change of their state.

A charge waits for its customer, may be pending while the bank is unsure, and ends succeeded or
failed. Everything is idempotent by the caller's key. What a change makes known goes out through
webhooks.py; bank_api.py and payment_page.py speak HTTP; numbers.py says who gets which answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from everline.simulators import vault, webhooks
from everline.simulators.numbers import BY_NAME, Conduct
from everline.simulators.store import Records
from everline.simulators.wire import ProblemError

NEVER_RECEIVED: Final = "never_received"
AUTHENTICATION_REQUIRED: Final = "authentication_required"
FIRST_WAIT_MS: Final = 5_000
"""How long the courier leaves news alone that goes out before the answer; bank_api.py sends it."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge under one key; amounts in minor units, instants in milliseconds since 1970."""

    reference: str
    key: str
    body_hash: str
    amount_minor: int
    currency: str
    merchant: str
    description: str
    return_url: str
    notify_url: str
    locale: str
    expires_ms: int
    created_ms: int
    state: str = "waiting"
    conduct: str = ""
    reason: str = ""
    is_hard: bool = False
    masked_means: str = ""
    refunded_minor: int = 0
    received: int = 1
    pending_since_ms: int = 0
    pending_ms: int = 0
    asked_ms: int = 0
    keeps: bool = False
    is_unattended: bool = False
    is_setup: bool = False
    kept_token: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the charge has its answer."""
        return self.state in {"succeeded", "failed"}


@dataclass(frozen=True, slots=True)
class Refund:
    """Money going back from one charge, under a key of its own."""

    reference: str
    key: str
    body_hash: str
    charge_reference: str
    amount_minor: int
    currency: str
    created_ms: int
    state: str = "succeeded"
    reason: str = ""
    received: int = 1


def charge_of(records: Records, key: str) -> Charge | None:
    """Find a charge by its caller's key."""
    return records.get(Charge, records.reference("chg", key))


def keep(records: Records, charge: Charge) -> Charge:
    """Write a charge, and mark it open while time may still change it."""
    records.put(charge, charge.reference, position=charge.created_ms, is_open=not charge.is_over)
    return charge


def create(records: Records, order: Charge, token: str) -> Charge:
    """Take in a charge, or return the one its key already has.

    Raises a problem for another body under a known key, for a key that was closed, for a token that
    does not exist.
    """
    known = charge_of(records, order.key)
    if known is not None:
        if known.reason == NEVER_RECEIVED:
            raise ProblemError(410, "key_closed", "This key was closed before any request came.")
        _same_body(known.body_hash, order.body_hash)
        return keep(records, replace(known, received=known.received + 1))
    if not token:
        return keep(records, order)
    conduct, masked = vault.conduct_of(records, token)
    return begin(records, replace(order, masked_means=masked, kept_token=""), conduct)


def begin(records: Records, charge: Charge, conduct: Conduct) -> Charge:
    """Start what the number or token asks for. Giving a number to be kept takes no money."""
    masked = charge.masked_means or conduct.masked
    charge = replace(charge, conduct=conduct.name, masked_means=masked)
    if conduct.asks_customer and charge.is_unattended:
        return decide(records, charge, is_yes=False, reason=AUTHENTICATION_REQUIRED)
    if conduct.asks_customer and charge.state == "waiting":
        return keep(records, replace(charge, state="confirming"))
    if charge.is_setup:
        return decide(records, charge, is_yes=True)
    if conduct.pace == "at_once":
        return decide(records, charge, is_yes=conduct.is_yes)
    settings = records.settings()
    wait_ms = {
        "slow": settings.slow_ms,
        "unknown": settings.unknown_ms,
        "late": settings.late_ms,
    }[conduct.pace]
    charge = replace(
        charge,
        state="pending",
        pending_since_ms=records.now_ms(),
        pending_ms=wait_ms,
        asked_ms=0,
    )
    webhooks.announce(records, charge.key, charge.state, charge.notify_url)
    return keep(records, charge)


def decide(
    records: Records, charge: Charge, *, is_yes: bool, reason: str = "", is_hard: bool = False
) -> Charge:
    """Give the final answer and make it known; the reason of the number's conduct is the default.

    A charge that succeeded stays so; one that failed may still succeed, as happens with real banks.
    """
    if charge.state == "succeeded":
        return charge
    conduct = BY_NAME.get(charge.conduct)
    if is_yes:
        charge = replace(charge, state="succeeded", reason="", is_hard=False)
        if charge.keeps and conduct is not None:
            charge = replace(charge, kept_token=vault.keep_number(records, charge.key, conduct))
    else:
        charge = replace(
            charge,
            state="failed",
            reason=reason or (conduct.reason if conduct else "") or "issuer_declined",
            is_hard=is_hard or (not reason and conduct is not None and conduct.is_hard),
        )
    if charge.is_setup:
        return keep(records, charge)  # Whoever asked for it asks again; it is no payment's news.
    webhooks.announce(
        records,
        charge.key,
        charge.state,
        charge.notify_url,
        copies=conduct.webhook_copies if conduct else 1,
        wait_ms=FIRST_WAIT_MS if conduct and conduct.webhook_first else 0,
    )
    return keep(records, charge)


def settle(records: Records, charge: Charge, at_ms: int | None = None) -> Charge:
    """Bring a charge up to date with the clock: its waiting may be over, or its page expired.

    The bank's own clock counts from when the charge became pending. An asker's clock `at_ms`, which
    may run in another year than the bank's, counts from the asker's first question.
    """
    now_ms = records.now_ms()
    if charge.state in {"waiting", "confirming"}:
        if max(now_ms, at_ms or 0) >= charge.expires_ms:
            return decide(records, charge, is_yes=False, reason="expired")
        return charge
    if charge.state != "pending":
        return charge
    waited_ms = now_ms - charge.pending_since_ms
    if at_ms is not None and not charge.asked_ms:
        charge = keep(records, replace(charge, asked_ms=at_ms))
    if at_ms is not None:
        waited_ms = max(waited_ms, at_ms - charge.asked_ms)
    if waited_ms < charge.pending_ms:
        return charge
    return decide(records, charge, is_yes=BY_NAME[charge.conduct].is_yes)


def settle_all(records: Records) -> None:
    """Bring every open charge up to date; the courier calls this a few times a second."""
    for charge in records.still_open(Charge):
        settle(records, charge)


def close(records: Records, key: str) -> Charge:
    """End a charge that no customer has begun; a key never seen is closed for ever.

    So a request still on its way cannot take money after its sender was told that none was taken.
    """
    charge = charge_of(records, key)
    if charge is None:
        now_ms = records.now_ms()
        nothing = Charge(
            reference=records.reference("chg", key),
            key=key,
            body_hash="",
            amount_minor=0,
            currency="XXX",
            merchant="",
            description="",
            return_url="",
            notify_url="",
            locale="en",
            expires_ms=now_ms,
            created_ms=now_ms,
            state="failed",
            reason=NEVER_RECEIVED,
            received=0,
        )
        return keep(records, nothing)
    charge = settle(records, charge)
    if charge.state in {"waiting", "confirming"}:
        return decide(records, charge, is_yes=False, reason="cancelled")
    return charge


def refund(records: Records, order: Refund, refusal: str = "") -> Refund:
    """Give money back, or return the refund its key already has.

    Ends failed when the charge has not succeeded, is in another currency, has less left than is
    asked for, or when a scripted `refusal` says so.
    """
    known = records.get(Refund, order.reference)
    if known is not None:
        _same_body(known.body_hash, order.body_hash)
        return _keep_refund(records, replace(known, received=known.received + 1))
    charge = records.get(Charge, order.charge_reference)
    if charge is None:
        raise ProblemError(404, "charge_unknown", "There is no charge of this reference.")
    left_minor = charge.amount_minor - charge.refunded_minor
    if not refusal and (charge.state != "succeeded" or order.currency != charge.currency):
        refusal = "not_captured"
    if not refusal and order.amount_minor > left_minor:
        refusal = "exceeds_captured"
    if refusal:
        return _keep_refund(records, replace(order, state="failed", reason=refusal))
    keep(records, replace(charge, refunded_minor=charge.refunded_minor + order.amount_minor))
    return _keep_refund(records, order)


def shown(charge: Charge, public_url: str) -> Mapping[str, Any]:
    """Return a charge as the API shows it."""
    page = f"{public_url}/pay/{charge.reference}"
    is_waiting = charge.state in {"waiting", "confirming"}
    return {
        "reference": charge.reference,
        "key": charge.key,
        "status": "action_needed" if is_waiting else charge.state,
        "amount_minor": charge.amount_minor,
        "captured_minor": charge.amount_minor if charge.state == "succeeded" else 0,
        "refunded_minor": charge.refunded_minor,
        "currency": charge.currency,
        "masked_means": charge.masked_means,
        "reason": charge.reason,
        "hard": charge.is_hard,
        "url": (f"{page}/confirm" if charge.state == "confirming" else page) if is_waiting else "",
        "kept_token": charge.kept_token,
    }


def _same_body(known: str, sent: str) -> None:
    if known != sent:
        raise ProblemError(409, "key_reused", "This key was used with another body.")


def _keep_refund(records: Records, item: Refund) -> Refund:
    records.put(item, item.reference, position=item.created_ms)
    return item
