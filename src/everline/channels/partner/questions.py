"""What callers send: the bodies, queries and addresses that the API reads, as typed records.

A field that is not named here is refused, and no type is changed: "5" is no number. Whether a card
or a plan exists is not decided here but in views.py.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from everline.channels.partner.values import (
    AMOUNT_MAX,
    REFERENCE_EXAMPLE,
    RENEWAL_EXAMPLE,
    RENEWAL_ID_PATTERN,
    Currency,
    Iccid,
    Number,
    PlanCode,
    PromotionCode,
    Reference,
    RenewalId,
    TopUpId,
)

PAGE_MAX: Final = 100


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What every request's body has in common: a field that is not known is refused."""


class CardQuestion(Asked, frozen=True):
    """The card that is asked about."""

    iccid: Iccid


class QuoteQuestion(Asked, frozen=True):
    """What is to be quoted."""

    iccid: Iccid
    plan: PlanCode
    promotion: Annotated[PromotionCode | None, Meta(description="A promo code, if any.")] = None


class Contact(Asked, frozen=True):
    """Who is told when the renewal is delivered or taken back. Nobody, when it is left out."""

    email: Annotated[
        Annotated[
            str,
            Meta(
                max_length=200,
                pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+"
                r"[A-Za-z][A-Za-z0-9-]{1,62}$",
                examples=["mei@example.com"],
            ),
        ]
        | None,
        Meta(description="An e-mail address."),
    ] = None
    phone: Annotated[
        Annotated[
            str,
            Meta(
                pattern=r"^\+[1-9][0-9]{7,14}$",
                examples=["+628125550100"],
            ),
        ]
        | None,
        Meta(description="A telephone number in E.164, for SMS."),
    ] = None
    locale: Annotated[
        Literal["en", "zh-Hans", "id"], Meta(description="The language of the message.")
    ] = "en"


class Accepted(Asked, frozen=True):
    """A plan at the total and the end that were quoted and accepted."""

    plan: PlanCode
    quoted_total: Annotated[
        int,
        Meta(
            description="`total` of the quote that the subscriber accepted, in minor units of the"
            " card's currency, written without a decimal point.",
            ge=0,
            le=AMOUNT_MAX,
            examples=[1500000],
        ),
    ]
    quoted_end: Annotated[
        datetime,
        Meta(
            description="`ends_at` of the same quote, RFC 3339 with its offset. For a term that"
            " starts at once it may be some minutes old (15, unless the operator chose otherwise).",
            tz=True,
            examples=["2026-11-23T03:00:00Z"],
        ),
    ]
    promotion: Annotated[
        PromotionCode | None, Meta(description="The promo code of the quote, if it had one.")
    ] = None
    contact: Annotated[
        Contact | None, Meta(description="Whom to tell, if anybody, by e-mail or SMS.")
    ] = None


class RenewalOrder(Accepted, frozen=True, kw_only=True):
    """The renewal that is ordered, at the total and the end that were quoted."""

    iccid: Iccid


class Payment(Accepted, frozen=True, kw_only=True):
    """The renewal that is paid under a reference, at the total and the end of the inquiry."""

    reference: Reference
    number: Number


class InquiryQuestion(Asked, frozen=True):
    """What the subscriber wants to pay for."""

    number: Number
    plan: PlanCode
    promotion: Annotated[PromotionCode | None, Meta(description="A promo code, if any.")] = None


class AdviceQuestion(Asked, frozen=True):
    """The reference whose answer was lost."""

    reference: Reference


class Reversal(Asked, frozen=True):
    """What is to be taken back."""

    payment: Annotated[
        str,
        Meta(
            description="Your reference of the payment, or our id of the renewal or top-up.",
            examples=[REFERENCE_EXAMPLE],
            pattern="^[!-~]{1,64}$",
        ),
    ]


class TopUpOrder(Asked, frozen=True):
    """Money for a card's balance, under a reference."""

    reference: Reference
    number: Number
    amount: Annotated[
        int,
        Meta(
            description="In minor units of `currency`; the operator sets the least and the most.",
            ge=1,
            le=AMOUNT_MAX,
            examples=[5000000],
        ),
    ]
    currency: Annotated[Currency, Meta(description="That of the card and of your deposit.")]
    contact: Annotated[
        Contact | None, Meta(description="Whom to tell, if anybody, by e-mail or SMS.")
    ] = None


class TopUpAddress(Asked, frozen=True):
    """The top-up that is asked for."""

    top_up: TopUpId


class PlanQuestion(Asked, frozen=True):
    """Which plans are asked for."""

    currency: (
        Annotated[
            str,
            Meta(
                description="Prices in this currency (ISO 4217); your deposit's when left out.",
                pattern=r"^[A-Z]{3}$",
                examples=["IDR"],
            ),
        ]
        | UnsetType
    ) = UNSET
    country: (
        Annotated[
            str,
            Meta(
                description="Only plans whose data works in this country (ISO 3166-1 alpha-2).",
                pattern=r"^[A-Z]{2}$",
                examples=["SG"],
            ),
        ]
        | UnsetType
    ) = UNSET


class PageQuestion(Asked, frozen=True):
    """Which page of the renewals is asked for."""

    limit: Annotated[
        int, Meta(description="How many at most.", ge=1, le=PAGE_MAX, examples=[20])
    ] = 20
    before: (
        Annotated[
            str,
            Meta(
                description="Only renewals older than this one: `next_before` of the page before.",
                pattern=RENEWAL_ID_PATTERN,
                examples=[RENEWAL_EXAMPLE],
            ),
        ]
        | UnsetType
    ) = UNSET


class RenewalAddress(Asked, frozen=True):
    """The renewal that is asked for."""

    renewal: RenewalId
