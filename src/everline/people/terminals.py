"""Tills and kiosks: enrolled by a one-time code, known by a key afterwards.

The office opens an enrolment and tells the code, by telephone or on paper; whoever types it into
the device first gives the device its key, 256 random bits, of which only the SHA-256 is kept. What
a terminal may do is said by its channel. Partners' keys are made in keys.py.
"""

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.crypto import salted_hmac

from everline import database, ids
from everline.people import models
from everline.people.keys import digest

PREFIX: Final = "evt_"
CODE_MINUTES: Final = 30
CODE_LENGTH_MAX: Final = 40
SEEN_SECONDS: Final = 60
"""How old the time may be at which a terminal was last seen, before it is written again."""

_TERMINAL = (
    "select t.id, t.kind, t.code, t.name, t.place_note, t.language, t.enrolled_at, t.last_seen_at,"
    " r.id as retailer_id, r.account_id, r.code as retailer_code, r.name as retailer_name, r.city,"
    " r.currency from people_terminal t join people_retailer r on r.id = t.retailer_id where "
)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A till or kiosk with the store that it stands in, whose `account_id` holds the deposit."""

    id: UUID
    kind: str
    code: str
    name: str
    place_note: str
    language: str
    enrolled_at: datetime | None
    last_seen_at: datetime | None
    retailer_id: UUID
    account_id: UUID
    retailer_code: str
    retailer_name: str
    city: str
    currency: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A terminal that was let in, and its key, which is shown this once."""

    terminal: Terminal
    key: str


def open_enrolment(terminal_id: UUID, at: datetime) -> str:
    """Make a one-time code for a terminal, good for half an hour; an earlier code ends.

    A key that the terminal has works on until the code is used. Raises Terminal.DoesNotExist.
    """
    code = ids.spoken_code(random.SystemRandom())
    opened = models.Terminal.objects.filter(id=terminal_id).update(
        enrol_code_hash=_code_hash(code),
        enrol_expires_at=at + timedelta(minutes=CODE_MINUTES),
        enrol_tries=0,
    )
    if not opened:
        raise models.Terminal.DoesNotExist
    return f"{code[:4]}-{code[4:]}"


def enrol(code: str, at: datetime) -> Enrolled | None:
    """Take a one-time code and give a key; None when the code is wrong, used or too old.

    Case, spaces and hyphens do not matter. Ten wrong codes end all that are open. Of many at once
    with the same code one gets a key.
    """
    key = PREFIX + secrets.token_urlsafe(32)
    terminal_id = database.value(
        "select enrol_terminal(%s, %s, %s)", [_code_hash(code), digest(key), at]
    )
    if terminal_id is None:
        return None
    terminal = database.row(Terminal, _TERMINAL + "t.id = %s", [terminal_id])
    assert terminal is not None
    return Enrolled(terminal, key)


def find_terminal(key: str, at: datetime) -> Terminal | None:
    """Find whose key it is: one read. None when it is unknown or revoked, or the store closed.

    That it was seen is written once a minute at most.
    """
    if not key.startswith(PREFIX):
        return None
    terminal = database.row(
        Terminal,
        _TERMINAL + "t.key_hash = %s and (t.revoked_at is null or t.revoked_at > %s)"
        " and (r.closed_at is null or r.closed_at > %s)",
        [digest(key), at, at],
    )
    if terminal is None:
        return None
    late = at - timedelta(seconds=SEEN_SECONDS)
    if terminal.last_seen_at is None or terminal.last_seen_at <= late:
        models.Terminal.objects.filter(
            Q(last_seen_at=None) | Q(last_seen_at__lte=late), id=terminal.id
        ).update(last_seen_at=at)
    return terminal


def revoke(terminal_id: UUID, at: datetime) -> bool:
    """End a terminal's key and its open code at `at`; False when it was revoked before."""
    revoked = models.Terminal.objects.filter(id=terminal_id, revoked_at=None).update(revoked_at=at)
    models.Terminal.objects.filter(id=terminal_id).update(
        enrol_code_hash=None, enrol_expires_at=None
    )
    return bool(revoked)


def _code_hash(code: str) -> bytes:
    """Hash a code under the server's key: its 36 bits alone could be tried out."""
    plain = "".join(sign for sign in code[:CODE_LENGTH_MAX].upper() if sign.isalnum())
    return salted_hmac("everline.people.terminals", plain, algorithm="sha256").digest()
