"""The one read before a renewal through an interface: a card by its number, a plan by its code.

It decides nothing: whether this plan can be sold to this card, and for how much, the verbs tell.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database


@dataclass(frozen=True, slots=True)
class Offered:
    """A card and the version of a plan that is in effect; None when no such plan exists yet."""

    card_id: UUID
    account_id: UUID
    currency: str
    plan_version_id: UUID | None


def find_offered(iccid: str, plan_code: str, at: datetime) -> Offered | None:
    """Find a card by ICCID and a plan by code, in one read; None when the card is not known.

    A plan that is no longer sold is found all the same: the verb refuses it by its name, and a
    request that was answered before is answered again.
    """
    return database.row(
        Offered,
        "select c.id as card_id, c.account_id, c.currency, ("
        "   select v.id from catalogue_plan p join catalogue_planversion v on v.plan_id = p.id"
        "   where p.code = %s and v.effective_from <= %s order by v.effective_from desc limit 1"
        " ) as plan_version_id from cards_card c where c.iccid = %s",
        [plan_code, at, iccid],
    )
