-- Slices of the cards and of their terms, for sweeps that go their rounds: jobs/rounds.sql.

-- part ending_slice: the next terms of a round, of those that end after one instant and by another.
create or replace function ending_slice(
    going jobs_round, since timestamptz, until timestamptz, most integer
) returns slice
language sql stable as $$
    with near as materialized (
        select e.id, e.ends_at from cards_entitlement e
        where e.ends_at <= ending_slice.until and (e.ends_at, e.id) > (
            greatest((ending_slice.going).at, ending_slice.since),
            case when (ending_slice.going).at >= ending_slice.since
                then (ending_slice.going).last_id
                else 'ffffffff-ffff-ffff-ffff-ffffffffffff' end
        )
        order by e.ends_at, e.id limit ending_slice.most
    ), latest as (
        select n.* from near n order by n.ends_at desc, n.id desc limit 1
    )
    select row(array(select n.id from near n), null, l.ends_at, l.id)::slice
    from (select) as always left join latest l on true
$$;

-- part card_slice: the next cards of a round, by their ids.
create or replace function card_slice(going jobs_round, most integer) returns slice
language sql stable as $$
    with near as materialized (
        select c.id from cards_card c
        where c.id > coalesce(
            (card_slice.going).last_id, '00000000-0000-0000-0000-000000000000'
        )
        order by c.id limit card_slice.most
    ), latest as (
        select n.* from near n order by n.id desc limit 1
    )
    select row(array(select n.id from near n), null, null, l.id)::slice
    from (select) as always left join latest l on true
$$;
