"""The screen for when this kiosk cannot serve anybody: in every language, with the other ways.

It reads no table, since that may be what is away: which stores are near is what was read last.
"""

import hashlib
from collections import OrderedDict
from typing import Final

from django.conf import settings
from django.db.models import F, FloatField, IntegerField, Value
from django.db.models.functions import Abs, Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from everline.pages.frame import HTML_TAGS
from everline.people.models import Retailer
from everline.people.terminals import Terminal

NEAR_MAX: Final = 2
KEPT_MAX: Final = 500
_near: OrderedDict[str, tuple[str, ...]] = OrderedDict()
"""By the hash of a kiosk's key, the stores near it: what this process read last."""


def remember(key: str, terminal: Terminal) -> None:
    """Read which stores are near a kiosk, for when nothing can be read."""
    hashed = _hash(key)
    if hashed in _near:
        return
    here = Retailer.objects.filter(id=terminal.retailer_id).first()
    if here is None:
        return
    away = Cast(Abs(F("latitude_microdegrees") - Value(here.latitude_microdegrees)), IntegerField())
    aside = Cast(
        Abs(F("longitude_microdegrees") - Value(here.longitude_microdegrees)), IntegerField()
    )
    found = (
        Retailer.objects.filter(closed_at=None)
        .exclude(id=here.id)
        .annotate(distance=Cast(away + aside, FloatField()))
        .order_by("distance", "code")[:NEAR_MAX]
    )
    _near[hashed] = tuple(f"{each.name}, {each.address}" for each in found)
    while len(_near) > KEPT_MAX:
        _near.popitem(last=False)


def screen(request: HttpRequest, key: str) -> HttpResponse:
    """Say in every language that this kiosk is out of order, and where else one can renew."""
    context = {
        "html_tag": "en",
        "operator": settings.MERCHANT,
        "told": words(),
        "site": settings.PUBLIC_ADDRESS.split("://", 1)[-1],
        "near": _near.get(_hash(key), ()),
    }
    response = render(request, "kiosk/out_of_order.html", context, status=503)
    response["Cache-Control"] = "no-store"
    response["Retry-After"] = "30"
    response["Refresh"] = f"30;url={reverse('kiosk:attract')}"
    return response


def words() -> list[dict[str, str]]:
    """Give the sentences in each language."""
    told = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            told.append(
                {
                    "tag": HTML_TAGS.get(code, code),
                    "title": _("This kiosk is out of order"),
                    "text": _("Nothing was charged here just now. You can renew in other ways:"),
                    "online": _("Online, also by phone"),
                    "near": _("In a store nearby"),
                }
            )
    return told


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
