"""The sandbox bank's API for merchants: JSON over HTTP, idempotent by key.

POST /v1/charges and /v1/refunds take an Idempotency-Key; GET the same paths with ?key= reads back;
POST /v1/charges/close ends what nobody has begun. A charge may ask to `keep` its number, POST
/v1/setups opens a page to keep one without paying, POST /v1/kept/forget ends that. The customer's
side is payment_page.py; the state stands in bank.py and vault.py; faults common to all operations
are played by server.py.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from everline.simulators import bank, vault, webhooks
from everline.simulators.faults import Fault
from everline.simulators.numbers import BY_NAME, Conduct
from everline.simulators.store import Store, pause
from everline.simulators.wire import (
    CUT,
    Answer,
    ProblemError,
    Request,
    address,
    answer,
    flag,
    instant_ms,
    text,
    whole,
)

KEY_LENGTH_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class World:
    """What every part of the program works with."""

    store: Store
    courier: webhooks.Courier
    public_url: str


Operation = Callable[[World, Request, Fault | None], Answer]


def post_charge(world: World, request: Request, fault: Fault | None) -> Answer:
    """Create a charge: with a token it is decided now, without one the customer has a page."""
    values = request.json()
    token = text(values, "token", "")
    order = read_order(world, request, values)
    if not token and not order.return_url:
        raise ProblemError(400, "return_url_invalid", "A charge with a page needs 'return_url'.")
    with world.store.transaction() as records:
        is_new = bank.charge_of(records, order.key) is None
        if is_new and fault is not None and fault.fault == "refuse":
            bank.decide(records, order, is_yes=False, reason=fault.reason)
        charge = bank.create(records, order, token)
    conduct = BY_NAME.get(charge.conduct)
    if is_new and conduct is not None:
        charge = carry_out(world, charge, conduct)
        if conduct.is_cut:
            return CUT
    return answer(bank.shown(charge, world.public_url))


def carry_out(world: World, charge: bank.Charge, conduct: Conduct) -> bank.Charge:
    """Do what a conduct asks for beyond the books: make the caller wait, or send news first."""
    if conduct.pace == "slow" and charge.state == "pending":
        pause(charge.pending_ms)
        with world.store.transaction() as records:
            now = bank.charge_of(records, charge.key) or charge
            if now.state == "pending":
                now = bank.decide(records, now, is_yes=conduct.is_yes)
            return now
    if conduct.webhook_first and charge.is_over:
        with world.store.transaction() as records:
            news = webhooks.events_of(records, charge.key)[-1:]
        for event in news:
            if event.state == "due":
                world.courier.deliver(event)
    return charge


def post_setup(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Open a page on which a number is given to be kept; nothing is taken."""
    values = dict(request.json()) | {"amount_minor": 1}
    order = replace(read_order(world, request, values), amount_minor=0, keeps=True, is_setup=True)
    if not order.return_url:
        raise ProblemError(400, "return_url_invalid", "A page needs 'return_url'.")
    with world.store.transaction() as records:
        setup = bank.create(records, order, "")
    return answer(bank.shown(setup, world.public_url))


def forget_number(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Keep a number no longer; a token that is gone already is gone."""
    token = text(request.json(), "token")
    with world.store.transaction() as records:
        was_there = vault.forget(records, token)
    return answer({"token": token, "forgotten": was_there})


def get_charge(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Read a charge by its key; ?at= tells the asker's clock."""
    key = text(request.query, "key")
    at_ms = instant_ms(request.query, "at") if "at" in request.query else None
    with world.store.transaction() as records:
        charge = bank.charge_of(records, key)
        if charge is None:
            raise ProblemError(404, "charge_unknown", "There is no charge under this key.")
        charge = bank.settle(records, charge, at_ms)
    return answer(bank.shown(charge, world.public_url))


def close_charge(world: World, request: Request, _fault: Fault | None) -> Answer:
    """End a charge that nobody has begun, and close a key that was never seen."""
    key = text(request.json(), "key")
    with world.store.transaction() as records:
        charge = bank.close(records, key)
    return answer(bank.shown(charge, world.public_url))


def post_refund(world: World, request: Request, fault: Fault | None) -> Answer:
    """Give money back from a charge."""
    values = request.json()
    key = _key(request)
    with world.store.transaction() as records:
        order = bank.Refund(
            reference=records.reference("rfd", key),
            key=key,
            body_hash=_hash(request),
            charge_reference=text(values, "charge"),
            amount_minor=whole(values, "amount_minor", 1),
            currency=_currency(values),
            created_ms=records.now_ms(),
        )
        refusal = fault.reason if fault is not None and fault.fault == "refuse" else ""
        refund = bank.refund(records, order, refusal)
    return answer(_shown_refund(refund))


def get_refund(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Read a refund by its key."""
    key = text(request.query, "key")
    with world.store.transaction() as records:
        refund = records.get(bank.Refund, records.reference("rfd", key))
    if refund is None:
        raise ProblemError(404, "refund_unknown", "There is no refund under this key.")
    return answer(_shown_refund(refund))


OPERATIONS: Final[Mapping[tuple[str, str], tuple[str, Operation]]] = {
    ("POST", "/v1/charges"): ("charge", post_charge),
    ("GET", "/v1/charges"): ("query", get_charge),
    ("POST", "/v1/setups"): ("setup", post_setup),
    ("GET", "/v1/setups"): ("query", get_charge),
    ("POST", "/v1/kept/forget"): ("forget", forget_number),
    ("POST", "/v1/charges/close"): ("close", close_charge),
    ("POST", "/v1/refunds"): ("refund", post_refund),
    ("GET", "/v1/refunds"): ("query_refund", get_refund),
}


def read_order(world: World, request: Request, values: Mapping[str, Any]) -> bank.Charge:
    """Read what a merchant asks to be paid."""
    key = _key(request)
    with world.store.transaction() as records:
        reference, now_ms = records.reference("chg", key), records.now_ms()
    return bank.Charge(
        reference=reference,
        key=key,
        body_hash=_hash(request),
        amount_minor=whole(values, "amount_minor", 1),
        currency=_currency(values),
        merchant=text(values, "merchant"),
        description=text(values, "description"),
        return_url=address(values, "return_url"),
        notify_url=address(values, "notify_url"),
        locale=text(values, "locale", "en"),
        expires_ms=instant_ms(values, "expires_at"),
        created_ms=now_ms,
        keeps=flag(values, "keep"),
        is_unattended=flag(values, "unattended"),
    )


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= KEY_LENGTH_MAX:
        raise ProblemError(400, "key_missing", "Send an Idempotency-Key of 1 to 128 signs.")
    return key


def _hash(request: Request) -> str:
    return hashlib.sha256(request.body).hexdigest()


def _currency(values: Mapping[str, Any]) -> str:
    code = text(values, "currency")
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ProblemError(400, "currency_invalid", "'currency' must be an ISO 4217 code.")
    return code


def _shown_refund(refund: bank.Refund) -> Mapping[str, Any]:
    return {
        "reference": refund.reference,
        "key": refund.key,
        "status": refund.state,
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "reason": refund.reason,
    }
