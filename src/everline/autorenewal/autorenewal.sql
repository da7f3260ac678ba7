-- Automatic renewal: mandates. What the due sweep does with them stands in due.sql.

-- part judged: a due card with its quote, the rung's request, and what stands against it.
create type judged as (
    renewal_id uuid, entitlement_id uuid, request_id text, contact jsonb, reason text, facts jsonb,
    means_order text, offer quoted
);

-- part sale: one card's answered rung; `paid_from` is null when it was not paid from the balance.
create type sale as (
    renewal_id uuid, entitlement_id uuid, request_id text, contact jsonb, paid_from uuid,
    offer quoted
);

-- part wanted: the plan version that a mandate renews a card with, and the most that was agreed to;
-- null agrees to the price of the day. With the mandate and the card's next rung.
create type wanted as (
    card_id uuid, version_id uuid, agreed bigint, mandate autorenewal_mandate, rung_at timestamptz
);

-- part agreement: the plan version that words of consent are about, with its price of now.
create type agreement as (
    version_id uuid, total bigint, currency text, period_unit text, period_count smallint
);

-- part agreement_of: what is agreed to for a card: the plan that is given, else the one it has,
-- else the one that it is about to have. Null when there is none.
create or replace function agreement_of(card cards_card, plan uuid, at timestamptz)
returns agreement
language sql stable as $$
    select v.id, p.amount, (agreement_of.card).currency, v.period_unit::text, v.period_count
    from catalogue_planversion v
    left join catalogue_price p
        on p.plan_version_id = v.id and p.currency = (agreement_of.card).currency
    where v.effective_from <= agreement_of.at and v.plan_id = coalesce(agreement_of.plan, (
        select w.plan_id from catalogue_planversion w where w.id = coalesce((
            select e.plan_version_id from cards_entitlement e
            where e.card_id = (agreement_of.card).id and e.state <> 'cancelled'
            order by e.ends_at desc limit 1
        ), (
            select r.plan_version_id from renewals_renewal r
            where r.card_id = (agreement_of.card).id
              and r.state in ('placed', 'awaiting_payment', 'held')
        ))
    ))
    order by v.effective_from desc limit 1
$$;

