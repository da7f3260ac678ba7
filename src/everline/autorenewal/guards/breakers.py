"""Breakers as people see and release them: parked cards, and the stop of all automatic charges.

What parks and stops is decided in breakers.sql, within the due sweep. A release is a verb with a
request id, so that a press sent twice is one act; who may press decides the office.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.ids import Iccid

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Parked:
    """A card that is not charged by itself until somebody releases it."""

    id: UUID
    card_id: UUID
    iccid: str
    reason: str
    facts: dict[str, Any]
    since: datetime
    owner: str

    @property
    def masked(self) -> str:
        """The card's number as it may be shown."""
        return Iccid(self.iccid).masked


@dataclass(frozen=True, slots=True)
class Stop:
    """All automatic charges are held back: `charged` in an hour, where `expected` were foreseen."""

    id: UUID
    since: datetime
    charged: int
    expected: int
    allowed: int


def parked(most: int = MOST) -> list[Parked]:
    """List parked cards, the longest first."""
    return database.rows(
        Parked,
        "select p.id, p.card_id, c.iccid, p.reason, p.facts, p.since, p.owner"
        " from autorenewal_parked p join cards_card c on c.id = p.card_id"
        " where p.released_at is null order by p.since limit %s",
        [most],
    )


def find_parked(card_id: UUID) -> Parked | None:
    """Find what holds a card back; None when nothing does."""
    return database.row(
        Parked,
        "select p.id, p.card_id, c.iccid, p.reason, p.facts, p.since, p.owner"
        " from autorenewal_parked p join cards_card c on c.id = p.card_id"
        " where p.released_at is null and p.card_id = %s",
        [card_id],
    )


def stopped() -> Stop | None:
    """Tell whether all automatic charges are stopped."""
    return database.row(
        Stop,
        "select s.id, s.since, s.charged, s.expected, s.allowed from autorenewal_stop s"
        " where s.released_at is null",
    )


def release_card(caller: Caller, card_id: UUID, at: datetime) -> Answer:
    """Release a parked card; what was due meanwhile is due now, unless its term is over.

    Refuses card_unknown, not_parked. Locks the card.
    """
    answer = database.row(
        Answer,
        "select * from release_card(%s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("release_card", card=card_id),
            card_id,
            at,
        ],
    )
    assert answer is not None
    return answer


def release_stop(caller: Caller, stop_id: UUID, at: datetime) -> Answer:
    """Let automatic charges go on. Refuses not_parked. Locks the stop."""
    answer = database.row(
        Answer,
        "select * from release_stop(%s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("release_stop", stop=stop_id),
            stop_id,
            at,
        ],
    )
    assert answer is not None
    return answer
