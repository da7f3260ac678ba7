-- Telling ahead what automatic renewal will take: before every charge of a month or longer, and
-- always when price or plan are others than the last time or than was agreed to.

-- part auto_notice_time: how long before the first try people are told.
create or replace function auto_notice_time() returns interval
language sql stable as $$
    select make_interval(hours => 24 * coalesce(
        (select p.auto_notice_days from catalogue_policy p where p.id = 1), 3
    ))
$$;

-- part coming: a card that will be charged, with what for, and what it was charged the last time.
create type coming as (
    card cards_card, term cards_entitlement, mandate autorenewal_mandate, version_id uuid,
    price bigint, agreed bigint, template text
);

-- part coming_charges: the cards whose first try comes within the notice time, or within half of a
-- short term, and that were not told of it in this term. What is told depends on the price: more
-- than was agreed to waits for a consent; another plan or amount than the last one is a change; a
-- month or longer is told in any case. A balance that is short is told by warn_short.
create or replace function coming_charges(at timestamptz, most integer) returns setof coming
language sql stable as $$
    select row(c, t.term, m, w.version_id, p.amount, w.agreed, k.template)::coming
    from cards_card c
    inner join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
    cross join lateral (
        select e as term from cards_entitlement e
        where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
    ) t
    cross join wanted_versions(array[c.id], coming_charges.at) w
    inner join catalogue_planversion v on v.id = w.version_id
    inner join catalogue_price p on p.plan_version_id = v.id and p.currency = c.currency
    left join renewals_renewal r on r.id = (t.term).renewal_id
    cross join lateral (
        select case
            when p.amount > w.agreed then 'auto_consent'
            when r.price <> p.amount
                or v.plan_id <> coalesce(m.plan_id, (
                    select x.plan_id from catalogue_planversion x
                    where x.id = (t.term).plan_version_id
                )) then 'auto_changed'
            when v.period_unit in ('month', 'quarter', 'year') then 'auto_ahead'
        end as template
    ) k
    where c.next_rung_at <= coming_charges.at + auto_notice_time() and c.state = 'bound'
      and urgency(c.rung_ends_at, c.next_rung_at)
      <= coming_charges.at + auto_notice_time() + interval '72 hours'
      and coming_charges.at >= (t.term).starts_at + ((t.term).ends_at - (t.term).starts_at) / 2
      and (t.term).ends_at > coming_charges.at
      and not is_paused(m.paused_until, m.is_skip, (t.term).ends_at, c.next_rung_at)
      and (
          k.template = 'auto_consent'
          or spendable(c.account_id, 'balance', c.currency) >= p.amount
          or has_method(c.account_id)
      )
      and k.template is not null
      and not exists (
          select from notices_warned n
          where n.fact_id = (t.term).id and (
              n.template = k.template
              or k.template = 'auto_ahead' and n.template in ('auto_changed', 'auto_short')
              or n.template = 'auto_failed'
          )
      )
    order by c.next_rung_at limit least(coming_charges.most, 1000)
$$;

-- part has_method: whether a kept means of payment may be charged for an account.
create or replace function has_method(account uuid) returns boolean
language sql stable as $$
    select exists (
        select from payments_method y
        where y.account_id = has_method.account and y.state = 'active'
    )
$$;

-- verb warn_ahead: tells what will be taken before it is, once a card, term and kind of message.
-- Caller: autorenewal/warnings.py; any number side by side. Locks: nothing but the warnings. Gives
-- how many were told.
create or replace function warn_ahead(at timestamptz, most integer) returns integer
language sql security definer set search_path from current as $$
    with near as materialized (
        select d.* from coming_charges(warn_ahead.at, warn_ahead.most) d
    ), warned as materialized (
        select warn(
            (n.card).account_id, (n.term).id, n.template,
            coalesce((n.mandate).contact, r.contact),
            warning_facts(n.card, n.term, v.plan_id, n.price) || jsonb_build_object(
                'next_at', (n.card).next_rung_at, 'agreed', n.agreed,
                'means_order', (n.mandate).means_order, 'kept_means', (
                    select y.masked_means from payments_method y
                    where y.account_id = (n.card).account_id and y.state = 'active'
                    order by y.position, y.id limit 1
                )
            ), (n.card).zone, (n.card).next_rung_at, warn_ahead.at
        ) as is_new
        from near n
        inner join catalogue_planversion v on v.id = n.version_id
        left join renewals_renewal r on r.id = (n.term).renewal_id
    )
    select count(*)::integer from warned w where w.is_new
$$;
