-- Doors: what one channel opened is found and paid at another, by its short spoken code.
-- The other ways to go on with an open renewal, retry_payment and cancel, are in settlement.sql.

-- part code_by_chance: eight digits from 2 to 9: no zero or one to mistake for a letter, and any
-- telephone can key them. Eight bytes of a random UUID give three bits each.
create or replace function code_by_chance() returns text
language sql volatile as $$
    select string_agg(chr(50 + (get_byte(drawn.octets, place) & 7)), '')
    from (select uuid_send(gen_random_uuid()) as octets) drawn
    cross join generate_series(0, 7) as place
$$;

-- part give_code: gives an open renewal a spoken code that no other open one has.
-- After eight clashes it goes without: a code is a convenience, the renewal is not.
create or replace function give_code(renewal uuid) returns void
language plpgsql as $$
#variable_conflict error
begin
    for _draw in 1..8 loop
        begin
            update renewals_renewal r set spoken_code = code_by_chance()
            where r.id = give_code.renewal;
            return;
        exception when unique_violation then
            null; -- Another open renewal has it: draw again.
        end;
    end loop;
end $$;

-- part why_not_open: what stands against paying an open renewal now, but for the payer's money.
create or replace function why_not_open(
    waiting renewals_renewal, channel text, at timestamptz
) returns objection
language plpgsql stable as $$
#variable_conflict error
declare
    card cards_card;
    offer quoted;
begin
    if waiting.state <> 'awaiting_payment' or waiting.deadline_at <= why_not_open.at then
        return row('renewal_state', jsonb_build_object('state', waiting.state))::objection;
    end if;
    if exists (
        select from payments_payment p inner join payments_attempt a on a.payment_id = p.id
        where p.purpose_id = waiting.id and a.state in ('sent', 'unknown')
    ) then
        return row('payment_unsure', jsonb_build_object('renewal', waiting.id))::objection;
    end if;
    select c.* into strict card from cards_card c where c.id = waiting.card_id;
    offer := term_of(card, waiting.plan_version_id, why_not_open.at);
    if starts_with(offer.reason, 'card_') then
        return row(offer.reason, offer.facts)::objection;
    end if;
    return why_not_here(
        why_not_open.channel, waiting.means, waiting.total, waiting.currency
    );
end $$;

-- verb pay_open: pays a renewal that waits for payment, opened at any door, at once: from the
-- card's own balance, or from a payer's deposit. An attempt that was never sent is given up.
-- Caller: renewals/open.py. Locks: request, card, attempts, a promotion's budget, the payer's
-- account. Refuses: renewal_unknown, renewal_state, payment_unsure, the card's state,
-- channel_closed, means_not_allowed, limit_exceeded, balance_short.
create or replace function pay_open(
    channel text, source text, request_id text, request_hash bytea, renewal uuid, payer uuid,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    waiting renewals_renewal;
    why objection;
    paid_from uuid;
    promised_end timestamptz;
begin
    select r.* into waiting from renewals_renewal r where r.id = pay_open.renewal;
    if waiting.id is null then
        return row(null, 'refused', 'renewal_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        pay_open.channel, pay_open.source, pay_open.request_id, pay_open.request_hash,
        waiting.account_id, waiting.id, waiting.id, 'renewed', waiting.ends_at, pay_open.at
    ) then
        return replay(
            pay_open.channel, pay_open.source, pay_open.request_id, pay_open.request_hash,
            waiting.id
        );
    end if;
    perform 1 from cards_card c where c.id = waiting.card_id for update;
    perform 1 from payments_attempt a
    where a.payment_id = (select p.id from payments_payment p where p.purpose_id = waiting.id)
    order by a.id for update;
    select r.* into strict waiting from renewals_renewal r where r.id = pay_open.renewal;
    waiting.payer_id := pay_open.payer;
    waiting.means := case when pay_open.payer = waiting.account_id then 'balance'
        else 'deposit' end;
    why := why_not_open(waiting, pay_open.channel, pay_open.at);
    if why.reason is null then
        perform lock_holds(waiting.id);
        paid_from := take(
            waiting.payer_id, waiting.means, waiting.currency, waiting.total, pay_open.at
        );
        why := case when paid_from is null then short(
            waiting.payer_id, waiting.means, waiting.currency, waiting.total
        ) end;
    end if;
    if why.reason is not null then
        return refuse(pay_open.channel, pay_open.source, pay_open.request_id, why);
    end if;
    perform abandon_attempts(waiting.id, pay_open.at);
    promised_end := pay_renewal(waiting, paid_from, pay_open.at);
    if waiting.means = 'deposit' then
        perform post_commission(waiting.payer_id, waiting.account_id, waiting.id, pay_open.at);
    end if;
    update database_request q set valid_until = promised_end
    where q.channel = pay_open.channel and q.source = pay_open.source
      and q.request_id = pay_open.request_id and q.valid_until <> promised_end;
    return row(waiting.id, 'renewed', null, null, promised_end, false)::answer;
end $$;

-- verb give_up: uses up a request id that never arrived, so that what still comes under it is
-- refused as request_reused. It waits for a request of this id that is being carried out.
-- Caller: renewals/open.py. Locks: request.
-- Refuses: request_reused.
create or replace function give_up(
    channel text, source text, request_id text, request_hash bytea, account uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    if not claim(
        give_up.channel, give_up.source, give_up.request_id, give_up.request_hash,
        give_up.account, give_up.account, null, 'given_up', null, give_up.at
    ) then
        return replay(
            give_up.channel, give_up.source, give_up.request_id, give_up.request_hash,
            give_up.account
        );
    end if;
    return row(null, 'given_up', null, null, null, false)::answer;
end $$;
