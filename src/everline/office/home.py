"""The way in: leads to the first screen that somebody may see."""

from django.http import HttpRequest, HttpResponse

from everline.office.desk import Desk
from everline.office.frame import MENU, page
from everline.pages.frame import see_other


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Lead to the first screen of the menu; whoever has none is told so."""
    for name, _label, needed in MENU:
        if needed in desk.abilities:
            return see_other(name)
    return page(request, desk, "forbidden.html", status=403)
