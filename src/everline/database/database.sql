-- Ids that sort by time.

-- part everline_uuid7: a version 7 UUID (RFC 9562, 5.7) of an instant, as ids.py makes them.
-- A version 4 UUID gives the variant and 74 strong random bits; its first 13 hexadecimal digits
-- give way to the milliseconds, cut off and not rounded, and the 7. The constant is 2^52 + 7: the
-- leading 1 keeps the zeros until substr drops it. An instant before 1970 is no UUID and stops.
-- There is no SET clause, so that the planner writes this into the statement that calls it: it then
-- costs 1 us beside gen_random_uuid, and three times as much otherwise.
create or replace function everline_uuid7(at timestamptz) returns uuid
language sql volatile parallel safe as $$
    select (
        substr(to_hex(
            (date_part('epoch', at) * 1000000)::bigint / 1000 * 16 + 4503599627370503
        ), 2)
        || substr(gen_random_uuid()::text, 16)
    )::uuid
$$;

-- part everline_uuid7_beside: a further version 7 UUID of the same act as `id`: a number of its
-- own, up to 4095, takes the place of twelve random bits (RFC 9562, 6.2, method 1); 62 others stay.
-- So the rows of one verb cost one draw of strong chance, three system calls, and not one each.
create or replace function everline_uuid7_beside(id uuid, number integer) returns uuid
language sql immutable parallel safe as
$$ select overlay(id::text placing substr(to_hex(4096 + number), 2) from 16 for 3)::uuid $$;
