"""Payments: attempts through gateways, asking again, refunds. They know no renewal.

attempts.py makes the outside calls between two verbs and says what came of them;
renewals/pay.py settles. Means that gateways keep are in methods.py, giving one without paying in
setups.py, the words of consent in consent.py. The gateways' protocol is gateways/__init__.py, the
verbs stand in payments.sql, methods.sql and setups.sql.
"""

from everline.payments.attempts import (
    ATTEMPT,
    OF_PAYMENT,
    Attempt,
    Refund,
    Said,
    ask,
    ask_refund,
    charge,
    claim_asks,
    claim_refunds,
    find_attempt,
    find_refund,
    first_attempt,
    keep_callback,
    mark_sent,
    own_parked,
    replay_callbacks,
    stop,
    waiting_by_gateway,
)
from everline.payments.consent import KEEP_VERSION, KEEP_WORDS, keep_words
from everline.payments.disputes import find_disputes, read_disputes
from everline.payments.gateways import Abilities, Gateway, by_page, gateway, installed
from everline.payments.methods import (
    NOTHING_KEPT,
    KeptMeans,
    Method,
    end_method,
    forget,
    methods_of,
    order_methods,
    usable_methods,
)
from everline.payments.setups import (
    Setup,
    SetupSaid,
    ask_setup,
    begin_setup,
    claim_setups,
    find_setup,
    keepers,
    set_up,
)

__all__ = [
    "ATTEMPT",
    "KEEP_VERSION",
    "KEEP_WORDS",
    "NOTHING_KEPT",
    "OF_PAYMENT",
    "Abilities",
    "Attempt",
    "Gateway",
    "KeptMeans",
    "Method",
    "Refund",
    "Said",
    "Setup",
    "SetupSaid",
    "ask",
    "ask_refund",
    "ask_setup",
    "begin_setup",
    "by_page",
    "charge",
    "claim_asks",
    "claim_refunds",
    "claim_setups",
    "end_method",
    "find_attempt",
    "find_disputes",
    "find_refund",
    "find_setup",
    "first_attempt",
    "forget",
    "gateway",
    "installed",
    "keep_callback",
    "keep_words",
    "keepers",
    "mark_sent",
    "methods_of",
    "order_methods",
    "own_parked",
    "read_disputes",
    "replay_callbacks",
    "set_up",
    "stop",
    "usable_methods",
    "waiting_by_gateway",
]
