-- The due sweep. It locks its cards first, as every single renewal does, then works on all at once.

-- part heir: the plan that takes a retired one's place, at most eight steps on; the plan itself
-- while it is sold, or when nothing takes its place.
create or replace function heir(plan uuid, at timestamptz) returns uuid
language sql stable as $$
    with recursive line (id, retired_at, successor_id, step) as (
        select p.id, p.retired_at, p.successor_id, 0 from catalogue_plan p where p.id = heir.plan
        union all
        select p.id, p.retired_at, p.successor_id, l.step + 1
        from line l inner join catalogue_plan p on p.id = l.successor_id
        where l.retired_at <= heir.at and l.step < 8
    )
    select l.id from line l order by l.step desc limit 1
$$;

-- part price_of: what a plan's newest version costs in a currency; 0 when it was never sold in it.
create or replace function price_of(plan uuid, currency text, at timestamptz) returns bigint
language sql stable as $$
    select coalesce((
        select p.amount from catalogue_planversion v
        inner join catalogue_price p on p.plan_version_id = v.id and p.currency = price_of.currency
        where v.plan_id = price_of.plan and v.effective_from <= price_of.at
        order by v.effective_from desc limit 1
    ), 0)
$$;

-- part wanted_versions: what the mandates of cards renew them with: the plan they name, else the
-- one that the card has; for a retired one its heir, for which nobody has agreed to pay more.
create or replace function wanted_versions(cards uuid[], at timestamptz) returns setof wanted
language sql stable as $$
    with asked as materialized (
        select c.id as card_id, c.currency, c.next_rung_at, m as mandate, coalesce(m.plan_id, (
            select v.plan_id from cards_entitlement e
            inner join catalogue_planversion v on v.id = e.plan_version_id
            where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
        )) as plan_id
        from unnest(wanted_versions.cards) as u (id)
        inner join cards_card c on c.id = u.id
        inner join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
    ), sold as materialized (
        select d.plan_id, (
            select v.id from catalogue_planversion v
            where v.plan_id = h.plan_id and v.effective_from <= wanted_versions.at
            order by v.effective_from desc limit 1
        ) as version_id, h.plan_id <> d.plan_id as is_heir
        from (select distinct a.plan_id from asked a) d
        cross join lateral heir(d.plan_id, wanted_versions.at) h (plan_id)
    )
    select
        a.card_id, s.version_id, coalesce((a.mandate).total, case when s.is_heir then price_of(
            a.plan_id, a.currency, wanted_versions.at
        ) end), a.mandate, a.next_rung_at
    from asked a left join sold s on s.plan_id = a.plan_id
$$;

-- part due_offers: what each due card is to be renewed with, quoted, with the rung's request id.
-- The id comes from card, period start and rung, so no rung of a term is ever tried twice.
create or replace function due_offers(due uuid[], at timestamptz)
returns table (
    renewal_id uuid, request_id text, agreed bigint, is_paused boolean, is_low boolean,
    paused_until timestamptz, means_order text, contact jsonb, offer quoted
)
language sql stable as $$
    with wanted as materialized (
        select w.* from wanted_versions(due_offers.due, due_offers.at) w
    ), offers as materialized (
        select q from quotes(
            array(select w.card_id from wanted w), array(select w.version_id from wanted w),
            'auto', due_offers.at
        ) q
    )
    select
        everline_uuid7(due_offers.at), w.card_id || ':'
        || extract(epoch from (o.q).starts_at)::bigint || ':'
        || extract(epoch from w.rung_at)::bigint,
        w.agreed, is_paused(
            (w.mandate).paused_until, (w.mandate).is_skip, (o.q).present_ends_at, due_offers.at
        ),
        (w.mandate).below_bytes is not null and is_low(w.card_id, w.rung_at),
        (w.mandate).paused_until, (w.mandate).means_order::text, (w.mandate).contact, o.q
    from offers o inner join wanted w on w.card_id = (o.q).card_id
$$;

