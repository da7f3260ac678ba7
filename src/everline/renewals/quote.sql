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

-- part ahead: what is already paid for of a card: terms queued, the present one, and one that
-- begins at this very instant.
create type ahead as (
    queued bigint, is_new boolean, present_ends_at timestamptz, leftover_bytes bigint
);

-- part terms_ahead: looks through all terms of a card that are not over.
create or replace function terms_ahead(card uuid, at timestamptz) returns ahead
language plpgsql stable as $$
#variable_conflict error
declare
    found_ahead ahead;
begin
    select
        count(*) filter (where e.starts_at > terms_ahead.at),
        bool_or(e.starts_at = terms_ahead.at),
        max(e.ends_at) filter (where e.starts_at <= terms_ahead.at),
        max(greatest(e.allowance_bytes + e.carried_bytes - e.used_bytes, 0))
            filter (where e.starts_at <= terms_ahead.at)
    into found_ahead
    from cards_entitlement e
    where e.card_id = terms_ahead.card and e.ends_at > terms_ahead.at and e.state <> 'cancelled';
    return found_ahead;
end $$;

-- part term_of: the term that a plan version would give a card, priced later. It is told even when
-- it cannot be sold, as what was paid for already may still need it.
-- Most cards have one term that is not over, so the last one tells all; it is found by its index.
create or replace function term_of(card cards_card, plan_version uuid, at timestamptz)
returns quoted
language plpgsql stable as $$
#variable_conflict error
declare
    version catalogue_planversion;
    last_term cards_entitlement;
    terms ahead;
    starts_at timestamptz := term_of.at;
    ends_at timestamptz;
    anchor smallint := 0;
    why objection;
begin
    select v.* into version from catalogue_planversion v where v.id = term_of.plan_version;
    select e.* into last_term from cards_entitlement e
    where e.card_id = card.id and e.ends_at > term_of.at and e.state <> 'cancelled'
    order by e.ends_at desc limit 1;
    if last_term.starts_at > term_of.at then
        terms := terms_ahead(card.id, term_of.at);
    elsif last_term.id is not null then
        terms.is_new := last_term.starts_at = term_of.at;
        terms.present_ends_at := last_term.ends_at;
        terms.leftover_bytes := greatest(
            last_term.allowance_bytes + last_term.carried_bytes - last_term.used_bytes, 0
        );
    end if;
    if version.on_renewal = 'queue' and last_term.id is not null then
        starts_at := last_term.ends_at;
        anchor := last_term.anchor_day;
    end if;
    if version.period_unit in ('day', 'week') then
        anchor := 0;
    elsif anchor = 0 then
        anchor := anchor_for(starts_at, card.zone);
    end if;
    if version.id is not null then
        ends_at := term_end(
            starts_at, version.period_unit, version.period_count, version.validity, card.zone,
            greatest(anchor, 1)
        );
    end if;
    if version.on_renewal = 'stack' then
        ends_at := greatest(ends_at, terms.present_ends_at);
    end if;
    why := why_not_card(
        case when card.state = 'activated' and may_begin(card) then 'bound' else card.state end,
        version, terms, term_of.at
    );
    return row(
        card.id, card.account_id, why.reason, why.facts, card.zone, null, version.id,
        version.on_renewal, version.allowance_bytes, version.fair_use_bytes, version.devices_max,
        null, null, null, 0, 0, card.currency, null, 0, null, 0, starts_at, ends_at, anchor,
        (starts_at at time zone card.zone)::date,
        ((ends_at - interval '1 microsecond') at time zone card.zone)::date,
        terms.present_ends_at, terms.leftover_bytes
    )::quoted;
end $$;

-- part why_not_card: what in the card, the plan version or the terms ahead forbids a sale.
create or replace function why_not_card(
    card_state text, version catalogue_planversion, terms ahead, at timestamptz
) returns objection
language plpgsql stable as $$
#variable_conflict error
declare
    plan catalogue_plan;
    ahead_max integer;
begin
    if why_not_card.card_state <> 'bound' then
        return row(
            case why_not_card.card_state when 'in_stock' then 'card_not_active'
                when 'activated' then 'card_not_bound'
                else 'card_' || why_not_card.card_state end, '{}'::jsonb
        )::objection;
    end if;
    if terms.is_new and version.on_renewal <> 'queue' then
        return row('term_paid', '{}'::jsonb)::objection;
    end if;
    if version.id is null then
        return row('plan_unknown', '{}'::jsonb)::objection;
    end if;
    select p.* into plan from catalogue_plan p where p.id = version.plan_id;
    if plan.retired_at <= why_not_card.at or why_not_card.at < version.effective_from
        or why_not_card.at >= version.effective_until then
        return row('plan_withdrawn', jsonb_build_object('successor', (
            select s.code from catalogue_plan s where s.id = plan.successor_id
        )))::objection;
    end if;
    if terms.queued > 0 and version.on_renewal <> 'queue' then
        return row('term_queued', jsonb_build_object('queued', terms.queued))::objection;
    end if;
    if terms.queued > 0 then
        select p.terms_ahead_max into ahead_max from catalogue_policy p where p.id = 1;
        if terms.queued >= coalesce(ahead_max, 6) then
            return row('too_far_ahead', jsonb_build_object('queued', terms.queued))::objection;
        end if;
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

-- part discount_of: what an offer takes off a price, half a minor unit rounded up.
create or replace function discount_of(
    kind text, percent_basis_points integer, amount bigint, price bigint
) returns bigint
language sql immutable parallel safe as $$
    select case discount_of.kind
        when 'percent' then (discount_of.price * discount_of.percent_basis_points + 5000) / 10000
        when 'amount' then least(discount_of.amount, discount_of.price)
        else 0
    end
$$;

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
    term.discount := discount_of(
        offer.kind, offer.percent_basis_points, offer.amount, term.price
    );
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
declare
    card cards_card;
begin
    for card in select c.* from cards_card c where c.id = any(quote.cards) loop
        return next priced(
            term_of(card, quote.plan_version, quote.at), quote.promotion, quote.channel, quote.at
        );
    end loop;
end $$;
