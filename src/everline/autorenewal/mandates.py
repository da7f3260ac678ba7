"""Mandates: given with the words that were shown, ended in one step."""

from datetime import datetime
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.renewals import Contact


def give_mandate(
    caller: Caller,
    card_id: UUID,
    at: datetime,
    *,
    plan_id: UUID | None,
    words_version: str,
    contact: Contact,
) -> Answer:
    """Keep a consent to automatic charges and arm the card; no plan keeps the present one.

    Refuses card_unknown, card_state. Locks the card.
    """
    answer = database.row(
        Answer,
        "select * from give_mandate(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("give_mandate", card=card_id, plan=plan_id, words=words_version),
            card_id,
            plan_id,
            words_version,
            contact.as_json(),
            at,
        ],
    )
    assert answer is not None
    return answer


def end_mandate(caller: Caller, card_id: UUID, at: datetime) -> Answer:
    """End a consent in one step and disarm the card. Refuses card_unknown."""
    answer = database.row(
        Answer,
        "select * from end_mandate(%s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("end_mandate", card=card_id),
            card_id,
            at,
        ],
    )
    assert answer is not None
    return answer
