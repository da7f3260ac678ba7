"""Taking all that is kept of oneself along, and leaving: a document, and erasure.

Erasure ends the account: addresses, name, passkeys and sessions go, cards are held by nobody, and
what was written about them names nobody any more. What was bought and paid stays: the books are
kept by law, under a customer number without a name. Balances stay with their cards. The end of a
bank card's number, as a gateway told it, stays with its payment, for refunds and disputes.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import make_password

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.holders.records import FILE_MAX, records

FORMAT: Final = 1
"""The version of the document's form."""


def dossier(person_id: UUID, at: datetime) -> dict[str, Any]:
    """Give all that is kept of a person, as JSON values; instants in ISO 8601, amounts minor."""
    found: dict[str, Any] = database.value("select dossier(%s)", [person_id])
    return {
        "format": FORMAT,
        "made_at": at.isoformat(),
        **found,
        "payments": [
            {
                "kind": each.kind,
                "receipt": each.receipt,
                "at": each.at.isoformat(),
                "card": each.iccid,
                "plan": each.plan_names and each.plan_names.get("en"),
                "amount": each.amount,
                "currency": each.currency,
                "means": each.means,
                "paid_by": each.masked_means,
                "state": each.state,
            }
            for each in records(person_id, most=FILE_MAX)
        ],
    }


def erase(caller: Caller, person_id: UUID, at: datetime) -> Answer:
    """End somebody's account and all that is kept of the person; staff is ended in the office.

    Refuses request_reused. Locks the cards and the person.
    """
    answer = database.row(
        Answer,
        "select * from erase_person(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("erase_person", person=person_id),
            person_id,
            make_password(None),
            at,
        ],
    )
    assert answer is not None
    return answer
