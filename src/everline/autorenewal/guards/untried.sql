-- The detector of silent failures: what should have been tried, from mandates, terms and ladders
-- alone, against what was tried. It never looks at the column by which the due sweep finds cards.

-- part patience: how long after its time a try may come.
create or replace function patience() returns interval
language sql immutable as $$
    select interval '15 minutes'
$$;

-- part rung: one try that a ladder foresees for a card under a mandate; `renewed_at` is since when
-- a later term is paid for.
create type rung as (
    card_id uuid, entitlement_id uuid, rung_at timestamptz, ended_at timestamptz,
    paused_until timestamptz, renewed_at timestamptz
);

-- part rungs: the tries that are foreseen from one instant to another. Who gave a mandate later, or
-- whose term was prolonged later, has the rungs that came then; who was renewed before has none.
-- A card that is renewed with a plan that starts at once is tried at the end of its term alone, as
-- it would cut that short: what each plan is sold as is told once, and not for each card.
create or replace function rungs(since timestamptz, until timestamptz) returns setof rung
language sql stable as $$
    with sold as materialized (
        select p.id as plan_id, (
            select w.on_renewal from catalogue_planversion w
            where w.plan_id = h.plan_id and w.effective_from <= rungs.until
            order by w.effective_from desc limit 1
        ) as on_renewal
        from catalogue_plan p cross join lateral heir(p.id, rungs.until) h (plan_id)
    )
    select c.id, e.id, u.rung_at, m.ended_at, m.paused_until, n.renewed_at
    from cards_entitlement e
    inner join cards_card c on c.id = e.card_id
    inner join autorenewal_mandate m on m.card_id = e.card_id and m.given_at < rungs.until
        and (m.ended_at <= rungs.since) is not true
    inner join catalogue_planversion v on v.id = e.plan_version_id
    inner join sold s on s.plan_id = coalesce(m.plan_id, v.plan_id)
    cross join lateral unnest(ladder(
        e.starts_at, e.ends_at,
        case when s.on_renewal <> 'queue' then s.on_renewal else v.on_renewal end, c.zone, c.id
    )) as u (rung_at)
    left join lateral (
        select min(coalesce(r.paid_at, x.starts_at)) as renewed_at from cards_entitlement x
        left join renewals_renewal r on r.id = x.renewal_id
        where x.card_id = e.card_id and x.id <> e.id and x.starts_at >= e.ends_at
    ) n on true
    where e.ends_at >= rungs.since and e.ends_at < rungs.until + interval '3 days'
      and e.state <> 'cancelled'
      and u.rung_at >= rungs.since and u.rung_at < rungs.until
      and u.rung_at > m.given_at and (u.rung_at > m.ended_at) is not true
      and (n.renewed_at <= u.rung_at) is not true
      and not exists (
          select from autorenewal_prolonging p
          where p.entitlement_id = e.id and p.at >= u.rung_at
      )
$$;

-- part was_tried: whether a card was tried at an instant or after it, with whatever outcome.
create or replace function was_tried(card uuid, rung_at timestamptz) returns boolean
language sql stable as $$
    select exists (
        select from database_request q
        where q.channel = 'auto' and q.outcome = 'refused' and q.subject_id = was_tried.card
          and q.at >= was_tried.rung_at
    ) or exists (
        select from renewals_renewal r
        where r.card_id = was_tried.card and r.channel = 'auto'
          and r.placed_at >= was_tried.rung_at
    )
$$;

-- part opted_out: whether nobody wanted a try, or it was held back where all can see it: the
-- mandate ended or rests, the card was renewed otherwise, or all charges were stopped.
create or replace function opted_out(foreseen rung) returns boolean
language sql stable as $$
    select foreseen.ended_at is not null
        or coalesce(foreseen.paused_until > foreseen.rung_at, false)
        or foreseen.renewed_at is not null
        or exists (
            select from autorenewal_stop s
            where s.since <= foreseen.rung_at + patience()
              and (s.released_at < foreseen.rung_at) is not true
        )
$$;

-- verb auto_untried: the tries that were foreseen and never made, though their time is over.
-- Caller: office/audit.py and autorenewal/guards/untried.py. Locks: nothing.
create or replace function auto_untried(since timestamptz, at timestamptz)
returns table (card_id uuid, entitlement_id uuid, rung_at timestamptz)
language sql stable security definer set search_path from current as $$
    select f.card_id, f.entitlement_id, f.rung_at
    from rungs(auto_untried.since, auto_untried.at - patience()) f
    where not was_tried(f.card_id, f.rung_at) and not opted_out(f)
$$;

-- part forecast_of: how many cards an hour's ladders foresee a try of.
create or replace function forecast_of(hour timestamptz) returns integer
language sql stable as $$
    select count(distinct f.card_id)::integer
    from rungs(forecast_of.hour, forecast_of.hour + interval '1 hour') f
    where (f.paused_until > f.rung_at) is not true
$$;

