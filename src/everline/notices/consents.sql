-- Consent to messages about offers: asked for, confirmed from the mailbox, ended in one step; and
-- the message when an offer starts, once for each consent and offer.

-- part confirm_within: how long the link that confirms is good.
create or replace function confirm_within() returns interval
language sql immutable as $$
    select interval '7 days'
$$;

-- verb ask_for_offers: keeps that somebody asked for messages about offers, and writes the message
-- with the link that confirms it. The answer is the same whoever has asked before, so it tells of
-- nobody; a recipient is written to at most once a day before it is confirmed, and not after.
-- Caller: notices/consents.py. Locks: request, consent. Refuses: request_reused.
create or replace function ask_for_offers(
    channel text, source text, request_id text, request_hash bytea, contact jsonb,
    words_version text, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    by_email boolean := ask_for_offers.contact ->> 'email' <> '';
    address text := ask_for_offers.contact ->> case when by_email then 'email' else 'phone' end;
    subject uuid := md5('offers:' || address)::uuid;
    consent notices_consent;
begin
    if not claim(
        ask_for_offers.channel, ask_for_offers.source, ask_for_offers.request_id,
        ask_for_offers.request_hash, subject, subject, subject, 'asked', null, ask_for_offers.at
    ) then
        return replay(
            ask_for_offers.channel, ask_for_offers.source, ask_for_offers.request_id,
            ask_for_offers.request_hash, subject
        );
    end if;
    insert into notices_consent as c (
        id, account_id, medium, recipient, locale, words_version, channel, asked_at
    ) values (
        everline_uuid7(ask_for_offers.at), subject, case when by_email then 'email' else 'sms' end,
        address, coalesce(ask_for_offers.contact ->> 'locale', 'en'),
        ask_for_offers.words_version, ask_for_offers.channel, ask_for_offers.at
    )
    on conflict (medium, recipient) where ended_at is null do update
    set asked_at = excluded.asked_at, locale = excluded.locale,
        words_version = excluded.words_version, channel = excluded.channel
    where c.confirmed_at is null and c.asked_at <= excluded.asked_at - interval '1 day'
    returning c.* into consent;
    if consent.id is not null then
        perform notify(
            consent.account_id, consent.id, 'offers_confirm', jsonb_build_object(
                'email', case when by_email then address else '' end,
                'phone', case when by_email then '' else address end,
                'locale', consent.locale
            ), jsonb_build_object('consent', consent.id), ask_for_offers.at
        );
    end if;
    return row(subject, 'asked', null, null, null, false)::answer;
end $$;

-- verb confirm_offers: confirms a consent by the link that only its recipient was sent; false when
-- it is unknown, ended, or was asked for too long ago.
-- Caller: notices/consents.py. Locks: consent.
create or replace function confirm_offers(consent uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(confirm_offers.at);
    update notices_consent c
    set confirmed_at = coalesce(c.confirmed_at, confirm_offers.at)
    where c.id = confirm_offers.consent and c.ended_at is null
      and (c.confirmed_at is not null or c.asked_at > confirm_offers.at - confirm_within());
    return found;
end $$;

-- verb end_offers: ends a consent, confirmed or not; ending it again changes nothing. False when it
-- is unknown. Caller: notices/consents.py. Locks: consent.
create or replace function end_offers(consent uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(end_offers.at);
    update notices_consent c set ended_at = coalesce(c.ended_at, end_offers.at)
    where c.id = end_offers.consent;
    return found;
end $$;

-- verb announce_offers: writes to whoever consented that an offer has started, once for each offer,
-- within three days of its start and while its budget lasts; gives how many it wrote.
-- Caller: notices/consents.py. Locks: consents, passing over those that others hold. Bounded: 500.
create or replace function announce_offers(at timestamptz, most integer) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    due record;
    written integer := 0;
begin
    perform check_at(announce_offers.at);
    for due in
        select
            c.id, c.account_id, c.medium, c.recipient, c.locale, p.id as promotion_id, p.code,
            p.names, p.ends_at
        from catalogue_promotion p
        inner join notices_consent c
            on c.confirmed_at <= announce_offers.at and c.ended_at is null
        where p.is_public and p.starts_at <= announce_offers.at
          and p.starts_at > announce_offers.at - interval '3 days'
          and p.ends_at > announce_offers.at
          and (
              p.budget_unit is null
              or spendable(p.account_id, 'promotion_budget', p.budget_unit) > 0
          )
          and not exists (
              select from notices_announced a
              where a.consent_id = c.id and a.promotion_id = p.id
          )
        order by p.starts_at, c.id limit least(announce_offers.most, 500)
        for update of c skip locked
    loop
        insert into notices_announced (consent_id, promotion_id, account_id, at)
        values (due.id, due.promotion_id, due.account_id, announce_offers.at)
        on conflict do nothing;
        continue when not found;
        perform notify(
            due.account_id, due.promotion_id, 'offer_started', jsonb_build_object(
                'email', case due.medium when 'email' then due.recipient else '' end,
                'phone', case due.medium when 'email' then '' else due.recipient end,
                'locale', due.locale
            ), jsonb_build_object(
                'consent', due.id, 'promotion', due.promotion_id, 'code', due.code,
                'names', due.names, 'ends_at', due.ends_at
            ), announce_offers.at
        );
        written := written + 1;
    end loop;
    return written;
end $$;

-- verb offer_stands: whether a message about an offer may still leave: the consent stands, and the
-- offer is not over. Caller: notices/send.py. Locks: nothing.
create or replace function offer_stands(notice uuid, at timestamptz) returns boolean
language plpgsql stable security definer set search_path from current as $$
#variable_conflict error
begin
    return exists (
        select from notices_notice n
        inner join notices_consent c on c.id = (n.facts ->> 'consent')::uuid
        where n.id = offer_stands.notice and c.ended_at is null
          and case n.template
              when 'offers_confirm' then c.confirmed_at is null
                  and c.asked_at > offer_stands.at - confirm_within()
              else c.confirmed_at is not null
                  and (n.facts ->> 'ends_at')::timestamptz > offer_stands.at
          end
    );
end $$;

-- verb forget_consents: deletes consents that were never confirmed, a month after they were asked
-- for, as nobody has said that the address is theirs; gives how many.
-- Caller: notices/consents.py. Locks: consents. Bounded: 1,000.
create or replace function forget_consents(at timestamptz, most integer) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    gone integer;
begin
    perform check_at(forget_consents.at);
    with old as (
        select c.id from notices_consent c
        where c.confirmed_at is null and c.asked_at < forget_consents.at - interval '30 days'
        order by c.asked_at, c.id limit least(forget_consents.most, 1000)
        for update skip locked
    )
    delete from notices_consent c using old o where c.id = o.id;
    get diagnostics gone = row_count;
    return gone;
end $$;
