"""The due sweep: found by state and never by a timer, so nothing is missed after an outage."""

from dataclasses import dataclass
from datetime import datetime

from everline import database


@dataclass(frozen=True, slots=True)
class Swept:
    """What one call did: cards taken, renewed, refused with a stored reason, placed with a gateway.

    A card that is taken and none of these waits for its next rung: its plan would cut the present
    term short.
    """

    renewed: int
    refused: int
    taken: int
    placed: int = 0


def renew_due(at: datetime, most: int = 1000) -> Swept:
    """Renew up to `most` due cards, the most urgent first, at most 1,000 a call.

    Any number of workers may call it side by side: each locks other cards. One that is to be paid
    by a means which a gateway keeps is placed, and charged afterwards.
    """
    swept = database.row(Swept, "select * from renew_due(%s, %s)", [at, most])
    assert swept is not None
    return swept
