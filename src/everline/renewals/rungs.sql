-- Rungs: when a card that renews by itself is due next. These columns of the card are written here
-- alone, by every renewal through every channel, so what was pending is absorbed by any of them.

-- part ladder: when a term's renewal is tried: four times before its end, and at the end.
-- From six days on by the clock of the card's place: on the day before its last one from 9 and from
-- 18 o'clock, on its last day from 8 o'clock, and an hour before the end. A shorter term: when a
-- quarter, an eighth and a sixteenth of it are left, and ten minutes. The last day is that of the
-- sixteenth hour before the end, so that morning lies well before it.
-- Each card has its own place in the time that a try may take, by a hash of its id that never
-- changes: so a country is spread over the hours, and people are shown the very minute.
-- A plan that stacks or replaces is renewed at its end, as it would cut its own term short.
create or replace function ladder(
    starts_at timestamptz, ends_at timestamptz, on_renewal text, zone text, card uuid
) returns timestamptz[]
language plpgsql immutable parallel safe as $$
#variable_conflict error
declare
    seconds bigint := date_part('epoch', ladder.ends_at - ladder.starts_at);
    place integer := ('x' || left(md5(ladder.card::text), 4))::bit(16)::integer;
    final_seconds bigint := least(600, seconds / 32);
    unit interval := case when seconds < 21600 then '1 second' else '1 minute' end;
    last_day timestamp;
    rungs timestamptz[];
begin
    if ladder.on_renewal <> 'queue' then
        return array[ladder.ends_at];
    end if;
    if seconds >= 518400 then
        last_day := date_trunc(
            'day', (ladder.ends_at - interval '16 hours') at time zone ladder.zone
        );
        rungs := array[
            (last_day + make_interval(mins => place * 360 / 65536 - 900)) at time zone ladder.zone,
            (last_day + make_interval(mins => place * 120 / 65536 - 360)) at time zone ladder.zone,
            (last_day + make_interval(mins => place * 120 / 65536 + 480)) at time zone ladder.zone,
            to_the(unit, ladder.ends_at - make_interval(mins => 60 + place * 30 / 65536)),
            ladder.ends_at
        ];
    else
        rungs := array[
            to_the(unit, ladder.ends_at - make_interval(
                secs => seconds / 4 - place * (seconds / 32) / 65536
            )),
            to_the(unit, ladder.ends_at - make_interval(
                secs => seconds / 8 - place * (seconds / 64) / 65536
            )),
            to_the(unit, ladder.ends_at - make_interval(
                secs => seconds / 16 - place * ((seconds / 16 - final_seconds) / 4) / 65536
            )),
            to_the(unit, ladder.ends_at - make_interval(
                secs => final_seconds - place * (final_seconds / 4) / 65536
            )),
            ladder.ends_at
        ];
    end if;
    if ladder.starts_at <= rungs[1] and rungs[1] < rungs[2] and rungs[2] < rungs[3]
        and rungs[3] < rungs[4] and rungs[4] < rungs[5] then
        return rungs;
    end if;
    -- A term of seconds, or a place where a whole day was left out of the calendar.
    return (
        select array_agg(distinct u.rung order by u.rung) from unnest(rungs) as u (rung)
        where u.rung between ladder.starts_at and ladder.ends_at
    );
end $$;

-- part to_the: an instant without what goes beyond its minutes, or beyond its seconds.
create or replace function to_the(unit interval, at timestamptz) returns timestamptz
language sql immutable parallel safe as $$ select date_bin(unit, at, '2000-01-01 00:00:00+00') $$;

-- part next_rung: the first rung of a term after an instant; infinity when there is none.
create or replace function next_rung(
    starts_at timestamptz, ends_at timestamptz, on_renewal text, zone text, card uuid,
    at timestamptz
) returns timestamptz
language plpgsql immutable parallel safe as $$
#variable_conflict error
declare
    rung timestamptz;
begin
    foreach rung in array ladder(
        next_rung.starts_at, next_rung.ends_at, next_rung.on_renewal, next_rung.zone,
        next_rung.card
    ) loop
        if rung > next_rung.at then
            return rung;
        end if;
    end loop;
    return 'infinity';
end $$;

