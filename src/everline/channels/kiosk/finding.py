"""The card: by keypad, by scanner or by an open renewal's code; a new one is opened on the way.

Numbers that lead nowhere are counted by kiosk, because anybody may try them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from everline import cards, catalogue, clock, renewals
from everline.cards import Card
from everline.channels.kiosk import visits
from everline.channels.kiosk.forms import (
    BACK,
    CLEAR,
    DIGITS,
    SIGNS,
    DeviceForm,
    FindForm,
    StartCodeForm,
    pressed,
)
from everline.channels.kiosk.frame import page
from everline.channels.kiosk.refusals import explain
from everline.channels.kiosk.visits import Sale, Visit, in_visit
from everline.database.requests import Answer
from everline.errors import SENTENCES, Code
from everline.pages.frame import allow, see_other
from everline.pages.refusals import Explained

MISSES_MAX: Final = 20
MISSES_SECONDS: Final = 600
_METHODS: Final = ["GET", "HEAD", "POST"]


@require_http_methods(_METHODS)
@in_visit
def card(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Ask for the card number, and find what it is."""
    if "press" in request.POST:
        typed = pressed(request.POST.get("number", ""), request.POST["press"])
        form = FindForm(initial={"number": typed})
        return _ask(request, visit, form)
    form = FindForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        found = _find(request, visit, form.cleaned_data["number"])
        if isinstance(found, HttpResponse):
            return found
        form.add_error("number", found)
    return _ask(request, visit, form)


def _find(request: HttpRequest, visit: Visit, number: str) -> HttpResponse | str:
    """Lead to a card, or to the open renewal of a code; else say why not."""
    key = f"kiosk-misses-{visit.terminal.id}"
    misses = cache.get_or_set(key, 0, MISSES_SECONDS) or 0
    if misses >= MISSES_MAX:
        return _("Too many wrong numbers were entered here. Wait ten minutes, or renew online.")
    if renewals.read_code(number):
        waiting = renewals.find_by_code(number, clock.now())
        if waiting is not None:
            sale = Sale("renewal", waiting.id)
            visits.keep(request, replace(visit, card_id=waiting.card_id, sale=sale))
            return see_other("kiosk:pay")
        cache.set(key, misses + 1, MISSES_SECONDS)
        return _("No renewal waits under this code. It may be paid, or its time is over.")
    found = cards.find(number)
    if found is None:
        cache.set(key, misses + 1, MISSES_SECONDS)
        return _(SENTENCES[Code.CARD_UNKNOWN])
    visits.keep(request, replace(visit, card_id=found.id, sale=None))
    return see_other(next_page(found))


def next_page(found: Card) -> str:
    """Name the page at which a card is: a new one is opened before it is renewed."""
    return {"in_stock": "kiosk:activate", "activated": "kiosk:bind"}.get(found.state, "kiosk:plans")


@require_http_methods(_METHODS)
@in_visit
def activate(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Activate a stocked card with the start code on its carrier."""
    found = cards.find_by_id(visit.card_id) if visit.card_id else None
    if found is None:
        return see_other("kiosk:card")

    def act(sent: Mapping[str, Any], at: datetime) -> Answer:
        code = cards.start_code_hash(found.iccid, sent["number"])
        return cards.activate(visit.caller(sent["request_id"]), found.id, code, at)

    return _open(request, visit, found, StartCodeForm, act, state="in_stock")


@require_http_methods(_METHODS)
@in_visit
def bind(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Bind an active card to its first device."""
    found = cards.find_by_id(visit.card_id) if visit.card_id else None
    if found is None:
        return see_other("kiosk:card")

    def act(sent: Mapping[str, Any], at: datetime) -> Answer:
        return cards.bind(visit.caller(sent["request_id"]), found.id, sent["number"], at)

    return _open(request, visit, found, DeviceForm, act, state="activated")


def _open(
    request: HttpRequest,
    visit: Visit,
    found: Card,
    form_of: type[StartCodeForm] | type[DeviceForm],
    act: Callable[[Mapping[str, Any], datetime], Answer],
    *,
    state: str,
) -> HttpResponse:
    """Show one step of opening a card, or take it and go on to the next."""
    if found.state != state:
        return see_other(next_page(found))
    policy = catalogue.policy()
    shown = {"card": found, "is_first": state == "in_stock", "request_id": uuid4()}
    if "press" in request.POST:
        typed = pressed(request.POST.get("number", ""), request.POST["press"])
        form = form_of(initial={"number": typed})
        return _ask(request, visit, form, shown)
    form = form_of(request.POST if request.method == "POST" else None)
    told: Explained | None = None
    if form.is_valid():
        refusal = act(form.cleaned_data, clock.now()).refusal
        if refusal is None:
            after = cards.find_by_id(found.id)
            assert after is not None
            return see_other(next_page(after))
        told = explain(refusal, policy, found)
    return _ask(request, visit, form, shown | {"explained": told})


def _ask(
    request: HttpRequest,
    visit: Visit,
    form: FindForm | StartCodeForm | DeviceForm,
    shown: dict[str, object] | None = None,
) -> HttpResponse:
    """Show a page with a field and its pad of keys."""
    is_first = isinstance(form, FindForm)
    keys = SIGNS if isinstance(form, StartCodeForm) else DIGITS
    back = reverse("kiosk:attract" if is_first else "kiosk:card")
    names = {BACK: _("Delete one"), CLEAR: _("Delete all")}
    pad = [
        {"value": key, "name": names.get(key), "is_back": key == BACK, "is_clear": key == CLEAR}
        for key in keys
    ]
    context = {"form": form, "field": form["number"], "pad": pad, "is_wide": keys == SIGNS}
    status = 422 if form.errors else 409 if shown and shown.get("explained") else 200
    answer = page(
        request,
        "card.html" if is_first else "open.html",
        context | (shown or {}),
        visit=visit,
        step=1,
        back=back,
        status=status,
    )
    return allow(answer, "camera")
