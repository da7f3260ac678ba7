-- Requests, transitions, the server's clock, and the month partitions: what every verb goes
-- through.

-- part answer: what a writing verb gives back, and gives back again when the request is replayed.
create type answer as (
    id uuid,
    outcome text,
    reason text,
    facts jsonb,
    valid_until timestamptz,
    replayed boolean
);

-- part objection: why not; a null reason means that nothing stands against it.
create type objection as (reason text, facts jsonb);

-- part server_clock: the only place that reads a clock, to compare an instant that a caller gives.
create or replace function server_clock() returns timestamptz
language sql volatile as $$ select clock_timestamp() $$;

-- part check_at: stops an instant more than 5 s from the server's clock.
-- A database marked as demo or simulation moves its clock, so there any instant is taken.
create or replace function check_at(at timestamptz) returns void
language plpgsql volatile as $$
#variable_conflict error
begin
    if abs(extract(epoch from check_at.at - server_clock())) <= 5 then
        return;
    end if;
    if exists (select from database_deployment d where d.mode <> 'production') then
        return;
    end if;
    raise exception 'the instant % is more than 5 s from the server''s clock', check_at.at
        using errcode = 'EV001', hint = 'Set the clock of the calling machine.';
end $$;

-- part claim: takes a request id for its caller with the answer that a success will give.
-- False when somebody holds it: then `replay` tells the stored answer. Waits for a claim in flight.
create or replace function claim(
    channel text, source text, request_id text, request_hash bytea, account uuid, subject uuid,
    answer_id uuid, outcome text, valid_until timestamptz, at timestamptz
) returns boolean
language plpgsql as $$
#variable_conflict error
begin
    if claim.at - server_clock() not between interval '-5 seconds' and interval '5 seconds' then
        perform check_at(claim.at);
    end if;
    insert into database_request (
        channel, source, request_id, request_hash, account_id, subject_id,
        answer_id, outcome, valid_until, at
    ) values (
        claim.channel, claim.source, claim.request_id, claim.request_hash, claim.account,
        claim.subject, claim.answer_id, claim.outcome, claim.valid_until, claim.at
    ) on conflict on constraint database_request_pkey do nothing;
    return found;
end $$;

-- part replay: the stored answer of a claimed request, or `request_reused` for another input.
create or replace function replay(
    channel text, source text, request_id text, request_hash bytea, subject uuid
) returns answer
language plpgsql stable as $$
#variable_conflict error
declare
    stored database_request;
begin
    select r.* into strict stored from database_request r
    where r.channel = replay.channel and r.source = replay.source
      and r.request_id = replay.request_id;
    if stored.request_hash <> replay.request_hash or stored.subject_id <> replay.subject then
        return row(
            null, 'refused', 'request_reused',
            jsonb_build_object('first_used_at', stored.at), null, false
        )::answer;
    end if;
    return row(
        stored.answer_id, stored.outcome, stored.reason, stored.facts, stored.valid_until, true
    )::answer;
end $$;

-- part refuse: keeps a refusal as the answer of its request, so that a replay gives it again.
create or replace function refuse(
    channel text, source text, request_id text, why objection
) returns answer
language plpgsql as $$
#variable_conflict error
begin
    update database_request r
    set outcome = 'refused', reason = (refuse.why).reason, facts = (refuse.why).facts,
        answer_id = null, valid_until = null
    where r.channel = refuse.channel and r.source = refuse.source
      and r.request_id = refuse.request_id;
    return row(
        null, 'refused', (refuse.why).reason, (refuse.why).facts, null, false
    )::answer;
end $$;

-- part transit: takes one step of a machine along the transition table and writes its history.
-- A step that is not in the table is a bug and stops the verb.
create or replace function transit(
    machine text, subject uuid, account uuid, from_state text, event text, at timestamptz
) returns text
language plpgsql as $$
#variable_conflict error
declare
    reached text;
begin
    insert into database_history (
        account_id, machine, subject_id, from_state, event, to_state, at
    )
    select
        transit.account, transit.machine, transit.subject, t.from_state, t.event, t.to_state,
        transit.at
    from database_transition t
    where t.machine = transit.machine and t.from_state = transit.from_state
      and t.event = transit.event
    returning to_state into reached;
    if reached is null then
        raise exception 'no step % from % for %', transit.event, transit.from_state, transit.machine
            using errcode = 'EV002';
    end if;
    return reached;
end $$;

-- verb make_partitions: makes the month partitions from `at`'s month for `months` months ahead.
-- Caller: database/migrate.py, at migration and daily. Dynamic SQL: a partition has a name.
-- A month of which the rest holds rows already, after a long sleep, is left there.
create or replace function make_partitions(at timestamptz, months integer) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    parent text;
    first_day date;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(727001);
    for parent in
        select c.relname from pg_class c
        where c.relkind = 'p' and c.relnamespace = 'public'::regnamespace
    loop
        for step in 0..least(make_partitions.months, 24) loop
            first_day := date_trunc('month', make_partitions.at at time zone 'UTC')::date
                + make_interval(months => step);
            if to_regclass(
                format('public.%I', parent || to_char(first_day, '_YYYYMM'))
            ) is null then
                begin
                    execute format(
                        'create table public.%I partition of public.%I'
                        ' for values from (%L) to (%L)',
                        parent || to_char(first_day, '_YYYYMM'), parent,
                        first_day::timestamp at time zone 'UTC',
                        (first_day + interval '1 month') at time zone 'UTC'
                    );
                    made := made + 1;
                exception when check_violation then
                    null; -- Rows came before their month was made: it stays with the rest.
                end;
            end if;
        end loop;
    end loop;
    return made;
end $$;
