-- Top-ups: money onto a card's balance, at once from a deposit or through a gateway.
-- Lock order in every verb: request, card, the payer's deposit, the balance. What a gateway said
-- arrives through `settle` in renewals/settlement.sql, which calls the parts below.

-- part takes_money: whether money may be put on a card in this state. It may while the card is
-- somebody's and may be used again: also before it is bound, for its first plan, and while it is
-- suspended. A lost card may be in wrong hands, one in stock is nobody's, one that ended is over.
create or replace function takes_money(card_state text) returns boolean
language sql immutable parallel safe as
$$ select card_state in ('activated', 'bound', 'suspended') $$;

-- part why_not_top_up: everything that can stand against a top-up, but for the payer's money.
-- Where the operator set no limits for a currency, any amount up to 10^12 minor units is taken.
create or replace function why_not_top_up(
    card cards_card, means text, amount bigint, currency text, channel text
) returns objection
language plpgsql stable as $$
#variable_conflict error
declare
    limits jsonb;
    lowest bigint;
    highest bigint;
begin
    if card.id is null then
        return row('card_unknown', '{}'::jsonb)::objection;
    end if;
    if not takes_money(card.state) then
        return row(
            case card.state when 'in_stock' then 'card_not_active'
                else 'card_' || card.state end, '{}'::jsonb
        )::objection;
    end if;
    if card.currency <> why_not_top_up.currency then
        return row('currency_differs', jsonb_build_object(
            'currency', card.currency
        ))::objection;
    end if;
    select p.topup_limits -> card.currency into limits from catalogue_policy p where p.id = 1;
    lowest := coalesce((limits ->> 0)::bigint, 1);
    highest := coalesce((limits ->> 1)::bigint, 1000000000000);
    if why_not_top_up.amount not between lowest and highest then
        return row('limit_exceeded', jsonb_build_object(
            'total', why_not_top_up.amount, 'least', lowest, 'most', highest
        ))::objection;
    end if;
    return why_not_here(
        why_not_top_up.channel, why_not_top_up.means, why_not_top_up.amount,
        why_not_top_up.currency
    );
end $$;

-- part record_top_up: writes the top-up in its first state.
create or replace function record_top_up(
    top_up uuid, account uuid, card uuid, channel text, source text, request_id text,
    event text, means text, payer uuid, amount bigint, currency text, contact jsonb,
    at timestamptz
) returns topups_topup
language plpgsql as $$
#variable_conflict error
declare
    reached text := transit(
        'topup', record_top_up.top_up, record_top_up.account, '', record_top_up.event,
        record_top_up.at
    );
    written topups_topup;
    payment_minutes integer;
begin
    select p.payment_minutes into payment_minutes from catalogue_policy p where p.id = 1;
    insert into topups_topup (
        id, account_id, card_id, channel, source, request_id, state, means, payer_id, amount,
        currency, placed_at, paid_at, deadline_at, reason, contact
    ) values (
        record_top_up.top_up, record_top_up.account, record_top_up.card, record_top_up.channel,
        record_top_up.source, record_top_up.request_id, reached, record_top_up.means,
        record_top_up.payer, record_top_up.amount, record_top_up.currency, record_top_up.at,
        case when reached = 'paid' then record_top_up.at end,
        case when reached <> 'paid' then record_top_up.at
            + make_interval(mins => coalesce(payment_minutes, 30)) end,
        '', record_top_up.contact
    ) returning topups_topup.* into written;
    return written;
end $$;

-- part credit_top_up: moves the money of a paid top-up onto the balance, and tells of it.
create or replace function credit_top_up(
    paid topups_topup, paid_from uuid, at timestamptz
) returns void
language plpgsql as $$
#variable_conflict error
begin
    perform post(
        paid.id, 'topup', paid.account_id, credit_top_up.paid_from,
        give(paid.account_id, 'balance', paid.currency, paid.amount, credit_top_up.at),
        paid.amount, paid.currency, credit_top_up.at
    );
    perform tell_top_up(paid, paid.id, 'topped_up', credit_top_up.at);
end $$;

