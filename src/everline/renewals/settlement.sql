-- Settlement: what a gateway said becomes a paid renewal, a refund, or more patience.

-- verb settle: writes a gateway's answer to an attempt and everything that follows from it.
-- Caller: renewals/pay.py, after the outside call. Locks: card, attempt, payment, a promotion's
-- budget.
-- Gives the attempt's state and that of what it pays for, a renewal or a top-up. Money that finds
-- it closed goes back. A means that the gateway keeps from now on becomes a method; an unattended
-- charge that was declined goes on by other means.
create or replace function settle(
    attempt uuid, outcome text, reference text, page_url text, masked_means text, reason text,
    is_hard boolean, kept jsonb, next_ask_at timestamptz, at timestamptz,
    out attempt_state text, out purpose_state text
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    owed payments_payment;
    reached text;
begin
    perform check_at(settle.at);
    select p.* into strict owed from payments_payment p
    inner join payments_attempt a on a.payment_id = p.id
    where a.id = settle.attempt;
    perform 1 from cards_card c where c.account_id = owed.account_id for update;
    reached := settle_attempt(
        settle.attempt, settle.outcome, settle.reference, settle.page_url, settle.masked_means,
        settle.reason, settle.is_hard, settle.next_ask_at, settle.at
    );
    if reached = 'succeeded' then
        perform capture(owed, settle.attempt, settle.at);
        if settle.kept is not null then
            perform keep_paid(owed, settle.attempt, settle.kept, settle.at);
        end if;
    elsif reached = 'failed' then
        perform break_method(settle.attempt);
        perform go_on(owed, settle.attempt, settle.at);
    end if;
    select a.state, coalesce(r.state, o.state) into attempt_state, purpose_state
    from payments_attempt a
    left join renewals_renewal r on r.id = owed.purpose_id
    left join topups_topup o on o.id = owed.purpose_id
    where a.id = settle.attempt;
end $$;

-- part capture: books captured money as unapplied, then applies it to its purpose or sends it back.
create or replace function capture(owed payments_payment, attempt uuid, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
declare
    gateway text;
begin
    select a.gateway into strict gateway from payments_attempt a where a.id = capture.attempt;
    perform post(
        owed.purpose_id, 'capture', owed.account_id,
        operator_account('clearing', gateway, owed.currency),
        operator_account('unapplied', '', owed.currency), owed.amount, owed.currency, capture.at
    );
    if owed.purpose = 'topup' then
        perform pay_top_up(owed, capture.attempt, capture.at);
    else
        perform pay_placed(owed, capture.attempt, capture.at);
    end if;
end $$;

-- part pay_placed: applies captured money to its renewal, or sends it back.
create or replace function pay_placed(owed payments_payment, attempt uuid, at timestamptz)
returns void
language plpgsql as $$
#variable_conflict error
declare
    renewal renewals_renewal;
begin
    select r.* into strict renewal from renewals_renewal r where r.id = owed.purpose_id;
    if renewal.state <> 'awaiting_payment' then
        perform open_refund(pay_placed.attempt, owed.amount, 'late', pay_placed.at);
        return;
    end if;
    if pay_renewal(
        renewal, operator_account('unapplied', '', renewal.currency), pay_placed.at
    ) is null then
        perform close_renewal(renewal, 'refuse', 'card_state', pay_placed.at);
        perform open_refund(pay_placed.attempt, owed.amount, 'card_state', pay_placed.at);
    end if;
end $$;

-- part pay_renewal: applies money to an open renewal: state, promotion, sale, entitlement, job.
-- The money comes from `paid_from`; who pays by which means stands in the given renewal.
-- The term is computed again when paying took longer than a quote may be read, or when what it was
-- queued behind has changed, or when it ended while being paid: never shorter than promised.
-- Null when the card itself can no longer be served.
create or replace function pay_renewal(
    renewal renewals_renewal, paid_from uuid, at timestamptz
) returns timestamptz
language plpgsql as $$
#variable_conflict error
declare
    card cards_card;
    offer quoted;
    promised_end timestamptz := renewal.ends_at;
    delivery_minutes integer;
begin
    select c.* into strict card from cards_card c where c.id = renewal.card_id;
    offer := term_of(card, renewal.plan_version_id, pay_renewal.at);
    if starts_with(offer.reason, 'card_') then
        return null;
    end if;
    if pay_renewal.at > renewal.placed_at + make_interval(mins => quote_minutes())
        or offer.starts_at not in (pay_renewal.at, renewal.starts_at)
        or renewal.ends_at <= offer.starts_at then
        promised_end := greatest(renewal.ends_at, offer.ends_at);
    end if;
    offer.price := renewal.price;
    offer.discount := renewal.discount;
    offer.total := renewal.total;
    offer.tax := renewal.tax;
    offer.bonus_bytes := renewal.bonus_bytes;
    select p.delivery_minutes into delivery_minutes from catalogue_policy p where p.id = 1;
    update renewals_renewal r
    set state = transit('renewal', r.id, r.account_id, r.state, 'pay', pay_renewal.at),
        means = renewal.means, payer_id = renewal.payer_id, spoken_code = null,
        paid_at = pay_renewal.at, starts_at = offer.starts_at, ends_at = promised_end,
        anchor_day = offer.anchor_day, first_day = offer.first_day,
        last_day = ((promised_end - interval '1 microsecond') at time zone offer.zone)::date,
        deadline_at = pay_renewal.at + make_interval(mins => coalesce(delivery_minutes, 30))
    where r.id = renewal.id;
    perform post_holds(renewal.id, 'promotion', 'promotion_spent', pay_renewal.at);
    perform grant_term(
        renewal.id, offer, pay_renewal.paid_from, promised_end, pay_renewal.at
    );
    perform rearm(array[renewal.card_id], pay_renewal.at);
    return promised_end;
end $$;

-- verb retry_payment: adds another attempt to a renewal that still waits for payment.
-- Caller: renewals/pay.py. Locks: request, card. Refuses: renewal_unknown, renewal_state,
-- payment_unsure, method_unknown.
create or replace function retry_payment(
    channel text, source text, request_id text, request_hash bytea, renewal uuid, gateway text,
    token text, method uuid, words_version text, supersede_seconds integer, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    waiting renewals_renewal;
    why objection;
begin
    select r.* into waiting from renewals_renewal r where r.id = retry_payment.renewal;
    if waiting.id is null then
        return row(null, 'refused', 'renewal_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        retry_payment.channel, retry_payment.source, retry_payment.request_id,
        retry_payment.request_hash, waiting.account_id, waiting.id, waiting.id, 'placed',
        waiting.ends_at, retry_payment.at
    ) then
        return replay(
            retry_payment.channel, retry_payment.source, retry_payment.request_id,
            retry_payment.request_hash, waiting.id
        );
    end if;
    perform 1 from cards_card c where c.id = waiting.card_id for update;
    select r.* into waiting from renewals_renewal r where r.id = retry_payment.renewal;
    if waiting.state <> 'awaiting_payment' or waiting.deadline_at <= retry_payment.at then
        why := row('renewal_state', jsonb_build_object('state', waiting.state))::objection;
    elsif is_in_flight(waiting.id) then
        why := row('payment_unsure', jsonb_build_object('renewal', waiting.id))::objection;
    else
        why := why_not_method(waiting.account_id, retry_payment.method, retry_payment.gateway);
    end if;
    if why.reason is not null then
        return refuse(
            retry_payment.channel, retry_payment.source, retry_payment.request_id, why
        );
    end if;
    perform add_attempt(
        p.id,
        row(
            retry_payment.gateway, retry_payment.token, retry_payment.method,
            retry_payment.words_version
        )::way, false,
        retry_payment.at + make_interval(secs => retry_payment.supersede_seconds),
        retry_payment.at
    ) from payments_payment p where p.purpose_id = waiting.id;
    return row(waiting.id, 'placed', null, null, waiting.ends_at, false)::answer;
end $$;

-- verb cancel: ends a renewal that waits for payment. An attempt that is with its gateway becomes
-- superseded: should it still succeed, its money goes back by itself.
-- Caller: renewals/__init__.py. Locks: request, card, attempts. Refuses: renewal_unknown,
-- renewal_state.
create or replace function cancel(
    channel text, source text, request_id text, request_hash bytea, renewal uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    waiting renewals_renewal;
begin
    select r.* into waiting from renewals_renewal r where r.id = cancel.renewal;
    if waiting.id is null then
        return row(null, 'refused', 'renewal_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        cancel.channel, cancel.source, cancel.request_id, cancel.request_hash,
        waiting.account_id, waiting.id, waiting.id, 'cancelled', null, cancel.at
    ) then
        return replay(
            cancel.channel, cancel.source, cancel.request_id, cancel.request_hash, waiting.id
        );
    end if;
    perform 1 from cards_card c where c.id = waiting.card_id for update;
    select r.* into waiting from renewals_renewal r where r.id = cancel.renewal;
    if waiting.state not in ('placed', 'awaiting_payment', 'held') then
        return refuse(cancel.channel, cancel.source, cancel.request_id, row(
            'renewal_state', jsonb_build_object('state', waiting.state)
        )::objection);
    end if;
    perform abandon_attempts(waiting.id, cancel.at);
    perform close_renewal(waiting, 'cancel', 'cancelled', cancel.at);
    return row(waiting.id, 'cancelled', null, null, null, false)::answer;
end $$;

-- verb expire: ends renewals whose time to pay is over and for which no money may still move.
-- Caller: the worker's sweep, one card a call. Locks: card. False when there was nothing to end.
create or replace function expire(renewal uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    waiting renewals_renewal;
begin
    perform check_at(expire.at);
    perform 1 from cards_card c
    inner join renewals_renewal r on r.card_id = c.id where r.id = expire.renewal
    for update of c;
    select r.* into waiting from renewals_renewal r where r.id = expire.renewal;
    if waiting.id is null or waiting.state not in ('placed', 'awaiting_payment', 'held')
        or waiting.deadline_at > expire.at or is_in_flight(waiting.id) then
        return false;
    end if;
    perform close_renewal(waiting, 'expire', 'expired', expire.at);
    return true;
end $$;

-- verb settle_refund: writes what a gateway said of a refund, and ends the reversal it belongs to.
-- Caller: renewals/pay.py. Locks: card, refund. A refund that fails or stays unknown gets an owner.
create or replace function settle_refund(
    refund uuid, outcome text, reference text, reason text, next_ask_at timestamptz, at timestamptz
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    back payments_refund;
    owed payments_payment;
    reached text;
begin
    perform check_at(settle_refund.at);
    perform 1 from cards_card c inner join payments_refund f on f.account_id = c.account_id
    where f.id = settle_refund.refund for update of c;
    select f.* into strict back from payments_refund f
    where f.id = settle_refund.refund for update;
    reached := back.state;
    if back.state in ('sent', 'unknown', 'parked') then
        if settle_refund.outcome = 'succeeded' then
            reached := transit(
                'refund', back.id, back.account_id, reached, 'succeed', settle_refund.at
            );
        elsif back.state <> 'parked' and (
            settle_refund.outcome = 'failed' or settle_refund.next_ask_at is null
        ) then
            reached := transit(
                'refund', back.id, back.account_id, reached, 'park', settle_refund.at
            );
        elsif back.state = 'sent' then
            reached := transit(
                'refund', back.id, back.account_id, reached, 'lose', settle_refund.at
            );
        end if;
    end if;
    update payments_refund f
    set state = reached, reference = coalesce(settle_refund.reference, f.reference),
        ask_at = case when reached in ('sent', 'unknown') then settle_refund.next_ask_at end,
        settled_at = case when reached = 'succeeded' then settle_refund.at end,
        owner = case when reached = 'parked' then 'finance' else '' end,
        owner_by = case when reached = 'parked' then settle_refund.at + interval '1 day' end
    where f.id = back.id;
    if reached = 'succeeded' and back.state <> 'succeeded' then
        select p.* into strict owed from payments_payment p where p.id = back.payment_id;
        perform refunded(back, owed, settle_refund.at);
    end if;
    return reached;
end $$;

-- part refunded: books money that went back, and tells the person who paid. A reversal ends with
-- the last refund, when a gateway had paid: one of an attempt that succeeded too late leaves the
-- sale's own money out.
create or replace function refunded(back payments_refund, owed payments_payment, at timestamptz)
returns void
language plpgsql as $$
#variable_conflict error
declare
    gateway text;
    renewal renewals_renewal;
    top_up topups_topup;
begin
    select a.gateway into strict gateway from payments_attempt a where a.id = back.attempt_id;
    perform post(
        owed.purpose_id, 'refund', owed.account_id,
        operator_account('unapplied', '', owed.currency),
        operator_account('clearing', gateway, owed.currency), back.amount, owed.currency,
        refunded.at
    );
    if owed.purpose = 'topup' then
        select o.* into strict top_up from topups_topup o where o.id = owed.purpose_id;
        perform tell_top_up(top_up, back.id, 'refunded', refunded.at);
        return;
    end if;
    update renewals_renewal r
    set state = transit('renewal', r.id, r.account_id, r.state, 'give_back', refunded.at),
        deadline_at = null
    where r.id = owed.purpose_id and r.state = 'reversing' and r.means = 'gateway'
      and owed.refunded = owed.captured
      and not exists (
          select from payments_refund f where f.payment_id = owed.id and f.state <> 'succeeded'
      );
    select r.* into strict renewal from renewals_renewal r where r.id = owed.purpose_id;
    perform tell(renewal, back.id, 'refunded', refunded.at);
end $$;