-- part urgency: the hour in which service ends that a rung is to prevent, or of the rung itself
-- when it ended already. The index of what is due begins with it.
create or replace function urgency(rung_ends_at timestamptz, next_rung_at timestamptz)
returns timestamptz
language sql immutable parallel safe as
$$ select date_bin('1 hour', greatest(rung_ends_at, next_rung_at), '2000-01-01 00:00:00+00') $$;

-- part term: a card's last term, by which its rungs are set.
create type term as (
    card_id uuid, starts_at timestamptz, ends_at timestamptz, on_renewal text
);

-- part last_terms: the last term of each card; nulls for one that never had any.
create or replace function last_terms(cards uuid[]) returns setof term
language sql stable as $$
    select armed.id, t.starts_at, t.ends_at, t.on_renewal
    from unnest(last_terms.cards) as armed (id)
    left join lateral (
        select e.starts_at, e.ends_at, v.on_renewal::text from cards_entitlement e
        inner join catalogue_planversion v on v.id = e.plan_version_id
        where e.card_id = armed.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
    ) t on true
$$;

-- part rearm: sets the next rung of armed cards from their last term: the first that is to come.
-- Once the term is over nothing is due any more, but for a card that waits for a pause to end.
create or replace function rearm(cards uuid[], at timestamptz) returns void
language sql as $$
    update cards_card c
    set next_rung_at = case
            when t.ends_at > rearm.at then next_rung(
                t.starts_at, t.ends_at, t.on_renewal, c.zone, c.id, rearm.at
            )
            when c.next_rung_at > rearm.at and c.rung_ends_at < c.next_rung_at then c.next_rung_at
            else 'infinity'
        end,
        rung_ends_at = t.ends_at
    from last_terms(rearm.cards) t
    where c.id = t.card_id and c.next_rung_at is not null
$$;

-- part await: lets armed cards whose last term is over wait for an instant, each for its own.
create or replace function await(cards uuid[], untils timestamptz[], at timestamptz) returns void
language sql as $$
    update cards_card c set next_rung_at = u.until, rung_ends_at = t.ends_at
    from unnest(await.cards, await.untils) as u (id, until)
    inner join last_terms(await.cards) t on t.card_id = u.id
    where c.id = u.id and c.next_rung_at is not null and t.ends_at <= await.at
$$;

-- part rush: makes the next rung of armed cards due at once, if the first one of their last term
-- has passed: what stood in the way is gone, and nobody is charged sooner than was announced.
create or replace function rush(cards uuid[], at timestamptz) returns void
language sql as $$
    update cards_card c set next_rung_at = rush.at, rung_ends_at = t.ends_at
    from last_terms(rush.cards) t
    where c.id = t.card_id and c.next_rung_at > rush.at
      and (ladder(t.starts_at, t.ends_at, t.on_renewal, c.zone, c.id))[1] <= rush.at
$$;

-- part follow_place: sets the rungs of armed cards by the place that they are in from now on: a
-- ladder is that of its place. When the first rung would have passed there, it is due at once.
create or replace function follow_place(cards uuid[], at timestamptz) returns void
language sql as $$
    select rearm(array(
        select c.id from cards_card c
        where c.id = any(follow_place.cards) and c.next_rung_at > follow_place.at
    ), follow_place.at);
    select rush(array(
        select c.id from cards_card c
        where c.id = any(follow_place.cards) and c.next_rung_at < 'infinity'
          and c.rung_ends_at > follow_place.at
    ), follow_place.at);
$$;

-- part due_now: makes armed cards due at once whose last term is not over, wherever their ladder
-- is: their data runs low, their term was prolonged, or a person released them. Service may end
-- now, however long the term is: the due sweep looks three days ahead and passes later ends over.
create or replace function due_now(cards uuid[], at timestamptz) returns void
language sql as $$
    update cards_card c set next_rung_at = due_now.at, rung_ends_at = due_now.at
    from last_terms(due_now.cards) t
    where c.id = t.card_id and c.next_rung_at is not null and t.ends_at > due_now.at
$$;

-- part arm: switches a card's rungs on or off. One that is due already stays due.
create or replace function arm(card uuid, is_on boolean, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
begin
    update cards_card c
    set next_rung_at = case when arm.is_on then coalesce(c.next_rung_at, 'infinity') end,
        rung_ends_at = case when arm.is_on then c.rung_ends_at end
    where c.id = arm.card;
    perform rearm(array[c.id], arm.at) from cards_card c
    where c.id = arm.card and c.next_rung_at > arm.at;
end $$;
