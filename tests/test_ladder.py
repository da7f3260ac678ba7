"""The ladder: when a term's renewal is tried, in every zone and across every change of its clocks.

The ladder is a part of the verbs, so it is asked as the owner; that people are shown and charged
by it is tested in test_due.py.
"""

import itertools
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from tests.town import as_owner
from tests.world import World

CARD = uuid.UUID("01a20132-3f80-7b9a-8677-7297539719b9")
OTHER = uuid.UUID("01a20132-3f80-7b9a-8677-7297539719ba")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
LONG = (6 * DAY, 7 * DAY, 30 * DAY, 31 * DAY, 365 * DAY)
SHORT = (DAY, 2 * DAY, 3 * DAY, 6 * DAY - MINUTE)
FROM, THROUGH = datetime(2026, 11, 22, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)
SOME_ZONES = ("Asia/Jakarta", "Europe/Lisbon", "America/St_Johns", "Australia/Lord_Howe")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of one card, and the tries that the ladder gives it."""

    card: uuid.UUID
    zone: str
    starts_at: datetime
    ends_at: datetime
    rungs: list[datetime]
    walls: list[datetime]
    """The same by the clock of the place; then the sixteenth hour before the end."""

    @property
    def length(self) -> timedelta:
        """Give how long it is."""
        return self.ends_at - self.starts_at


def ladders(
    world: World, asked: Iterable[tuple[uuid.UUID, str, datetime, timedelta]], plan: str = "queue"
) -> list[Term]:
    """Ask for the ladder of many terms at once: card, zone, end and length."""
    given = list(asked)
    answer = as_owner(
        world,
        "select array_agg(jsonb_build_array(l.rungs, (select jsonb_agg(r at time zone t.zone"
        " order by number) from unnest(l.rungs || (t.ends_at - interval '16 hours'))"
        " with ordinality u (r, number))) order by t.place)"
        " from (select %s::text as plan) p cross join unnest(%s::uuid[], %s::text[],"
        " %s::timestamptz[], %s::interval[])"
        " with ordinality as t (card, zone, ends_at, length, place) cross join lateral (select"
        " ladder(t.ends_at - t.length, t.ends_at, p.plan, t.zone, t.card) as rungs offset 0) l",
        plan,
        [card for card, _zone, _end, _length in given],
        [zone for _card, zone, _end, _length in given],
        [end for _card, _zone, end, _length in given],
        [length for _card, _zone, _end, length in given],
    )()
    assert isinstance(answer, list)
    return [
        Term(
            *(card, zone, end - length, end),
            *([datetime.fromisoformat(each) for each in instants] for instants in told),
        )
        for (card, zone, end, length), told in zip(given, answer, strict=True)
    ]


def changes(zone: str) -> Iterator[datetime]:
    """Find the days of a year on which the clocks of a zone are changed."""
    place, day = ZoneInfo(zone), FROM
    while day < THROUGH:
        if day.astimezone(place).utcoffset() != (day + DAY).astimezone(place).utcoffset():
            yield day
        day += DAY


def everywhere(world: World) -> list[tuple[str, datetime]]:
    """Give ends of terms in every zone: on any day, and by the hour around changes of clocks."""
    known = {name for (name,) in world.all("select name from pg_timezone_names")}
    found: list[tuple[str, datetime]] = []
    for zone in sorted(available_timezones() & known):
        found.append((zone, FROM + timedelta(hours=len(found) % 997, minutes=len(found) % 60)))
        for change in changes(zone):
            found += [(zone, change + timedelta(hours=hour, minutes=7)) for hour in (1, 11, 25, 40)]
    return found


def test_every_term_has_five_rungs_that_ascend_inside_it(town: World) -> None:
    asked = itertools.product(everywhere(town), (*LONG, *SHORT))
    terms = ladders(town, ((CARD, zone, end, length) for (zone, end), length in asked))
    assert len(terms) > 5000
    for term in terms:
        assert len(term.rungs) == 5, term
        assert term.rungs == sorted(set(term.rungs)), term
        assert term.rungs[0] >= term.starts_at + term.length / 2, term
        assert term.rungs[-1] == term.ends_at, term
        assert all(not (rung.second or rung.microsecond) for rung in term.rungs[:-1]), term


def test_a_long_term_is_tried_by_the_clock_of_its_place(town: World) -> None:
    asked = itertools.product(everywhere(town), LONG)
    shown = set()
    for term in ladders(town, ((CARD, zone, end, length) for (zone, end), length in asked)):
        last = term.walls[-1].date()
        days = [wall.date() for wall in term.walls[:3]]
        assert days == [last - DAY, last - DAY, last], term
        assert 9 <= term.walls[0].hour < 15, term
        assert 18 <= term.walls[1].hour < 20, term
        assert 8 <= term.walls[2].hour < 10, term
        assert timedelta(hours=1) <= term.ends_at - term.rungs[3] <= timedelta(minutes=91), term
        shown.add(tuple(wall.time() for wall in term.walls[:3]))
    assert len(shown) == 1, "the same card is tried at the same minute of every term"


def test_a_short_term_is_tried_by_what_is_left_of_it(town: World) -> None:
    ends = [datetime(2027, 3, 28, hour, 13, 20, tzinfo=UTC) for hour in range(24)]
    asked = itertools.product((CARD, OTHER), SOME_ZONES, ends, SHORT)
    for term in ladders(town, asked):
        parts = [(term.ends_at - rung) / term.length for rung in term.rungs]
        for part, most in zip(parts, (4, 8, 16), strict=False):
            slack = MINUTE / term.length
            assert 1 / most * 0.8 < part <= 1 / most + slack, term
        assert timedelta(minutes=7) < term.ends_at - term.rungs[3] < timedelta(minutes=11), term


def test_even_a_first_day_of_minutes_is_tried_inside_it(town: World) -> None:
    lengths = [timedelta(seconds=2**power + 1) for power in range(18)]
    end = datetime(2027, 3, 28, tzinfo=UTC)
    for term in ladders(town, ((CARD, zone, end, each) for zone in SOME_ZONES for each in lengths)):
        assert term.rungs == sorted(set(term.rungs)), term
        assert term.starts_at <= term.rungs[0] <= term.rungs[-1] == term.ends_at, term
        assert len(term.rungs) == 5 or term.length < 20 * MINUTE, term


def test_a_plan_that_cuts_its_own_term_short_is_tried_at_the_end_alone(town: World) -> None:
    asked = [(CARD, "Asia/Jakarta", FROM, length) for length in (*LONG, *SHORT)]
    for plan in ("stack", "replace"):
        assert all(term.rungs == [term.ends_at] for term in ladders(town, asked, plan))


def test_cards_are_spread_over_the_time_that_a_rung_may_take(town: World) -> None:
    cards = [uuid.uuid5(CARD, str(number)) for number in range(1200)]
    asked = [(card, "Asia/Jakarta", FROM, 30 * DAY) for card in cards]
    terms = ladders(town, asked)
    by_hour = [sum(term.walls[0].hour == hour for term in terms) for hour in range(9, 15)]
    assert min(by_hour) > 150, by_hour
    assert len({term.rungs[0] for term in terms}) > 300
    assert len({term.rungs[2] for term in terms}) > 110
    assert terms == ladders(town, asked)
