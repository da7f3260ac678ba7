-- Notices: written by the verb that reaches a final state; one a fact, template and recipient.

-- part notify: writes a notice for each way a contact can be reached, and the job that sends it.
-- A contact is {"email": …, "phone": …, "locale": …}; none means that nobody asked to be told.
create or replace function notify(
    account uuid, fact uuid, template text, contact jsonb, facts jsonb, at timestamptz
) returns void
language sql as $$
    with written as (
        insert into notices_notice (
            id, account_id, fact_id, at, template, medium, recipient, locale, facts, state
        )
        select
            everline_uuid7(notify.at), notify.account, notify.fact, notify.at, notify.template,
            m.medium, notify.contact ->> m.field,
            coalesce(notify.contact ->> 'locale', 'en'), notify.facts, 'waiting'
        from (values ('email', 'email'), ('sms', 'phone')) as m (medium, field)
        where notify.contact ->> m.field <> ''
        on conflict do nothing
        returning id
    )
    select queue_job('notify', w.id, notify.account, notify.at, notify.at) from written w
$$;

-- verb notice_sent: marks a notice as sent or failed for good.
-- Caller: notices/send.py, after the outside call. Locks: the notice.
create or replace function notice_sent(notice uuid, state text, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    update notices_notice n set state = notice_sent.state, sent_at = notice_sent.at
    where n.id = notice_sent.notice and n.state = 'waiting'
      and notice_sent.state in ('sent', 'failed');
    return found;
end $$;
