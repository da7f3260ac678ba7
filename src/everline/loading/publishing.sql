-- Publishing from the back office what plans.yaml and promotions.yaml say otherwise: a plan, a new
-- version of it, and an offer. All begin later than now, so nothing that is sold changes, and all
-- are written by the parts in plans.sql, so there is one way.

-- verb publish_plan: adds a plan, behind all others, with its first version, from an instant to
-- come; gives published, or why not: exists (another plan has the code; the same one
-- published again is no other), too_early.
-- Caller: loading/publishing.py. Locks: nothing.
create or replace function publish_plan(
    code text, names jsonb, effective_from timestamptz, content jsonb, at timestamptz
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(publish_plan.at);
    if publish_plan.effective_from <= publish_plan.at then
        return 'too_early';
    end if;
    insert into catalogue_plan (id, code, names, position)
    select
        everline_uuid7(publish_plan.at), publish_plan.code, publish_plan.names,
        coalesce(max(p.position), 0) + 1
    from catalogue_plan p
    on conflict do nothing;
    if not found then
        return case when exists (
            select from catalogue_plan p
            inner join catalogue_planversion v on v.plan_id = p.id and v.number = 1
            where p.code = publish_plan.code and p.names = publish_plan.names
              and v.effective_from = publish_plan.effective_from
              and version_content(v) = publish_plan.content - 'countries'
        ) then 'published' else 'exists' end;
    end if;
    perform write_versions(
        jsonb_build_array(jsonb_build_object(
            'line', 0, 'code', publish_plan.code, 'versions', jsonb_build_array(
                jsonb_build_object(
                    'number', 1, 'effective_from', publish_plan.effective_from,
                    'content', publish_plan.content
                )
            )
        )),
        publish_plan.at
    );
    return 'published';
end $$;

-- verb publish_version: adds a version of a plan, with all that it gives, from an instant to come;
-- gives published, or why not: plan_unknown, overtaken (the last version is another one than
-- `after`), too_early, retired. Caller: loading/publishing.py. Locks: the plan.
create or replace function publish_version(
    plan text, after smallint, effective_from timestamptz, content jsonb, at timestamptz
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    last catalogue_planversion;
    ends_at timestamptz;
    plans jsonb;
begin
    perform check_at(publish_version.at);
    select p.retired_at into ends_at from catalogue_plan p
    where p.code = publish_version.plan for update;
    select v.* into last from catalogue_planversion v
    inner join catalogue_plan p on p.id = v.plan_id
    where p.code = publish_version.plan order by v.number desc limit 1;
    if last.id is null then
        return 'plan_unknown';
    elsif last.number <> publish_version.after then
        return 'overtaken';
    elsif publish_version.effective_from <= greatest(publish_version.at, last.effective_from) then
        return 'too_early';
    elsif ends_at <= publish_version.effective_from then
        return 'retired';
    end if;
    plans := jsonb_build_array(jsonb_build_object(
        'line', 0, 'code', publish_version.plan, 'versions', jsonb_build_array(jsonb_build_object(
            'number', last.number + 1, 'effective_from', publish_version.effective_from,
            'content', publish_version.content
        ))
    ));
    perform write_versions(plans, publish_version.at);
    perform order_versions(plans);
    return 'published';
end $$;

-- verb retire_plan: ends a plan at an instant to come and names the plan that its holders are led
-- to; gives published, or why not: plan_unknown, too_early, retired (it has ended), successor_loop,
-- successor_price (the successor lacks a price in one of its currencies), successor_retired. Null
-- for both takes an end that is still to come back. Caller: loading/publishing.py.
-- Locks: both plans by id.
create or replace function retire_plan(
    plan text, successor text, retired_at timestamptz, at timestamptz
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    ending catalogue_plan;
    next catalogue_plan;
begin
    perform check_at(retire_plan.at);
    perform 1 from catalogue_plan p
    where p.code in (retire_plan.plan, retire_plan.successor) order by p.id for update;
    select p.* into ending from catalogue_plan p where p.code = retire_plan.plan;
    select p.* into next from catalogue_plan p where p.code = retire_plan.successor;
    if ending.id is null or (next.id is null and retire_plan.successor is not null) then
        return 'plan_unknown';
    elsif ending.retired_at <= retire_plan.at then
        return 'retired';
    elsif retire_plan.retired_at <= retire_plan.at then
        return 'too_early';
    elsif next.id = ending.id or next.successor_id = ending.id then
        return 'successor_loop';
    elsif next.retired_at is not null then
        return 'successor_retired';
    elsif next.id is not null and exists (
        select c.currency from catalogue_price c
        inner join catalogue_planversion v on v.id = c.plan_version_id
        where v.plan_id = ending.id and v.effective_until is null
        except
        select c.currency from catalogue_price c
        inner join catalogue_planversion v on v.id = c.plan_version_id
        where v.plan_id = next.id and v.effective_until is null
    ) then
        return 'successor_price';
    end if;
    update catalogue_plan p
    set retired_at = retire_plan.retired_at, successor_id = next.id where p.id = ending.id;
    return 'published';
end $$;

-- verb publish_promotion: writes an offer that has not begun, opens its budget and grants to it
-- what it may give in all; gives published, or why not: too_early, begun (the stored one has),
-- unit_kept (its budget counts something else), lowered (more was granted before).
-- Caller: loading/publishing.py. Locks: the offer, its budget.
create or replace function publish_promotion(promotion jsonb, at timestamptz) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    stored catalogue_promotion;
begin
    perform check_at(publish_promotion.at);
    select p.* into stored from catalogue_promotion p
    where p.code = publish_promotion.promotion ->> 'code' for update;
    if stored.starts_at <= publish_promotion.at then
        return 'begun';
    elsif (publish_promotion.promotion ->> 'starts_at')::timestamptz <= publish_promotion.at then
        return 'too_early';
    elsif stored.budget_unit <> publish_promotion.promotion ->> 'budget_unit' then
        return 'unit_kept';
    elsif spendable(stored.account_id, 'promotion_budget', stored.budget_unit)
        > (publish_promotion.promotion ->> 'budget')::bigint then
        return 'lowered';
    end if;
    perform write_promotions(
        jsonb_build_array(publish_promotion.promotion), publish_promotion.at
    );
    select p.* into strict stored from catalogue_promotion p
    where p.code = publish_promotion.promotion ->> 'code';
    perform open_account(
        stored.account_id, 'promotion_budget', stored.budget_unit, n.number, publish_promotion.at
    ) from generate_series(0, stored.pockets - 1) as n (number);
    perform fund_up_to(
        'promotion ' || stored.code, stored.account_id, 'promotion_budget', stored.budget_unit,
        (publish_promotion.promotion ->> 'budget')::bigint, publish_promotion.at
    );
    return 'published';
end $$;

-- verb example_end: when a term that is bought at an instant would end, on a card without another
-- one. Caller: loading/publishing.py. Locks: nothing.
create or replace function example_end(
    period_unit text, period_count smallint, validity text, zone text, at timestamptz
) returns timestamptz
language sql stable security definer set search_path from current as $$
    select term_end(
        example_end.at, example_end.period_unit, example_end.period_count, example_end.validity,
        example_end.zone, anchor_for(example_end.at, example_end.zone)
    )
$$;

-- part example: what one plan would cost in one currency with an offer, and what it adds.
create type example as (
    plan text, names jsonb, currency text, price bigint, discount bigint, bonus_bytes bigint
);

-- verb example_prices: what an offer would do to each plan that it is for and that is sold when it
-- begins, by the arithmetic of `promoted`; a hundred rows at most. Caller: loading/publishing.py.
-- Locks: nothing.
create or replace function example_prices(promotion jsonb) returns setof example
language sql stable security definer set search_path from current as $$
    select
        k.code, k.names, c.currency, c.amount,
        discount_of(o.kind, o.percent_basis_points, o.amount, c.amount), o.bonus_bytes
    from jsonb_populate_record(null::catalogue_promotion, example_prices.promotion) o
    inner join catalogue_planversion v
        on v.effective_from <= o.starts_at
        and (v.effective_until is null or v.effective_until > o.starts_at)
    inner join catalogue_plan k on k.id = v.plan_id
    inner join catalogue_price c on c.plan_version_id = v.id
    where (k.retired_at is null or k.retired_at > o.starts_at)
      and (o.currency is null or o.currency = c.currency)
      and (o.budget_unit = 'XXX' or o.budget_unit = c.currency)
      and (o.bonus_bytes = 0 or v.allowance_bytes is not null)
      and (
          example_prices.promotion -> 'plans' = '[]'
          or example_prices.promotion -> 'plans' ? k.code
      )
    order by k.position, k.code, c.currency limit 100
$$;
