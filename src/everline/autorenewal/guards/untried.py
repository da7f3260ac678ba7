"""The detector of silent failures as a sweep and a list. What is foreseen stands in untried.sql.

It judges each hour that is over: expected minus tried minus opted out must be zero, else somebody
is alarmed by the log, the metrics, the doctor and the office.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from everline import database

DAYS: Final = 2
HOURS_MAX: Final = 60

_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour: what the ladders foresaw and what came of it."""

    hour: datetime
    expected: int
    attempted: int
    opted_out: int
    untried: int


def judge_hours(at: datetime) -> int:
    """Judge the hours that are over; gives how many tries were foreseen and never made.

    It may read for long where millions are due, so it has more time than a verb has, an hour a
    call. One worker does it at a time; the others tell what is known.
    """
    untried = 0
    for _hour in range(HOURS_MAX):
        with database.connection() as lent, lent.transaction():
            lent.execute("set local statement_timeout = '10min'")
            row = lent.execute("select judged, untried from judge_hours(%s, 1)", [at]).fetchone()
        assert row is not None
        judged, untried = int(row[0]), int(row[1])
        if not judged:
            break
    if untried:
        _logger.error("%d automatic renewals were due and not tried: everline audit", untried)
    return untried


def hours(at: datetime, most: int = 48) -> list[Hour]:
    """List the judged hours of the last two days, the latest first."""
    return database.rows(
        Hour,
        "select h.hour, h.expected, h.attempted, h.opted_out, h.untried from autorenewal_hour h"
        " where h.judged_at is not null and h.hour > %s order by h.hour desc limit %s",
        [at - timedelta(days=DAYS), most],
    )
