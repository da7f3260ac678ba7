-- Receipts asked for after paying, when nobody had said where the confirmation goes, or wrongly.

-- verb send_receipt: writes a paid renewal's confirmation to one more contact, which is told what
-- becomes of the renewal from now on; one that is not delivered yet is confirmed when it is. With
-- `again`, whoever has it already gets the same again, and no limit holds.
-- Caller: renewals/receipts.py. Locks: request, renewal, its notices. Refuses: renewal_unknown,
-- renewal_state, receipt_limit.
create or replace function send_receipt(
    channel text, source text, request_id text, request_hash bytea, renewal uuid, contact jsonb,
    again boolean, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    sold renewals_renewal;
begin
    select r.* into sold from renewals_renewal r where r.id = send_receipt.renewal;
    if sold.id is null then
        return row(null, 'refused', 'renewal_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        send_receipt.channel, send_receipt.source, send_receipt.request_id,
        send_receipt.request_hash, sold.account_id, sold.id, sold.id, 'receipt_sent', null,
        send_receipt.at
    ) then
        return replay(
            send_receipt.channel, send_receipt.source, send_receipt.request_id,
            send_receipt.request_hash, sold.id
        );
    end if;
    select r.* into sold from renewals_renewal r where r.id = sold.id for update;
    if sold.state not in ('paid', 'delivered') then
        return refuse(
            send_receipt.channel, send_receipt.source, send_receipt.request_id,
            row('renewal_state', jsonb_build_object('state', sold.state))::objection
        );
    end if;
    if not send_receipt.again and sold.state = 'delivered'
        and confirmed_to(sold.id, 'renewed', sold.delivered_at) >= receipts_max() then
        return refuse(
            send_receipt.channel, send_receipt.source, send_receipt.request_id,
            row('receipt_limit', jsonb_build_object('most', receipts_max()))::objection
        );
    end if;
    update renewals_renewal r set contact = add_contact(r.contact, send_receipt.contact)
    where r.id = sold.id;
    if sold.state = 'delivered' then
        if send_receipt.again then
            perform notify_again(
                sold.id, 'renewed', send_receipt.contact, sold.delivered_at, send_receipt.at
            );
        end if;
        sold.contact := send_receipt.contact;
        perform tell(sold, sold.id, 'renewed', sold.delivered_at, send_receipt.at);
    end if;
    return row(sold.id, 'receipt_sent', null, null, null, false)::answer;
end $$;
