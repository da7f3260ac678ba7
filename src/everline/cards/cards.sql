-- Cards: activation, binding, loss, usage. Every verb: claim the request, lock the card, check,
-- write.

-- part begin_card: claims a request about a card and locks the card; a null id means: answer is
-- final.
create or replace function begin_card(
    channel text, source text, request_id text, request_hash bytea, card uuid, outcome text,
    at timestamptz, out locked cards_card, out final answer
)
language plpgsql as $$
#variable_conflict error
begin
    select c.* into locked from cards_card c where c.id = begin_card.card;
    if locked.id is null then
        final := row(null, 'refused', 'card_unknown', '{}'::jsonb, null, false)::answer;
        return;
    end if;
    if not claim(
        begin_card.channel, begin_card.source, begin_card.request_id, begin_card.request_hash,
        locked.account_id, locked.id, locked.id, begin_card.outcome, null, begin_card.at
    ) then
        final := replay(
            begin_card.channel, begin_card.source, begin_card.request_id,
            begin_card.request_hash, locked.id
        );
        return;
    end if;
    select c.* into locked from cards_card c where c.id = begin_card.card for update;
end $$;

-- part step_card: moves a card along the transition table.
create or replace function step_card(card cards_card, event text, at timestamptz) returns void
language sql as $$
    update cards_card c
    set state = transit(
        'card', (step_card.card).id, (step_card.card).account_id, (step_card.card).state,
        step_card.event, step_card.at
    )
    where c.id = (step_card.card).id
$$;

-- part may_step: whether the transition table allows an event in a card's state.
create or replace function may_step(card_state text, event text) returns boolean
language sql stable as $$
    select exists (
        select from database_transition t
        where t.machine = 'card' and t.from_state = may_step.card_state
          and t.event = may_step.event
    )
$$;

