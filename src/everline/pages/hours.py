"""Opening hours, distances and kinds of places in words, in the language of the page.

What hours mean is decided in people/opening.py; plans and money are said in words.py.
"""

from datetime import datetime
from typing import Final

from babel import Locale
from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext as _

from everline.people import opening
from everline.people.opening import DAY_MINUTES, Hours, Spans

DASH: Final = "\N{EN DASH}"
KILOMETRE: Final = 1000
FAR: Final = 20 * KILOMETRE
"""From here on a distance is said in whole kilometres."""


def kind(code: str) -> str:
    """Say what kind of place it is."""
    kinds = {
        "shop": _("Shop"),
        "mall_counter": _("Counter in a mall"),
        "station": _("Station"),
        "airport": _("Airport"),
    }
    return kinds.get(code, _("Store"))


def in_words(text: str) -> list[str]:
    """Say the hours of a week, days with the same hours together."""
    hours = opening.read_hours(text)
    if hours.is_always:
        return [_("Open day and night")]
    said = [f"{_days(first, last)} {_spans(spans)}" for first, last, spans in _runs(hours)]
    if hours.holidays is not None:
        said.append(_("Public holidays: %(hours)s") % {"hours": _spans(hours.holidays)})
    return said


def now(text: str, zone: str, at: datetime) -> tuple[bool, str]:
    """Say whether it is open at `at`, and until when that is so."""
    found = opening.now(opening.read_hours(text), zone, at)
    if found.weekday is None:
        return found.is_open, _("Open now") if found.is_open else _("Closed")
    when = _time(found.minute)
    if not found.is_today:
        when = f"{_day(found.weekday)} {when}"
    if found.is_open:
        return True, _("Open now, until %(when)s") % {"when": when}
    return False, _("Closed, opens %(when)s") % {"when": when}


def distance(metres: int) -> str:
    """Say a distance in metres, and from one kilometre on in kilometres."""
    if metres < KILOMETRE:
        return f"{max(round(metres, -1), 10)}\N{NO-BREAK SPACE}m"
    tenths = "#,##0" if metres >= FAR else "#,##0.0"
    number = format_decimal(metres / KILOMETRE, format=tenths, locale=_locale())
    return f"{number}\N{NO-BREAK SPACE}km"


def _runs(hours: Hours) -> list[tuple[int, int, Spans]]:
    """Put days that follow each other and have the same hours together."""
    runs: list[tuple[int, int, Spans]] = []
    for day, spans in enumerate(hours.days):
        if runs and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return runs


def _spans(spans: Spans) -> str:
    if not spans:
        return _("closed")
    return ", ".join(
        f"{_time(begins)}{DASH}{_time(ends if ends <= DAY_MINUTES else ends - DAY_MINUTES)}"
        for begins, ends in spans
    )


def _days(first: int, last: int) -> str:
    return _day(first) if first == last else f"{_day(first)}{DASH}{_day(last)}"


def _day(weekday: int) -> str:
    return str(_locale().days["format"]["abbreviated"][weekday])


def _time(minutes: int) -> str:
    """Write a time of day by 24 hours, as instants are."""
    sign = "." if _locale().language == "id" else ":"
    return f"{minutes // 60:02d}{sign}{minutes % 60:02d}"


def _locale() -> Locale:
    return Locale.parse((get_language() or "en").replace("-", "_"))
