-- Loading plans.yaml and promotions.yaml. A version that was sold is never changed, but where
-- nobody loses: it may gain countries.

-- part version_asked: a version as a file asks for it, beside the stored one, if there is one;
-- `changes` names what would change of that.
create type version_asked as (
    line integer, plan text, number smallint, effective_from timestamptz, content jsonb,
    stored uuid, changes text[]
);

-- part version_content: what a stored version gives, in the shape of loading/documents.py.
create or replace function version_content(version catalogue_planversion) returns jsonb
language sql stable as $$
    select jsonb_build_object(
        'period', jsonb_build_array(version.period_unit, version.period_count),
        'validity', version.validity, 'on_renewal', version.on_renewal,
        'allowance', version.allowance_bytes, 'fair_use', version.fair_use_bytes,
        'devices_max', version.devices_max, 'region', version.region_id,
        'prices', (
            select jsonb_agg(
                jsonb_build_array(p.currency, p.amount, p.tax_basis_points) order by p.currency
            ) from catalogue_price p where p.plan_version_id = version.id
        )
    )
$$;

-- part versions_asked: every version of a file, compared with what is stored.
create or replace function versions_asked(plans jsonb) returns setof version_asked
language sql stable as $$
    select
        p.line, p.code, v.number, v.effective_from, v.content, s.id, d.changes
    from jsonb_to_recordset(versions_asked.plans) as p (line integer, code text, versions jsonb)
    cross join lateral jsonb_to_recordset(p.versions) as v (
        number smallint, effective_from timestamptz, content jsonb
    )
    left join catalogue_plan k on k.code = p.code
    left join catalogue_planversion s on s.plan_id = k.id and s.number = v.number
    left join lateral (
        select array_agg(c.name order by c.name) as changes from (
            select a.key from jsonb_each(v.content - 'countries') a
            cross join lateral version_content(s) as w (content)
            where a.value is distinct from w.content -> a.key
            union all
            select 'effective_from' where v.effective_from <> s.effective_from
            union all
            select 'countries' where exists (
                select from catalogue_coverage o
                where o.plan_version_id = s.id and not v.content -> 'countries' ? o.country
            )
        ) as c (name)
        where s.id is not null
    ) d on true
$$;

-- verb load_plans: writes regions, plans and versions; plans that the file does not name stay.
-- Caller: loading/documents.py. Locks: all new requests, for a moment, when a stored version
-- changes: every sale claims its request first, so none is between its quote and its row then.
create or replace function load_plans(regions jsonb, plans jsonb, at timestamptz) returns loaded
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    result loaded;
    touched text[];
begin
    perform only_owner();
    if exists (select from versions_asked(load_plans.plans) a where a.changes is not null) then
        lock table database_request in share mode;
        select jsonb_agg(jsonb_build_object(
            'line', a.line, 'field', 'plan ' || a.plan, 'flaw', 'version_sold',
            'facts', jsonb_build_object(
                'value', a.number, 'changed', array_to_string(a.changes, ', ')
            )
        )) into result.flaws
        from versions_asked(load_plans.plans) a
        where a.changes is not null and is_sold(a.stored);
        if result.flaws is not null then
            return result;
        end if;
    end if;
    insert into catalogue_region as r (code, names)
    select g.code, g.names
    from jsonb_populate_recordset(null::catalogue_region, load_plans.regions) g
    on conflict (code) do update set names = excluded.names where r.names <> excluded.names;
    with written as (
        insert into catalogue_plan as p (id, code, names, position, retired_at)
        select everline_uuid7(load_plans.at), g.code, g.names, g.position, g.retired_at
        from jsonb_populate_recordset(null::catalogue_plan, load_plans.plans) g
        on conflict (code) do nothing
        returning p.code
    )
    select count(*) into result.added from written w;
    touched := update_plans(load_plans.plans) || write_versions(load_plans.plans, load_plans.at);
    select count(distinct t.code) - result.added into result.changed
    from unnest(touched) as t (code);
    result.flaws := order_versions(load_plans.plans);
    return result;
end $$;

-- part is_sold: whether anybody was promised, or has, what a plan version gives.
create or replace function is_sold(version uuid) returns boolean
language sql stable as $$
    select exists (select from renewals_renewal r where r.plan_version_id = is_sold.version)
        or exists (select from cards_entitlement e where e.plan_version_id = is_sold.version)
$$;

