"""What must hold after every simulated day: the audit, and what only an outsider can compare.

Besides every invariant of office/audit.py: no card was charged for what it had, nothing paid lies
undelivered, nothing due was passed over, and the gateway's and the network's own books say what
ours say, to the cent. Messages are judged by post.py when they are sent. How a year of it is read
in minutes stands in changed.py.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from everline.office.audit import audit
from everline.simulation import bank
from everline.simulation.bounds import broken_bounds
from everline.simulation.changed import FOUND_MAX, Changed
from everline.simulation.world import World

Broken = tuple[int, str, str]
"""The card, the promise, and what is wrong."""

PATIENCE: Final = timedelta(hours=30)
"""After so long whatever a gateway did is known to us, or a person owns it."""

EARLY: Final = (
    "select r.id::text, r.account_id, 'renewed by itself at ' || r.placed_at || ', '"
    " || r.starts_at - r.placed_at || ' before it was needed' from renewals_renewal r"
    " join cards_entitlement e on e.card_id = r.card_id and e.ends_at = r.starts_at"
    "  and e.renewal_id is distinct from r.id and e.state <> 'cancelled'"
    " where r.channel = 'auto' and r.state in ('paid', 'delivered') and r.on_renewal = 'queue'"
    " and r.placed_at >= %(since)s"
    " and r.placed_at < e.starts_at + (e.ends_at - e.starts_at) / 2 - interval '1 minute'"
)
TWICE: Final = (
    "select (array_agg(r.id order by r.id))[2]::text, (array_agg(r.account_id))[1],"
    " r.channel || ' request ' || r.request_id || ' was sold ' || count(*) || ' times'"
    " from renewals_renewal r"
    " group by r.channel, r.source, r.request_id having count(*) > 1"
    " union all select (array_agg(o.id order by o.id))[2]::text, (array_agg(o.account_id))[1],"
    " o.channel || ' request ' || o.request_id || ' was topped up ' || count(*) || ' times'"
    " from topups_topup o group by o.channel, o.source, o.request_id having count(*) > 1"
)
UNDELIVERED: Final = (
    "select r.id::text, r.account_id, 'paid since ' || r.paid_at || ', to be delivered by '"
    " || coalesce(r.deadline_at::text, 'never') from renewals_renewal r"
    " where r.state = 'paid' and (r.deadline_at is null"
    "  or r.deadline_at < %(at)s - interval '20 minutes')"
)
UNTRIED: Final = (
    "select c.id::text, c.account_id, 'its term ended at ' || e.ends_at"
    " || ', and nobody had tried to renew it' from autorenewal_mandate m"
    " join cards_card c on c.id = m.card_id"
    " join lateral (select t.* from cards_entitlement t where t.card_id = c.id"
    "  and t.state <> 'cancelled' order by t.ends_at desc limit 1) e on true"
    " where m.ended_at is null and (m.paused_until is null or m.paused_until <= e.starts_at)"
    " and m.given_at < e.ends_at - (e.ends_at - e.starts_at) / 4"
    " and e.ends_at <= %(at)s - interval '20 minutes' and e.ends_at > %(since)s"
    " and not exists (select from database_request q where q.channel = 'auto'"
    "  and q.subject_id = c.id and q.at > e.starts_at)"
    " and not exists (select from autorenewal_stop s where s.since <= e.ends_at"
    "  and (s.released_at < e.ends_at - interval '2 days') is not true)"
)
UNREAD: Final = (
    "select d.id::text, d.account_id, 'told of at ' || d.told_at || ', and not read since'"
    " from payments_dispute d where d.state = 'told' and d.told_at < %(at)s - interval '30 hours'"
)
FOUND_HOURS: Final = 60
"""Disputes of which nobody told are looked for once a day, while their gateway is there."""

OURS: Final = (
    "select a.key, a.state, a.owner from payments_attempt a where age(a.xmin) < age(%(mark)s::xid)"
)
REFUNDS: Final = (
    "select f.id::text, a.key, f.amount, f.state, f.account_id from payments_refund f"
    " join payments_attempt a on a.id = f.attempt_id where age(f.xmin) < age(%(mark)s::xid)"
)
CLEARING: Final = (
    "select a.currency, (s.debits - s.credits)::bigint from ledger_account a"
    " cross join lateral account_sums(a.id) s where a.kind = 'clearing' and a.scope = %(gateway)s"
)
ORDERS: Final = (
    "select o.reference, o.state, r.state, r.account_id from provisioning_order o"
    " join renewals_renewal r on r.id = o.renewal_id where o.action = 'apply'"
    " and (age(o.xmin) < age(%(mark)s::xid) or age(r.xmin) < age(%(mark)s::xid))"
)


@dataclass(slots=True)
class Books:
    """What our tables say of charges, refunds and orders, as of the last look at them."""

    charges: dict[str, tuple[str, str]] = field(default_factory=dict)
    refunds: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    orders: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def catch_up(self, changed: Changed) -> None:
        """Read what was written since the last look."""
        self.charges |= {row[0]: (row[1], row[2]) for row in changed.rows(OURS)}
        self.refunds |= {row[0]: row for row in changed.rows(REFUNDS)}
        self.orders |= {row[0]: row for row in changed.rows(ORDERS)}


class Judge:
    """Who judges each day of a run."""

    def __init__(self, world: World, changed: Changed) -> None:
        self._world = world
        self._changed = changed
        self._books = Books()

    def check_day(self, since: datetime, *, is_whole: bool) -> None:
        """Check everything at the end of a day that began at `since`; what is wrong is noted.

        With `is_whole` all rows are read, whether they changed or not.
        """
        world = self._world
        at = world.now()
        self._changed.look()
        for name, identity, detail in _audited(at) if is_whole else self._changed.broken(at):
            world.wrong(_card_of(world, identity), name, f"{identity}: {detail}")
        parameters = {"at": at, "since": since}
        for name, query in (
            ("nobody_is_charged_early", EARLY),
            ("once_a_request", TWICE),
            ("paid_is_delivered", UNDELIVERED),
            ("due_was_tried", UNTRIED),
            ("disputes_are_read", UNREAD),
        ):
            for identity, account, detail in world.reader.execute(query, parameters).fetchall()[:3]:
                world.wrong(world.person_of(account), name, f"{identity}: {detail}")
        self._books.catch_up(self._changed)
        for card, name, detail in (
            *broken_bounds(world, since),
            *_with_gateway(world, self._books),
            *_with_network(world, self._books),
        ):
            world.wrong(card, name, detail)
        self._changed.over()


def _audited(at: datetime) -> Iterator[tuple[str, str, str]]:
    """Ask every invariant of all rows, as `everline audit` does."""
    for finding in audit(at):
        for offence in finding.offences[:FOUND_MAX]:
            yield finding.invariant.name, offence.id, offence.detail


def _with_gateway(world: World, books: Books) -> Iterator[Broken]:
    """Compare our books with the gateway's own, charge by charge and in sum."""
    known: Counter[str] = Counter()
    for key, entry in world.bank.entries.items():
        state, owner = books.charges.get(key, ("none", ""))
        if state == "succeeded":
            known[entry.amount.currency] += entry.taken - entry.given_back
        since = max(entry.at, entry.known_at or entry.at)
        if (state == "succeeded") > (entry.state == "succeeded"):
            yield entry.card, "gateway_agrees", f"{key}: ours succeeded, theirs {entry.state}"
        elif state != "succeeded" and entry.taken and not owner and since < world.at - PATIENCE:
            yield entry.card, "gateway_agrees", f"{key}: taken since {since}, ours is {state}"
    for key in sorted(books.charges.keys() - world.bank.entries.keys()):
        if books.charges[key][0] == "succeeded":
            yield 0, "gateway_agrees", f"{key}: ours succeeded, theirs has none"
    yield from _disputes(world)
    yield from _refunds(world, books, known)
    booked: dict[str, int] = dict(world.reader.execute(CLEARING, {"gateway": bank.NAME}).fetchall())
    for currency in sorted(known.keys() | booked.keys()):
        if known[currency] != booked.get(currency, 0):
            said = f"the gateway holds {known[currency]} for us, our books say"
            yield 0, "every_cent", f"{currency}: {said} {booked.get(currency, 0)}"


