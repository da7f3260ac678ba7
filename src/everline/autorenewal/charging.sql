-- Charging: due cards that are paid by a means which a gateway keeps. They are placed set-wise by
-- the due sweep; charging.py claims, calls and settles. What follows a decline stands in
-- renewals/means.sql.

-- part to_charge: a judged card with the means that it is to be paid by.
create type to_charge as (
    renewal_id uuid, request_id text, contact jsonb, offer quoted, method_id uuid, gateway text
);

-- part first_means: the judged cards that have a usable means, each with the first one in order.
create or replace function first_means(wanted judged[]) returns setof to_charge
language sql stable as $$
    select j.renewal_id, j.request_id, j.contact, j.offer, m.id, m.gateway
    from unnest(first_means.wanted) j
    cross join lateral (
        select k.id, k.gateway::text from payments_method k
        where k.account_id = (j.offer).account_id and k.state = 'active'
        order by k.position, k.id limit 1
    ) m
    where (j.offer).total > 0
$$;

-- part place_due: opens for judged cards that have a usable means a renewal, its payment and its
-- first attempt. Gives the renewals that it opened, by the ids that were judged.
create or replace function place_due(wanted judged[], at timestamptz) returns setof uuid
language sql as $$
    with chosen as materialized (
        select f from first_means(place_due.wanted) f
    ), opened as materialized (
        select open_operator_accounts(c.currency, c.gateways) as done
        from (
            select
                ((h.f).offer).currency::text as currency,
                array_agg(distinct (h.f).gateway) as gateways
            from chosen h group by ((h.f).offer).currency
        ) c
    ), written as materialized (
        select write_placed(t.due, place_due.at), write_owed(t.due, place_due.at)
        from (select array_agg(h.f) as due from chosen h) t
        where t.due is not null and (select count(*) from opened o) > 0
    )
    select (h.f).renewal_id from chosen h cross join written w
$$;

-- part write_placed: writes the renewals that gateways are to pay, with the steps that led there.
create or replace function write_placed(chosen to_charge[], at timestamptz) returns void
language sql as $$
    with placed as materialized (
        select f.*, t.machine, t.from_state, t.event, t.to_state
        from unnest(write_placed.chosen) f
        inner join database_transition t
            on t.machine = 'renewal' and t.from_state = '' and t.event = 'place'
    ), stepped as (
        insert into database_history (
            account_id, machine, subject_id, from_state, event, to_state, at
        )
        select
            (p.offer).account_id, p.machine, p.renewal_id, p.from_state, p.event, p.to_state,
            write_placed.at
        from placed p
    )
    insert into renewals_renewal (
        id, account_id, card_id, channel, source, request_id, state, plan_version_id, means,
        payer_id, currency, price, discount, total, tax, bonus_bytes, on_renewal, starts_at,
        ends_at, anchor_day, first_day, last_day, placed_at, deadline_at, reason, contact
    )
    select
        p.renewal_id, (p.offer).account_id, (p.offer).card_id, 'auto', 'due', p.request_id,
        p.to_state, (p.offer).plan_version_id, 'gateway', (p.offer).account_id,
        (p.offer).currency, (p.offer).price, 0, (p.offer).total, (p.offer).tax, 0,
        (p.offer).on_renewal, (p.offer).starts_at, (p.offer).ends_at, (p.offer).anchor_day,
        (p.offer).first_day, (p.offer).last_day, write_placed.at,
        write_placed.at + make_interval(mins => coalesce(
            (select o.payment_minutes from catalogue_policy o where o.id = 1), 30
        )), '', p.contact
    from placed p
$$;