-- part update_plans: writes what differs of stored plans, successors too; gives their codes.
create or replace function update_plans(plans jsonb) returns text[]
language sql as $$
    with asked as (
        select
            p.id, g.names, g.position, g.retired_at, s.id as successor_id
        from jsonb_to_recordset(update_plans.plans) as g (
            code text, names jsonb, position smallint, retired_at timestamptz, successor text
        )
        inner join catalogue_plan p on p.code = g.code
        left join catalogue_plan s on s.code = g.successor
    ), written as (
        update catalogue_plan p
        set names = a.names, position = a.position, retired_at = a.retired_at,
            successor_id = a.successor_id
        from asked a
        where p.id = a.id and (p.names, p.position, p.retired_at, p.successor_id)
            is distinct from (a.names, a.position, a.retired_at, a.successor_id)
        returning p.code
    )
    select coalesce(array_agg(w.code::text), '{}') from written w
$$;

-- part write_versions: writes versions that are new, or changed and never sold, with their prices
-- and countries; gives the codes of their plans. Ends are set by order_versions.
create or replace function write_versions(plans jsonb, at timestamptz) returns text[]
language plpgsql as $$
#variable_conflict error
declare
    touched text[];
begin
    with written as (
        insert into catalogue_planversion as v (
            id, plan_id, number, effective_from, period_unit, period_count, validity, on_renewal,
            allowance_bytes, fair_use_bytes, devices_max, region_id
        )
        select
            everline_uuid7(write_versions.at), p.id, a.number, a.effective_from,
            a.content -> 'period' ->> 0, (a.content -> 'period' ->> 1)::smallint,
            a.content ->> 'validity', a.content ->> 'on_renewal',
            (a.content ->> 'allowance')::bigint, (a.content ->> 'fair_use')::bigint,
            (a.content ->> 'devices_max')::smallint, a.content ->> 'region'
        from versions_asked(write_versions.plans) a
        inner join catalogue_plan p on p.code = a.plan
        where a.stored is null or a.changes is not null
        on conflict on constraint plan_version_number_is_unique do update
        set effective_from = excluded.effective_from, effective_until = null,
            period_unit = excluded.period_unit, period_count = excluded.period_count,
            validity = excluded.validity, on_renewal = excluded.on_renewal,
            allowance_bytes = excluded.allowance_bytes, fair_use_bytes = excluded.fair_use_bytes,
            devices_max = excluded.devices_max, region_id = excluded.region_id
        returning v.plan_id
    )
    select coalesce(array_agg(p.code::text), '{}') into touched
    from written w inner join catalogue_plan p on p.id = w.plan_id;
    delete from catalogue_price p using versions_asked(write_versions.plans) a
    where p.plan_version_id = a.stored and 'prices' = any(a.changes);
    insert into catalogue_price (plan_version_id, currency, amount, tax_basis_points)
    select a.stored, p.price ->> 0, (p.price ->> 1)::bigint, (p.price ->> 2)::integer
    from versions_asked(write_versions.plans) a
    cross join lateral jsonb_array_elements(a.content -> 'prices') as p (price)
    on conflict do nothing;
    delete from catalogue_coverage c using versions_asked(write_versions.plans) a
    where c.plan_version_id = a.stored and 'countries' = any(a.changes)
      and not a.content -> 'countries' ? c.country;
    insert into catalogue_coverage (plan_version_id, country)
    select a.stored, c.country
    from versions_asked(write_versions.plans) a
    cross join lateral jsonb_array_elements_text(a.content -> 'countries') as c (country)
    on conflict do nothing;
    return touched;
end $$;

-- part order_versions: lets each version end where the next one begins; gives the flaws of those
-- that do not begin after the one before, null when there are none.
create or replace function order_versions(plans jsonb) returns jsonb
language plpgsql as $$
#variable_conflict error
declare
    flaws jsonb;
begin
    select jsonb_agg(jsonb_build_object(
        'line', b.line, 'field', 'plan ' || b.code, 'flaw', 'version_order',
        'facts', jsonb_build_object('value', b.number, 'before', b.before)
    )) into flaws
    from (
        select
            g.line, g.code, v.number, v.effective_from, lag(v.number) over every as before,
            lag(v.effective_from) over every as before_from
        from jsonb_to_recordset(order_versions.plans) as g (line integer, code text)
        inner join catalogue_plan p on p.code = g.code
        inner join catalogue_planversion v on v.plan_id = p.id
        window every as (partition by v.plan_id order by v.number)
    ) b where b.effective_from <= b.before_from;
    if flaws is not null then
        return flaws;
    end if;
    update catalogue_planversion v set effective_until = n.next_from
    from (
        select w.id, lead(w.effective_from) over (
            partition by w.plan_id order by w.number
        ) as next_from from catalogue_planversion w
    ) n
    where n.id = v.id and v.effective_until is distinct from n.next_from;
    return null;
