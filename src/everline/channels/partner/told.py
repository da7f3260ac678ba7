"""What the four acts of billers, top-ups and announcements answer, as typed records.

The other answers, and what these are made of, stand in answers.py.
"""

from datetime import UTC
from typing import Annotated, Final

from msgspec import Meta, Struct

from everline import ids, topups
from everline.channels.partner.answers import Quote, Renewal
from everline.channels.partner.values import (
    Amount,
    Currency,
    Instant,
    MaskedCard,
    Reference,
    TopUpId,
)
from everline.ids import Iccid

OUTCOMES: Final = ["paid", "taken_back", "refused", "given_up", "unknown"]
TOP_UP_STATES: Final = ["paid", "reversed"]


class Inquiry(Struct, frozen=True):
    """What a payment would be: show it, and send its total and end when it is accepted."""

    card: MaskedCard
    valid_for_seconds: Annotated[
        int,
        Meta(
            description="How long a payment at this total and end is taken, if nothing changes.",
            ge=0,
        ),
    ]
    quote: Quote


class TopUp(Struct, frozen=True):
    """Money that you put onto a card's balance. What the balance is, you are not told."""

    id: TopUpId
    reference: Reference
    card: MaskedCard
    state: Annotated[
        str,
        Meta(
            extra_json_schema={"enum": TOP_UP_STATES},
            description="paid: on the balance; reversed: taken back into your deposit.",
        ),
    ]
    amount: Amount
    currency: Currency
    placed_at: Instant


class Reason(Struct, frozen=True):
    """Why a payment was refused."""

    code: Annotated[str, Meta(description="As in problems.", examples=["balance_short"])]
    sentence: Annotated[
        str, Meta(description="The same in words, in the language of Accept-Language.")
    ]


class Advice(Struct, frozen=True):
    """What became of a payment."""

    outcome: Annotated[
        str,
        Meta(
            extra_json_schema={"enum": OUTCOMES},
            description="paid: your deposit paid, once, and the service is being delivered or is."
            " taken_back: the money is in your deposit again, or on its way. refused: nothing was"
            " taken. given_up: you reversed it before it arrived; it never will be carried out."
            " unknown: never received, or not finished; send the same again, it is done once.",
        ),
    ]
    words: Annotated[
        str, Meta(description="The outcome in words, in the language of Accept-Language.")
    ]
    renewal: Annotated[Renewal | None, Meta(description="What was renewed, if anything.")]
    top_up: Annotated[TopUp | None, Meta(description="What was topped up, if anything.")]
    refusal: Annotated[Reason | None, Meta(description="Why it was refused, if it was.")]
    signed_receipt_url: Annotated[
        str | None,
        Meta(
            description="The check of the receipt with our signature in it (Ed25519), for a QR"
            " code; null for what is not a paid renewal."
        ),
    ]


class Announcement(Struct, frozen=True):
    """One sentence of the operator."""

    text: Annotated[str, Meta(description="In the language of Accept-Language, or English.")]
    severity: Annotated[
        str,
        Meta(extra_json_schema={"enum": ["info", "warning"]}, description="How grave it is."),
    ]


class Announcements(Struct, frozen=True):
    """What is announced now, warnings first."""

    announcements: Annotated[list[Announcement], Meta(description="None, most of the time.")]


def top_up_of(found: topups.TopUp) -> TopUp:
    """Write a top-up that a deposit paid."""
    return TopUp(
        id=ids.outside("top", found.id),
        reference=found.request_id,
        card=Iccid(found.iccid).masked,
        state=found.state,
        amount=found.amount,
        currency=found.currency,
        placed_at=found.placed_at.astimezone(UTC),
    )
