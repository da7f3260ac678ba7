"""One file on its way into the database, and what became of it.

A task carries what every writer needs; documents.py and stock.py are the writers, loaded.py makes
the tasks and keeps each file in a transaction of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from everline.loading.problems import Problems
from everline.loading.stored import add_flaws

Now = Callable[[], datetime]
Answer = tuple[Any, ...] | None
"""The row `loaded` that a verb gives: new, changed, flaws."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records a file has, how many of them are new, and how many differed."""

    rows: int = 0
    added: int = 0
    changed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.rows + other.rows, self.added + other.added, self.changed + other.changed
        )


@dataclass(frozen=True, slots=True)
class Task:
    """One file to load; `at` is the instant of the load, `now` tells it when money is booked."""

    connection: psycopg.Connection
    path: Path
    at: datetime
    now: Now
    tell: Callable[[int], None]
    """Told now and then which line was read."""
    problems: Problems
    problems_before: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found against this file so far."""
        return self.problems.count == self.problems_before

    def counted(self, rows: int, answer: Answer) -> Counts:
        """Take over what a verb answered: its flaws become problems, its counts are given."""
        assert answer is not None, "a verb gives one row"
        added, changed, flaws = answer
        add_flaws(self.path.name, flaws, self.problems)
        return Counts(rows, added or 0, changed or 0)
