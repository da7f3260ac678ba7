-- Loading an operator's files: each verb writes what one file holds, inside the file's transaction;
-- where it answers with flaws, Python rolls back. plans.sql, stock.sql and retailers.sql hold the
-- rest. The app may call every verb but load nothing: only_owner stops it.

-- part loaded: how many records of a file are new, how many differ from what was stored, and what
-- forbids all of it: a list of {line, field, flaw, facts}, null when nothing does.
create type loaded as (added bigint, changed bigint, flaws jsonb);

-- part flawed: one reason against a file, at its line and field; `flaw` is a code of problems.py.
create type flawed as (line integer, field text, flaw text, facts jsonb);

-- part only_owner: stops everybody who did not log in as the owner, with whose rights verbs run.
create or replace function only_owner() returns void
language plpgsql stable as $$
#variable_conflict error
begin
    if session_user <> current_user then
        raise exception 'files are loaded by the login %', current_user using errcode = '42501';
    end if;
end $$;

-- part fund_up_to: books for an owner what a file says was paid in, in all, less what earlier loads
-- have booked, evenly over its pockets; gives what they had booked. A file that says less books
-- nothing. The request id is the total: loading a file again never books again.
create or replace function fund_up_to(
    source text, account uuid, kind text, currency text, total bigint, at timestamptz
) returns bigint
language plpgsql as $$
#variable_conflict error
declare
    booked bigint;
begin
    select coalesce(sum(t.amount), 0) into booked from database_request q
    inner join ledger_transfer t on t.account_id = q.account_id and t.group_id = q.answer_id
    where q.channel = 'office' and q.source = fund_up_to.source and t.kind = 'funding';
    if fund_up_to.total > booked then
        perform fund(
            'office', fund_up_to.source, 'total ' || fund_up_to.total,
            sha256(convert_to(concat_ws(
                ' ', fund_up_to.account, fund_up_to.kind, fund_up_to.currency, fund_up_to.total
            ), 'UTF8')),
            fund_up_to.account, fund_up_to.kind, fund_up_to.currency,
            fund_up_to.total - booked, fund_up_to.at
        );
        perform spread(fund_up_to.account, fund_up_to.kind, fund_up_to.currency, fund_up_to.at)
        where exists (
            select from ledger_account a
            where a.account_id = fund_up_to.account and a.kind = fund_up_to.kind and a.pocket > 0
        );
    end if;
    return booked;
end $$;

-- verb load_operator: writes the policy and the channels, and opens the books of each currency.
-- Caller: loading/documents.py. Locks: the policy. A channel that the file does not name is
-- closed; a currency in which something is priced or kept cannot be left out.
create or replace function load_operator(operator jsonb, gateways text[]) returns loaded
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    digits jsonb := load_operator.operator -> 'currency_digits';
    flaws jsonb;
    is_new boolean;
begin
    perform only_owner();
    select jsonb_agg(jsonb_build_object(
        'line', 0, 'field', 'currencies', 'flaw', 'currency_kept',
        'facts', jsonb_build_object('value', k.currency)
    )) into flaws
    from catalogue_policy p cross join lateral jsonb_object_keys(p.currency_digits) as k (currency)
    where not digits ? k.currency and (
        exists (select from catalogue_price c where c.currency = k.currency)
        or exists (select from people_partner c where c.currency = k.currency)
        or exists (select from people_retailer c where c.currency = k.currency)
        or exists (select from cards_card c where c.currency = k.currency)
    );
    if flaws is not null then
        return row(0, 0, flaws)::loaded;
    end if;
    perform open_operator_accounts(k.currency, load_operator.gateways)
    from jsonb_object_keys(digits) as k (currency);
    insert into catalogue_policy as p (
        id, name, domain, sender_email, sender_sms, currency_digits, quote_minutes,
        payment_minutes, delivery_minutes, terms_ahead_max, lapsed_days,
        warn_month_hours, warn_week_hours, warn_day_hours, quiet_from_hour, quiet_until_hour,
        document_check, topup_amounts, topup_limits
    )
    select
        1, o.name, o.domain, o.sender_email, o.sender_sms, o.currency_digits, o.quote_minutes,
        o.payment_minutes, o.delivery_minutes, o.terms_ahead_max, o.lapsed_days,
        coalesce(o.warn_month_hours, 72), coalesce(o.warn_week_hours, 24),
        coalesce(o.warn_day_hours, 6), coalesce(o.quiet_from_hour, 21),
        coalesce(o.quiet_until_hour, 8),
        coalesce(o.document_check, '{}'::jsonb), coalesce(o.topup_amounts, '{}'::jsonb),
        coalesce(o.topup_limits, '{}'::jsonb)
    from jsonb_populate_record(null::catalogue_policy, load_operator.operator) o
    on conflict (id) do update
    set name = excluded.name, domain = excluded.domain, sender_email = excluded.sender_email,
        sender_sms = excluded.sender_sms, currency_digits = excluded.currency_digits,
        quote_minutes = excluded.quote_minutes, payment_minutes = excluded.payment_minutes,
        delivery_minutes = excluded.delivery_minutes, terms_ahead_max = excluded.terms_ahead_max,
        lapsed_days = excluded.lapsed_days, warn_month_hours = excluded.warn_month_hours,
        warn_week_hours = excluded.warn_week_hours, warn_day_hours = excluded.warn_day_hours,
        quiet_from_hour = excluded.quiet_from_hour, quiet_until_hour = excluded.quiet_until_hour,
        document_check = excluded.document_check, topup_amounts = excluded.topup_amounts,
        topup_limits = excluded.topup_limits
    where p.* is distinct from excluded.*
    returning p.xmax = 0 into is_new;
    if write_automatic(load_operator.operator -> 'automatic')
        + write_channels(load_operator.operator -> 'channels') > 0 then
        is_new := coalesce(is_new, false);
    end if;
    return row(is_new::integer, (not is_new)::integer, null)::loaded;
