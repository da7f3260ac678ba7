"""What automatic renewal may never do, after each day: charge beyond what was agreed to or bounded.

Told from the tables alone, not by the verbs that keep to it. An outage of ours is held against the
terms that ended in it. What else must hold stands in checks.py, which calls this.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from everline.simulation.world import World

Broken = tuple[int, str, str]

_CHARGED: Final = (
    "select r.id, r.card_id, r.account_id, r.total, r.placed_at, r.request_id, m.total as agreed,"
    " m.given_at from renewals_renewal r join autorenewal_mandate m on m.card_id = r.card_id"
    " and m.given_at <= r.placed_at and (m.ended_at is null or m.ended_at > r.placed_at)"
    " where r.channel = 'auto' and r.state in ('paid', 'delivered')"
    " and r.placed_at >= %(since)s and r.placed_at < %(at)s"
)
ABOVE: Final = (
    "select c.id::text, c.account_id,"  # noqa: S608 the text is our own
    f" 'charged ' || c.total || ', agreed ' || c.agreed"
    f" from ({_CHARGED}) c where c.total > c.agreed"
)
OFTEN: Final = (
    "select c.id::text, c.account_id,"  # noqa: S608 the text is our own
    f" 'charged ' || k.charges || ' times in a day'"
    f" from ({_CHARGED}) c cross join lateral (select count(*) as charges from renewals_renewal r"
    "  where r.card_id = c.card_id and r.channel = 'auto' and r.state in ('paid', 'delivered')"
    "  and r.paid_at > greatest(c.placed_at - interval '1 day', (select max(p.released_at)"
    "   from autorenewal_parked p where p.card_id = c.card_id and p.released_at <= c.placed_at))"
    "  and r.placed_at <= c.placed_at) k"
    " where k.charges > (select p.auto_card_day_max from catalogue_policy p)"
)
PARKED: Final = (
    "select c.id::text, c.account_id,"  # noqa: S608 the text is our own
    f" 'charged at ' || c.placed_at || ' while it was parked'"
    f" from ({_CHARGED}) c join autorenewal_parked p on p.card_id = c.card_id"
    " and p.since < c.placed_at and (p.released_at is null or p.released_at > c.placed_at)"
)
CAPS: Final = (
    "select c.id::text, c.account_id,"  # noqa: S608 the text is our own
    f" c.placed_at, m.month_total_max, k.total, m.day_max,"
    f" l.in_day, m.month_max, l.in_month, l.is_by_data from ({_CHARGED}) c"
    " join autorenewal_mandate m on m.card_id = c.card_id and m.ended_at is null"
    " cross join lateral (select sum(r.total) as total from renewals_renewal r"
    "  where r.card_id = c.card_id and r.channel = 'auto' and r.state in ('paid', 'delivered')"
    "  and r.paid_at > c.placed_at - interval '30 days' and r.placed_at <= c.placed_at) k"
    " cross join lateral (select"
    "  count(*) filter (where w.rung_at > c.placed_at - interval '1 day') as in_day,"
    "  count(*) filter (where w.rung_at > c.placed_at - interval '30 days') as in_month,"
    "  coalesce(bool_or(r.id = c.id), false) as is_by_data"
    "  from autorenewal_low w join renewals_renewal r on r.card_id = w.card_id"
    "  and r.channel = 'auto' and r.state in ('paid', 'delivered')"
    "  and split_part(r.request_id, ':', 3)::bigint = floor(extract(epoch from w.rung_at))"
    "  where w.card_id = c.card_id and r.placed_at <= c.placed_at) l"
)
PROLONGED: Final = (
    "select (array_agg(p.id order by p.id))[2]::text, (array_agg(p.account_id))[1],"
    " 'prolonged ' || count(*) || ' times for one ' || p.kind from autorenewal_prolonging p"
    " group by p.entitlement_id, p.cause_id, p.kind having count(*) > 1"
    " union all select p.id::text, p.account_id, 'prolonged by ' || (p.until_at - p.from_at)"
    " || ', the outage took ' || (o.until_at - o.from_at) from autorenewal_prolonging p"
    " join autorenewal_outage o on o.id = p.cause_id where p.until_at > greatest("
    "  p.from_at + (o.until_at - o.from_at), p.at + interval '15 minutes')"
)
CUT_OFF: Final = (
    "select e.id::text, e.account_id, 'it ended at ' || e.ends_at || ' while we were away'"
    " from cards_entitlement e join cards_card c on c.id = e.card_id and c.state = 'bound'"
    " join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null"
    " and m.given_at < %(from)s and (m.paused_until is null or m.paused_until <= %(from)s)"
    " where e.ends_at > %(from)s and e.ends_at <= %(until)s and e.state <> 'cancelled'"
    " and e.closed_by_id is null"
    " and not exists (select from cards_entitlement n where n.card_id = c.id"
    "  and n.state <> 'cancelled' and n.ends_at > e.ends_at)"
    " and not exists (select from autorenewal_parked p where p.card_id = c.id"
    "  and p.since < %(until)s and (p.released_at is null or p.released_at > %(from)s))"
    " and not exists (select from database_request q where q.channel = 'auto'"
    "  and q.subject_id = c.id and q.at >= e.starts_at)"
    " and not exists (select from autorenewal_stop s where s.since <= %(until)s"
    "  and (s.released_at < e.ends_at - interval '2 days') is not true)"
)


def broken_bounds(world: World, since: datetime) -> Iterator[Broken]:
    """Tell what automatic renewal did in a day that it may not do."""
    span = {"since": since, "at": world.now()}
    for name, query in (
        ("nobody_pays_more_than_agreed", ABOVE),
        ("no_card_is_charged_too_often", OFTEN),
        ("parked_is_not_charged", PARKED),
        ("prolonged_once_an_outage", PROLONGED),
    ):
        for identity, account, detail in _read(world, query, span):
            yield world.person_of(account), name, f"{identity}: {detail}"
    yield from _caps(world, span)
    for outage in world.faults.outages:
        if outage.what == "ours" and since <= outage.ends_at < world.at:
            times = {"from": outage.starts_at, "until": outage.ends_at}
            for identity, account, detail in _read(world, CUT_OFF, times):
                yield world.person_of(account), "outages_are_made_good", f"{identity}: {detail}"


def _caps(world: World, span: dict[str, datetime]) -> Iterator[Broken]:
    """Compare what was charged since somebody last set their bounds with these."""
    for identity, account, at, money, total, day, in_day, month, in_month, is_by_data in _read(
        world, CAPS, span
    ):
        card = world.person_of(account)
        if card not in world.tuned or at <= world.tuned[card]:
            continue
        if money is not None and total > money:
            yield card, "caps_hold", f"{identity}: {total} in 30 days, at most {money}"
        # What ends by time goes on by time: these bounds are those of charges by data.
        if is_by_data and (in_day > day or in_month > month):
            times = f"{in_day} a day and {in_month} a month"
            yield card, "caps_hold", f"{identity}: by data {times}, at most {day} and {month}"


def _read(world: World, query: str, values: dict[str, datetime]) -> list[tuple[Any, ...]]:
    return world.reader.execute(query.encode(), values).fetchall()
