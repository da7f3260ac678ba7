-- The core: renew at once from a balance or deposit; place for a gateway; cancel, expire, hold
-- for review.
-- Lock order in every verb: request, card, budgets, payers. Refusals are stored with the request.

-- part why_not: everything that can stand against a quoted sale, but for the money.
-- The end may have moved by the minutes a person took to read: then the promised end is kept.
create or replace function why_not(
    offer quoted, means text, quoted_total bigint, quoted_end timestamptz, at timestamptz
) returns objection
language plpgsql stable as $$
#variable_conflict error
begin
    if offer.reason is null and why_not.means = any(offer.means)
        and offer.total = why_not.quoted_total and offer.ends_at = why_not.quoted_end then
        return null;
    end if;
    if offer.card_id is null then
        return row('card_unknown', '{}'::jsonb)::objection;
    end if;
    if offer.reason is not null then
        return row(offer.reason, offer.facts)::objection;
    end if;
    if offer.means is null or why_not.means <> all(offer.means) then
        return row('means_not_allowed', jsonb_build_object('means', offer.means))::objection;
    end if;
    if offer.total <> why_not.quoted_total or (
        offer.ends_at <> why_not.quoted_end and (
            offer.starts_at <> why_not.at
            or why_not.quoted_end <= why_not.at
            or offer.ends_at - why_not.quoted_end not between
                interval '-10 seconds' and make_interval(mins => quote_minutes())
        )
    ) then
        return row('quote_changed', jsonb_build_object(
            'total', offer.total, 'currency', offer.currency, 'ends_at', offer.ends_at
        ) || lately_paid(offer.card_id, why_not.at))::objection;
    end if;
    return null;
end $$;

-- part quote_minutes: how long a quote that starts now may be read before it is accepted.
create or replace function quote_minutes() returns integer
language sql stable as $$
    select coalesce((select p.quote_minutes from catalogue_policy p where p.id = 1), 15)
$$;