-- part hours_left: the hours that are over and not judged, or that left something, the latest
-- first. A late try may come for two days; before the first look there is nothing.
create or replace function hours_left(at timestamptz) returns setof timestamptz
language sql stable as $$
    select k.hour
    from (select date_trunc('hour', hours_left.at - patience()) - interval '1 hour' as hour) l
    cross join lateral generate_series(
        greatest(l.hour - interval '2 days', coalesce(
            (select min(f.hour) from autorenewal_hour f), l.hour
        )), l.hour, interval '1 hour'
    ) as k (hour)
    left join autorenewal_hour h on h.hour = k.hour
    where h.judged_at is null or (h.untried > 0 and h.judged_at < hours_left.at)
    order by k.hour desc
$$;

-- verb judge_hours: counts up to `most` hours that are over: what was expected, tried, opted out
-- of, and what is left. An hour with something left is counted again. It forecasts this hour and
-- the next, and forgets those of forty days ago. Gives how many it judged, and what is left in all.
-- Caller: autorenewal/guards/untried.py. Locks: an advisory lock, so that one worker does it; the
-- hours.
create or replace function judge_hours(
    at timestamptz, most integer, out judged integer, out untried bigint
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    this_hour timestamptz := date_trunc('hour', judge_hours.at);
    each_hour timestamptz;
begin
    perform check_at(judge_hours.at);
    judged := 0;
    if pg_try_advisory_xact_lock(727003) then
        for each_hour in
            select l.hour from hours_left(judge_hours.at) as l (hour) limit judge_hours.most
        loop
            perform judge_hour(each_hour, judge_hours.at);
            judged := judged + 1;
        end loop;
        insert into autorenewal_hour as n (
            hour, forecast, expected, attempted, opted_out, untried
        )
        select k.hour, forecast_of(k.hour), 0, 0, 0, 0
        from generate_series(
            this_hour, this_hour + interval '1 hour', interval '1 hour'
        ) as k (hour)
        where not exists (
            select from autorenewal_hour h where h.hour = k.hour and h.forecast is not null
        )
        on conflict (hour) do update set forecast = excluded.forecast;
        delete from autorenewal_hour h where h.hour < judge_hours.at - interval '40 days';
        delete from autorenewal_run r where r.at < judge_hours.at - interval '2 days';
    end if;
    select coalesce(sum(h.untried), 0) into untried from autorenewal_hour h
    where h.hour >= this_hour - interval '2 days';
end $$;

-- part judge_hour: counts one hour.
create or replace function judge_hour(hour timestamptz, at timestamptz) returns void
language sql as $$
    insert into autorenewal_hour as h (
        hour, expected, attempted, opted_out, untried, judged_at
    )
    select
        judge_hour.hour, count(*), count(*) filter (where f.was_tried),
        count(*) filter (where not f.was_tried and f.opted_out),
        count(*) filter (where not f.was_tried and not f.opted_out), judge_hour.at
    from (
        select was_tried(r.card_id, r.rung_at) as was_tried, opted_out(r) as opted_out
        from rungs(judge_hour.hour, judge_hour.hour + interval '1 hour') r
    ) f
    on conflict (hour) do update set
        expected = excluded.expected, attempted = excluded.attempted,
        opted_out = excluded.opted_out, untried = excluded.untried,
        judged_at = excluded.judged_at
$$;

-- part gauges: how automatic renewal stands, for those who watch.
create type gauges as (
    due bigint, oldest_due_at timestamptz, charged bigint, refused bigint, untried bigint,
    parked bigint, stopped_since timestamptz, unknown_attempts bigint, dead_jobs bigint,
    beat_at timestamptz, expected bigint
);

-- verb auto_gauges: reads all of them at one instant.
-- Caller: autorenewal/metrics.py. Locks: nothing.
create or replace function auto_gauges(at timestamptz) returns gauges
language sql stable security definer set search_path from current as $$
    select row(
        d.due, d.oldest_due_at, k.charged, k.refused, (
            select coalesce(sum(h.untried), 0) from autorenewal_hour h
            where h.hour >= auto_gauges.at - interval '2 days'
        ), (
            select count(*) from autorenewal_parked p where p.released_at is null
        ), (
            select min(s.since) from autorenewal_stop s where s.released_at is null
        ), (
            select count(*) from payments_attempt a
            where a.state in ('unknown', 'superseded') and a.ask_at is not null
        ), (
            select count(*) from jobs_job j where j.state = 'dead'
        ), (
            select b.at from autorenewal_beat b where b.id = 1
        ), (
            select h.forecast from autorenewal_hour h
            where h.hour = date_trunc('hour', auto_gauges.at)
        )
    )::gauges
    from (
        select count(*) as due, min(c.next_rung_at) as oldest_due_at from cards_card c
        where c.next_rung_at <= auto_gauges.at
    ) d
    cross join (
        select
            coalesce(sum(r.charged), 0)::bigint as charged,
            coalesce(sum(r.refused), 0)::bigint as refused
        from autorenewal_run r
        where r.at > auto_gauges.at - interval '1 hour' and r.at <= auto_gauges.at
    ) k
$$;
