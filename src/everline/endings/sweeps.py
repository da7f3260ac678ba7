"""The sweeps of endings: found by state and never by a timer, so nothing is missed by an outage.

Any number of workers may call each side by side. What they do stands in the SQL beside.
"""

from datetime import datetime

from everline import database


def warn_ending(at: datetime, most: int = 500) -> int:
    """Warn that service ends soon, once a term that no mandate renews; gives how many."""
    return int(database.value("select warn_ending(%s, %s)", [at, most]))


def warn_number_ends(at: datetime, most: int = 500) -> int:
    """Warn that a number is given away, 14 days and 2 days before; gives how many."""
    return int(database.value("select warn_number_ends(%s, %s)", [at, most]))


def recycle_lapsed(at: datetime, most: int = 500) -> int:
    """End cards that lapsed longer ago than `lapsed_days` of the operator; gives how many.

    Never one that is lost or in stock, with an open renewal, or a payment that may still arrive.
    """
    return int(database.value("select recycle_lapsed(%s, %s)", [at, most]))


def put_back_esims(at: datetime, most: int = 500) -> int:
    """Bring eSIMs back to stock that were taken and not paid in time; gives how many."""
    return int(database.value("select put_back_esims(%s, %s)", [at, most]))
