"""A partner's order as the verb takes it, the key under which its answer is kept, and the answer.

Next: renewals/renew.py, which carries it out.
"""

import re
from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, TypeAlias

from django.http import HttpResponse
from dmr.components import ComponentParser
from dmr.metadata import EndpointMetadata
from dmr.openapi.objects import Parameter, Reference, RequestBody, Schema
from dmr.openapi.objects.enums import OpenAPIType
from dmr.types import EMPTY

from everline import ids, renewals
from everline.channels.partner import answers
from everline.channels.partner.controller import PartnerController, written
from everline.channels.partner.examples import ORDER_ID
from everline.channels.partner.problems import REPLAYED, Misuse, refused
from everline.channels.partner.questions import Contact, Payment, RenewalOrder
from everline.database.requests import Caller
from everline.errors import MisuseError
from everline.ids import Iccid
from everline.renewals.offered import Offered

if TYPE_CHECKING:
    from dmr.controller import Controller
    from dmr.endpoint import Endpoint
    from dmr.openapi import OpenAPIContext
    from dmr.serializer import BaseSerializer

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[!-~]{1,100}")
_NOBODY: Final = renewals.Contact()


class KeyHeader(ComponentParser):
    """Reads the Idempotency-Key, which is the request id that the verb keeps its answer under."""

    __slots__ = ()
    context_name: ClassVar[str] = "idempotency_key"

    def provide_context_data(
        self,
        endpoint: "Endpoint",
        controller: "Controller[BaseSerializer]",
        *,
        field_model: Any,
        default: Any = EMPTY,
    ) -> str:
        """Give the key; raises MisuseError when there is none, or one of another form."""
        key = controller.request.META.get("HTTP_IDEMPOTENCY_KEY")
        if not key:
            raise MisuseError(Misuse.IDEMPOTENCY_KEY_MISSING, "", field_name=HEADER)
        if _KEY.fullmatch(key) is None:
            raise MisuseError(Misuse.IDEMPOTENCY_KEY_WRONG, "", field_name=HEADER)
        return str(key)

    def get_schema(
        self,
        model: Any,
        model_meta: tuple[Any, ...],
        metadata: EndpointMetadata,
        controller_cls: "type[Controller[BaseSerializer]]",
        context: "OpenAPIContext",
    ) -> list[Parameter | Reference] | RequestBody:
        """Describe the header."""
        return [
            Parameter(
                name=HEADER,
                param_in="header",
                required=True,
                description="Your own id of this order, made and kept before you send it; the same"
                " for every retry. 1 to 100 visible ASCII characters, such as a UUID.",
                example=ORDER_ID,
                schema=Schema(
                    type=OpenAPIType.STRING, min_length=1, max_length=100, pattern="^[!-~]{1,100}$"
                ),
            )
        ]


IdempotencyKey: TypeAlias = Annotated[str, KeyHeader()]


CHANNEL: Final = "partner"
ADDRESS: Final = "/api/v1/renewals/"


def renew(
    controller: PartnerController, asked: RenewalOrder | Payment, offered: Offered, request_id: str
) -> HttpResponse:
    """Renew from the partner's deposit, and answer with what was made or why not."""
    answer = renewals.renew(
        Caller(CHANNEL, controller.partner.code, request_id),
        order(asked, offered),
        controller.partner.account_id,
        controller.at,
    )
    if answer.refusal:
        return refused(
            answer.refusal, controller.request, promotion=asked.promotion, replayed=answer.replayed
        )
    assert answer.id is not None
    assert answer.valid_until is not None
    number = ids.outside("rnw", answer.id)
    made = answers.RenewalMade(
        id=number,
        outcome="renewed",
        plan=asked.plan,
        promotion=asked.promotion,
        currency=offered.currency,
        total=asked.quoted_total,
        valid_until=answer.valid_until.astimezone(UTC),
        card=Iccid(offered.iccid).masked,
        verify_url=answers.verify_url(number),
    )
    response = written(made, HTTPStatus.CREATED)
    response["Location"] = ADDRESS + made.id
    if answer.replayed:
        response[REPLAYED] = "true"
    return response


def order(asked: RenewalOrder | Payment, offered: Offered) -> renewals.Order:
    """Make the order; the card and the plan's version are those that were found."""
    assert offered.plan_version_id is not None, "an unknown plan is refused before"
    return renewals.Order(
        account_id=offered.account_id,
        card_id=offered.card_id,
        plan_code=asked.plan,
        plan_version_id=offered.plan_version_id,
        promotion=asked.promotion,
        quoted_total=asked.quoted_total,
        quoted_end=asked.quoted_end,
        contact=contact(asked.contact),
    )


def contact(told: Contact | None) -> renewals.Contact:
    """Write whom to tell as the core takes it."""
    if told is None:
        return _NOBODY
    return renewals.Contact(told.email or "", told.phone or "", told.locale)
