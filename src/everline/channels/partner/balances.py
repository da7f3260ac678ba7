"""Top-ups by partners: money from their deposit onto a card's balance, under their reference.

They are taken back by POST /reversals in billers.py, as renewals are.
"""

from http import HTTPStatus
from typing import Annotated

from django.http import HttpResponse
from dmr import HeaderSpec, Path, validate
from dmr.openapi.objects import MediaTypeMetadata
from dmr.plugins.msgspec import BodyMsgspec

from everline import cards, ids, topups
from everline.channels.partner import examples, questions, told
from everline.channels.partner.billers import parsed
from everline.channels.partner.controller import PartnerController, written
from everline.channels.partner.document import (
    NOT_TOPPED_UP,
    REPLAYED_HEADER,
    WITH_BODY,
    WITH_FIELDS,
    described,
    success,
)
from everline.channels.partner.orders import CHANNEL, contact
from everline.channels.partner.problems import REPLAYED, refused
from everline.database.requests import Caller
from everline.errors import Code

TopUpOrder = Annotated[questions.TopUpOrder, MediaTypeMetadata(example=examples.TOP_UP_ORDER)]


class TopUpsController(PartnerController):
    """Topping up."""

    @validate(
        *described(
            success(
                told.TopUp,
                "Topped up: paid from your deposit, once.",
                examples.TOP_UP,
                status=HTTPStatus.CREATED,
                headers={REPLAYED: REPLAYED_HEADER, "Location": HeaderSpec(description="Itself.")},
            ),
            *WITH_BODY,
            *NOT_TOPPED_UP,
            is_kept=True,
        ),
        operation_id="top_up",
        tags=["Top-ups"],
    )
    def post(self, parsed_body: BodyMsgspec[TopUpOrder]) -> HttpResponse:
        """Put money onto a card's balance, paid from your deposit, under your own reference.

        Happens once for each `reference`, which renewals share: after a lost answer send the same
        again, or ask for advice.
        """
        asked = parsed_body
        card = cards.find(parsed(asked.number))
        if card is None:
            return self.refuse(Code.CARD_UNKNOWN)
        answer = topups.top_up(
            Caller(CHANNEL, self.partner.code, asked.reference),
            topups.Order(
                card.account_id, card.id, asked.amount, asked.currency, contact(asked.contact)
            ),
            self.partner.account_id,
            self.at,
        )
        if answer.refusal:
            return refused(answer.refusal, self.request, replayed=answer.replayed)
        assert answer.id is not None
        found = topups.find(answer.id)
        assert found is not None
        response = written(told.top_up_of(found), HTTPStatus.CREATED)
        response["Location"] = f"/api/v1/top-ups/{ids.outside('top', found.id)}"
        if answer.replayed:
            response[REPLAYED] = "true"
        return response


class TopUpController(PartnerController):
    """One top-up."""

    @validate(
        *described(
            success(told.TopUp, "The top-up.", examples.TOP_UP), *WITH_FIELDS, Code.TOPUP_UNKNOWN
        ),
        operation_id="read_top_up",
        tags=["Top-ups"],
    )
    def get(self, parsed_path: Path[questions.TopUpAddress]) -> HttpResponse:
        """Read one of your top-ups as it stands now.

        One of somebody else is not known here.
        """
        found = topups.find(ids.inside("top", parsed_path.top_up))
        if found is None or found.payer_id != self.partner.account_id or found.means != "deposit":
            return self.refuse(Code.TOPUP_UNKNOWN)
        return written(told.top_up_of(found))
