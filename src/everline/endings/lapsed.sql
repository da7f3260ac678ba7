-- Lapsed cards: renewable for the operator's number of days, then their number is given away.

-- part lapsed_time: how long after its end a card stays renewable, in days of 24 hours.
create or replace function lapsed_time() returns interval
language sql stable as $$
    select make_interval(hours => 24 * coalesce(
        (select p.lapsed_days from catalogue_policy p where p.id = 1), 90
    ))
$$;

-- part lapsed: a card that has lapsed, with its last term and when its number is given away.
create type lapsed as (card cards_card, term cards_entitlement, gone_at timestamptz);

-- part lapsing: of these cards those in use whose last term ended so long ago that they are given
-- away within `within`. Cards that are lost or in stock, and those that never had a term, are none.
create or replace function lapsing(cards uuid[], within interval, at timestamptz)
returns setof lapsed
language sql stable as $$
    with kept as materialized (
        select lapsed_time() as lasts
    )
    select row(c, t.term, (t.term).ends_at + k.lasts)::lapsed from kept k
    cross join cards_card c
    cross join lateral (
        select e as term from cards_entitlement e
        where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
    ) t
    where c.id = any(lapsing.cards) and c.state in ('activated', 'bound', 'suspended')
      and (t.term).ends_at <= lapsing.at
      and (t.term).ends_at <= lapsing.at + lapsing.within - k.lasts
    order by c.id
$$;

-- part is_unsettled: whether a renewal or top-up of a card is under way, or money for one may come.
create or replace function is_unsettled(card uuid) returns boolean
language sql stable as $$
    select exists (
        select from renewals_renewal r
        where r.card_id = is_unsettled.card and (
            r.state in ('placed', 'awaiting_payment', 'held', 'paid', 'reversing')
            or exists (
                select from payments_payment p inner join payments_attempt a on a.payment_id = p.id
                where p.purpose_id = r.id
                  and a.state in ('created', 'sent', 'unknown', 'superseded', 'parked')
            )
        )
    ) or exists (
        select from topups_topup o
        left join payments_payment p on p.purpose_id = o.id
        left join payments_attempt a on a.payment_id = p.id
        where o.card_id = is_unsettled.card and (
            o.state = 'awaiting_payment'
            or a.state in ('created', 'sent', 'unknown', 'superseded', 'parked')
        )
    )
$$;

-- verb warn_number_ends: goes on with its round through up to `most` cards and warns that a number
-- is given away, 14 days and 2 days before, once each. Gives how many were told, and whether the
-- round is over.
-- Caller: endings/sweeps.py; of several one looks at a time. Locks: the round, the warnings.
create or replace function warn_number_ends(
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
    going := begin_round('warn_number_ends', interval '6 hours', warn_number_ends.at);
    if going.sweep is not null then
        near := card_slice(going, least(warn_number_ends.most, 1000));
        done := tell_number_ends(near.ids, warn_number_ends.at);
        is_over := end_slice(going, near, least(warn_number_ends.most, 1000));
    end if;
end $$;

-- part tell_number_ends: warns those of these cards whose number is given away soon.
create or replace function tell_number_ends(cards uuid[], at timestamptz) returns integer
language sql as $$
    with near as materialized (
        select
            l.card, l.term, l.gone_at, k.template
        from lapsing(tell_number_ends.cards, interval '14 days', tell_number_ends.at) l
        cross join lateral (
            select case when l.gone_at <= tell_number_ends.at + interval '2 days'
                then 'number_ends_soon' else 'number_ends' end as template
        ) k
        where l.gone_at > tell_number_ends.at and not exists (
            select from notices_warned w
            where w.fact_id = (l.term).id and w.template = k.template
        )
    ), warned as materialized (
        select warn(
            (n.card).account_id, (n.term).id, n.template, r.contact, jsonb_build_object(
                'card', (n.card).id, 'iccid', (n.card).iccid, 'zone', (n.card).zone,
                'plan', p.code, 'ends_at', (n.term).ends_at, 'gone_at', n.gone_at
            ), (n.card).zone, n.gone_at, tell_number_ends.at
        ) as is_new
        from near n
        left join renewals_renewal r on r.id = (n.term).renewal_id
        inner join catalogue_planversion v on v.id = (n.term).plan_version_id
        inner join catalogue_plan p on p.id = v.plan_id
    )
    select count(*)::integer from warned w where w.is_new
$$;

-- verb recycle_lapsed: goes on with its round through up to `most` cards and ends those that lapsed
-- longer ago than the operator keeps them; their number is free again, a mandate ends, a balance
-- stays on the account for finance. Gives how many ended, and whether the round is over.
-- Caller: endings/sweeps.py; of several one looks at a time. Locks: the round; cards, passing over
-- those that others hold. It looks again when they are locked, as a renewal may have come before.
create or replace function recycle_lapsed(
    at timestamptz, most integer, out done integer, out is_over boolean
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    going jobs_round;
    near slice;
    lapsed uuid[];
    held uuid[];
    gone cards_card;
begin
    perform check_at(recycle_lapsed.at);
    done := 0;
    is_over := true;
    going := begin_round('recycle_lapsed', interval '6 hours', recycle_lapsed.at);
    if going.sweep is null then
        return;
    end if;
    near := card_slice(going, least(recycle_lapsed.most, 1000));
    select array_agg((l.card).id) into lapsed
    from lapsing(near.ids, interval '0', recycle_lapsed.at) l
    where not is_unsettled((l.card).id);
    select array_agg(k.id) into held from (
        select c.id from cards_card c where c.id = any(lapsed) order by c.id for update skip locked
    ) k;
    for gone in
        select c.* from cards_card c
        where c.id = any(held) and is_lapsed(c.id, recycle_lapsed.at)
    loop
        perform step_card(gone, 'recycle', recycle_lapsed.at);
        perform drop_mandate(gone.id, recycle_lapsed.at);
        done := done + 1;
    end loop;
    is_over := end_slice(going, near, least(recycle_lapsed.most, 1000));
end $$;

-- part is_lapsed: whether one card is to be recycled now.
create or replace function is_lapsed(card uuid, at timestamptz) returns boolean
language sql stable as $$
    select not is_unsettled(is_lapsed.card) and exists (
        select from cards_card c
        where c.id = is_lapsed.card and c.state in ('activated', 'bound', 'suspended')
    ) and (
        select max(e.ends_at) from cards_entitlement e
        where e.card_id = is_lapsed.card and e.state <> 'cancelled'
    ) <= is_lapsed.at - lapsed_time()
$$;
