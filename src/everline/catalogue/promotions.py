"""The promotions that the operator shows to everybody, as they run at an instant.

What one takes off a plan for a card is told by `renewals.quote` alone; here stand its conditions.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database

SHOWN_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion that runs; money in minor units. `plans` are names by locale, empty for all."""

    id: UUID
    code: str
    names: dict[str, str]
    kind: str
    percent_basis_points: int
    amount: int
    currency: str | None
    bonus_bytes: int
    starts_at: datetime
    ends_at: datetime
    channels: list[str]
    per_card_max: int
    is_limited: bool
    plans: list[dict[str, str]]
    plan_codes: list[str]


def running(at: datetime) -> list[Promotion]:
    """List the public promotions that run and whose budget is not spent, the next to end first.

    One read, bounded at 50.
    """
    return database.rows(
        Promotion,
        "select p.id, p.code, p.names, p.kind, p.percent_basis_points, p.amount, p.currency,"
        " p.bonus_bytes, p.starts_at, p.ends_at, p.channels::text[] as channels, p.per_card_max,"
        " p.budget_unit is not null as is_limited,"
        " coalesce(m.names, '[]') as plans, coalesce(m.codes, '{}') as plan_codes"
        " from catalogue_promotion p"
        " left join lateral (select jsonb_agg(q.names order by q.position, q.code) as names,"
        "   array_agg(q.code::text order by q.position, q.code) as codes"
        "   from catalogue_promotion_plans x join catalogue_plan q on q.id = x.plan_id"
        "   where x.promotion_id = p.id) m on true"
        " where p.is_public and p.starts_at <= %s and p.ends_at > %s"
        " and (p.budget_unit is null or (select sum(a.balance - a.held - a.floor)"
        "   from ledger_account a where a.account_id = p.account_id"
        "   and a.kind = 'promotion_budget' and a.currency = p.budget_unit) > 0)"
        " order by p.ends_at, p.code limit %s",
        [at, at, SHOWN_MAX],
    )
