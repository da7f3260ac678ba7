"""Holding cards: adding one by a code that is sent to it, giving one up, and who holds what.

A card is added by whoever has it in hand: the code goes to the card's own number, and for an eSIM
that was bought on a page to its buyer too. For any other card, known or not, nothing is sent and
all looks the same. What a holder sees of a card begins where the one before ended.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database
from everline.cards import Card
from everline.database.requests import Answer, Caller, request_hash
from everline.holders import codes
from everline.notices import Contact


@dataclass(frozen=True, slots=True)
class Held:
    """A card that somebody holds, since when, and from when on its records are shown."""

    account_id: UUID
    card_id: UUID
    since: datetime
    shown_from: datetime | None


def held_by(person_id: UUID, most: int = 100) -> list[Held]:
    """List the cards that a person holds now, in the order in which they came."""
    return database.rows(
        Held,
        "select h.account_id, c.id as card_id, h.starts_at as since, ("
        "   select max(b.ends_at) from people_holding b"
        "   where b.account_id = h.account_id and b.person_id <> h.person_id"
        " ) as shown_from from people_holding h join cards_card c on c.account_id = h.account_id"
        " where h.person_id = %s and h.ends_at is null order by h.starts_at, h.id limit %s",
        [person_id, most],
    )


def shown_from(person_id: UUID, account_id: UUID) -> datetime | None:
    """Tell from when on a holder may see a card's records: the end of whoever held it before."""
    found: datetime | None = database.value(
        "select max(h.ends_at) from people_holding h"
        " where h.account_id = %s and h.person_id <> %s and h.ends_at is not null",
        [account_id, person_id],
    )
    return found


def send_code(
    caller: Caller, person_id: UUID, card: Card | None, locale: str, at: datetime
) -> Answer:
    """Send a code to a card, if it can be added; the answer is the same if not.

    Refuses request_reused.
    """
    found = database.value("select contact_of_card(%s, %s)", [card.id, locale]) if card else None
    contact = Contact(**found) if found else None
    return codes.send(
        caller, "card", contact, at, person_id=person_id, card_id=card.id if card else None
    )


def claim(caller: Caller, person_id: UUID, code_id: UUID, typed: str, at: datetime) -> Answer:
    """Add the card that a code was sent to; the answer's id is the card.

    Refuses code_wrong, code_ended, card_held. Locks the card and the code.
    """
    digest = codes.code_hash(code_id, typed)
    answer = database.row(
        Answer,
        "select * from claim_card(%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("claim_card", code=code_id, typed=digest.hex(), person=person_id),
            code_id,
            digest,
            person_id,
            at,
        ],
    )
    assert answer is not None
    return answer


def give_up(caller: Caller, person_id: UUID, card_id: UUID, at: datetime) -> Answer:
    """Take a card off its holder's account; automatic renewal and the PIN end. Locks the card.

    Refuses card_unknown for who does not hold it.
    """
    answer = database.row(
        Answer,
        "select * from give_up_card(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("give_up_card", card=card_id, person=person_id),
            card_id,
            person_id,
            at,
        ],
    )
    assert answer is not None
    return answer