-- part judge_due: quotes the locked cards and says of each what stands against renewing it.
-- A rung that was answered before is left out, so it is never charged again; so is one of a plan
-- that would cut the present term short: it waits for the end, unless data runs low. Each rung is
-- looked up on its own: a join would read all that were ever answered.
create or replace function judge_due(due uuid[], at timestamptz) returns setof judged
language sql stable as $$
    with guarded as materialized (
        select g from guarded(judge_due.due, judge_due.at) g
    ), offered as materialized (
        select d.*, (
            select h.g from guarded h where (h.g).card_id = (d.offer).card_id limit 1
        ) as guard
        from due_offers(judge_due.due, judge_due.at) d
    )
    select
        d.renewal_id, everline_uuid7_beside(d.renewal_id, 1), d.request_id, d.contact,
        case when d.is_paused then 'auto_paused'
            when (d.guard).reason is not null then (d.guard).reason
            when (d.offer).open_id is not null then 'renewal_open'
            when (d.offer).reason is not null then (d.offer).reason
            when (d.offer).total > d.agreed then 'consent_needed'
            when not (d.offer).means && array['balance', 'gateway'] then 'means_not_allowed' end,
        case when d.is_paused then jsonb_build_object('until', d.paused_until)
            when (d.guard).reason is not null then (d.guard).facts
            when (d.offer).open_id is not null then (
                select jsonb_build_object(
                    'renewal', o.id, 'channel', o.channel, 'since', o.placed_at
                )
                from renewals_renewal o where o.id = (d.offer).open_id
            )
            when (d.offer).reason is not null then (d.offer).facts
            when (d.offer).total > d.agreed then jsonb_build_object('agreed', d.agreed)
            else '{}'::jsonb end,
        d.means_order, d.offer
    from offered d
    where (
        select q.request_id from database_request q
        where q.channel = 'auto' and q.source = 'due' and q.request_id = d.request_id
    ) is null and (
        (d.offer).on_renewal = 'queue' or (d.offer).present_ends_at is null or d.is_paused
        or d.is_low
    )
$$;

-- part pay_due: takes the money of all whose balance suffices. Gives those that it was taken from.
-- Locks: the balances, which belong to one locked card each.
create or replace function pay_due(wanted judged[]) returns setof sale
language sql as $$
    update ledger_account a set balance = a.balance - (j.offer).total
    from unnest(pay_due.wanted) j
    where a.account_id = (j.offer).account_id and a.kind = 'balance'
      and a.scope = '' and a.currency = (j.offer).currency and a.pocket = 0
      and a.balance - a.held - (j.offer).total >= a.floor
    returning j.renewal_id, j.entitlement_id, j.request_id, j.contact, a.id, j.offer
$$;

-- part answer_due: stores the answer of every rung: renewed, placed with a gateway, or refused.
create or replace function answer_due(
    judged judged[], paid uuid[], placed uuid[], at timestamptz
) returns void
language sql as $$
    insert into database_request (
        channel, source, request_id, request_hash, account_id, subject_id, answer_id, outcome,
        reason, facts, valid_until, at
    )
    select
        'auto', 'due', j.request_id, sha256(j.request_id::bytea), (j.offer).account_id,
        (j.offer).card_id, case when r.outcome <> 'refused' then j.renewal_id end, r.outcome,
        case r.outcome when 'refused' then coalesce(
            j.reason,
            case when 'balance' = any((j.offer).means) then 'balance_short'
                else 'means_not_allowed' end
        ) end,
        case r.outcome when 'refused' then j.facts || jsonb_build_object(
            'needed', (j.offer).total, 'currency', (j.offer).currency) end,
        case when r.outcome <> 'refused' then (j.offer).ends_at end, answer_due.at
    from unnest(answer_due.judged) j
    left join unnest(answer_due.paid) p (id) on p.id = j.renewal_id
    left join unnest(answer_due.placed) g (id) on g.id = j.renewal_id
    cross join lateral (
        select case when p.id is not null then 'renewed' when g.id is not null then 'placed'
            else 'refused' end as outcome
    ) r
$$;

-- part cut_short: ends the present terms of those whose data runs low and whose new plan starts at
-- once, as a single renewal does.
create or replace function cut_short(sales sale[], at timestamptz) returns void
language sql as $$
    update cards_entitlement e set ends_at = cut_short.at, closed_by_id = s.entitlement_id
    from unnest(cut_short.sales) s
    where s.paid_from is not null and (s.offer).on_renewal <> 'queue'
      and (s.offer).present_ends_at is not null
      and e.card_id = (s.offer).card_id and e.state <> 'cancelled'
      and e.starts_at <= cut_short.at and e.ends_at > cut_short.at
$$;

