-- Rungs: when a card that renews by itself is due next. This column of the card is written here
-- alone, by every renewal through every channel, so what was pending is absorbed by any of them.

-- part first_rung: when a term's renewal is first tried: a day before its end, sooner in a short
-- term.
-- A plan that stacks or replaces is renewed at its end, as it would cut its own term short.
create or replace function first_rung(
    starts_at timestamptz, ends_at timestamptz, on_renewal text
) returns timestamptz
language sql immutable as $$
    select ends_at - case when on_renewal = 'queue'
        then least(interval '24 hours', (ends_at - starts_at) / 4) else interval '0' end
$$;

-- part rearm: sets the next rung of armed cards from their last term. What is left until the end is
-- halved from rung to rung, the last one is the end; infinity means armed and nothing due.
create or replace function rearm(cards uuid[], at timestamptz) returns void
language sql as $$
    update cards_card c
    set next_rung_at = case
        when t.ends_at is null or t.ends_at <= rearm.at then 'infinity'::timestamptz
        when first_rung(t.starts_at, t.ends_at, t.on_renewal) > rearm.at
            then first_rung(t.starts_at, t.ends_at, t.on_renewal)
        when t.ends_at - rearm.at <= interval '30 minutes' then t.ends_at
        else rearm.at + (t.ends_at - rearm.at) / 2
    end
    from unnest(rearm.cards) as armed (id)
    left join lateral (
        select e.starts_at, e.ends_at, v.on_renewal::text from cards_entitlement e
        inner join catalogue_planversion v on v.id = e.plan_version_id
        where e.card_id = armed.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
    ) t on true
    where c.id = armed.id and c.next_rung_at is not null
$$;

-- part arm: switches a card's rungs on or off.
create or replace function arm(card uuid, is_on boolean, at timestamptz) returns void
language plpgsql as $$
#variable_conflict error
begin
    update cards_card c
    set next_rung_at = case when arm.is_on then 'infinity'::timestamptz end
    where c.id = arm.card;
    perform rearm(array[arm.card], arm.at);
end $$;
