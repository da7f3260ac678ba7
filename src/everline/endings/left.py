"""Balances left on cards that ended: never taken silently, but listed for finance.

The money stays on the card's own account, and the books with it. To whom it goes is decided by a
person under the operator's law.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database


@dataclass(frozen=True, slots=True)
class Left:
    """What is left on one ended card, in minor units."""

    card_id: UUID
    account_id: UUID
    iccid: str
    balance: int
    currency: str
    ended_at: datetime


def balances_left(most: int = 500) -> list[Left]:
    """List balances on cards that ended, the largest first, up to `most`."""
    return database.rows(
        Left,
        "select c.id as card_id, c.account_id, c.iccid, a.balance, a.currency, h.at as ended_at"
        " from cards_card c join ledger_account a on a.account_id = c.account_id"
        " and a.kind = 'balance' and a.balance > 0"
        " join lateral (select max(s.at) as at from database_history s where s.machine = 'card'"
        " and s.subject_id = c.id and s.to_state = 'terminated') h on true"
        " where c.state = 'terminated' order by a.balance desc, c.id limit %s",
        [most],
    )
