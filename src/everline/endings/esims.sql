-- eSIMs that were taken from stock and never paid: they go back.

-- part is_unpaid: whether an eSIM that somebody took was never paid, and nobody is about to. One
-- that ever had a term stays away from stock: its profile may have been downloaded.
create or replace function is_unpaid(card uuid, at timestamptz) returns boolean
language sql stable as $$
    select not is_unsettled(is_unpaid.card) and exists (
        select from cards_card c
        where c.id = is_unpaid.card and c.state = 'activated'
          and c.taken_at <= is_unpaid.at - payment_time()
    ) and not exists (
        select from cards_entitlement e where e.card_id = is_unpaid.card
    ) and not exists (
        select from renewals_renewal r
        where r.card_id = is_unpaid.card and r.placed_at > is_unpaid.at - payment_time()
    )
$$;

-- part payment_time: how long somebody who buys an eSIM may take to order and pay.
create or replace function payment_time() returns interval
language sql stable as $$
    select make_interval(mins => coalesce(
        (select p.payment_minutes from catalogue_policy p where p.id = 1), 30
    ))
$$;

-- verb put_back_esims: brings eSIMs back to stock that were taken and not paid in time.
-- Caller: endings/sweeps.py; any number side by side. Locks: cards, passing over those that others
-- hold; it looks again when they are locked, as an order may have come before.
create or replace function put_back_esims(at timestamptz, most integer) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    near uuid[];
    held uuid[];
    unsold cards_card;
    returned integer := 0;
begin
    perform check_at(put_back_esims.at);
    select array_agg(f.id) into near from (
        select c.id from cards_card c
        where c.taken_at <= put_back_esims.at - payment_time() and c.state = 'activated'
          and is_unpaid(c.id, put_back_esims.at)
        order by c.taken_at, c.id limit least(put_back_esims.most, 1000)
    ) f;
    select array_agg(k.id) into held from (
        select c.id from cards_card c where c.id = any(near) order by c.id for update skip locked
    ) k;
    for unsold in
        select c.* from cards_card c where c.id = any(held) and is_unpaid(c.id, put_back_esims.at)
    loop
        perform step_card(unsold, 'put_back', put_back_esims.at);
        perform drop_mandate(unsold.id, put_back_esims.at);
        update cards_card c set taken_at = null where c.id = unsold.id;
        returned := returned + 1;
    end loop;
    return returned;
end $$;