-- part write_due: writes for each paid sale the rows that a single renewal writes: history,
-- renewal, transfers, entitlement, job. Gives how many were paid.
create or replace function write_due(sales sale[], at timestamptz) returns bigint
language sql as $$
    select cut_short(write_due.sales, write_due.at);
    with paid as materialized (
        select s.* from unnest(write_due.sales) s where s.paid_from is not null
    ), written as (
        insert into database_history (
            account_id, machine, subject_id, from_state, event, to_state, at
        )
        select (p.offer).account_id, 'renewal', p.renewal_id, '', t.event, t.to_state, write_due.at
        from paid p inner join database_transition t
            on t.machine = 'renewal' and t.from_state = '' and t.event = 'pay_now'
    ), renewed as (
        insert into renewals_renewal (
            id, account_id, card_id, channel, source, request_id, state, plan_version_id, means,
            payer_id, currency, price, discount, total, tax, bonus_bytes, on_renewal, starts_at,
            ends_at, anchor_day, first_day, last_day, placed_at, paid_at, deadline_at, reason,
            contact
        )
        select
            p.renewal_id, (p.offer).account_id, (p.offer).card_id, 'auto', 'due', p.request_id,
            'paid', (p.offer).plan_version_id, 'balance', (p.offer).account_id,
            (p.offer).currency, (p.offer).price, 0, (p.offer).total, (p.offer).tax, 0,
            (p.offer).on_renewal, (p.offer).starts_at, (p.offer).ends_at, (p.offer).anchor_day,
            (p.offer).first_day, (p.offer).last_day, write_due.at, write_due.at,
            write_due.at + make_interval(mins => coalesce(
                (select o.delivery_minutes from catalogue_policy o where o.id = 1), 30
            )), '', p.contact
        from paid p
    ), posted as (
        insert into ledger_transfer (
            id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
        )
        select
            everline_uuid7_beside(p.renewal_id, leg.number), (p.offer).account_id, p.renewal_id,
            leg.kind, p.paid_from, operator_account(leg.credit, '', (p.offer).currency),
            leg.amount, (p.offer).currency, write_due.at
        from paid p cross join lateral (values
            (2, 'sale', 'deferred', (p.offer).total - (p.offer).tax),
            (3, 'tax', 'tax', (p.offer).tax)
        ) as leg (number, kind, credit, amount) where leg.amount > 0
    ), entitled as (
        insert into cards_entitlement (
            id, account_id, card_id, renewal_id, plan_version_id, state, starts_at, ends_at,
            planned_ends_at, anchor_day, allowance_bytes, fair_use_bytes, used_bytes,
            carried_bytes, devices_max
        )
        select
            p.entitlement_id, (p.offer).account_id, (p.offer).card_id, p.renewal_id,
            (p.offer).plan_version_id, 'pending', (p.offer).starts_at, (p.offer).ends_at,
            (p.offer).ends_at, (p.offer).anchor_day, (p.offer).allowance_bytes,
            (p.offer).fair_use_bytes, 0, case (p.offer).on_renewal when 'stack'
                then coalesce((p.offer).leftover_bytes, 0) else 0 end, (p.offer).devices_max
        from paid p
    ), queued as (
        insert into jobs_job (
            id, account_id, kind, subject_id, state, run_at, tries, tries_max, last_error,
            created_at
        )
        select
            everline_uuid7_beside(p.renewal_id, 4), (p.offer).account_id, 'deliver',
            p.renewal_id, 'ready', write_due.at, 0, 12, '', write_due.at
        from paid p
    )
    select count(*) from paid
$$;

-- part told_due: of the refused rungs those that people are told of. While another renewal of the
-- card is open the outcome is not known, so that is told at the last rung alone.
create or replace function told_due(
    judged judged[], paid uuid[], placed uuid[], at timestamptz
) returns sale[]
language sql stable as $$
    select array_agg(row(
        j.renewal_id, j.entitlement_id, j.request_id, j.contact, null, j.offer
    )::sale)
    from unnest(told_due.judged) j
    where j.renewal_id <> all(told_due.paid || told_due.placed)
      and not (
          j.reason is not distinct from 'renewal_open'
          and (j.offer).present_ends_at > told_due.at
      )
$$;

-- part outcome: what became of all cards of one sweep.
create type outcome as (renewed bigint, refused bigint, placed bigint);