end $$;

-- part write_automatic: writes what bounds automatic renewal; gives 1 when it differs.
create or replace function write_automatic(bounds jsonb) returns bigint
language sql as $$
    with written as (
        update catalogue_policy p
        set auto_notice_days = b.auto_notice_days, auto_card_day_max = b.auto_card_day_max,
            auto_burst_percent = b.auto_burst_percent, auto_burst_least = b.auto_burst_least,
            grace_hours = b.grace_hours, bridge_bytes = b.bridge_bytes
        from jsonb_populate_record(null::catalogue_policy, write_automatic.bounds) b
        where write_automatic.bounds is not null and p.id = 1 and (
            p.auto_notice_days, p.auto_card_day_max, p.auto_burst_percent, p.auto_burst_least,
            p.grace_hours, p.bridge_bytes
        ) is distinct from (
            b.auto_notice_days, b.auto_card_day_max, b.auto_burst_percent, b.auto_burst_least,
            b.grace_hours, b.bridge_bytes
        )
        returning 1
    )
    select count(*) from written
$$;

-- part write_channels: writes what each channel may do and closes the others; gives how many
-- differ.
create or replace function write_channels(channels jsonb) returns bigint
language sql as $$
    with named as (
        select c.* from jsonb_to_recordset(write_channels.channels)
            as c (code text, is_open boolean, means text[], amounts_max jsonb)
    ), written as (
        insert into trust_channel as t (code, is_open, means, amount_max)
        select n.code, n.is_open, n.means, n.amounts_max from named n
        on conflict (code) do update
        set is_open = excluded.is_open, means = excluded.means, amount_max = excluded.amount_max
        where t.* is distinct from excluded.*
        returning t.code
    ), closed as (
        update trust_channel t set is_open = false
        where t.is_open and t.code not in (select n.code from named n)
        returning t.code
    )
    select (select count(*) from written) + (select count(*) from closed)
$$;

-- verb load_people: writes persons, the role and store of staff, and who holds which card.
-- Caller: loading/documents.py. Nobody's password is touched; a new person has none, and whoever
-- is staff stays so. A card that somebody else holds is a flaw: files take nothing from anybody.
-- They give nothing back either: somebody whom the office has let go is a flaw too.
create or replace function load_people(people jsonb, at timestamptz) returns loaded
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    result loaded;
    stores jsonb;
    let_go jsonb;
