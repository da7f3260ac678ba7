-- Links: an open renewal's address, sent to a telephone that cannot show a page by itself; and a
-- receipt that is sent again.

-- verb send_pay_link: writes the notice with the address at which an open renewal is paid, once for
-- each recipient. The address is the channel's to make; only its path is kept.
-- Caller: renewals/open.py. Locks: request. Refuses: renewal_unknown, renewal_state.
create or replace function send_pay_link(
    channel text, source text, request_id text, request_hash bytea, renewal uuid, contact jsonb,
    path text, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    waiting renewals_renewal;
begin
    select r.* into waiting from renewals_renewal r where r.id = send_pay_link.renewal;
    if waiting.id is null then
        return row(null, 'refused', 'renewal_unknown', '{}'::jsonb, null, false)::answer;
    end if;
    if not claim(
        send_pay_link.channel, send_pay_link.source, send_pay_link.request_id,
        send_pay_link.request_hash, waiting.account_id, waiting.id, waiting.id, 'link_sent', null,
        send_pay_link.at
    ) then
        return replay(
            send_pay_link.channel, send_pay_link.source, send_pay_link.request_id,
            send_pay_link.request_hash, waiting.id
        );
    end if;
    if waiting.state <> 'awaiting_payment' or waiting.deadline_at <= send_pay_link.at then
        return refuse(
            send_pay_link.channel, send_pay_link.source, send_pay_link.request_id,
            row('renewal_state', jsonb_build_object('state', waiting.state))::objection
        );
    end if;
    -- The notice bears the time of its fact, so that one recipient gets one of them.
    perform notify(
        waiting.account_id, waiting.id, 'pay_link', send_pay_link.contact,
        jsonb_build_object(
            'renewal', waiting.id, 'iccid', c.iccid, 'zone', c.zone, 'plan', p.code,
            'total', waiting.total, 'currency', waiting.currency, 'means', waiting.means,
            'starts_at', waiting.starts_at, 'ends_at', waiting.ends_at, 'state', waiting.state,
            'deadline_at', waiting.deadline_at, 'path', send_pay_link.path
        ), waiting.placed_at
    )
    from cards_card c
    inner join catalogue_planversion v on v.id = waiting.plan_version_id
    inner join catalogue_plan p on p.id = v.plan_id
    where c.id = waiting.card_id;
    return row(waiting.id, 'link_sent', null, null, null, false)::answer;
end $$;
