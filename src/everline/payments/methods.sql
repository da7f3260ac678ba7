-- Methods: means of payment that gateways keep for a card's account, as tokens. They are tried in
-- the order of their positions. Every verb locks the card; a gateway is told by a job.

-- part why_not_method: a method that is named must be the account's own, of that gateway, and good.
create or replace function why_not_method(account uuid, method uuid, gateway text)
returns objection
language plpgsql stable as $$
#variable_conflict error
begin
    if why_not_method.method is null or exists (
        select from payments_method m
        where m.id = why_not_method.method and m.account_id = why_not_method.account
          and m.gateway = why_not_method.gateway and m.state = 'active'
    ) then
        return null;
    end if;
    return row('method_unknown', '{}'::jsonb)::objection;
end $$;

-- part keep_method: keeps a means for an account whose card is locked, last in order. One that is
-- kept again is good again and stays where it was.
create or replace function keep_method(
    account uuid, gateway text, kept jsonb, channel text, words_version text, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    method uuid := everline_uuid7(keep_method.at);
    known uuid;
begin
    update payments_method m
    set state = 'active', reason = '', masked_means = keep_method.kept ->> 'masked_means',
        customer = keep_method.kept ->> 'customer', words_version = keep_method.words_version
    where m.account_id = keep_method.account and m.gateway = keep_method.gateway
      and m.token = keep_method.kept ->> 'token' and m.ended_at is null
    returning m.id into known;
    if known is not null then
        return known;
    end if;
    insert into payments_method (
        id, account_id, gateway, token, customer, masked_means, position, state, reason, channel,
        words_version, kept_at
    )
    select
        method, keep_method.account, keep_method.gateway, keep_method.kept ->> 'token',
        keep_method.kept ->> 'customer', keep_method.kept ->> 'masked_means',
        coalesce(max(m.position), 0) + 1, 'active', '', keep_method.channel,
        keep_method.words_version, keep_method.at
    from payments_method m where m.account_id = keep_method.account and m.ended_at is null;
    return method;
end $$;

-- part holding_changed: whether a card came to a holder or lost one after an instant. What somebody
-- gave before then is not the present holder's.
create or replace function holding_changed(account uuid, since timestamptz) returns boolean
language sql stable as $$
    select exists (
        select from people_holding h where h.account_id = holding_changed.account
          and (h.starts_at > holding_changed.since or h.ends_at > holding_changed.since)
    )
$$;

-- part keep_of_attempt: keeps the means of an attempt that succeeded, where the customer agreed and
-- the gateway does; gives the method that may be charged. What came too late for its holder is
-- given back to the gateway.
create or replace function keep_of_attempt(
    attempt uuid, kept jsonb, channel text, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    tried payments_attempt;
    method uuid;
begin
    select a.* into strict tried from payments_attempt a where a.id = keep_of_attempt.attempt;
    if not tried.keeps then
        return null;
    end if;
    method := keep_method(
        tried.account_id, tried.gateway, keep_of_attempt.kept, keep_of_attempt.channel,
        tried.words_version, keep_of_attempt.at
    );
    if holding_changed(tried.account_id, tried.created_at) then
        perform drop_methods(tried.account_id, method, keep_of_attempt.at);
        return null;
    end if;
    return method;
end $$;

-- part break_method: marks the method of an attempt that was declined for good; it is charged no
-- more until it is kept anew.
create or replace function break_method(attempt uuid) returns void
language sql as $$
    update payments_method m set state = 'broken', reason = a.reason
    from payments_attempt a
    where a.id = break_method.attempt and a.is_hard and m.id = a.method_id and m.state = 'active'
$$;

-- part next_method: the first method in order that a payment was not declined by; what its gateway
-- never saw is no decline. Null when there is none.
create or replace function next_method(owed payments_payment) returns payments_method
language sql stable as $$
    select m.* from payments_method m
    where m.account_id = (next_method.owed).account_id and m.state = 'active'
      and not exists (
          select from payments_attempt a
          where a.payment_id = (next_method.owed).id and a.method_id = m.id
            and not (a.state = 'failed' and a.reason in ('not_sent', 'never_received'))
      )
    order by m.position, m.id limit 1
$$;

-- part drop_methods: ends one method of an account, or all of them with null, and the setups under
-- way; each gateway is told by a job.
create or replace function drop_methods(account uuid, method uuid, at timestamptz) returns void
language sql as $$
    with ended as (
        update payments_method m set state = 'ended', ended_at = drop_methods.at
        where m.account_id = drop_methods.account and m.ended_at is null
          and m.id = coalesce(drop_methods.method, m.id)
        returning m.id, m.account_id
    ), stopped as (
        update payments_setup s set state = 'failed', reason = 'ended', ask_at = null
        where s.account_id = drop_methods.account and s.state = 'open'
          and drop_methods.method is null
    )
    insert into jobs_job (
        id, account_id, kind, subject_id, state, run_at, tries, tries_max, last_error, created_at
    )
    select
        everline_uuid7(drop_methods.at), e.account_id, 'forget', e.id, 'ready', drop_methods.at,
        0, 12, '', drop_methods.at
    from ended e
$$;

-- verb end_method: takes a kept means away.
-- Caller: payments/methods.py. Locks: request, card. Refuses: card_unknown, method_unknown.
create or replace function end_method(
    channel text, source text, request_id text, request_hash bytea, card uuid, method uuid,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_card(
        end_method.channel, end_method.source, end_method.request_id, end_method.request_hash,
        end_method.card, 'method_ended', end_method.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    if not exists (
        select from payments_method m
        where m.id = end_method.method and m.account_id = (begun.locked).account_id
          and m.ended_at is null
    ) then
        return refuse(
            end_method.channel, end_method.source, end_method.request_id,
            row('method_unknown', '{}'::jsonb)::objection
        );
    end if;
    perform drop_methods((begun.locked).account_id, end_method.method, end_method.at);
    return row(end_method.card, 'method_ended', null, null, null, false)::answer;
end $$;

-- verb order_methods: sets the order in which the means of a card are tried; those that are not
-- named come after, as they were.
-- Caller: payments/methods.py. Locks: request, card. Refuses: card_unknown.
create or replace function order_methods(
    channel text, source text, request_id text, request_hash bytea, card uuid, methods uuid[],
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_card(
        order_methods.channel, order_methods.source, order_methods.request_id,
        order_methods.request_hash, order_methods.card, 'methods_ordered', order_methods.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    with placed as (
        select
            m.id,
            row_number() over (
                order by array_position(order_methods.methods, m.id), m.position, m.id
            ) as position
        from payments_method m
        where m.account_id = (begun.locked).account_id and m.ended_at is null
    )
    update payments_method m set position = w.position
    from placed w where m.id = w.id and m.position <> w.position;
    return row(order_methods.card, 'methods_ordered', null, null, null, false)::answer;
end $$;

-- verb forget_method: wipes the token of a method that ended, once its gateway keeps it no more.
-- Caller: payments/methods.py. Locks: the method.
create or replace function forget_method(method uuid) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    update payments_method m set token = '', customer = ''
    where m.id = forget_method.method and m.state = 'ended';
    return found;
end $$;
