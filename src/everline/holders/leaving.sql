-- Leaving: all that is kept of a person in one document, and its end.

-- part own_contact: whether a contact names an address of a person.
create or replace function own_contact(contact jsonb, person people_person) returns boolean
language sql immutable as $$
    select coalesce(
        own_contact.contact ->> 'email' = (own_contact.person).email
        or own_contact.contact ->> 'phone' = (own_contact.person).phone, false
    )
$$;

-- part ever_held: the cards that a person holds or held, and from when until when.
create or replace function ever_held(person uuid)
returns table (card_id uuid, account_id uuid, since timestamptz, until timestamptz)
language sql stable as $$
    select c.id, h.account_id, h.starts_at, h.ends_at
    from people_holding h inner join cards_card c on c.account_id = h.account_id
    where h.person_id = ever_held.person
$$;

-- part dossier_cards: the cards that a person holds or held, with what was so in that time.
create or replace function dossier_cards(person uuid) returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'iccid', c.iccid, 'phone', c.msisdn, 'kind', c.kind, 'zone', c.zone, 'state', c.state,
        'held_since', k.since, 'held_until', k.until,
        'has_service_pin', exists (select from trust_pin p where p.account_id = c.account_id),
        'balance', case when k.until is null then jsonb_build_object(
            'amount', spendable(c.account_id, 'balance', c.currency), 'currency', c.currency
        ) end,
        'reminders_by_push', (
            select count(*) from notices_device r
            where r.card_id = c.id and k.until is null and r.at >= k.since
        ),
        'devices', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'kind', d.kind, 'number', d.number, 'bound_at', d.bound_at,
                'unbound_at', d.unbound_at
            ) order by d.bound_at, d.id), '[]'::jsonb) from cards_device d
            where d.card_id = c.id and d.bound_at < coalesce(k.until, 'infinity')
              and coalesce(d.unbound_at, 'infinity') >= k.since
        ),
        'terms', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'plan', p.code, 'starts_at', e.starts_at, 'ends_at', e.ends_at, 'state', e.state,
                'allowance_bytes', e.allowance_bytes, 'used_bytes', e.used_bytes
            ) order by e.starts_at), '[]'::jsonb)
            from cards_entitlement e
            inner join catalogue_planversion v on v.id = e.plan_version_id
            inner join catalogue_plan p on p.id = v.plan_id
            where e.card_id = c.id and e.ends_at > k.since
              and e.starts_at < coalesce(k.until, 'infinity')
        ),
        'kept_means', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'company', y.gateway, 'means', y.masked_means, 'kept_at', y.kept_at,
                'ended_at', y.ended_at, 'words', y.words_version
            ) order by y.kept_at), '[]'::jsonb) from payments_method y
            where y.account_id = c.account_id and y.kept_at >= k.since
              and y.kept_at <= coalesce(k.until, 'infinity')
        ),
        'auto_renewal', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'given_at', m.given_at, 'ended_at', m.ended_at, 'words', m.words_version,
                'contact', m.contact
            ) order by m.given_at), '[]'::jsonb) from autorenewal_mandate m
            where m.card_id = c.id and m.given_at >= k.since
              and m.given_at <= coalesce(k.until, 'infinity')
        )
    ) order by k.since), '[]'::jsonb)
    from ever_held(dossier_cards.person) k inner join cards_card c on c.id = k.card_id
$$;

-- part dossier_messages: what was written to a person about cards that the person holds or held.
create or replace function dossier_messages(person people_person) returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'at', n.at, 'about', n.template, 'medium', n.medium, 'to', n.recipient,
        'language', n.locale, 'state', n.state
    ) order by n.at, n.id), '[]'::jsonb)
    from notices_notice n
    where n.account_id in (
        select k.account_id from ever_held((dossier_messages.person).id) k
        union all select (dossier_messages.person).id
    ) and n.recipient in ((dossier_messages.person).email, (dossier_messages.person).phone)
$$;

