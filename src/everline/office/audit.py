"""The audit: every promise of the core as a query that must find nothing.

Each invariant is one sentence and one query over the tables as they are, independent of the
constraints and verbs that should have kept it. What a query finds are the offending ids. Nothing is
written. tests/test_audit.py breaks each by hand and expects it to be found.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from everline import database

FOUND_MAX: Final = 100
"""Offending ids that are listed for one invariant; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One promise; its query gives (id, detail) of what breaks it, `%(at)s` is the instant."""

    name: str
    sentence: str
    query: LiteralString


@dataclass(frozen=True, slots=True)
class Offence:
    """Something that breaks an invariant: its id and what is wrong with it."""

    id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one invariant's query found, at most FOUND_MAX, and how many there are in all."""

    invariant: Invariant
    offences: tuple[Offence, ...]
    total: int


INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant(
        "debits_equal_credits",
        "Each transfer debits one and credits one account that exists, in its own currency.",
        "select t.id::text, 'amount ' || t.amount || ' ' || t.currency from ledger_transfer t"
        " left join ledger_account d on d.id = t.debit_id and d.currency = t.currency"
        " left join ledger_account c on c.id = t.credit_id and c.currency = t.currency"
        " where d.id is null or c.id is null or t.amount <= 0 or t.debit_id = t.credit_id",
    ),
    Invariant(
        "floors_hold",
        "No balance, deposit or budget is below its floor, with what is held of it.",
        "select a.id::text, 'balance ' || a.balance || ', held ' || a.held from ledger_account a"
        " where a.balance - a.held < coalesce(a.floor, 0) or a.held < 0"
        " or (a.floor is null and a.balance <> 0)",
    ),
    Invariant(
        "balances_are_replayed",
        "A running balance is the sum of its transfers.",
        "with moved as (select t.credit_id as id, t.amount from ledger_transfer t"
        " union all select t.debit_id, -t.amount from ledger_transfer t),"
        " replayed as (select m.id, sum(m.amount) as amount from moved m group by m.id)"
        " select a.id::text, 'balance ' || a.balance || ', transfers ' || coalesce(r.amount, 0)"
        " from ledger_account a left join replayed r on r.id = a.id"
        " where a.floor is not null and a.balance <> coalesce(r.amount, 0)",
    ),
    Invariant(
        "holds_are_counted",
        "What an account holds is the sum of its open holds.",
        "select a.id::text, 'held ' || a.held || ', open holds ' || coalesce(sum(h.amount), 0)"
        " from ledger_account a left join ledger_hold h"
        " on h.ledger_account_id = a.id and h.state = 'held'"
        " group by a.id, a.held having a.held <> coalesce(sum(h.amount), 0)",
    ),
    Invariant(
        "roll_ups_are_replayed",
        "A rolled-up account's sums, with what came since, are the sums of its transfers.",
        "with moved as ("
        "select t.debit_id as id, t.amount as debit, 0 as credit from ledger_transfer t"
        " union all select t.credit_id, 0, t.amount from ledger_transfer t),"
        " replayed as (select m.id, sum(m.debit) as debits, sum(m.credit) as credits"
        " from moved m group by m.id)"
        " select a.id::text, a.kind || ' ' || a.currency || ': ' || s.debits || '/' || s.credits"
        " from ledger_account a left join replayed r on r.id = a.id"
        " cross join lateral account_sums(a.id) s where a.floor is null"
        " and (s.debits <> coalesce(r.debits, 0) or s.credits <> coalesce(r.credits, 0))",
    ),
    Invariant(
        "sales_have_their_transfers",
        "A renewal that was paid has transfers of exactly its total, and a reversed one both ways.",
        "select r.id::text, r.state || ', total ' || r.total || ', sold ' || s.sold"
        " || ', reversed ' || s.reversed from renewals_renewal r cross join lateral ("
        "select coalesce(sum(t.amount) filter (where t.kind in ('sale', 'tax')), 0) as sold,"
        " coalesce(sum(t.amount) filter (where t.kind in ('sale_reversed', 'tax_reversed')), 0)"
        " as reversed from ledger_transfer t"
        " where t.account_id = r.account_id and t.group_id = r.id) s"
        " where (r.state in ('paid', 'delivered') and (s.sold <> r.total or s.reversed <> 0))"
        " or (r.state = 'reversed' and (s.sold <> r.total or s.reversed <> r.total))"
        " or (r.state = 'reversing' and s.sold <> r.total)"
        " or (r.state not in ('paid', 'delivered', 'reversing', 'reversed') and s.sold <> 0)",
    ),
    Invariant(
        "topups_have_their_transfers",
        "A paid top-up has one transfer of its amount to its card's balance, a reversed one both.",
        "select o.id::text, o.state || ', amount ' || o.amount || ', moved ' || s.moved"
        " || ', back ' || s.back from topups_topup o cross join lateral ("
        "select coalesce(sum(t.amount) filter (where t.kind = 'topup'"
        " and c.kind = 'balance' and c.account_id = o.account_id), 0) as moved,"
        " coalesce(sum(t.amount) filter (where t.kind = 'topup_reversed'"
        " and d.kind = 'balance' and d.account_id = o.account_id), 0) as back"
        " from ledger_transfer t join ledger_account c on c.id = t.credit_id"
        " join ledger_account d on d.id = t.debit_id"
        " where t.account_id = o.account_id and t.group_id = o.id) s"
        " where s.moved <> case when o.state in ('paid', 'reversed') then o.amount else 0 end"
        " or s.back <> case when o.state = 'reversed' then o.amount else 0 end"
        " union all select t.id::text, 'group ' || t.group_id from ledger_transfer t"
        " left join topups_topup o on o.id = t.group_id where t.kind = 'topup' and o.id is null",
    ),
    Invariant(
        "commissions_follow_their_sale",
        "A commission is of what a deposit paid for, at most half of it, and goes back with it.",
        "select t.id::text, 'amount ' || t.amount || ', group ' || t.group_id"
        " from ledger_transfer t left join ledger_account c on c.id = t.credit_id left join ("
        "select r.id, r.state, r.means, r.payer_id, r.total from renewals_renewal r union all"
        " select o.id, o.state, o.means, o.payer_id, o.amount from topups_topup o) s"
        " on s.id = t.group_id where t.kind = 'commission' and (s.id is null"
        " or s.means <> 'deposit' or c.kind <> 'deposit' or c.account_id <> s.payer_id"
        " or t.amount > (s.total + 1) / 2 or (s.state = 'reversed') <> exists ("
        "select from ledger_transfer x where x.reverses_id = t.id))",
    ),
    Invariant(
        "codes_are_of_open_renewals",
        "A spoken code is of eight digits from 2 to 9, and names an open renewal alone.",
        "select r.id::text, r.state || ' has a code' from renewals_renewal r"
        " where r.spoken_code is not null and (r.spoken_code !~ '^[2-9]{8}$'"
        " or r.state not in ('placed', 'awaiting_payment', 'held') or exists ("
        "select from renewals_renewal o where o.spoken_code = r.spoken_code and o.id <> r.id))",
    ),
    Invariant(
        "sales_have_their_renewal",
        "No sale was posted without its renewal.",
        "select t.id::text, 'group ' || t.group_id from ledger_transfer t"
        " left join renewals_renewal r on r.id = t.group_id"
        " where t.kind in ('sale', 'tax') and r.id is null",
    ),
    Invariant(
        "money_is_applied_or_returned",
        "Money that a gateway took is applied to its purpose, or on its way back with an owner.",
        "select p.id::text, 'captured ' || p.captured || ', refunded ' || p.refunded"
        " || ', ' || p.purpose || ' ' || coalesce(s.state, 'none') from payments_payment p"
        " left join (select r.id, 'renewal' as purpose, r.state, r.means, r.total"
        " from renewals_renewal r union all"
        " select o.id, 'topup', o.state, o.means, o.amount from topups_topup o) s"
        " on s.id = p.purpose_id and s.purpose = p.purpose"
        " where s.id is null or p.captured - p.refunded <> case"
        " when s.means = 'gateway' and s.state in ('paid', 'delivered') then s.total"
        " when s.means = 'gateway' and s.state = 'reversing' then p.captured - p.refunded"
        " else 0 end",
    ),
    Invariant(
        "captures_have_their_attempt",
        "What a payment captured and refunded is the sum of its attempts and refunds.",
        "select p.id::text, 'captured ' || p.captured || ', refunded ' || p.refunded"
        " from payments_payment p cross join lateral ("
        "select count(*) * p.amount as captured from payments_attempt a"
        " where a.payment_id = p.id and a.state = 'succeeded') a cross join lateral ("
        "select coalesce(sum(f.amount), 0) as refunded from payments_refund f"
        " where f.payment_id = p.id) f cross join lateral ("
        "select coalesce(sum(t.amount), 0) as booked from ledger_transfer t"
        " where t.account_id = p.account_id and t.group_id = p.purpose_id"
        " and t.kind = 'capture') t"
        " where p.captured <> a.captured or p.captured <> t.booked"
        " or p.refunded <> f.refunded or p.refunded > p.captured",
    ),
    Invariant(
        "refunds_are_booked",
        "A refund that succeeded has its transfer.",
        "select f.id::text, 'refund of ' || f.amount from payments_refund f"
        " join payments_payment p on p.id = f.payment_id where f.state = 'succeeded'"
        " and (select coalesce(sum(g.amount), 0) from payments_refund g"
        " where g.payment_id = p.id and g.state = 'succeeded') <>"
        " (select coalesce(sum(t.amount), 0) from ledger_transfer t"
        " where t.account_id = p.account_id and t.group_id = p.purpose_id and t.kind = 'refund')",
    ),
    Invariant(
        "paid_is_owned",
        "Every paid renewal is delivered, or owned by a job before its deadline.",
        "select r.id::text, r.state || ' since ' || r.paid_at from renewals_renewal r"
        " where (r.state = 'paid' and (r.deadline_at is null or"
        " r.deadline_at < %(at)s - interval '10 minutes' or (not exists ("
        "select from jobs_job j where j.subject_id = r.id and j.kind = 'deliver')"
        " and r.deadline_at < %(at)s)))"
        " or (r.state = 'reversing' and not exists (select from jobs_job j"
        " where j.subject_id = r.id and j.kind = 'withdraw') and not exists ("
        "select from payments_payment p join payments_refund f on f.payment_id = p.id"
        " where p.purpose_id = r.id and f.state <> 'succeeded'))",
    ),
    Invariant(
        "terms_do_not_overlap",
        "No two terms of a card overlap.",
        "select e.id::text, 'with ' || o.id from cards_entitlement e join cards_entitlement o"
        " on o.card_id = e.card_id and o.id > e.id and o.state <> 'cancelled'"
        " and o.starts_at < e.ends_at and e.starts_at < o.ends_at"
        " where e.state <> 'cancelled'",
    ),
    Invariant(
        "cards_are_there",
        "Every renewal and every term is of a card that exists, with the card's account.",
        "select o.id::text, 'card ' || o.card_id from ("
        "select r.id, r.card_id, r.account_id from renewals_renewal r"
        " union all select e.id, e.card_id, e.account_id from cards_entitlement e) o"
        " where not exists (select from cards_card c"
        " where c.id = o.card_id and c.account_id = o.account_id)",
    ),
    Invariant(
        "paid_has_its_term",
        "A paid renewal has one term, and a renewal that was taken back or never paid has none.",
        "select r.id::text, r.state || ', terms ' || t.terms from renewals_renewal r"
        " cross join lateral (select count(*) as terms from cards_entitlement e"
        " where e.card_id = r.card_id and e.renewal_id = r.id and e.state <> 'cancelled') t"
        " where t.terms <> case when r.state in ('paid', 'delivered') then 1 else 0 end",
    ),
    Invariant(
        "no_term_is_paid_twice",
        "No term is paid by two renewals, and no renewal by two payments that were kept.",
        "select (array_agg(r.id order by r.id))[2]::text, 'card ' || r.card_id"
        " from renewals_renewal r where r.state in ('paid', 'delivered')"
        " group by r.account_id, r.card_id, r.starts_at having count(*) > 1",
    ),
    Invariant(
        "one_renewal_is_open",
        "No card has two open renewals, or two open top-ups.",
        "select (array_agg(r.id order by r.id))[2]::text, 'card ' || r.card_id"
        " from renewals_renewal r where r.state in ('placed', 'awaiting_payment', 'held')"
        " group by r.card_id having count(*) > 1"
        " union all select (array_agg(o.id order by o.id))[2]::text, 'card ' || o.card_id"
        " from topups_topup o where o.state = 'awaiting_payment'"
        " group by o.card_id having count(*) > 1",
    ),
    Invariant(
        "nothing_is_stuck",
        "Nothing waits longer than it may: renewals, top-ups, attempts, refunds, jobs.",
        "select r.id::text, 'renewal ' || r.state || ' past ' || r.deadline_at"
        " from renewals_renewal r where r.state in ('placed', 'awaiting_payment', 'held')"
        " and (r.deadline_at is null or r.deadline_at < %(at)s - interval '1 day')"
        " union all select o.id::text, 'top-up past ' || coalesce(o.deadline_at::text, 'none')"
        " from topups_topup o where o.state = 'awaiting_payment'"
        " and (o.deadline_at is null or o.deadline_at < %(at)s - interval '1 day')"
        " union all select a.id::text, 'attempt ' || a.state from payments_attempt a"
        " where a.state in ('created', 'sent', 'unknown', 'superseded')"
        " and (a.ask_at is null or a.ask_at < %(at)s - interval '15 minutes')"
        " union all select f.id::text, 'refund ' || f.state from payments_refund f"
        " where f.state in ('created', 'sent', 'unknown')"
        " and (f.ask_at is null or f.ask_at < %(at)s - interval '15 minutes')"
        " union all select j.id::text, j.kind || ' job ready since ' || j.run_at from jobs_job j"
        " where j.state = 'ready' and j.run_at < %(at)s - interval '15 minutes'",
    ),
    Invariant(
        "persons_keep_their_deadlines",
        "What was given to a person is decided before its deadline, and no letter lies dead.",
        "select a.id::text, 'attempt of ' || a.owner from payments_attempt a"
        " where a.state = 'parked' and (a.owner = '' or a.owner_by is null or a.owner_by < %(at)s)"
        " union all select f.id::text, 'refund of ' || f.owner from payments_refund f"
        " where f.state = 'parked' and (f.owner = '' or f.owner_by is null or f.owner_by < %(at)s)"
        " union all select j.id::text, 'dead ' || j.kind || ': ' || left(j.last_error, 60)"
        " from jobs_job j where j.state = 'dead' and j.run_at < %(at)s - interval '1 day'",
    ),
    Invariant(
        "states_have_their_history",
        "Each state is where the written history ended.",
        "with last_step as (select distinct on (h.machine, h.subject_id)"
        " h.machine, h.subject_id, h.to_state from database_history h"
        " order by h.machine, h.subject_id, h.id desc),"
        " stated as (select 'renewal' as machine, r.id, r.state from renewals_renewal r"
        " union all select 'topup', o.id, o.state from topups_topup o"
        " union all select 'attempt', a.id, a.state from payments_attempt a"
        " union all select 'refund', f.id, f.state from payments_refund f"
        " union all select 'order', o.id, o.state from provisioning_order o)"
        " select s.id::text, s.machine || ' ' || s.state || ', history '"
        " || coalesce(l.to_state, 'none') from stated s left join last_step l"
        " on l.machine = s.machine and l.subject_id = s.id"
        " where l.to_state is distinct from s.state",
    ),
    Invariant(
        "steps_are_allowed",
        "Each written step is in the transition table and begins where the last one ended.",
        "with steps as (select h.*, lag(h.to_state, 1, case when h.machine = 'card'"
        " then h.from_state else '' end) over (partition by h.machine, h.subject_id order by h.id)"
        " as was from database_history h)"
        " select s.subject_id::text, s.machine || ': ' || s.from_state || ' ' || s.event"
        " from steps s left join database_transition t on t.machine = s.machine"
        " and t.from_state = s.from_state and t.event = s.event and t.to_state = s.to_state"
        " where t.event is null or s.was <> s.from_state",
    ),
    Invariant(
        "requests_have_their_answer",
        "Each request that was answered with a renewal or top-up has it, and each its request.",
        "select q.request_id, q.channel || ': no renewal' from database_request q"
        " left join renewals_renewal r on r.id = q.answer_id"
        " where q.outcome = 'renewed' and r.id is null"
        " union all select r.id::text, 'no request' from renewals_renewal r"
        " left join database_request q on q.channel = r.channel and q.source = r.source"
        " and q.request_id = r.request_id where q.answer_id is distinct from r.id"
        " union all select q.request_id, q.channel || ': no top-up' from database_request q"
        " left join topups_topup o on o.id = q.answer_id"
        " where q.outcome = 'topped_up' and o.id is null"
        " union all select o.id::text, 'no request' from topups_topup o"
        " left join database_request q on q.channel = o.channel and q.source = o.source"
        " and q.request_id = o.request_id where q.answer_id is distinct from o.id",
    ),
    Invariant(
        "due_is_tried",
        "What was due to renew by itself was tried, and each mandate in force has its next try.",
        "select c.id::text, 'due since ' || c.next_rung_at from cards_card c"
        " where c.next_rung_at < %(at)s - interval '15 minutes' and not exists ("
        "select from autorenewal_stop s where coalesce(s.released_at, %(at)s)"
        " > %(at)s - interval '15 minutes')"
        " union all select m.id::text, 'its card is not armed' from autorenewal_mandate m"
        " join cards_card c on c.id = m.card_id"
        " where m.ended_at is null and c.next_rung_at is null",
    ),
    Invariant(
        "foreseen_is_tried",
        "What the ladders foresaw in two days was tried, or nobody wanted it any more.",
        "select u.card_id::text, 'foreseen at ' || u.rung_at"
        " from auto_untried(%(at)s - interval '2 days', %(at)s) u",
    ),
    Invariant(
        "cohorts_are_replayed",
        "What the cohorts have sold and not earned is what is deferred, once all is collected.",
        "with mark as (select w.through from ledger_watermark w where w.name = 'cohorts'),"
        " sold as (select r.plan_version_id, r.currency, r.first_day, r.last_day,"
        " sum(case t.kind when 'sale' then t.amount else -t.amount end) as amount"
        " from ledger_transfer t join renewals_renewal r on r.id = t.group_id"
        " where t.kind in ('sale', 'sale_reversed')"
        " and t.transaction_id < (select m.through from mark m)"
        " group by r.plan_version_id, r.currency, r.first_day, r.last_day)"
        " select coalesce(c.id::text, 'none'), 'sold ' || coalesce(c.sold, 0) || ', transfers '"
        " || coalesce(s.amount, 0) from renewals_cohort c full join sold s"
        " using (plan_version_id, currency, first_day, last_day)"
        " where coalesce(c.sold, 0) <> coalesce(s.amount, 0)"
        " or c.earned < least(c.sold, 0) or c.earned > greatest(c.sold, c.earned, 0)",
    ),
)

_COUNTED: Final = "select b.*, count(*) over () from ({query}) b limit {most}"


def audit(at: datetime, progress: Callable[[Invariant], None] | None = None) -> Iterator[Finding]:
    """Check every invariant as of `at` and give what was found, one finding an invariant.

    Reads whole tables, in one snapshot, so that a busy system is judged at one moment.
    """
    with database.connection() as lent, lent.transaction():
        lent.execute("set transaction isolation level repeatable read, read only")
        lent.execute("set local statement_timeout = '30min'; set local enable_seqscan = on")
        lent.execute("set local plan_cache_mode = auto")
        for invariant in INVARIANTS:
            if progress:
                progress(invariant)
            rows = lent.execute(
                _COUNTED.format(query=invariant.query, most=FOUND_MAX),
                {"at": at},
            ).fetchall()
            yield Finding(
                invariant,
                tuple(Offence(str(row[0]), str(row[1])) for row in rows),
                int(rows[0][2]) if rows else 0,
            )
