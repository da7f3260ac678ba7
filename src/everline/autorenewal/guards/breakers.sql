-- Guards: caps of a mandate, and breakers that hold automatic charges back until a person looks.
-- A card that is charged too often is parked; too many charges in an hour stop them all.

-- part paid_since: what a card was charged by itself for since an instant: how often, and how much.
-- A term that an automatic charge paid for never starts before it, so one index finds them.
create or replace function paid_since(
    card uuid, account uuid, since timestamptz, out charges bigint, out total numeric
)
language sql stable as $$
    select count(*), coalesce(sum(r.total), 0) from renewals_renewal r
    where r.card_id = paid_since.card and r.account_id = paid_since.account
      and case when r.state in ('paid', 'delivered') then r.starts_at end >= paid_since.since
      and r.channel = 'auto' and r.paid_at > paid_since.since
$$;

-- part low_charges: how often a card was charged since an instant because its data ran low.
create or replace function low_charges(card uuid, since timestamptz) returns bigint
language sql stable as $$
    select count(*) from autorenewal_low l
    inner join renewals_renewal r on r.card_id = l.card_id and r.channel = 'auto'
        and split_part(r.request_id, ':', 3) = extract(epoch from l.rung_at)::bigint::text
        and r.state in ('awaiting_payment', 'paid', 'delivered')
    where l.card_id = low_charges.card and l.rung_at > low_charges.since
$$;

-- part guard: a due card that must not be charged now, and why.
create type guard as (card_id uuid, reason text, facts jsonb);

-- part capped: which due cards reached a cap that their holder set: charges by data in a day and
-- in 30 days, and the money of all automatic charges in 30 days. What is due costs at most what was
-- agreed to, and for older consents what the last term cost.
create or replace function capped(due uuid[], at timestamptz) returns setof guard
language sql stable as $$
    with bounded as (
        select
            m.card_id, m.day_max, m.month_max, m.month_total_max, m.total, c.account_id,
            exists (
                select from autorenewal_low l
                where l.card_id = c.id and l.rung_at = c.next_rung_at
            ) as is_low
        from autorenewal_mandate m inner join cards_card c on c.id = m.card_id
        where m.card_id = any(capped.due) and m.ended_at is null
          and (m.below_bytes is not null or m.month_total_max is not null)
    ), counted as (
        select
            b.card_id, b.month_total_max,
            case when b.is_low and low_charges(b.card_id, capped.at - interval '1 day')
                >= b.day_max then 'day'
                when b.is_low and low_charges(b.card_id, capped.at - interval '30 days')
                >= b.month_max then 'month' end as reached,
            p.total + coalesce(b.total, (
                select r.total from renewals_renewal r
                where r.card_id = b.card_id and r.state in ('paid', 'delivered')
                order by r.starts_at desc limit 1
            ), 0) as total
        from bounded b
        cross join lateral paid_since(
            b.card_id, b.account_id, capped.at - interval '30 days'
        ) p
    )
    select
        k.card_id, 'auto_capped', jsonb_strip_nulls(jsonb_build_object(
            'cap', coalesce(k.reached, 'money'),
            'most', case when k.reached is null then k.month_total_max end
        ))
    from counted k where k.reached is not null or k.total > k.month_total_max
$$;

-- part charged_lately: which of these cards were charged so often in 24 hours, in one look for all.
create or replace function charged_lately(cards uuid[], most bigint, at timestamptz)
returns setof uuid
language sql stable as $$
    select d.id from unnest(charged_lately.cards) as d (id)
    left join renewals_renewal r on r.card_id = d.id
        and case when r.state in ('paid', 'delivered') then r.starts_at end
        >= charged_lately.at - interval '1 day'
        and r.channel = 'auto' and r.paid_at > charged_lately.at - interval '1 day'
    group by d.id having count(r.id) >= charged_lately.most
$$;

