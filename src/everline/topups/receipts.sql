-- Receipts of top-ups asked for after paying, as those of renewals are in renewals/receipts.sql.

-- verb send_topup_receipt: writes a paid top-up's confirmation to one more contact, which is told
-- what becomes of it from now on.
-- Caller: topups/receipts.py. Locks: request, top-up. Refuses: topup_unknown, topup_state,
-- receipt_limit.
create or replace function send_topup_receipt(
    channel text, source text, request_id text, request_hash bytea, top_up uuid, contact jsonb,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    sold topups_topup;
begin
    select o.* into sold from topups_topup o where o.id = send_topup_receipt.top_up;
    if sold.id is null then
        return row(null, 'refused', 'topup_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        send_topup_receipt.channel, send_topup_receipt.source, send_topup_receipt.request_id,
        send_topup_receipt.request_hash, sold.account_id, sold.id, sold.id, 'receipt_sent', null,
        send_topup_receipt.at
    ) then
        return replay(
            send_topup_receipt.channel, send_topup_receipt.source, send_topup_receipt.request_id,
            send_topup_receipt.request_hash, sold.id
        );
    end if;
    select o.* into sold from topups_topup o where o.id = sold.id for update;
    if sold.state <> 'paid' then
        return refuse(
            send_topup_receipt.channel, send_topup_receipt.source, send_topup_receipt.request_id,
            row('topup_state', jsonb_build_object('state', sold.state))::objection
        );
    end if;
    if confirmed_to(sold.id, 'topped_up', sold.paid_at) >= receipts_max() then
        return refuse(
            send_topup_receipt.channel, send_topup_receipt.source, send_topup_receipt.request_id,
            row('receipt_limit', jsonb_build_object('most', receipts_max()))::objection
        );
    end if;
    update topups_topup o set contact = add_contact(o.contact, send_topup_receipt.contact)
    where o.id = sold.id;
    sold.contact := send_topup_receipt.contact;
    perform tell_top_up(sold, sold.id, 'topped_up', sold.paid_at, send_topup_receipt.at);
    return row(sold.id, 'receipt_sent', null, null, null, false)::answer;
end $$;
