-- Outages: the due sweep beats; when it was silent for too long, terms that ended meanwhile, and
-- that nobody could renew by itself, are given the time of the silence.

-- part silence_max: how long the due sweep may be silent before it was an outage.
create or replace function silence_max() returns interval
language sql immutable as $$
    select interval '10 minutes'
$$;

-- part silent_for: how long the due sweep was silent. A clock that was moved on purpose, as that of
-- the demo, is no silence. Null before the first beat.
create or replace function silent_for(at timestamptz) returns interval
language sql stable as $$
    select (silent_for.at - d.clock_offset) - (b.at - b.clock_offset)
    from autorenewal_beat b cross join database_deployment d where b.id = 1
$$;

-- verb beat: tells that the due sweep has run to its end; written twice a minute at most.
-- Caller: autorenewal/guards/outages.py. Locks: the one row.
create or replace function beat(at timestamptz) returns void
language sql security definer set search_path from current as $$
    insert into autorenewal_beat as b (id, at, clock_offset)
    select 1, beat.at, d.clock_offset from database_deployment d
    where not exists (
        select from autorenewal_beat k
        where k.clock_offset = d.clock_offset
          and beat.at between k.at and k.at + interval '30 seconds'
    )
    on conflict (id) do update set at = excluded.at, clock_offset = excluded.clock_offset
$$;

-- verb find_outage: writes the outage that is over now, if the due sweep was silent for too long.
-- Caller: autorenewal/guards/outages.py, before the due sweep. Locks: the one beat, so that of
-- several workers that come back together one finds it. Null when there was none.
create or replace function find_outage(at timestamptz) returns uuid
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    outage_id uuid := everline_uuid7(find_outage.at);
    lasted interval;
begin
    perform check_at(find_outage.at);
    if (silent_for(find_outage.at) > silence_max()) is not true then
        return null;
    end if;
    perform 1 from autorenewal_beat b where b.id = 1 for update;
    lasted := silent_for(find_outage.at);
    if lasted <= silence_max() then
        return null;
    end if;
    insert into autorenewal_outage (id, from_at, until_at, prolonged)
    values (outage_id, find_outage.at - lasted, find_outage.at, 0);
    perform beat(find_outage.at);
    return outage_id;
end $$;

-- part cut_off: terms that ended since an outage began, before a try that came due in it was made.
-- Not those of people who wait by their own will, and not those that a person holds back. They are
-- looked for among what is due, in the order of its index, and not among all that ended.
create or replace function cut_off(outage autorenewal_outage, at timestamptz)
returns table (
    card_id uuid, entitlement_id uuid, hour timestamptz, rung_at timestamptz
)
language sql stable as $$
    select c.id, t.id, urgency(c.rung_ends_at, c.next_rung_at), c.next_rung_at
    from cards_card c
    inner join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
    cross join lateral (
        select e.id, e.ends_at from cards_entitlement e
        where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
    ) t
    where c.next_rung_at is not null and c.next_rung_at < (cut_off.outage).until_at
      and urgency(c.rung_ends_at, c.next_rung_at) <= cut_off.at
      and urgency(c.rung_ends_at, c.next_rung_at)
      > (cut_off.outage).from_at - interval '1 hour'
      and t.ends_at > (cut_off.outage).from_at and t.ends_at <= cut_off.at
      and c.state = 'bound' and (m.paused_until > t.ends_at) is not true
      and not exists (
          select from autorenewal_prolonging p
          where p.entitlement_id = t.id and p.cause_id = (cut_off.outage).id
      ) and not exists (
          select from autorenewal_parked p where p.card_id = c.id and p.released_at is null
      )
$$;

-- verb end_outage: prolongs up to `most` terms that were cut off by the oldest outage that is not
-- dealt with, the most urgent first, to the hour, and makes their cards due at once; the outage is
-- done with when every try that came due in it was made. Gives how many were prolonged, and how
-- many must be before anything is tried.
-- Caller: autorenewal/guards/outages.py; any number side by side. Locks: cards, passing over those
-- that others hold. While all is stopped nothing is prolonged: that is no outage, and a person
-- decides.
create or replace function end_outage(
    at timestamptz, most integer, out prolonged integer, out still_to_do integer
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    outage autorenewal_outage;
    held uuid[];
begin
    perform check_at(end_outage.at);
    prolonged := 0;
    still_to_do := 0;
    select o.* into outage from autorenewal_outage o
    where o.ended_at is null order by o.from_at limit 1;
    if outage.id is null or is_stopped() then
        return;
    end if;
    select array_agg(k.id) into held from (
        select c.id from cards_card c inner join cut_off(outage, end_outage.at) x
            on x.card_id = c.id
        order by x.hour, x.rung_at, x.card_id limit least(end_outage.most, 1000)
        for update of c skip locked
    ) k;
    if held is not null then
        prolonged := prolong(array(
            select row(
                c.id, c.account_id, e.id, outage.id, 'outage', e.ends_at, greatest(
                    e.ends_at + (outage.until_at - outage.from_at),
                    end_outage.at + interval '15 minutes'
                ), left_of(e), case when e.allowance_bytes is null
                    then greatest(e.fair_use_bytes - e.used_bytes, 1) end
            )::longer
            from cut_off(outage, end_outage.at) x
            inner join cards_entitlement e on e.id = x.entitlement_id and e.card_id = x.card_id
            inner join cards_card c on c.id = x.card_id
            where x.card_id = any(held)
        ), end_outage.at);
        perform due_now(held, end_outage.at);
        update autorenewal_outage o set prolonged = o.prolonged + end_outage.prolonged
        where o.id = outage.id;
    end if;
    select count(*) into still_to_do from (
        select from cut_off(outage, end_outage.at) limit 1
    ) x;
    update autorenewal_outage o set ended_at = end_outage.at
    where o.id = outage.id and o.ended_at is null and still_to_do = 0 and not exists (
        select from cards_card c
        where c.next_rung_at < outage.until_at
          and urgency(c.rung_ends_at, c.next_rung_at) <= outage.until_at + interval '72 hours'
    );
end $$;
