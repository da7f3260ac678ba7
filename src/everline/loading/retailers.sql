-- Stores and partners: loading retailers.csv and partners.yaml, and what the back office changes of
-- one of them. Both write by the same parts, so there is one way.

-- verb load_partners: writes partners, opens their pockets and books what they have paid in.
-- Caller: loading/documents.py. A partner keeps its currency, and the pockets that are open.
create or replace function load_partners(partners jsonb, at timestamptz) returns loaded
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    result loaded;
begin
    perform only_owner();
    select count(*) filter (where w.is_new), count(*) filter (where not w.is_new)
    into result.added, result.changed
    from write_partners(load_partners.partners, load_partners.at) as w (is_new);
    select jsonb_agg(to_jsonb(f)) into result.flaws
    from fund_firms('partner', load_partners.partners, load_partners.at) f;
    return result;
end $$;

-- verb load_retailers: writes stores and books what they have paid in; called with a part of a
-- large file at a time. Caller: loading/documents.py. A store keeps its currency.
create or replace function load_retailers(retailers jsonb, at timestamptz) returns loaded
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    result loaded;
begin
    perform only_owner();
    select count(*) filter (where w.is_new), count(*) filter (where not w.is_new)
    into result.added, result.changed
    from write_retailers(load_retailers.retailers, load_retailers.at) as w (is_new);
    perform write_terminals(load_retailers.retailers, load_retailers.at);
    select jsonb_agg(to_jsonb(f)) into result.flaws
    from fund_firms('retailer', load_retailers.retailers, load_retailers.at) f;
    return result;
end $$;

-- part write_terminals: makes the tills and kiosks that a file counts and that are missing, as
-- JKT-001-T1 and JKT-001-K1; those that are there stay as they are.
create or replace function write_terminals(retailers jsonb, at timestamptz) returns void
language sql as $$
    insert into people_terminal (
        id, retailer_id, kind, code, name, place_note, language, enrol_tries
    )
    select
        everline_uuid7(write_terminals.at), r.id, k.kind, r.code || k.mark || n.number,
        k.title || ' ' || n.number, r.floor_or_exit, 'en', 0
    from jsonb_to_recordset(write_terminals.retailers)
        as g (code text, tills integer, kiosks integer)
    inner join people_retailer r on r.code = g.code
    cross join lateral (values
        ('till', '-T', 'Till', g.tills), ('kiosk', '-K', 'Kiosk', g.kiosks)
    ) as k (kind, mark, title, most)
    cross join lateral generate_series(1, k.most) as n (number)
    on conflict (code) do nothing
$$;

-- part fund_firms: books the deposits that a file names, and gives what speaks against them: a
-- currency that is another than the stored one, a deposit below what was booked.
create or replace function fund_firms(noun text, firms jsonb, at timestamptz)
returns setof flawed
language sql as $$
    with firm as (
        select
            g.line, g.code, g.currency as named, g.deposit,
            case fund_firms.noun when 'partner' then 'partner ' || g.code || '.' else '' end
                as place,
            coalesce(p.account_id, r.account_id) as account_id,
            coalesce(p.currency, r.currency) as currency
        from jsonb_to_recordset(fund_firms.firms)
            as g (line integer, code text, currency text, deposit bigint)
        left join people_partner p on p.code = g.code and fund_firms.noun = 'partner'
        left join people_retailer r on r.code = g.code and fund_firms.noun = 'retailer'
    ), funded as (
        select
            f.line, f.place, f.deposit, f.currency,
            fund_up_to(
                fund_firms.noun || ' ' || f.code, f.account_id, 'deposit', f.currency, f.deposit,
                fund_firms.at
            ) as booked
        from firm f where f.named = f.currency
    )
    select
        f.line, f.place || 'currency', 'fixed', jsonb_build_object('stored', f.currency)
    from firm f where f.named <> f.currency
    union all
    select
        f.line, f.place || 'deposit', 'lowered',
        jsonb_build_object('stored', f.booked, 'unit', f.currency)
    from funded f where f.deposit < f.booked
$$;

-- part write_partners: writes partners that are new or differ, with the pockets of their deposits;
-- gives for each of them whether it is new. What stands stays: id, account, code and currency.
create or replace function write_partners(partners jsonb, at timestamptz) returns setof boolean
language plpgsql as $$
#variable_conflict error
begin
    return query
    insert into people_partner as p (
        id, account_id, code, name, currency, pockets, commission_basis_points
    )
    select
        coalesce(g.id, everline_uuid7(write_partners.at)), everline_uuid7(write_partners.at),
        g.code, g.name, g.currency, g.pockets, g.commission_basis_points
    from jsonb_populate_recordset(null::people_partner, write_partners.partners) g
    on conflict (code) do update
    set name = excluded.name, pockets = greatest(p.pockets, excluded.pockets),
        commission_basis_points = excluded.commission_basis_points
    where (p.name, p.commission_basis_points)
       <> (excluded.name, excluded.commission_basis_points) or p.pockets < excluded.pockets
    returning p.xmax = 0;
    perform open_account(p.account_id, 'deposit', p.currency, n.number, write_partners.at)
    from jsonb_populate_recordset(null::people_partner, write_partners.partners) g
    inner join people_partner p on p.code = g.code
    cross join lateral generate_series(0, p.pockets - 1) as n (number);
