-- Placing: a top-up that a gateway is to pay, until it is paid, cancelled or over; taking one back.
-- Lock order in every verb: request, card, attempts, ledger accounts by id.

-- verb place_top_up: opens a top-up that a gateway is to pay, with its payment and first attempt.
-- Caller: topups/topups.py; renewals.pay then calls the gateway outside of any transaction.
-- Locks: request, card. A card has one open top-up: a new one takes the place of one whose payment
-- failed, and waits for one whose money may still move.
-- Refuses: as `top_up`, but balance_short; payment_unsure, method_unknown.
create or replace function place_top_up(
    channel text, source text, request_id text, request_hash bytea, account uuid, card uuid,
    amount bigint, currency text, gateway text, token text, method uuid, words_version text,
    supersede_seconds integer, contact jsonb, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    top_up_id uuid := everline_uuid7(place_top_up.at);
    locked cards_card;
    other topups_topup;
    why objection;
begin
    if not claim(
        place_top_up.channel, place_top_up.source, place_top_up.request_id,
        place_top_up.request_hash, place_top_up.account, place_top_up.card, top_up_id, 'placed',
        null, place_top_up.at
    ) then
        return replay(
            place_top_up.channel, place_top_up.source, place_top_up.request_id,
            place_top_up.request_hash, place_top_up.card
        );
    end if;
    select c.* into locked from cards_card c
    where c.id = place_top_up.card and c.account_id = place_top_up.account for update;
    select o.* into other from topups_topup o
    where o.card_id = locked.id and o.state = 'awaiting_payment';
    why := why_not_top_up(
        locked, 'gateway', place_top_up.amount, place_top_up.currency, place_top_up.channel
    );
    if why.reason is null then
        why := why_not_method(place_top_up.account, place_top_up.method, place_top_up.gateway);
    end if;
    if why.reason is null and is_in_flight(other.id) then
        why := row('payment_unsure', jsonb_build_object(
            'topup', other.id, 'channel', other.channel, 'since', other.placed_at,
            'until', other.deadline_at
        ))::objection;
    end if;
    if why.reason is not null then
        return refuse(place_top_up.channel, place_top_up.source, place_top_up.request_id, why);
    end if;
    perform close_top_up(other, 'cancel', 'replaced', place_top_up.at);
    perform record_top_up(
        top_up_id, place_top_up.account, place_top_up.card, place_top_up.channel,
        place_top_up.source, place_top_up.request_id, 'place', 'gateway', place_top_up.account,
        place_top_up.amount, place_top_up.currency, place_top_up.contact, place_top_up.at
    );
    perform open_payment(
        'topup', top_up_id, place_top_up.account, place_top_up.amount, place_top_up.currency,
        row(
            place_top_up.gateway, place_top_up.token, place_top_up.method,
            place_top_up.words_version
        )::way,
        place_top_up.at + make_interval(secs => place_top_up.supersede_seconds), place_top_up.at
    );
    return row(top_up_id, 'placed', null, null, null, false)::answer;
end $$;

-- verb cancel_top_up: ends a top-up that waits for payment. An attempt that is with its gateway
-- becomes superseded: should it still succeed, its money goes back by itself.
-- Caller: topups/topups.py. Locks: request, card, attempts. Refuses: topup_unknown, topup_state.
create or replace function cancel_top_up(
    channel text, source text, request_id text, request_hash bytea, top_up uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    waiting topups_topup;
begin
    select o.* into waiting from topups_topup o where o.id = cancel_top_up.top_up;
    if waiting.id is null then
        return row(null, 'refused', 'topup_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        cancel_top_up.channel, cancel_top_up.source, cancel_top_up.request_id,
        cancel_top_up.request_hash, waiting.account_id, waiting.id, waiting.id, 'cancelled', null,
        cancel_top_up.at
    ) then
        return replay(
            cancel_top_up.channel, cancel_top_up.source, cancel_top_up.request_id,
            cancel_top_up.request_hash, waiting.id
        );
    end if;
    perform 1 from cards_card c where c.id = waiting.card_id for update;
    select o.* into strict waiting from topups_topup o where o.id = cancel_top_up.top_up;
    if waiting.state <> 'awaiting_payment' then
        return refuse(cancel_top_up.channel, cancel_top_up.source, cancel_top_up.request_id, row(
            'topup_state', jsonb_build_object('state', waiting.state)
        )::objection);
    end if;
    perform abandon_attempts(waiting.id, cancel_top_up.at);
    perform close_top_up(waiting, 'cancel', 'cancelled', cancel_top_up.at);
    return row(waiting.id, 'cancelled', null, null, null, false)::answer;
end $$;

-- verb expire_top_up: ends a top-up whose time to pay is over and for which no money may still
-- move. Caller: the worker's sweep, one card a call. Locks: card. False: there was nothing to end.
create or replace function expire_top_up(top_up uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    waiting topups_topup;
begin
    perform check_at(expire_top_up.at);
    perform 1 from cards_card c
    inner join topups_topup o on o.card_id = c.id where o.id = expire_top_up.top_up
    for update of c;
    select o.* into waiting from topups_topup o where o.id = expire_top_up.top_up;
    if waiting.id is null or waiting.state <> 'awaiting_payment'
        or waiting.deadline_at > expire_top_up.at or is_in_flight(waiting.id) then
        return false;
    end if;
    perform close_top_up(waiting, 'expire', 'expired', expire_top_up.at);
    return true;
end $$;

-- verb take_back_top_up: takes a paid top-up back, while the balance still covers it. What came
-- from a deposit is there again at once, less its commission; what a gateway took leaves by a
-- refund.
-- Caller: topups/topups.py. Locks: request, card, accounts by id.
-- Refuses: topup_unknown, topup_state, topup_spent.
create or replace function take_back_top_up(
    channel text, source text, request_id text, request_hash bytea, top_up uuid, reason text,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    paid topups_topup;
    left_over bigint;
    why objection;
begin
    select o.* into paid from topups_topup o where o.id = take_back_top_up.top_up;
    if paid.id is null then
        return row(null, 'refused', 'topup_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        take_back_top_up.channel, take_back_top_up.source, take_back_top_up.request_id,
        take_back_top_up.request_hash, paid.account_id, paid.id, paid.id, 'reversed', null,
        take_back_top_up.at
    ) then
        return replay(
            take_back_top_up.channel, take_back_top_up.source, take_back_top_up.request_id,
            take_back_top_up.request_hash, paid.id
        );
    end if;
    perform 1 from cards_card c where c.id = paid.card_id for update;
    select o.* into strict paid from topups_topup o where o.id = take_back_top_up.top_up;
    left_over := spendable(paid.account_id, 'balance', paid.currency);
    if paid.state <> 'paid' then
        why := row('topup_state', jsonb_build_object('state', paid.state))::objection;
    elsif left_over < paid.amount then
        why := row('topup_spent', jsonb_build_object(
            'needed', paid.amount, 'currency', paid.currency
        ))::objection;
    end if;
    if why.reason is not null then
        return refuse(
            take_back_top_up.channel, take_back_top_up.source, take_back_top_up.request_id, why
        );
    end if;
    perform return_top_up(paid, take_back_top_up.reason, take_back_top_up.at);
    return row(paid.id, 'reversed', null, null, null, false)::answer;
end $$;

-- part return_top_up: ends a paid top-up and moves its money back to where it came from.
create or replace function return_top_up(paid topups_topup, reason text, at timestamptz)
returns void
language plpgsql as $$
#variable_conflict error
declare
    attempt uuid;
begin
    update topups_topup o
    set state = transit('topup', o.id, o.account_id, o.state, 'take_back', return_top_up.at),
        reason = return_top_up.reason
    where o.id = paid.id
    returning o.* into paid;
    perform reverse_transfers(
        paid.account_id, paid.id, array['topup', 'commission'], return_top_up.at
    );
    if paid.means <> 'gateway' then
        perform tell_top_up(paid, paid.id, 'refunded', return_top_up.at);
        return;
    end if;
    select a.id into strict attempt from payments_payment p
    inner join payments_attempt a on a.payment_id = p.id
    where p.purpose_id = paid.id and a.state = 'succeeded'
      and not exists (select from payments_refund f where f.attempt_id = a.id)
    order by a.settled_at limit 1;
    perform open_refund(attempt, paid.amount, return_top_up.reason, return_top_up.at);
end $$;