def _disputes(world: World) -> Iterator[Broken]:
    """Look for disputes that we should know of by now."""
    known = {name for (name,) in world.reader.execute("select reference from payments_dispute")}
    for opened_at, reference in world.bank.disputes:
        if opened_at < world.at - timedelta(hours=FOUND_HOURS) and reference not in known:
            yield 0, "disputes_are_found", f"{reference}: opened at {opened_at}"


def _refunds(world: World, books: Books, known: Counter[str]) -> Iterator[Broken]:
    """Compare refunds; one that we do not know of yet is counted as still held for us."""
    for identity, key, amount, state, account in books.refunds.values():
        theirs = world.bank.entries[key].refunds.get(identity)
        if state == "succeeded" and (theirs is None or theirs.amount != amount):
            yield world.person_of(account), "gateway_agrees", f"refund {identity} is not there"
        if state != "succeeded" and theirs is not None:
            known[theirs.currency] += theirs.amount


def _with_network(world: World, books: Books) -> Iterator[Broken]:
    """Compare what was paid with what the network has on its cards."""
    for reference, order, renewal, account in books.orders.values():
        theirs = world.carrier.orders.get(reference)
        if renewal == "delivered" and theirs != "applied":
            yield (
                world.person_of(account), "network_agrees",
                f"{reference}: delivered, and the network says {theirs}",
            )  # fmt: skip
        if renewal == "reversed" and theirs == "applied" and order != "refused":
            yield (
                world.person_of(account), "network_agrees",
                f"{reference}: given back, and the network still has it",
            )  # fmt: skip


def _card_of(world: World, identity: str) -> int:
    """Tell whose thing has this id, as far as it is known."""
    try:
        row = world.reader.execute(
            "select coalesce((select r.account_id from renewals_renewal r where r.id = %(id)s),"
            " (select c.account_id from cards_card c where c.id = %(id)s),"
            " (select t.account_id from ledger_transfer t where t.id = %(id)s limit 1),"
            " (select a.account_id from ledger_account a where a.id = %(id)s),"
            " (select a.account_id from payments_attempt a where a.id = %(id)s),"
            " (select p.account_id from payments_payment p where p.id = %(id)s),"
            " (select e.account_id from cards_entitlement e where e.id = %(id)s),"
            " (select j.account_id from jobs_job j where j.id = %(id)s),"
            " (select o.account_id from topups_topup o where o.id = %(id)s))",
            {"id": identity},
        ).fetchone()
    except psycopg.errors.InvalidTextRepresentation:
        return 0
    return world.person_of(row[0]) if row and row[0] else 0