-- part write_owed: writes the payments of renewals that were placed, and their first attempts.
-- An attempt waits for `claim_charges`, which sets when it is superseded.
create or replace function write_owed(chosen to_charge[], at timestamptz) returns void
language sql as $$
    with tried as materialized (
        select
            f.*, everline_uuid7_beside(f.renewal_id, 5) as payment_id,
            everline_uuid7_beside(f.renewal_id, 6) as attempt_id, t.machine, t.from_state,
            t.event, t.to_state
        from unnest(write_owed.chosen) f
        inner join database_transition t
            on t.machine = 'attempt' and t.from_state = '' and t.event = 'create'
    ), stepped as (
        insert into database_history (
            account_id, machine, subject_id, from_state, event, to_state, at
        )
        select
            (t.offer).account_id, t.machine, t.attempt_id, t.from_state, t.event, t.to_state,
            write_owed.at
        from tried t
    ), owed as (
        insert into payments_payment (
            id, account_id, purpose, purpose_id, amount, currency, captured, refunded, created_at
        )
        select
            t.payment_id, (t.offer).account_id, 'renewal', t.renewal_id, (t.offer).total,
            (t.offer).currency, 0, 0, write_owed.at
        from tried t
    )
    insert into payments_attempt (
        id, account_id, payment_id, number, key, gateway, method_id, keeps, words_version,
        is_unattended, state, masked_means, reason, is_hard, asks, supersede_at, created_at,
        owner
    )
    select
        t.attempt_id, (t.offer).account_id, t.payment_id, 1, t.renewal_id || '-1', t.gateway,
        t.method_id, false, '', true, t.to_state, '', '', false, 0,
        write_owed.at + interval '1 hour', write_owed.at, ''
    from tried t
$$;

-- part free_from: from when on a gateway may be sent the next charge at its pace; now without one.
-- Locks: the pace. A clock that was put back keeps nobody waiting.
create or replace function free_from(gateway text, rate_max integer, at timestamptz)
returns timestamptz
language plpgsql as $$
#variable_conflict error
declare
    free timestamptz;
begin
    if free_from.rate_max is null then
        return free_from.at;
    end if;
    insert into payments_pace (gateway, free_at) values (free_from.gateway, free_from.at)
    on conflict on constraint payments_pace_pkey do nothing;
    select p.free_at into strict free from payments_pace p
    where p.gateway = free_from.gateway for update;
    return case when free > free_from.at + interval '1 minute' then free_from.at
        else greatest(free, free_from.at) end;
end $$;

-- part send_charges: marks up to `most` unattended attempts of a gateway as sent, the oldest first.
-- Locks: the attempts, passing over those that others hold. What may not be sent any more is left
-- out: `give_up_charges` ends it.
create or replace function send_charges(
    gateway text, most integer, supersede_seconds integer, at timestamptz
) returns uuid[]
language sql as $$
    with due as (
        select a.id from payments_attempt a
        where a.gateway = send_charges.gateway and a.state = 'created' and a.is_unattended
          and exists (
              select from payments_payment p
              inner join renewals_renewal r on r.id = p.purpose_id
              inner join payments_method m on m.id = a.method_id
              where p.id = a.payment_id and r.state = 'awaiting_payment'
                and r.deadline_at > send_charges.at and m.state = 'active'
          )
        order by a.created_at, a.id limit send_charges.most for update of a skip locked
    ), sent as (
        update payments_attempt a
        set state = t.to_state, ask_at = send_charges.at + interval '1 minute',
            supersede_at = least(
                send_charges.at + make_interval(secs => send_charges.supersede_seconds),
                greatest(r.starts_at, send_charges.at + interval '5 minutes')
            )
        from due d, payments_payment p, renewals_renewal r, database_transition t
        where a.id = d.id and p.id = a.payment_id and r.id = p.purpose_id
          and t.machine = 'attempt' and t.from_state = 'created' and t.event = 'send'
        returning a.id, a.account_id, t.machine, t.from_state, t.event, t.to_state
    ), stepped as (
        insert into database_history (
            account_id, machine, subject_id, from_state, event, to_state, at
        )
        select
            s.account_id, s.machine, s.id, s.from_state, s.event, s.to_state, send_charges.at
        from sent s
    )
    select coalesce(array_agg(s.id), '{}') from sent s
