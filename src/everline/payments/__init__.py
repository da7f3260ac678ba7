"""Payments: attempts through gateways, asking again, refunds. They know no renewal.

attempts.py makes the outside calls between two verbs and says what came of them;
renewals/pay.py settles. The gateways' protocol is gateways/__init__.py, the verbs stand in
payments.sql.
"""

from everline.payments.attempts import (
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
from everline.payments.gateways import Abilities, by_page, gateway, installed

__all__ = [
    "Abilities",
    "Attempt",
    "Refund",
    "Said",
    "ask",
    "ask_refund",
    "by_page",
    "charge",
    "claim_asks",
    "claim_refunds",
    "find_attempt",
    "find_refund",
    "first_attempt",
    "gateway",
    "installed",
    "keep_callback",
    "mark_sent",
    "own_parked",
    "replay_callbacks",
    "stop",
    "waiting_by_gateway",
]