end $$;

-- verb load_promotions: writes offers with their plans, opens their budgets and grants to them
-- what the file says in all. Caller: loading/documents.py. An offer keeps the unit of its budget
-- and the pockets that are open; a budget may grow, and an offer ends by its window.
create or replace function load_promotions(promotions jsonb, at timestamptz) returns loaded
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    result loaded;
begin
    perform only_owner();
    select count(*) filter (where w.is_new), count(*) filter (where not w.is_new)
    into result.added, result.changed
    from write_promotions(load_promotions.promotions, load_promotions.at) as w (is_new);
    perform open_account(
        p.account_id, 'promotion_budget', p.budget_unit, n.number, load_promotions.at
    )
    from jsonb_populate_recordset(null::catalogue_promotion, load_promotions.promotions) g
    inner join catalogue_promotion p on p.code = g.code
    cross join lateral generate_series(0, p.pockets - 1) as n (number);
    with funded as (
        select
            g.line, g.code, g.budget, g.budget_unit, p.budget_unit as stored_unit,
            case when g.budget_unit = p.budget_unit then fund_up_to(
                'promotion ' || g.code, p.account_id, 'promotion_budget', p.budget_unit, g.budget,
                load_promotions.at
            ) end as booked
        from jsonb_to_recordset(load_promotions.promotions)
            as g (line integer, code text, budget bigint, budget_unit text)
        inner join catalogue_promotion p on p.code = g.code
    )
    select jsonb_agg(jsonb_build_object(
        'line', f.line, 'field', 'promotion ' || f.code || '.budget',
        'flaw', case when f.booked is null then 'fixed' else 'lowered' end,
        'facts', jsonb_build_object('stored', f.booked, 'unit', f.stored_unit)
    )) into result.flaws
    from funded f where f.booked is null or f.budget < f.booked;
    return result;
end $$;

-- part write_promotions: writes offers that are new or differ, and the plans that each is for;
-- gives for each of them whether it is new.
create or replace function write_promotions(promotions jsonb, at timestamptz)
returns setof boolean
language plpgsql as $$
#variable_conflict error
begin
    return query
    insert into catalogue_promotion as p (
        id, account_id, code, names, kind, percent_basis_points, amount, currency, bonus_bytes,
        starts_at, ends_at, channels, per_card_max, budget_unit, pockets, is_public
    )
    select
        everline_uuid7(write_promotions.at), everline_uuid7(write_promotions.at), g.code, g.names,
        g.kind, g.percent_basis_points, g.amount, g.currency, g.bonus_bytes, g.starts_at,
        g.ends_at, g.channels, g.per_card_max, g.budget_unit, g.pockets,
        coalesce(g.is_public, false)
    from jsonb_populate_recordset(null::catalogue_promotion, write_promotions.promotions) g
    on conflict (code) do update
    set names = excluded.names, kind = excluded.kind,
        percent_basis_points = excluded.percent_basis_points, amount = excluded.amount,
        currency = excluded.currency, bonus_bytes = excluded.bonus_bytes,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at,
        channels = excluded.channels, per_card_max = excluded.per_card_max,
        is_public = excluded.is_public,
        pockets = greatest(p.pockets, excluded.pockets)
    where (
        p.names, p.kind, p.percent_basis_points, p.amount, p.currency, p.bonus_bytes,
        p.starts_at, p.ends_at, p.channels, p.per_card_max, p.is_public
    ) is distinct from (
        excluded.names, excluded.kind, excluded.percent_basis_points, excluded.amount,
        excluded.currency, excluded.bonus_bytes, excluded.starts_at, excluded.ends_at,
        excluded.channels, excluded.per_card_max, excluded.is_public
    ) or p.pockets < excluded.pockets
    returning p.xmax = 0;
    delete from catalogue_promotion_plans m
    using catalogue_promotion p, catalogue_plan q,
        jsonb_to_recordset(write_promotions.promotions) as g (code text, plans text[])
    where p.code = g.code and m.promotion_id = p.id and q.id = m.plan_id
      and q.code <> all(g.plans);
    insert into catalogue_promotion_plans (promotion_id, plan_id)
    select p.id, q.id
    from jsonb_to_recordset(write_promotions.promotions) as g (code text, plans text[])
    inner join catalogue_promotion p on p.code = g.code
    inner join catalogue_plan q on q.code = any(g.plans)
    on conflict do nothing;
end $$;
