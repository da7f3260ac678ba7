-- Rounds: how a sweep looks at very many rows, a slice a call, in the order of an index. How far it
-- has come stands in a row: any worker goes on where another one stopped, and one looks at a time.

-- part slice: the next rows to look at, and the place of the last of them.
create type slice as (ids uuid[], hour timestamptz, at timestamptz, id uuid);

-- part begin_round: locks a sweep's round and gives where it goes on. A round that is over begins
-- anew: at once when it was short, else after a rest. Null while it rests, or another one looks.
create or replace function begin_round(sweep text, rest interval, at timestamptz)
returns jobs_round
language plpgsql as $$
#variable_conflict error
declare
    going jobs_round;
begin
    insert into jobs_round (sweep, began_at, looked, is_over)
    values (begin_round.sweep, begin_round.at, 0, true) on conflict do nothing;
    select r.* into going from jobs_round r
    where r.sweep = begin_round.sweep for update skip locked;
    if going.sweep is null or (
        going.is_over and going.looked > 1000 and begin_round.at >= going.began_at
        and begin_round.at < going.began_at + begin_round.rest
    ) then
        return null;
    end if;
    if going.is_over or going.began_at > begin_round.at then
        going.began_at := begin_round.at;
        going.hour := null;
        going.at := null;
        going.last_id := null;
        going.looked := 0;
    end if;
    return going;
end $$;

-- part end_slice: keeps how far a round has come; true when it is over, as there were fewer rows
-- than the `most` that were asked for.
create or replace function end_slice(going jobs_round, seen slice, most integer) returns boolean
language sql as $$
    update jobs_round r
    set began_at = (end_slice.going).began_at, hour = (end_slice.seen).hour,
        at = (end_slice.seen).at, last_id = (end_slice.seen).id,
        looked = (end_slice.going).looked + coalesce(cardinality((end_slice.seen).ids), 0),
        is_over = coalesce(cardinality((end_slice.seen).ids), 0) < end_slice.most
    where r.sweep = (end_slice.going).sweep
    returning r.is_over
$$;
