-- Reminders by push: the devices that asked for them, each for one card, and what they are told.

-- part devices_max: how many devices are reminded of one card; a newer one takes the place of the
-- oldest.
create or replace function devices_max() returns integer
language sql immutable as $$
    select 20
$$;

-- verb remind_device: keeps that a device wants to be reminded before a card ends; once a device
-- and card, with the newest keys. Gives the id of the reminder as its answer's id.
-- Caller: notices/push.py. Locks: request, card. Refuses: card_unknown, card_terminated.
create or replace function remind_device(
    channel text, source text, request_id text, request_hash bytea, card uuid, endpoint text,
    public_key text, secret text, locale text, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    kept uuid;
begin
    select b.* into begun from begin_card(
        remind_device.channel, remind_device.source, remind_device.request_id,
        remind_device.request_hash, remind_device.card, 'reminded', remind_device.at
    ) b;
    if (begun.final).outcome is not null then
        select d.id into kept from notices_device d
        where d.card_id = remind_device.card and d.endpoint = remind_device.endpoint;
        return row(
            coalesce(kept, (begun.final).id), (begun.final).outcome, (begun.final).reason,
            (begun.final).facts, (begun.final).valid_until, (begun.final).replayed
        )::answer;
    end if;
    if (begun.locked).state = 'terminated' then
        return refuse(
            remind_device.channel, remind_device.source, remind_device.request_id,
            row('card_terminated', '{}'::jsonb)::objection
        );
    end if;
    insert into notices_device (
        id, account_id, card_id, endpoint, public_key, secret, locale, at
    ) values (
        everline_uuid7(remind_device.at), (begun.locked).account_id, remind_device.card,
        remind_device.endpoint, remind_device.public_key, remind_device.secret,
        remind_device.locale, remind_device.at
    ) on conflict on constraint device_is_kept_once_a_card do update
    set public_key = excluded.public_key, secret = excluded.secret, locale = excluded.locale,
        at = excluded.at
    returning id into kept;
    delete from notices_device d
    where d.card_id = remind_device.card and d.id in (
        select o.id from notices_device o where o.card_id = remind_device.card
        order by o.at desc, o.id desc offset devices_max()
    );
    return row(kept, 'reminded', null, null, null, false)::answer;
end $$;

-- verb forget_device: ends the reminders of one card on one device, as it asks for.
-- Caller: notices/push.py. Locks: request, card. Refuses: card_unknown.
create or replace function forget_device(
    channel text, source text, request_id text, request_hash bytea, card uuid, device uuid,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_card(
        forget_device.channel, forget_device.source, forget_device.request_id,
        forget_device.request_hash, forget_device.card, 'forgotten', forget_device.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    delete from notices_device d
    where d.id = forget_device.device and d.card_id = forget_device.card;
    return row(forget_device.card, 'forgotten', null, null, null, false)::answer;
end $$;

-- verb device_gone: forgets a device that its push service does not know any more, for every card.
-- Caller: notices/send.py, after the outside call. Locks: the device. Gives how many rows.
create or replace function device_gone(device uuid) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    forgotten integer;
begin
    delete from notices_device d
    where d.endpoint = (select g.endpoint from notices_device g where g.id = device_gone.device);
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;

-- part push_later: writes a notice for each device that is to be reminded of a card, and its job;
-- only what ends is told there: a balance is not for whoever holds a telephone.
create or replace function push_later(
    account uuid, fact uuid, template text, facts jsonb, run_at timestamptz, at timestamptz
) returns void
language sql as $$
    with written as (
        insert into notices_notice (
            id, account_id, fact_id, at, template, medium, recipient, locale, facts, state
        )
        select
            everline_uuid7(push_later.at), push_later.account, push_later.fact, push_later.at,
            push_later.template, 'push', d.id::text, d.locale, push_later.facts, 'waiting'
        from notices_device d
        where d.card_id = (push_later.facts ->> 'card')::uuid
          and push_later.template in (
              'ending_week', 'ending_days', 'ending_day', 'ending_soon', 'data_low', 'data_out',
              'number_ends', 'number_ends_soon'
          )
        on conflict do nothing
        returning id
    )
    select queue_job('notify', w.id, push_later.account, push_later.run_at, push_later.at)
    from written w
$$;
