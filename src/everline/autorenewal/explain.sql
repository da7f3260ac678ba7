-- Explaining: what happened to a card's renewals and why, as facts with times. Whoever may see them
-- is told the same; where something was sent and who somebody is stands in none of them.

-- part fact: one thing that happened; `code` names its kind, the rest is what it says.
create type fact as (at timestamptz, code text, facts jsonb);

-- verb explain_card: lists what happened since an instant, the newest first.
-- Caller: autorenewal/explain.py. Locks: nothing. Bounded by `most`, 200 at the highest, as is each
-- of its parts.
create or replace function explain_card(
    card uuid, since timestamptz, most integer, at timestamptz
) returns setof fact
language sql stable security definer set search_path from current as $$
    select f.* from (
        select c.* from cards_card c where c.id = explain_card.card
    ) c
    cross join lateral (
        select * from facts_of_consents(c, explain_card.most)
        union all
        select * from facts_of_rungs(c, explain_card.most)
        union all
        select * from facts_of_renewals(c, explain_card.most)
        union all
        select * from facts_of_terms(c, explain_card.at, explain_card.most)
        union all
        select * from facts_of_notices(c, explain_card.since, explain_card.most)
    ) f
    where f.at >= explain_card.since and f.at <= explain_card.at
    order by f.at desc, f.code = 'paid', f.code limit least(explain_card.most, 200)
$$;

-- part facts_of_consents: consents given, given anew and ended; pauses and other changes.
create or replace function facts_of_consents(card cards_card, most integer) returns setof fact
language sql stable as $$
    with own as materialized (
        select m.* from autorenewal_mandate m
        where m.card_id = (facts_of_consents.card).id
        order by m.given_at desc limit least(facts_of_consents.most, 200)
    )
    (
        select
            o.given_at, case when exists (
                select from own b where b.ended_at = o.given_at and b.id <> o.id
            ) then 'consent_renewed' else 'consent_given' end, jsonb_build_object(
                'channel', o.channel, 'words', o.words_version, 'total', o.total,
                'currency', o.currency, 'period_unit', o.period_unit,
                'period_count', o.period_count, 'names', p.names
            )
        from own o left join catalogue_plan p on p.id = o.plan_id
        union all
        select o.ended_at, 'consent_ended', '{}'::jsonb from own o
        where o.ended_at is not null and not exists (
            select from own n where n.given_at = o.ended_at and n.id <> o.id
        )
    )
    union all
    (
        select q.at, q.outcome, jsonb_build_object('channel', q.channel, 'until', q.valid_until)
        from database_request q
        where q.subject_id = (facts_of_consents.card).id and q.outcome in (
            'mandate_changed', 'mandate_paused', 'mandate_resumed', 'term_skipped'
        )
        order by q.at desc limit least(facts_of_consents.most, 200)
    )
$$;

-- part facts_of_rungs: tries of automatic renewal that were refused; those that led to a payment or
-- a renewal are told by that. A rung's request begins with the card's id.
create or replace function facts_of_rungs(card cards_card, most integer) returns setof fact
language sql stable as $$
    select q.at, 'auto_refused', q.facts || jsonb_build_object('reason', q.reason)
    from database_request q
    where q.channel = 'auto' and q.source = 'due'
      and q.request_id >= (facts_of_rungs.card).id || ':'
      and q.request_id < (facts_of_rungs.card).id || ';' and q.outcome = 'refused'
    order by q.at desc limit least(facts_of_rungs.most, 200)
$$;

-- part facts_of_renewals: renewals through any channel with what paid them, deliveries, payments
-- that were declined or are not sure, and money that went back. One that no means could pay is told
-- by its payments.
create or replace function facts_of_renewals(card cards_card, most integer) returns setof fact
language sql stable as $$
    with own as materialized (
        select r.*, p.names from renewals_renewal r
        inner join catalogue_planversion v on v.id = r.plan_version_id
        inner join catalogue_plan p on p.id = v.plan_id
        where r.card_id = (facts_of_renewals.card).id
        order by r.placed_at desc limit least(facts_of_renewals.most, 200)
    ), tried as materialized (
        select a.*, o.channel as door, y.amount, y.currency from own o
        inner join payments_payment y on y.purpose_id = o.id
        inner join payments_attempt a on a.payment_id = y.id
    )
    select
        o.paid_at, 'paid', jsonb_build_object(
            'channel', o.channel, 'names', o.names, 'total', o.total, 'currency', o.currency,
            'means', o.means, 'masked', coalesce((
                select t.masked_means from tried t
                inner join payments_payment y on y.id = t.payment_id
                where y.purpose_id = o.id and t.state = 'succeeded' limit 1
            ), ''), 'ends_at', o.ends_at
        )
    from own o where o.paid_at is not null
    union all
    select h.at, 'renewal_' || h.to_state, jsonb_build_object('names', o.names)
    from own o inner join database_history h on h.subject_id = o.id and h.machine = 'renewal'
    where h.to_state in ('delivered', 'cancelled', 'expired', 'held', 'reversed')
        or h.to_state = 'refused' and o.paid_at is not null
    union all
    select
        coalesce(t.settled_at, t.created_at),
        case t.state when 'failed' then 'declined' else 'unsure' end, jsonb_build_object(
            'channel', t.door, 'amount', t.amount, 'currency', t.currency, 'reason', t.reason,
            'masked', t.masked_means, 'is_hard', t.is_hard
        )
    from tried t where t.state in ('failed', 'unknown', 'superseded', 'parked')
    union all
    select f.settled_at, 'money_back', jsonb_build_object(
        'amount', f.amount, 'currency', t.currency, 'masked', t.masked_means
    )
    from tried t inner join payments_refund f on f.attempt_id = t.id
    where f.state = 'succeeded'
$$;

-- part facts_of_terms: terms that ended, and those that went on at no cost.
create or replace function facts_of_terms(card cards_card, at timestamptz, most integer)
returns setof fact
language sql stable as $$
    with own as materialized (
        select e.*, p.names from cards_entitlement e
        inner join catalogue_planversion v on v.id = e.plan_version_id
        inner join catalogue_plan p on p.id = v.plan_id
        where e.card_id = (facts_of_terms.card).id and e.state <> 'cancelled'
        order by e.ends_at desc limit least(facts_of_terms.most, 200)
    )
    select o.ends_at, 'service_ended', jsonb_build_object('names', o.names)
    from own o
    where o.ends_at <= facts_of_terms.at
      and not exists (select from own n where n.starts_at <= o.ends_at and n.ends_at > o.ends_at)
    union all
    select h.at, 'term_prolonged', jsonb_build_object('names', o.names, 'ends_at', o.ends_at)
    from own o inner join database_history h
        on h.subject_id = o.id and h.machine = 'term' and h.event = 'prolong'
$$;

-- part facts_of_notices: what was told about the card, by which medium and whether it left.
create or replace function facts_of_notices(card cards_card, since timestamptz, most integer)
returns setof fact
language sql stable as $$
    select coalesce(n.sent_at, n.at), 'notice', jsonb_build_object(
        'template', n.template, 'medium', n.medium, 'state', n.state
    )
    from notices_notice n
    where n.account_id = (facts_of_notices.card).account_id and n.at >= facts_of_notices.since
      and (n.facts ->> 'card' = (facts_of_notices.card).id::text
          or n.template in ('renewed', 'refunded', 'pay_link'))
    order by n.at desc limit least(facts_of_notices.most, 200)
$$;
