"""The simulated mobile network: what each card holds, by orders that are applied once.

An order is idempotent by its reference, whatever happens to the request on its way. Some cards meet
a misfortune every time (the five digits before the last one of the ICCID say which); others meet
what faults.py has in line. It knows no plans and no money.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from everline.simulators.bank_api import Operation, World
from everline.simulators.faults import Fault
from everline.simulators.store import Records
from everline.simulators.wire import (
    CUT,
    Answer,
    ProblemError,
    Request,
    answer,
    instant_ms,
    text,
    whole,
)

BY_ICCID: Final[Mapping[str, str]] = {
    "99901": "refuse",
    "99902": "late",
    "99903": "lost",
    "99904": "cut",
    "99905": "double",
}
"""What cards whose ICCID ends in these five digits and its check digit meet at their first try."""


@dataclass(frozen=True, slots=True)
class Order:
    """One entitlement for one card; `applied` counts how often it was put on the card."""

    reference: str
    body_hash: str
    iccid: str
    starts_at: str
    ends_at: str
    allowance_bytes: int | None
    bonus_bytes: int
    fair_use_bytes: int | None
    replaces: bool
    created_ms: int
    due_ms: int = 0
    state: str = "accepted"
    reason: str = ""
    received: int = 1
    applied: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """The orders of one card, in the order they came."""

    iccid: str
    references: tuple[str, ...]


def post_apply(world: World, request: Request, fault: Fault | None) -> Answer:
    """Take in an order; applied at once unless the card or the script says otherwise."""
    wanted = _wanted(request)
    kind = BY_ICCID.get(wanted.iccid[-6:-1], "")
    with world.store.transaction() as records:
        known = records.get(Order, wanted.reference)
        if known is not None and known.body_hash not in {"", wanted.body_hash}:
            raise ProblemError(409, "reference_reused", "Another order has this reference.")
        if known is not None:
            order = settle(records, replace(known, received=known.received + 1))
            return answer(_shown(order))
        if kind == "cut" and _has_met(records, wanted.reference):
            kind = ""
        if kind == "cut":
            return CUT
        order = _take_in(records, wanted, fault, kind)
    return CUT if kind == "lost" else answer(_shown(order))


def settle(records: Records, order: Order) -> Order:
    """Write an order, and apply it when its time has come."""
    if order.state == "accepted" and order.due_ms <= records.now_ms():
        order = replace(order, state="applied", applied=order.applied + 1)
    is_open = order.state == "accepted"
    records.put(order, order.reference, position=order.created_ms, is_open=is_open)
    return order


def settle_all(records: Records) -> None:
    """Apply every late order whose time has come; the courier calls this."""
    for order in records.still_open(Order):
        if order.due_ms <= records.now_ms():
            settle(records, order)


def get_order(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Read an order back by its reference, the last part of the path."""
    reference = request.path.rpartition("/")[2]
    with world.store.transaction() as records:
        order = records.get(Order, reference)
        if order is None:
            raise ProblemError(404, "order_unknown", "There is no order of this reference.")
        order = settle(records, order)
    return answer(_shown(order))


def post_reverse(world: World, request: Request, fault: Fault | None) -> Answer:
    """Take an order back; a reference never seen is closed, so that it cannot be applied later."""
    reference = text(request.json(), "reference")
    with world.store.transaction() as records:
        order = records.get(Order, reference)
        if fault is not None and fault.fault == "refuse" and order is not None:
            return answer({**_shown(order), "status": "refused", "reason": fault.reason})
        if order is None:
            now_ms = records.now_ms()
            order = Order(
                reference, "", "", "", "", None, 0, None, replaces=False, created_ms=now_ms
            )
        if order.state != "refused":
            order = replace(order, state="reversed", reason="reversed")
        order = settle(records, order)
        # Nothing of a refused order is on the card, so taking it back has nothing left to do.
    return answer({**_shown(order), "status": "reversed"})


def get_card(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Show what a card holds."""
    iccid = request.path.rpartition("/")[2]
    with world.store.transaction() as records:
        card = records.get(Card, iccid) or Card(iccid, ())
        orders = [records.get(Order, reference) for reference in card.references]
    held = [asdict(each) for each in orders if each is not None]
    is_installed = any(each["applied"] for each in held)
    return answer({"iccid": iccid, "orders": held, "eid": _eid(iccid) if is_installed else ""})


def _eid(iccid: str) -> str:
    """Make up the EID of the chip onto which a profile was downloaded (SGP.29, MOD 97-10).

    Nobody scans a code here, so the first plan that is applied counts as the download.
    """
    chip = int(hashlib.sha256(iccid.encode()).hexdigest(), 16) % 10**22
    body = f"89049032{chip:022d}"
    return f"{body}{98 - int(body + '00') % 97:02d}"


OPERATIONS: Final[Mapping[tuple[str, str], tuple[str, Operation]]] = {
    ("POST", "/network/apply"): ("network.apply", post_apply),
    ("GET", "/network/orders/"): ("network.query", get_order),
    ("POST", "/network/reverse"): ("network.reverse", post_reverse),
    ("GET", "/network/cards/"): ("", get_card),
}


@dataclass(frozen=True, slots=True)
class _Met:
    reference: str


def _has_met(records: Records, reference: str) -> bool:
    if records.get(_Met, reference) is not None:
        return True
    records.put(_Met(reference), reference, position=0)
    return False


def _take_in(records: Records, order: Order, fault: Fault | None, kind: str) -> Order:
    script = fault.fault if fault is not None else ""
    order = replace(order, created_ms=records.now_ms())
    if "refuse" in {kind, script}:
        reason = fault.reason if fault is not None and script == "refuse" else "card_not_on_network"
        order = replace(order, state="refused", reason=reason)
    elif kind == "late":
        order = replace(order, due_ms=records.now_ms() + records.settings().network_late_ms)
    elif fault is not None and script == "late":
        order = replace(order, due_ms=records.now_ms() + fault.milliseconds)
    elif kind == "double":
        order = replace(order, received=2)
    order = settle(records, order)
    card = records.get(Card, order.iccid) or Card(order.iccid, ())
    card = replace(card, references=(*card.references, order.reference))
    records.put(card, card.iccid, position=order.created_ms)
    return order


def _wanted(request: Request) -> Order:
    values = request.json()
    iccid = text(values, "iccid")
    if not re.fullmatch(r"[0-9]{18,20}", iccid):
        raise ProblemError(400, "iccid_invalid", "'iccid' must have 18 to 20 digits.")
    starts_ms, ends_ms = instant_ms(values, "starts_at"), instant_ms(values, "ends_at")
    if starts_ms >= ends_ms:
        raise ProblemError(400, "ends_at_invalid", "'ends_at' must be after 'starts_at'.")
    is_open_ended = values.get("allowance_bytes") is None
    is_fair = values.get("fair_use_bytes") is not None
    return Order(
        reference=text(values, "reference"),
        body_hash=hashlib.sha256(request.body).hexdigest(),
        iccid=iccid,
        starts_at=text(values, "starts_at"),
        ends_at=text(values, "ends_at"),
        allowance_bytes=None if is_open_ended else whole(values, "allowance_bytes", 1),
        bonus_bytes=whole(values, "bonus_bytes", 0, 0),
        fair_use_bytes=whole(values, "fair_use_bytes", 1) if is_fair else None,
        replaces=values.get("replaces") is True,
        created_ms=0,
    )


def _shown(order: Order) -> dict[str, Any]:
    return {
        "reference": order.reference,
        "iccid": order.iccid,
        "status": order.state,
        "reason": order.reason,
    }
