"""What all operations of the API have in common: the key, the form of answers, the way of errors.

The operations stand in views.py, billers.py and balances.py.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

import msgspec
from django.http import HttpResponse
from dmr import Controller
from dmr.endpoint import Endpoint
from dmr.plugins.msgspec import MsgspecJsonParser, MsgspecJsonRenderer, MsgspecSerializer

from everline.channels.partner import answers
from everline.channels.partner.auth import BearerKey
from everline.channels.partner.faults import answer_to
from everline.channels.partner.problems import CONTENT_TYPE, HEADERS, Misuse, misused, refused
from everline.errors import Code, Refusal
from everline.people.keys import KeyHolder

_ENCODER: Final = msgspec.json.Encoder()


class StrictParser(MsgspecJsonParser):
    """Reads JSON without changing types: "5" is no number."""

    __slots__ = ()
    strict = True


class PartnerController(Controller[MsgspecSerializer]):
    """What all operations have in common: the key, the form of answers, the way of errors."""

    is_abstract = True
    auth = (BearerKey(),)
    parsers = (StrictParser(),)
    renderers = (MsgspecJsonRenderer(), MsgspecJsonRenderer(CONTENT_TYPE))
    validate_responses: ClassVar[bool] = False  # The tests do, from the published document.
    error_model = answers.Problem

    partner: KeyHolder
    at: datetime

    def handle_error(
        self, endpoint: Endpoint, controller: Controller[Any], exc: Exception
    ) -> HttpResponse:
        """Answer every exception with a problem."""
        return answer_to(exc, self.request)

    def handle_method_not_allowed(self, method: str) -> HttpResponse:
        """Answer a method that this address does not take."""
        answer = misused(Misuse.METHOD_WRONG, self.request)
        answer["Allow"] = ", ".join(sorted(self.api_endpoints))
        return answer

    def refuse(self, code: Code) -> HttpResponse:
        """Refuse by a code that needs no facts."""
        return refused(Refusal(code), self.request)


def written(body: msgspec.Struct, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    """Write an answer as JSON."""
    return HttpResponse(
        _ENCODER.encode(body), status=status, content_type="application/json", headers=HEADERS
    )


def in_words(body: msgspec.Struct, spoken: str) -> HttpResponse:
    """Write an answer that has sentences in the language `spoken`."""
    answer = written(body)
    answer["Content-Language"] = spoken
    answer["Vary"] = "Accept-Language"
    return answer
