"""Callbacks of gateways: each is verified, stored raw, and makes its attempt's asking due.

Nothing is settled here and nothing that a callback says is believed: the worker asks the gateway.
A callback that fits no attempt yet is parked and matched later, so it too is answered with 200.
"""

import logging
from typing import Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from everline import clock, payments
from everline.errors import FaultError, MisuseError

_logger: Final = logging.getLogger(__name__)

BODY_BYTES_MAX: Final = 65_536
STATUSES: Final = {"signature_wrong": 401, "gateway_unknown": 404}
"""What a gateway's mistakes are answered with; anything else is 400."""


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def receive(request: HttpRequest, gateway: str) -> HttpResponse:
    """Keep one callback. HEAD is how some gateways try an address before they use it."""
    if request.method == "HEAD":
        return HttpResponse()
    try:
        body = request.body
    except RequestDataTooBig:  # a limit of Django's for all pages, larger than ours
        body = b""
        is_too_large = True
    else:
        is_too_large = len(body) > BODY_BYTES_MAX
    if is_too_large:
        return _problem(413, "body_too_large", f"Send at most {BODY_BYTES_MAX} bytes.")
    try:
        _hint, state = payments.keep_callback(gateway, request.headers, body, clock.now())
    except MisuseError as error:
        return _problem(STATUSES.get(error.code, 400), error.code, error.sentence)
    except FaultError as fault:
        # Nobody could tell whether it is genuine, so nothing is kept and it must come again.
        _logger.warning("a callback of %s could not be verified: %s", gateway, fault.detail)
        return _problem(503, "not_verified", "It could not be verified now. Send it again later.")
    return JsonResponse({"state": state})


def _problem(status: int, code: str, sentence: str) -> JsonResponse:
    return JsonResponse({"code": code, "detail": sentence}, status=status)
