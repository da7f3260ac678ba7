-- Limits: how often somebody may try something, counted in the database for all processes.

-- verb take_turn: takes one turn of a limit, and gives null, or how long until there is one again.
-- There are `most` turns at first, and a new one comes in every `every`. Of many at once no two
-- take the same turn. Caller: trust/limits.py. Locks: the limit's row.
create or replace function take_turn(
    turn_key bytea, every interval, most integer, at timestamptz
) returns interval
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(take_turn.at);
    -- One instant says it all: when every turn is there again.
    insert into trust_turn as t (key, full_at)
    values (take_turn.turn_key, take_turn.at + take_turn.every)
    on conflict on constraint trust_turn_pkey do update
    set full_at = greatest(t.full_at, take_turn.at) + take_turn.every
    where greatest(t.full_at, take_turn.at) + take_turn.every
        <= take_turn.at + take_turn.every * take_turn.most;
    if found then
        return null;
    end if;
    return (
        select t.full_at - take_turn.every * (take_turn.most - 1) - take_turn.at
        from trust_turn t where t.key = take_turn.turn_key
    );
end $$;

-- verb give_turns_back: lets somebody have all turns again, as after a right password.
-- Caller: trust/limits.py. Locks: the limit's row.
create or replace function give_turns_back(turn_key bytea) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    delete from trust_turn t where t.key = give_turns_back.turn_key;
    return found;
end $$;

-- verb forget_turns: deletes the limits that are full again, so that nothing is kept of anybody.
-- Caller: trust/limits.py, by a sweep. Locks: rows that nobody needs.
create or replace function forget_turns(at timestamptz) returns integer
language sql security definer set search_path from current as $$
    with gone as (
        delete from trust_turn t where t.full_at <= forget_turns.at returning 1
    )
    select count(*)::integer from gone
$$;
