"""The telephone of the demo: a page with a keypad that calls the real webhooks.

Each key is a button of a form. The page's telephone (phone.py) signs and sends what a provider
would, through the whole web application; nothing of the dialogue is known here. A call is kept in
the session of the browser.
"""

import io
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, override
from django.views.decorators.http import require_http_methods

from everline.channels.hotline.phone import Call, Phone, PhoneError
from everline.channels.hotline.views import SIGNATURE_HEADER
from everline.ids import InvalidNumberError, Msisdn
from everline.pages.frame import page, see_other

KEPT: Final = "hotline-call"
WITHHELD: Final = "anonymous"
NUMBERS: Final = ("+9990711111111", "+9990722222222", "+9990744444444")
"""Telephone numbers of the demo's cards, to call from."""

LETTERS: Final = ("", "ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ", "", "", "")
KEYS: Final = tuple(zip("123456789*0#", LETTERS, strict=True))
ANSWER_BYTES_MAX: Final = 65_536


@require_http_methods(["GET", "HEAD", "POST"])
def telephone(request: HttpRequest) -> HttpResponse:
    """Show the telephone; press one of its keys."""
    if not settings.HOTLINE_TOKEN:
        raise Http404
    kept = request.session.get(KEPT)
    call = Call.of(kept) if kept else None
    if request.method == "POST":
        call = _pressed(request, call)
        request.session[KEPT] = call.as_dict() if call else None
        return see_other("hotline:try")
    context = {
        "call": call,
        "dots": "\N{BULLET}" * len(call.keyed) if call else "",
        "keys": KEYS,
        "numbers": NUMBERS,
        "withheld": WITHHELD,
    }
    return page(request, "hotline/try.html", context)


def _pressed(request: HttpRequest, call: Call | None) -> Call | None:
    """Do what a button says; a call that breaks is over."""
    address = settings.PUBLIC_ADDRESS.rstrip("/") + reverse("hotline:voice")
    phone = Phone(address, settings.HOTLINE_TOKEN, _send)
    act, key = request.POST.get("act", ""), request.POST.get("key", "")
    try:
        if act == "dial":
            call = Call(f"CA{uuid.uuid4().hex}", _number(request))
            phone.dial(call)
        elif act == "hang_up":
            return None
        elif call and act == "wait":
            phone.wait(call)
        elif call and key:
            phone.press(call, key)
    except PhoneError:
        if call:
            call.is_over = True
    return call


def _number(request: HttpRequest) -> str:
    try:
        return str(Msisdn.parse(request.POST.get("caller", "")[:32]))
    except InvalidNumberError:
        return WITHHELD


@cache
def _application() -> WSGIHandler:
    return WSGIHandler()


def _send(address: str, form: Mapping[str, str], signature: str) -> str:
    """Post a form through the whole web application, without a socket between."""
    parts, body = urlsplit(address), urlencode(form).encode()
    answered: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": parts.netloc,
        f"HTTP_{SIGNATURE_HEADER.upper().replace('-', '_')}": signature,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }

    def start(status: str, _headers: object, _error: object = None, /) -> Callable[[bytes], object]:
        answered.append(status)
        return bytes

    with override(get_language()):  # The inner request chooses a language for itself.
        response = _application()(environ, start)
        try:
            text = b"".join(response)[:ANSWER_BYTES_MAX].decode()
        finally:
            response.close()
    if not answered[0].startswith("200"):
        raise PhoneError(f"the hotline answered {answered[0]}")
    return text
