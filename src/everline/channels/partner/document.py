"""The OpenAPI 3.1 document: what is said of the whole API, and how each answer is described.

Each "no" stands there by its status with its codes, sentences and an example, from the same tables
that answer. What one operation asks and gives is said beside it: in views.py, questions.py and
answers.py.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from dmr.headers import HeaderSpec
from dmr.metadata import EndpointMetadata, ResponseSpec
from dmr.openapi import OpenAPIConfig
from dmr.openapi.objects import Example, Link, MediaType, Response, Server, Tag

from everline.channels.partner import examples
from everline.channels.partner.answers import Problem, RenewalMade
from everline.channels.partner.auth import CHALLENGE
from everline.channels.partner.problems import (
    CONTENT_TYPE,
    MISUSES,
    REPLAYED,
    STATUSES,
    Misuse,
    example,
    sentence,
)
from everline.channels.partner.values import RENEWAL_EXAMPLE
from everline.errors import Code

if TYPE_CHECKING:
    from dmr.controller import Controller
    from dmr.openapi import OpenAPIContext
    from dmr.serializer import BaseSerializer

JSON: Final = "application/json"
VERSION: Final = "1.0.0"
"""Of the interface, not of the program: the first number is that of its address, /api/v1."""

EVERYWHERE: Final = (Misuse.KEY_WRONG, Misuse.NOT_ACCEPTABLE, Misuse.INTERNAL, Misuse.UNAVAILABLE)
"""Misuses and failures that every operation can answer with."""

WITH_FIELDS: Final = (Misuse.FIELD_WRONG,)
WITH_BODY: Final = (
    Misuse.FIELD_WRONG,
    Misuse.BODY_NOT_JSON,
    Misuse.LENGTH_MISSING,
    Misuse.BODY_TOO_LARGE,
    Misuse.TYPE_WRONG,
)

NOT_RENEWABLE: Final = (
    Code.CARD_NOT_ACTIVE,
    Code.CARD_NOT_BOUND,
    Code.CARD_SUSPENDED,
    Code.CARD_LOST,
    Code.CARD_TERMINATED,
)
NOT_SOLD: Final = (
    Code.CARD_UNKNOWN,
    *NOT_RENEWABLE,
    Code.PLAN_UNKNOWN,
    Code.PLAN_WITHDRAWN,
    Code.PLAN_NOT_SOLD,
    Code.TERM_QUEUED,
    Code.TOO_FAR_AHEAD,
    Code.PROMOTION_UNKNOWN,
    Code.PROMOTION_CLOSED,
    Code.PROMOTION_NOT_FOR_THIS,
    Code.PROMOTION_USED,
    Code.PROMOTION_SPENT,
    Code.CHANNEL_CLOSED,
    Code.LIMIT_EXCEEDED,
    Code.MEANS_NOT_ALLOWED,
)
NOT_RENEWED: Final = (
    *NOT_SOLD,
    Code.QUOTE_CHANGED,
    Code.RENEWAL_OPEN,
    Code.BALANCE_SHORT,
    Code.TERM_PAID,
    Code.REQUEST_REUSED,
)

NOT_TOPPED_UP: Final = (
    Code.CARD_UNKNOWN,
    Code.CARD_NOT_ACTIVE,
    Code.CARD_LOST,
    Code.CARD_TERMINATED,
    Code.CURRENCY_DIFFERS,
    Code.CHANNEL_CLOSED,
    Code.LIMIT_EXCEEDED,
    Code.MEANS_NOT_ALLOWED,
    Code.BALANCE_SHORT,
    Code.REQUEST_REUSED,
)
NOT_TAKEN_BACK: Final = (
    Code.RENEWAL_UNKNOWN,
    Code.RENEWAL_STATE,
    Code.TOPUP_SPENT,
    Code.TOPUP_STATE,
    Misuse.REVERSAL_LATE,
)

FACTS: Final[Mapping[Code | Misuse, Mapping[str, Any]]] = {
    Code.BALANCE_SHORT: {"needed": 1500000, "balance": 200000, "currency": "IDR"},
    Code.CHANNEL_CLOSED: {"channel": "partner"},
    Code.CURRENCY_DIFFERS: {"currency": "IDR"},
    Code.RENEWAL_STATE: {"state": "reversing"},
    Code.TOPUP_STATE: {"state": "reversed"},
    Code.TOPUP_SPENT: {"needed": 5000000, "currency": "IDR"},
    Code.LIMIT_EXCEEDED: {"total": 1500000, "most": 1000000},
    Code.MEANS_NOT_ALLOWED: {"means": ["gateway"]},
    Code.PLAN_NOT_SOLD: {"currency": "IDR"},
    Code.PLAN_WITHDRAWN: {"successor": "DAY-3"},
    Code.PROMOTION_CLOSED: {"promotion": "WELCOME"},
    Code.PROMOTION_NOT_FOR_THIS: {"promotion": "WELCOME"},
    Code.PROMOTION_SPENT: {"promotion": "WELCOME"},
    Code.PROMOTION_UNKNOWN: {"promotion": "WELCOME"},
    Code.PROMOTION_USED: {"promotion": "WELCOME"},
    Code.QUOTE_CHANGED: {
        "total": 1600000, "currency": "IDR", "ends_at": "2026-11-23T03:00:00Z",
    },
    Code.RENEWAL_OPEN: {
        "renewal": RENEWAL_EXAMPLE, "channel": "web",
        "since": "2026-11-22T02:58:00Z", "until": "2026-11-22T03:28:00Z",
    },
    Code.REQUEST_REUSED: {"first_used_at": "2026-11-22T02:58:00Z"},
    Code.TERM_QUEUED: {"queued": 1},
    Code.TOO_FAR_AHEAD: {"queued": 6},
    Misuse.FIELD_WRONG: {"field": "quoted_total", "expected": "Expected `int`, got `str`"},
    Misuse.IDEMPOTENCY_KEY_MISSING: {"field": "Idempotency-Key"},
    Misuse.IDEMPOTENCY_KEY_WRONG: {"field": "Idempotency-Key"},
    Misuse.REVERSAL_LATE: {"paid_at": "2026-11-20T03:00:00Z", "zone": "Asia/Jakarta"},
    Misuse.TYPE_WRONG: {"expected": "application/json"},
}  # fmt: skip
"""The facts that come with a code, as the examples show them; others come with none."""

DESCRIPTION: Final = """\
Renew data cards and eSIMs, and pay from the deposit that you hold with the operator.

