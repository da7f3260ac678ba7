-- Trust: service PINs, acts of staff, keys of signed records. The app writes none of their tables
-- but through these verbs.

-- part pin_check: what came of a PIN: ok, wrong, locked or none; how many tries are left, and until
-- when it is locked.
create type pin_check as (outcome text, tries_left integer, locked_until timestamptz);

-- verb set_pin: keeps the service PIN of an account, hashed; wrong tries and a lock are forgotten.
-- Caller: trust/pins.py, for whoever has shown otherwise that the account is theirs.
-- Locks: request, PIN.
create or replace function set_pin(
    channel text, source text, request_id text, request_hash bytea, account uuid, pin_hash bytea,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    if not claim(
        set_pin.channel, set_pin.source, set_pin.request_id, set_pin.request_hash,
        set_pin.account, set_pin.account, set_pin.account, 'pin_set', null, set_pin.at
    ) then
        return replay(
            set_pin.channel, set_pin.source, set_pin.request_id, set_pin.request_hash,
            set_pin.account
        );
    end if;
    insert into trust_pin as p (account_id, pin_hash, tries, set_at)
    values (set_pin.account, set_pin.pin_hash, 0, set_pin.at)
    on conflict (account_id) do update
    set pin_hash = excluded.pin_hash, tries = 0, locked_until = null, set_at = excluded.set_at;
    return row(set_pin.account, 'pin_set', null, null, null, false)::answer;
end $$;

-- verb check_pin: compares a hashed PIN with the kept one, and counts the wrong ones: the fifth
-- locks it for half an hour, in which the right one is not taken either.
-- Caller: trust/pins.py. Locks: PIN.
create or replace function check_pin(account uuid, pin_hash bytea, at timestamptz)
returns pin_check
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    kept trust_pin;
    wrong integer;
    locked timestamptz;
begin
    perform check_at(check_pin.at);
    select p.* into kept from trust_pin p where p.account_id = check_pin.account for update;
    if kept.account_id is null then
        return row('none', null, null)::pin_check;
    elsif kept.locked_until > check_pin.at then
        return row('locked', 0, kept.locked_until)::pin_check;
    elsif kept.pin_hash = check_pin.pin_hash then
        update trust_pin p set tries = 0, locked_until = null
        where p.account_id = kept.account_id and (p.tries > 0 or p.locked_until is not null);
        return row('ok', 5, null)::pin_check;
    end if;
    wrong := 1 + case when kept.locked_until is null then kept.tries else 0 end;
    if wrong >= 5 then
        locked := check_pin.at + interval '30 minutes';
    end if;
    update trust_pin p set tries = wrong, locked_until = locked
    where p.account_id = kept.account_id;
    return row(
        case when locked is null then 'wrong' else 'locked' end, greatest(5 - wrong, 0), locked
    )::pin_check;
end $$;

-- verb record_act: writes who did what to what; nobody edits it afterwards.
-- Caller: trust/acts.py.
create or replace function record_act(
    person uuid, terminal uuid, role text, verb text, subject_kind text, subject_id text,
    facts jsonb, at timestamptz
) returns uuid
language sql security definer set search_path from current as $$
    insert into trust_act (
        id, at, person_id, terminal_id, role, verb, subject_kind, subject_id, facts
    ) values (
        everline_uuid7(record_act.at), record_act.at, record_act.person, record_act.terminal,
        record_act.role, record_act.verb, record_act.subject_kind, record_act.subject_id,
        record_act.facts
    ) returning id
$$;

-- verb keep_signing_key: makes a public key known from now on; gives until when it is valid, null
-- for no end. A key that was ended stays so. Caller: trust/signatures.py.
create or replace function keep_signing_key(id text, public_key bytea, at timestamptz)
returns timestamptz
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    insert into trust_signingkey (id, public_key, valid_from)
    values (keep_signing_key.id, keep_signing_key.public_key, keep_signing_key.at)
    on conflict on constraint trust_signingkey_pkey do nothing;
    return (select k.valid_until from trust_signingkey k where k.id = keep_signing_key.id);
end $$;

-- verb end_signing_key: ends a public key: what it has signed is believed no longer, since whoever
-- stole the private half can sign any date. Caller: trust/signatures.py. Locks: the key.
create or replace function end_signing_key(id text, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    update trust_signingkey k set valid_until = end_signing_key.at
    where k.id = end_signing_key.id and k.valid_until is null;
    return found;
end $$;

-- part why_not_here: what stands against taking an amount by some means at a channel.
create or replace function why_not_here(
    channel text, means text, amount bigint, currency text
) returns objection
language plpgsql stable as $$
#variable_conflict error
declare
    door trust_channel;
    most bigint;
begin
    select c.* into door from trust_channel c where c.code = why_not_here.channel;
    if door.is_open is not true then
        return row('channel_closed', jsonb_build_object(
            'channel', why_not_here.channel
        ))::objection;
    end if;
    if why_not_here.means <> all(door.means) then
        return row('means_not_allowed', jsonb_build_object('means', door.means))::objection;
    end if;
    most := (door.amount_max ->> why_not_here.currency)::bigint;
    if why_not_here.amount > most then
        return row('limit_exceeded', jsonb_build_object(
            'total', why_not_here.amount, 'most', most
        ))::objection;
    end if;
    return null;
end $$;
