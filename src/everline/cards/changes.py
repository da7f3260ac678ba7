"""Changing cards: every act is one verb call with a request id.

Nothing is decided here: which step is allowed in which state stands in the transition table, and
the verbs in cards.sql. Reading stands in status.py.
"""

import hashlib
import re
from datetime import datetime
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.ids import Eid, Imei


def start_code_hash(iccid: str, code: str) -> bytes:
    """Hash a start code with its card's number; spaces, dashes and case do not matter.

    The code guards against mistakes and guessing of somebody else's card: ten wrong ones lock it.
    """
    plain = code.upper()
    if not (plain.isascii() and plain.isalnum()):
        plain = re.sub(r"[^0-9A-Z]", "", plain)
    return hashlib.sha256(f"{iccid}:{plain}".encode()).digest()


def _answer(query: database.Query, *parameters: object) -> Answer:
    answer = database.row(Answer, query, parameters)
    assert answer is not None
    return answer


def activate(caller: Caller, card_id: UUID, code_hash: bytes, at: datetime) -> Answer:
    """Activate a stocked card with its start code (hashed).

    Refuses card_unknown, card_state, start_code_wrong, start_code_locked. Locks the card.
    """
    return _answer(
        "select * from activate(%s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash("activate", card=card_id, code=code_hash.hex()),
        card_id,
        code_hash,
        at,
    )


def bind(caller: Caller, card_id: UUID, device: Imei | Eid, at: datetime) -> Answer:
    """Bind a card to a device by IMEI or EID.

    Refuses card_unknown, card_not_active, card_state, device_bound, device_limit with the list.
    """
    kind = "imei" if isinstance(device, Imei) else "eid"
    return _answer(
        "select * from bind(%s, %s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash("bind", card=card_id, device=device),
        card_id,
        kind,
        str(device),
        at,
    )


def unbind(caller: Caller, card_id: UUID, number: str, at: datetime) -> Answer:
    """Free one device of a card. Refuses card_unknown, device_unknown."""
    return _answer(
        "select * from unbind(%s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash("unbind", card=card_id, device=number),
        card_id,
        number,
        at,
    )


def change(caller: Caller, card_id: UUID, event: str, at: datetime) -> Answer:
    """Suspend, lose, resume or terminate a card. Refuses card_unknown, card_state."""
    return _answer(
        "select * from change_card(%s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash("change", card=card_id, event=event),
        card_id,
        event,
        at,
    )


def record_usage(card_id: UUID, used_bytes: int, as_of: datetime) -> bool:
    """Write how much of the present term is used, as a network tells it; never an older figure."""
    return bool(database.value("select record_usage(%s, %s, %s)", [card_id, used_bytes, as_of]))