**The way.** `POST /quotes` tells what a plan costs a card now and when it will end. Show both to
the subscriber. `POST /renewals` with the same total and end renews the card: exactly at what was
shown, or not at all (`quote_changed`, with the new total and end). `GET /renewals/{renewal}` tells
whether it is delivered; a renewal that is paid and cannot be delivered is taken back by itself, and
your deposit has its money again.

**Once.** `POST /renewals` requires an `Idempotency-Key` of your making, kept before you send. When
an answer is lost, or is 500 or 503, send the same request with the same key, as often as you like:
it is carried out once, and every later answer is the first one again, with the header
`Idempotent-Replayed: true`. Refusals are kept and repeated like successes, so a new attempt needs a
new key. A key belongs to you and is kept for ever; `reference` below is the same under another
name. What never reached a card is not kept: 400, 401,
413, 415, `card_unknown`, `plan_unknown`. What moves no money takes no key.

**The four acts of billers.** `POST /inquiries` tells by card or phone number what a plan costs.
`POST /payments` renews under your own `reference`, `POST /top-ups` puts money onto a balance under
one. `GET /advice?reference=` tells what became of it when the answer was lost: paid, refused, taken
back, given up, or unknown, which means that sending the same again is safe and is the way on.
`POST /reversals` takes a payment back on the day it was made, in the card's time zone; a reference
that never arrived is given up by it, and what still comes under it is refused. So a payment whose
answer you will not wait for is never left between paid and not paid.

**Errors** are problem details (RFC 9457). Act on `code`, show `title` (in the language of
Accept-Language: en, zh-Hans or id), look into `facts`. New codes may be added under the statuses
that are documented.

