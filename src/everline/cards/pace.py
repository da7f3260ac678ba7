"""The pace at which a card uses data: what was used in the last terms, and in how many days.

Advice is given by it (catalogue/advice.py), to the holder alone. status.py tells the present term.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from everline import database

LOOKED_BACK: Final = timedelta(days=100)
SECONDS_MIN: Final = 3 * 86_400
"""A pace is told after three days; sooner it would be a guess."""

MONTH_SECONDS: Final = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Pace:
    """Bytes used within seconds of terms that were running."""

    used_bytes: int
    seconds: int

    @property
    def days(self) -> int:
        """The days looked at, of which a part counts as one."""
        return -(-self.seconds // 86_400)

    @property
    def month_bytes(self) -> int:
        """What this is in 30 days."""
        return self.used_bytes * MONTH_SECONDS // self.seconds


def pace(card_id: UUID, at: datetime) -> Pace | None:
    """Tell a card's pace; None where too little is known. One read, locks nothing.

    A term counts from its start until its usage was last heard of, and time without a plan does
    not count. Terms that ran side by side count once each.
    """
    found = database.row(
        Pace,
        "select coalesce(sum(e.used_bytes), 0)::bigint as used_bytes,"
        " coalesce(sum(extract(epoch from least(e.used_as_of, e.ends_at) - e.starts_at)),"
        " 0)::bigint as seconds from cards_entitlement e"
        " where e.card_id = %s and e.state <> 'cancelled' and e.used_as_of > e.starts_at"
        " and e.ends_at > %s and e.starts_at <= %s",
        [card_id, at - LOOKED_BACK, at],
    )
    if found is None or found.seconds < SECONDS_MIN or found.used_bytes <= 0:
        return None
    return found