-- part record_renewal: writes the renewal in its first state, with the term that was promised, and
-- the step that led there, in one statement.
create or replace function record_renewal(
    renewal_id uuid, offer quoted, channel text, source text, request_id text, event text,
    means text, payer uuid, promised_end timestamptz, contact jsonb, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
begin
    with step as (
        insert into database_history (
            account_id, machine, subject_id, from_state, event, to_state, at
        )
        select
            offer.account_id, t.machine, record_renewal.renewal_id, t.from_state, t.event,
            t.to_state, record_renewal.at
        from database_transition t
        where t.machine = 'renewal' and t.from_state = '' and t.event = record_renewal.event
        returning to_state as reached
    )
    insert into renewals_renewal (
        id, account_id, card_id, channel, source, request_id, state, plan_version_id,
        promotion_id, means, payer_id, currency, price, discount, total, tax, bonus_bytes,
        on_renewal, starts_at, ends_at, anchor_day, first_day, last_day, placed_at, paid_at,
        deadline_at, reason, contact
    )
    select
        record_renewal.renewal_id, offer.account_id, offer.card_id, record_renewal.channel,
        record_renewal.source, record_renewal.request_id, s.reached, offer.plan_version_id,
        offer.promotion_id, record_renewal.means, record_renewal.payer, offer.currency,
        offer.price, offer.discount, offer.total, offer.tax, offer.bonus_bytes, offer.on_renewal,
        offer.starts_at, record_renewal.promised_end, offer.anchor_day, offer.first_day,
        offer.last_day, record_renewal.at,
        case s.reached when 'paid' then record_renewal.at end,
        record_renewal.at + make_interval(mins => coalesce((
            select case s.reached when 'paid' then p.delivery_minutes else p.payment_minutes end
            from catalogue_policy p where p.id = 1
        ), 30)), '', record_renewal.contact
    from step s;
    if not found then
        raise exception 'no step % of a new renewal', record_renewal.event using errcode = 'EV002';
    end if;
    return record_renewal.renewal_id;
end $$;

-- part grant_term: writes what a paid renewal causes: the sale, the entitlement, the job to
-- deliver it.
-- A plan that stacks or replaces closes the present term first; stacking carries its leftovers
-- over.
create or replace function grant_term(
    renewal_id uuid, offer quoted, paid_from uuid, promised_end timestamptz, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    carried bigint := 0;
begin
    if offer.on_renewal <> 'queue' and offer.present_ends_at is not null then
        update cards_entitlement e
        set ends_at = grant_term.at, closed_by_id = everline_uuid7_beside(grant_term.renewal_id, 1)
        where e.card_id = offer.card_id and e.state <> 'cancelled'
          and e.starts_at <= grant_term.at and e.ends_at > grant_term.at;
        carried := case when offer.on_renewal = 'stack' then coalesce(offer.leftover_bytes, 0)
            else 0 end;
    end if;
    with posted as (
        insert into ledger_transfer (
            id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
        )
        select
            leg.id, offer.account_id, grant_term.renewal_id, leg.kind, grant_term.paid_from,
            leg.credit_id, leg.amount, offer.currency, grant_term.at
        from (values
            (
                everline_uuid7_beside(grant_term.renewal_id, 2), 'sale',
                operator_account('deferred', '', offer.currency), offer.total - offer.tax
            ),
            (
                everline_uuid7_beside(grant_term.renewal_id, 3), 'tax',
                operator_account('tax', '', offer.currency), offer.tax
            )
        ) as leg (id, kind, credit_id, amount) where leg.amount > 0
    ), entitled as (
        insert into cards_entitlement (
            id, account_id, card_id, renewal_id, plan_version_id, state, starts_at, ends_at,
            planned_ends_at, anchor_day, allowance_bytes, fair_use_bytes, used_bytes,
            carried_bytes, devices_max
        ) values (
            everline_uuid7_beside(grant_term.renewal_id, 1), offer.account_id, offer.card_id,
            grant_term.renewal_id, offer.plan_version_id, 'pending', offer.starts_at,
            grant_term.promised_end, grant_term.promised_end, offer.anchor_day,
            offer.allowance_bytes + offer.bonus_bytes, offer.fair_use_bytes, 0, carried,
            offer.devices_max
        )
    )
    insert into jobs_job (
        id, account_id, kind, subject_id, state, run_at, tries, tries_max, last_error, created_at
    ) values (
        everline_uuid7_beside(grant_term.renewal_id, 4), offer.account_id, 'deliver',
        grant_term.renewal_id, 'ready', grant_term.at, 0, 12, '', grant_term.at
    );
    return grant_term.renewal_id;
end $$;

-- part stand_aside: judges the card's open renewal. A pending automatic one with no payment in
-- flight is no objection: who succeeds absorbs it, who is refused leaves it. Any other stands, and
-- whoever asks is told where and since when.
create or replace function stand_aside(renewal uuid, channel text) returns objection
language plpgsql stable as $$
#variable_conflict error
declare
    other renewals_renewal;
begin
    select r.* into strict other from renewals_renewal r where r.id = stand_aside.renewal;
    if other.channel = 'auto' and stand_aside.channel <> 'auto' and not is_in_flight(other.id) then
        return null;
    end if;
    return row('renewal_open', jsonb_build_object(
        'renewal', other.id, 'channel', other.channel, 'since', other.placed_at,
        'until', other.deadline_at
    ))::objection;
end $$;

-- part absorb: ends the card's open renewal, because another one has taken its place.
create or replace function absorb(renewal uuid, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
declare
    other renewals_renewal;
begin
    select r.* into strict other from renewals_renewal r where r.id = absorb.renewal;
    perform close_renewal(other, 'absorb', 'absorbed', absorb.at);
end $$;

-- part close_renewal: ends an open renewal unpaid and gives back what was set aside for it.
create or replace function close_renewal(
    renewal renewals_renewal, event text, reason text, at timestamptz
) returns void
language plpgsql as $$
#variable_conflict error
begin
    update renewals_renewal r
    set state = transit(
            'renewal', (close_renewal.renewal).id, (close_renewal.renewal).account_id,
            (close_renewal.renewal).state, close_renewal.event, close_renewal.at
        ),
        deadline_at = null, reason = close_renewal.reason, contact = null, spoken_code = null
    where r.id = (close_renewal.renewal).id and r.state = (close_renewal.renewal).state;
    perform release((close_renewal.renewal).id);
end $$;

-- part reserve: sets a promotion's cost aside for a renewal; the race for a budget is decided here.
create or replace function reserve(
    offer quoted, renewal_id uuid, until timestamptz, at timestamptz
) returns objection
language plpgsql as $$
#variable_conflict error
begin
    if coalesce(offer.promotion_cost, 0) > 0 and hold(
        offer.promotion_account, 'promotion_budget', offer.promotion_unit, offer.promotion_cost,
        reserve.renewal_id, reserve.until, reserve.at
    ) is null then
        return row('promotion_spent', jsonb_build_object(
            'promotion', offer.promotion_id
        ))::objection;
    end if;
    return null;
end $$;

-- verb renew: renews one card at once, paid from its own balance or from a payer's deposit.
-- Caller: renewals/__init__.py. Locks: request, card, a promotion's budget, the payer's account.
-- Refuses: all of `quote`, quote_changed, means_not_allowed, renewal_open, promotion_spent,
-- balance_short.
-- Touches one account; two when `payer` is not the card's own.
create or replace function renew(
    channel text, source text, request_id text, request_hash bytea, account uuid, card uuid,
    plan_version uuid, promotion text, quoted_total bigint, quoted_end timestamptz, payer uuid,
    contact jsonb, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    renewal_id uuid := everline_uuid7(renew.at);
    means text := case when renew.payer = renew.account then 'balance' else 'deposit' end;
    locked cards_card;
    offer quoted;
    why objection;
    paid_from uuid;
    written uuid;
begin
    if not claim(
        renew.channel, renew.source, renew.request_id, renew.request_hash, renew.account,
        renew.card, renewal_id, 'renewed', renew.quoted_end, renew.at
    ) then
        return replay(
            renew.channel, renew.source, renew.request_id, renew.request_hash, renew.card
        );
    end if;
    select c.* into locked from cards_card c
    where c.id = renew.card and c.account_id = renew.account for update;
    if found then
        offer := priced(
            term_of(locked, renew.plan_version, renew.at), renew.promotion, renew.channel, renew.at
        );
        if offer.open_id is not null then
            why := stand_aside(offer.open_id, renew.channel);
        end if;
    end if;
    if why.reason is null then
        why := why_not(offer, means, renew.quoted_total, renew.quoted_end, renew.at);
    end if;
    if why.reason is null and offer.promotion_id is not null then
        why := reserve(offer, renewal_id, renew.at + interval '1 day', renew.at);
    end if;
    if why.reason is null and offer.total > 0 then
        paid_from := take(renew.payer, means, offer.currency, offer.total, renew.at);
        if paid_from is null then
            perform release(renewal_id);
            why := short(renew.payer, means, offer.currency, offer.total);
        end if;
    end if;
    if why.reason is not null then
        return refuse(renew.channel, renew.source, renew.request_id, why);
    end if;
    if offer.open_id is not null then
        perform absorb(offer.open_id, renew.at);
    end if;
    if offer.promotion_id is not null then
        perform post_holds(renewal_id, 'promotion', 'promotion_spent', renew.at);
    end if;
    written := record_renewal(
        renewal_id, offer, renew.channel, renew.source, renew.request_id, 'pay_now', means,
        renew.payer, renew.quoted_end, renew.contact, renew.at
    );
    written := grant_term(renewal_id, offer, paid_from, renew.quoted_end, renew.at);
    if means = 'deposit' then
        perform post_commission(renew.payer, renew.account, renewal_id, renew.at);
    end if;
    if locked.next_rung_at is not null then
        perform rearm(array[renew.card], renew.at);
    end if;
    return row(renewal_id, 'renewed', null, null, renew.quoted_end, false)::answer;
end $$;

-- verb place: opens a renewal that a gateway is to pay, with its payment and first attempt.
-- Caller: renewals/pay.py, which then calls the gateway outside of any transaction.
-- Locks: request, card, a promotion's budget. Refuses: as `renew`, but balance_short;
-- method_unknown.
create or replace function place(
    channel text, source text, request_id text, request_hash bytea, account uuid, card uuid,
    plan_version uuid, promotion text, quoted_total bigint, quoted_end timestamptz,
    gateway text, token text, method uuid, words_version text, supersede_seconds integer,
    contact jsonb, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    renewal_id uuid := everline_uuid7(place.at);
    locked cards_card;
    offer quoted;
    why objection;
    written uuid;
    until timestamptz;
begin
    if not claim(
        place.channel, place.source, place.request_id, place.request_hash, place.account,
        place.card, renewal_id, 'placed', place.quoted_end, place.at
    ) then
        return replay(
            place.channel, place.source, place.request_id, place.request_hash, place.card
        );
    end if;
    select c.* into locked from cards_card c
    where c.id = place.card and c.account_id = place.account for update;
    if found then
        offer := priced(
            term_of(locked, place.plan_version, place.at), place.promotion, place.channel, place.at
        );
        if offer.open_id is not null then
            why := stand_aside(offer.open_id, place.channel);
        end if;
    end if;
    if why.reason is null then
        why := why_not(offer, 'gateway', place.quoted_total, place.quoted_end, place.at);
    end if;
    if why.reason is null and offer.total = 0 then
        why := row('means_not_allowed', jsonb_build_object('total', 0))::objection;
    end if;
    if why.reason is null then
        why := why_not_method(place.account, place.method, place.gateway);
    end if;
    if why.reason is null then
        why := reserve(offer, renewal_id, place.at + interval '1 day', place.at);
    end if;
    if why.reason is not null then
        return refuse(place.channel, place.source, place.request_id, why);
    end if;
    if offer.open_id is not null then
        perform absorb(offer.open_id, place.at);
    end if;
    written := record_renewal(
        renewal_id, offer, place.channel, place.source, place.request_id, 'place', 'gateway',
        place.account, place.quoted_end, place.contact, place.at
    );
    perform give_code(renewal_id);
    until := least(
        place.at + make_interval(secs => place.supersede_seconds),
        greatest(offer.present_ends_at, place.at + interval '5 minutes')
    );
    perform open_payment(
        'renewal', renewal_id, place.account, offer.total, offer.currency,
        row(place.gateway, place.token, place.method, place.words_version)::way, until, place.at
    );
    return row(renewal_id, 'placed', null, null, place.quoted_end, false)::answer;
end $$;
