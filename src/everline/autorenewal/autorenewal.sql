-- Automatic renewal: mandates, and the due sweep, which renews a thousand cards in one call.

-- verb give_mandate: keeps a consent to automatic charges and arms the card.
-- Caller: autorenewal/mandates.py. Locks: request, card. Refuses: card_unknown, card_state.
-- A mandate that is there already is replaced by the new words and plan.
create or replace function give_mandate(
    channel text, source text, request_id text, request_hash bytea, card uuid, plan uuid,
    words_version text, contact jsonb, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    mandate_id uuid := everline_uuid7(give_mandate.at);
begin
    select b.* into begun from begin_card(
        give_mandate.channel, give_mandate.source, give_mandate.request_id,
        give_mandate.request_hash, give_mandate.card, 'mandated', give_mandate.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    if (begun.locked).state = 'terminated' then
        return refuse(
            give_mandate.channel, give_mandate.source, give_mandate.request_id,
            row('card_state', jsonb_build_object('state', (begun.locked).state))::objection
        );
    end if;
    update autorenewal_mandate m set ended_at = give_mandate.at
    where m.card_id = give_mandate.card and m.ended_at is null;
    insert into autorenewal_mandate (
        id, account_id, card_id, plan_id, channel, words_version, contact, given_at
    ) values (
        mandate_id, (begun.locked).account_id, give_mandate.card, give_mandate.plan,
        give_mandate.channel, give_mandate.words_version, give_mandate.contact, give_mandate.at
    );
    perform arm(give_mandate.card, true, give_mandate.at);
    return row(give_mandate.card, 'mandated', null, null, null, false)::answer;
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

-- part due_offers: what each due card is to be renewed with, quoted, with the rung's request id.
-- The id comes from card, period start and rung, so no rung of a term is ever tried twice.
create or replace function due_offers(due uuid[], at timestamptz)
returns table (renewal_id uuid, request_id text, contact jsonb, offer quoted)
language plpgsql stable as $$
#variable_conflict error
begin
    return query
    with wanted as (
        select c.id as card_id, c.next_rung_at, m.contact as mandate_contact, v.id as version_id
        from cards_card c
        inner join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
        left join lateral (
            select p.plan_id from cards_entitlement e
            inner join catalogue_planversion p on p.id = e.plan_version_id
            where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
        ) present on m.plan_id is null
        left join lateral (
            select v.id from catalogue_planversion v
            where v.plan_id = coalesce(m.plan_id, present.plan_id)
              and v.effective_from <= due_offers.at
            order by v.effective_from desc limit 1
        ) v on true
        where c.id = any(due_offers.due)
    ), grouped as (
        select w.version_id, array_agg(w.card_id) as cards from wanted w
        where w.version_id is not null group by w.version_id
    )
    select
        everline_uuid7(due_offers.at),
        q.card_id || ':' || extract(epoch from q.starts_at)::bigint || ':'
        || extract(epoch from w.next_rung_at)::bigint,
        w.mandate_contact, q
    from grouped g
    cross join lateral quote(g.cards, g.version_id, null, 'auto', due_offers.at) q
    inner join wanted w on w.card_id = q.card_id;
end $$;
