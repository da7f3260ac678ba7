"""The journal: what people of the operator did by hand, with filters.

It shows and changes nothing. Acts are kept by trust/acts.py and recorded by access.Desk.record.
"""

from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date

from everline import clock
from everline.office.desk import Desk
from everline.office.frame import page
from everline.office.naming import act_name, fact_name, fact_value, role_name, subject_name
from everline.people.models import Person
from everline.trust import acts

SHOWN_MAX: Final = 100
NAMED_MAX: Final = 500
SPOKEN: Final = frozenset({"plan", "promotion", "day"})
"""What is acted on by a code that people know, not by an id."""

PAIR: Final = 2
"""A change is kept as what was before and what is now."""


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show the newest acts: of all, of one person, or up to a day."""
    staff = Person.objects.filter(is_staff=True).order_by("name")[:NAMED_MAX]
    names = {each.id: each.shown for each in staff}
    person = _uuid(request.GET.get("person", ""))
    until = _day(request.GET.get("until", ""))
    before = (
        datetime.combine(until, time.max, clock.zone(desk.zone)).astimezone(clock.zone("UTC"))
        if until
        else None
    )
    found = acts.newest(SHOWN_MAX, person_id=person, before=before)
    context = {
        "staff": [
            {"id": each, "name": name, "chosen": each == person} for each, name in names.items()
        ],
        "until": until.isoformat() if until else "",
        "acts": [
            {
                "it": each,
                "at": desk.instant(each.at),
                "role": role_name(each.role),
                "what": act_name(each.verb),
                "on": subject_name(each.subject_kind),
                "who": names.get(each.person_id, "") if each.person_id else "",
                "facts": _facts(each),
            }
            for each in found
        ],
    }
    return page(request, desk, "acts.html", context)


def _facts(act: acts.Act) -> list[tuple[str, str]]:
    """Give the facts of an act as they were kept: names and values, those of changes with both."""
    found = [("", act.subject_id)] if act.subject_kind in SPOKEN else []
    for name, value in act.facts.items():
        if name == "request" or value in ("", None, [], {}):
            continue
        is_change = act.verb.startswith("change") and isinstance(value, list) and len(value) == PAIR
        said = [fact_value(name, _plain(each)) for each in (value if is_change else [value])]
        found.append((fact_name(name), " → ".join(said)))
    return found


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_plain(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
