-- Guards: what keeps a due card from being charged, beyond its quote: bounds and breakers.

-- part guarded: of due cards, locked by the sweep, those that are not to be charged now, and why.
create or replace function guarded(due uuid[], at timestamptz)
returns table (card_id uuid, reason text)
language sql stable as $$
    select d.id, null from unnest(guarded.due) d (id) where false
$$;
