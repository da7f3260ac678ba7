-- What people are told of automatic renewal: that the balance will not suffice, and that it was
-- tried in vain. How it stands is told by standing.sql.

-- part due_soon: those of these cards whose next rung comes within the warning time and that
-- nothing can pay, but for those that were warned in this term.
-- A balance that has what was agreed to at most is passed over at once: most cards are such.
create or replace function due_soon(cards uuid[], at timestamptz) returns setof coming
language sql stable as $$
    select k::coming from cards_card c
    cross join lateral coming_charge(c, due_soon.at) k
    where c.id = any(due_soon.cards) and c.state = 'bound'
      and c.next_rung_at <= due_soon.at + warning_time_max()
      and exists (
          select from autorenewal_mandate m
          where m.card_id = c.id and m.ended_at is null and (
              m.total is null or spendable(c.account_id, 'balance', c.currency) < m.total
          )
      )
      and c.next_rung_at <= due_soon.at + warning_time((k.term).starts_at, (k.term).ends_at)
      and k.template = 'auto_short'
      and not exists (
          select from notices_warned w
          where w.fact_id = (k.term).id and w.template in ('auto_short', 'auto_failed')
      )
    order by c.next_rung_at, c.id
$$;

-- verb warn_short: goes on with its round through up to `most` cards and warns of automatic
-- renewals that come soon and that nothing can pay, once a card and term, and not after a refused
-- try that was told. Gives how many were told, and whether the round is over.
-- Caller: autorenewal/warnings.py; of several one looks at a time. Locks: the round, the warnings.
create or replace function warn_short(
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
    going := begin_round('warn_short', interval '15 minutes', warn_short.at);
    if going.sweep is not null then
        near := armed_slice(
            going, warn_short.at + warning_time_max() + interval '72 hours',
            least(warn_short.most, 1000)
        );
        done := tell_short(near.ids, warn_short.at);
        is_over := end_slice(going, near, least(warn_short.most, 1000));
    end if;
end $$;

-- part tell_short: warns of these cards' renewals that nothing can pay; gives how many were told.
create or replace function tell_short(cards uuid[], at timestamptz) returns integer
language sql as $$
    with near as materialized (
        select s from due_soon(tell_short.cards, tell_short.at) s
    ), warned as materialized (
        select warn(
            ((n.s).card).account_id, ((n.s).term).id, 'auto_short', (n.s).contact,
            coming_facts(n.s), ((n.s).card).zone, ((n.s).term).ends_at, tell_short.at
        ) as is_new
        from near n
    )
    select count(*)::integer from warned w where w.is_new
$$;

-- part warning_facts: what a warning about a card's automatic renewal says.
create or replace function warning_facts(
    card cards_card, term cards_entitlement, plan uuid, total bigint
) returns jsonb
language sql stable as $$
    select jsonb_build_object(
        'card', card.id, 'iccid', card.iccid, 'zone', card.zone, 'plan', p.code,
        'total', warning_facts.total, 'currency', card.currency,
        'balance', spendable(card.account_id, 'balance', card.currency), 'ends_at', term.ends_at,
        'mandate', (
            select m.id from autorenewal_mandate m
            where m.card_id = card.id and m.ended_at is null
        )
    )
    from catalogue_plan p where p.id = warning_facts.plan
$$;

-- part warn_refused: tells of the first rung of a term that was refused, and of no further one. A
-- pause was asked for and is no failure; what waits for a consent is told as that, once.
-- Gives how many were told.
create or replace function warn_refused(sales sale[], at timestamptz) returns bigint
language sql as $$
    with refused as (
        select
            c as card, t.term, v.plan_id, (s.offer).total, q.reason,
            (q.facts ->> 'agreed')::bigint as agreed,
            coalesce(s.contact, r.contact) as contact
        from unnest(warn_refused.sales) s
        inner join cards_card c on c.id = (s.offer).card_id
        inner join database_request q on q.channel = 'auto' and q.source = 'due'
            and q.request_id = s.request_id
        cross join lateral (
            select e as term from cards_entitlement e
            where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
        ) t
        left join renewals_renewal r on r.id = (t.term).renewal_id
        inner join catalogue_planversion v
            on v.id = coalesce((s.offer).plan_version_id, (t.term).plan_version_id)
        where s.paid_from is null and q.reason <> 'auto_paused'
    ), warned as materialized (
        select warn(
            (f.card).account_id, (f.term).id,
            case f.reason when 'consent_needed' then 'auto_consent' else 'auto_failed' end,
            f.contact,
            warning_facts(f.card, f.term, f.plan_id, f.total)
            || jsonb_build_object(
                'reason', f.reason, 'agreed', f.agreed,
                'is_last', (f.term).ends_at <= warn_refused.at
            ), (f.card).zone,
            (f.term).ends_at, warn_refused.at
        ) as is_new
        from refused f
    )
    select count(*) from warned w where w.is_new
$$;
