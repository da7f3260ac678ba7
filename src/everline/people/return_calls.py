"""Return calls: a caller leaves a telephone number, and a person calls back.

A number waits for one call at a time, however often it asks. This is no callback, which is a
gateway's message to us. The table is ReturnCall in models.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database, ids
from everline.ids import Msisdn
from everline.people.models import ReturnCall

NOTE_LENGTH_MAX: Final = 240
WAITING_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for a call since `asked_at`; the card, where one was named."""

    id: UUID
    phone: str
    locale: str
    card_id: UUID | None
    note: str
    asked_at: datetime


def leave(
    phone: Msisdn, at: datetime, *, locale: str = "en", card_id: UUID | None = None, note: str = ""
) -> UUID:
    """Ask for a call to a number; gives the one that waits already, if there is one.

    Of many at once for one number one is written.
    """
    asked = ReturnCall(
        id=ids.uuid7(at),
        phone=str(phone),
        locale=locale,
        card_id=card_id,
        note=note[:NOTE_LENGTH_MAX],
        asked_at=at,
    )
    ReturnCall.objects.bulk_create([asked], ignore_conflicts=True)
    found = database.value(
        "select c.id from people_returncall c where c.phone = %s and c.done_at is null",
        [str(phone)],
    )
    # Somebody may have called back between the two statements; then what was asked for is done.
    return found if isinstance(found, UUID) else asked.id


def waiting(most: int = WAITING_MAX) -> list[Waiting]:
    """List who waits, the longest first; bounded at 200."""
    return database.rows(
        Waiting,
        "select c.id, c.phone, c.locale, c.card_id, c.note, c.asked_at from people_returncall c"
        " where c.done_at is null order by c.asked_at limit %s",
        [min(most, WAITING_MAX)],
    )


def done(call_id: UUID, person_id: UUID, at: datetime) -> bool:
    """Write that somebody has called; False when it is unknown or was done before."""
    open_calls = ReturnCall.objects.filter(id=call_id, done_at=None)
    return bool(open_calls.update(done_at=at, done_by=person_id))
