-- What people are told of automatic renewal: that the balance will not suffice, and that it was
-- tried in vain. How it stands is told by standing.sql.

-- part soon: a card whose automatic renewal comes soon, with its last term and what it costs.
create type soon as (
    card cards_card, term cards_entitlement, contact jsonb, version_id uuid, price bigint
);

-- part due_soon: the cards whose next rung comes within the warning time and whose balance does not
-- suffice, without a kept means that pays instead, but for those that were warned in this term.
create or replace function due_soon(at timestamptz, most integer) returns setof soon
language sql stable as $$
    select
        row(c, t.term, coalesce(m.contact, r.contact), v.id, p.amount)::soon
    from cards_card c
    inner join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
    cross join lateral (
        select e as term from cards_entitlement e
        where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
    ) t
    left join renewals_renewal r on r.id = (t.term).renewal_id
    cross join lateral (
        select w.id from catalogue_planversion w
        where w.plan_id = coalesce(m.plan_id, (
            select x.plan_id from catalogue_planversion x where x.id = (t.term).plan_version_id
        )) and w.effective_from <= due_soon.at
        order by w.effective_from desc limit 1
    ) v
    inner join catalogue_price p on p.plan_version_id = v.id and p.currency = c.currency
    where c.next_rung_at <= due_soon.at + warning_time_max() and c.state = 'bound'
      and urgency(c.rung_ends_at, c.next_rung_at)
      <= due_soon.at + warning_time_max() + interval '72 hours'
      and c.next_rung_at <= due_soon.at + warning_time((t.term).starts_at, (t.term).ends_at)
      and (t.term).ends_at > due_soon.at
      and spendable(c.account_id, 'balance', c.currency) < p.amount
      and not has_method(c.account_id)
      and not is_paused(m.paused_until, m.is_skip, (t.term).ends_at, c.next_rung_at)
      and (m.total is null or p.amount <= m.total)
      and not exists (
          select from payments_method k where k.account_id = c.account_id and k.state = 'active'
      )
      and not exists (
          select from notices_warned w
          where w.fact_id = (t.term).id and w.template in ('auto_short', 'auto_failed')
      )
    order by c.next_rung_at limit least(due_soon.most, 1000)
$$;

-- verb warn_short: warns of automatic renewals that come soon and whose balance does not suffice,
-- once a card and term, and not after a refused try that was told. Gives how many were looked at;
-- the price is that of the quote.
-- Caller: autorenewal/warnings.py; any number side by side. Locks: nothing but the warnings.
create or replace function warn_short(at timestamptz, most integer) returns integer
language sql security definer set search_path from current as $$
    with near as materialized (
        select s.* from due_soon(warn_short.at, warn_short.most) s
    ), quoted as (
        select n.*, q from near n
        cross join lateral quote(
            array[(n.card).id], n.version_id, null, 'auto', warn_short.at
        ) q
    ), warned as materialized (
        select warn(
            (q.card).account_id, (q.term).id, 'auto_short',
            case when (q.q).reason is null then q.contact end,
            warning_facts(q.card, q.term, v.plan_id, (q.q).total), (q.card).zone,
            (q.term).ends_at, warn_short.at
        ) as is_new
        from quoted q inner join catalogue_planversion v on v.id = q.version_id
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
            || jsonb_build_object('reason', f.reason, 'agreed', f.agreed), (f.card).zone,
            (f.term).ends_at, warn_refused.at
        ) as is_new
        from refused f
    )
    select count(*) from warned w where w.is_new
$$;
