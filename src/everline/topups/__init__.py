"""Top-ups: money onto a card's balance, from a store's or partner's deposit or through a gateway.

The rules of once, unknown and receipt are those of renewals, one layer up; `renewals.pay` calls the
gateway for both. The verbs stand in topups.sql and placing.sql.
"""

from everline.topups.receipts import receipt, send_receipt
from everline.topups.topups import (
    Offered,
    Order,
    TopUp,
    cancel,
    find,
    find_by_request,
    find_open,
    of_card,
    of_payer,
    offered,
    place,
    take_back,
    top_up,
)

__all__ = [
    "Offered",
    "Order",
    "TopUp",
    "cancel",
    "find",
    "find_by_request",
    "find_open",
    "of_card",
    "of_payer",
    "offered",
    "place",
    "receipt",
    "send_receipt",
    "take_back",
    "top_up",
]
