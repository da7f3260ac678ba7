"""Rendering a screen of the office: the common frame, who is there, and what else is to be seen.

Which screens there are says urls.py; who may see them decides access.py.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _, gettext_noop

from everline.office.alarms import alarms
from everline.office.desk import Desk
from everline.pages import frame as frames
from everline.people.roles import Ability

MENU: Final = (
    ("office:today", gettext_noop("Today"), Ability.SEE_MONEY),
    ("office:queues", gettext_noop("Queues"), Ability.SEE_OFFICE),
    ("office:auto", gettext_noop("Auto-renewal"), Ability.SEE_OFFICE),
    ("office:search", gettext_noop("Search"), Ability.SEE_CUSTOMERS),
    ("office:plans", gettext_noop("Plans and offers"), Ability.SEE_OFFICE),
    ("office:places", gettext_noop("Stores and partners"), Ability.SEE_OFFICE),
    ("office:terminals", gettext_noop("Tills and kiosks"), Ability.ENROL_TERMINAL),
    ("office:staff", gettext_noop("Staff"), Ability.EDIT_CLERKS),
    ("office:banners", gettext_noop("Banners"), Ability.EDIT_BANNERS),
    ("office:day-end", gettext_noop("Day end"), Ability.EXPORT_DAY),
    ("office:acts", gettext_noop("Acts"), Ability.SEE_ACTS),
    ("admin:index", gettext_noop("Tables"), Ability.SEE_OFFICE),
)
"""The screens that the menu names, with the one ability that each of them needs."""


SECTIONS: Final = {
    "store": "places", "add-store": "places", "edit-store": "places", "end-store": "places",
    "resume-store": "places", "fund-store": "places", "partner": "places",
    "add-partner": "places", "edit-partner": "places", "end-partner": "places",
    "resume-partner": "places", "fund-partner": "places", "make-key": "places",
    "revoke-key": "places", "plan": "plans", "version": "plans", "retire": "plans",
    "keep": "plans", "offer": "plans", "card": "search", "change": "search", "pin": "search",
    "renewal": "search", "send-again": "search", "enrol": "terminals", "revoke": "terminals",
    "invite": "staff", "person": "staff", "change-staff": "staff", "renew-link": "staff",
    "end-staff": "staff", "ask": "queues", "own": "queues", "revive": "queues", "call": "queues",
    "reverse": "queues", "release-card": "auto", "release-stop": "auto",
    "end-banner": "banners",
}  # fmt: skip
"""To which screen of the menu another one belongs."""


def menu(held: frozenset[Ability], here: str) -> list[dict[str, object]]:
    """List the screens that somebody may see; `here` is the one that is shown."""
    return [
        {"url": name, "label": _(label), "now": name == here}
        for name, label, needed in MENU
        if needed in held
    ]


def page(
    request: HttpRequest,
    desk: Desk,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a screen of the office, which no cache keeps."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    here = f"office:{SECTIONS.get(name, name)}"
    given = {
        "desk": desk,
        "menu": menu(desk.abilities, here),
        "alarms": alarms(desk) if desk.may(Ability.SEE_OFFICE) else (),
    } | dict(context or {})
    return frames.page(request, f"office/{template}", given, status=status, policy=desk.policy)
