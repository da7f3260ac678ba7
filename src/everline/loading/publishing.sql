-- Publishing from the back office what plans.yaml and promotions.yaml say otherwise: a new version
-- of a plan, and an offer. Both begin later than now, so nothing that is sold changes, and both
-- are written by the parts in plans.sql, so there is one way.

-- verb publish_version: adds a version of a plan that gives what its last one gives, at other
-- prices, from an instant to come; gives published, or why not: plan_unknown, overtaken (the last
-- version is another one than `after`), too_early. Caller: loading/publishing.py. Locks: the plan.
create or replace function publish_version(
    plan text, after smallint, effective_from timestamptz, prices jsonb, at timestamptz
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    last catalogue_planversion;
    content jsonb;
    plans jsonb;
begin
    perform check_at(publish_version.at);
    perform 1 from catalogue_plan p where p.code = publish_version.plan for update;
    select v.* into last from catalogue_planversion v
    inner join catalogue_plan p on p.id = v.plan_id
    where p.code = publish_version.plan order by v.number desc limit 1;
    if last.id is null then
        return 'plan_unknown';
    elsif last.number <> publish_version.after then
        return 'overtaken';
    elsif publish_version.effective_from <= greatest(publish_version.at, last.effective_from) then
        return 'too_early';
    end if;
    content := version_content(last) || jsonb_build_object(
        'prices', publish_version.prices, 'countries', coalesce((
            select jsonb_agg(c.country) from catalogue_coverage c where c.plan_version_id = last.id
        ), '[]')
    );
    plans := jsonb_build_array(jsonb_build_object(
        'line', 0, 'code', publish_version.plan, 'versions', jsonb_build_array(jsonb_build_object(
            'number', last.number + 1, 'effective_from', publish_version.effective_from,
            'content', content
        ))
    ));
    perform write_versions(plans, publish_version.at);
    perform order_versions(plans);
    return 'published';
end $$;

-- verb publish_promotion: writes an offer that has not begun, opens its budget and grants to it
-- what it may give in all; gives published, or why not: too_early, begun (the stored one has).
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

-- verb example_end: when a term of a plan version that is bought at an instant would end, on a card
-- without another one. Caller: loading/publishing.py. Locks: nothing.
create or replace function example_end(version uuid, zone text, at timestamptz)
returns timestamptz
language sql stable security definer set search_path from current as $$
    select term_end(
        example_end.at, v.period_unit, v.period_count, v.validity, example_end.zone,
        anchor_for(example_end.at, example_end.zone)
    ) from catalogue_planversion v where v.id = example_end.version
$$;
