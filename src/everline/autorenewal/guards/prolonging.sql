-- Longer terms: service that goes on at no cost, after an outage of ours or as a grace, once each.
-- The network is told by a job, people by a notice.

-- part longer: one term that is to go on, from its end until an instant, with what data; no limit
-- is null.
create type longer as (
    card_id uuid, account_id uuid, entitlement_id uuid, cause_id uuid, kind text,
    from_at timestamptz, until_at timestamptz, left_bytes bigint, fair_use_bytes bigint
);

-- part left_of: what is left of a term's data; null without a limit.
create or replace function left_of(term cards_entitlement) returns bigint
language sql immutable as $$
    select case when term.allowance_bytes is not null
        then greatest(term.allowance_bytes + term.carried_bytes - term.used_bytes, 0) end
$$;

-- part prolong: lets the last terms of locked cards go on: the term, its history, the job that
-- tells the network, and the notice. A term whose local day of ending moves loses its anchor.
-- What is left in a grace is the bridge alone, so it becomes the allowance. Gives how many.
create or replace function prolong(terms longer[], at timestamptz) returns bigint
language sql as $$
    with written as (
        insert into autorenewal_prolonging (
            id, account_id, card_id, entitlement_id, cause_id, kind, from_at, until_at,
            left_bytes, fair_use_bytes, at
        )
        select
            everline_uuid7(prolong.at), t.account_id, t.card_id, t.entitlement_id, t.cause_id,
            t.kind, t.from_at, t.until_at, t.left_bytes, t.fair_use_bytes, prolong.at
        from unnest(prolong.terms) t
        on conflict do nothing
        returning *
    ), stepped as (
        insert into database_history (
            account_id, machine, subject_id, from_state, event, to_state, at
        )
        select
            w.account_id, t.machine, w.entitlement_id, t.from_state, t.event, t.to_state,
            prolong.at
        from written w inner join database_transition t
            on t.machine = 'term' and t.event = 'prolong' and t.from_state = case when exists (
                select from autorenewal_prolonging p where p.entitlement_id = w.entitlement_id
            ) then 'prolonged' else '' end
    )
    update cards_entitlement e
    set ends_at = w.until_at, planned_ends_at = w.until_at,
        anchor_day = case when (w.until_at at time zone c.zone)::date
            = (w.from_at at time zone c.zone)::date then e.anchor_day else 0 end,
        allowance_bytes = case w.kind when 'grace' then e.used_bytes + w.left_bytes
            else e.allowance_bytes end,
        carried_bytes = case w.kind when 'grace' then 0 else e.carried_bytes end
    from written w inner join cards_card c on c.id = w.card_id
    where e.id = w.entitlement_id and e.card_id = w.card_id;
    select count(*) from (
        select
            tell_longer(p, prolong.at),
            case when p.left_bytes is distinct from 0 then queue_job(
                'prolong', p.id, p.account_id, prolong.at, prolong.at
            ) end
        from unnest(prolong.terms) t
        inner join autorenewal_prolonging p
            on p.entitlement_id = t.entitlement_id and p.cause_id = t.cause_id
            and p.at = prolong.at
        offset 0
    ) done
$$;

-- part tell_longer: tells that service goes on, until when, and with how much data.
create or replace function tell_longer(longer autorenewal_prolonging, at timestamptz)
returns boolean
language sql as $$
    select warn(
        c.account_id, (tell_longer.longer).id,
        case (tell_longer.longer).kind when 'grace' then 'auto_grace' else 'auto_prolonged' end,
        coalesce(m.contact, r.contact), jsonb_build_object(
            'card', c.id, 'iccid', c.iccid, 'zone', c.zone, 'plan', p.code,
            'ended_at', (tell_longer.longer).from_at, 'ends_at', (tell_longer.longer).until_at,
            'left_bytes', (tell_longer.longer).left_bytes, 'mandate', m.id
        ), c.zone, (tell_longer.longer).until_at, tell_longer.at
    )
    from cards_card c
    inner join cards_entitlement e
        on e.card_id = c.id and e.id = (tell_longer.longer).entitlement_id
    inner join catalogue_planversion v on v.id = e.plan_version_id
    inner join catalogue_plan p on p.id = v.plan_id
    left join renewals_renewal r on r.id = e.renewal_id
    left join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
    where c.id = (tell_longer.longer).card_id
$$;

-- part prolonging: what a network must know of a term that goes on, and whether it was asked.
create type prolonging as (
    reference text, is_new boolean, order_state text, iccid text, from_at timestamptz,
    until_at timestamptz, left_bytes bigint, fair_use_bytes bigint
);

-- verb begin_prolonging: opens the order by which a network lets a term go on. No row when there is
-- nothing to ask any more: the term was taken back, or the time is over.
-- Caller: autorenewal/guards/prolonging.py. Locks: card. The order bears the prolonging's own id,
-- as one term may be prolonged more than once.
create or replace function begin_prolonging(longer uuid, network text, at timestamptz)
returns setof prolonging
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(begin_prolonging.at);
    perform 1 from cards_card c inner join autorenewal_prolonging p on p.card_id = c.id
    where p.id = begin_prolonging.longer for update of c;
    return query
    select
        o.reference, o.is_new, o.state, c.iccid::text, p.from_at, p.until_at, p.left_bytes,
        p.fair_use_bytes
    from autorenewal_prolonging p
    inner join cards_card c on c.id = p.card_id
    inner join cards_entitlement e on e.id = p.entitlement_id and e.card_id = p.card_id
    cross join lateral open_order(
        p.account_id, p.id, p.id, 'prolong', begin_prolonging.network, begin_prolonging.at
    ) o
    where p.id = begin_prolonging.longer and e.state <> 'cancelled'
      and p.until_at > begin_prolonging.at;
