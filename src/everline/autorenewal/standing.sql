-- How automatic renewal of a card stands.

-- part stand: a mandate in force; `next_at` is null when nothing is to come.
create type stand as (
    plan_code text, plan_names jsonb, given_at timestamptz, words_version text,
    next_at timestamptz, term_ends_at timestamptz, reason text, total bigint, currency text,
    balance bigint, rungs timestamptz[], paused_until timestamptz, is_skip boolean,
    means_order text, agreed_total bigint, period_unit text, period_count smallint,
    consent_needed boolean, parked_reason text, below_bytes bigint, day_max smallint,
    month_max smallint, month_total_max bigint, plan_id uuid, former_total bigint,
    former_plan jsonb
);

-- verb auto_standing: tells how automatic renewal of a card stands; no row when it is off.
-- Caller: autorenewal/standing.py. Locks: nothing. The amount is that of a quote of now.
create or replace function auto_standing(card uuid, at timestamptz) returns setof stand
language plpgsql stable security definer set search_path from current as $$
#variable_conflict error
begin
    return query
    select
        p.code::text, p.names, m.given_at, m.words_version::text, r.rungs[1], t.ends_at,
        (d.offer).reason, (d.offer).total, c.currency::text,
        spendable(c.account_id, 'balance', c.currency), coalesce(r.rungs, '{}'),
        s.paused_until, s.paused_until is not null and m.is_skip, m.means_order::text, m.total,
        m.period_unit::text, m.period_count, coalesce((d.offer).total > d.agreed, false), (
            select g.reason from guarded(array[c.id], auto_standing.at) g
        ), m.below_bytes, m.day_max, m.month_max, m.month_total_max, m.plan_id,
        nullif(f.price, (d.offer).total), case when f.plan_id <> p.id then f.names end
    from cards_card c
    inner join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
    cross join last_terms(array[c.id]) t
    cross join lateral (
        select case when is_paused(m.paused_until, m.is_skip, t.ends_at, auto_standing.at)
            then m.paused_until end as paused_until
    ) s
    left join lateral (
        select o.offer, o.agreed, o.is_low from due_offers(array[c.id], auto_standing.at) o
    ) d on true
    cross join lateral (
        select case
            when (d.offer).on_renewal <> 'queue' and not d.is_low and t.ends_at > auto_standing.at
                then array(
                    select t.ends_at where coalesce(t.ends_at >= s.paused_until, true)
                    union select s.paused_until where s.paused_until > t.ends_at order by 1
                )
            else rungs_to_come(c, t, s.paused_until, auto_standing.at)
        end as rungs
    ) r
    left join catalogue_planversion v on v.id = (d.offer).plan_version_id
    left join catalogue_plan p on p.id = v.plan_id
    left join lateral (
        select r.price, o.id as plan_id, o.names from cards_entitlement e
        inner join renewals_renewal r on r.id = e.renewal_id
        inner join catalogue_planversion x on x.id = e.plan_version_id
        inner join catalogue_plan o on o.id = x.plan_id
        where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
    ) f on true
    where c.id = auto_standing.card and c.next_rung_at is not null;
end $$;

-- part rungs_to_come: when an armed card is tried: its next rung, and those that follow on the
-- ladder. Of a paused one those from the end of the pause on: the end of the pause itself when
-- service has ended by then.
create or replace function rungs_to_come(
    card cards_card, last term, paused_until timestamptz, at timestamptz
) returns timestamptz[]
language sql stable as $$
    select array_agg(r.rung order by r.rung) from (
        select (rungs_to_come.card).next_rung_at as rung
        where (rungs_to_come.card).next_rung_at < 'infinity'
          and coalesce((rungs_to_come.card).next_rung_at >= rungs_to_come.paused_until, true)
        union
        select l.rung from unnest(ladder(
            (rungs_to_come.last).starts_at, (rungs_to_come.last).ends_at,
            (rungs_to_come.last).on_renewal, (rungs_to_come.card).zone, (rungs_to_come.card).id
        )) l (rung)
        where (rungs_to_come.card).next_rung_at < 'infinity'
          and l.rung > greatest((rungs_to_come.card).next_rung_at, rungs_to_come.at)
          and coalesce(l.rung >= rungs_to_come.paused_until, true)
        union
        select rungs_to_come.paused_until
        where rungs_to_come.paused_until > (rungs_to_come.last).ends_at
    ) r
$$;
