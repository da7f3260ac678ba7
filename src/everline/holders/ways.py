"""Ways in: the addresses and passkeys by which somebody signs in, and telling of new ones.

An address is added by a code that was sent to it. Whoever has an account is told of each new way
in at the addresses that there were before, so that a thief does not go unseen.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from everline import database, ids
from everline.database.requests import Answer, Caller, request_hash
from everline.holders import codes


def add_address(caller: Caller, person_id: UUID, code_id: UUID, typed: str, at: datetime) -> Answer:
    """Give a person the address that a code was sent to, in place of the one of its kind.

    Refuses code_wrong, code_ended, address_taken. Locks the code and the person.
    """
    digest = codes.code_hash(code_id, typed)
    answer = database.row(
        Answer,
        "select * from add_address(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("add_address", code=code_id, typed=digest.hex(), person=person_id),
            code_id,
            digest,
            person_id,
            settings.ZONE,
            at,
        ],
    )
    assert answer is not None
    return answer


def tell_passkey(person_id: UUID, at: datetime) -> None:
    """Tell somebody that a passkey was added."""
    database.value(
        "select tell_passkey(%s, %s, %s, %s)", [person_id, ids.uuid7(at), settings.ZONE, at]
    )
