-- The quote: what a plan costs these cards now, what it gives, when it ends, what happens to
-- leftovers.
-- Every page, verb and sweep asks this one function; Python only words its result.

-- part quoted: one card's quote; a reason says why it cannot be sold, `open_id` names the renewal
-- of the card that is open already.
create type quoted as (
    card_id uuid, account_id uuid, reason text, facts jsonb, zone text, means text[],
    plan_version_id uuid, on_renewal text, allowance_bytes bigint, fair_use_bytes bigint,
    devices_max smallint, promotion_id uuid, promotion_account uuid, promotion_unit text,
    promotion_cost bigint, bonus_bytes bigint, currency text, price bigint, discount bigint,
    total bigint, tax bigint, starts_at timestamptz, ends_at timestamptz, anchor_day smallint,
    first_day date, last_day date, present_ends_at timestamptz, leftover_bytes bigint,
    open_id uuid
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
-- One statement reads all there is to know. Most cards have one term that is not over, so the last
-- one tells all; it is found by its index.
create or replace function term_of(card cards_card, plan_version uuid, at timestamptz)
returns quoted
language plpgsql stable as $$
#variable_conflict error
declare
    known record;
    terms ahead;
    ends_at timestamptz;
    why objection;
begin
    select
        v.id as version_id, v.on_renewal, v.allowance_bytes, v.fair_use_bytes, v.devices_max,
        v.period_unit, v.period_count, v.validity,
        term_of.at >= v.effective_from and coalesce(term_of.at < v.effective_until, true)
        and coalesce((
            select p.retired_at from catalogue_plan p where p.id = v.plan_id
        ) > term_of.at, true) as is_on_sale,
        (
            select r.id from renewals_renewal r
            where r.card_id = card.id and r.state in ('placed', 'awaiting_payment', 'held')
        ) as open_id,
        coalesce(e.starts_at < term_of.at, true) as is_none_ahead,
        case v.on_renewal when 'queue' then coalesce(e.ends_at, term_of.at) else term_of.at end
        as starts_at,
        case when v.period_unit in ('day', 'week') then 0::smallint
            when v.on_renewal = 'queue' then nullif(e.anchor_day, 0::smallint) end as anchor,
        e.ends_at as present_ends_at,
        case when e.id is not null then greatest(
            e.allowance_bytes + e.carried_bytes - e.used_bytes, 0
        ) end as leftover_bytes
    into known
    from (select) as asked
    left join catalogue_planversion v on v.id = term_of.plan_version
    left join lateral (
        select t.* from cards_entitlement t
        where t.card_id = card.id and t.ends_at > term_of.at and t.state <> 'cancelled'
        order by t.ends_at desc limit 1
    ) e on true;
    if not known.is_none_ahead then
        terms := terms_ahead(card.id, term_of.at);
        known.present_ends_at := terms.present_ends_at;
        known.leftover_bytes := terms.leftover_bytes;
    end if;
    if known.anchor is null then
        known.anchor := anchor_for(known.starts_at, card.zone);
    end if;
    ends_at := case when known.version_id is not null then greatest(
        term_end(
            known.starts_at, known.period_unit, known.period_count, known.validity, card.zone,
            greatest(known.anchor, 1)
        ), case known.on_renewal when 'stack' then known.present_ends_at end
    ) end;
    if (card.state = 'bound' and known.is_on_sale and known.is_none_ahead) is not true then
        why := why_not_card(card, term_of.plan_version, terms, term_of.at);
    end if;
    return row(
        card.id, card.account_id, why.reason, why.facts, card.zone, null, known.version_id,
        known.on_renewal, known.allowance_bytes, known.fair_use_bytes, known.devices_max,
        null, null, null, 0, 0, card.currency, null, 0, null, 0, known.starts_at, ends_at,
        known.anchor, (known.starts_at at time zone card.zone)::date,
        ((ends_at - interval '1 microsecond') at time zone card.zone)::date,
        known.present_ends_at, known.leftover_bytes, known.open_id
    )::quoted;
end $$;

-- part lately_paid: where and since when a card has been renewed, if that was within a day: whoever
-- is refused because of it is told. Empty when it was not.
create or replace function lately_paid(card uuid, at timestamptz) returns jsonb
language sql stable as $$
    select coalesce((
        select jsonb_build_object('channel', r.channel, 'since', r.paid_at)
        from renewals_renewal r
        where r.card_id = lately_paid.card and r.state in ('paid', 'delivered')
          and r.paid_at > lately_paid.at - interval '1 day'
        order by r.paid_at desc limit 1
    ), '{}'::jsonb)
$$;

-- part why_not_card: what in the card, the plan version or the terms ahead forbids a sale. Asked
-- only of those that something stands against, or that have terms ahead.
create or replace function why_not_card(
    card cards_card, plan_version uuid, terms ahead, at timestamptz
) returns objection
language plpgsql stable as $$
#variable_conflict error
declare
    version catalogue_planversion;
    plan catalogue_plan;
    ahead_max integer;
begin
    if card.state <> 'bound' and not (card.state = 'activated' and may_begin(card)) then
        return row(
            case card.state when 'in_stock' then 'card_not_active'
                when 'activated' then 'card_not_bound'
                else 'card_' || card.state end, '{}'::jsonb
        )::objection;
    end if;
    select v.* into version from catalogue_planversion v where v.id = why_not_card.plan_version;
    if terms.is_new and version.on_renewal <> 'queue' then
        return row('term_paid', lately_paid(card.id, why_not_card.at))::objection;
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

-- part tax_within: the tax contained in an amount at a rate in hundredths of a percent, so that
-- what is left is rounded half up.
create or replace function tax_within(total bigint, basis_points bigint) returns bigint
language sql immutable parallel safe as $$
    select total - (total * 20000 + 10000 + basis_points) / (2 * (10000 + basis_points))
$$;

-- part priced: adds price, promotion, tax and the channel's limits to a term.
create or replace function priced(
    term quoted, promotion text, channel text, at timestamptz
) returns quoted
language plpgsql stable as $$
#variable_conflict error
declare
    is_open boolean;
    amount_max bigint;
    basis_points bigint;
begin
    select
        c.means, c.is_open, (c.amount_max ->> term.currency)::bigint,
        p.amount, p.amount, p.tax_basis_points,
        coalesce(tax_within(p.amount, p.tax_basis_points), 0)
    into term.means, is_open, amount_max, term.price, term.total, basis_points, term.tax
    from trust_channel c
    left join catalogue_price p on p.plan_version_id = term.plan_version_id
        and p.currency = term.currency and term.reason is null
    where c.code = priced.channel;
    if term.reason is not null then
        return term;
    end if;
    if term.price is null then
        term.reason := 'plan_not_sold';
        term.facts := jsonb_build_object('currency', term.currency);
        return term;
    end if;
    if priced.promotion is not null then
        term := promoted(term, priced.promotion, priced.channel, priced.at);
        term.total := term.price - term.discount;
        term.tax := tax_within(term.total, basis_points);
        if term.reason is not null then
            return term;
        end if;
    end if;
    if is_open is not true then
        term.reason := 'channel_closed';
        term.facts := jsonb_build_object('channel', priced.channel);
    elsif amount_max < term.total then
        term.reason := 'limit_exceeded';
        term.facts := jsonb_build_object('total', term.total, 'most', amount_max);
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

-- part plain_quotes: quotes a plan version each for many cards in one statement, where nothing is
-- unusual: the card is in use, the version is on sale for it, nothing is paid ahead, the channel is
-- open for the amount. It leaves out all others. What it says is what `quote` says: a test holds
-- the two together. `cards` and `versions` go in pairs, each card once.
create or replace function plain_quotes(
    cards uuid[], versions uuid[], channel text, at timestamptz
) returns setof quoted
language sql stable as $$
    with sold as materialized (
        select
            v.id, v.on_renewal::text, v.allowance_bytes, v.fair_use_bytes, v.devices_max,
            v.period_unit::text, v.period_count, v.validity::text, p.currency::text, p.amount,
            tax_within(p.amount, p.tax_basis_points) as tax, c.means
        from catalogue_planversion v
        inner join catalogue_plan n on n.id = v.plan_id
        inner join catalogue_price p on p.plan_version_id = v.id
        inner join trust_channel c on c.code = plain_quotes.channel and c.is_open
        where v.id = any(plain_quotes.versions) and v.effective_from <= plain_quotes.at
          and coalesce(v.effective_until > plain_quotes.at, true)
          and coalesce(n.retired_at > plain_quotes.at, true)
          and coalesce((c.amount_max ->> p.currency)::bigint >= p.amount, true)
    ), known as materialized (
        select
            c.id as card_id, c.account_id, c.zone::text, s.*,
            e.ends_at as present_ends_at, case when e.id is not null then greatest(
                e.allowance_bytes + e.carried_bytes - e.used_bytes, 0
            ) end as leftover_bytes,
            case s.on_renewal when 'queue' then coalesce(e.ends_at, plain_quotes.at)
                else plain_quotes.at end as starts_at,
            case when s.on_renewal = 'queue' and s.period_unit not in ('day', 'week')
                then nullif(e.anchor_day, 0) end as anchor, (
                select r.id from renewals_renewal r
                where r.card_id = c.id and r.state in ('placed', 'awaiting_payment', 'held')
            ) as open_id
        from unnest(plain_quotes.cards, plain_quotes.versions) as a (card_id, version_id)
        inner join cards_card c on c.id = a.card_id and c.state = 'bound'
        inner join sold s on s.id = a.version_id and s.currency = c.currency
        left join lateral (
            select t.* from cards_entitlement t
            where t.card_id = c.id and t.ends_at > plain_quotes.at and t.state <> 'cancelled'
            order by t.ends_at desc limit 1
        ) e on true
        where coalesce(e.starts_at < plain_quotes.at, true)
    ), dated as materialized (
        select k.*, coalesce(
            k.anchor, case when k.period_unit in ('day', 'week') then 0 end,
            anchor_for(k.starts_at, k.zone)
        )::smallint as anchor_day
        from known k
    ), ended as materialized (
        select d.*, greatest(
            term_end(
                d.starts_at, d.period_unit, d.period_count, d.validity, d.zone,
                greatest(d.anchor_day, 1)
            ), case d.on_renewal when 'stack' then d.present_ends_at end
        ) as ends_at
        from dated d
    )
    select
        d.card_id, d.account_id, null, null::jsonb, d.zone, d.means, d.id, d.on_renewal,
        d.allowance_bytes, d.fair_use_bytes, d.devices_max, null::uuid, null::uuid, null, 0::bigint,
        0::bigint, d.currency, d.amount, 0::bigint, d.amount, d.tax, d.starts_at, d.ends_at,
        d.anchor_day, (d.starts_at at time zone d.zone)::date,
        ((d.ends_at - interval '1 microsecond') at time zone d.zone)::date, d.present_ends_at,
        d.leftover_bytes, d.open_id
    from ended d
$$;

-- part quotes: quotes a plan version each for many cards, each card once: the plain ones in one
-- statement, the others as `quote` does.
create or replace function quotes(
    cards uuid[], versions uuid[], channel text, at timestamptz
) returns setof quoted
language sql stable as $$
    with plain as materialized (
        select p.* from plain_quotes(quotes.cards, quotes.versions, quotes.channel, quotes.at) p
    )
    select p.* from plain p
    union all
    select q.*
    from unnest(quotes.cards, quotes.versions) as a (card_id, version_id)
    cross join lateral quote(
        array[a.card_id], a.version_id, null, quotes.channel, quotes.at
    ) q
    where a.card_id not in (select p.card_id from plain p)
$$;
