-- The quote: what a plan costs these cards now, what it gives, when it ends, what happens to
-- leftovers.
-- Every page, verb and sweep asks this one function; Python only words its result.

-- part quoted: one card's quote; a reason says why it cannot be sold.
create type quoted as (
    card_id uuid, account_id uuid, reason text, facts jsonb, zone text, means text[],
    plan_version_id uuid, on_renewal text, allowance_bytes bigint, fair_use_bytes bigint,
    devices_max smallint, promotion_id uuid, promotion_account uuid, promotion_unit text,
    promotion_cost bigint, bonus_bytes bigint, currency text, price bigint, discount bigint,
    total bigint, tax bigint, starts_at timestamptz, ends_at timestamptz, anchor_day smallint,
    first_day date, last_day date, present_ends_at timestamptz, leftover_bytes bigint
);

-- part terms: the term that a plan version would give each card, priced later.
create or replace function terms(cards uuid[], plan_version uuid, at timestamptz)
returns setof quoted
language plpgsql stable as $$
#variable_conflict error
begin
    return query
    with asked as (
        select
            c.id as card_id, c.account_id, c.zone, c.currency, v.id as version_id,
            v.period_unit, v.period_count, v.validity, v.on_renewal, v.allowance_bytes,
            v.fair_use_bytes, v.devices_max, t.present_ends_at, t.leftover_bytes,
            case when v.on_renewal = 'queue' then coalesce(t.paid_until, terms.at)
                else terms.at end as starts_at,
            case when v.period_unit in ('day', 'week') then 0
                when v.on_renewal = 'queue' and t.last_anchor > 0 then t.last_anchor
            end as anchor,
            case when c.state = 'bound' and t.is_new and v.on_renewal <> 'queue'
                then row('term_paid', '{}'::jsonb)::objection
                else why_not_card(c.state, v, t.queued, terms.at) end as why
        from cards_card c
        left join catalogue_planversion v on v.id = terms.plan_version
        left join lateral (
            select
                max(e.ends_at) as paid_until,
                count(*) filter (where e.starts_at > terms.at) as queued,
                bool_or(e.starts_at = terms.at) as is_new,
                max(e.ends_at) filter (where e.starts_at <= terms.at) as present_ends_at,
                (array_agg(e.anchor_day order by e.ends_at desc))[1] as last_anchor,
                max(greatest(e.allowance_bytes + e.carried_bytes - e.used_bytes, 0))
                    filter (where e.starts_at <= terms.at) as leftover_bytes
            from cards_entitlement e
            where e.card_id = c.id and e.ends_at > terms.at and e.state <> 'cancelled'
        ) t on true
        where c.id = any(terms.cards)
    ), dated as (
        select
            a.*, coalesce(a.anchor, anchor_for(a.starts_at, a.zone))::smallint as anchor_day
        from asked a
    ), ended as (
        select
            d.*,
            case when d.version_id is not null then greatest(
                term_end(
                    d.starts_at, d.period_unit, d.period_count, d.validity, d.zone,
                    greatest(d.anchor_day, 1)
                ),
                case when d.on_renewal = 'stack' then d.present_ends_at end
            ) end as ends_at
        from dated d
    )
    select
        e.card_id, e.account_id, (e.why).reason, (e.why).facts, e.zone::text, null::text[],
        e.version_id, e.on_renewal::text, e.allowance_bytes, e.fair_use_bytes, e.devices_max,
        null::uuid, null::uuid, null::text, 0::bigint, 0::bigint, e.currency::text, null::bigint,
        0::bigint, null::bigint, 0::bigint, e.starts_at, e.ends_at, e.anchor_day,
        (e.starts_at at time zone e.zone)::date,
        ((e.ends_at - interval '1 microsecond') at time zone e.zone)::date,
        e.present_ends_at, e.leftover_bytes
    from ended e;
end $$;

-- part why_not_card: what in the card, the plan version or the terms ahead forbids a sale.
create or replace function why_not_card(
    card_state text, version catalogue_planversion, queued bigint, at timestamptz
) returns objection
language plpgsql stable as $$
#variable_conflict error
declare
    ahead_max integer;
    successor text;
begin
    if why_not_card.card_state <> 'bound' then
        return row(
            case why_not_card.card_state when 'in_stock' then 'card_not_active'
                when 'activated' then 'card_not_bound'
                else 'card_' || why_not_card.card_state end, '{}'::jsonb
        )::objection;
    end if;
    if (why_not_card.version).id is null then
        return row('plan_unknown', '{}'::jsonb)::objection;
    end if;
    select s.code into successor from catalogue_plan p
    left join catalogue_plan s on s.id = p.successor_id
    where p.id = (why_not_card.version).plan_id and (
        p.retired_at <= why_not_card.at
        or why_not_card.at < (why_not_card.version).effective_from
        or why_not_card.at >= (why_not_card.version).effective_until
    );
    if found then
        return row('plan_withdrawn', jsonb_build_object('successor', successor))::objection;
    end if;
    if why_not_card.queued = 0 then
        return null;
    end if;
    if (why_not_card.version).on_renewal <> 'queue' then
        return row('term_queued', jsonb_build_object('queued', why_not_card.queued))::objection;
    end if;
    select p.terms_ahead_max into ahead_max from catalogue_policy p where p.id = 1;
    if why_not_card.queued >= coalesce(ahead_max, 6) then
        return row('too_far_ahead', jsonb_build_object('queued', why_not_card.queued))::objection;
    end if;
    return null;
