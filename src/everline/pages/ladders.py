"""When automatic renewal is tried, in words: one sentence, and the steps of a drawn line.

Times are those of the card's place, to the minute, as each card has its own. The ladder itself is
computed in renewals/rungs.sql.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from babel import Locale
from babel.dates import format_skeleton, format_time
from django.utils.translation import get_language, gettext as _

from everline import clock


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the drawn line; `kind` is try or end."""

    when: str
    what: str
    kind: str


def sentence(rungs: Sequence[datetime], ends_at: datetime | None, zone: str) -> str:
    """Say when it is tried and when service ends: "We will try Tue, Dec 22 09:12, 18:05; …"."""
    tries = _tries(rungs, ends_at)
    if not rungs:
        return ""
    if not tries:
        return _("We will try when service ends: %(end)s (%(zone)s).") % {
            "end": _moment(rungs[-1], zone),
            "zone": zone,
        }
    said, day = [], ""
    for each in tries:
        own = _day(each, zone)
        said.append(_time(each, zone) if own == day else _moment(each, zone))
        day = own
    values = {"tries": reduce(_beside, said), "zone": zone}
    if ends_at is None or ends_at < tries[0]:
        return _("We will try %(tries)s (%(zone)s).") % values
    return _("We will try %(tries)s; service ends %(end)s (%(zone)s).") % (
        values | {"end": _moment(ends_at, zone)}
    )


def line(rungs: Sequence[datetime], ends_at: datetime | None, zone: str, taken: str) -> list[Step]:
    """Give the steps of the line; `taken` says what the first try takes from what."""
    steps = [
        Step(
            _moment(each, zone),
            _("again, if it has not worked before") if number else taken,
            "try",
        )
        for number, each in enumerate(_tries(rungs, ends_at))
    ]
    if ends_at is not None and rungs and ends_at >= rungs[0]:
        last = _("last try; without it service ends") if steps else taken
        steps.append(Step(_moment(ends_at, zone), last, "end"))
    return steps


def _tries(rungs: Sequence[datetime], ends_at: datetime | None) -> list[datetime]:
    """Leave out the last try, at the end itself, which is told as the end."""
    return [each for each in rungs if ends_at is None or each != ends_at]


def _beside(before: str, after: str) -> str:
    return _("%(before)s, %(after)s") % {"before": before, "after": after}


def _moment(at: datetime, zone: str) -> str:
    return f"{_day(at, zone)} {_time(at, zone)}"


def _day(at: datetime, zone: str) -> str:
    local = at.astimezone(clock.zone(zone))
    return format_skeleton("MMMEd", local, locale=_locale())


def _time(at: datetime, zone: str) -> str:
    local = at.astimezone(clock.zone(zone))
    pattern = "HH.mm" if _locale().language == "id" else "HH:mm"
    return format_time(local, pattern, locale=_locale())


def _locale() -> Locale:
    return Locale.parse((get_language() or "en").replace("-", "_"))
