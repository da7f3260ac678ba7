-- Loading cards.csv, some thousand rows at a time: COPY fills pg_temp.incoming_card, load_cards
-- takes what is in it. Cards among whose numbers no stored one lies were written to cards_card by
-- COPY; load_furniture takes what they bring. A new card is written with its devices, first term,
-- balance and holder; they come without history and renewal, since what led to them happened
-- elsewhere. Of a stored card only telephone number, zone, eSIM address and unused start code
-- change, where the file has them: never its state, terms or balance.
-- A row whose telephone number is on another card waits until the file is read to its end, since
-- that card may stand further down with another number.

-- part incoming_card: a row of cards.csv; the session's own table of this type is filled by COPY.
-- `fate` is null for a new card, `known` for a stored one, `waits` for one that is settled last.
create type incoming_card as (
    line integer, id uuid, account_id uuid, iccid text, msisdn text, kind text, zone text,
    currency text, state text, start_code_hash bytea, smdp_address text, matching_id text,
    plan_version_id uuid, term_started_at timestamptz, used_bytes bigint, balance bigint,
    holder text, devices text[], fate text
);

-- part waiting_card: a row that waits until the file is read to its end, in a table of this type.
create type waiting_card as (entry incoming_card);

-- verb load_cards: takes a part of the file, `count` rows, some of which may be stored.
-- Caller: loading/stock.py. Locks: the stored cards that differ.
create or replace function load_cards(count bigint, at timestamptz) returns loaded
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    result loaded;
begin
    perform only_owner();
    result.added := insert_cards(load_cards.at);
    result.changed := 0;
    if result.added < load_cards.count then
        update pg_temp.incoming_card i
        set fate = coalesce((
            select case when i.msisdn is null or i.msisdn = c.msisdn then 'known' else 'waits' end
            from cards_card c where c.iccid = i.iccid
        ), 'waits')
        where i.fate is null and not exists (select from cards_card c where c.id = i.id);
        result.flaws := flaws_of_known();
        result.changed := change_cards('known', load_cards.at);
        perform hold_known_cards(load_cards.at);
    end if;
    perform furnish_cards(load_cards.at);
    insert into pg_temp.waiting_card (entry)
    select i from pg_temp.incoming_card i where i.fate = 'waits';
    truncate pg_temp.incoming_card;
    return result;
end $$;

-- verb load_furniture: takes what a part of new cards brings, after they were written.
-- Caller: loading/stock.py. Locks: nothing that exists.
create or replace function load_furniture(at timestamptz) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform only_owner();
    perform furnish_cards(load_furniture.at);
    truncate pg_temp.incoming_card;
end $$;

-- verb load_waiting_cards: settles the rows that waited, after the last part of a file.
-- Caller: loading/stock.py. Locks: the stored cards that differ. A number that is still on another
-- card, or stands twice, is a flaw; of these the first 10 000 are told.
create or replace function load_waiting_cards(at timestamptz) returns loaded
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    result loaded;
begin
    perform only_owner();
    insert into pg_temp.incoming_card select (w.entry).* from pg_temp.waiting_card w;
    update cards_card c set msisdn = null from pg_temp.incoming_card i
    where c.iccid = i.iccid and c.msisdn <> i.msisdn;
    select jsonb_agg(to_jsonb(f)) into result.flaws
    from (
        select w.line, v.field, v.flaw, '{}'::jsonb as facts
        from (
            select
                i.line, i.iccid, i.msisdn, u.is_used,
                row_number() over (partition by i.iccid order by i.line) as card_place,
                row_number() over (partition by i.msisdn, u.is_used order by i.line) as place
            from pg_temp.incoming_card i
            left join cards_card c on c.iccid = i.iccid
            cross join lateral (
                select coalesce(c.state, i.state) <> 'terminated' as is_used
            ) u
        ) w
        cross join lateral (values
            ('iccid', 'iccid_twice', w.card_place > 1),
            ('msisdn', 'msisdn_taken', w.is_used and (w.place > 1 or exists (
                select from cards_card o
                where o.msisdn = w.msisdn and o.state <> 'terminated' and o.iccid <> w.iccid
            )))
        ) as v (field, flaw, is_so)
        where v.is_so
        order by w.line
        limit 10000
    ) f;
    if result.flaws is not null then
        return result;
    end if;
    result.changed := change_cards('waits', load_waiting_cards.at);
    perform hold_known_cards(load_waiting_cards.at);
    update pg_temp.incoming_card i set fate = null
    where not exists (select from cards_card c where c.iccid = i.iccid);
    result.added := insert_cards(load_waiting_cards.at);
    perform furnish_cards(load_waiting_cards.at);
    return result;
