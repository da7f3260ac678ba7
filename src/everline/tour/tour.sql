-- The tour of a demo: a card of its own for each visitor, and the clock that can be moved.

-- verb lay_tour_card: lays a card for a visitor of the tour, as a load does: activated, with a
-- month that ends in 36 hours. Its balance and its device come by the verbs that all cards have.
-- Caller: tour/visits.py. Locks: none. Gives null when there are `most` cards of the tour, or no
-- such plan is on sale.
create or replace function lay_tour_card(
    card uuid, iccid text, msisdn text, plan text, currency text, zone text, most integer,
    at timestamptz
) returns uuid
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    version catalogue_planversion;
    account uuid := everline_uuid7_beside(lay_tour_card.card, 1);
    ends_at timestamptz := lay_tour_card.at + interval '36 hours';
begin
    perform require_demo();
    perform check_at(lay_tour_card.at);
    select v.* into version from catalogue_planversion v
    inner join catalogue_plan p on p.id = v.plan_id
    where p.code = lay_tour_card.plan and v.effective_from <= lay_tour_card.at
    order by v.effective_from desc limit 1;
    if version.id is null
        or (select count(*) from tour_visit v) >= least(lay_tour_card.most, 1000) then
        return null;
    end if;
    insert into cards_card (
        id, account_id, iccid, msisdn, kind, zone, currency, state, start_code_tries,
        smdp_address, matching_id, loaded_at
    ) values (
        lay_tour_card.card, account, lay_tour_card.iccid, lay_tour_card.msisdn, 'sim',
        lay_tour_card.zone, lay_tour_card.currency, 'activated', 0, '', '', lay_tour_card.at
    );
    insert into cards_entitlement (
        id, account_id, card_id, plan_version_id, state, starts_at, ends_at, planned_ends_at,
        anchor_day, allowance_bytes, fair_use_bytes, used_bytes, carried_bytes, devices_max
    ) values (
        everline_uuid7(lay_tour_card.at), account, lay_tour_card.card, version.id, 'delivered',
        ends_at - interval '1 month', ends_at, ends_at,
        anchor_for(ends_at, lay_tour_card.zone), version.allowance_bytes,
        version.fair_use_bytes, 0, 0, version.devices_max
    );
    insert into tour_visit (card_id, begun_at, seen_at)
    values (lay_tour_card.card, lay_tour_card.at, lay_tour_card.at);
    return account;
end $$;

-- verb give_tour_card: gives a card of the tour again that nobody has used for an hour, the one
-- that was left first; null when there is none.
-- Caller: tour/visits.py; any number side by side. Locks: one visit, passing over held ones.
create or replace function give_tour_card(at timestamptz) returns uuid
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    given uuid;
begin
    perform require_demo();
    perform check_at(give_tour_card.at);
    update tour_visit v set begun_at = give_tour_card.at, seen_at = give_tour_card.at
    where v.card_id = (
        select l.card_id from tour_visit l
        where l.seen_at < give_tour_card.at - interval '1 hour'
        order by l.seen_at, l.card_id limit 1 for update skip locked
    ) returning v.card_id into given;
    return given;
end $$;

-- verb move_clock: moves the clock of a demo forward, a day and an hour at most at once and sixty
-- days in all, and makes the months that are needed then. It gives how far the clock is moved;
-- null when that would be too far.
-- Caller: tour/time.py. Locks: the deployment's row.
create or replace function move_clock(forward interval, at timestamptz) returns interval
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    moved interval;
begin
    perform require_demo();
    perform check_at(move_clock.at);
    if move_clock.forward not between interval '0 hours' and interval '25 hours' then
        return null;
    end if;
    select d.clock_offset into moved from database_deployment d where d.id = 1 for update;
    if moved + move_clock.forward > interval '60 days' then
        return null;
    end if;
    perform make_partitions(move_clock.at + move_clock.forward, 3);
    update database_deployment d set clock_offset = moved + move_clock.forward where d.id = 1;
    return moved + move_clock.forward;
end $$;

-- part require_demo: stops whatever is the demo's own in a database that is in production.
create or replace function require_demo() returns void
language plpgsql stable as $$
#variable_conflict error
begin
    if not exists (select from database_deployment d where d.id = 1 and d.mode <> 'production') then
        raise exception 'this is only done in a demo' using errcode = 'EV001';
    end if;
end $$;
