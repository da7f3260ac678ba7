-- Warnings before a term ends that nothing renews by itself.

-- verb warn_ending: warns once a term that service ends soon, when no mandate renews the card.
-- Caller: endings/sweeps.py; any number side by side. Locks: nothing but the warnings. Who asked
-- for the confirmation of the term's renewal is told, else the holder. Gives how many terms.
create or replace function warn_ending(at timestamptz, most integer) returns integer
language sql security definer set search_path from current as $$
    with near as materialized (
        select c as card, e as term, r.contact, p.code as plan from cards_entitlement e
        inner join cards_card c on c.id = e.card_id
        left join renewals_renewal r on r.id = e.renewal_id
        inner join catalogue_planversion v on v.id = e.plan_version_id
        inner join catalogue_plan p on p.id = v.plan_id
        where e.ends_at > warn_ending.at and e.ends_at <= warn_ending.at + warning_time_max()
          and e.ends_at <= warn_ending.at + warning_time(e.starts_at, e.ends_at)
          and e.state <> 'cancelled' and c.next_rung_at is null
          and c.state in ('activated', 'bound', 'suspended')
          and not exists (
              select from cards_entitlement l
              where l.card_id = e.card_id and l.ends_at > e.ends_at and l.state <> 'cancelled'
          )
          and not exists (
              select from notices_warned w
              where w.fact_id = e.id and w.template = 'ending_soon'
          )
        order by e.ends_at limit least(warn_ending.most, 1000)
    ), warned as materialized (
        select warn(
            (n.card).account_id, (n.term).id, 'ending_soon', n.contact, jsonb_build_object(
                'card', (n.card).id, 'iccid', (n.card).iccid, 'zone', (n.card).zone,
                'plan', n.plan, 'ends_at', (n.term).ends_at,
                'gone_at', (n.term).ends_at + lapsed_time()
            ), (n.card).zone, (n.term).ends_at, warn_ending.at
        ) as is_new
        from near n
    )
    select count(*)::integer from warned w where w.is_new
$$;
