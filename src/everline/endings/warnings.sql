-- Reminders before a term ends that nothing renews by itself, and when its data is used up.

-- part reminders: when people are reminded of a term's end: seven days, three days, one day before,
-- and six hours. Those that would come in the first half of the term are left out; the last one
-- never comes before its last quarter, so a plan of one day has that one alone.
create or replace function reminders(starts_at timestamptz, ends_at timestamptz)
returns table (template text, due_at timestamptz)
language sql immutable as $$
    select s.template, reminders.ends_at - s.ahead
    from (values
        ('ending_week', interval '7 days'), ('ending_days', interval '3 days'),
        ('ending_day', interval '1 day'), ('ending_soon', interval '0')
    ) as t (template, before)
    cross join lateral (select t.template, case t.template
        when 'ending_soon'
            then least(interval '6 hours', (reminders.ends_at - reminders.starts_at) / 4)
        else t.before end as ahead
    ) s
    where s.ahead <= (reminders.ends_at - reminders.starts_at) / 2
$$;

-- verb warn_ending: goes on with its round through up to `most` terms and reminds that service
-- ends, when no mandate renews the card or it is paused until then; each reminder once a term, and
-- only the latest one when several are due. Gives how many were told, and whether the round is
-- over.
-- Caller: endings/sweeps.py; of several one looks at a time. Locks: the round, the warnings.
create or replace function warn_ending(
    at timestamptz, most integer, out done integer, out is_over boolean
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    going jobs_round;
    near slice;
begin
    done := 0;
    is_over := true;
    going := begin_round('warn_ending', interval '15 minutes', warn_ending.at);
    if going.sweep is not null then
        near := ending_slice(
            going, warn_ending.at, warn_ending.at + interval '7 days',
            least(warn_ending.most, 1000)
        );
        done := remind(near.ids, warn_ending.at);
        is_over := end_slice(going, near, least(warn_ending.most, 1000));
    end if;
end $$;

-- part remind: reminds of the end of these terms, as far as it is time. Who asked for the
-- confirmation of the term's renewal is told, else the holder. Gives how many terms.
create or replace function remind(terms uuid[], at timestamptz) returns integer
language sql as $$
    with near as materialized (
        select
            c as card, e as term, coalesce(m.contact, r.contact) as contact, p.code as plan,
            s.names as successor, d.template, m.paused_until, m.id as mandate_id
        from cards_entitlement e
        inner join cards_card c on c.id = e.card_id
        left join renewals_renewal r on r.id = e.renewal_id
        inner join catalogue_planversion v on v.id = e.plan_version_id
        inner join catalogue_plan p on p.id = v.plan_id
        left join catalogue_plan s on s.id = p.successor_id and p.retired_at <= remind.at
        left join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
            and is_paused(m.paused_until, m.is_skip, e.ends_at, e.ends_at)
        cross join lateral (
            select k.template from reminders(e.starts_at, e.ends_at) k
            where k.due_at <= remind.at order by k.due_at desc limit 1
        ) d
        where e.id = any(remind.terms) and e.ends_at > remind.at
          and e.state <> 'cancelled' and (c.next_rung_at is null or m.paused_until is not null)
          and c.state in ('activated', 'bound', 'suspended')
          and not exists (
              select from cards_entitlement l
              where l.card_id = e.card_id and l.ends_at > e.ends_at and l.state <> 'cancelled'
          )
          and not exists (
              select from notices_warned w where w.fact_id = e.id and w.template = d.template
          )
        order by e.ends_at, e.id
    ), warned as materialized (
        select warn(
            (n.card).account_id, (n.term).id, n.template, n.contact, jsonb_build_object(
                'card', (n.card).id, 'iccid', (n.card).iccid, 'zone', (n.card).zone,
                'plan', n.plan, 'ends_at', (n.term).ends_at, 'successor', n.successor,
                'gone_at', (n.term).ends_at + lapsed_time(), 'paused_until', n.paused_until,
                'mandate', n.mandate_id
            ), (n.card).zone, (n.term).ends_at, remind.at
        ) as is_new
        from near n
    )
    select count(*)::integer from warned w where w.is_new
$$;

-- verb warn_data: tells that most or all data of a term is used, once each; what is said is what
-- holds now. Nobody is told of a term that was renewed already, nor when data is renewed by itself.
-- Caller: endings/sweeps.py, by the job that a reading wrote. Locks: nothing but the warnings.
create or replace function warn_data(term uuid, at timestamptz) returns boolean
language sql security definer set search_path from current as $$
    select warn(
        c.account_id, e.id, case d.mark when 2 then 'data_out' else 'data_low' end,
        r.contact, jsonb_build_object(
            'card', c.id, 'iccid', c.iccid, 'zone', c.zone, 'plan', p.code,
            'ends_at', e.ends_at, 'left_bytes', greatest(d.bytes - e.used_bytes, 0),
            'as_of', e.used_as_of, 'on_renewal', v.on_renewal
        ), c.zone, e.ends_at, warn_data.at
    )
    from cards_entitlement e
    cross join lateral (
        select e.allowance_bytes + e.carried_bytes as bytes, data_mark(e, e.used_bytes) as mark
    ) d
    inner join cards_card c on c.id = e.card_id
    left join renewals_renewal r on r.id = e.renewal_id
    inner join catalogue_planversion v on v.id = e.plan_version_id
    inner join catalogue_plan p on p.id = v.plan_id
    where e.id = warn_data.term and e.state <> 'cancelled' and e.ends_at > warn_data.at
      and d.mark > 0 and c.state in ('activated', 'bound', 'suspended')
      and not exists (
          select from cards_entitlement l
          where l.card_id = e.card_id and l.ends_at > e.ends_at and l.state <> 'cancelled'
      )
      and not exists (
          select from autorenewal_mandate m
          where m.card_id = c.id and m.ended_at is null and m.below_bytes is not null
            and (m.paused_until is null or m.paused_until <= warn_data.at)
      )
$$;