-- part park_often: parks the due cards that were charged as often in 24 hours as the operator
-- allows: one more charge is a mistake of ours or of a plan, and a person looks.
create or replace function park_often(due uuid[], at timestamptz) returns void
language sql as $$
    insert into autorenewal_parked (
        id, account_id, card_id, reason, facts, since, owner, released_by
    )
    select
        everline_uuid7(park_often.at), c.account_id, c.id, 'card_day_max',
        jsonb_build_object('charges', p.charges), park_often.at, 'support', ''
    from (select coalesce((
        select o.auto_card_day_max from catalogue_policy o where o.id = 1
    ), 3) as most) k
    cross join lateral charged_lately(park_often.due, k.most, park_often.at) d (id)
    inner join cards_card c on c.id = d.id
    cross join lateral paid_since(c.id, c.account_id, greatest(
        park_often.at - interval '1 day', coalesce((
            select max(f.released_at) from autorenewal_parked f where f.card_id = c.id
        ), '-infinity')
    )) p
    where p.charges >= k.most
    on conflict do nothing
$$;

-- part missed: which due cards waited while everything was stopped, until their term was over:
-- they are not charged for what they cannot go on from. Without a stop no card is looked at.
create or replace function missed(due uuid[], at timestamptz) returns setof guard
language sql stable as $$
    select c.id, 'auto_parked', jsonb_build_object('since', s.since, 'until', s.released_at)
    from cards_card c
    inner join autorenewal_stop s on s.released_at > missed.at - interval '2 days'
        and c.next_rung_at <= s.released_at
    where c.id = any(case when exists (
        select from autorenewal_stop k where k.released_at > missed.at - interval '2 days'
    ) then missed.due else '{}' end) and not exists (
        select from cards_entitlement e
        where e.card_id = c.id and e.state <> 'cancelled' and e.ends_at > missed.at
    )
$$;

-- part guarded: which of the due cards must not be charged now, and why: each at most once.
create or replace function guarded(due uuid[], at timestamptz) returns setof guard
language sql stable as $$
    select distinct on (g.card_id) g.* from (
        select
            p.card_id, 'auto_parked'::text as reason,
            p.facts || jsonb_build_object('since', p.since) as facts
        from autorenewal_parked p where p.card_id = any(guarded.due) and p.released_at is null
        union all
        select f.* from missed(guarded.due, guarded.at) f
        union all
        select f.* from capped(guarded.due, guarded.at) f
    ) g
    order by g.card_id, g.reason desc
$$;

-- part expected_charges: how many automatic charges were to be expected since an instant, by the
-- ladders; with those that an outage had left behind. Null while an hour is not counted yet.
create or replace function expected_charges(since timestamptz, at timestamptz) returns bigint
language plpgsql stable as $$
#variable_conflict error
declare
    began timestamptz;
    found_charges bigint;
begin
    began := date_trunc('hour', least(expected_charges.since, (
        select min(o.from_at) from autorenewal_outage o
        where o.until_at > expected_charges.since
          and o.from_at > expected_charges.at - interval '2 days'
    )));
    select case when count(h.hour) = count(*) then coalesce(sum(h.charges), 0) end
    into found_charges
    from generate_series(began, expected_charges.at, interval '1 hour') as k (hour)
    left join (
        select
            a.hour, coalesce(a.forecast, case when a.judged_at is not null then a.expected end)
            as charges
        from autorenewal_hour a
    ) h on h.hour = k.hour and h.charges is not null;
    return found_charges;
end $$;

-- part is_stopped: whether the breaker holds all automatic charges back.
create or replace function is_stopped() returns boolean
language sql stable as $$
    select exists (select from autorenewal_stop s where s.released_at is null)
$$;

-- part may_charge: whether the due sweep may charge now. More charges in the last hour than the
-- operator's share of what was expected, and than the least that matters, stop all further ones.
-- While nobody has counted yet what to expect, nothing is stopped.
create or replace function may_charge(at timestamptz) returns boolean
language plpgsql as $$
#variable_conflict error
declare
    since timestamptz;
    charged bigint;
    expected bigint;
    percent integer;
    least_charges integer;
