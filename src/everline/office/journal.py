"""The journal: what people of the operator did by hand, with filters.

It shows and changes nothing. Acts are kept by trust/acts.py and recorded by access.Desk.record.
"""

from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date

from everline import clock
from everline.office.access import Desk
from everline.office.frame import page
from everline.people.models import Person
from everline.trust import acts

SHOWN_MAX: Final = 100
NAMED_MAX: Final = 500


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show the newest acts: of all, of one person, or up to a day."""
    staff = Person.objects.filter(is_staff=True).order_by("name")[:NAMED_MAX]
    names = {each.id: each.name or each.email for each in staff}
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
                "who": names.get(each.person_id, "") if each.person_id else "",
                "facts": ", ".join(
                    f"{name}: {value}" for name, value in each.facts.items() if name != "request"
                ),
            }
            for each in found
        ],
    }
    return page(request, desk, "acts.html", context)


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
