"""Validity in SQL against a model in Python: two calendars, two sets of zone rules, one answer.

The model knows nothing of the SQL: it counts months by hand, and reads a wall-clock time that does
not exist, or exists twice, both ways and takes the later. The zone rules come from zoneinfo here
and from PostgreSQL's own copy there.
"""

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import assume, given, settings, strategies as st

from tests import scratch_server
from tests.scratch_server import Database

db = scratch_server.db

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2037, 12, 31, tzinfo=UTC)
MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAYS = {"day": 1, "week": 7}
UNITS = [*DAYS, *MONTHS]
FORTNIGHTS = [EPOCH + timedelta(days=14 * n) for n in range((LAST - EPOCH).days // 14 + 1)]

ZONES = [
    "Africa/Cairo",
    "Africa/Monrovia",
    "America/Argentina/Buenos_Aires",
    "America/Caracas",
    "America/Havana",
    "America/Mexico_City",
    "America/New_York",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Jakarta",
    "Asia/Jayapura",
    "Asia/Kathmandu",
    "Asia/Makassar",
    "Asia/Pyongyang",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/London",
    "Europe/Moscow",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "Pacific/Norfolk",
    "UTC",
]


class Term(NamedTuple):
    """What `term_end` is asked."""

    starts_at: datetime
    unit: str
    number: int
    validity: str
    zone: str
    anchor_day: int


def ends(db: Database, terms: list[Term]) -> list[datetime]:
    """Ask the database for the ends of many terms at once."""
    found = db.execute(
        "select term_end(t.s, t.u, t.c, t.v, t.z, t.a) from unnest(%s::timestamptz[], %s::text[],"
        " %s::int[], %s::text[], %s::text[], %s::int[]) with ordinality as t (s, u, c, v, z, a, i)"
        " order by t.i",
        [list(column) for column in zip(*terms, strict=True)],
    )
    return [end for (end,) in found]


def end_of(db: Database, term: Term) -> datetime:
    return ends(db, [term])[0]


# The model.


def instant(wall: datetime, zone: tzinfo) -> datetime:
    """Read a wall-clock time both ways and take the later."""
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def modelled(term: Term) -> datetime:
    if term.unit in DAYS and term.validity == "rolling":
        return term.starts_at + timedelta(days=DAYS[term.unit] * term.number)
    zone = ZoneInfo(term.zone)
    wall = term.starts_at.astimezone(zone).replace(tzinfo=None)
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    if term.unit in DAYS:
        return instant(midnight + timedelta(days=DAYS[term.unit] * term.number), zone)
    since_year_0 = wall.year * 12 + wall.month - 1 + MONTHS[term.unit] * term.number
    year, month = since_year_0 // 12, since_year_0 % 12 + 1
    day = min(term.anchor_day, calendar.monthrange(year, month)[1])
    if term.validity == "rolling":
        return instant(wall.replace(year=year, month=month, day=day), zone)
    return instant(midnight.replace(year=year, month=month, day=day), zone)


@cache
def transitions(name: str) -> tuple[datetime, ...]:
    """Find the instants at which a zone's offset changes, 1970 to 2037."""
    zone, found = ZoneInfo(name), []

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(zone).utcoffset()

    for before, after in pairwise(FORTNIGHTS):
        low, high = before, after
        while offset(before) != offset(after) and high - low > timedelta(seconds=1):
            middle = (low + (high - low) // 2).replace(microsecond=0)
            low, high = (middle, high) if offset(middle) == offset(before) else (low, middle)
        if offset(before) != offset(after):
            found.append(high)
    return tuple(found)


@pytest.fixture(scope="module")
def agreed(db: Database) -> dict[str, datetime]:
    """Tell until when both sets of rules agree.

    Governments decide before all copies know, and history is corrected: Iran of 1979 was, in 2026.
    """
    until = {}
    for name in ZONES:
        zone = ZoneInfo(name)
        edges = [at - timedelta(seconds=s) for at in transitions(name) for s in (0, 1)]
        probes = sorted([*FORTNIGHTS, *edges])
        walls = db.execute(
            "select t.s at time zone %s from unnest(%s::timestamptz[]) with ordinality as t (s, i)"
            " order by t.i",
            [name, probes],
        )
        until[name] = next(
            (
                at
                for at, (wall,) in zip(probes, walls, strict=True)
                if at.astimezone(zone).replace(tzinfo=None) != wall
            ),
            LAST,
        )
    return until


# The tests.


def test_the_two_sets_of_rules_agree_nearly_everywhere(agreed: dict[str, datetime]) -> None:
    assert sum(until == LAST for until in agreed.values()) >= 25


def around(name: str, at: datetime) -> Iterator[Term]:
    """Give terms that begin near a transition, and whose ends fall on it, into it or past it."""
    zone = ZoneInfo(name)
    offsets = {(at - timedelta(seconds=s)).astimezone(zone).utcoffset() for s in (0, 1)}
    for seconds in (-3600, -1800, -1, 0, 1, 1800, 3600):
        near = at + timedelta(seconds=seconds)
        for offset in offsets:
            wall = near.replace(tzinfo=None) + (offset or timedelta(0))
            month_before = (wall.replace(day=1) - timedelta(days=1)).replace(day=15)
            yield Term(instant(month_before, zone), "month", 1, "rolling", name, wall.day)
        yield Term(near, "day", 1, "calendar", name, 1)
        yield Term(near - timedelta(days=1), "day", 1, "calendar", name, 1)
        yield Term(near - timedelta(days=28), "month", 1, "calendar", name, near.day)
        yield Term(near, "month", 1, "rolling", name, 31)


def test_every_transition_at_its_boundaries(db: Database, agreed: dict[str, datetime]) -> None:
    margin = timedelta(days=70)
    terms = [
        term
        for name in ZONES
        for at in transitions(name)
        if at < agreed[name] - margin
        for term in around(name, at)
    ]

    found = ends(db, terms)

    assert len(terms) > 50_000
    assert [(t, e) for t, e in zip(terms, found, strict=True) if e != modelled(t)] == []
    assert [(t, e) for t, e in zip(terms, found, strict=True) if e <= t.starts_at] == []


instants = st.timedeltas(timedelta(0), LAST - EPOCH).map(lambda since: EPOCH + since)
terms_of_all_kinds = st.builds(
    Term,
    instants,
    st.sampled_from(UNITS),
    st.integers(1, 60),
    st.sampled_from(["rolling", "calendar"]),
    st.sampled_from(ZONES),
    st.integers(1, 31),
)


@settings(max_examples=300)
@given(term=terms_of_all_kinds)
def test_a_term_ends_where_the_model_says(
    db: Database, agreed: dict[str, datetime], term: Term
) -> None:
    end = end_of(db, term)
    assume(end < agreed[term.zone] - timedelta(days=1))

    assert end == modelled(term)
    assert end > term.starts_at
    db.execute("set timezone = 'America/St_Johns'")
    try:
        assert end_of(db, term).astimezone(UTC) == end, "the session's zone plays no part"
    finally:
        db.execute("set timezone = 'UTC'")


@given(term=terms_of_all_kinds)
def test_a_term_ends_after_its_start_whatever_the_rules(db: Database, term: Term) -> None:
    assert end_of(db, term) > term.starts_at


@given(start=instants, zone=st.sampled_from(ZONES))
def test_the_anchor_is_the_local_day(
    db: Database, agreed: dict[str, datetime], start: datetime, zone: str
) -> None:
    assume(start < agreed[zone])
    row = db.execute("select anchor_for(%s, %s)", [start, zone]).fetchone()

    assert row == (start.astimezone(ZoneInfo(zone)).day,)


def days_of_chain(db: Database, start: str, unit: str, terms: int, anchor_day: int) -> list[str]:
    """Let terms follow each other in Jakarta and give the local days on which they end."""
    at, zone, days = datetime.fromisoformat(start), "Asia/Jakarta", []
    for _term in range(terms):
        at = end_of(db, Term(at, unit, 1, "rolling", zone, anchor_day))
        days.append(f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}")
    return days


def test_a_chain_from_the_31st_keeps_its_day(db: Database) -> None:
    assert days_of_chain(db, "2027-01-31T14:05+07:00", "month", 5, 31) == [
        "2027-02-28 14:05",
        "2027-03-31 14:05",
        "2027-04-30 14:05",
        "2027-05-31 14:05",
        "2027-06-30 14:05",
    ]
    assert days_of_chain(db, "2028-01-31T14:05+07:00", "month", 2, 31) == [
        "2028-02-29 14:05",
        "2028-03-31 14:05",
    ]
    assert days_of_chain(db, "2027-11-30T14:05+07:00", "quarter", 2, 30) == [
        "2028-02-29 14:05",
        "2028-05-30 14:05",
    ]


def test_a_year_from_the_29th_of_february(db: Database) -> None:
    assert days_of_chain(db, "2024-02-29T00:00+07:00", "year", 4, 29) == [
        "2025-02-28 00:00",
        "2026-02-28 00:00",
        "2027-02-28 00:00",
        "2028-02-29 00:00",
    ]


@given(start=instants, months=st.integers(1, 40), zone=st.sampled_from(["Asia/Jakarta", "UTC"]))
def test_where_clocks_are_never_set_a_chain_is_one_long_term(
    db: Database, start: datetime, months: int, zone: str
) -> None:
    anchor_day = start.astimezone(ZoneInfo(zone)).day
    at = start
    for _month in range(months):
        at = end_of(db, Term(at, "month", 1, "rolling", zone, anchor_day))

    assert at == end_of(db, Term(start, "month", months, "rolling", zone, anchor_day))


@given(one=terms_of_all_kinds, later=st.timedeltas(timedelta(0), timedelta(days=100)))
def test_who_starts_later_ends_later(db: Database, one: Term, later: timedelta) -> None:
    """Beside set clocks, only the 29th to 31st can meet, on a month's last day."""
    first, second = one, one._replace(starts_at=one.starts_at + later)
    if one.validity == "rolling" and one.unit in MONTHS:
        zone = ZoneInfo("Asia/Jakarta")
        first, second = (
            term._replace(zone=zone.key, anchor_day=term.starts_at.astimezone(zone).day)
            for term in (first, second)
        )
        days = [end_of(db, term).astimezone(zone).date() for term in (first, second)]
        assert days[0] <= days[1]
        if max(first.anchor_day, second.anchor_day) <= 28:
            assert end_of(db, second) - end_of(db, first) >= min(later, timedelta(microseconds=1))
    elif one.validity == "rolling":
        assert end_of(db, second) - end_of(db, first) == later
    elif later >= timedelta(days=2):
        assert end_of(db, first) <= end_of(db, second)


@pytest.mark.parametrize(
    ("term", "end"),
    [
        # 02:30 does not exist on 28 March 2027, and existed twice on 25 October 2026.
        ("2027-02-28T02:30+01:00 month rolling Europe/Berlin", "2027-03-28T03:30+02:00"),
        ("2026-09-25T02:30+02:00 month rolling Europe/Berlin", "2026-10-25T02:30+01:00"),
        # A day is 24 hours, or to midnight, whatever the clocks do.
        ("2027-03-27T12:00+01:00 day rolling Europe/Berlin", "2027-03-28T13:00+02:00"),
        ("2027-03-28T00:00+01:00 day calendar Europe/Berlin", "2027-03-29T00:00+02:00"),
        ("2027-03-28T23:59+02:00 week calendar Europe/Berlin", "2027-04-04T00:00+02:00"),
        # The day began at 01:00, and in Havana midnight came twice.
        ("2018-11-03T10:00-03:00 day calendar America/Sao_Paulo", "2018-11-04T01:00-02:00"),
        ("2019-11-02T10:00-04:00 day calendar America/Havana", "2019-11-03T00:00-05:00"),
        # Samoa had no 30 December 2011, and Kwajalein no 21 August 1993.
        ("2011-12-29T10:00-10:00 day calendar Pacific/Apia", "2011-12-31T00:00+14:00"),
        ("1993-07-21T10:00-12:00 month rolling Pacific/Kwajalein", "1993-08-22T10:00+12:00"),
        # The start's own day is the first, even from its last second.
        ("2027-05-05T23:59:59+07:00 day calendar Asia/Jakarta", "2027-05-06T00:00+07:00"),
        ("2027-05-31T23:59:59+07:00 month calendar Asia/Jakarta", "2027-06-30T00:00+07:00"),
    ],
)
def test_ends_by_example(db: Database, term: str, end: str) -> None:
    start, unit, validity, zone = term.split()
    at = datetime.fromisoformat(start)
    anchor_day = at.astimezone(ZoneInfo(zone)).day

    found = end_of(db, Term(at, unit, 1, validity, zone, anchor_day))

    assert found == datetime.fromisoformat(end)


def test_how_long_periods_are(db: Database) -> None:
    rows = db.execute(
        "select u, period_months(u, 2), period_days(u, 2) from unnest(%s::text[]) as t (u)",
        [[*UNITS, "fortnight"]],
    )
    assert {unit: (months, days) for unit, months, days in rows} == {
        "day": (None, 2),
        "week": (None, 14),
        "month": (2, None),
        "quarter": (6, None),
        "year": (24, None),
        "fortnight": (None, None),
    }


GOOD = Term(datetime(2027, 1, 31, tzinfo=UTC), "month", 1, "rolling", "Asia/Jakarta", 31)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unit", "fortnight"),
        ("unit", None),
        ("number", 0),
        ("number", -1),
        ("number", None),
        ("validity", "open"),
        ("validity", None),
        ("anchor_day", 0),
        ("anchor_day", 32),
        ("anchor_day", None),
        ("zone", None),
        ("zone", "Asia/Jakart"),
        ("starts_at", None),
    ],
)
def test_a_term_that_no_plan_may_have_is_stopped(db: Database, field: str, value: Any) -> None:
    with pytest.raises(psycopg.Error, match=r"no term of|not recognized"):
        end_of(db, GOOD._replace(**{field: value}))


def test_a_term_has_no_infinite_start(db: Database) -> None:
    with pytest.raises(psycopg.Error, match="no term of"):
        db.execute("select term_end('infinity', 'day', 1, 'rolling', 'UTC', 1)")