-- verb dossier: all that is kept of a person, but for the records of payments, which records.py
-- reads. Caller: holders/leaving.py. Locks: nothing.
create or replace function dossier(person uuid) returns jsonb
language sql stable security definer set search_path from current as $$
    select jsonb_build_object(
        'person', jsonb_build_object(
            'customer_number', p.customer_number, 'name', p.name, 'email', p.email,
            'phone', p.phone, 'language', p.locale, 'last_sign_in', p.last_login
        ),
        'signed_in_devices', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'since', s.created_at, 'address', s.ip, 'browser', s.user_agent
            ) order by s.id), '[]'::jsonb) from usersessions_usersession s where s.user_id = p.id
        ),
        'passkeys', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'name', m.data ->> 'name', 'added', m.created_at, 'last_used', m.last_used_at
            ) order by m.id), '[]'::jsonb) from mfa_authenticator m where m.user_id = p.id
        ),
        'cards', dossier_cards(p.id),
        'messages', dossier_messages(p),
        'messages_about_offers', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'asked_at', c.asked_at, 'confirmed_at', c.confirmed_at, 'ended_at', c.ended_at,
                'words', c.words_version
            ) order by c.asked_at), '[]'::jsonb) from notices_consent c
            where c.recipient in (p.email, p.phone)
        ),
        'return_calls', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'asked_at', r.asked_at, 'done_at', r.done_at, 'note', r.note
            ) order by r.asked_at), '[]'::jsonb) from people_returncall r where r.phone = p.phone
        ),
        'acts_of_staff', (
            select coalesce(jsonb_agg(jsonb_build_object('at', a.at, 'what', a.verb)
            order by a.at, a.id), '[]'::jsonb) from trust_act a
            where a.subject_kind = 'person' and a.subject_id = p.id::text
        )
    ) from people_person p where p.id = dossier.person
$$;

-- part wipe_addresses: takes a person's addresses out of what was written about the cards that the
-- person holds or held. The rows stay, and so does every amount. Locks: those rows.
create or replace function wipe_addresses(person people_person, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
declare
    held uuid[];
    accounts uuid[];
begin
    select array_agg(k.card_id), array_agg(k.account_id) into held, accounts
    from ever_held((wipe_addresses.person).id) k;
    update renewals_renewal r set contact = null
    where r.card_id = any(held) and own_contact(r.contact, wipe_addresses.person);
    update topups_topup t set contact = null
    where t.card_id = any(held) and own_contact(t.contact, wipe_addresses.person);
    update autorenewal_mandate m set contact = null
    where m.card_id = any(held) and own_contact(m.contact, wipe_addresses.person);
    update notices_notice n
    set recipient = '', state = case when n.state = 'waiting' then 'stopped' else n.state end
    where n.account_id = any(accounts || (wipe_addresses.person).id)
      and n.recipient in ((wipe_addresses.person).email, (wipe_addresses.person).phone);
    delete from notices_consent c
    where c.recipient in ((wipe_addresses.person).email, (wipe_addresses.person).phone);
    delete from people_returncall r where r.phone = (wipe_addresses.person).phone;
end $$;

-- verb erase_person: ends an account and all that is kept of its person; who held what, under a
-- number without a name, and the books stay as they are. Cards are held by nobody then.
-- Caller: holders/leaving.py. Locks: request, cards, person.
create or replace function erase_person(
    channel text, source text, request_id text, request_hash bytea, person uuid, password text,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    gone people_person;
    held cards_card;
begin
    if not claim(
        erase_person.channel, erase_person.source, erase_person.request_id,
        erase_person.request_hash, erase_person.person, erase_person.person, erase_person.person,
        'erased', null, erase_person.at
    ) then
        return replay(
            erase_person.channel, erase_person.source, erase_person.request_id,
            erase_person.request_hash, erase_person.person
        );
    end if;
    for held in
        select c.* from cards_card c
        where c.id in (select k.card_id from ever_held(erase_person.person) k where k.until is null)
        order by c.id for update
    loop
        perform end_holding(held, erase_person.person, erase_person.at);
    end loop;
    select p.* into strict gone from people_person p
    where p.id = erase_person.person and not p.is_staff for update;
    perform wipe_addresses(gone, erase_person.at);
    delete from holders_code c where c.person_id = gone.id;
    delete from mfa_authenticator m where m.user_id = gone.id;
    delete from django_session s using usersessions_usersession u
    where u.user_id = gone.id and s.session_key = u.session_key;
    delete from usersessions_usersession u where u.user_id = gone.id;
    update people_person p
    set email = null, phone = null, name = '', locale = 'en', password = erase_person.password,
        is_active = false, last_login = null, erased_at = erase_person.at
    where p.id = gone.id;
    perform record_act(
        null, null, 'system', 'erase', 'person', gone.id::text, '{}'::jsonb, erase_person.at
    );
    return row(gone.id, 'erased', null, null, null, false)::answer;
end $$;
