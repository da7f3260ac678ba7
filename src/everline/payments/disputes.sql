-- Disputes: payments that the customer's bank takes back, or asks about. They are recorded and not
-- booked: docs/decisions/0020. A callback only makes one known, or a look at its gateway when the
-- callback was lost; it is read at its gateway.

-- verb note_dispute: remembers that a gateway told of a dispute, and makes reading it due at once.
-- Caller: payments/disputes.py. Locks: the dispute.
create or replace function note_dispute(gateway text, reference text, at timestamptz) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(note_dispute.at);
    insert into payments_dispute (
        id, gateway, reference, currency, reason, state, is_inquiry, told_at, asks, ask_at
    ) values (
        everline_uuid7(note_dispute.at), note_dispute.gateway, note_dispute.reference, '', '',
        'told', false, note_dispute.at, 0, note_dispute.at
    )
    on conflict on constraint dispute_is_kept_once
    do update set asks = 0, ask_at = note_dispute.at;
end $$;

-- verb disputes_asked: through when a gateway was asked for disputes; null before the first time.
-- Caller: payments/disputes.py. Locks: nothing.
create or replace function disputes_asked(gateway text) returns timestamptz
language sql stable security definer set search_path from current as $$
    select d.through from payments_disputes d where d.gateway = disputes_asked.gateway
$$;

-- verb find_disputes: remembers those of the disputes that a gateway lists which no callback told
-- of, and through when it was asked. Gives how many were new.
-- Caller: payments/disputes.py. Locks: the disputes that are new. A callback at the same moment
-- makes the same row.
create or replace function find_disputes(
    gateway text, listed text[], through timestamptz, at timestamptz
) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    found_new integer;
begin
    perform check_at(find_disputes.at);
    select count(*) into found_new from (
        select note_dispute(find_disputes.gateway, u.reference, find_disputes.at)
        from unnest(find_disputes.listed) as u (reference)
        where not exists (
            select from payments_dispute d
            where d.gateway = find_disputes.gateway and d.reference = u.reference
        )
        offset 0
    ) noted;
    insert into payments_disputes as d (gateway, through)
    values (find_disputes.gateway, find_disputes.through)
    on conflict on constraint payments_disputes_pkey
    do update set through = greatest(d.through, excluded.through);
    return found_new;
end $$;

-- verb claim_disputes: gives disputes that are to be read at their gateway, for `seconds`.
-- Caller: the worker. Locks: the disputes, passing over those that others hold.
create or replace function claim_disputes(at timestamptz, most integer, seconds integer)
returns setof payments_dispute
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    return query
    with due as (
        select d.id from payments_dispute d where d.ask_at <= claim_disputes.at
        order by d.ask_at, d.id limit least(claim_disputes.most, 1000) for update skip locked
    )
    update payments_dispute d
    set asks = d.asks + 1,
        ask_at = claim_disputes.at + make_interval(secs => claim_disputes.seconds)
    from due u where d.id = u.id
    returning d.*;
end $$;

-- verb settle_dispute: writes how a gateway says that a dispute stands, and whose payment it is; a
-- null state says that it could not be read. Caller: payments/disputes.py. Locks: the dispute.
-- A callback that came since it was claimed makes it due still.
create or replace function settle_dispute(
    dispute uuid, attempt_key text, amount bigint, currency text, reason text, state text,
    is_inquiry boolean, answer_by timestamptz, claimed_until timestamptz, next_ask_at timestamptz,
    at timestamptz
) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    told payments_dispute;
    paid payments_attempt;
begin
    perform check_at(settle_dispute.at);
    select d.* into strict told from payments_dispute d
    where d.id = settle_dispute.dispute for update;
    if settle_dispute.state is not null then
        select a.* into paid from payments_attempt a
        where a.key = settle_dispute.attempt_key and a.gateway = told.gateway;
        update payments_dispute d
        set account_id = coalesce(paid.account_id, d.account_id),
            attempt_id = coalesce(paid.id, d.attempt_id),
            amount = settle_dispute.amount, currency = settle_dispute.currency,
            reason = settle_dispute.reason, state = settle_dispute.state,
            is_inquiry = settle_dispute.is_inquiry, answer_by = settle_dispute.answer_by,
            read_at = settle_dispute.at
        where d.id = told.id;
    end if;
    update payments_dispute d set ask_at = settle_dispute.next_ask_at
    where d.id = told.id and d.ask_at = settle_dispute.claimed_until;
end $$;
