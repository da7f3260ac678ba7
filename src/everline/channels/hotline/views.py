"""The webhooks that a telephone provider calls: one for what is keyed, one for the end of a call.

Only the provider may speak here: it signs each request with the token that it shares with us, over
the public address and all fields. Without a token there is no hotline. Nothing that is keyed is
written to a log.
"""

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Final

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator

from everline import clock
from everline.channels.hotline import flow, legs, voice
from everline.channels.hotline.dialogue import answer
from everline.channels.hotline.models import Leg
from everline.channels.hotline.talk import Talk
from everline.errors import FaultError
from everline.ids import InvalidNumberError, Msisdn

logger: Final = logging.getLogger(__name__)

SIGNATURE_HEADER: Final = "X-Twilio-Signature"
BODY_BYTES_MAX: Final = 16_384
FORM: Final = "application/x-www-form-urlencoded"
_SID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_KEYED: Final = re.compile(r"[0-9*#]{0,32}")
_TURN: Final = re.compile(r"[0-9]{1,4}")
_OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})

View = Callable[[HttpRequest], HttpResponse]


def signed(view: View) -> View:
    """Let only requests in that the provider has signed."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if not settings.HOTLINE_TOKEN:
            raise Http404
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            return HttpResponse("The form is too long.", status=413, content_type="text/plain")
        if request.content_type != FORM:
            return HttpResponse(f"Send a form: {FORM}.", status=415, content_type="text/plain")
        url = settings.PUBLIC_ADDRESS.rstrip("/") + request.get_full_path()
        signature = request.headers.get(SIGNATURE_HEADER, "")
        validator = RequestValidator(settings.HOTLINE_TOKEN)
        if not validator.validate(url, request.POST, signature):
            logger.warning("a webhook of the hotline had no right signature")
            text = "The signature is wrong. Sign the public address and all fields."
            return HttpResponse(text, status=403, content_type="text/plain")
        return view(request)

    return checked


@csrf_exempt
@sensitive_post_parameters()
@require_POST
@signed
def voice_webhook(request: HttpRequest) -> HttpResponse:
    """Answer a call that begins, a key, a keyed number or silence, with what is said next."""
    at = clock.now()
    call_sid = _field(request, "CallSid", _SID)
    keyed = None if "silent" in request.GET else request.POST.get("Digits")
    if keyed is not None and not _KEYED.fullmatch(keyed):
        raise SuspiciousOperation("Digits has something else than keys")
    caller = caller_of(request)
    begins = "turn" not in request.GET
    turn = 0 if begins else int(_checked(request.GET["turn"], _TURN))
    if begins:
        legs.begin(call_sid, caller, at)

    def speak(leg: Leg) -> str:
        first = leg.step if begins else ""
        if leg.turn >= legs.TURNS_MAX:
            first = flow.GOODBYE
        said = answer(Talk(leg, caller, at), keyed, begins=first)
        if said.step.ends:
            leg.ended_at = at
        return voice.speak(said, leg.turn + 1)

    try:
        text = legs.take_turn(call_sid, turn, at, speak)
    except FaultError:
        return HttpResponse("Send it again in a moment.", status=503, content_type="text/plain")
    return HttpResponse(text or voice.hang_up(), content_type="text/xml; charset=utf-8")


@csrf_exempt
@require_POST
@signed
def status_webhook(request: HttpRequest) -> HttpResponse:
    """Take note that a call has ended."""
    call_sid = _field(request, "CallSid", _SID)
    if request.POST.get("CallStatus") in _OVER:
        legs.end(call_sid, clock.now())
    return HttpResponse(status=204)


def caller_of(request: HttpRequest) -> Msisdn | None:
    """Read who seems to call; None when the number is withheld or no number."""
    try:
        return Msisdn.parse(request.POST.get("From", "")[:32])
    except InvalidNumberError:
        return None


def _field(request: HttpRequest, name: str, pattern: re.Pattern[str]) -> str:
    return _checked(request.POST.get(name, ""), pattern)


def _checked(text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise SuspiciousOperation("a field of the webhook is not what a provider sends")
    return text
