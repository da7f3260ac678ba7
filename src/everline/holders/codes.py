"""One-time codes: six digits sent by e-mail or text message, and what comes of one that is typed.

A code is kept as a keyed hash, is good for ten minutes and for one use, and five wrong tries end
it; the verbs count them under its lock. Beside that the limits below hold for an address and for a
network, in all processes together, so that nobody tries codes out by asking for ever new ones:
in a day, at one address, some 70 of a million. What is answered, and how long it takes, does not
depend on whether anybody has the address. Who may ask for which code is its channel's.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils.crypto import salted_hmac

from everline import database, ids
from everline.database.requests import Answer, Caller, request_hash
from everline.notices import Contact
from everline.trust import limits
from everline.trust.limits import Limit

DIGITS: Final = 6
GOOD_FOR: Final = timedelta(minutes=10)

SENT_TO_ADDRESS: Final = Limit("code-to-address", 5, timedelta(minutes=15))
SENT_FROM_NETWORK: Final = Limit("code-from-network", 20, timedelta(minutes=1))
TRIED_AT_ADDRESS: Final = Limit("code-at-address", 20, timedelta(minutes=30))
TRIED_FROM_NETWORK: Final = Limit("code-tried-from-network", 30, timedelta(minutes=1))

Purpose = Literal["sign_in", "card", "address"]


@dataclass(frozen=True, slots=True)
class Entrance:
    """What came of a code for signing in, who it was, and how many tries are left.

    `opened` is a new account; `staff` sign in by a password and are not let in by a code.
    """

    outcome: Literal["entered", "opened", "staff", "wrong", "ended"]
    person: UUID | None
    tries_left: int


def seconds_before_sending(address: str, network: str, at: datetime) -> int:
    """Count a code that is to be sent; 0 when it may be, else the seconds to wait."""
    return limits.seconds_to_wait(SENT_FROM_NETWORK, network, at) or limits.seconds_to_wait(
        SENT_TO_ADDRESS, address, at
    )


def seconds_before_trying(address: str, network: str, at: datetime) -> int:
    """Count a try of a code; 0 when it may be tried, else the seconds to wait."""
    return limits.seconds_to_wait(TRIED_FROM_NETWORK, network, at) or limits.seconds_to_wait(
        TRIED_AT_ADDRESS, address, at
    )


def send(
    caller: Caller,
    purpose: Purpose,
    contact: Contact | None,
    at: datetime,
    *,
    person_id: UUID | None = None,
    card_id: UUID | None = None,
) -> Answer:
    """Send a code; the answer's id is what it is tried against. Refuses request_reused.

    Without a contact nothing is sent, and nobody can have the code: the answer looks the same.
    """
    code_id = ids.uuid7(at)
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    asked = contact.asked if contact else None
    answer = database.row(
        Answer,
        "select * from send_code(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("send_code", purpose=purpose, to=asked, person=person_id, card=card_id),
            code_id,
            purpose,
            contact.as_json() if contact else None,
            code_hash(code_id, digits) if asked else secrets.token_bytes(32),
            digits,
            person_id,
            card_id,
            at + GOOD_FOR,
            settings.ZONE,
            at,
        ],
    )
    assert answer is not None
    return answer


def enter(code_id: UUID, typed: str, locale: str, at: datetime) -> Entrance:
    """Let in whoever types the code that was sent to an address; opens an account for a new one.

    Locks the code and the person.
    """
    found = database.row(
        Entrance,
        "select * from enter(%s, %s, %s, %s, %s, %s)",
        [code_id, code_hash(code_id, typed), ids.uuid7(at), make_password(None), locale, at],
    )
    assert found is not None
    return found


def forget(at: datetime, most: int = 500) -> int:
    """Delete codes that are too old; gives how many."""
    return int(database.value("select forget_codes(%s, %s)", [at, most]))


def code_hash(code_id: UUID, typed: str) -> bytes:
    """Hash a code with what it was sent for, under the server's key: a million can be tried."""
    return salted_hmac(
        "everline.holders.codes", f"{code_id}:{typed[: DIGITS + 1]}", algorithm="sha256"
    ).digest()
