-- When a term ends: the only calendar arithmetic there is. Reads no table and no clock.
--
-- Walls: a wall-clock time becomes an instant by the zone's rules. One that does not exist, because
-- the clocks are set forward over it, is read with the offset from before: 02:30 is then 03:30. One
-- that exists twice, because they are set back, is its second. So it is always the later of the two
-- readings, in favour of the subscriber, and always the same: PostgreSQL defines it so
-- (DetermineTimeZoneOffset), and tests/test_validity.py holds it to that.
-- A chain of terms keeps its day by the anchor, but not its hour: one that ended at 03:30 for want
-- of 02:30 goes on from 03:30.
--
-- No function here has a SET clause and none is strict, so that the planner can write those of SQL
-- into the statement that calls them; `immutable` holds because nothing depends on the session's
-- time zone. `term_end` is not written in: of its branches one is taken, and only that one is made
-- ready to run, which spares a third of its time.

-- part anchor_for: the local day of the month on which a chain of terms began: 1 to 31.
create or replace function anchor_for(starts_at timestamptz, zone text) returns int
language sql immutable parallel safe as
$$ select extract(day from starts_at at time zone zone)::int $$;

-- part period_months: how many months a period has; null for days and weeks, which have none.
create or replace function period_months(unit text, count int) returns int
language sql immutable parallel safe as $$
    select case unit
        when 'month' then count
        when 'quarter' then 3 * count
        when 'year' then 12 * count
    end
$$;

-- part period_days: how many days a period has; null for those that are counted in months.
create or replace function period_days(unit text, count int) returns int
language sql immutable parallel safe as
$$ select case unit when 'day' then count when 'week' then 7 * count end $$;

-- part anchored_day: the day that a number of months leads to: the anchor day, or the month's last.
-- Counted from a day in January, which has all 31; adding months then stops at a month's last day.
create or replace function anchored_day(local timestamp, months int, anchor_day int)
returns timestamp
language sql immutable parallel safe as $$
    select date_trunc('year', local) + make_interval(days => anchor_day - 1)
        + make_interval(months => extract(month from local)::int - 1 + months)
$$;

-- part term_refused: stops at a term that no plan may have; the plans' constraints come before it.
create or replace function term_refused(
    starts_at timestamptz, unit text, count int, validity text, zone text, anchor_day int
) returns timestamptz
language plpgsql immutable parallel safe as $$
#variable_conflict error
begin
    raise exception 'no term of % % (%) from % in % with anchor day %',
        term_refused.count, term_refused.unit, term_refused.validity, term_refused.starts_at,
        term_refused.zone, term_refused.anchor_day
        using errcode = 'EV003',
        hint = 'Units are day, week, month, quarter, year; validities rolling, calendar; '
            'the count is 1 or more and the anchor day 1 to 31.';
end $$;

-- part term_end: the instant at which a term that begins at `starts_at` is over, always after it.
--   rolling   a day is 24 hours; a month leads to the same wall-clock time on the anchor day
--   calendar  to local midnight: the start's day is the first one; a month leads to the anchor day
-- An unknown zone stops with PostgreSQL's own error.
create or replace function term_end(
    starts_at timestamptz, unit text, count int, validity text, zone text, anchor_day int
) returns timestamptz
language plpgsql immutable parallel safe as $$
#variable_conflict error
declare
    local timestamp := term_end.starts_at at time zone term_end.zone;
begin
    if (isfinite(term_end.starts_at) and term_end.count >= 1
        and term_end.anchor_day between 1 and 31
        and term_end.unit in ('day', 'week', 'month', 'quarter', 'year')
        and term_end.validity in ('rolling', 'calendar') and term_end.zone is not null
    ) is not true then
        return term_refused(
            term_end.starts_at, term_end.unit, term_end.count, term_end.validity, term_end.zone,
            term_end.anchor_day
        );
    end if;
    if term_end.unit in ('day', 'week') then
        if term_end.validity = 'rolling' then
            return (
                term_end.starts_at at time zone 'UTC'
                + make_interval(hours => 24 * period_days(term_end.unit, term_end.count))
            ) at time zone 'UTC';
        end if;
        return (
            date_trunc('day', local)
            + make_interval(days => period_days(term_end.unit, term_end.count))
        ) at time zone term_end.zone;
    end if;
    local := anchored_day(
        local, period_months(term_end.unit, term_end.count), term_end.anchor_day
    ) + case when term_end.validity = 'rolling' then local::time else '00:00' end;
    return local at time zone term_end.zone;
end $$;
