"""Every "no" of the API as a problem (RFC 9457): its code, its HTTP status, its words, its facts.

Refusals come from the verbs with a code of errors.py, misuses are found at this edge. Both tables
are complete, and tests keep them so. Who raises a misuse is faults.py; here nothing is decided.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext, gettext_noop as _

from everline import ids
from everline.channels.partner.answers import Problem
from everline.errors import SENTENCES, Code, Refusal
from everline.pages import words
from everline.pages.facts import elsewhere

CONTENT_TYPE: Final = "application/problem+json"
REPLAYED: Final = "Idempotent-Replayed"
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every answer: what it says is for the caller alone, and is what it says it is."""

STATUSES: Final[Mapping[Code, HTTPStatus]] = {
    Code.CARD_UNKNOWN: HTTPStatus.NOT_FOUND,
    Code.CARD_NOT_ACTIVE: HTTPStatus.CONFLICT,
    Code.CARD_NOT_BOUND: HTTPStatus.CONFLICT,
    Code.CARD_SUSPENDED: HTTPStatus.CONFLICT,
    Code.CARD_LOST: HTTPStatus.CONFLICT,
    Code.CARD_TERMINATED: HTTPStatus.CONFLICT,
    Code.CARD_STATE: HTTPStatus.CONFLICT,
    Code.START_CODE_WRONG: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.START_CODE_LOCKED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.DEVICE_LIMIT: HTTPStatus.CONFLICT,
    Code.DEVICE_BOUND: HTTPStatus.CONFLICT,
    Code.DEVICE_UNKNOWN: HTTPStatus.NOT_FOUND,
    Code.PLAN_UNKNOWN: HTTPStatus.NOT_FOUND,
    Code.PLAN_WITHDRAWN: HTTPStatus.CONFLICT,
    Code.PLAN_NOT_SOLD: HTTPStatus.CONFLICT,
    Code.TERM_QUEUED: HTTPStatus.CONFLICT,
    Code.TOO_FAR_AHEAD: HTTPStatus.CONFLICT,
    Code.PROMOTION_UNKNOWN: HTTPStatus.NOT_FOUND,
    Code.PROMOTION_CLOSED: HTTPStatus.CONFLICT,
    Code.PROMOTION_NOT_FOR_THIS: HTTPStatus.CONFLICT,
    Code.PROMOTION_USED: HTTPStatus.CONFLICT,
    Code.PROMOTION_SPENT: HTTPStatus.CONFLICT,
    Code.QUOTE_CHANGED: HTTPStatus.CONFLICT,
    Code.BALANCE_SHORT: HTTPStatus.PAYMENT_REQUIRED,
    Code.RENEWAL_OPEN: HTTPStatus.CONFLICT,
    Code.RENEWAL_UNKNOWN: HTTPStatus.NOT_FOUND,
    Code.RENEWAL_STATE: HTTPStatus.CONFLICT,
    Code.TERM_PAID: HTTPStatus.CONFLICT,
    Code.CHANNEL_CLOSED: HTTPStatus.FORBIDDEN,
    Code.MEANS_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Code.LIMIT_EXCEEDED: HTTPStatus.FORBIDDEN,
    Code.REQUEST_REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.PAYMENT_UNSURE: HTTPStatus.CONFLICT,
    Code.MANDATE_UNKNOWN: HTTPStatus.CONFLICT,
    Code.CONSENT_NEEDED: HTTPStatus.CONFLICT,
    Code.AUTO_PAUSED: HTTPStatus.CONFLICT,
    Code.DATE_NOT_ALLOWED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.NOTHING_TO_SKIP: HTTPStatus.CONFLICT,
    Code.REFUND_EXCEEDS: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.CURRENCY_DIFFERS: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.TOPUP_UNKNOWN: HTTPStatus.NOT_FOUND,
    Code.TOPUP_STATE: HTTPStatus.CONFLICT,
    Code.TOPUP_SPENT: HTTPStatus.CONFLICT,
    Code.ESIM_SOLD_OUT: HTTPStatus.CONFLICT,
    Code.RECEIPT_LIMIT: HTTPStatus.CONFLICT,
    Code.AUTO_PARKED: HTTPStatus.CONFLICT,
    Code.AUTO_CAPPED: HTTPStatus.CONFLICT,
    Code.NOT_PARKED: HTTPStatus.CONFLICT,
    Code.PLAN_QUEUES: HTTPStatus.CONFLICT,
    Code.CODE_WRONG: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.CODE_ENDED: HTTPStatus.CONFLICT,
    Code.CARD_HELD: HTTPStatus.CONFLICT,
    Code.ADDRESS_TAKEN: HTTPStatus.CONFLICT,
    Code.METHOD_UNKNOWN: HTTPStatus.CONFLICT,
    Code.PAYMENT_DECLINED: HTTPStatus.CONFLICT,
    Code.AUTHENTICATION_REQUIRED: HTTPStatus.CONFLICT,
}
"""The HTTP status of every refusal; a test checks that none is missing."""

