-- Telling ahead what automatic renewal will take: before every charge of a month or longer, and
-- always when price or plan are others than the last time or than was agreed to.

-- part auto_notice_time: how long before the first try people are told.
create or replace function auto_notice_time() returns interval
language sql stable as $$
    select make_interval(hours => 24 * coalesce(
        (select p.auto_notice_days from catalogue_policy p where p.id = 1), 3
    ))
$$;

-- part coming: a card that will be charged, with what for, what was agreed to at most, what it was
-- charged the last time, and what people are told of it.
create type coming as (
    card cards_card, term cards_entitlement, mandate autorenewal_mandate, version_id uuid,
    plan catalogue_plan, price bigint, agreed bigint, former_price bigint,
    former_plan catalogue_plan, contact jsonb, template text
);

-- part coming_charge: what a card is charged at its next try, at the price of then. More than was
-- agreed to waits for a consent; what nothing can pay is short; another plan or amount than the
-- last one is a change; a month or longer is told in any case. No row while a pause keeps it still,
-- without a term to go on from, or when its plan is sold no more and nothing takes its place.
-- It gives columns and no row, so that it becomes part of whatever query asks.
create or replace function coming_charge(card cards_card, at timestamptz) returns setof coming
language sql stable as $$
    select
        coming_charge.card, t.term, m, v.id, l, p.amount, w.agreed, r.price, o,
        coalesce(m.contact, r.contact), case
            when p.amount > w.agreed then 'auto_consent'
            when spendable(
                (coming_charge.card).account_id, 'balance', (coming_charge.card).currency
            ) < p.amount and not has_method((coming_charge.card).account_id)
                then 'auto_short'
            when r.price <> p.amount or l.id <> coalesce(m.plan_id, o.id)
                then 'auto_changed'
            when v.period_unit in ('month', 'quarter', 'year') then 'auto_ahead'
        end
    from autorenewal_mandate m
    cross join lateral (
        select e as term from cards_entitlement e
        where e.card_id = (coming_charge.card).id and e.state <> 'cancelled'
        order by e.ends_at desc limit 1
    ) t
    cross join lateral (
        select greatest(coming_charge.at, (coming_charge.card).next_rung_at) as at
    ) f
    cross join wanted_versions(array[(coming_charge.card).id], f.at) w
    inner join catalogue_planversion v on v.id = w.version_id
    inner join catalogue_plan l on l.id = v.plan_id and coalesce(l.retired_at > f.at, true)
    inner join catalogue_price p
        on p.plan_version_id = v.id and p.currency = (coming_charge.card).currency
    inner join catalogue_planversion x on x.id = (t.term).plan_version_id
    inner join catalogue_plan o on o.id = x.plan_id
    left join renewals_renewal r on r.id = (t.term).renewal_id
    where m.card_id = (coming_charge.card).id and m.ended_at is null
      and (t.term).ends_at > coming_charge.at
      and not is_paused(m.paused_until, m.is_skip, (t.term).ends_at, f.at)
$$;

-- part armed_slice: the next armed cards of a round, of those whose service ends by an instant, to
-- the hour. The index of what is due gives them in its order.
create or replace function armed_slice(going jobs_round, until timestamptz, most integer)
returns slice
language sql stable as $$
    with near as materialized (
        select
            c.id, urgency(c.rung_ends_at, c.next_rung_at) as hour, c.next_rung_at as at
        from cards_card c
        where c.next_rung_at is not null
          and urgency(c.rung_ends_at, c.next_rung_at) <= armed_slice.until
          and (urgency(c.rung_ends_at, c.next_rung_at), c.next_rung_at, c.id) > (
              coalesce((armed_slice.going).hour, '-infinity'),
              coalesce((armed_slice.going).at, '-infinity'),
              coalesce((armed_slice.going).last_id, '00000000-0000-0000-0000-000000000000')
          )
        order by urgency(c.rung_ends_at, c.next_rung_at), c.next_rung_at, c.id
        limit armed_slice.most
    ), latest as (
        select n.* from near n order by n.hour desc, n.at desc, n.id desc limit 1
    )
    select row(array(select n.id from near n), l.hour, l.at, l.id)::slice
    from (select) as always left join latest l on true
$$;

-- part coming_charges: those of these cards that are told ahead now: their first try comes within
-- the notice time, or within half of a short term, and they were not told of it in this term. A
-- short balance is told by warn_short.
create or replace function coming_charges(cards uuid[], at timestamptz) returns setof coming
language sql stable as $$
    select k::coming from cards_card c
    cross join lateral coming_charge(c, coming_charges.at) k
    where c.id = any(coming_charges.cards) and c.state = 'bound'
      and c.next_rung_at <= coming_charges.at + auto_notice_time()
      and coming_charges.at >= (k.term).starts_at + ((k.term).ends_at - (k.term).starts_at) / 2
      and k.template in ('auto_ahead', 'auto_changed', 'auto_consent')
      and not exists (
          select from notices_warned n
          where n.fact_id = (k.term).id and (
              n.template = k.template
              or k.template = 'auto_ahead' and n.template in ('auto_changed', 'auto_short')
              or n.template = 'auto_failed'
          )
      )
    order by c.next_rung_at, c.id
