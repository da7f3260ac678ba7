"""Ending automatic renewal from a message, in one step and without signing in.

The page shows one button; programs that look through mail open every link, and that changes
nothing. The address opens nothing else, and an old one ends what was agreed to anew since, but not
what somebody gave after it had ended (autorenewal/tracing.py).
"""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from everline import autorenewal, cards, clock
from everline.autorenewal import Traced
from everline.channels.web.pages import CHANNEL, page
from everline.database.requests import Caller
from everline.pages import words

LINK = "link"
"""The source of what is asked by a link in a message."""


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, mandate_id: UUID) -> HttpResponse:
    """End a mandate by one press.

    Nobody else knows the address and it can do no more, so no token of a form is asked for.
    """
    return _end(request, autorenewal.trace(mandate_id))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def end_of_renewal(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """End the mandate by which a renewal was made, by one press."""
    return _end(request, autorenewal.trace_renewal(renewal_id))


def _end(request: HttpRequest, traced: Traced | None) -> HttpResponse:
    card = cards.find_by_id(traced.card_id) if traced else None
    if traced is None or card is None:
        raise Http404
    is_on, at = traced.is_on, clock.now()
    if request.method == "POST" and is_on:
        # The same press twice is the same request: it is named by what it ends.
        caller = Caller(CHANNEL, LINK, f"{traced.id}:end")
        is_on = autorenewal.end_mandate(caller, card.id, at).refusal is not None
    until = cards.status(card, at).valid_until
    context = {
        "card": card,
        "is_on": is_on,
        "until": words.instant(until, card.zone) if until else "",
    }
    return page(request, "auto_end.html", context)