end $$;

-- verb prolonged: writes what a network said of letting a term go on; gives the order's state.
-- Caller: autorenewal/guards/prolonging.py, after the outside call. Locks: the order.
create or replace function prolonged(longer uuid, outcome text, reason text, at timestamptz)
returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(prolonged.at);
    return settle_order(
        prolonged.longer, 'prolong', prolonged.outcome, prolonged.reason, prolonged.at
    );
end $$;

-- part failed: whether automatic renewal of a term was tried and failed, for want of money: not
-- when people or a breaker held it back, nor when it waited for a consent.
create or replace function failed(card uuid, since timestamptz) returns boolean
language sql stable as $$
    select exists (
        select from database_request q
        where q.channel = 'auto' and q.outcome = 'refused' and q.subject_id = failed.card
          and q.at > failed.since and q.reason not in (
              'auto_paused', 'auto_parked', 'auto_capped', 'consent_needed', 'renewal_open'
          )
    ) or exists (
        select from renewals_renewal r
        where r.card_id = failed.card and r.channel = 'auto' and r.placed_at > failed.since
          and r.state in ('refused', 'cancelled', 'expired')
    )
$$;

-- part failed_terms: of these terms those that are the last of their cards and are over, whose
-- automatic renewal failed to the end, and that were not prolonged for it.
create or replace function failed_terms(terms uuid[], at timestamptz)
returns table (card_id uuid, entitlement_id uuid)
language sql stable as $$
    select c.id, e.id from cards_entitlement e
    inner join cards_card c on c.id = e.card_id
    inner join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null
    where e.id = any(failed_terms.terms) and e.ends_at <= failed_terms.at
      and e.state <> 'cancelled' and c.state = 'bound' and c.next_rung_at = 'infinity'
      and (m.paused_until > e.ends_at) is not true
      and not exists (
          select from cards_entitlement n
          where n.card_id = c.id and n.state <> 'cancelled' and n.ends_at > e.ends_at
      ) and not exists (
          select from autorenewal_prolonging p
          where p.entitlement_id = e.id and p.kind = 'grace'
      ) and not exists (
          select from renewals_renewal r
          where r.card_id = c.id and r.state in ('placed', 'awaiting_payment', 'held')
      ) and failed(c.id, e.starts_at)
$$;

-- verb begin_grace: goes on with its round through up to `most` terms that ended within the
-- operator's hours of grace, and lets those go on whose automatic renewal failed to the end, for
-- these hours and with the operator's bridge of data, once a term. Nothing while either is 0. Gives
-- how many, and whether the round is over. It is tried on along the ladder of the longer term.
-- Caller: autorenewal/guards/prolonging.py; of several one looks at a time. Locks: the round;
-- cards, passing over those that others hold.
create or replace function begin_grace(
    at timestamptz, most integer, out done integer, out is_over boolean
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    going jobs_round;
    near slice;
    hours interval;
    bridge bigint;
    held uuid[];
begin
    perform check_at(begin_grace.at);
    done := 0;
    is_over := true;
    select make_interval(hours => p.grace_hours), p.bridge_bytes into hours, bridge
    from catalogue_policy p where p.id = 1 and p.grace_hours > 0 and p.bridge_bytes > 0;
    if hours is not null then
        going := begin_round('begin_grace', interval '1 minute', begin_grace.at);
    end if;
    if going.sweep is null then
        return;
    end if;
    near := ending_slice(
        going, begin_grace.at - hours, begin_grace.at, least(begin_grace.most, 1000)
    );
    select array_agg(k.id) into held from (
        select c.id from cards_card c
        where c.id in (select f.card_id from failed_terms(near.ids, begin_grace.at) f)
        order by c.id for update skip locked
    ) k;
    if held is not null then
        done := give_grace(held, near.ids, hours, bridge, begin_grace.at);
    end if;
    is_over := end_slice(going, near, least(begin_grace.most, 1000));
end $$;

-- part give_grace: lets the failed ones of these terms go on, those of locked cards, and arms them.
create or replace function give_grace(
    cards uuid[], terms uuid[], hours interval, bridge bigint, at timestamptz
) returns integer
language plpgsql as $$
#variable_conflict error
declare
    begun integer;
begin
    begun := prolong(array(
        select row(
            c.id, c.account_id, e.id, e.id, 'grace', e.ends_at, e.ends_at + give_grace.hours,
            give_grace.bridge, null
        )::longer
        from failed_terms(give_grace.terms, give_grace.at) f
        inner join cards_card c on c.id = f.card_id
        inner join cards_entitlement e on e.id = f.entitlement_id and e.card_id = f.card_id
        where f.card_id = any(give_grace.cards)
    ), give_grace.at);
    perform rearm(give_grace.cards, give_grace.at);
    return begun;
end $$;
