"""Automatic renewal: mandates, and the due sweep that renews before terms end.

It stands above the core and decides nothing of its own: a due card is quoted, sold and delivered as
any other. mandates.py keeps consents to the words of consent.py, standing.py tells how it stands,
due.py, charging.py and warnings.py are called by the worker; the verbs stand in the .sql files of
this folder, the rungs in renewals/rungs.sql.
"""

from everline.autorenewal.charging import charge_due
from everline.autorenewal.consent import VERSION, words
from everline.autorenewal.due import Swept, renew_due
from everline.autorenewal.mandates import (
    BALANCE_FIRST,
    METHODS_FIRST,
    Wishes,
    change_mandate,
    end_mandate,
    give_mandate,
    pause_mandate,
    resume_mandate,
    skip_term,
)
from everline.autorenewal.standing import Standing, standing
from everline.autorenewal.tracing import Traced, trace, trace_renewal
from everline.autorenewal.warnings import warn_short

__all__ = [
    "BALANCE_FIRST",
    "METHODS_FIRST",
    "VERSION",
    "Standing",
    "Swept",
    "Traced",
    "Wishes",
    "change_mandate",
    "charge_due",
    "end_mandate",
    "give_mandate",
    "pause_mandate",
    "renew_due",
    "resume_mandate",
    "skip_term",
    "standing",
    "trace",
    "trace_renewal",
    "warn_short",
    "words",
]