-- part settle_due: judges the locked cards, takes the money, and writes what follows from it: for
-- each rung an answer, for each sale its rows, and a warning for what people must know.
-- Who wants to pay by a kept means first is placed before the balances are taken from.
create or replace function settle_due(due uuid[], at timestamptz) returns outcome
language sql as $$
    with judged as materialized (
        select j from judge_due(settle_due.due, settle_due.at) j
    ), placed_first as materialized (
        select d.id from place_due(array(
            select m.j from judged m where (m.j).reason is null
              and (m.j).means_order = 'methods_first' and 'gateway' = any(((m.j).offer).means)
        ), settle_due.at) d (id)
    ), paid as materialized (
        select s from pay_due(array(
            select m.j from judged m where (m.j).reason is null
              and 'balance' = any(((m.j).offer).means)
              and (m.j).renewal_id not in (select f.id from placed_first f)
        )) s
    ), placed as materialized (
        select f.id from placed_first f
        union all
        select d.id from place_due(array(
            select m.j from judged m where (m.j).reason is null
              and (m.j).means_order = 'balance_first' and 'gateway' = any(((m.j).offer).means)
              and (m.j).renewal_id not in (select (p.s).renewal_id from paid p)
        ), settle_due.at) d (id)
    ), told as materialized (
        select
            array(select m.j from judged m) as judged,
            array(select (p.s).renewal_id from paid p) as paid,
            array(select g.id from placed g) as placed
    ), answered as materialized (
        select
            answer_due(t.judged, t.paid, t.placed, settle_due.at),
            write_due(array(select p.s from paid p), settle_due.at) as renewed
        from told t
    ), warned as materialized (
        select
            cardinality(t.judged) - a.renewed - cardinality(t.placed) as refused,
            case when cardinality(t.judged) > a.renewed + cardinality(t.placed) then warn_refused(
                told_due(t.judged, t.paid, t.placed, settle_due.at), settle_due.at
            ) end as told
        from answered a cross join told t
    )
    select row(a.renewed, w.refused, cardinality(t.placed))::outcome
    from answered a cross join warned w cross join told t
$$;

-- part most_urgent: locks up to `most` due cards, those whose service ends first, to the hour.
-- It goes from hour to hour of the index, so cards that wait for a later rung are not looked at.
-- A first rung lies less than three days before its end.
create or replace function most_urgent(most integer, at timestamptz) returns uuid[]
language sql as $$
    with recursive hours (hour) as (
        (
            select urgency(c.rung_ends_at, c.next_rung_at) from cards_card c
            where c.next_rung_at is not null
            order by urgency(c.rung_ends_at, c.next_rung_at) limit 1
        )
        union all
        select (
            select urgency(c.rung_ends_at, c.next_rung_at) from cards_card c
            where c.next_rung_at is not null
              and urgency(c.rung_ends_at, c.next_rung_at) > h.hour
            order by urgency(c.rung_ends_at, c.next_rung_at) limit 1
        )
        from hours h where h.hour < most_urgent.at + interval '72 hours'
    ), locked as (
        select l.id from hours h cross join lateral (
            select c.id from cards_card c
            where c.next_rung_at <= most_urgent.at
              and urgency(c.rung_ends_at, c.next_rung_at) = h.hour
            order by c.next_rung_at, c.id limit most_urgent.most
            for update skip locked
        ) l limit most_urgent.most
    )
    select coalesce(array_agg(l.id), '{}') from locked l
$$;

-- verb renew_due: renews up to `most` due cards, in a few statements for all: from their balances,
-- else by the means that they keep, or the other way round, as their mandates say.
-- Caller: autorenewal/due.py; any number of workers side by side. Locks: cards, then balances.
-- While the breaker holds everything back it takes none, and what is due stays so.
-- Gives how many were renewed, refused and placed with a gateway; of those that were refused the
-- reason is stored and told once a term; and how many cards were looked at. All have a next rung.
-- Touches many accounts, each of them alone: nothing of two cards depends on each other.
create or replace function renew_due(
    at timestamptz, most integer, out renewed integer, out refused integer, out placed integer,
    out taken integer
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    due uuid[] := '{}';
    done outcome;
begin
    perform check_at(renew_due.at);
    if may_charge(renew_due.at) then
        due := most_urgent(least(renew_due.most, 1000), renew_due.at);
    end if;
    perform park_often(due, renew_due.at);
    done := settle_due(due, renew_due.at);
    renewed := done.renewed;
    refused := done.refused;
    placed := done.placed;
    taken := cardinality(due);
    perform rearm(due, renew_due.at);
    perform await_paused(due, renew_due.at);
    perform note_run(renew_due.at, taken, done.renewed + done.placed, done.refused);
end $$;
