"""Cards: what they are, what they may use, activation, binding and loss.

This face finds cards and tells their status; changes.py holds the acts. What a card costs to renew
is asked of `renewals`. The verbs stand in cards.sql.
"""

from everline.cards.changes import activate, bind, change, record_usage, start_code_hash, unbind
from everline.cards.status import Card, Device, Status, Term, find, find_by_id, status

__all__ = [
    "Card",
    "Device",
    "Status",
    "Term",
    "activate",
    "bind",
    "change",
    "find",
    "find_by_id",
    "record_usage",
    "start_code_hash",
    "status",
    "unbind",
]
