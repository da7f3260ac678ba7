"""The tour's page and its acts. Only a demo answers; everywhere else there is no such page.

One act at a time for each visitor, a few for all. An act is done within its request by the doors
themselves; the page then looks again by itself, or is loaded again.
"""

import logging
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import override
from django.views.decorators.http import require_POST, require_safe

from everline import catalogue, clock, renewals
from everline.cards import Card, status
from everline.channels.hotline.phone import PhoneError
from everline.pages.frame import page, see_other
from everline.tour import showing, visits, words
from everline.tour.browser import LostWayError
from everline.tour.devices import DEVICES, Act, Told, is_short
from everline.tour.misfortunes import MISFORTUNES
from everline.tour.visits import KEPT, FullError, Visitor

logger: Final = logging.getLogger(__name__)

ACTS: Final[dict[str, Act]] = {**DEVICES, **MISFORTUNES}
NEEDS_SHORT: Final = frozenset({"calendar", "day-later"})
"""Acts for which the card's month must end soon; a card that has more gets a new one."""

TERMS_MAX: Final = 5
"""How many months may wait on a card of the tour; then the visitor gets a new one."""

TOGETHER_MAX: Final = 3
WAIT_SECONDS: Final = 15
HELD_SECONDS: Final = 45
_room: Final = threading.BoundedSemaphore(TOGETHER_MAX)
_P = ParamSpec("_P")


def in_demo(
    view: Callable[Concatenate[HttpRequest, _P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
    """Let a page be there in a demo alone."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@in_demo
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the card of this browser; the first look gives it one."""
    at = clock.now()
    policy = catalogue.policy()
    try:
        card = visits.find(request, at) or visits.begin(request, at)
    except FullError:
        return page(request, "tour/full.html", {"why": words.why("full")}, status=503)
    kept = request.session[KEPT].get("done")
    done = showing.Done.of(kept) if kept else None
    return page(request, "tour/tour.html", showing.context(card, done, policy, at), policy=policy)


@in_demo
@require_POST
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Press a device or let something go wrong, for real; then lead back to the page."""
    if name not in ACTS:
        raise Http404
    at = clock.now()
    try:
        card = visits.find(request, at) or visits.begin(request, at)
        card = _fitting(request, card, name)
    except FullError:
        return see_other("tour:show")
    held = f"tour-act-{card.id}"
    if cache.add(held, 1, HELD_SECONDS):
        try:
            _do(request, name, card)
        finally:
            cache.delete(held)
    return see_other("tour:show")


@in_demo
@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    """Give this browser another card."""
    try:
        visits.begin(request, clock.now())
    except FullError:
        logger.warning("the tour has no card left to give")
    return see_other("tour:show")


def _do(request: HttpRequest, name: str, card: Card) -> None:
    """Do an act and keep what came of it; what was there before is told by id."""
    since = clock.now()
    before = [str(each.id) for each in renewals.of_card(card.id, showing.RECENT_MAX)]
    told = _told(ACTS[name], visits.visitor(request, card, showing.language()))
    kept: dict[str, Any] = {
        "name": name,
        "since": since.isoformat(),
        "before": before,
        "told": told.kind,
        "said": told.said[:200],
    }
    request.session[KEPT] = {"card": str(card.id), "done": kept}


def _told(wanted: Act, visitor: Visitor) -> Told:
    """Do an act in the visitor's language; one that loses its way is told as that."""
    if not _room.acquire(timeout=WAIT_SECONDS):
        return Told("lost")
    try:
        with override(visitor.language):
            return wanted(visitor)
    except (LostWayError, PhoneError) as error:
        logger.warning("the tour lost its way: %s", error)
        return Told("lost")
    finally:
        _room.release()


def _fitting(request: HttpRequest, card: Card, name: str) -> Card:
    """Give the card if the act can be done to it, else a new one."""
    at = clock.now()
    stands = status(card, at)
    is_spent = stands.present is None or len(stands.queued) >= TERMS_MAX
    if is_spent or (name in NEEDS_SHORT and not is_short(card, at)):
        return visits.begin(request, at)
    return card
