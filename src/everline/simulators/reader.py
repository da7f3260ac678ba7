"""The card readers of the sandbox bank: a server puts an amount on a reader's screen.

POST /v1/reader-payments takes an Idempotency-Key; GET the same path with ?key= reads back; POST
/v1/reader-payments/cancel takes it off the screen. One reader has one open payment. What is paid is
a charge of bank.py like any other, and is refunded there. The screen itself is reader_page.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from everline.simulators import bank
from everline.simulators.bank_api import Operation, World, read_order
from everline.simulators.faults import Fault
from everline.simulators.numbers import BY_NAME
from everline.simulators.store import Records
from everline.simulators.wire import Answer, ProblemError, Request, answer, instant_ms, text

WAIT_MS: Final = 90_000
"""How long a reader shows an amount to nobody, by its own clock."""

TURNS: Final[Mapping[str, str]] = {
    "approve": "approve",
    "decline": "decline_soft",
    "silent": "unknown_no",
    "late": "unknown_yes",
}
"""What a visitor can let happen at a reader, and how the bank then behaves."""

REMOVED: Final = "card_removed"


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader, and the key of the payment that it showed last."""

    code: str
    key: str


def post_payment(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Show an amount on a reader; a known key is answered with what became of it."""
    values = request.json()
    code = text(values, "reader")
    order = read_order(world, request, values)
    with world.store.transaction() as records:
        if bank.charge_of(records, order.key) is None and current(records, code) is not None:
            raise ProblemError(409, "reader_busy", "This reader still shows another payment.")
        charge = bank.create(records, order, "")
        if charge.received == 1:
            records.put(Reader(code, order.key), code, position=charge.created_ms)
    return answer(_shown(world, charge))


def get_payment(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Read a payment by its key; ?at= tells the asker's clock."""
    key = text(request.query, "key")
    at_ms = instant_ms(request.query, "at") if "at" in request.query else None
    with world.store.transaction() as records:
        charge = bank.charge_of(records, key)
        if charge is None:
            raise ProblemError(404, "charge_unknown", "There is no payment under this key.")
        charge = _settled(records, bank.settle(records, charge, at_ms))
    return answer(_shown(world, charge))


def cancel_payment(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Take an amount off the screen that nobody has presented a card for."""
    key = text(request.json(), "key")
    with world.store.transaction() as records:
        charge = bank.close(records, key)
    return answer(_shown(world, charge))


OPERATIONS: Final[Mapping[tuple[str, str], tuple[str, Operation]]] = {
    ("POST", "/v1/reader-payments"): ("reader.pay", post_payment),
    ("GET", "/v1/reader-payments"): ("reader.query", get_payment),
    ("POST", "/v1/reader-payments/cancel"): ("reader.cancel", cancel_payment),
}


def latest(records: Records, code: str) -> bank.Charge | None:
    """Find what a reader showed last, over or not."""
    reader = records.get(Reader, code)
    charge = bank.charge_of(records, reader.key) if reader else None
    return None if charge is None else _settled(records, bank.settle(records, charge))


def current(records: Records, code: str) -> bank.Charge | None:
    """Find the open payment of a reader."""
    charge = latest(records, code)
    return None if charge is None or charge.is_over else charge


def play(records: Records, code: str, turn: str) -> bank.Charge | None:
    """Do at a reader what a visitor chose; None when it waits for no card."""
    charge = current(records, code)
    if charge is None or charge.state != "waiting":
        return None
    if turn == "remove":
        return bank.decide(records, charge, is_yes=False, reason=REMOVED)
    return bank.begin(records, charge, BY_NAME[TURNS[turn]]) if turn in TURNS else None


def _settled(records: Records, charge: bank.Charge) -> bank.Charge:
    """End what was shown for too long."""
    is_late = records.now_ms() - charge.created_ms >= WAIT_MS
    if charge.state == "waiting" and is_late:
        return bank.decide(records, charge, is_yes=False, reason="expired")
    return charge


def _shown(world: World, charge: bank.Charge) -> Mapping[str, Any]:
    """Show a payment; a reader whose card is being checked for long is silent meanwhile."""
    if charge.state == "pending":
        raise ProblemError(504, "reader_silent", "The reader does not answer.")
    told = bank.shown(charge, world.public_url)
    return {**told, "status": "pending", "url": ""} if charge.state == "waiting" else told
