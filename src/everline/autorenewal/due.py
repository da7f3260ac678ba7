"""The due sweep: found by state and never by a timer, so nothing is missed after an outage."""

from dataclasses import dataclass
from datetime import datetime

from everline import database


@dataclass(frozen=True, slots=True)
class Swept:
    """What one call did: cards taken, renewed, and refused with a stored reason."""

    renewed: int
    refused: int
    taken: int


def renew_due(at: datetime, most: int = 1000) -> Swept:
    """Renew up to `most` due cards from their balances, at most 1,000 a call.

    Any number of workers may call it side by side: each locks other cards.
    """
    swept = database.row(Swept, "select * from renew_due(%s, %s)", [at, most])
    assert swept is not None
    return swept
