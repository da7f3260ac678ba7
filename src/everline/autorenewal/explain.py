"""Explaining a card: what happened to its renewals, what comes next, and why it stands as it does.

Facts with codes and times, no words: the subscriber's page, the agent's and the terminal word the
same ones in pages/telling.py. What is kept of them is read by explain.sql; what is to come is the
standing of now.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from everline import database
from everline.autorenewal.standing import Standing, standing

MOST: Final = 60
"""How many facts are listed; the newest are kept."""

_EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened; `facts` are minor units, instants as ISO 8601, names by locale."""

    at: datetime
    code: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """All that is told of a card: how automatic renewal stands, and the facts, newest first."""

    standing: Standing | None
    facts: list[Fact]


def explain(
    card_id: UUID, at: datetime, *, since: datetime | None = None, most: int = MOST
) -> Account:
    """Tell what happened to a card's renewals since an instant. Two reads, no locks.

    Whoever holds a card sees what happened since then; an agent sees all.
    """
    found = database.rows(
        Fact, "select * from explain_card(%s, %s, %s, %s)", [card_id, since or _EVER, most, at]
    )
    return Account(standing(card_id, at), found)
