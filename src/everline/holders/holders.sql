-- Holders: one-time codes, signing in by them, and which cards somebody holds.

-- part code_tries_max: how many wrong codes end one that was sent.
create or replace function code_tries_max() returns integer
language sql immutable as $$
    select 5
$$;

-- part entrance: what came of a code for signing in: entered, opened (a new account), staff (who
-- signs in by password), wrong or ended; who it was, and how many tries are left.
create type entrance as (outcome text, person uuid, tries_left integer);

-- verb send_code: keeps a code by its hash, and writes the message that carries it; none for a
-- contact that is null, so that what cannot be done looks the same as what can.
-- Caller: holders/codes.py. Locks: request. Whether the address belongs to anybody is not looked
-- at here: known and unknown ones take the same way, and the same time.
create or replace function send_code(
    channel text, source text, request_id text, request_hash bytea, code uuid, purpose text,
    contact jsonb, code_hash bytea, digits text, person uuid, card uuid, expires_at timestamptz,
    zone text, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    subject uuid := encode(substr(send_code.request_hash, 1, 16), 'hex')::uuid;
begin
    if not claim(
        send_code.channel, send_code.source, send_code.request_id, send_code.request_hash,
        send_code.code, subject, send_code.code, 'code_sent', send_code.expires_at, send_code.at
    ) then
        return replay(
            send_code.channel, send_code.source, send_code.request_id, send_code.request_hash,
            subject
        );
    end if;
    insert into holders_code (
        id, purpose, email, phone, code_hash, person_id, card_id, tries, sent_at, expires_at
    ) values (
        send_code.code, send_code.purpose, coalesce(send_code.contact ->> 'email', ''),
        coalesce(send_code.contact ->> 'phone', ''), send_code.code_hash, send_code.person,
        send_code.card, 0, send_code.at, send_code.expires_at
    );
    perform notify(
        send_code.code, send_code.code, 'code_' || send_code.purpose, send_code.contact,
        jsonb_build_object(
            'code', send_code.digits, 'until', send_code.expires_at, 'zone', send_code.zone
        ),
        send_code.at
    );
    return row(
        send_code.code, 'code_sent', null, null, send_code.expires_at, false
    )::answer;
end $$;

-- part try_code: compares a code with a sent one, counts a wrong one, and gives what is left of the
-- sent one: right (its `used_at` is set now), wrong, or ended as it is used, too old, unknown or
-- tried too often. Locks: the code.
create or replace function try_code(
    code uuid, purpose text, code_hash bytea, at timestamptz,
    out outcome text, out kept holders_code
)
language plpgsql as $$
#variable_conflict error
begin
    perform check_at(try_code.at);
    select c.* into kept from holders_code c
    where c.id = try_code.code and c.purpose = try_code.purpose for update;
    if kept.id is null or kept.used_at is not null or kept.expires_at <= try_code.at
        or kept.tries >= code_tries_max() then
        outcome := 'ended';
    elsif kept.code_hash <> try_code.code_hash then
        kept.tries := kept.tries + 1;
        update holders_code c set tries = kept.tries where c.id = kept.id;
        outcome := case when kept.tries < code_tries_max() then 'wrong' else 'ended' end;
    else
        kept.used_at := try_code.at;
        update holders_code c set used_at = try_code.at, email = '', phone = ''
        where c.id = kept.id;
        perform wipe_code(kept.id, kept.sent_at);
        outcome := 'right';
    end if;
end $$;

-- part wipe_code: takes a code's digits out of the messages that carried it. Locks: the notices.
create or replace function wipe_code(code uuid, sent_at timestamptz) returns void
language sql as $$
    update notices_notice n set facts = n.facts - 'code'
    where n.account_id = wipe_code.code and n.at = wipe_code.sent_at and n.facts ? 'code'
$$;

-- part forget_message: takes the address out of the messages that carried a code, too.
create or replace function forget_message(code uuid, sent_at timestamptz) returns void
language sql as $$
    update notices_notice n
    set facts = n.facts - 'code', recipient = '',
        state = case when n.state = 'waiting' then 'stopped' else n.state end
    where n.account_id = forget_message.code and n.at = forget_message.sent_at
$$;

-- verb enter: lets in whoever has the code that was sent to an address: the person with this
-- address, or a new one. One account for an address, however many enter at once.
-- Caller: holders/codes.py. Locks: the code, the person.
create or replace function enter(
    code uuid, code_hash bytea, person uuid, password text, locale text, at timestamptz
) returns entrance
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    known record;
    found_person people_person;
    is_new boolean := false;
begin
    select t.* into known from try_code(enter.code, 'sign_in', enter.code_hash, enter.at) t;
    if known.outcome <> 'right' then
        return row(
            known.outcome, null, greatest(code_tries_max() - (known.kept).tries, 0)
        )::entrance;
    end if;
    -- try_code emptied the row's address; its answer still has it.
    insert into people_person (
        id, email, phone, password, is_superuser, name, locale, is_active, is_staff
    ) values (
        enter.person, nullif((known.kept).email, ''), nullif((known.kept).phone, ''),
        enter.password, false, '', enter.locale, true, false
    ) on conflict do nothing;
    is_new := found;
    select p.* into strict found_person from people_person p
    where p.email = nullif((known.kept).email, '') or p.phone = nullif((known.kept).phone, '')
    for update;
    if found_person.is_staff or not found_person.is_active then
        return row(
            case when found_person.is_staff then 'staff' else 'ended' end, null, 0
        )::entrance;
    end if;
    return row(case when is_new then 'opened' else 'entered' end, found_person.id, 0)::entrance;
end $$;

-- verb forget_codes: deletes codes that are too old, with the addresses they went to, and takes
-- both out of the messages. Caller: holders/codes.py, by a sweep. Locks: codes, passing
-- over held ones.
create or replace function forget_codes(at timestamptz, most integer) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    gone holders_code;
    forgotten integer := 0;
begin
    perform check_at(forget_codes.at);
    for gone in
        delete from holders_code c where c.id in (
            select o.id from holders_code o
            where o.expires_at <= forget_codes.at
            order by o.expires_at, o.id limit least(forget_codes.most, 1000) for update skip locked
        ) returning c.*
    loop
        perform forget_message(gone.id, gone.sent_at);
        forgotten := forgotten + 1;
    end loop;
    return forgotten;
end $$;

-- part may_be_claimed: whether a card can be added to an account now: it is in use, not lost, and
-- held by nobody. One that is lost may be in a finder's hand.
create or replace function may_be_claimed(card uuid) returns boolean
language sql stable as $$
    select exists (
        select from cards_card c
        where c.id = may_be_claimed.card and c.state in ('activated', 'bound')
          and not exists (
              select from people_holding h
              where h.account_id = c.account_id and h.ends_at is null
          )
    )
$$;

-- verb contact_of_card: where a code goes that proves that somebody has a card: its own number, and
-- for an eSIM that was bought on a page also the contact of whoever bought it; null when the card
-- cannot be claimed, or not by a code.
-- Caller: holders/holding.py. Locks: nothing.
create or replace function contact_of_card(card uuid, locale text) returns jsonb
language sql stable security definer set search_path from current as $$
    select jsonb_build_object(
        'phone', coalesce(c.msisdn, ''), 'email', coalesce(b.contact ->> 'email', ''),
        'locale', contact_of_card.locale
    )
    from cards_card c
    left join lateral (
        select r.contact from renewals_renewal r
        where c.taken_at is not null and r.card_id = c.id and r.state in ('paid', 'delivered')
        order by r.id limit 1
    ) b on true
    where c.id = contact_of_card.card and may_be_claimed(c.id)
      and (c.msisdn is not null or b.contact ->> 'email' <> '')
$$;

-- verb claim_card: adds a card to the account of whoever has the code that was sent to the card.
-- Means of payment that somebody else may have kept for it end.
-- Caller: holders/holding.py. Locks: request, card, code. Refuses: code_wrong with the tries left,
-- code_ended, card_held.
create or replace function claim_card(
    channel text, source text, request_id text, request_hash bytea, code uuid, code_hash bytea,
    person uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    locked cards_card;
    known record;
    why objection;
begin
    select c.* into locked from cards_card c
    inner join holders_code o on o.card_id = c.id
    where o.id = claim_card.code and o.person_id = claim_card.person;
    if not claim(
        claim_card.channel, claim_card.source, claim_card.request_id, claim_card.request_hash,
        coalesce(locked.account_id, claim_card.person), claim_card.code, locked.id, 'claimed',
        null, claim_card.at
    ) then
        return replay(
            claim_card.channel, claim_card.source, claim_card.request_id,
            claim_card.request_hash, claim_card.code
        );
    end if;
    perform 1 from cards_card c where c.id = locked.id for update;
    select t.* into known from try_code(
        claim_card.code, 'card', claim_card.code_hash, claim_card.at
    ) t;
    if known.outcome = 'wrong' then
        why := row('code_wrong', jsonb_build_object(
            'tries_left', code_tries_max() - (known.kept).tries
        ))::objection;
    elsif known.outcome <> 'right' or (known.kept).person_id <> claim_card.person then
        why := row('code_ended', '{}'::jsonb)::objection;
    elsif not may_be_claimed(locked.id) then
        why := row('card_held', '{}'::jsonb)::objection;
    end if;
    if why.reason is not null then
        return refuse(claim_card.channel, claim_card.source, claim_card.request_id, why);
    end if;
    insert into people_holding (id, account_id, person_id, starts_at)
    values (everline_uuid7(claim_card.at), locked.account_id, claim_card.person, claim_card.at);
    if not exists (
        select from autorenewal_mandate m inner join people_person p on p.id = claim_card.person
        where m.card_id = locked.id and m.ended_at is null and own_contact(m.contact, p)
    ) then
        perform drop_methods(locked.account_id, null, claim_card.at);
    end if;
    return row(locked.id, 'claimed', null, null, null, false)::answer;
end $$;

-- part end_holding: lets a person hold a card no more; what was agreed for it ends: automatic
-- renewal, kept means of payment, reminders by push, and the PIN of its telephone service. Balance
-- and history stay with the card.
create or replace function end_holding(card cards_card, person uuid, at timestamptz)
returns boolean
language plpgsql as $$
#variable_conflict error
begin
    update people_holding h set ends_at = greatest(end_holding.at, h.starts_at)
    where h.account_id = (end_holding.card).account_id and h.person_id = end_holding.person
      and h.ends_at is null;
    if not found then
        return false;
    end if;
    perform drop_mandate((end_holding.card).id, end_holding.at);
    perform drop_methods((end_holding.card).account_id, null, end_holding.at);
    delete from notices_device d where d.card_id = (end_holding.card).id;
    delete from trust_pin p where p.account_id = (end_holding.card).account_id;
    return true;
end $$;

-- verb give_up_card: takes a card off the account of its holder.
-- Caller: holders/holding.py. Locks: request, card. Refuses: card_unknown for who does not hold it.
create or replace function give_up_card(
    channel text, source text, request_id text, request_hash bytea, card uuid, person uuid,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_card(
        give_up_card.channel, give_up_card.source, give_up_card.request_id,
        give_up_card.request_hash, give_up_card.card, 'given_up', give_up_card.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    if not end_holding(begun.locked, give_up_card.person, give_up_card.at) then
        return refuse(
            give_up_card.channel, give_up_card.source, give_up_card.request_id,
            row('card_unknown', '{}'::jsonb)::objection
        );
    end if;
    return row(give_up_card.card, 'given_up', null, null, null, false)::answer;
end $$;

-- part tell_way_in: tells somebody, at every address there was before, that there is a new way in.
create or replace function tell_way_in(
    person people_person, fact uuid, way text, zone text, at timestamptz
) returns void
language sql as $$
    select notify(
        (tell_way_in.person).id, tell_way_in.fact, 'way_in', jsonb_build_object(
            'email', coalesce((tell_way_in.person).email, ''),
            'phone', coalesce((tell_way_in.person).phone, ''),
            'locale', (tell_way_in.person).locale
        ), jsonb_build_object('way', tell_way_in.way, 'zone', tell_way_in.zone), tell_way_in.at
    )
$$;

-- verb add_address: gives a person the address that a code was sent to, in place of the one of its
-- kind that there was; the addresses there were before are told.
-- Caller: holders/ways.py. Locks: request, code, person. Refuses: code_wrong with the tries left,
-- code_ended, address_taken.
create or replace function add_address(
    channel text, source text, request_id text, request_hash bytea, code uuid, code_hash bytea,
    person uuid, zone text, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    known record;
    mine people_person;
    why objection;
begin
    if not claim(
        add_address.channel, add_address.source, add_address.request_id, add_address.request_hash,
        add_address.person, add_address.code, add_address.person, 'added', null, add_address.at
    ) then
        return replay(
            add_address.channel, add_address.source, add_address.request_id,
            add_address.request_hash, add_address.code
        );
    end if;
    select t.* into known from try_code(
        add_address.code, 'address', add_address.code_hash, add_address.at
    ) t;
    select p.* into strict mine from people_person p where p.id = add_address.person for update;
    if known.outcome = 'wrong' then
        why := row('code_wrong', jsonb_build_object(
            'tries_left', code_tries_max() - (known.kept).tries
        ))::objection;
    elsif known.outcome <> 'right' or (known.kept).person_id <> add_address.person then
        why := row('code_ended', '{}'::jsonb)::objection;
    else
        begin
            update people_person p
            set email = coalesce(nullif((known.kept).email, ''), p.email),
                phone = coalesce(nullif((known.kept).phone, ''), p.phone)
            where p.id = add_address.person;
        exception when unique_violation then
            why := row('address_taken', '{}'::jsonb)::objection;
        end;
    end if;
    if why.reason is not null then
        return refuse(add_address.channel, add_address.source, add_address.request_id, why);
    end if;
    perform tell_way_in(
        mine, add_address.code, case when (known.kept).email <> '' then 'email' else 'phone' end,
        add_address.zone, add_address.at
    );
    return row(mine.id, 'added', null, null, null, false)::answer;
end $$;

-- verb tell_passkey: tells somebody that a passkey was added to the account.
-- Caller: holders/ways.py, once it is there. Locks: nothing.
create or replace function tell_passkey(person uuid, fact uuid, zone text, at timestamptz)
returns void
language sql security definer set search_path from current as $$
    select tell_way_in(p, tell_passkey.fact, 'passkey', tell_passkey.zone, tell_passkey.at)
    from people_person p where p.id = tell_passkey.person
$$;