OWN_WORDS: Final[Mapping[Code, str]] = {
    Code.BALANCE_SHORT: _("Your deposit is too low for this renewal. Top it up."),
    Code.CARD_SUSPENDED: _("This card is suspended. Its holder can have it resumed."),
    Code.CARD_LOST: _("This card is reported lost. Its holder can have it resumed."),
    Code.QUOTE_CHANGED: _(
        "The price or the end date has changed. Show the new ones, and send them."
    ),
    Code.REQUEST_REUSED: _(
        "This Idempotency-Key or reference was used for another request. Send a new one."
    ),
    Code.MEANS_NOT_ALLOWED: _("Renewals here cannot be paid from a deposit at present."),
}
"""Sentences that say it better to a partner than those of errors.py, which speak to subscribers."""


class Misuse(StrEnum):
    """A caller's mistake, found before any verb, or a failure of ours. None is kept for replays."""

    KEY_WRONG = "key_wrong"
    BODY_NOT_JSON = "body_not_json"
    FIELD_WRONG = "field_wrong"
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing"
    IDEMPOTENCY_KEY_WRONG = "idempotency_key_wrong"
    ADDRESS_UNKNOWN = "address_unknown"
    METHOD_WRONG = "method_wrong"
    NOT_ACCEPTABLE = "not_acceptable"
    LENGTH_MISSING = "length_missing"
    BODY_TOO_LARGE = "body_too_large"
    TYPE_WRONG = "type_wrong"
    REVERSAL_LATE = "reversal_late"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"


MISUSES: Final[Mapping[Misuse, tuple[HTTPStatus, str]]] = {
    Misuse.KEY_WRONG: (
        HTTPStatus.UNAUTHORIZED,
        _("The API key is missing or not valid. Send it as Authorization: Bearer evl_…"),
    ),
    Misuse.BODY_NOT_JSON: (
        HTTPStatus.BAD_REQUEST,
        _("The body is not valid JSON. Send one JSON object in UTF-8."),
    ),
    Misuse.FIELD_WRONG: (
        HTTPStatus.BAD_REQUEST,
        _("A field is wrong, missing or not known. The facts name it."),
    ),
    Misuse.IDEMPOTENCY_KEY_MISSING: (
        HTTPStatus.BAD_REQUEST,
        _("The Idempotency-Key header is missing. Make one for this order and keep it."),
    ),
    Misuse.IDEMPOTENCY_KEY_WRONG: (
        HTTPStatus.BAD_REQUEST,
        _("An Idempotency-Key has 1 to 100 visible ASCII characters, and no spaces."),
    ),
    Misuse.ADDRESS_UNKNOWN: (
        HTTPStatus.NOT_FOUND,
        _("There is nothing at this address. /api/v1/openapi.json lists what there is."),
    ),
    Misuse.METHOD_WRONG: (
        HTTPStatus.METHOD_NOT_ALLOWED,
        _("This address does not take this method. The Allow header says which it takes."),
    ),
    Misuse.NOT_ACCEPTABLE: (
        HTTPStatus.NOT_ACCEPTABLE,
        _("Answers are JSON. Accept application/json or anything."),
    ),
    Misuse.LENGTH_MISSING: (
        HTTPStatus.LENGTH_REQUIRED,
        _("The body's length is missing. Send it with Content-Length, not in chunks."),
    ),
    Misuse.BODY_TOO_LARGE: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        _("The body is larger than 64 kB. Send less."),
    ),
    Misuse.TYPE_WRONG: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        _("The body's type is not JSON. Send Content-Type: application/json."),
    ),
    Misuse.REVERSAL_LATE: (
        HTTPStatus.CONFLICT,
        _("It can be taken back only on the day it was paid. Ask us, if it must be later."),
    ),
    Misuse.INTERNAL: (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("This failed on our side. Send it again with the same Idempotency-Key, if it has one."),
    ),
    Misuse.UNAVAILABLE: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        _("We cannot answer now. Send it again soon, with the same Idempotency-Key if it has one."),
    ),
}
"""Status and sentence of every misuse; a test checks that none is missing."""

