"""Opening hours as they are kept, read for one week: whether it is open now, and until when.

The notation is OpenStreetMap's, as far as loading/hours.py lets it in; what a later rule says of a
day goes before an earlier one. Which days are public holidays nobody tells us: they are kept apart.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY_MINUTES: Final = 24 * 60
WEEK: Final = len(DAYS)
HOLIDAYS: Final = "PH"

_RULE: Final = re.compile(r"(?:((?:[A-Z][A-Za-z](?:-[A-Z][a-z])?,?)+) )?(.*)")
_SPAN: Final = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """A week from Monday on, each day's spans in minutes after midnight, an end maybe the next day.

    `holidays` are those of public holidays; None when nothing is said of them.
    """

    days: tuple[Spans, ...]
    holidays: Spans | None

    @property
    def is_always(self) -> bool:
        """Whether it never closes."""
        return all(spans == ((0, DAY_MINUTES),) for spans in self.days)


@dataclass(frozen=True, slots=True)
class Now:
    """Whether it is open, and the weekday (0 for Monday) and minute of the next change, if any.

    `is_today` when that minute is of the present day.
    """

    is_open: bool
    weekday: int | None
    minute: int
    is_today: bool


def read_hours(text: str) -> Hours:
    """Read opening hours that loading has checked."""
    week: list[Spans] = [()] * WEEK
    holidays: Spans | None = None
    if text == "24/7":
        return Hours((((0, DAY_MINUTES),),) * WEEK, None)
    for rule in text.split(";"):
        match = _RULE.fullmatch(rule.strip())
        assert match is not None
        spans = tuple(_span(*map(int, each)) for each in _SPAN.findall(match[2]))
        for days in (match[1] or "Mo-Su").split(","):
            if days == HOLIDAYS:
                holidays = spans
                continue
            for day in _days(days):
                week[day] = spans
    return Hours(tuple(week), holidays)


def now(hours: Hours, zone: str, at: datetime) -> Now:
    """Tell whether it is open at `at` by the clock of a zone, and when that changes."""
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    opened: list[tuple[int, int]] = []
    for day in range(-1, WEEK + 1):
        for opens, closes in hours.days[(local.weekday() + day) % WEEK]:
            begins, ends = day * DAY_MINUTES + opens, day * DAY_MINUTES + closes
            if opened and begins <= opened[-1][1]:
                opened[-1] = (opened[-1][0], max(opened[-1][1], ends))
            else:
                opened.append((begins, ends))
    coming = next((span for span in opened if span[1] > minute), None)
    is_open = coming is not None and coming[0] <= minute
    if coming is None or (is_open and coming[1] >= WEEK * DAY_MINUTES):
        return Now(is_open=is_open, weekday=None, minute=0, is_today=False)
    change = coming[1] if is_open else coming[0]
    # Closing at midnight is said as 24:00 of the day that ends.
    day, at_minute = divmod(change - is_open, DAY_MINUTES)
    return Now(
        is_open=is_open,
        weekday=(local.weekday() + day) % WEEK,
        minute=at_minute + is_open,
        is_today=day == 0,
    )


def _days(days: str) -> list[int]:
    """List the weekdays of "Mo" or "Sa-Mo"."""
    first, _, last = days.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return [(begin + step) % WEEK for step in range((end - begin) % WEEK + 1)]


def _span(hour: int, minute: int, end_hour: int, end_minute: int) -> tuple[int, int]:
    begins, ends = hour * 60 + minute, end_hour * 60 + end_minute
    return begins, ends if ends > begins else ends + DAY_MINUTES
