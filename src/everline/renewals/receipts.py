"""Receipts of renewals: sent to whoever asks after paying, and shown to a stranger who checks one.

What the holder sees of a renewal is in renew.py; whether a receipt is official says trust.
"""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from everline import database, ids
from everline.database.requests import Answer, Caller, request_hash
from everline.ids import Iccid
from everline.notices import Contact
from everline.renewals.renew import Renewal, find
from everline.trust import Receipt

GIVEN_BACK: Final = frozenset({"reversing", "reversed"})


def receipt(number: str) -> Receipt | None:
    """Find a receipt by its number, rnw_…; None when there is no such renewal.

    Raises InvalidNumberError when it is no such number.
    """
    found = find(ids.inside("rnw", number))
    if found is None:
        return None
    return Receipt(
        number=ids.outside("rnw", found.id),
        state=_state(found),
        day=(found.paid_at or found.placed_at).astimezone(ZoneInfo(found.zone)).date(),
        amount=found.total,
        currency=found.currency,
        names=found.plan_names,
        masked_card=Iccid(found.iccid).masked,
    )


def send_receipt(
    caller: Caller, renewal_id: UUID, contact: Contact, at: datetime, *, again: bool = False
) -> Answer:
    """Send a paid renewal's confirmation to one more contact, once for each recipient.

    One that is not delivered yet is confirmed when it is. Who may ask is the channel's to check.
    Staff send it `again` to whoever has it already, and to as many as ask.
    Refuses renewal_unknown, renewal_state, receipt_limit. Locks the renewal.
    """
    answer = database.row(
        Answer,
        "select * from send_receipt(%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("send_receipt", renewal=renewal_id, contact=contact.asked),
            renewal_id,
            contact.as_json(),
            again,
            at,
        ],
    )
    assert answer is not None
    return answer


def _state(found: Renewal) -> Literal["paid", "given_back", "unpaid"]:
    """Tell whether the money is ours; what was captured for nothing is on its way back."""
    if found.state in {"paid", "delivered"}:
        return "paid"
    return "given_back" if found.state in GIVEN_BACK or found.refund_state else "unpaid"
