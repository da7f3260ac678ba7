"""Limits that hold for all processes at once: so many tries, then one more in every so long.

Each is one row for each name and subject, counted under its lock by the verbs of limits.sql. A
subject, such as an address, is kept as a keyed hash alone. What is limited how often stands with
whoever asks; look-ups of card numbers are counted in each process, in pages/limits.py.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from everline import database


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` tries at once at most, and one more in `every`."""

    name: str
    most: int
    every: timedelta


def seconds_to_wait(limit: Limit, subject: str, at: datetime) -> int:
    """Take a turn and give 0, or give the seconds until there is one."""
    wait = database.value(
        "select take_turn(%s, %s, %s, %s)", [_key(limit, subject), limit.every, limit.most, at]
    )
    return 0 if wait is None else max(math.ceil(wait.total_seconds()), 1)


def give_back(limit: Limit, subject: str) -> None:
    """Let a subject have all turns again, as after a right password."""
    database.value("select give_turns_back(%s)", [_key(limit, subject)])


def forget(at: datetime) -> int:
    """Delete what no longer limits anybody; gives how many rows."""
    return int(database.value("select forget_turns(%s)", [at]))


def _key(limit: Limit, subject: str) -> bytes:
    return salted_hmac(
        "everline.trust.limits", f"{limit.name}:{subject}", algorithm="sha256"
    ).digest()