-- verb activate: activates a stocked card with the start code that is printed on its carrier.
-- Caller: cards/__init__.py. Locks: request, card. Refuses: card_unknown, card_state,
-- start_code_wrong,
-- start_code_locked (after ten wrong ones). The code comes hashed, so none is ever stored or
-- logged.
create or replace function activate(
    channel text, source text, request_id text, request_hash bytea, card uuid,
    start_code_hash bytea, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    locked cards_card;
    why objection;
begin
    select b.* into begun from begin_card(
        activate.channel, activate.source, activate.request_id, activate.request_hash,
        activate.card, 'activated', activate.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    locked := begun.locked;
    if not may_step(locked.state, 'activate') then
        why := row('card_state', jsonb_build_object('state', locked.state))::objection;
    elsif locked.start_code_tries >= 10 then
        why := row('start_code_locked', '{}'::jsonb)::objection;
    elsif locked.start_code_hash is distinct from activate.start_code_hash then
        update cards_card c set start_code_tries = c.start_code_tries + 1
        where c.id = locked.id;
        why := row('start_code_wrong', jsonb_build_object(
            'tries_left', 9 - locked.start_code_tries
        ))::objection;
    end if;
    if why.reason is not null then
        return refuse(activate.channel, activate.source, activate.request_id, why);
    end if;
    perform step_card(locked, 'activate', activate.at);
    return row(locked.id, 'activated', null, null, null, false)::answer;
end $$;

-- verb bind: binds a card to a device by IMEI, or by the EID of its eSIM chip; as many as the
-- plan serves.
-- Caller: cards/__init__.py. Locks: request, card. Refuses: card_unknown, card_not_active,
-- card_state,
-- device_bound, device_limit with the devices bound now.
create or replace function bind(
    channel text, source text, request_id text, request_hash bytea, card uuid, kind text,
    number text, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    locked cards_card;
    why objection;
    bound text[];
    most integer;
begin
    select b.* into begun from begin_card(
        bind.channel, bind.source, bind.request_id, bind.request_hash, bind.card, 'bound', bind.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    locked := begun.locked;
    select coalesce(array_agg(d.number order by d.bound_at, d.id), '{}') into bound
    from cards_device d
    where d.card_id = locked.id and d.unbound_at is null;
    select coalesce(max(e.devices_max), 1) into most from cards_entitlement e
    where e.card_id = locked.id and e.state <> 'cancelled'
      and e.starts_at <= bind.at and e.ends_at > bind.at;
    if locked.state = 'in_stock' then
        why := row('card_not_active', '{}'::jsonb)::objection;
    elsif locked.state not in ('activated', 'bound') then
        why := row('card_state', jsonb_build_object('state', locked.state))::objection;
    elsif bind.number = any(bound) then
        why := row('device_bound', jsonb_build_object('devices', masked_devices(bound)))::objection;
    elsif cardinality(bound) >= most then
        why := row('device_limit', jsonb_build_object(
            'most', most, 'devices', masked_devices(bound)
        ))::objection;
    end if;
    if why.reason is not null then
        return refuse(bind.channel, bind.source, bind.request_id, why);
    end if;
    insert into cards_device (id, account_id, card_id, kind, number, bound_at)
    values (
        everline_uuid7(bind.at), locked.account_id, locked.id, bind.kind, bind.number, bind.at
    );
    if locked.state = 'activated' then
        perform step_card(locked, 'bind', bind.at);
    end if;
    return row(locked.id, 'bound', null, null, null, false)::answer;
end $$;

-- part masked_devices: shows of a device number what its owner recognises and nobody can use.
create or replace function masked_devices(numbers text[]) returns text[]
language sql immutable as
$$
    select coalesce(array_agg('…' || right(n.number, 4)), '{}')
    from unnest(numbers) as n (number)
$$;

-- verb unbind: frees a device of a card; the last one leaves the card active and not bound.
-- Caller: cards/__init__.py. Locks: request, card. Refuses: card_unknown, device_unknown.
create or replace function unbind(
    channel text, source text, request_id text, request_hash bytea, card uuid, number text,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    locked cards_card;
begin
    select b.* into begun from begin_card(
        unbind.channel, unbind.source, unbind.request_id, unbind.request_hash, unbind.card,
        'unbound', unbind.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    locked := begun.locked;
    update cards_device d set unbound_at = unbind.at
    where d.card_id = locked.id and d.number = unbind.number and d.unbound_at is null;
    if not found then
        return refuse(
            unbind.channel, unbind.source, unbind.request_id,
            row('device_unknown', '{}'::jsonb)::objection
        );
    end if;
    if locked.state = 'bound' and not exists (
        select from cards_device d where d.card_id = locked.id and d.unbound_at is null
    ) then
        perform step_card(locked, 'unbind', unbind.at);
    end if;
    return row(locked.id, 'unbound', null, null, null, false)::answer;
end $$;

-- verb change_card: suspends, reports lost, resumes or terminates a card. One that is resumed and
-- has no device any more is active and waits to be bound.
-- Caller: cards/__init__.py. Locks: request, card. Refuses: card_unknown, card_state.
create or replace function change_card(
    channel text, source text, request_id text, request_hash bytea, card uuid, event text,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    locked cards_card;
begin
    if change_card.event not in ('suspend', 'lose', 'resume', 'terminate') then
        raise exception 'no such change of a card: %', change_card.event using errcode = 'EV003';
    end if;
    select b.* into begun from begin_card(
        change_card.channel, change_card.source, change_card.request_id,
        change_card.request_hash, change_card.card, 'changed', change_card.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    locked := begun.locked;
    if not may_step(locked.state, change_card.event) then
        return refuse(
            change_card.channel, change_card.source, change_card.request_id,
            row('card_state', jsonb_build_object('state', locked.state))::objection
        );
    end if;
    perform step_card(locked, change_card.event, change_card.at);
    if change_card.event = 'resume' and not exists (
        select from cards_device d where d.card_id = locked.id and d.unbound_at is null
    ) then
        locked.state := 'bound';
        perform step_card(locked, 'unbind', change_card.at);
    end if;
    return row(locked.id, 'changed', null, null, null, false)::answer;
end $$;

-- verb record_usage: writes how much of the present term is used, as a network tells it, and keeps
-- the last reading of each day. An older figure never replaces a newer one. When 80 % or all of the
-- data is reached, a job tells of it.
-- Caller: cards/__init__.py. Locks: the entitlement.
create or replace function record_usage(card uuid, used_bytes bigint, as_of timestamptz)
returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    term cards_entitlement;
begin
    if record_usage.used_bytes < 0 then
        raise exception 'used_bytes must not be negative' using errcode = 'EV003';
    end if;
    select e.* into term from cards_entitlement e
    where e.card_id = record_usage.card and e.state <> 'cancelled'
      and e.starts_at <= record_usage.as_of and e.ends_at > record_usage.as_of
    for update;
    if term.id is null or coalesce(term.used_as_of, term.starts_at) > record_usage.as_of then
        return false;
    end if;
    update cards_entitlement e
    set used_bytes = record_usage.used_bytes, used_as_of = record_usage.as_of
    where e.id = term.id;
    insert into cards_reading as r (entitlement_id, day, account_id, as_of, used_bytes)
    values (
        term.id, (record_usage.as_of at time zone 'UTC')::date, term.account_id,
        record_usage.as_of, record_usage.used_bytes
    ) on conflict on constraint cards_reading_pkey do update
    set as_of = excluded.as_of, used_bytes = excluded.used_bytes;
    if data_mark(term, record_usage.used_bytes) > data_mark(term, term.used_bytes) then
        perform queue_job(
            'data_used', term.id, term.account_id, record_usage.as_of, record_usage.as_of
        );
    end if;
    return true;
end $$;

-- part data_mark: which mark of a term's data is reached: 1 from 80 % on, 2 when nothing is left;
-- null where there is no limit.
create or replace function data_mark(term cards_entitlement, used_bytes bigint) returns integer
language sql immutable as $$
    select
        (data_mark.used_bytes * 5 >= (term.allowance_bytes + term.carried_bytes) * 4)::integer
        + (data_mark.used_bytes >= term.allowance_bytes + term.carried_bytes)::integer
$$;
