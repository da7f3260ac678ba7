-- Payments: attempts through gateways, asking again, refunds, raw callbacks. They know no renewal.
-- A gateway is called between two verbs, never inside one.

-- part way: by which means an attempt pays: a gateway with a token, or a kept method of it. With
-- `words_version` the means is to be kept for charges to come, as was agreed to in those words.
create type way as (gateway text, token text, method_id uuid, words_version text);

-- part open_payment: opens a payment for one purpose with its first attempt.
create or replace function open_payment(
    purpose text, purpose_id uuid, account uuid, amount bigint, currency text, by way,
    supersede_at timestamptz, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    payment_id uuid := everline_uuid7(open_payment.at);
begin
    insert into payments_payment (
        id, account_id, purpose, purpose_id, amount, currency, captured, refunded, created_at
    ) values (
        payment_id, open_payment.account, open_payment.purpose, open_payment.purpose_id,
        open_payment.amount, open_payment.currency, 0, 0, open_payment.at
    );
    return add_attempt(
        payment_id, open_payment.by, false, open_payment.supersede_at, open_payment.at
    );
end $$;

-- part add_attempt: adds the next attempt to a payment. Its key, which the gateway uses to know a
-- repeated call, is the purpose with the attempt's number. `ask_at` finds it if its caller dies.
-- An unattended one has no caller: it waits for the worker that sends them.
create or replace function add_attempt(
    payment uuid, by way, is_unattended boolean, supersede_at timestamptz, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    attempt_id uuid := everline_uuid7(add_attempt.at);
    owed payments_payment;
    next_number integer;
begin
    select p.* into strict owed from payments_payment p where p.id = add_attempt.payment;
    select coalesce(max(a.number), 0) + 1 into next_number from payments_attempt a
    where a.payment_id = add_attempt.payment;
    perform open_operator_accounts(owed.currency, array[(add_attempt.by).gateway]);
    insert into payments_attempt (
        id, account_id, payment_id, number, key, gateway, token, method_id, keeps, words_version,
        is_unattended, state, masked_means, reason, is_hard, asks, ask_at, supersede_at,
        created_at, owner
    ) values (
        attempt_id, owed.account_id, owed.id, next_number, owed.purpose_id || '-' || next_number,
        (add_attempt.by).gateway, (add_attempt.by).token, (add_attempt.by).method_id,
        coalesce((add_attempt.by).words_version, '') <> '',
        coalesce((add_attempt.by).words_version, ''), add_attempt.is_unattended,
        transit('attempt', attempt_id, owed.account_id, '', 'create', add_attempt.at),
        '', '', false, 0,
        case when not add_attempt.is_unattended then add_attempt.at + interval '1 minute' end,
        add_attempt.supersede_at, add_attempt.at, ''
    );
    return attempt_id;
end $$;

-- part is_in_flight: whether money may still move for a purpose, so that nothing else may pay it.
create or replace function is_in_flight(purpose_id uuid) returns boolean
language sql stable as $$
    select exists (
        select from payments_payment p inner join payments_attempt a on a.payment_id = p.id
        where p.purpose_id = is_in_flight.purpose_id and a.state in ('created', 'sent', 'unknown')
    )
$$;

-- verb send_attempt: marks an attempt as sent, for the one caller who then calls the gateway.
-- Caller: renewals/pay.py. Locks: the attempt. No row: another caller has sent it.
create or replace function send_attempt(attempt uuid, at timestamptz) returns setof payments_attempt
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    waiting payments_attempt;
begin
    select a.* into waiting from payments_attempt a
    where a.id = send_attempt.attempt and a.state = 'created' for update;
    if not found then
        return;
    end if;
    perform check_at(send_attempt.at);
    return query
    update payments_attempt a
    set state = transit('attempt', a.id, a.account_id, a.state, 'send', send_attempt.at),
        ask_at = send_attempt.at + interval '1 minute'
    where a.id = waiting.id
    returning a.*;
end $$;

-- part settle_attempt: writes what a gateway said of an attempt and gives the state that was
-- reached;
-- null when nothing changed. Only an explicit yes or no is final; silence is asked again at
-- `next_ask_at`, superseded after its time, and parked with an owner when asking ends.
-- Who believes that it was `not_sent` is not heard when it was sent meanwhile.
-- A `pending` one was confirmed on the gateway's page, to which nobody is led again.
create or replace function settle_attempt(
    attempt uuid, outcome text, reference text, page_url text, masked_means text, reason text,
    is_hard boolean, next_ask_at timestamptz, at timestamptz
) returns text
language plpgsql as $$
#variable_conflict error
declare
    tried payments_attempt;
    reached text;
    steps text[];
    step text;
begin
    select a.* into strict tried from payments_attempt a
    where a.id = settle_attempt.attempt for update;
    steps := case
        when settle_attempt.outcome = 'succeeded' and tried.state not in ('succeeded', 'created')
            then array['succeed']
        when settle_attempt.outcome = 'failed'
            and tried.state in ('created', 'sent', 'unknown', 'superseded', 'parked')
            and (tried.state = 'created' or settle_attempt.reason is distinct from 'not_sent')
            then array['fail']
        when settle_attempt.outcome in ('unknown', 'pending', 'action_needed')
            then silence(
                tried, settle_attempt.outcome, settle_attempt.next_ask_at, settle_attempt.at
            )
        else array[]::text[]
    end;
    reached := tried.state;
    foreach step in array steps loop
        reached := transit('attempt', tried.id, tried.account_id, reached, step, settle_attempt.at);
    end loop;
    update payments_attempt a
    set state = reached,
        reference = coalesce(settle_attempt.reference, a.reference),
        page_url = case when settle_attempt.outcome <> 'pending'
            then coalesce(settle_attempt.page_url, a.page_url) end,
        masked_means = coalesce(nullif(settle_attempt.masked_means, ''), a.masked_means),
        reason = case when reached = 'succeeded' then '' else
            coalesce(nullif(settle_attempt.reason, ''), a.reason) end,
        is_hard = coalesce(settle_attempt.is_hard, a.is_hard),
        ask_at = case when reached in ('succeeded', 'failed', 'parked') then null
            else coalesce(settle_attempt.next_ask_at, a.ask_at) end,
        settled_at = case when reached = tried.state then a.settled_at
            when reached in ('succeeded', 'failed') then settle_attempt.at end,
        owner = case when reached = 'parked' then 'finance' else '' end,
        owner_by = case when reached = 'parked'
            then coalesce(a.owner_by, settle_attempt.at + interval '1 day') end
    where a.id = tried.id;
    if reached = 'succeeded' and tried.state not in ('succeeded', 'created') then
        update payments_payment p set captured = p.captured + p.amount
        where p.id = tried.payment_id;
    end if;
    return nullif(reached, tried.state);
end $$;

-- part silence: the steps of an attempt that got neither a yes nor a no.
create or replace function silence(
    tried payments_attempt, outcome text, next_ask_at timestamptz, at timestamptz
) returns text[]
language sql immutable as $$
    select array_remove(array[
        case when tried.state = 'sent' and (outcome = 'unknown' or at >= tried.supersede_at
            or next_ask_at is null) then 'lose' end,
        case when tried.state in ('sent', 'unknown') and at >= tried.supersede_at
            and next_ask_at is not null then 'supersede' end,
        case when tried.state in ('sent', 'unknown', 'superseded') and next_ask_at is null
            then 'park' end
    ], null)
$$;

-- part abandon_attempts: supersedes what is with a gateway and fails what was never sent.
create or replace function abandon_attempts(purpose_id uuid, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
begin
    update payments_attempt a
    set state = case a.state
            when 'created' then transit(
                'attempt', a.id, a.account_id, 'created', 'fail', abandon_attempts.at
            )
            when 'sent' then transit(
                'attempt', a.id, a.account_id,
                transit('attempt', a.id, a.account_id, 'sent', 'lose', abandon_attempts.at),
                'supersede', abandon_attempts.at
            )
            else transit('attempt', a.id, a.account_id, a.state, 'supersede', abandon_attempts.at)
        end,
        ask_at = case when a.state = 'created' then null else a.ask_at end
    from payments_payment p
    where p.purpose_id = abandon_attempts.purpose_id and a.payment_id = p.id
      and a.state in ('created', 'sent', 'unknown');
end $$;

-- verb claim_asks: gives attempts whose time to be asked about has come, for `seconds`.
-- Caller: the worker's janitor. Locks: the attempts, passing over those that others hold.
create or replace function claim_asks(at timestamptz, most integer, seconds integer)
returns setof payments_attempt
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    return query
    with due as (
        select a.id from payments_attempt a where a.ask_at <= claim_asks.at
        order by a.ask_at, a.id limit least(claim_asks.most, 1000) for update skip locked
    )
    update payments_attempt a
    set asks = a.asks + 1, ask_at = claim_asks.at + make_interval(secs => claim_asks.seconds)
    from due d where a.id = d.id
    returning a.*;
end $$;

-- verb keep_callback: stores a gateway's callback raw, and makes its attempt's asking due at once.
-- Caller: channels/callbacks.py. Locks: the attempt. A callback is a hint and is never believed.
create or replace function keep_callback(
    gateway text, headers jsonb, body bytea, event_id text, attempt_key text, at timestamptz
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    reached text := 'parked';
begin
    perform check_at(keep_callback.at);
    update payments_attempt a set ask_at = keep_callback.at
    where a.key = keep_callback.attempt_key and a.gateway = keep_callback.gateway
      and a.state <> 'created' and a.state <> 'succeeded';
    if found or exists (
        select from payments_attempt a
        where a.key = keep_callback.attempt_key and a.gateway = keep_callback.gateway
    ) then
        reached := 'matched';
    end if;
    insert into payments_callback (
        id, gateway, received_at, headers, body, event_id, attempt_key, state
    ) values (
        everline_uuid7(keep_callback.at), keep_callback.gateway, keep_callback.at,
        keep_callback.headers, keep_callback.body, keep_callback.event_id,
        keep_callback.attempt_key, reached
    );
    return reached;
end $$;

-- verb replay_callbacks: matches parked callbacks with attempts that have appeared since.
-- Caller: the worker's sweep. Locks: the callbacks and attempts it matches.
create or replace function replay_callbacks(at timestamptz) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    matched integer;
begin
    with found as (
        update payments_callback c set state = 'matched'
        from payments_attempt a
        where c.state = 'parked' and c.received_at > replay_callbacks.at - interval '30 days'
          and a.key = c.attempt_key and a.gateway = c.gateway
        returning a.id
    )
    update payments_attempt a set ask_at = replay_callbacks.at
    from found f where a.id = f.id and a.state not in ('created', 'succeeded');
    get diagnostics matched = row_count;
    return matched;
end $$;

-- part open_refund: opens a refund of a captured attempt; the payment's row counts it from now on,
-- so that refunds side by side never exceed what was captured. Null when they would.
create or replace function open_refund(attempt uuid, amount bigint, reason text, at timestamptz)
returns uuid
language plpgsql as $$
#variable_conflict error
declare
    refund_id uuid := everline_uuid7(open_refund.at);
    tried payments_attempt;
begin
    select a.* into strict tried from payments_attempt a where a.id = open_refund.attempt;
    update payments_payment p set refunded = p.refunded + open_refund.amount
    where p.id = tried.payment_id and p.refunded + open_refund.amount <= p.captured;
    if not found then
        return null;
    end if;
    insert into payments_refund (
        id, account_id, payment_id, attempt_id, amount, state, reason, asks, ask_at, created_at,
        owner
    ) values (
        refund_id, tried.account_id, tried.payment_id, tried.id, open_refund.amount,
        transit('refund', refund_id, tried.account_id, '', 'create', open_refund.at),
        open_refund.reason, 0, open_refund.at, open_refund.at, ''
    );
    return refund_id;
end $$;

-- verb claim_refunds: gives refunds that are to be sent or asked about, for `seconds`.
-- Caller: the worker. Locks: the refunds, passing over those that others hold.
create or replace function claim_refunds(at timestamptz, most integer, seconds integer)
returns setof payments_refund
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    return query
    with due as (
        select f.id from payments_refund f where f.ask_at <= claim_refunds.at
        order by f.ask_at, f.id limit least(claim_refunds.most, 1000) for update skip locked
    )
    update payments_refund f
    set asks = f.asks + 1, ask_at = claim_refunds.at + make_interval(secs => claim_refunds.seconds),
        state = case when f.state = 'created'
            then transit('refund', f.id, f.account_id, f.state, 'send', claim_refunds.at)
            else f.state end
    from due d where f.id = d.id
    returning f.*;
end $$;

-- part masked_means_of: with what somebody paid, masked, as the gateway told it: of the refund that
-- `fact` is, else of the payment. '' when it told nothing.
create or replace function masked_means_of(purpose uuid, fact uuid) returns text
language sql stable as $$
    select coalesce((
        select a.masked_means from payments_payment p
        inner join payments_attempt a on a.payment_id = p.id
        left join payments_refund f on f.attempt_id = a.id and f.id = masked_means_of.fact
        where p.purpose_id = masked_means_of.purpose and a.state = 'succeeded'
        order by (f.id is null), a.settled_at limit 1
    ), '')
$$;

-- verb own_parked: gives a parked attempt or refund to a person, with a day to find its outcome;
-- false when it is not parked. Caller: payments/attempts.py. Locks: the attempt or refund.
create or replace function own_parked(kind text, parked uuid, owner text, at timestamptz)
returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(own_parked.at);
    if own_parked.kind = 'refund' then
        update payments_refund f
        set owner = own_parked.owner, owner_by = own_parked.at + interval '1 day'
        where f.id = own_parked.parked and f.state = 'parked';
    else
        update payments_attempt a
        set owner = own_parked.owner, owner_by = own_parked.at + interval '1 day'
        where a.id = own_parked.parked and a.state = 'parked';
    end if;
    return found;
end $$;
