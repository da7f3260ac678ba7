"""What a run tells an operator, in figures: by week, by channel, by rung, by message, by fault.

Read from the tables when the run is over, amounts in minor units. How they look is in report.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from everline.simulation.world import World

WEEK_SECONDS: Final = 604_800
Weeks = dict[str, list[int]]
"""One figure a week, by what the figures are of."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What became of the tries at one rung: how many there were, and how many renewed the card."""

    number: int
    tried: int
    renewed: int
    reasons: dict[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one run."""

    weeks: int
    channels: Weeks
    """Renewals that were paid and kept, by the week of paying."""
    sold: Weeks
    """What they cost, tax included, by currency."""
    payments: Weeks
    """Charges: succeeded, recovered after a decline, or only declined, for now or for good."""
    terms: Weeks
    """Terms by how they ended: renewed in time, came_back within a week, lapsed."""
    rungs: list[Rung]
    messages: dict[str, int]
    stopped: int
    """Messages that were written and not sent, as they were no longer true."""
    refunds: int
    mandates: int
    """Cards that renew by themselves in the end."""
    consents: int
    """Those of them whose holder must consent anew, as the price has risen since."""


_CHANNELS: Final = (
    "select r.channel, floor(extract(epoch from r.paid_at - %(start)s) / %(week)s)::integer,"
    " count(*) from renewals_renewal r where r.state in ('paid', 'delivered') group by 1, 2"
)
_SOLD: Final = (
    "select r.currency, floor(extract(epoch from r.paid_at - %(start)s) / %(week)s)::integer,"
    " sum(r.total)::bigint from renewals_renewal r where r.state in ('paid', 'delivered')"
    " group by 1, 2"
)
_PAYMENTS: Final = (
    "select case when a.state = 'succeeded' then 'succeeded' when exists ("
    "  select from payments_payment n where n.account_id = p.account_id"
    "  and n.captured > n.refunded and n.created_at >= p.created_at"
    "  and n.created_at < a.created_at + interval '7 days') then 'recovered'"
    " when a.is_hard then 'hard' else 'soft' end,"
    " floor(extract(epoch from a.created_at - %(start)s) / %(week)s)::integer, count(*)"
    " from payments_attempt a join payments_payment p on p.id = a.payment_id"
    " where a.state = 'succeeded' or (a.state = 'failed' and a.reason not in"
    "  ('not_sent', 'never_received', 'expired', 'abandoned', '')) group by 1, 2"
)
_TERMS: Final = (
    "select case when n.starts_at is null then 'lapsed'"
    "  when n.starts_at <= e.ends_at + interval '1 minute' then 'renewed'"
    "  when n.starts_at <= e.ends_at + interval '7 days' then 'came_back' else 'lapsed' end,"
    " floor(extract(epoch from e.ends_at - %(start)s) / %(week)s)::integer, count(*)"
    " from cards_entitlement e left join lateral (select x.starts_at from cards_entitlement x"
    "  where x.card_id = e.card_id and x.state <> 'cancelled' and x.starts_at >= e.ends_at"
    "  order by x.starts_at limit 1) n on true"
    " where e.state <> 'cancelled' and e.ends_at >= %(start)s"
    " and e.ends_at < %(end)s - interval '7 days'"
    " and e.closed_by_id is null group by 1, 2"
)
_RUNGS: Final = (
    "with tries as (select q.outcome, coalesce(q.reason, '') as reason, q.answer_id,"
    " row_number() over (partition by q.subject_id, split_part(q.request_id, ':', 2)"
    "  order by q.at, q.request_id) as number"
    " from database_request q where q.channel = 'auto' and q.source = 'due')"
    " select least(t.number, 6)::integer, coalesce(r.state in ('paid', 'delivered'), false),"
    " coalesce(nullif(t.reason, ''), r.reason, ''), count(*) from tries t"
    " left join renewals_renewal r on r.id = t.answer_id group by 1, 2, 3 order by 1, 2, 3"
)
_MESSAGES: Final = (
    "select n.template, count(*) filter (where n.state = 'sent'),"
    " count(*) filter (where n.state = 'stopped') from notices_notice n group by 1 order by 1"
)
_TOTALS: Final = (
    "select (select count(*) from payments_refund f where f.state = 'succeeded'),"
    " (select count(*) from autorenewal_mandate m where m.ended_at is null),"
    " (select count(*) from autorenewal_mandate m join cards_card c on c.id = m.card_id"
    "  cross join lateral (select s.total from auto_standing(c.id, %(end)s) s) s"
    "  where m.ended_at is null and m.total is not null and s.total > m.total)"
)


def gather(world: World, start: datetime, end: datetime) -> Figures:
    """Read the figures of a run that is over."""
    weeks = max(1, -int(-(end - start).total_seconds() // WEEK_SECONDS))
    given = {"start": start, "end": end, "week": WEEK_SECONDS}

    def by_week(query: LiteralString) -> Weeks:
        found: Weeks = {}
        for name, week, count in world.reader.execute(query, given).fetchall():
            if 0 <= week < weeks:
                found.setdefault(name, [0] * weeks)[week] += int(count)
        return dict(sorted(found.items()))

    messages = world.reader.execute(_MESSAGES).fetchall()
    totals = world.reader.execute(_TOTALS, given).fetchone()
    assert totals is not None
    return Figures(
        weeks=weeks,
        channels=by_week(_CHANNELS),
        sold=by_week(_SOLD),
        payments=by_week(_PAYMENTS),
        terms=by_week(_TERMS),
        rungs=_rungs(world.reader.execute(_RUNGS).fetchall()),
        messages={template: sent for template, sent, _stopped in messages if sent},
        stopped=sum(stopped for _template, _sent, stopped in messages),
        refunds=totals[0],
        mandates=totals[1],
        consents=totals[2],
    )


def summed(one: Figures, other: Figures) -> Figures:
    """Add the figures of two halves of a town up."""

    def added(weeks: Weeks, others: Weeks) -> Weeks:
        none = [0] * one.weeks
        return {
            name: [
                a + b for a, b in zip(weeks.get(name, none), others.get(name, none), strict=True)
            ]
            for name in sorted(weeks.keys() | others.keys())
        }

    rungs: dict[int, Rung] = {}
    for rung in (*one.rungs, *other.rungs):
        before = rungs.get(rung.number, Rung(rung.number, 0, 0, {}))
        rungs[rung.number] = Rung(
            rung.number,
            before.tried + rung.tried,
            before.renewed + rung.renewed,
            dict(Counter(before.reasons) + Counter(rung.reasons)),
        )
    return Figures(
        weeks=one.weeks,
        channels=added(one.channels, other.channels),
        sold=added(one.sold, other.sold),
        payments=added(one.payments, other.payments),
        terms=added(one.terms, other.terms),
        rungs=[rungs[number] for number in sorted(rungs)],
        messages=dict(sorted((Counter(one.messages) + Counter(other.messages)).items())),
        stopped=one.stopped + other.stopped,
        refunds=one.refunds + other.refunds,
        mandates=one.mandates + other.mandates,
        consents=one.consents + other.consents,
    )


def _rungs(rows: Sequence[tuple[Any, ...]]) -> list[Rung]:
    """Sum the tries of each rung up."""
    found: dict[int, Rung] = {}
    for number, is_renewed, reason, count in rows:
        before = found.get(number, Rung(number, 0, 0, {}))
        reasons = dict(before.reasons)
        if not is_renewed:
            reasons[reason or "open"] = reasons.get(reason or "open", 0) + count
        renewed = before.renewed + (count if is_renewed else 0)
        found[number] = Rung(number, before.tried + count, renewed, reasons)
    return list(found.values())
