"""The one read before a renewal through an interface: a card by its number, a plan by its code.

It decides nothing: whether this plan can be sold to this card, and for how much, the verbs tell.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database

_OFFERED: Final = (
    "select c.id as card_id, c.iccid, c.account_id, c.currency, ("
    "   select v.id from catalogue_plan p join catalogue_planversion v on v.plan_id = p.id"
    "   where p.code = %s and v.effective_from <= %s order by v.effective_from desc limit 1"
    " ) as plan_version_id from cards_card c where "
)
_BY_ICCID: Final = _OFFERED + "c.iccid = %s"
_BY_PHONE: Final = _OFFERED + "c.msisdn = %s and c.state <> 'terminated'"


@dataclass(frozen=True, slots=True)
class Offered:
    """A card and the version of a plan that is in effect; None when no such plan exists yet."""

    card_id: UUID
    iccid: str
    account_id: UUID
    currency: str
    plan_version_id: UUID | None


def find_offered(number: str, plan_code: str, at: datetime) -> Offered | None:
    """Find a card by ICCID or phone number, and a plan by code; None when the card is not known.

    One read; the number as parsed by ids, a phone number with its plus sign.

    A plan that is no longer sold is found all the same: the verb refuses it by its name, and a
    request that was answered before is answered again.
    """
    return database.row(
        Offered, _BY_PHONE if number.startswith("+") else _BY_ICCID, [plan_code, at, number]
    )
