-- Delivery: what was paid is given by a network, or goes back with its money.

-- part delivery: what a network must know of a renewal's term, and whether it was asked before.
create type delivery as (
    reference text, is_new boolean, order_state text, renewal_state text, iccid text,
    starts_at timestamptz, ends_at timestamptz, allowance_bytes bigint, fair_use_bytes bigint,
    replaces boolean, applied_state text
);

-- verb begin_delivery: opens the order of a renewal before a network is asked to apply or
-- reverse it.
-- Caller: renewals/deliver.py. Locks: card, so that whoever takes a renewal back sees the order
-- that may be applied. Only what is paid is applied: otherwise no order is opened. `applied_state`
-- tells what became of the first order, so that nothing is reversed that was refused.
create or replace function begin_delivery(
    renewal uuid, action text, network text, at timestamptz
) returns delivery
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    asked delivery;
begin
    perform check_at(begin_delivery.at);
    perform 1 from cards_card c
    inner join renewals_renewal r on r.card_id = c.id where r.id = begin_delivery.renewal
    for update of c;
    select
        null, null, null, r.state, c.iccid, e.starts_at, e.planned_ends_at,
        e.allowance_bytes + e.carried_bytes, e.fair_use_bytes, r.on_renewal <> 'queue', (
            select p.state from provisioning_order p where p.reference = r.id || '-apply'
        ) into asked
    from renewals_renewal r
    inner join cards_card c on c.id = r.card_id
    inner join cards_entitlement e on e.card_id = r.card_id and e.renewal_id = r.id
    where r.id = begin_delivery.renewal;
    if begin_delivery.action <> 'apply' or asked.renewal_state = 'paid' then
        select o.reference, o.is_new, o.state
        into asked.reference, asked.is_new, asked.order_state
        from renewals_renewal r
        inner join cards_entitlement e on e.card_id = r.card_id and e.renewal_id = r.id
        cross join lateral open_order(
            r.account_id, e.id, r.id, begin_delivery.action, begin_delivery.network,
            begin_delivery.at
        ) o
        where r.id = begin_delivery.renewal;
    end if;
    return asked;
end $$;

-- verb deliver: writes what a network said of a renewal's order; applied ends in `delivered`.
-- Caller: renewals/deliver.py, after the outside call. Locks: card, order. Gives the renewal's
-- state.
-- A refusal by the network sends the money back at once.
create or replace function deliver(renewal uuid, outcome text, reason text, at timestamptz)
returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    paid renewals_renewal;
begin
    perform check_at(deliver.at);
    perform 1 from cards_card c
    inner join renewals_renewal r on r.card_id = c.id where r.id = deliver.renewal
    for update of c;
    select r.* into strict paid from renewals_renewal r where r.id = deliver.renewal;
    perform settle_order(paid.id, 'apply', deliver.outcome, deliver.reason, deliver.at);
    if paid.state <> 'paid' then
        return paid.state;
    end if;
    if deliver.outcome = 'done' then
        update renewals_renewal r
        set state = transit('renewal', r.id, r.account_id, 'paid', 'deliver', deliver.at),
            delivered_at = deliver.at, deadline_at = null
        where r.id = paid.id;
        update cards_entitlement e set state = 'delivered'
        where e.card_id = paid.card_id and e.renewal_id = paid.id and e.state = 'pending';
        select r.* into strict paid from renewals_renewal r where r.id = deliver.renewal;
        perform tell(paid, paid.id, 'renewed', deliver.at);
    elsif deliver.outcome = 'refused' then
        perform take_back(paid, 'not_delivered', deliver.at);
    end if;
    select r.* into strict paid from renewals_renewal r where r.id = deliver.renewal;
    return paid.state;
end $$;

