"""Cards: what they are, what they may use, activation, binding and loss.

This face finds cards and tells their status; changes.py holds the acts, esims.py takes eSIMs from
stock, usage.py forecasts when data runs out. What a card costs to renew is asked of `renewals`. The
verbs stand in cards.sql and esims.sql.
"""

from everline.cards.changes import activate, bind, change, record_usage, start_code_hash, unbind
from everline.cards.esims import activation_code, currencies_in_stock, first_renewal_id, take_esim
from everline.cards.pace import Pace, pace
from everline.cards.status import Card, Device, Status, Term, find, find_by_id, last_plan, status
from everline.cards.usage import Forecast, Reading, forecast, readings, terms

__all__ = [
    "Card",
    "Device",
    "Forecast",
    "Pace",
    "Reading",
    "Status",
    "Term",
    "activate",
    "activation_code",
    "bind",
    "change",
    "currencies_in_stock",
    "find",
    "find_by_id",
    "first_renewal_id",
    "forecast",
    "last_plan",
    "pace",
    "readings",
    "record_usage",
    "start_code_hash",
    "status",
    "take_esim",
    "terms",
    "unbind",
]