**Values.** Amounts are whole minor units beside their currency, instants are RFC 3339 in UTC, data
are whole bytes. A field that is not documented is refused. Card numbers are personal data: they
travel in bodies, never in addresses, where logs would keep them.
"""


@dataclass(frozen=True, slots=True)
class AnswerSpec(ResponseSpec):
    """One status of an operation, with its examples by name."""

    examples: Mapping[str, Mapping[str, Any]] = field(kw_only=True, default_factory=dict)

    def get_schema(
        self,
        metadata: EndpointMetadata,
        controller_cls: "type[Controller[BaseSerializer]]",
        context: "OpenAPIContext",
    ) -> Response:
        """Describe the answer, its examples beside its form."""
        response = super(AnswerSpec, self).get_schema(metadata, controller_cls, context)
        for media_type in (response.content or {}).values():
            assert isinstance(media_type, MediaType)
            media_type.examples = {
                name: Example(value=dict(value)) for name, value in self.examples.items()
            }
        return response


def described(
    success: AnswerSpec, *codes: Code | Misuse, is_kept: bool = False
) -> tuple[AnswerSpec, ...]:
    """Give all answers of an operation: its success, and its codes gathered by status.

    `is_kept` says that refusals are kept with their request and replayed.
    """
    by_status: dict[HTTPStatus, list[Code | Misuse]] = defaultdict(list)
    for code in (*codes, *EVERYWHERE):
        by_status[_status(code)].append(code)
    return (
        success,
        *(_problems(status, found, is_kept=is_kept) for status, found in sorted(by_status.items())),
    )


def success(
    body: Any,
    description: str,
    example: Mapping[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, HeaderSpec] | None = None,
    links: Mapping[str, Link] | None = None,
) -> AnswerSpec:
    """Describe the answer of an operation that went well."""
    return AnswerSpec(
        body,
        status_code=status,
        description=description,
        headers=headers,
        links=links,
        limit_to_content_types=frozenset({JSON}),
        examples={"example": example},
    )


def config() -> OpenAPIConfig:
    """Say what is true of the whole API."""
    return OpenAPIConfig(
        title="Everline partner API",
        version=VERSION,
        summary="Renew data cards and eSIMs from a deposit.",
        description=DESCRIPTION,
        servers=[Server(url=settings.PUBLIC_ADDRESS)],
        tags=[
            Tag(name="Plans", description="What is sold."),
            Tag(name="Cards", description="What you may know of a card."),
            Tag(name="Quotes", description="What a plan costs a card now, and when it will end."),
            Tag(name="Renewals", description="Renewing, and what came of it."),
            Tag(name="Billers", description="Inquiry, payment, advice, reversal."),
            Tag(name="Top-ups", description="Money for a card's balance."),
            Tag(name="Announcements", description="What the operator has to say to partners."),
        ],
    )


REPLAYED_HEADER: Final = HeaderSpec(
    description="`true` when this request was answered before and this is the same answer.",
    required=False,
    example="true",
)


MADE: Final = success(
    RenewalMade,
    "Renewed: paid from your deposit, once.",
    examples.RENEWAL_MADE,
    status=HTTPStatus.CREATED,
    headers={
        "Location": HeaderSpec(description="Where to ask for its state."),
        REPLAYED: REPLAYED_HEADER,
    },
    links={
        "state": Link(
            operation_id="read_renewal",
            parameters={"renewal": "$response.body#/id"},
            description="Its state.",
        )
    },
)
"""The answer of an order that went well."""


def _status(code: Code | Misuse) -> HTTPStatus:
    return STATUSES[code] if isinstance(code, Code) else MISUSES[code][0]


def _problems(status: HTTPStatus, codes: Sequence[Code | Misuse], *, is_kept: bool) -> AnswerSpec:
    headers: dict[str, HeaderSpec] = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = HeaderSpec(description=f"`{CHALLENGE}`.")
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = HeaderSpec(description="Seconds to wait.", example="2")
    if is_kept and {code for code in codes if isinstance(code, Code)} - {Code.REQUEST_REUSED}:
        headers[REPLAYED] = REPLAYED_HEADER
    return AnswerSpec(
        Problem,
        status_code=status,
        description="\n".join(f"- `{code}`: {_said(code)}" for code in codes),
        headers=headers or None,
        limit_to_content_types=frozenset({CONTENT_TYPE}),
        examples={code.value: example(code, FACTS.get(code, {})) for code in codes},
    )


def _said(code: Code | Misuse) -> str:
    return sentence(code) if isinstance(code, Code) else MISUSES[code][1]