end $$;

-- part insert_cards: writes the fresh rows as cards, but for those with a number that is on a card
-- already; gives how many it wrote.
create or replace function insert_cards(at timestamptz) returns bigint
language plpgsql as $$
#variable_conflict error
declare
    added bigint;
begin
    insert into cards_card (
        id, account_id, iccid, msisdn, kind, zone, currency, state, start_code_hash,
        start_code_tries, smdp_address, matching_id, loaded_at
    )
    select
        i.id, i.account_id, i.iccid, i.msisdn, i.kind, i.zone, i.currency, i.state,
        i.start_code_hash, 0, i.smdp_address, i.matching_id, insert_cards.at
    from pg_temp.incoming_card i where i.fate is null
    on conflict do nothing;
    get diagnostics added = row_count;
    return added;
end $$;

-- part flaws_of_known: what rows about stored cards say against them. A card that this transaction
-- has written itself stood in an earlier row of the file.
create or replace function flaws_of_known() returns jsonb
language sql stable as $$
    select jsonb_agg(to_jsonb(f)) from (
        select i.line, w.field, w.flaw, jsonb_build_object('stored', w.stored) as facts
        from (
            select n.*, row_number() over (partition by n.iccid order by n.line) as place
            from pg_temp.incoming_card n where n.fate is not null
        ) i
        inner join cards_card c on c.iccid = i.iccid
        left join people_holding h on h.account_id = c.account_id and h.ends_at is null
        left join people_person p on p.id = h.person_id
        cross join lateral (values
            ('iccid', 'iccid_twice', '', i.place > 1 or c.xmin = pg_current_xact_id()::xid),
            ('kind', 'fixed', c.kind, c.kind <> i.kind),
            ('currency', 'fixed', c.currency, c.currency <> i.currency),
            ('holder', 'card_held', '', p.email is distinct from i.holder)
        ) as w (field, flaw, stored, is_so)
        where w.is_so
    ) f
$$;

-- part change_cards: writes what differs of the stored cards that rows of one fate are about; what
-- a file leaves empty stays, and who has moved is tried by the hours of the new place. Gives how
-- many differ.
create or replace function change_cards(fate text, at timestamptz) returns bigint
language plpgsql as $$
#variable_conflict error
declare
    changed bigint;
    moved uuid[];
begin
    with asked as (
        select
            c.id, i.zone, coalesce(i.msisdn, c.msisdn) as msisdn, i.zone <> c.zone as is_moved,
            coalesce(nullif(i.smdp_address, ''), c.smdp_address) as smdp_address,
            coalesce(nullif(i.matching_id, ''), c.matching_id) as matching_id,
            case when c.state = 'in_stock' then coalesce(i.start_code_hash, c.start_code_hash)
                else c.start_code_hash end as start_code_hash
        from pg_temp.incoming_card i inner join cards_card c on c.iccid = i.iccid
        where i.fate = change_cards.fate
    ), written as (
        update cards_card c
        set zone = a.zone, msisdn = a.msisdn, smdp_address = a.smdp_address,
            matching_id = a.matching_id, start_code_hash = a.start_code_hash,
            start_code_tries = case when c.start_code_hash is distinct from a.start_code_hash
                then 0 else c.start_code_tries end
        from asked a
        where c.id = a.id
          and (c.zone, c.msisdn, c.smdp_address, c.matching_id, c.start_code_hash)
            is distinct from (a.zone, a.msisdn, a.smdp_address, a.matching_id, a.start_code_hash)
        returning c.id, a.is_moved
    )
    select count(*), array_agg(w.id) filter (where w.is_moved) into changed, moved
    from written w;
    perform follow_place(moved, change_cards.at);
    return changed;
