"""The core: quote, renew, place and pay, settle, deliver, reverse; receipts.

Every channel comes in here and nothing else decides a price, a term or a state. A renewal is read
in four files: a channel's view, renew.py, renewals.sql, ledger.sql.
"""

from everline.notices import Contact
from everline.renewals.deliver import deliver, expire_due, withdraw
from everline.renewals.installed import bind_installed
from everline.renewals.keeping import ask_setup, ask_setups, set_up
from everline.renewals.looks import CardSeen, RenewalSeen, look_at_card, look_at_renewal
from everline.renewals.open import (
    answer_of,
    find_by_code,
    find_by_request,
    give_up,
    grouped_code,
    pay_open,
    read_code,
    send_pay_link,
)
from everline.renewals.pay import Settled, ask_all, ask_renewal, pay, stop
from everline.renewals.quotes import Quote, quote, quote_plans
from everline.renewals.receipts import receipt, send_receipt
from everline.renewals.renew import (
    Order,
    Renewal,
    cancel,
    find,
    find_open,
    of_card,
    of_payer,
    place,
    renew,
    retry_payment,
    reverse,
)

__all__ = [
    "CardSeen",
    "Contact",
    "Order",
    "Quote",
    "Renewal",
    "RenewalSeen",
    "Settled",
    "answer_of",
    "ask_all",
    "ask_renewal",
    "ask_setup",
    "ask_setups",
    "bind_installed",
    "cancel",
    "deliver",
    "expire_due",
    "find",
    "find_by_code",
    "find_by_request",
    "find_open",
    "give_up",
    "grouped_code",
    "look_at_card",
    "look_at_renewal",
    "of_card",
    "of_payer",
    "pay",
    "pay_open",
    "place",
    "quote",
    "quote_plans",
    "read_code",
    "receipt",
    "renew",
    "retry_payment",
    "reverse",
    "send_pay_link",
    "send_receipt",
    "set_up",
    "stop",
    "withdraw",
]
