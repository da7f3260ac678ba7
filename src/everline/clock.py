"""The clock, and instants as people read them.

Time is an argument everywhere (`at`, aware, in UTC): `now` is called once, at the edge, by a view,
a command or the worker's loop. A demo moves time by an offset that the composition root installs
with `use_offset`; nothing is patched. This module does no calendar arithmetic: how long a term
lasts is computed in PostgreSQL alone, see catalogue/validity.sql.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues; whoever shows it translates it."""
    return sentence


class UnknownZoneError(ValueError):
    """A text that names no time zone.

    `field` names what to mend and `sentence` says how, in English. `template` is the key of the
    catalogues and takes `facts`: `gettext(error.template) % error.facts`.
    """

    def __init__(self, template: str, *, field: str = "zone", **facts: Any) -> None:
        self.field = field
        self.template = template
        self.facts = facts
        self.sentence = template % facts
        super().__init__(self.sentence)


@dataclass(slots=True)
class _Clock:
    offset: Callable[[], timedelta] = timedelta  # which is zero: a clock that nobody moves


_clock = _Clock()  # the one of this process

# The time zone follows the instant in every pattern, so the hour needs no "am" and "pm".
_PATTERNS: Final = {
    "en": "{at.day} {month} {at.year}, {at:%H:%M} ({zone})",
    "id": "{at.day} {month} {at.year}, {at:%H.%M} ({zone})",
    "zh": "{at.year}年{at.month}月{at.day}日 {at:%H:%M}（{zone}）",  # noqa: RUF001 Chinese is meant
}


def use_offset(source: Callable[[], timedelta]) -> None:
    """Move the clock by what `source` tells at each reading; called once, when a process starts.

    The source is asked often and must be cheap: it reads the database's offset and caches it.
    """
    _clock.offset = source


def now() -> datetime:
    """Tell the present instant, aware and in UTC, moved by the installed offset."""
    return datetime.now(UTC) + _clock.offset()


@cache
def zones() -> frozenset[str]:
    """Every time zone that a card may have: an Area/City of the tzdata package, or UTC.

    Names without an area are old aliases. PostgreSQL reads some of them, such as CET, as a fixed
    offset without summer time, where zoneinfo knows one.
    """
    names = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(name for name in names if "/" in name or name == "UTC")


def zone(name: str) -> ZoneInfo:
    """Give the time zone of a name like Asia/Jakarta, in exactly this spelling.

    Raises UnknownZoneError for anything else, a path or an abbreviation too.
    """
    if name not in zones():
        raise UnknownZoneError(_("This is not a time zone. Write it like Asia/Jakarta."))
    return ZoneInfo(name)


def format_instant(at: datetime, zone_name: str, locale: str) -> str:
    """Write an instant with its zone: "21 Dec 2026, 14:05 (Asia/Jakarta)".

    Seconds are cut off and not rounded, so nothing is promised that has ended. A time that the
    clocks show twice, when they are set back, also names its offset from UTC.
    """
    if at.utcoffset() is None:
        raise ValueError("an instant is aware of its zone")
    where = zone(zone_name)
    spoken = _locale(locale)
    local = at.astimezone(where)
    offset = local.utcoffset() or timedelta(0)
    named = zone_name
    if local.replace(fold=1 - local.fold).utcoffset() != offset:
        named = f"{zone_name}, {timezone(offset)}"
    if spoken.language in _PATTERNS:
        month = spoken.months["format"]["abbreviated"][local.month]
        return _PATTERNS[spoken.language].format(at=local, month=month, zone=named)
    day = format_date(local, "medium", locale=spoken)
    return f"{day}, {format_time(local, 'short', locale=spoken)} ({named})"


@cache
def _locale(tag: str) -> Locale:
    return Locale.parse(tag.replace("-", "_"))
