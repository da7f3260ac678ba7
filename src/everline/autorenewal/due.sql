-- The due sweep. It locks its cards first, as every single renewal does, then works on all at once.

-- part judged: a due card with its quote, the rung's request, and what stands against it.
create type judged as (
    renewal_id uuid, entitlement_id uuid, request_id text, contact jsonb, reason text, facts jsonb,
    offer quoted
);

-- part judge_due: quotes the locked cards and says of each whether it can be sold.
-- A rung that was answered before is left out, so it is never charged again.
create or replace function judge_due(due uuid[], at timestamptz) returns setof judged
language plpgsql stable as $$
#variable_conflict error
begin
    return query
    select
        d.renewal_id, everline_uuid7_beside(d.renewal_id, 1), d.request_id, d.contact,
        case when (d.offer).reason is not null then (d.offer).reason
            when 'balance' <> all((d.offer).means) then 'means_not_allowed'
            when (d.offer).open_id is not null then 'renewal_open' end,
        case when (d.offer).reason is not null then (d.offer).facts
            when o.id is not null then jsonb_build_object(
                'renewal', o.id, 'channel', o.channel, 'since', o.placed_at
            ) else '{}'::jsonb end,
        d.offer
    from due_offers(judge_due.due, judge_due.at) d
    left join renewals_renewal o on o.id = (d.offer).open_id
    where not exists (
        select from database_request q
        where q.channel = 'auto' and q.source = 'due' and q.request_id = d.request_id
    ) and ((d.offer).on_renewal = 'queue' or (d.offer).present_ends_at is null);
end $$;

-- part sale: one card's answered rung; `paid_from` is null when it was refused.
create type sale as (
    renewal_id uuid, entitlement_id uuid, request_id text, contact jsonb, paid_from uuid,
    offer quoted
);

-- part settle_due: takes the money of all that can be sold, and stores the answer of every rung.
create or replace function settle_due(due uuid[], at timestamptz) returns setof sale
language plpgsql as $$
#variable_conflict error
begin
    return query
    with judged as materialized (
        select j.* from judge_due(settle_due.due, settle_due.at) j
    ), paid as (
        update ledger_account a set balance = a.balance - (j.offer).total
        from judged j
        where j.reason is null and a.account_id = (j.offer).account_id and a.kind = 'balance'
          and a.scope = '' and a.currency = (j.offer).currency and a.pocket = 0
          and a.balance - a.held - (j.offer).total >= a.floor
        returning
            a.id as paid_from, j.renewal_id, j.entitlement_id, j.request_id, j.contact, j.offer
    ), answered as (
        insert into database_request (
            channel, source, request_id, request_hash, account_id, subject_id, answer_id, outcome,
            reason, facts, valid_until, at
        )
        select
            'auto', 'due', j.request_id, sha256(j.request_id::bytea), (j.offer).account_id,
            (j.offer).card_id, p.renewal_id,
            case when p.renewal_id is null then 'refused' else 'renewed' end,
            case when p.renewal_id is null then coalesce(j.reason, 'balance_short') end,
            case when p.renewal_id is null then j.facts || jsonb_build_object(
                'needed', (j.offer).total, 'currency', (j.offer).currency) end,
            case when p.renewal_id is not null then (j.offer).ends_at end, settle_due.at
        from judged j left join paid p on p.renewal_id = j.renewal_id
    )
    select
        j.renewal_id, j.entitlement_id, j.request_id, j.contact, p.paid_from, j.offer
    from judged j left join paid p on p.renewal_id = j.renewal_id;
end $$;

-- part write_due: writes for each paid sale the rows that a single renewal writes: history,
-- renewal, transfers, entitlement, job. Gives how many were paid.
create or replace function write_due(sales sale[], at timestamptz) returns bigint
language sql as $$
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
            (p.offer).fair_use_bytes, 0, 0, (p.offer).devices_max
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

-- verb renew_due: renews up to `most` due cards from their balances, in a few statements for all.
-- Caller: autorenewal/due.py; any number of workers side by side. Locks: cards, then balances.
-- Gives how many were renewed, and how many refused: their refusal is stored, their next rung set.
-- Touches many accounts, each of them alone: nothing of two cards depends on each other.
create or replace function renew_due(
    at timestamptz, most integer, out renewed integer, out refused integer, out taken integer
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    due uuid[];
    told bigint;
begin
    perform check_at(renew_due.at);
    select array_agg(l.id) into due from (
        select c.id from cards_card c where c.next_rung_at <= renew_due.at
        order by c.next_rung_at limit least(renew_due.most, 1000) for update skip locked
    ) l;
    taken := coalesce(cardinality(due), 0);
    select
        coalesce(write_due(array_agg(s), renew_due.at), 0), count(*) - count(s.paid_from),
        warn_refused(array_agg(s) filter (where s.paid_from is null), renew_due.at)
    into renewed, refused, told from settle_due(coalesce(due, '{}'), renew_due.at) s;
    perform rearm(due, renew_due.at);
end $$;
