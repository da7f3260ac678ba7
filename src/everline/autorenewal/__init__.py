"""Automatic renewal: mandates, and the due sweep that renews before terms end.

It stands above the core and decides nothing of its own: a due card is quoted, sold and delivered as
any other. mandates.py keeps consents to the words of consent.py, standing.py tells how it stands,
due.py, charging.py, low.py (by data) and warnings.py are called by the worker; the verbs stand in
the .sql files of this folder, the rungs in renewals/rungs.sql. What watches over it is in guards.
"""

from everline.autorenewal.charging import charge_due
from everline.autorenewal.consent import VERSION, words
from everline.autorenewal.due import Swept, renew_due
from everline.autorenewal.explain import Account, Fact, explain
from everline.autorenewal.guards.breakers import (
    Parked,
    Stop,
    find_parked,
    parked,
    release_card,
    release_stop,
    stopped,
)
from everline.autorenewal.guards.outages import Outage, outages, sweep_due
from everline.autorenewal.guards.prolonging import begin_grace, prolong
from everline.autorenewal.guards.untried import Hour, hours, judge_hours
from everline.autorenewal.low import mark_low
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
from everline.autorenewal.metrics import Gauges, exposition, gauges
from everline.autorenewal.standing import Standing, standing
from everline.autorenewal.tracing import Traced, trace, trace_renewal
from everline.autorenewal.warnings import tell, warn_ahead, warn_short

__all__ = [
    "BALANCE_FIRST",
    "METHODS_FIRST",
    "VERSION",
    "Account",
    "Fact",
    "Gauges",
    "Hour",
    "Outage",
    "Parked",
    "Standing",
    "Stop",
    "Swept",
    "Traced",
    "Wishes",
    "begin_grace",
    "change_mandate",
    "charge_due",
    "end_mandate",
    "explain",
    "exposition",
    "find_parked",
    "gauges",
    "give_mandate",
    "hours",
    "judge_hours",
    "mark_low",
    "outages",
    "parked",
    "pause_mandate",
    "prolong",
    "release_card",
    "release_stop",
    "renew_due",
    "resume_mandate",
    "skip_term",
    "standing",
    "stopped",
    "sweep_due",
    "tell",
    "trace",
    "trace_renewal",
    "warn_ahead",
    "warn_short",
    "words",
]
