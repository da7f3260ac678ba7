-- Warnings: notices of what is to come, once each, by day, and only as long as they are true.

-- part warning_time: how long before its end people are warned of a term: the operator's hours for
-- its length, but never more than a quarter of it.
create or replace function warning_time(starts_at timestamptz, ends_at timestamptz)
returns interval
language sql stable as $$
    select least(
        (warning_time.ends_at - warning_time.starts_at) / 4,
        make_interval(hours => case
            when warning_time.ends_at - warning_time.starts_at >= interval '27 days'
                then coalesce(p.warn_month_hours, 72)
            when warning_time.ends_at - warning_time.starts_at >= interval '6 days'
                then coalesce(p.warn_week_hours, 24)
            else coalesce(p.warn_day_hours, 6)
        end)
    )
    from (select 1) as always (one) left join catalogue_policy p on p.id = always.one
$$;

-- part warning_time_max: the longest of them, by which what is near is found.
create or replace function warning_time_max() returns interval
language sql stable as $$
    select coalesce((
        select make_interval(
            hours => greatest(p.warn_month_hours, p.warn_week_hours, p.warn_day_hours)
        )
        from catalogue_policy p where p.id = 1
    ), interval '72 hours')
$$;

-- part time_to_say: when a warning may be sent: not in the quiet hours of the card's place, unless
-- waiting for the morning would be too late.
create or replace function time_to_say(zone text, latest timestamptz, at timestamptz)
returns timestamptz
language plpgsql stable as $$
#variable_conflict error
declare
    place timestamp := time_to_say.at at time zone time_to_say.zone;
    hour integer := extract(hour from place);
    quiet_from integer;
    quiet_until integer;
    is_quiet boolean;
    morning timestamptz;
begin
    select p.quiet_from_hour, p.quiet_until_hour into quiet_from, quiet_until
    from catalogue_policy p where p.id = 1;
    quiet_from := coalesce(quiet_from, 21);
    quiet_until := coalesce(quiet_until, 8);
    is_quiet := case
        when quiet_from = quiet_until then false
        when quiet_from < quiet_until then hour >= quiet_from and hour < quiet_until
        else hour >= quiet_from or hour < quiet_until
    end;
    if not is_quiet then
        return time_to_say.at;
    end if;
    morning := (
        date_trunc('day', place) + make_interval(
            days => (hour >= quiet_until)::integer, hours => quiet_until
        )
    ) at time zone time_to_say.zone;
    return case when morning < time_to_say.latest then morning else time_to_say.at end;
end $$;

-- verb said_from: from when on a warning that waits may be sent. It was written by day, and its
-- sender or all of ours was away until the night, or its card is in another place now.
-- Caller: notices/send.py. Locks: nothing.
create or replace function said_from(notice uuid, at timestamptz) returns timestamptz
language sql stable security definer set search_path from current as $$
    select coalesce(time_to_say(c.zone, (n.facts ->> case
        when n.template in ('number_ends', 'number_ends_soon') then 'gone_at'
        when n.template in ('auto_ahead', 'auto_changed') then 'next_at'
        else 'ends_at'
    end)::timestamptz, said_from.at), said_from.at)
    from notices_notice n inner join cards_card c on c.id = (n.facts ->> 'card')::uuid
    where n.id = said_from.notice
$$;

-- part reach: who is to be warned: the contact that was given, else the holder by e-mail, or by
-- text message without one.
create or replace function reach(account uuid, contact jsonb) returns jsonb
language sql stable as $$
    select case
        when reach.contact ->> 'email' <> '' or reach.contact ->> 'phone' <> '' then reach.contact
        else (
            select jsonb_build_object(
                'email', coalesce(p.email, ''),
                'phone', case when p.email is null then coalesce(p.phone, '') else '' end,
                'locale', p.locale
            )
            from people_holding h inner join people_person p on p.id = h.person_id
            where h.account_id = reach.account and h.ends_at is null and p.is_active
        )
    end
$$;

-- part warn: writes a warning, once a fact and template for ever; false when that was done before.
-- That nobody can be reached is kept too, so that it is not looked at again.
create or replace function warn(
    account uuid, fact uuid, template text, contact jsonb, facts jsonb, zone text,
    latest timestamptz, at timestamptz
) returns boolean
language plpgsql as $$
#variable_conflict error
begin
    insert into notices_warned (fact_id, template, account_id, at)
    values (warn.fact, warn.template, warn.account, warn.at)
    on conflict on constraint notices_warned_pkey do nothing;
    if not found then
        return false;
    end if;
    perform notify_later(
        warn.account, warn.fact, warn.template, reach(warn.account, warn.contact), warn.facts,
        time_to_say(warn.zone, warn.latest, warn.at), warn.at
    );
    perform push_later(
        warn.account, warn.fact, warn.template, warn.facts,
        time_to_say(warn.zone, warn.latest, warn.at), warn.at
    );
    return true;
end $$;

-- part is_data_mark: whether a term runs whose data has reached this mark and no higher one.
create or replace function is_data_mark(term uuid, mark integer, at timestamptz) returns boolean
language sql stable as $$
    select exists (
        select from cards_entitlement e
        where e.id = is_data_mark.term and e.state <> 'cancelled' and e.ends_at > is_data_mark.at
          and data_mark(e, e.used_bytes) = is_data_mark.mark
    )
$$;

-- verb notice_stands: whether a warning is still true when it is about to be sent.
-- Caller: notices/send.py. Locks: nothing. It falls when the card was renewed through any channel
-- meanwhile, when what it warns of has happened, and when its cause is gone. As far as automatic
-- renewal is concerned, auto_notice_stands judges it too.
create or replace function notice_stands(notice uuid, at timestamptz) returns boolean
language plpgsql stable security definer set search_path from current as $$
#variable_conflict error
declare
    told notices_notice;
    card cards_card;
    is_armed boolean;
begin
    select n.* into told from notices_notice n where n.id = notice_stands.notice;
    select c.* into card from cards_card c where c.id = (told.facts ->> 'card')::uuid;
    is_armed := card.next_rung_at is not null;
    if card.id is null or card.state = 'terminated' or exists (
        select from cards_entitlement e
        where e.card_id = card.id and e.state <> 'cancelled'
          and e.ends_at > (told.facts ->> 'ends_at')::timestamptz
    ) then
        return false;
    end if;
    if told.template in ('ending_week', 'ending_days', 'ending_day', 'ending_soon') then
        return notice_stands.at < (told.facts ->> 'ends_at')::timestamptz;
    end if;
    if told.template in ('auto_ahead', 'auto_changed', 'auto_consent', 'auto_short') then
        return is_armed and notice_stands.at < (told.facts ->> 'ends_at')::timestamptz;
    end if;
    return case told.template
        when 'auto_failed' then is_armed
        when 'data_low' then is_data_mark(told.fact_id, 1, notice_stands.at)
        when 'data_out' then is_data_mark(told.fact_id, 2, notice_stands.at)
        when 'number_ends' then notice_stands.at < (told.facts ->> 'gone_at')::timestamptz
        when 'number_ends_soon' then notice_stands.at < (told.facts ->> 'gone_at')::timestamptz
        else true
    end;
end $$;
