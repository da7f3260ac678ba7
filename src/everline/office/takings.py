"""What was taken on a day: by channel, by who paid from a deposit, and by currency.

Money is read from the ledger's transfers, so that sums here are sums there; a transfer's id begins
with its time, which bounds each read. The screens are today.py and day_end.py.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from everline import clock, database

PLACED_BEFORE: Final = timedelta(days=31)
"""How long before it was paid a renewal may have been placed, at most."""

PAGE: Final = 5000


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the operator: the half-open interval from midnight to midnight."""

    date: date
    starts_at: datetime
    ends_at: datetime

    @property
    def bounds(self) -> dict[str, object]:
        """What the queries of a day take."""
        return {
            "starts": self.starts_at,
            "ends": self.ends_at,
            "low": _first_id(self.starts_at),
            "high": _first_id(self.ends_at),
            "placed": _first_id(self.starts_at - PLACED_BEFORE),
        }


@dataclass(frozen=True, slots=True)
class Taking:
    """One line, in minor units. `gross` has its tax in it, `refunds` too; `seller` is a code.

    `net` is gross less refunds and commission; top-ups stand beside it and are no sale.
    """

    channel: str
    seller: str
    currency: str
    count: int
    gross: int
    tax: int
    discount: int
    commission: int
    refunds: int
    topups: int

    @property
    def net(self) -> int:
        """What stays."""
        return self.gross - self.refunds - self.commission


@dataclass(frozen=True, slots=True)
class Line:
    """One renewal of a day, as finance compares it; what moved is of this day alone."""

    id: UUID
    paid_at: datetime | None
    channel: str
    seller: str
    iccid: str
    plan: str
    means: str
    state: str
    currency: str
    gross: int
    tax: int
    discount: int
    commission: int
    refunds: int


def day(shown: date, zone: str) -> Day:
    """Find where a day begins and ends in a zone; some have 23 hours, some 25."""
    where = clock.zone(zone)
    starts, ends = (
        datetime.combine(each, time(), where).astimezone(UTC)
        for each in (shown, shown + timedelta(days=1))
    )
    return Day(shown, starts, ends)


_SUMS: Final = (
    " coalesce(sum(t.amount) filter (where t.kind in ('sale', 'tax')), 0) as gross,"
    " coalesce(sum(t.amount) filter (where t.kind = 'tax'), 0) as tax,"
    " coalesce(sum(case t.kind when 'commission' then t.amount"
    "  when 'commission_reversed' then -t.amount end), 0) as commission,"
    " coalesce(sum(t.amount) filter (where t.kind in ('sale_reversed', 'tax_reversed')), 0)"
    "  as refunds,"
    " coalesce(sum(case t.kind when 'topup' then t.amount"
    "  when 'topup_reversed' then -t.amount end), 0) as topups"
)
_MOVED: Final = (
    " from ledger_transfer t where t.id >= %(low)s and t.id < %(high)s"
    " and t.at >= %(starts)s and t.at < %(ends)s and t.kind in ('sale', 'tax', 'sale_reversed',"
    " 'tax_reversed', 'commission', 'commission_reversed', 'topup', 'topup_reversed')"
)
_PAID: Final = (
    " from renewals_renewal r where r.id >= %(placed)s and r.id < %(high)s"
    " and r.paid_at >= %(starts)s and r.paid_at < %(ends)s"
)
_SELLER: Final = (
    " left join people_retailer s on s.account_id = w.payer_id"
    " left join people_partner p on p.account_id = w.payer_id"
)


_OF_DAY: Final = (
    "select w.channel,"  # noqa: S608  Constants alone.
    " coalesce(s.code, p.code, '') as seller, w.currency,"
    " sum(w.count)::bigint as count, sum(w.gross)::bigint as gross, sum(w.tax)::bigint as tax,"
    " sum(w.discount)::bigint as discount, sum(w.commission)::bigint as commission,"
    " sum(w.refunds)::bigint as refunds, sum(w.topups)::bigint as topups from ("
    " select coalesce(r.channel, o.channel) as channel,"
    " coalesce(r.payer_id, o.payer_id) as payer_id, m.currency, 0 as count, m.gross, m.tax,"
    " 0 as discount, m.commission, m.refunds, m.topups from ("
    " select t.group_id, t.currency," + _SUMS + _MOVED + " group by t.group_id, t.currency) m"
    " left join renewals_renewal r on r.id = m.group_id"
    " left join topups_topup o on o.id = m.group_id"
    " where r.id is not null or o.id is not null"
    " union all select r.channel, r.payer_id, r.currency, 1, 0, 0, r.discount, 0, 0, 0"
    + _PAID
    + ") w"
    + _SELLER
    + " group by 1, 2, 3 order by 1, 2, 3"
)
_LINES: Final = (
    "select w.id, r.paid_at, r.channel,"  # noqa: S608  The same.
    " coalesce(s.code, p.code, '') as seller, c.iccid,"
    " k.code as plan, r.means, r.state, r.currency, sum(w.gross)::bigint as gross,"
    " sum(w.tax)::bigint as tax, sum(w.discount)::bigint as discount,"
    " sum(w.commission)::bigint as commission, sum(w.refunds)::bigint as refunds from ("
    " select r.id, r.payer_id, m.gross, m.tax, 0 as discount, m.commission, m.refunds from ("
    " select t.group_id," + _SUMS + _MOVED + " and t.group_id > %(after)s"
    " group by t.group_id) m join renewals_renewal r on r.id = m.group_id"
    " union all select r.id, r.payer_id, 0, 0, r.discount, 0, 0"
    + _PAID
    + " and r.id > %(after)s) w join renewals_renewal r on r.id = w.id"
    " join cards_card c on c.id = r.card_id"
    " join catalogue_planversion v on v.id = r.plan_version_id"
    " join catalogue_plan k on k.id = v.plan_id"
    + _SELLER
    + " group by w.id, r.paid_at, r.channel, s.code, p.code, c.iccid, k.code, r.means, r.state,"
    " r.currency order by w.id limit %(most)s"
)


def of_day(asked: Day) -> list[Taking]:
    """Sum up a day in one read, the channels in their order of the alphabet."""
    return database.rows(Taking, _OF_DAY, asked.bounds)  # type: ignore[arg-type]


def lines(asked: Day, after: UUID) -> list[Line]:
    """List renewals that were paid, or whose money moved, on a day: a page, older ids first."""
    bounds = asked.bounds | {"after": after, "most": PAGE}
    return database.rows(Line, _LINES, bounds)  # type: ignore[arg-type]


def _first_id(at: datetime) -> UUID:
    """Give the least id that can be made at an instant."""
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80)