end $$;

-- part write_retailers: writes stores that are new or differ, with the accounts of their deposits;
-- gives for each of them whether it is new. What stands stays: id, account, code and currency.
create or replace function write_retailers(retailers jsonb, at timestamptz) returns setof boolean
language plpgsql as $$
#variable_conflict error
begin
    return query
    insert into people_retailer as p (
        id, account_id, code, name, kind, city, address, floor_or_exit,
        latitude_microdegrees, longitude_microdegrees, opening_hours, phone, currency,
        commission_basis_points, zone
    )
    select
        coalesce(g.id, everline_uuid7(write_retailers.at)), everline_uuid7(write_retailers.at),
        g.code, g.name, g.kind, g.city, g.address, g.floor_or_exit, g.latitude_microdegrees,
        g.longitude_microdegrees, g.opening_hours, g.phone, g.currency,
        g.commission_basis_points, coalesce(g.zone, '')
    from jsonb_populate_recordset(null::people_retailer, write_retailers.retailers) g
    on conflict (code) do update
    set name = excluded.name, kind = excluded.kind, city = excluded.city,
        address = excluded.address, floor_or_exit = excluded.floor_or_exit,
        latitude_microdegrees = excluded.latitude_microdegrees,
        longitude_microdegrees = excluded.longitude_microdegrees,
        opening_hours = excluded.opening_hours, phone = excluded.phone,
        commission_basis_points = excluded.commission_basis_points, zone = excluded.zone
    where (
        p.name, p.kind, p.city, p.address, p.floor_or_exit, p.latitude_microdegrees,
        p.longitude_microdegrees, p.opening_hours, p.phone, p.commission_basis_points, p.zone
    ) is distinct from (
        excluded.name, excluded.kind, excluded.city, excluded.address, excluded.floor_or_exit,
        excluded.latitude_microdegrees, excluded.longitude_microdegrees,
        excluded.opening_hours, excluded.phone, excluded.commission_basis_points,
        excluded.zone
    )
    returning p.xmax = 0;
    perform open_account(p.account_id, 'deposit', p.currency, 0, write_retailers.at)
    from jsonb_populate_recordset(null::people_retailer, write_retailers.retailers) g
    inner join people_retailer p on p.code = g.code;
end $$;

-- verb publish_firm: writes one store or partner from the back office, `noun` says which; gives
-- added, changed or same, or why not: code_taken (another one has this code), fixed (its code or
-- currency is another than what stands). Caller: loading/firms.py. Locks: the store or partner.
create or replace function publish_firm(noun text, firm jsonb, at timestamptz) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    its_id uuid := (publish_firm.firm ->> 'id')::uuid;
    stored record;
    is_new boolean;
begin
    perform check_at(publish_firm.at);
    for stored in
        select r.id, r.code, r.currency from people_retailer r
        where publish_firm.noun = 'retailer'
          and (r.id = its_id or r.code = publish_firm.firm ->> 'code')
        union all
        select p.id, p.code, p.currency from people_partner p
        where publish_firm.noun = 'partner'
          and (p.id = its_id or p.code = publish_firm.firm ->> 'code')
    loop
        if stored.id <> its_id then
            return 'code_taken';
        elsif stored.code <> publish_firm.firm ->> 'code'
            or stored.currency <> publish_firm.firm ->> 'currency' then
            return 'fixed';
        end if;
    end loop;
    if publish_firm.noun = 'retailer' then
        select w.is_new into is_new
        from write_retailers(jsonb_build_array(publish_firm.firm), publish_firm.at) as w (is_new);
    else
        select w.is_new into is_new
        from write_partners(jsonb_build_array(publish_firm.firm), publish_firm.at) as w (is_new);
    end if;
    return case when is_new then 'added' when not is_new then 'changed' else 'same' end;
end $$;

-- verb end_firm: ends a store or partner at an instant, or takes it up again with null: from then
-- on none of its tills, kiosks or keys may ask for anything. True when that changed something.
-- Caller: loading/firms.py. Locks: the store or partner.
create or replace function end_firm(firm uuid, ends_at timestamptz, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(end_firm.at);
    update people_retailer r set closed_at = end_firm.ends_at
    where r.id = end_firm.firm and (r.closed_at is null) <> (end_firm.ends_at is null);
    if found then
        return true;
    end if;
    update people_partner p set closed_at = end_firm.ends_at
    where p.id = end_firm.firm and (p.closed_at is null) <> (end_firm.ends_at is null);
    return found;
end $$;
