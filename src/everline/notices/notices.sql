-- Notices: written by the verb that reaches a final state; one a fact, template and recipient.

-- part notify: writes a notice for each way a contact can be reached, and the job that sends it.
-- A contact is {"email": …, "phone": …, "locale": …}; none means that nobody asked to be told.
create or replace function notify(
    account uuid, fact uuid, template text, contact jsonb, facts jsonb, at timestamptz
) returns void
language sql as $$
    select notify_later(
        notify.account, notify.fact, notify.template, notify.contact, notify.facts, notify.at,
        notify.at
    )
$$;

-- part notify_later: the same, to be sent at `run_at`.
create or replace function notify_later(
    account uuid, fact uuid, template text, contact jsonb, facts jsonb, run_at timestamptz,
    at timestamptz
) returns void
language sql as $$
    with written as (
        insert into notices_notice (
            id, account_id, fact_id, at, template, medium, recipient, locale, facts, state
        )
        select
            everline_uuid7(notify_later.at), notify_later.account, notify_later.fact,
            notify_later.at, notify_later.template, m.medium, notify_later.contact ->> m.field,
            coalesce(notify_later.contact ->> 'locale', 'en'), notify_later.facts, 'waiting'
        from (values ('email', 'email'), ('sms', 'phone')) as m (medium, field)
        where notify_later.contact ->> m.field <> ''
        on conflict do nothing
        returning id
    )
    select queue_job('notify', w.id, notify_later.account, notify_later.run_at, notify_later.at)
    from written w
$$;

-- part receipts_max: to how many addresses one confirmation is written at most.
create or replace function receipts_max() returns integer
language sql immutable as $$
    select 3
$$;

-- part confirmed_to: to how many addresses the confirmation of a fact was written.
create or replace function confirmed_to(fact uuid, template text, at timestamptz) returns bigint
language sql stable as $$
    select count(distinct n.recipient) from notices_notice n
    where n.at = confirmed_to.at and n.fact_id = confirmed_to.fact
      and n.template = confirmed_to.template
$$;

-- part add_contact: a contact with what another one adds to it; of each kind the newer one holds.
create or replace function add_contact(known jsonb, added jsonb) returns jsonb
language sql immutable as $$
    select coalesce(add_contact.known, '{"email": "", "phone": ""}'::jsonb)
        || jsonb_strip_nulls(jsonb_build_object(
            'email', nullif(add_contact.added ->> 'email', ''),
            'phone', nullif(add_contact.added ->> 'phone', ''),
            'locale', add_contact.added ->> 'locale'
        ))
$$;

-- part notify_again: lets notices of a fact that have left, or could not, leave once more for the
-- same recipients, in the contact's language: one row stays one row. Locks: the notices.
create or replace function notify_again(
    fact uuid, template text, contact jsonb, fact_at timestamptz, at timestamptz
) returns void
language plpgsql as $$
#variable_conflict error
declare
    again notices_notice;
begin
    for again in
        update notices_notice n
        set state = 'waiting', sent_at = null,
            locale = coalesce(notify_again.contact ->> 'locale', n.locale)
        where n.at = notify_again.fact_at and n.fact_id = notify_again.fact
          and n.template = notify_again.template and n.state <> 'waiting'
          and n.recipient = case n.medium when 'email' then notify_again.contact ->> 'email'
              else notify_again.contact ->> 'phone' end
        returning n.*
    loop
        perform revive_job(j.id, notify_again.at) from jobs_job j
        where j.kind = 'notify' and j.subject_id = again.id;
        perform queue_job(
            'notify', again.id, again.account_id, notify_again.at, notify_again.at
        );
    end loop;
end $$;

-- part untell: forgets that a warning was written whose notices were all stopped before they left:
-- nobody has read it, so it may be written anew when it is true again.
create or replace function untell(account uuid, fact uuid, template text, at timestamptz)
returns void
language sql as $$
    delete from notices_warned w
    where w.fact_id = untell.fact and w.template = untell.template and not exists (
        select from notices_notice n
        where n.account_id = untell.account and n.at > untell.at - interval '31 days'
          and n.fact_id = untell.fact and n.template = untell.template
          and n.state not in ('stopped')
    )
$$;

-- verb notice_sent: marks a notice as sent, failed for good, or stopped as it came too late.
-- Caller: notices/send.py, after the outside call. Locks: the notice.
create or replace function notice_sent(notice uuid, state text, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    done notices_notice;
begin
    update notices_notice n set state = notice_sent.state, sent_at = notice_sent.at
    where n.id = notice_sent.notice and n.state = 'waiting'
      and notice_sent.state in ('sent', 'failed', 'stopped')
    returning n.* into done;
    if done.state = 'stopped' then
        perform untell(done.account_id, done.fact_id, done.template, notice_sent.at);
    end if;
    return done.id is not null;
end $$;