$$;

-- verb claim_charges: marks up to `most` unattended attempts of a gateway as sent, for the one
-- caller who then calls it. With `rate_max` there are at most so many a second, over all callers:
-- each is to be called so many milliseconds from now.
-- Caller: autorenewal/charging.py; any number side by side. Locks: the gateway's pace, attempts.
create or replace function claim_charges(
    gateway text, most integer, rate_max integer, supersede_seconds integer, at timestamptz
) returns table (attempt uuid, wait_ms integer)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    free timestamptz;
    room integer := least(claim_charges.most, 1000);
    sent uuid[];
begin
    perform check_at(claim_charges.at);
    free := free_from(claim_charges.gateway, claim_charges.rate_max, claim_charges.at);
    if claim_charges.rate_max is not null then
        room := least(room, floor(
            extract(epoch from claim_charges.at + interval '1 second' - free)
            * claim_charges.rate_max
        )::integer);
    end if;
    if room <= 0 or is_stopped() then
        return;
    end if;
    sent := send_charges(
        claim_charges.gateway, room, claim_charges.supersede_seconds, claim_charges.at
    );
    if claim_charges.rate_max is not null then
        update payments_pace p
        set free_at = free
            + interval '1 second' * cardinality(sent) / claim_charges.rate_max
        where p.gateway = claim_charges.gateway;
    end if;
    return query
    select
        s.id,
        case when claim_charges.rate_max is null then 0 else (
            extract(epoch from free - claim_charges.at) * 1000
            + (s.place - 1) * 1000 / claim_charges.rate_max
        )::integer end
    from unnest(sent) with ordinality s (id, place);
end $$;

-- verb give_up_charges: ends unattended attempts that may not be sent any more: their means was
-- taken away, or their renewal has waited too long; none while all is stopped. Gives how many.
-- Caller: autorenewal/charging.py. Locks: cards, passing over those that others hold; attempts.
create or replace function give_up_charges(at timestamptz, most integer) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    stale uuid;
    ended integer := 0;
begin
    for stale in
        select a.id from payments_attempt a
        inner join payments_payment p on p.id = a.payment_id
        inner join renewals_renewal r on r.id = p.purpose_id
        inner join payments_method m on m.id = a.method_id
        inner join cards_card c on c.id = r.card_id
        where a.state = 'created' and a.is_unattended and not is_stopped()
          and (r.state <> 'awaiting_payment' or r.deadline_at <= give_up_charges.at
              or m.state <> 'active')
        order by c.id limit least(give_up_charges.most, 1000) for update of c skip locked
    loop
        perform settle(
            stale, 'failed', null, null, '', 'not_sent', false, null, null, give_up_charges.at
        );
        ended := ended + 1;
    end loop;
    return ended;
end $$;

-- verb settle_charges: writes what a gateway said of many attempts, each as `settle` does, in one
-- call; cards are locked in one order. One that cannot be settled stops them all: charging.py then
-- settles each by itself.
-- Caller: autorenewal/charging.py. Locks: cards by id, and what `settle` locks.
create or replace function settle_charges(said jsonb, at timestamptz)
returns table (attempt uuid, attempt_state text, purpose_state text)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    told record;
begin
    for told in
        select s.*, a.account_id
        from jsonb_to_recordset(settle_charges.said) as s (
            attempt uuid, outcome text, reference text, page_url text, masked_means text,
            reason text, is_hard boolean, next_ask_at timestamptz
        )
        inner join payments_attempt a on a.id = s.attempt
        inner join cards_card c on c.account_id = a.account_id
        order by c.id, s.attempt
    loop
        return query
        select told.attempt, w.attempt_state, w.purpose_state
        from settle(
            told.attempt, told.outcome, told.reference, told.page_url, told.masked_means,
            told.reason, told.is_hard, null, told.next_ask_at, settle_charges.at
        ) w;
    end loop;
end $$;
