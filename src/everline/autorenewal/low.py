"""Renewal by data: a sweep over the mandates that ask for it. What is low stands in low.sql."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database

MOST: Final = 1000
ROUNDS_MAX: Final = 10_000
FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class _Looked:
    last_id: UUID | None
    marked: int


def mark_low(at: datetime, most: int = MOST) -> int:
    """Make the cards due whose data runs low, `most` mandates a call; gives how many cards.

    Any number of workers may call it side by side.
    """
    after, marked = FIRST, 0
    for _round in range(ROUNDS_MAX):
        looked = database.row(_Looked, "select * from mark_low(%s, %s, %s)", [after, at, most])
        assert looked is not None
        marked += looked.marked
        if looked.last_id is None:
            break
        after = looked.last_id
    return marked
