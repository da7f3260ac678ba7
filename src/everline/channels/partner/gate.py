"""The first of Django's layers: it takes the requests of the API out before the others see them.

Sessions, cookies, languages by cookie and the policies of pages mean nothing to a program with a
key, and cost more than its answer. What the API needs of them stands here: a limit of size, an
answer to unknown addresses, headers. Everything else passes on untouched.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve

from everline.channels.partner.faults import answer_to
from everline.channels.partner.problems import Misuse, misused

PREFIX: Final = "/api/"
ADDRESSES: Final = "everline.channels.partner.urls"
BODY_BYTES_MAX: Final = 65_536
DIGITS_MAX: Final = 9
"""Of an announced length. The server has made sure that it is a number."""


class Gate:
    """Answers what begins with /api/ and lets the rest through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request of the API, whatever happens, with JSON."""
        if not request.path_info.startswith(PREFIX):
            return self._get_response(request)
        announced = request.META.get("CONTENT_LENGTH") or ""
        if not announced and "HTTP_TRANSFER_ENCODING" in request.META:
            return misused(Misuse.LENGTH_MISSING, request)
        if len(announced) > DIGITS_MAX or int(announced or 0) > BODY_BYTES_MAX:
            return misused(Misuse.BODY_TOO_LARGE, request)
        try:
            view, arguments, named = resolve(request.path_info, ADDRESSES)
        except Resolver404:
            return misused(Misuse.ADDRESS_UNKNOWN, request)
        try:
            answer: HttpResponseBase = view(request, *arguments, **named)
        except Exception as error:  # noqa: BLE001  The last door: a page of HTML helps no program.
            answer = answer_to(error, request)
        # Else the server would send it in chunks, which costs it and the reader more.
        if isinstance(answer, HttpResponse) and not answer.has_header("Content-Length"):
            answer["Content-Length"] = str(len(answer.content))
        return answer