-- part tell_top_up: writes the notices of a top-up. The contact may be of whoever paid, and so they
-- say the amount and never the balance. They bear the time of their fact, and are sent at `run_at`.
create or replace function tell_top_up(
    top_up topups_topup, fact uuid, template text, at timestamptz,
    run_at timestamptz default null
) returns void
language sql as $$
    select notify_later(
        (tell_top_up.top_up).account_id, tell_top_up.fact, tell_top_up.template,
        (tell_top_up.top_up).contact,
        jsonb_build_object(
            'topup', (tell_top_up.top_up).id, 'iccid', c.iccid, 'zone', c.zone,
            'total', (tell_top_up.top_up).amount, 'currency', (tell_top_up.top_up).currency,
            'means', (tell_top_up.top_up).means, 'state', (tell_top_up.top_up).state,
            'masked_means', case (tell_top_up.top_up).means
                when 'gateway' then masked_means_of((tell_top_up.top_up).id, tell_top_up.fact)
                else '' end,
            'at', tell_top_up.at
        ), coalesce(tell_top_up.run_at, tell_top_up.at), tell_top_up.at
    )
    from cards_card c where c.id = (tell_top_up.top_up).card_id
$$;

-- part close_top_up: ends a top-up that waits for payment. Its contact stays: money that still
-- arrives goes back, and somebody must be told.
create or replace function close_top_up(
    waiting topups_topup, event text, reason text, at timestamptz
) returns void
language sql as $$
    update topups_topup o
    set state = transit(
            'topup', o.id, o.account_id, o.state, close_top_up.event, close_top_up.at
        ),
        deadline_at = null, reason = close_top_up.reason
    where o.id = (close_top_up.waiting).id
$$;

-- part pay_top_up: applies captured money to its top-up, or sends it back.
-- Caller: `capture` in renewals/settlement.sql, which has locked the card.
create or replace function pay_top_up(owed payments_payment, attempt uuid, at timestamptz)
returns void
language plpgsql as $$
#variable_conflict error
declare
    waiting topups_topup;
    card_state text;
begin
    select o.* into strict waiting from topups_topup o where o.id = owed.purpose_id;
    select c.state into strict card_state from cards_card c where c.id = waiting.card_id;
    if waiting.state <> 'awaiting_payment' then
        perform open_refund(pay_top_up.attempt, owed.amount, 'late', pay_top_up.at);
        return;
    end if;
    if not takes_money(card_state) then
        perform close_top_up(waiting, 'refuse', 'card_state', pay_top_up.at);
        perform open_refund(pay_top_up.attempt, owed.amount, 'card_state', pay_top_up.at);
        return;
    end if;
    update topups_topup o
    set state = transit('topup', o.id, o.account_id, o.state, 'pay', pay_top_up.at),
        paid_at = pay_top_up.at, deadline_at = null
    where o.id = waiting.id
    returning o.* into waiting;
    perform credit_top_up(
        waiting, operator_account('unapplied', '', waiting.currency), pay_top_up.at
    );
end $$;

-- verb top_up: puts money onto a card's balance at once, from a payer's deposit.
-- Caller: topups/topups.py. Locks: request, card, the deposit, the balance.
-- Refuses: card_unknown, the card's state, currency_differs, limit_exceeded, channel_closed,
-- means_not_allowed, balance_short. Touches two accounts: the card's and the payer's.
create or replace function top_up(
    channel text, source text, request_id text, request_hash bytea, account uuid, card uuid,
    amount bigint, currency text, payer uuid, contact jsonb, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    top_up_id uuid := everline_uuid7(top_up.at);
    locked cards_card;
    why objection;
    paid_from uuid;
begin
    if not claim(
        top_up.channel, top_up.source, top_up.request_id, top_up.request_hash, top_up.account,
        top_up.card, top_up_id, 'topped_up', null, top_up.at
    ) then
        return replay(
            top_up.channel, top_up.source, top_up.request_id, top_up.request_hash, top_up.card
        );
    end if;
    select c.* into locked from cards_card c
    where c.id = top_up.card and c.account_id = top_up.account for update;
    why := why_not_top_up(locked, 'deposit', top_up.amount, top_up.currency, top_up.channel);
    if why.reason is null then
        paid_from := take(
            top_up.payer, 'deposit', top_up.currency, top_up.amount, top_up.at
        );
        why := case when paid_from is null then short(
            top_up.payer, 'deposit', top_up.currency, top_up.amount
        ) end;
    end if;
    if why.reason is not null then
        return refuse(top_up.channel, top_up.source, top_up.request_id, why);
    end if;
    perform credit_top_up(
        record_top_up(
            top_up_id, top_up.account, top_up.card, top_up.channel, top_up.source,
            top_up.request_id, 'pay_now', 'deposit', top_up.payer, top_up.amount,
            top_up.currency, top_up.contact, top_up.at
        ), paid_from, top_up.at
    );
    perform post_commission(top_up.payer, top_up.account, top_up_id, top_up.at);
    return row(top_up_id, 'topped_up', null, null, null, false)::answer;
end $$;
