"""The metrics for a machine that watches: text for Prometheus, by a token of the environment.

Without a token the address does not exist. What is counted stands in autorenewal/metrics.py; a
person sees the same figures in the office, on the screen of automatic.py.
"""

import hmac
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from everline import autorenewal, clock

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BEARER: Final = "Bearer "


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Show the metrics to whoever brings the token, as `Authorization: Bearer TOKEN`."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    token = given.removeprefix(BEARER) if given.startswith(BEARER) else ""
    if not hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode()):
        refused = HttpResponse(status=HTTPStatus.UNAUTHORIZED, content_type=CONTENT_TYPE)
        refused["WWW-Authenticate"] = BEARER.strip()
        return refused
    shown = HttpResponse(autorenewal.exposition(clock.now()), content_type=CONTENT_TYPE)
    shown["Cache-Control"] = "no-store"
    return shown
