"""Automatic renewal: mandates, and the due sweep that renews from balances before terms end.

It stands above the core and decides nothing of its own: a due card is quoted, sold and delivered as
any other. mandates.py keeps consents to the words of consent.py, standing.py tells how it stands,
due.py and warnings.py are called by the worker; the verbs stand in autorenewal.sql, due.sql and
warnings.sql, the rungs in renewals/rungs.sql.
"""

from everline.autorenewal.consent import VERSION, words
from everline.autorenewal.due import Swept, renew_due
from everline.autorenewal.mandates import end_mandate, give_mandate
from everline.autorenewal.standing import Standing, standing
from everline.autorenewal.warnings import warn_short

__all__ = [
    "VERSION",
    "Standing",
    "Swept",
    "end_mandate",
    "give_mandate",
    "renew_due",
    "standing",
    "warn_short",
    "words",
]