end $$;

-- part furnish_cards: writes what the new cards bring: devices, the term that runs or was the last
-- (its end as `term_of` has it, computed once by `offset 0`), the balance as money received at the
-- bank, the holder.
create or replace function furnish_cards(at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
begin
    insert into cards_device (id, account_id, card_id, kind, number, bound_at)
    select
        everline_uuid7(furnish_cards.at), i.account_id, i.id, split_part(d.device, ':', 1),
        split_part(d.device, ':', 2), coalesce(i.term_started_at, furnish_cards.at)
    from pg_temp.incoming_card i cross join lateral unnest(i.devices) as d (device)
    where i.fate is null;
    insert into cards_entitlement (
        id, account_id, card_id, plan_version_id, state, starts_at, ends_at, planned_ends_at,
        anchor_day, allowance_bytes, fair_use_bytes, used_bytes, carried_bytes, used_as_of,
        devices_max
    )
    select
        everline_uuid7(furnish_cards.at), i.account_id, i.id, v.id, 'delivered',
        i.term_started_at, t.ends_at, t.ends_at, a.anchor_day, v.allowance_bytes,
        v.fair_use_bytes, i.used_bytes, 0, least(furnish_cards.at, t.ends_at), v.devices_max
    from pg_temp.incoming_card i
    inner join catalogue_planversion v on v.id = i.plan_version_id
    cross join lateral (
        select case when v.period_unit in ('day', 'week') then 0
            else anchor_for(i.term_started_at, i.zone) end as anchor_day
        offset 0
    ) a
    cross join lateral (
        select term_end(
            i.term_started_at, v.period_unit, v.period_count, v.validity, i.zone,
            greatest(a.anchor_day, 1)
        ) as ends_at
        offset 0
    ) t
    where i.fate is null;
    with opened as (
        insert into ledger_account (
            id, account_id, kind, scope, currency, pocket, floor, balance, held
        )
        select
            everline_uuid7(furnish_cards.at), i.account_id, 'balance', '', i.currency, 0, 0,
            i.balance, 0
        from pg_temp.incoming_card i where i.fate is null and i.balance > 0
        returning id, account_id, currency, balance
    )
    insert into ledger_transfer (
        id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
    )
    select
        everline_uuid7(furnish_cards.at), o.account_id, everline_uuid7(furnish_cards.at),
        'funding', operator_account('bank', '', o.currency), o.id, o.balance, o.currency,
        furnish_cards.at
    from opened o;
    perform write_holders(furnish_cards.at);
    insert into people_holding (id, account_id, person_id, starts_at)
    select everline_uuid7(furnish_cards.at), i.account_id, p.id, furnish_cards.at
    from pg_temp.incoming_card i inner join people_person p on p.email = i.holder
    where i.fate is null;
end $$;

-- part hold_known_cards: gives stored cards that nobody holds the holder that the file names.
create or replace function hold_known_cards(at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
begin
    perform write_holders(hold_known_cards.at);
    insert into people_holding (id, account_id, person_id, starts_at)
    select everline_uuid7(hold_known_cards.at), c.account_id, p.id, hold_known_cards.at
    from pg_temp.incoming_card i
    inner join people_person p on p.email = i.holder
    inner join cards_card c on c.iccid = i.iccid
    where i.fate is not null
    on conflict (account_id) where ends_at is null do nothing;
end $$;

-- part write_holders: makes persons of the addresses that nobody has yet; they have no password.
create or replace function write_holders(at timestamptz) returns void
language sql as $$
    insert into people_person (
        id, email, password, is_superuser, name, locale, is_active, is_staff
    )
    select everline_uuid7(write_holders.at), h.email, no_password(), false, '', 'en', true, false
    from (select distinct i.holder as email from pg_temp.incoming_card i) h
    where h.email is not null
    on conflict (email) do nothing
$$;
