"""The values in the API's bodies, each with its form and its meaning: numbers, codes, amounts.

Amounts are whole minor units, instants RFC 3339 in UTC, data whole bytes. questions.py and
answers.py are made of them, and the OpenAPI document is made of those.
"""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

AMOUNT_MAX: Final = 2**63 - 1
RENEWAL_ID_PATTERN: Final = "^rnw_[0-7][0-9a-hjkmnp-tv-z]{25}$"
ICCID_EXAMPLE: Final = "89882390000000000011"
RENEWAL_EXAMPLE: Final = "rnw_01m80k4fw0eq99vds6f4nhr0dk"
TOP_UP_ID_PATTERN: Final = "^top_[0-7][0-9a-hjkmnp-tv-z]{25}$"
TOP_UP_EXAMPLE: Final = "top_01m80k4fw0eq99vds6f4nhr0dk"
REFERENCE_EXAMPLE: Final = "order-2026-000187"

Iccid = Annotated[
    str,
    Meta(
        description="The number printed on the card or shown by the eSIM: 18 to 20 digits,"
        " the last one a Luhn check digit. Spaces and hyphens between them are ignored.",
        examples=[ICCID_EXAMPLE],
        max_length=100,
        extra_json_schema={"format": "iccid"},
    ),
]
Number = Annotated[
    str,
    Meta(
        description="A card number, as `iccid` elsewhere, or the card's telephone number with + and"
        " the country's code. Spaces and hyphens are ignored.",
        examples=[ICCID_EXAMPLE],
        max_length=100,
        extra_json_schema={"format": "card-or-phone"},
    ),
]
Reference = Annotated[
    str,
    Meta(
        description="Your own reference of this payment, made and kept before you send it: 1 to 64"
        " visible ASCII characters, yours once and for ever. It is the Idempotency-Key of"
        " `POST /renewals` under another name. Put nothing personal into it.",
        examples=[REFERENCE_EXAMPLE],
        pattern="^[!-~]{1,64}$",
    ),
]
MaskedCard = Annotated[
    str,
    Meta(
        description="The card's number as receipts show it: its beginning and its end.",
        examples=["8988 •••• •••• 0011"],
    ),
]
VerifyUrl = Annotated[
    str,
    Meta(
        description="Where anybody may check that the receipt is ours: for your own receipt.",
        examples=["https://renew.example/verify/" + RENEWAL_EXAMPLE],
    ),
]
PlanCode = Annotated[
    str,
    Meta(
        description="A plan's code, from GET /plans.",
        examples=["DAY-2"],
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$",
    ),
]
PromotionCode = Annotated[
    str,
    Meta(
        description="A promo code. One that does not apply is refused; nothing is sold without it"
        " silently.",
        examples=["WELCOME"],
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$",
    ),
]
Currency = Annotated[
    str, Meta(description="ISO 4217 code.", examples=["IDR"], pattern=r"^[A-Z]{3}$")
]
Amount = Annotated[
    int,
    Meta(
        description="Whole minor units of `currency`: 1250 EUR is 12.50 euro.",
        ge=0,
        le=AMOUNT_MAX,
        examples=[1500000],
    ),
]
Instant = Annotated[
    datetime,
    Meta(description="RFC 3339, in UTC.", tz=True, examples=["2026-12-22T03:00:00Z"]),
]
Zone = Annotated[
    str,
    Meta(description="The card's time zone, in which its days end.", examples=["Asia/Jakarta"]),
]
RenewalId = Annotated[
    str,
    Meta(description="A renewal's id.", examples=[RENEWAL_EXAMPLE], pattern=RENEWAL_ID_PATTERN),
]
TopUpId = Annotated[
    str,
    Meta(description="A top-up's id.", examples=[TOP_UP_EXAMPLE], pattern=TOP_UP_ID_PATTERN),
]
Bytes = Annotated[int, Meta(description="Whole bytes; 1 GB is 1,000,000,000.", ge=0)]
Names = Annotated[
    dict[str, str],
    Meta(
        description="The name by language: en always, zh-Hans and id where the operator gave them.",
        examples=[{"en": "Indonesia Day 2 GB", "zh-Hans": "印尼日套餐 2 GB"}],
    ),
]
OnRenewal = Annotated[
    str,
    Meta(
        extra_json_schema={"enum": ["queue", "stack", "replace"]},
        description="What happens to the present plan: queue starts after it, stack adds data now"
        " and keeps what is left, replace ends it now and what is left is lost.",
    ),
]
