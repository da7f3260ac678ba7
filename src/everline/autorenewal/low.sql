-- Renewal by data: a card whose data runs low is due at once, where its plan starts at once.

-- part left_now: what is probably left of a term's data now: less than at the last reading by what
-- was used in the meantime, at the pace of the term so far. A pace is that of an hour at least, and
-- a reading counts as a day old at most: who sends none for a week is not charged for a guess.
create or replace function left_now(term cards_entitlement, at timestamptz) returns bigint
language sql immutable as $$
    select left_of(left_now.term) - ceil(
        term.used_bytes::numeric
        * extract(epoch from least(left_now.at - term.used_as_of, interval '1 day'))
        / extract(epoch from greatest(term.used_as_of - term.starts_at, interval '1 hour'))
    )::bigint
$$;

-- part starts_at_once: whether what a card is renewed with starts at once: only such a plan can be
-- renewed when data runs low. Null while there is no plan yet.
create or replace function starts_at_once(card uuid, plan uuid, at timestamptz) returns boolean
language sql stable as $$
    select v.on_renewal <> 'queue' from catalogue_planversion v
    where v.effective_from <= starts_at_once.at and v.plan_id = coalesce(starts_at_once.plan, (
        select p.plan_id from cards_entitlement e
        inner join catalogue_planversion p on p.id = e.plan_version_id
        where e.card_id = starts_at_once.card and e.state <> 'cancelled'
        order by e.ends_at desc limit 1
    ))
    order by v.effective_from desc limit 1
$$;

-- part is_low: whether a card's present try came from low data, so that it may be made early.
create or replace function is_low(card uuid, rung_at timestamptz) returns boolean
language sql stable as $$
    select exists (
        select from autorenewal_low l
        where l.card_id = is_low.card and l.rung_at = is_low.rung_at
    )
$$;

-- part rests: whether a card was made due by low data lately and in vain: the next reading waits an
-- hour after the first such try of a day, and twice as long after each further one.
create or replace function rests(card uuid, at timestamptz) returns boolean
language sql stable as $$
    select coalesce(
        rests.at < max(l.rung_at) + make_interval(
            hours => 1 << least(count(*) - 1, 5)::integer
        ), false
    )
    from autorenewal_low l
    where l.card_id = rests.card and l.rung_at > rests.at - interval '1 day' and not exists (
        select from renewals_renewal r
        where r.card_id = l.card_id and r.channel = 'auto'
          and split_part(r.request_id, ':', 3) = extract(epoch from l.rung_at)::bigint::text
    )
$$;

-- part low_terms: the terms of some mandates' cards whose data runs low, by a reading that made
-- nothing due before.
create or replace function low_terms(mandates uuid[], at timestamptz)
returns table (term cards_entitlement, below_bytes bigint)
language sql stable as $$
    select e, m.below_bytes from autorenewal_mandate m
    inner join cards_card c on c.id = m.card_id
    inner join cards_entitlement e on e.card_id = c.id and e.state <> 'cancelled'
        and e.starts_at <= low_terms.at and e.ends_at > low_terms.at
    where m.id = any(low_terms.mandates) and c.state = 'bound' and c.next_rung_at > low_terms.at
      and (m.paused_until > low_terms.at) is not true
      and e.used_as_of is not null and left_now(e, low_terms.at) < m.below_bytes
      and starts_at_once(c.id, m.plan_id, low_terms.at)
      and not rests(c.id, low_terms.at)
      and not exists (
          select from cards_entitlement n
          where n.card_id = c.id and n.state <> 'cancelled' and n.ends_at > e.ends_at
      ) and not exists (
          select from autorenewal_low l
          where l.entitlement_id = e.id and l.used_as_of = e.used_as_of
      ) and not exists (
          select from renewals_renewal r
          where r.card_id = c.id and r.state in ('placed', 'awaiting_payment', 'held')
      ) and not exists (
          select from autorenewal_parked p where p.card_id = c.id and p.released_at is null
      )
$$;

-- verb mark_low: looks through up to `most` mandates by data, in the order of their ids, and makes
-- those cards due whose data runs low. Gives the last mandate that was looked at, null at the end.
-- Caller: autorenewal/low.py; any number side by side. Locks: cards, passing over those that others
-- hold; it looks again when they are locked.
create or replace function mark_low(
    after_id uuid, at timestamptz, most integer, out last_id uuid, out marked integer
)
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    mandates uuid[];
    held uuid[];
begin
    perform check_at(mark_low.at);
    select array_agg(k.id) into mandates from (
        select m.id from autorenewal_mandate m
        where m.ended_at is null and m.below_bytes is not null and m.id > mark_low.after_id
        order by m.id limit least(mark_low.most, 1000)
    ) k;
    last_id := mandates[cardinality(mandates)];
    select array_agg(k.id) into held from (
        select c.id from cards_card c
        where c.id in (select (l.term).card_id from low_terms(mandates, mark_low.at) l)
        order by c.id for update skip locked
    ) k;
    with written as (
        insert into autorenewal_low (
            id, account_id, card_id, entitlement_id, used_as_of, left_bytes, below_bytes, rung_at
        )
        select
            everline_uuid7(mark_low.at), (l.term).account_id, (l.term).card_id, (l.term).id,
            (l.term).used_as_of, left_of(l.term), l.below_bytes, mark_low.at
        from low_terms(mandates, mark_low.at) l where (l.term).card_id = any(held)
        on conflict do nothing
        returning card_id
    )
    select count(*), array_agg(w.card_id) into marked, held from written w;
    perform due_now(held, mark_low.at);
end $$;