_INSTANTS: Final = frozenset({"ends_at", "since", "until", "first_used_at"})
_ENCODER: Final = msgspec.json.Encoder()


def refused(
    refusal: Refusal, request: HttpRequest, *, promotion: str | None = None, replayed: bool = False
) -> HttpResponse:
    """Answer with a refusal; one that is replayed says so in its header and nowhere else."""
    with translation.override(language(request)):
        detail = " ".join(elsewhere(refusal, partial(words.instant, zone="UTC")))
    answer = _problem(
        STATUSES[refusal.code],
        refusal.code,
        sentence(refusal.code),
        request,
        facts=_outside(refusal.facts, promotion),
        detail=detail,
    )
    if replayed:
        answer[REPLAYED] = "true"
    return answer


def misused(misuse: Misuse, request: HttpRequest, detail: str = "", **facts: Any) -> HttpResponse:
    """Answer with a misuse; `detail` is already in the caller's language."""
    status, template = MISUSES[misuse]
    return _problem(status, misuse, template, request, facts=facts, detail=detail)


def sentence(code: Code) -> str:
    """Give the English sentence of a refusal as a partner reads it, the key of the catalogues."""
    return OWN_WORDS.get(code, SENTENCES[code])


def language(request: HttpRequest) -> str:
    """Choose the language of an answer by Accept-Language: en, zh-hans or id."""
    return translation.get_language_from_request(request)


def example(code: Code | Misuse, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give a problem as the documentation shows it, in English."""
    if isinstance(code, Code):
        status, title = STATUSES[code], sentence(code)
    else:
        status, title = MISUSES[code]
    return {"type": _urn(code), "title": title, "status": status, "code": code, "facts": facts}


def _problem(
    status: HTTPStatus,
    code: str,
    template: str,
    request: HttpRequest,
    *,
    facts: Mapping[str, Any],
    detail: str = "",
) -> HttpResponse:
    spoken = language(request)
    with translation.override(spoken):
        title = gettext(template)
    body = Problem(_urn(code), title, status, code, dict(facts), detail)
    headers = {**HEADERS, "Content-Language": spoken, "Vary": "Accept-Language"}
    answer = HttpResponse(
        _ENCODER.encode(body), status=status, content_type=CONTENT_TYPE, headers=headers
    )
    # Django would log each refusal with its address; what is worth a line has one of its own.
    answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return answer


def _urn(code: str) -> str:
    return f"urn:everline:problem:{code}"


def _outside(facts: Mapping[str, Any], promotion: str | None) -> dict[str, Any]:
    """Write facts as callers see them: ids with their prefix, instants in UTC, codes as sent."""
    shown: dict[str, Any] = {}
    for name, value in facts.items():
        if name == "renewal":
            shown[name] = ids.outside("rnw", UUID(value))
        elif name == "promotion":
            shown[name] = promotion
        elif name in _INSTANTS and value is not None:
            shown[name] = datetime.fromisoformat(value).astimezone(UTC)
        else:
            shown[name] = value
    return shown
