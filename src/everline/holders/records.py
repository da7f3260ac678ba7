"""The records of somebody's cards: what was paid, topped up and given back, the newest first.

They are read from what the core wrote and say no more than its receipts. Of a card that somebody
else held before, only what came after is there. How a page or a file shows them is its own matter.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from everline import database, ids

PAGE_MAX: Final = 50
FILE_MAX: Final = 10_000

Kind = Literal["renewal", "top_up", "refund"]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are wanted: of one card, of one kind, of days by the card's own calendar."""

    card_id: UUID | None = None
    kind: Kind | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One movement of money for a card; `amount` in minor units is never negative."""

    kind: Kind
    id: UUID
    at: datetime
    zone: str
    card_id: UUID
    iccid: str
    plan_names: dict[str, str] | None
    amount: int
    currency: str
    means: str
    masked_means: str
    state: str

    @property
    def receipt(self) -> str:
        """The number of the receipt that belongs to it."""
        return ids.outside("top" if self.plan_names is None else "rnw", self.id)


_RECORDS: Final = """
with asked as (
    select %s::uuid as person_id, %s::uuid as card_id, %s::text as kind, %s::date as first_day,
        %s::date as last_day
), held as (
    select c.id, c.account_id, c.iccid, c.zone, coalesce((
        select max(b.ends_at) from people_holding b
        where b.account_id = h.account_id and b.person_id <> h.person_id
    ), '-infinity') as shown_from
    from asked q join people_holding h on h.person_id = q.person_id and h.ends_at is null
    join cards_card c on c.account_id = h.account_id
), sold as (
    select 'renewal' as kind, r.id, r.paid_at as at, r.card_id, p.names as plan_names,
        r.total as amount, r.currency, r.means, r.state
    from held k join renewals_renewal r on r.card_id = k.id and r.account_id = k.account_id
    join catalogue_planversion v on v.id = r.plan_version_id
    join catalogue_plan p on p.id = v.plan_id
    where r.paid_at is not null and r.placed_at >= k.shown_from
    union all
    select 'top_up', t.id, t.paid_at, t.card_id, null, t.amount, t.currency, t.means, t.state
    from held k join topups_topup t on t.card_id = k.id
    where t.paid_at is not null and t.placed_at >= k.shown_from
), moved as (
    select s.* from sold s
    union all
    select 'refund', s.id, f.created_at, s.card_id, s.plan_names, f.amount, s.currency, s.means,
        f.state
    from sold s join payments_payment p on p.purpose_id = s.id
    join payments_refund f on f.payment_id = p.id
)
select m.kind, m.id, m.at, k.zone, m.card_id, k.iccid, m.plan_names, m.amount, m.currency, m.means,
    coalesce((
        select a.masked_means from payments_payment p
        join payments_attempt a on a.payment_id = p.id and a.state = 'succeeded'
        where p.purpose_id = m.id order by a.number desc limit 1
    ), '') as masked_means, m.state
from asked q cross join moved m join held k on k.id = m.card_id
where (q.card_id is null or m.card_id = q.card_id)
  and (q.kind is null or m.kind = q.kind)
  and (q.first_day is null or (m.at at time zone k.zone)::date >= q.first_day)
  and (q.last_day is null or (m.at at time zone k.zone)::date <= q.last_day)
order by m.at desc, m.id desc, m.kind limit %s offset %s
"""


def records(
    person_id: UUID, wanted: Filter | None = None, most: int = PAGE_MAX, skip: int = 0
) -> list[Record]:
    """List what was paid for the cards that a person holds now; locks nothing."""
    chosen = wanted or Filter()
    asked = [person_id, chosen.card_id, chosen.kind, chosen.first_day, chosen.last_day]
    return database.rows(Record, _RECORDS, [*asked, min(most, FILE_MAX), skip])
