-- Charging: due cards that are paid by a means which a gateway keeps.

-- part place_due: opens for judged cards that have a usable means a renewal, its payment and its
-- first attempt. Gives the renewals that it opened, by the ids that were judged.
create or replace function place_due(wanted judged[], at timestamptz) returns setof uuid
language sql as $$
    select j.renewal_id from unnest(place_due.wanted) j where false
$$;
