"""From an exception to its problem: what callers did wrong, and what failed on our side.

One function holds the whole table. A refusal is no exception and does not come here; words and
statuses stand in problems.py.
"""

import logging
import re
from typing import Final

import psycopg
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import translation
from django.utils.translation import gettext
from dmr.exceptions import (
    NotAcceptableError,
    NotAuthenticatedError,
    RequestSerializationError,
    ValidationError,
)

from everline.channels.partner.auth import CHALLENGE
from everline.channels.partner.problems import Misuse, language, misused
from everline.errors import MisuseError
from everline.ids import InvalidNumberError

RETRY_AFTER_SECONDS: Final = 2

_AT: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_NAMED: Final = re.compile(r"Object (?:missing required|contains unknown) field `(?P<name>[^`]*)`")
_PARTS: Final = re.compile(r"^parsed_(?:body|query|path)\.?")
_TEXT_MAX: Final = 300

_logger = logging.getLogger(__name__)


def answer_to(error: Exception, request: HttpRequest) -> HttpResponse:
    """Answer an exception with its problem; what is nobody's mistake but ours is logged."""
    match error:
        case NotAuthenticatedError():
            answer = misused(Misuse.KEY_WRONG, request)
            answer["WWW-Authenticate"] = CHALLENGE
            return answer
        case NotAcceptableError():
            return misused(Misuse.NOT_ACCEPTABLE, request)
        case InvalidNumberError():
            with translation.override(language(request)):
                detail = gettext(error.template) % error.facts
            return misused(Misuse.FIELD_WRONG, request, detail, field=error.field)
        case MisuseError():
            return misused(Misuse(error.code), request, field=error.field_name)
        case ValidationError():
            return _wrong_field(error, request)
        case psycopg.OperationalError():
            return _unavailable(error, request)
        case _:
            return _unread(error, request) or _failed(error, request)


def _unread(error: Exception, request: HttpRequest) -> HttpResponse | None:
    """Answer for a body that could not be read as JSON; None when it was something else."""
    match error:
        case RequestSerializationError() if _is_other_type(request):
            return misused(Misuse.TYPE_WRONG, request, expected="application/json")
        case RequestSerializationError() | UnicodeDecodeError() | RecursionError():
            return misused(Misuse.BODY_NOT_JSON, request, str(error)[:_TEXT_MAX])
        case RequestDataTooBig():
            return misused(Misuse.BODY_TOO_LARGE, request)
        case SuspiciousOperation() | UnreadablePostError():
            return misused(Misuse.BODY_NOT_JSON, request)
        case _:
            return None


def _is_other_type(request: HttpRequest) -> bool:
    return request.content_type != "application/json"


def _wrong_field(error: ValidationError, request: HttpRequest) -> HttpResponse:
    """Name the field that is wrong, by its path in the body, and what was expected of it."""
    message = str(error.payload[0]["msg"])
    at = _AT.search(message)
    path = _PARTS.sub("", at["path"]) if at else ""
    expected = _AT.sub("", message)
    named = _NAMED.match(expected)
    field = ".".join(part for part in (path, named["name"] if named else "") if part)
    field, expected = field[:_TEXT_MAX], expected[:_TEXT_MAX]
    detail = f"{field}: {expected}" if field else expected
    return misused(Misuse.FIELD_WRONG, request, detail, field=field, expected=expected)


def _unavailable(error: psycopg.OperationalError, request: HttpRequest) -> HttpResponse:
    """Say that the database did not answer; what came of a renewal, its key will tell."""
    _logger.error(
        "%s %s: the database did not answer: %s %s",
        request.method, request.path_info, type(error).__name__, error.sqlstate or "",
    )  # fmt: skip
    answer = misused(Misuse.UNAVAILABLE, request)
    answer["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _failed(error: Exception, request: HttpRequest) -> HttpResponse:
    """Log a bug with its trace; a database error without its text, which may quote a row."""
    if isinstance(error, psycopg.Error):
        _logger.error(
            "%s %s: %s %s: %s",
            request.method, request.path_info, type(error).__name__, error.sqlstate,
            error.diag.message_primary,
        )  # fmt: skip
    else:
        _logger.error("%s %s failed", request.method, request.path_info, exc_info=error)
    return misused(Misuse.INTERNAL, request)
