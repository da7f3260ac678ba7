"""Who may be in the office: somebody of the staff, signed in, with what a screen asks for.

What each screen and act asks for stands in one table, urls.py; what a role may do stands in
people/roles.py. Nothing here knows a screen.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from everline import catalogue, clock
from everline.office.desk import Desk
from everline.office.frame import page
from everline.people.models import Person
from everline.people.roles import Ability, abilities, roles

View = Callable[..., HttpResponseBase]


def guarded(view: View, needs: frozenset[Ability]) -> View:
    """Let a screen be reached by whoever may do all that it needs; others are told why not."""

    @wraps(view)
    def reached(request: HttpRequest, **given: Any) -> HttpResponseBase:
        person = request.user
        if not isinstance(person, Person):
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{settings.STAFF_SIGN_IN}?{query}")
        held = abilities(person)
        named = roles(person)
        role = str(named[0]) if named else "superuser" if person.is_superuser else "staff"
        desk = Desk(person, role, held, catalogue.policy(), clock.now())
        if not held or not needs <= held:
            return page(request, desk, "forbidden.html", status=403)
        return view(request, desk, **given)

    return reached
