"""Receipts of renewals, as a stranger who checks one may see them.

What the holder sees of a renewal is in renew.py; whether a receipt is official says trust.
"""

from typing import Final, Literal
from zoneinfo import ZoneInfo

from everline import ids
from everline.ids import Iccid
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


def _state(found: Renewal) -> Literal["paid", "given_back", "unpaid"]:
    """Tell whether the money is ours; what was captured for nothing is on its way back."""
    if found.state in {"paid", "delivered"}:
        return "paid"
    return "given_back" if found.state in GIVEN_BACK or found.refund_state else "unpaid"
