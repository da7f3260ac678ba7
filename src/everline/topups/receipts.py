"""Receipts of top-ups: sent to whoever asks after paying, and shown to a stranger who checks one.

They never tell the balance.

What a channel shows of a top-up is in topups.py; whether a receipt is official says trust.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from everline import database, ids
from everline.database.requests import Answer, Caller, request_hash
from everline.ids import Iccid
from everline.notices import Contact
from everline.topups.topups import TopUp, find
from everline.trust import Receipt


def receipt(number: str) -> Receipt | None:
    """Find a receipt by its number, top_…; None when there is no such top-up.

    Raises InvalidNumberError when it is no such number.
    """
    found = find(ids.inside("top", number))
    if found is None:
        return None
    return Receipt(
        number=ids.outside("top", found.id),
        state=_state(found),
        day=(found.paid_at or found.placed_at).astimezone(ZoneInfo(found.zone)).date(),
        amount=found.amount,
        currency=found.currency,
        names={},
        masked_card=Iccid(found.iccid).masked,
    )


def send_receipt(caller: Caller, top_up_id: UUID, contact: Contact, at: datetime) -> Answer:
    """Send a paid top-up's confirmation to one more contact, once for each recipient.

    Who may ask is the channel's to check. Refuses topup_unknown, topup_state, receipt_limit. Locks
    the top-up.
    """
    answer = database.row(
        Answer,
        "select * from send_topup_receipt(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("send_topup_receipt", topup=top_up_id, contact=contact.asked),
            top_up_id,
            contact.as_json(),
            at,
        ],
    )
    assert answer is not None
    return answer


def _state(found: TopUp) -> Literal["paid", "given_back", "unpaid"]:
    """Tell whether the money is on the balance; what came for nothing is on its way back."""
    if found.state == "paid":
        return "paid"
    return "given_back" if found.state == "reversed" or found.refund_state else "unpaid"
