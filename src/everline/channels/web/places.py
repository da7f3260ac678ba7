"""The nearest authorised stores and kiosks: by city, by what is typed, or by where one stands.

Without script a city is chosen. A position comes by POST alone, so that it stands in no address
and no log; it is kept nowhere.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from everline import clock
from everline.channels.web.forms import PageForm
from everline.channels.web.pages import page
from everline.pages import hours, maps
from everline.pages.frame import allow
from everline.pages.reading import typed_into
from everline.people.places import Place, Point, Wish, cities, find_places

ON_A_PAGE: Final = 10
PAGES_MAX: Final = 500
TYPED_MAX: Final = 60
_MICRO: Final = 1_000_000


class PlacesForm(PageForm):
    """What is looked for."""

    city = forms.CharField(required=False, max_length=TYPED_MAX)
    typed = forms.CharField(
        label=gettext_lazy("Street, mall, station or code"),
        required=False,
        max_length=TYPED_MAX,
        widget=typed_into(),
    )
    kind = forms.ChoiceField(choices=[("store", ""), ("kiosk", "")], required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=PAGES_MAX)
    latitude = forms.DecimalField(required=False, min_value=-90, max_value=90)
    longitude = forms.DecimalField(required=False, min_value=-180, max_value=180)

    @property
    def wish(self) -> Wish:
        """Read what is right, and leave the rest aside: a search refuses nothing."""
        given: dict[str, Any] = getattr(self, "cleaned_data", {})
        latitude, longitude = given.get("latitude"), given.get("longitude")
        is_placed = latitude is not None and longitude is not None
        typed = unicodedata.normalize("NFKC", given.get("typed") or "")
        return Wish(
            city="" if is_placed else given.get("city") or "",
            typed=" ".join(typed.split()),
            kind=given.get("kind") or "",
            centre=Point(round(latitude * _MICRO), round(longitude * _MICRO))
            if latitude is not None and longitude is not None
            else None,
        )

    @property
    def number(self) -> int:
        """Read which page is shown."""
        return getattr(self, "cleaned_data", {}).get("page") or 1


@dataclass(frozen=True, slots=True)
class Shown:
    """One place as it is shown."""

    number: int
    place: Place
    kind: str
    distance: str
    is_open: bool
    now: str
    hours: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """List places, ten a page; a position is taken by POST."""
    at = clock.now()
    form = PlacesForm(request.POST if request.method == "POST" else _without_position(request))
    form.is_valid()
    wish, number = form.wish, form.number
    found, count = find_places(wish, at, ON_A_PAGE, (number - 1) * ON_A_PAGE)
    context = {
        "form": form,
        "cities": cities(at),
        "wish": wish,
        "position": _position(wish),
        "shown": [_shown(place, index, at) for index, place in enumerate(found, 1)],
        "count": count,
        "map": maps.draw([place.point for place in found], wish.centre),
        "scale": "",
        "number": number,
        "before": number - 1,
        "after": number + 1 if number * ON_A_PAGE < count else 0,
        "query": urlencode({"city": wish.city, "typed": wish.typed, "kind": wish.kind}),
        "kinds": [("", _("Stores and kiosks")), ("store", _("Stores")), ("kiosk", _("Kiosks"))],
    }
    drawn = context["map"]
    if isinstance(drawn, maps.Map):
        context["scale"] = hours.distance(drawn.scale)
    return allow(page(request, "places.html", context), "geolocation")


def _shown(place: Place, number: int, at: datetime) -> Shown:
    """Word one place."""
    is_open, now = hours.now(place.opening_hours, place.zone, at) if place.zone else (False, "")
    return Shown(
        number=number,
        place=place,
        kind=hours.kind(place.kind),
        distance="" if place.metres is None else hours.distance(place.metres),
        is_open=is_open,
        now=now,
        hours=hours.in_words(place.opening_hours),
    )


def _without_position(request: HttpRequest) -> dict[str, str]:
    """Read an address, in which no position counts."""
    return {key: request.GET.get(key, "") for key in ("city", "typed", "kind", "page")}


def _position(wish: Wish) -> dict[str, str]:
    """Write a position for the next page's form, in degrees."""
    if wish.centre is None:
        return {}
    return {
        "latitude": f"{wish.centre.latitude / _MICRO:.6f}",
        "longitude": f"{wish.centre.longitude / _MICRO:.6f}",
    }
