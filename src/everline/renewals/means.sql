-- Kept means and renewals: what follows when an unattended charge is declined, and when a card gets
-- a means that it did not have.

-- part hasten: makes the next rung of an account's card due at once when its ladder has begun: what
-- was tried in vain is tried by the means that is there now.
create or replace function hasten(account uuid, at timestamptz) returns void
language sql as $$
    select rush(array_agg(c.id), hasten.at) from cards_card c
    where c.account_id = hasten.account
$$;

-- part keep_paid: keeps the means that something was just paid by, when the customer agreed to it.
create or replace function keep_paid(
    owed payments_payment, attempt uuid, kept jsonb, at timestamptz
) returns void
language plpgsql as $$
#variable_conflict error
declare
    channel text;
begin
    select coalesce(r.channel, o.channel) into channel from (select 1) as always
    left join renewals_renewal r on r.id = owed.purpose_id
    left join topups_topup o on o.id = owed.purpose_id;
    if keep_of_attempt(keep_paid.attempt, keep_paid.kept, channel, keep_paid.at) is not null then
        perform hasten(owed.account_id, keep_paid.at);
    end if;
end $$;

-- part go_on: what follows when an unattended charge was declined: the next kept means in order on
-- the same renewal, then the balance. With neither it is closed, and its next rung stands. What was
-- never sent while there was time was not declined: it expires.
create or replace function go_on(owed payments_payment, attempt uuid, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
declare
    tried payments_attempt;
    waiting renewals_renewal;
    following payments_method;
    paid_from uuid;
    why objection;
begin
    select a.* into strict tried from payments_attempt a where a.id = go_on.attempt;
    if not tried.is_unattended then
        return;
    end if;
    select r.* into waiting from renewals_renewal r where r.id = owed.purpose_id;
    if waiting.state is distinct from 'awaiting_payment' or is_in_flight(owed.purpose_id) or (
        waiting.deadline_at <= go_on.at and tried.reason in ('not_sent', 'never_received')
    ) then
        return;
    end if;
    following := next_method(owed);
    if following.id is not null and waiting.deadline_at > go_on.at then
        perform add_attempt(
            owed.id, row(following.gateway, null, following.id, null)::way, true,
            go_on.at + interval '1 hour', go_on.at
        );
        return;
    end if;
    waiting.means := 'balance';
    why := why_not_open(waiting, waiting.channel, go_on.at);
    if why.reason is null then
        paid_from := take(
            waiting.account_id, 'balance', waiting.currency, waiting.total, go_on.at
        );
    end if;
    if paid_from is not null then
        perform pay_renewal(waiting, paid_from, go_on.at);
        return;
    end if;
    perform decline_renewal(waiting, go_on.at);
end $$;

-- part decline_renewal: closes a renewal that no means could pay, and tells of it once a term: that
-- somebody must confirm in person when a bank asked for that.
create or replace function decline_renewal(waiting renewals_renewal, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
declare
    card cards_card;
    term cards_entitlement;
    plan text;
    reason text;
begin
    select c.* into strict card from cards_card c
    where c.id = (decline_renewal.waiting).card_id;
    select p.code into strict plan from catalogue_planversion v
    inner join catalogue_plan p on p.id = v.plan_id
    where v.id = (decline_renewal.waiting).plan_version_id;
    select case when bool_or(a.reason = 'authentication_required')
        then 'authentication_required' else 'payment_declined' end
    into reason
    from payments_payment o inner join payments_attempt a on a.payment_id = o.id
    where o.purpose_id = (decline_renewal.waiting).id;
    perform close_renewal(
        decline_renewal.waiting, 'refuse', 'payment_declined', decline_renewal.at
    );
    select e.* into term from cards_entitlement e
    where e.card_id = card.id and e.state <> 'cancelled' order by e.ends_at desc limit 1;
    if term.id is not null then
        perform warn(
            card.account_id, term.id, 'auto_failed', (decline_renewal.waiting).contact,
            jsonb_build_object(
                'card', card.id, 'iccid', card.iccid, 'zone', card.zone, 'plan', plan,
                'total', (decline_renewal.waiting).total, 'currency', card.currency,
                'balance', spendable(card.account_id, 'balance', card.currency),
                'ends_at', term.ends_at, 'reason', reason,
                'is_last', term.ends_at <= decline_renewal.at,
                'renewal', (decline_renewal.waiting).id,
                'channel', (decline_renewal.waiting).channel
            ), card.zone, term.ends_at, decline_renewal.at
        );
    end if;
end $$;

-- verb settle_setup: writes what a gateway said of a means that was to be kept without paying.
-- Caller: renewals/keeping.py, after the outside call. Locks: card, setup. Silence is asked about
-- again until the setup's time is over. Gives the state that was reached.
create or replace function settle_setup(
    setup uuid, outcome text, reference text, page_url text, reason text, kept jsonb,
    next_ask_at timestamptz, at timestamptz
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    asked payments_setup;
    method uuid;
    reached text := 'open';
begin
    perform check_at(settle_setup.at);
    perform 1 from cards_card c inner join payments_setup s on s.account_id = c.account_id
    where s.id = settle_setup.setup for update of c;
    select s.* into strict asked from payments_setup s
    where s.id = settle_setup.setup for update;
    if asked.state <> 'open' then
        return asked.state;
    end if;
    if settle_setup.outcome = 'kept' then
        method := keep_method(
            asked.account_id, asked.gateway, settle_setup.kept, asked.channel,
            asked.words_version, settle_setup.at
        );
        reached := 'kept';
    elsif settle_setup.outcome = 'failed' or settle_setup.next_ask_at is null
        or settle_setup.at >= asked.ends_at then
        reached := 'failed';
    end if;
    update payments_setup s
    set state = reached, method_id = method,
        reference = coalesce(settle_setup.reference, s.reference),
        page_url = coalesce(settle_setup.page_url, s.page_url),
        reason = case when reached = 'failed'
            then coalesce(nullif(settle_setup.reason, ''), 'expired') else '' end,
        ask_at = case when reached = 'open' then settle_setup.next_ask_at end
    where s.id = asked.id;
    if reached = 'kept' then
        perform hasten(asked.account_id, settle_setup.at);
    end if;
    return reached;
end $$;