-- verb give_up_delivery: takes back a renewal that was paid and not delivered before its deadline.
-- Caller: the worker's sweep, one card a call. Locks: card. False when there was nothing to take
-- back.
create or replace function give_up_delivery(renewal uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    paid renewals_renewal;
begin
    perform check_at(give_up_delivery.at);
    perform 1 from cards_card c
    inner join renewals_renewal r on r.card_id = c.id where r.id = give_up_delivery.renewal
    for update of c;
    select r.* into paid from renewals_renewal r where r.id = give_up_delivery.renewal;
    if paid.id is null or paid.state <> 'paid' or paid.deadline_at > give_up_delivery.at then
        return false;
    end if;
    perform take_back(paid, 'not_delivered', give_up_delivery.at);
    return true;
end $$;

-- part take_back: starts a reversal: the term ends, the network is told, the money goes back.
-- What was never delivered is paid back at once; what was delivered, when the network has taken
-- it back.
create or replace function take_back(renewal renewals_renewal, reason text, at timestamptz)
returns void
language plpgsql as $$
#variable_conflict error
declare
    term cards_entitlement;
begin
    update renewals_renewal r
    set state = transit('renewal', r.id, r.account_id, r.state, 'take_back', take_back.at),
        reason = take_back.reason, deadline_at = null
    where r.id = renewal.id;
    update cards_entitlement e set state = 'cancelled'
    where e.card_id = renewal.card_id and e.renewal_id = renewal.id and e.state <> 'cancelled'
    returning e.* into term;
    perform reopen_term(term);
    perform rearm(array[renewal.card_id], take_back.at);
    if renewal.channel <> 'auto' and take_back.reason = 'not_delivered' then
        perform stand_in(renewal, take_back.at);
    end if;
    perform queue_job('withdraw', renewal.id, renewal.account_id, take_back.at, take_back.at);
    if renewal.state = 'paid' then
        perform money_back(renewal.id, take_back.at);
    end if;
end $$;

-- part stand_in: makes an armed card due now whose term ended while somebody's renewal was on
-- its way, in the place of the tries that were not made for its sake: it was not delivered.
create or replace function stand_in(renewal renewals_renewal, at timestamptz) returns void
language sql as $$
    select await(array_agg(t.card_id), array_agg(stand_in.at), stand_in.at)
    from last_terms(array[(stand_in.renewal).card_id]) t
    where t.ends_at > (stand_in.renewal).paid_at and t.ends_at <= stand_in.at
$$;

-- part reopen_term: gives a term that another one cut short its time again, when that other one is
-- taken back: up to its own end, or to the next term if one was sold for after it meanwhile.
-- Data that a later term carried over stays with it, as its network has it already.
create or replace function reopen_term(closed_by cards_entitlement) returns void
language plpgsql as $$
#variable_conflict error
declare
    following cards_entitlement;
begin
    select e.* into following from cards_entitlement e
    where e.card_id = closed_by.card_id and e.state <> 'cancelled'
      and e.starts_at >= closed_by.starts_at
    order by e.starts_at limit 1;
    update cards_entitlement e
    set ends_at = least(e.planned_ends_at, following.starts_at),
        closed_by_id = case when following.starts_at < e.planned_ends_at then following.id end
    where e.card_id = closed_by.card_id and e.closed_by_id = closed_by.id
      and e.state <> 'cancelled';
end $$;

-- part money_back: reverses a sale. What came from a balance or deposit is back at once; what a
-- gateway took becomes unapplied and leaves by a refund, which ends the reversal. Once a renewal.
create or replace function money_back(renewal_id uuid, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
declare
    renewal renewals_renewal;
    attempt uuid;
begin
    select r.* into strict renewal from renewals_renewal r where r.id = money_back.renewal_id;
    perform reverse_transfers(p.account_id, renewal.id, array['promotion'], money_back.at)
    from catalogue_promotion p where p.id = renewal.promotion_id;
    if reverse_transfers(
        renewal.account_id, renewal.id, array['sale', 'tax', 'commission'], money_back.at
    ) = 0 and renewal.total > 0 then
        return;
    end if;
    if renewal.means = 'gateway' then
        select a.id into strict attempt from payments_payment p
        inner join payments_attempt a on a.payment_id = p.id
        where p.purpose_id = renewal.id and a.state = 'succeeded'
          and not exists (select from payments_refund f where f.attempt_id = a.id)
        order by a.settled_at limit 1;
        perform open_refund(attempt, renewal.total, renewal.reason, money_back.at);
        return;
    end if;
    update renewals_renewal r
    set state = transit('renewal', r.id, r.account_id, r.state, 'give_back', money_back.at),
        deadline_at = null
    where r.id = renewal.id;
    perform tell(renewal, renewal.id, 'refunded', money_back.at);
end $$;

-- verb reverse: takes a paid or delivered renewal back, on a person's or a partner's word.
-- Caller: renewals/__init__.py. Locks: request, card, accounts by id. Refuses: renewal_unknown,
-- renewal_state.
create or replace function reverse(
    channel text, source text, request_id text, request_hash bytea, renewal uuid, reason text,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    paid renewals_renewal;
begin
    select r.* into paid from renewals_renewal r where r.id = reverse.renewal;
    if paid.id is null then
        return row(null, 'refused', 'renewal_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        reverse.channel, reverse.source, reverse.request_id, reverse.request_hash,
        paid.account_id, paid.id, paid.id, 'reversing', null, reverse.at
    ) then
        return replay(
            reverse.channel, reverse.source, reverse.request_id, reverse.request_hash, paid.id
        );
    end if;
    perform 1 from cards_card c where c.id = paid.card_id for update;
    select r.* into paid from renewals_renewal r where r.id = reverse.renewal;
    if paid.state not in ('paid', 'delivered') then
        return refuse(reverse.channel, reverse.source, reverse.request_id, row(
            'renewal_state', jsonb_build_object('state', paid.state)
        )::objection);
    end if;
    perform take_back(paid, reverse.reason, reverse.at);
    return row(paid.id, 'reversing', null, null, null, false)::answer;
end $$;

-- verb withdrawn: writes what a network said of taking an order back; done sends the money back,
-- and closes an order to apply that was never answered. A network that will not is asked again.
-- Caller: renewals/deliver.py, after the outside call. Locks: card, order.
create or replace function withdrawn(renewal uuid, outcome text, reason text, at timestamptz)
returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    taken renewals_renewal;
begin
    perform check_at(withdrawn.at);
    perform 1 from cards_card c
    inner join renewals_renewal r on r.card_id = c.id where r.id = withdrawn.renewal
    for update of c;
    select r.* into strict taken from renewals_renewal r where r.id = withdrawn.renewal;
    perform settle_order(
        taken.id, 'reverse', case withdrawn.outcome when 'done' then 'done' else 'unknown' end,
        withdrawn.reason, withdrawn.at
    );
    if withdrawn.outcome = 'done' then
        perform settle_order(taken.id, 'apply', 'refused', 'withdrawn', withdrawn.at);
    end if;
    if withdrawn.outcome = 'done' and taken.state = 'reversing' then
        perform money_back(taken.id, withdrawn.at);
    end if;
    select r.* into strict taken from renewals_renewal r where r.id = withdrawn.renewal;
    return taken.state;
end $$;

-- part tell: writes the notices of a final state, one a fact and recipient, with what they say.
-- They bear the time of their fact, `at`, and are sent at `run_at`.
create or replace function tell(
    renewal renewals_renewal, fact uuid, template text, at timestamptz,
    run_at timestamptz default null
) returns void
language sql as $$
    select notify_later(
        (tell.renewal).account_id, tell.fact, tell.template, (tell.renewal).contact,
        jsonb_build_object(
            'renewal', (tell.renewal).id, 'iccid', c.iccid, 'zone', c.zone, 'plan', p.code,
            'total', (tell.renewal).total, 'currency', (tell.renewal).currency,
            'means', (tell.renewal).means, 'ends_at', (tell.renewal).ends_at,
            'starts_at', (tell.renewal).starts_at, 'state', (tell.renewal).state,
            'channel', (tell.renewal).channel,
            'masked_means', case (tell.renewal).means
                when 'gateway' then masked_means_of((tell.renewal).id, tell.fact) else '' end
        ), coalesce(tell.run_at, tell.at), tell.at
    )
    from cards_card c
    inner join catalogue_planversion v on v.id = (tell.renewal).plan_version_id
    inner join catalogue_plan p on p.id = v.plan_id
    where c.id = (tell.renewal).card_id
$$;