end $$;

-- part priced: adds price, promotion, tax and the channel's limits to a term.
create or replace function priced(
    term quoted, promotion text, channel text, at timestamptz
) returns quoted
language plpgsql stable as $$
#variable_conflict error
declare
    door trust_channel;
    price catalogue_price;
    why objection;
begin
    select c.* into door from trust_channel c where c.code = priced.channel;
    term.means := door.means;
    if term.reason is not null then
        return term;
    end if;
    select p.* into price from catalogue_price p
    where p.plan_version_id = term.plan_version_id and p.currency = term.currency;
    if price.id is null then
        term.reason := 'plan_not_sold';
        term.facts := jsonb_build_object('currency', term.currency);
        return term;
    end if;
    term.price := price.amount;
    if priced.promotion is not null then
        term := promoted(term, priced.promotion, priced.channel, priced.at);
    end if;
    term.total := term.price - term.discount;
    term.tax := term.total - (term.total * 20000 + 10000 + price.tax_basis_points)
        / (2 * (10000 + price.tax_basis_points));
    if term.reason is not null then
        return term;
    end if;
    if door.is_open is not true then
        term.reason := 'channel_closed';
        term.facts := jsonb_build_object('channel', priced.channel);
    elsif (door.amount_max ->> term.currency)::bigint < term.total then
        term.reason := 'limit_exceeded';
        term.facts := jsonb_build_object(
            'total', term.total, 'most', (door.amount_max ->> term.currency)::bigint
        );
    end if;
    return term;
end $$;

-- part promoted: applies a promotion's code to a priced term, or says why it does not apply.
create or replace function promoted(term quoted, code text, channel text, at timestamptz)
returns quoted
language plpgsql stable as $$
#variable_conflict error
declare
    offer catalogue_promotion;
begin
    select p.* into offer from catalogue_promotion p where p.code = promoted.code;
    term.facts := jsonb_build_object('promotion', promoted.code);
    if offer.id is null then
        term.reason := 'promotion_unknown';
        return term;
    end if;
    term.promotion_id := offer.id;
    term.promotion_account := offer.account_id;
    term.promotion_unit := offer.budget_unit;
    term.bonus_bytes := case when offer.kind = 'bonus_data' then offer.bonus_bytes else 0 end;
    term.discount := case offer.kind
        when 'percent' then (term.price * offer.percent_basis_points + 5000) / 10000
        when 'amount' then least(offer.amount, term.price)
        else 0
    end;
    term.promotion_cost := case when offer.budget_unit = 'XXX' then 1
        when offer.budget_unit is not null then term.discount else 0 end;
    term.reason := case
        when promoted.at < offer.starts_at or promoted.at >= offer.ends_at
            then 'promotion_closed'
        when offer.currency <> term.currency
            or (term.promotion_unit <> 'XXX' and term.promotion_unit <> term.currency)
            or (cardinality(offer.channels) > 0 and promoted.channel <> all(offer.channels))
            or (term.bonus_bytes > 0 and term.allowance_bytes is null)
            or (
                exists (select from catalogue_promotion_plans m where m.promotion_id = offer.id)
                and not exists (
                    select from catalogue_promotion_plans m
                    inner join catalogue_planversion v on v.plan_id = m.plan_id
                    where m.promotion_id = offer.id and v.id = term.plan_version_id
                )
            ) then 'promotion_not_for_this'
        when offer.per_card_max <= (
            select count(*) from renewals_renewal r
            where r.card_id = term.card_id and r.promotion_id = offer.id
              and r.state not in ('refused', 'cancelled', 'expired', 'reversed')
        ) then 'promotion_used'
        when term.promotion_cost > 0
            and spendable(offer.account_id, 'promotion_budget', offer.budget_unit)
            < term.promotion_cost then 'promotion_spent'
    end;
    return term;
end $$;

-- verb quote: quotes one plan version for many cards at one instant; reads only, locks nothing.
-- Caller: renewals/__init__.py and the verbs of renewals. One row a known card; a null reason:
-- it can be sold.
create or replace function quote(
    cards uuid[], plan_version uuid, promotion text, channel text, at timestamptz
) returns setof quoted
language plpgsql stable security definer set search_path from current as $$
#variable_conflict error
begin
    return query
    select p.* from terms(quote.cards, quote.plan_version, quote.at) t
    cross join lateral priced(
        row(t.*)::quoted, quote.promotion, quote.channel, quote.at
    ) p;
end $$;
