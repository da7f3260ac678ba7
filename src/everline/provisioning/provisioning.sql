-- Provisioning: one order per renewal and action, with our own reference, written before it is
-- sent.

-- part open_order: opens or finds the order of a renewal; `is_new` false: it may have been sent
-- before.
create or replace function open_order(
    account uuid, entitlement uuid, renewal uuid, action text, network text, at timestamptz,
    out order_id uuid, out reference text, out state text, out is_new boolean
)
language plpgsql as $$
#variable_conflict error
begin
    order_id := everline_uuid7(open_order.at);
    reference := open_order.renewal || '-' || open_order.action;
    insert into provisioning_order (
        id, account_id, entitlement_id, renewal_id, action, network, reference, state, reason,
        created_at
    ) values (
        open_order.order_id, open_order.account, open_order.entitlement, open_order.renewal,
        open_order.action, open_order.network, open_order.reference, 'sent', '', open_order.at
    ) on conflict do nothing;
    is_new := found;
    if is_new then
        state := transit('order', order_id, account, '', 'send', at);
        return;
    end if;
    select o.id, o.state into strict order_id, state from provisioning_order o
    where o.reference = open_order.reference;
end $$;

-- part settle_order: writes what a network said of an order; an order that is final stays as it is.
create or replace function settle_order(
    renewal uuid, action text, outcome text, reason text, at timestamptz
) returns text
language plpgsql as $$
#variable_conflict error
declare
    sent provisioning_order;
    reached text;
begin
    select o.* into sent from provisioning_order o
    where o.reference = settle_order.renewal || '-' || settle_order.action for update;
    if sent.id is null or sent.state in ('done', 'refused')
        or (sent.state = 'unknown' and settle_order.outcome = 'unknown') then
        return sent.state;
    end if;
    reached := transit(
        'order', sent.id, sent.account_id, sent.state,
        case settle_order.outcome when 'done' then 'succeed' when 'refused' then 'refuse'
            else 'lose' end,
        settle_order.at
    );
    update provisioning_order o
    set state = reached, reason = coalesce(settle_order.reason, ''),
        settled_at = case when reached in ('done', 'refused') then settle_order.at end
    where o.id = sent.id;
    return reached;
end $$;
