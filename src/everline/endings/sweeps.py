"""The sweeps of endings: found by state and never by a timer, so nothing is missed by an outage.

Any number of workers may call each side by side. What they do stands in the SQL beside; most go
their rounds, `most` cards or terms a call.
"""

from datetime import datetime
from uuid import UUID

from everline import database
from everline.jobs import Now
from everline.jobs.rounds import go_round


def warn_ending(at: datetime, most: int = 500) -> int:
    """Remind that service ends, on terms that no mandate renews; gives how many.

    Seven days, three days, one day and six hours before, as far as they fit the term; once each.
    """
    return go_round("select done, is_over from warn_ending(%s, %s)", at, most)


def warn_data(term_id: UUID, now: Now) -> bool:
    """Tell that most or all data of a term is used, as a reading says; once each.

    Not of a term that was renewed already, nor of one whose data is renewed by itself.
    """
    return bool(database.value("select warn_data(%s, %s)", [term_id, now()]))


def warn_number_ends(at: datetime, most: int = 500) -> int:
    """Warn that a number is given away, 14 days and 2 days before; gives how many."""
    return go_round("select done, is_over from warn_number_ends(%s, %s)", at, most)


def recycle_lapsed(at: datetime, most: int = 500) -> int:
    """End cards that lapsed longer ago than `lapsed_days` of the operator; gives how many.

    Never one that is lost or in stock, with an open renewal, or a payment that may still arrive.
    """
    return go_round("select done, is_over from recycle_lapsed(%s, %s)", at, most)


def put_back_esims(at: datetime, most: int = 500) -> int:
    """Bring eSIMs back to stock that were taken and not paid in time; gives how many."""
    return int(database.value("select put_back_esims(%s, %s)", [at, most]))