$$;

-- part has_method: whether a kept means of payment may be charged for an account.
create or replace function has_method(account uuid) returns boolean
language sql stable as $$
    select exists (
        select from payments_method y
        where y.account_id = has_method.account and y.state = 'active'
    )
$$;

-- part coming_facts: what is said of a coming charge.
create or replace function coming_facts(told coming) returns jsonb
language sql stable as $$
    select warning_facts(told.card, told.term, (told.plan).id, told.price) || jsonb_build_object(
        'next_at', (told.card).next_rung_at, 'agreed', told.agreed,
        'former_total', case when told.template <> 'auto_ahead' then told.former_price end,
        'former_plan', case when (told.plan).id <> (told.former_plan).id
            then (told.former_plan).names end,
        'means_order', (told.mandate).means_order, 'kept_means', (
            select y.masked_means from payments_method y
            where y.account_id = (told.card).account_id and y.state = 'active'
            order by y.position, y.id limit 1
        )
    )
$$;

-- verb warn_ahead: goes on with its round through up to `most` cards and tells what will be taken
-- before it is, once a card, term and kind of message. Gives how many were told, and whether the
-- round is over.
-- Caller: autorenewal/warnings.py; of several one looks at a time. Locks: the round, the warnings.
create or replace function warn_ahead(
    at timestamptz, most integer, out done integer, out is_over boolean
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    going jobs_round;
    near slice;
begin
    done := 0;
    is_over := true;
    going := begin_round('warn_ahead', interval '15 minutes', warn_ahead.at);
    if going.sweep is not null then
        near := armed_slice(
            going, warn_ahead.at + auto_notice_time() + interval '72 hours',
            least(warn_ahead.most, 1000)
        );
        done := tell_ahead(near.ids, warn_ahead.at);
        is_over := end_slice(going, near, least(warn_ahead.most, 1000));
    end if;
end $$;

-- part tell_ahead: tells of the coming charges of these cards; gives how many were told.
create or replace function tell_ahead(cards uuid[], at timestamptz) returns integer
language sql as $$
    with near as materialized (
        select d from coming_charges(tell_ahead.cards, tell_ahead.at) d
    ), warned as materialized (
        select warn(
            ((n.d).card).account_id, ((n.d).term).id, (n.d).template, (n.d).contact,
            coming_facts(n.d), ((n.d).card).zone, ((n.d).card).next_rung_at, tell_ahead.at
        ) as is_new
        from near n
    )
    select count(*)::integer from warned w where w.is_new
$$;

-- verb auto_notice_stands: whether a message says what would be said now, as far as automatic
-- renewal is concerned: of a coming charge the same kind, plan, amount and means; of a try in vain,
-- that nothing can pay the next one yet, as far as that was the cause. A pause silences both. An
-- end is told when nothing is charged before it, and used data when none is bought by itself.
-- Caller: autorenewal/warnings.py. Locks: nothing.
create or replace function auto_notice_stands(notice uuid, at timestamptz) returns boolean
language sql stable security definer set search_path from current as $$
    select case
        when n.template in ('auto_ahead', 'auto_changed', 'auto_consent', 'auto_short')
            then exists (
                select from coming_charge(c, auto_notice_stands.at) k
                cross join lateral coming_facts(k) f
                where k.template = n.template and (k.term).id = n.fact_id
                  and f -> 'total' = n.facts -> 'total' and f -> 'plan' = n.facts -> 'plan'
                  and (
                      n.template not in ('auto_ahead', 'auto_changed')
                      or f -> 'kept_means' = n.facts -> 'kept_means'
                  )
            )
        when n.template = 'auto_failed' then not exists (
            select from autorenewal_mandate m
            where m.card_id = c.id and m.ended_at is null
              and is_paused(m.paused_until, m.is_skip, c.rung_ends_at, c.next_rung_at)
        ) and not (
            n.facts ->> 'reason' = 'balance_short' and (
                has_method(c.account_id)
                or spendable(c.account_id, 'balance', c.currency)
                >= (n.facts ->> 'total')::bigint
            )
        )
        when n.template in ('ending_week', 'ending_days', 'ending_day', 'ending_soon')
            then c.next_rung_at is null or exists (
                select from autorenewal_mandate m
                where m.card_id = c.id and m.ended_at is null and is_paused(
                    m.paused_until, m.is_skip, (n.facts ->> 'ends_at')::timestamptz,
                    (n.facts ->> 'ends_at')::timestamptz
                )
            )
        when n.template in ('data_low', 'data_out') then not exists (
            select from autorenewal_mandate m
            where m.card_id = c.id and m.ended_at is null and m.below_bytes is not null
              and (m.paused_until is null or m.paused_until <= auto_notice_stands.at)
        )
        else true
    end
    from notices_notice n inner join cards_card c on c.id = (n.facts ->> 'card')::uuid
    where n.id = auto_notice_stands.notice
$$;
