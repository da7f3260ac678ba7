"""Receipts of top-ups, as a stranger who checks one may see them: never the balance.

What a channel shows of a top-up is in topups.py; whether a receipt is official says trust.
"""

from typing import Literal
from zoneinfo import ZoneInfo

from everline import ids
from everline.ids import Iccid
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


def _state(found: TopUp) -> Literal["paid", "given_back", "unpaid"]:
    """Tell whether the money is on the balance; what came for nothing is on its way back."""
    if found.state == "paid":
        return "paid"
    return "given_back" if found.state == "reversed" or found.refund_state else "unpaid"
