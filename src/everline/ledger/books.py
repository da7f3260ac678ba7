"""Booking what arrives and reading what is there.

Sales, refunds and earnings are posted by the verbs that cause them, not from here. The verbs stand
in books.sql and ledger.sql.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash


@dataclass(frozen=True, slots=True)
class _Left:
    account_id: UUID
    amount: int


def fund(
    caller: Caller, account_id: UUID, kind: str, *, amount: int, currency: str, at: datetime
) -> Answer:
    """Book `amount` minor units onto a balance, a deposit or a promotion's budget; once a request.

    Locks the account. Raises psycopg's error for an amount that is not positive.
    """
    answer = database.row(
        Answer,
        "select * from fund(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("fund", account=account_id, kind=kind, amount=amount, currency=currency),
            account_id,
            kind,
            currency,
            amount,
            at,
        ],
    )
    assert answer is not None
    return answer


def open_books(currency: str, gateways: Sequence[str] = ()) -> None:
    """Open the operator's own accounts in a currency, and one to clear each gateway."""
    database.value("select open_books(%s, %s)", [currency, list(gateways)])


def open_pockets(account_id: UUID, kind: str, currency: str, pockets: int, at: datetime) -> None:
    """Cut a deposit or budget into 1 to 64 pockets, so that it is not one busy row."""
    database.value(
        "select open_pockets(%s, %s, %s, %s, %s)", [account_id, kind, currency, pockets, at]
    )


def spendable(account_id: UUID, kind: str, currency: str) -> int:
    """Read what can be spent of one kind and currency, over all pockets, in minor units."""
    return int(
        database.value(
            "select coalesce(sum(a.balance - a.held - a.floor), 0)::bigint from ledger_account a"
            " where a.account_id = %s and a.kind = %s and a.scope = '' and a.currency = %s",
            [account_id, kind, currency],
        )
    )


def spendable_each(account_ids: Sequence[UUID], kind: str) -> dict[UUID, int]:
    """Read what many owners can spend of one kind, in minor units of each one's currency."""
    found = database.rows(
        _Left,
        "select a.account_id, sum(a.balance - a.held - a.floor)::bigint as amount"
        " from ledger_account a where a.account_id = any(%s) and a.kind = %s and a.scope = ''"
        " group by a.account_id",
        [list(account_ids), kind],
    )
    return {each.account_id: each.amount for each in found}


def refill(at: datetime, most: int = 100) -> int:
    """Spread money evenly over the pockets of owners where one ran dry."""
    return int(database.value("select refill_pockets(%s, %s)", [at, most]))


def roll_up() -> int:
    """Add finished transfers to the sums of the operator's own accounts."""
    return int(database.value("select roll_up()"))