begin
    perform only_owner();
    let_go := ended_staff(load_people.people);
    with written as (
        insert into people_person as p (
            id, email, password, is_superuser, name, locale, is_active, is_staff
        )
        select
            everline_uuid7(load_people.at), g.email, no_password(), false, g.name, g.locale, true,
            g.is_staff
        from jsonb_populate_recordset(null::people_person, load_people.people) g
        on conflict (email) do update
        set name = excluded.name, locale = excluded.locale,
            is_staff = p.is_staff or excluded.is_staff
        where (p.name, p.locale) is distinct from (excluded.name, excluded.locale)
           or (excluded.is_staff and not p.is_staff)
        returning p.xmax = 0 as is_new
    )
    select count(*) filter (where w.is_new), count(*) filter (where not w.is_new)
    into result.added, result.changed from written w;
    perform write_roles(load_people.people);
    stores := write_employments(load_people.people, load_people.at);
    with held as (
        select g.line, g.email, i.iccid, c.account_id
        from jsonb_to_recordset(load_people.people) as g (line integer, email text, cards text[])
        cross join lateral unnest(g.cards) as i (iccid)
        left join cards_card c on c.iccid = i.iccid
    ), new as (
        insert into people_holding (id, account_id, person_id, starts_at)
        select everline_uuid7(load_people.at), h.account_id, p.id, load_people.at
        from held h inner join people_person p on p.email = h.email
        where h.account_id is not null
        on conflict (account_id) where ends_at is null do nothing
    )
    select jsonb_agg(jsonb_build_object(
        'line', h.line, 'field', 'cards',
        'flaw', case when h.account_id is null then 'card_unknown' else 'card_held' end,
        'facts', jsonb_build_object('value', h.iccid)
    )) into result.flaws
    from held h where h.account_id is null or exists (
        select from people_holding o inner join people_person p on p.id = o.person_id
        where o.account_id = h.account_id and o.ends_at is null
          and p.email is distinct from h.email
    );
    result.flaws := coalesce(result.flaws || stores, result.flaws, stores);
    result.flaws := coalesce(result.flaws || let_go, result.flaws, let_go);
    return result;
end $$;

-- part ended_staff: names those of a file's staff whose work here was ended in the office.
create or replace function ended_staff(people jsonb) returns jsonb
language sql stable as $$
    select jsonb_agg(jsonb_build_object(
        'line', g.line, 'field', 'role', 'flaw', 'role_ended', 'facts', '{}'::jsonb
    ))
    from jsonb_to_recordset(ended_staff.people) as g (line integer, email text, is_staff boolean)
    inner join people_person p on p.email = g.email
    where g.is_staff and not p.is_staff and exists (
        select from trust_act a
        where a.verb = 'end_employment' and a.subject_kind = 'person'
          and a.subject_id = p.id::text
    )
$$;

-- part no_password: what stands for a password until somebody sets one; no input hashes to it.
create or replace function no_password() returns text
language sql volatile as $$ select '!' || replace(gen_random_uuid()::text, '-', '') $$;

-- part write_roles: gives staff exactly the role that a file names, as the group of that name.
create or replace function write_roles(people jsonb) returns void
language plpgsql as $$
#variable_conflict error
begin
    delete from people_person_groups m
    using people_person p, auth_group a,
        jsonb_to_recordset(write_roles.people) as g (email text, is_staff boolean, role text)
    where g.is_staff and p.email = g.email and m.person_id = p.id and a.id = m.group_id
      and a.name <> g.role;
    insert into people_person_groups (person_id, group_id)
    select p.id, a.id
    from jsonb_to_recordset(write_roles.people) as g (email text, role text)
    inner join people_person p on p.email = g.email
    inner join auth_group a on a.name = g.role
    on conflict do nothing;
end $$;

-- part write_employments: ends where staff worked, if a file says otherwise, and writes where they
-- work now; gives what is wrong: stores that are not there.
create or replace function write_employments(people jsonb, at timestamptz) returns jsonb
language plpgsql as $$
#variable_conflict error
begin
    update people_employment e set ends_at = write_employments.at
    from people_person p, people_retailer r,
        jsonb_to_recordset(write_employments.people)
            as g (email text, is_staff boolean, store text)
    where g.is_staff and p.email = g.email and e.person_id = p.id and e.ends_at is null
      and r.id = e.retailer_id and r.code <> g.store;
    insert into people_employment (id, person_id, retailer_id, starts_at)
    select everline_uuid7(write_employments.at), p.id, r.id, write_employments.at
    from jsonb_to_recordset(write_employments.people) as g (email text, store text)
    inner join people_person p on p.email = g.email
    inner join people_retailer r on r.code = g.store
    on conflict (person_id) where ends_at is null do nothing;
    return (
        select jsonb_agg(jsonb_build_object(
            'line', g.line, 'field', 'store', 'flaw', 'store_unknown',
            'facts', jsonb_build_object('value', g.store)
        ))
        from jsonb_to_recordset(write_employments.people) as g (line integer, store text)
        where g.store <> '' and not exists (
            select from people_retailer r where r.code = g.store
        )
    );
end $$;
