"""eSIMs that are bought on a page: what stock there is, and taking one from it.

What is taken is an active card like any other and takes its first plan by the same verbs. That an
unpaid one goes back to stock is endings/esims.sql's affair. The verb stands in esims.sql.
"""

from datetime import datetime
from uuid import UUID

from everline import database
from everline.cards.status import Card
from everline.database.requests import Answer, Caller, request_hash


def currencies_in_stock() -> list[str]:
    """List the currencies of which an eSIM with a profile is in stock."""
    found = database.value(
        "select array_agg(k.currency order by k.currency) from ("
        "select p.currency from (select distinct currency from catalogue_price) p"
        " where exists (select from cards_card c where c.state = 'in_stock' and c.kind = 'esim'"
        " and c.currency = p.currency and c.smdp_address <> '' and c.matching_id <> '')) k"
    )
    return list(found or [])


def take_esim(caller: Caller, currency: str, at: datetime) -> Answer:
    """Take an eSIM of a currency from stock and activate it; its id is the answer's.

    Refuses esim_sold_out. Locks the card it finds and waits for none.
    """
    answer = database.row(
        Answer,
        "select * from take_esim(%s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("take_esim", currency=currency),
            currency,
            at,
        ],
    )
    assert answer is not None
    return answer


def first_renewal_id(card: Card) -> UUID | None:
    """Tell which renewal gave a card its first term that was not taken back; None: it had none."""
    found: UUID | None = database.value(
        "select e.renewal_id from cards_entitlement e"
        " where e.card_id = %s and e.state <> 'cancelled' order by e.starts_at limit 1",
        [card.id],
    )
    return found


def activation_code(card: Card) -> str:
    """Give the text that installs an eSIM's profile, as text or as a QR (SGP.22, 4.1)."""
    return f"LPA:1${card.smdp_address}${card.matching_id}"
