"""A sweep's round: very many rows are looked at, a slice a call, so each call is bounded.

Where the round stands is kept by the database: rounds.sql.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from everline import database

SLICES_MAX: Final = 50
"""How many slices of its round a sweep looks at in one run."""


@dataclass(frozen=True, slots=True)
class _Seen:
    done: int
    is_over: bool


def go_round(query: LiteralString, at: datetime, most: int) -> int:
    """Go on with a round, `most` rows a call, until it is over; gives how much was done.

    `query` calls a verb with both and gives `done` and `is_over`.
    """
    done = 0
    for _slice in range(SLICES_MAX):
        seen = database.row(_Seen, query, [at, most])
        assert seen is not None
        done += seen.done
        if seen.is_over:
            break
    return done