begin
    if is_stopped() then
        return false;
    end if;
    since := greatest(may_charge.at - interval '1 hour', (
        select max(s.released_at) from autorenewal_stop s
    ));
    select coalesce(sum(r.charged), 0) into charged from autorenewal_run r
    where r.at > since and r.at <= may_charge.at;
    select p.auto_burst_percent, p.auto_burst_least into percent, least_charges
    from catalogue_policy p where p.id = 1;
    if charged <= coalesce(least_charges, 1000) then
        return true;
    end if;
    expected := expected_charges(since, may_charge.at);
    if (charged * 100 > expected * coalesce(percent, 300)) is not true then
        return true;
    end if;
    insert into autorenewal_stop (id, scope, since, charged, expected, allowed, released_by)
    values (
        everline_uuid7(may_charge.at), 'operator', may_charge.at, charged, expected,
        greatest(coalesce(least_charges, 1000), expected * coalesce(percent, 300) / 100), ''
    ) on conflict do nothing;
    return false;
end $$;

-- part note_run: keeps what one call of the due sweep did, for the breaker and for those who watch.
create or replace function note_run(
    at timestamptz, taken bigint, charged bigint, refused bigint
) returns void
language sql as $$
    insert into autorenewal_run (at, taken, charged, refused)
    select note_run.at, note_run.taken, note_run.charged, note_run.refused
    where note_run.taken > 0
$$;

-- verb release_card: releases a parked card; what was due while it was parked is due at once,
-- unless its term is over.
-- Caller: autorenewal/guards/breakers.py. Locks: request, card. Refuses: card_unknown, not_parked.
create or replace function release_card(
    channel text, source text, request_id text, request_hash bytea, card uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    held autorenewal_parked;
begin
    select b.* into begun from begin_card(
        release_card.channel, release_card.source, release_card.request_id,
        release_card.request_hash, release_card.card, 'released', release_card.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    update autorenewal_parked p
    set released_at = release_card.at, released_by = release_card.source
    where p.card_id = release_card.card and p.released_at is null
    returning p.* into held;
    if held.id is null then
        return refuse(
            release_card.channel, release_card.source, release_card.request_id,
            row('not_parked', '{}'::jsonb)::objection
        );
    end if;
    if exists (
        select from database_request q
        where q.channel = 'auto' and q.outcome = 'refused' and q.reason = 'auto_parked'
          and q.subject_id = release_card.card and q.at >= held.since
    ) then
        perform due_now(array[release_card.card], release_card.at);
    end if;
    return row(release_card.card, 'released', null, null, null, false)::answer;
end $$;

-- verb release_stop: lets automatic charges go on after the breaker stopped them; what is due is
-- charged then, but for terms that are over.
-- Caller: autorenewal/guards/breakers.py. Locks: request, the stop. Refuses: not_parked.
create or replace function release_stop(
    channel text, source text, request_id text, request_hash bytea, stop uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    if not claim(
        release_stop.channel, release_stop.source, release_stop.request_id,
        release_stop.request_hash, release_stop.stop, release_stop.stop, release_stop.stop,
        'released', null, release_stop.at
    ) then
        return replay(
            release_stop.channel, release_stop.source, release_stop.request_id,
            release_stop.request_hash, release_stop.stop
        );
    end if;
    update autorenewal_stop s
    set released_at = release_stop.at, released_by = release_stop.source
    where s.id = release_stop.stop and s.released_at is null;
    if not found then
        return refuse(
            release_stop.channel, release_stop.source, release_stop.request_id,
            row('not_parked', '{}'::jsonb)::objection
        );
    end if;
    return row(release_stop.stop, 'released', null, null, null, false)::answer;
end $$;
