"""Outages: what the due sweep does before and after it renews, so that its silence is made good.

The sweep beats when it has run to its end. After a silence of more than ten minutes the first one
that comes back finds the outage, and terms that ended meanwhile go on for as long as it lasted,
before anything is tried. What is written stands in outages.sql.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database
from everline.autorenewal.due import renew_due

MOST: Final = 1000

_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """What one call did for an outage: terms prolonged; and whether some are still cut off."""

    prolonged: int
    still_to_do: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which nothing was tried; `ended_at` None while it is being made good."""

    id: UUID
    from_at: datetime
    until_at: datetime
    prolonged: int
    ended_at: datetime | None


def sweep_due(at: datetime) -> int:
    """Make an outage good, renew what is due, and beat; gives how much was found.

    While terms are cut off nothing is renewed: a term that lapsed by our fault goes on first, so
    that the next one follows it. Any number of workers may call it side by side.
    """
    if find_outage(at) is not None:
        _logger.error("automatic renewal was silent; terms that ended meanwhile are prolonged")
    ended = end_outage(at)
    if ended.still_to_do:
        return ended.prolonged
    taken = renew_due(at).taken
    beat(at)
    return ended.prolonged + taken


def find_outage(at: datetime) -> UUID | None:
    """Write the outage that is over now, once; None when there was none."""
    found = database.value("select find_outage(%s)", [at])
    return None if found is None else UUID(str(found))


def end_outage(at: datetime, most: int = MOST) -> Ended:
    """Prolong up to `most` terms that an outage cut off, at most 1,000 a call."""
    ended = database.row(Ended, "select * from end_outage(%s, %s)", [at, most])
    assert ended is not None
    return ended


def beat(at: datetime) -> None:
    """Tell that the due sweep ran to its end."""
    database.value("select beat(%s)", [at])


def outages(most: int = 20) -> list[Outage]:
    """List the outages, the latest first."""
    return database.rows(
        Outage,
        "select o.id, o.from_at, o.until_at, o.prolonged, o.ended_at from autorenewal_outage o"
        " order by o.from_at desc limit %s",
        [most],
    )