-- verb give_mandate: keeps a consent to automatic charges and arms the card.
-- Caller: autorenewal/mandates.py. Locks: request, card. Refuses: card_unknown, card_state,
-- quote_changed. A mandate that is there already is replaced by the new words, plan and amount; its
-- bounds and its pause go on. Without `quoted_total` the price of each day is agreed to.
create or replace function give_mandate(
    channel text, source text, request_id text, request_hash bytea, card uuid, plan uuid,
    words_version text, locale text, quoted_total bigint, means_order text, contact jsonb,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    agreed agreement;
    why objection;
begin
    select b.* into begun from begin_card(
        give_mandate.channel, give_mandate.source, give_mandate.request_id,
        give_mandate.request_hash, give_mandate.card, 'mandated', give_mandate.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    if give_mandate.quoted_total is not null then
        agreed := agreement_of(begun.locked, give_mandate.plan, give_mandate.at);
    end if;
    if (begun.locked).state = 'terminated' then
        why := row('card_state', jsonb_build_object('state', (begun.locked).state))::objection;
    elsif agreed.total is distinct from give_mandate.quoted_total then
        why := row('quote_changed', jsonb_build_object(
            'total', agreed.total, 'currency', (begun.locked).currency
        ))::objection;
    end if;
    if why.reason is not null then
        return refuse(
            give_mandate.channel, give_mandate.source, give_mandate.request_id, why
        );
    end if;
    perform keep_mandate(
        begun.locked, agreed, give_mandate.plan, row(
            give_mandate.channel, give_mandate.source, give_mandate.words_version,
            give_mandate.locale, give_mandate.means_order, give_mandate.contact
        )::consent, give_mandate.at
    );
    perform arm(give_mandate.card, true, give_mandate.at);
    return row(give_mandate.card, 'mandated', null, null, null, false)::answer;
end $$;

-- part consent: where a consent was given, and to which words.
create type consent as (
    channel text, source text, words_version text, locale text, means_order text, contact jsonb
);

-- part keep_mandate: writes a mandate in place of the one that is in force.
create or replace function keep_mandate(
    card cards_card, agreed agreement, plan uuid, given consent, at timestamptz
) returns void
language plpgsql as $$
#variable_conflict error
declare
    former autorenewal_mandate;
begin
    update autorenewal_mandate m set ended_at = keep_mandate.at
    where m.card_id = (keep_mandate.card).id and m.ended_at is null returning m.* into former;
    insert into autorenewal_mandate (
        id, account_id, card_id, plan_id, channel, source, words_version, locale, contact, total,
        currency, period_unit, period_count, means_order, paused_until, is_skip, below_bytes,
        day_max, month_max, month_total_max, given_at
    ) values (
        everline_uuid7(keep_mandate.at), (keep_mandate.card).account_id, (keep_mandate.card).id,
        keep_mandate.plan, given.channel, given.source, given.words_version, given.locale,
        given.contact, agreed.total, agreed.currency, agreed.period_unit, agreed.period_count,
        given.means_order, former.paused_until, coalesce(former.is_skip, false),
        former.below_bytes, coalesce(former.day_max, 1), coalesce(former.month_max, 10),
        former.month_total_max, keep_mandate.at
    );
end $$;

-- verb end_mandate: ends a consent in one step and disarms the card.
-- Caller: autorenewal/mandates.py. Locks: request, card. Refuses: card_unknown.
create or replace function end_mandate(
    channel text, source text, request_id text, request_hash bytea, card uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_card(
        end_mandate.channel, end_mandate.source, end_mandate.request_id,
        end_mandate.request_hash, end_mandate.card, 'unmandated', end_mandate.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    perform drop_mandate(end_mandate.card, end_mandate.at);
    return row(end_mandate.card, 'unmandated', null, null, null, false)::answer;
end $$;

-- part drop_mandate: ends the mandate of a card that is locked, if it has one, and disarms it.
create or replace function drop_mandate(card uuid, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
begin
    update autorenewal_mandate m set ended_at = drop_mandate.at
    where m.card_id = drop_mandate.card and m.ended_at is null;
    perform arm(drop_mandate.card, false, drop_mandate.at);
end $$;

-- part begin_mandated: claims a request about a card that renews by itself and locks the card.
-- A final answer is there when the request was answered, or when it has no mandate.
create or replace function begin_mandated(
    channel text, source text, request_id text, request_hash bytea, card uuid, outcome text,
    at timestamptz, out locked cards_card, out mandate autorenewal_mandate, out final answer
)
language plpgsql as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_card(
        begin_mandated.channel, begin_mandated.source, begin_mandated.request_id,
        begin_mandated.request_hash, begin_mandated.card, begin_mandated.outcome,
        begin_mandated.at
    ) b;
    locked := begun.locked;
    final := begun.final;
    if (begun.final).outcome is not null then
        return;
    end if;
    select m.* into mandate from autorenewal_mandate m
    where m.card_id = begin_mandated.card and m.ended_at is null;
    if mandate.id is null then
        final := refuse(
            begin_mandated.channel, begin_mandated.source, begin_mandated.request_id,
            row('mandate_unknown', '{}'::jsonb)::objection
        );
    end if;
end $$;

-- verb change_mandate: sets the order of means and the bounds of a mandate.
-- Caller: autorenewal/mandates.py. Locks: request, card. Refuses: card_unknown, mandate_unknown,
-- plan_queues: what starts after the present term does not help when its data runs low.
create or replace function change_mandate(
    channel text, source text, request_id text, request_hash bytea, card uuid, means_order text,
    below_bytes bigint, day_max integer, month_max integer, month_total_max bigint, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_mandated(
        change_mandate.channel, change_mandate.source, change_mandate.request_id,
        change_mandate.request_hash, change_mandate.card, 'mandate_changed', change_mandate.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    if change_mandate.below_bytes is not null and starts_at_once(
        change_mandate.card, (begun.mandate).plan_id, change_mandate.at
    ) is not true then
        return refuse(
            change_mandate.channel, change_mandate.source, change_mandate.request_id,
            row('plan_queues', '{}'::jsonb)::objection
        );
    end if;
    update autorenewal_mandate m
    set means_order = change_mandate.means_order, below_bytes = change_mandate.below_bytes,
        day_max = change_mandate.day_max, month_max = change_mandate.month_max,
        month_total_max = change_mandate.month_total_max
    where m.id = (begun.mandate).id;
    return row(change_mandate.card, 'mandate_changed', null, null, null, false)::answer;
end $$;
