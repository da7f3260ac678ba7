"""The bodies that the API reads and writes, as typed records; their texts are its documentation.

Amounts are whole minor units, instants RFC 3339 in UTC, data whole bytes. A field that is not
named here is refused. Whether a card or a plan exists is not decided here but in views.py.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

AMOUNT_MAX: Final = 2**63 - 1
PAGE_MAX: Final = 100
RENEWAL_ID_PATTERN: Final = "^rnw_[0-7][0-9a-hjkmnp-tv-z]{25}$"
ICCID_EXAMPLE: Final = "89882390000000000018"
RENEWAL_EXAMPLE: Final = "rnw_06ep3vsq80fks8k8qwhb0h5v3c"

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
        description="Whole minor units of `currency`: 1250 EUR is 12.50 euro, 1250 JPY is 1,250 yen.",
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
Bytes = Annotated[int, Meta(description="Whole bytes; 1 GB is 1,000,000,000.", ge=0)]
Names = Annotated[
    dict[str, str],
    Meta(
        description="The name by language: en always, zh-Hans and id where the operator gave them.",
        examples=[{"en": "Indonesia Day 2 GB", "zh-Hans": "印尼日套餐 2 GB"}],
    ),
]
OnRenewal = Annotated[
    Literal["queue", "stack", "replace"],
    Meta(
        description="What happens to the present plan: queue starts after it, stack adds data now"
        " and keeps what is left, replace ends it now and what is left is lost."
    ),
]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What every request's body has in common: a field that is not known is refused."""


class CardQuestion(Asked, frozen=True):
    """The card that is asked about."""

    iccid: Iccid


class QuoteQuestion(Asked, frozen=True):
    """What is to be quoted."""

    iccid: Iccid
    plan: PlanCode
    promotion: PromotionCode | None = None


class Contact(Asked, frozen=True):
    """Who is told when the renewal is delivered or taken back. Nobody, when it is left out."""

    email: (
        Annotated[
            str,
            Meta(
                description="An e-mail address.",
                max_length=200,
                pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+"
                r"[A-Za-z][A-Za-z0-9-]{1,62}$",
                examples=["mei@example.com"],
            ),
        ]
        | None
    ) = None
    phone: (
        Annotated[
            str,
            Meta(
                description="A telephone number in E.164, for SMS.",
                pattern=r"^\+[1-9][0-9]{7,14}$",
                examples=["+628125550100"],
            ),
        ]
        | None
    ) = None
    locale: Annotated[
        Literal["en", "zh-Hans", "id"], Meta(description="The language of the message.")
    ] = "en"


class RenewalOrder(Asked, frozen=True):
    """The renewal that is ordered, at the total and the end that were quoted."""

    iccid: Iccid
    plan: PlanCode
    quoted_total: Annotated[
        int,
        Meta(
            description="`total` of the quote that the subscriber accepted, in minor units of the"
            " card's currency.",
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
    promotion: PromotionCode | None = None
    contact: Contact | None = None


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
        | None
    ) = None
    country: (
        Annotated[
            str,
            Meta(
                description="Only plans whose data works in this country (ISO 3166-1 alpha-2).",
                pattern=r"^[A-Z]{2}$",
                examples=["SG"],
            ),
        ]
        | None
    ) = None


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
        | None
    ) = None


class RenewalAddress(Asked, frozen=True):
    """The renewal that is asked for."""

    renewal: RenewalId


class Period(Struct, frozen=True):
    """How long a plan lasts."""

    unit: Literal["day", "week", "month", "quarter", "year"]
    count: Annotated[int, Meta(ge=1)]


class Region(Struct, frozen=True):
    """A named group of countries."""

    code: str
    names: Names


class Plan(Struct, frozen=True):
    """A plan as it is sold now."""

    code: PlanCode
    names: Names
    currency: Currency
    price: Amount
    tax: Annotated[int, Meta(description="The part of `price` that is tax.", ge=0)]
    period: Period
    validity: Annotated[
        Literal["rolling", "calendar"],
        Meta(
            description="rolling: 24 hours a day, or the same wall time a month later;"
            " calendar: to midnight in the card's zone."
        ),
    ]
    on_renewal: OnRenewal
    allowance_bytes: Annotated[Bytes | None, Meta(description="Data included; null is unlimited.")]
    fair_use_bytes: Annotated[
        Bytes | None, Meta(description="With unlimited data: after this much it is slower.")
    ]
    devices_max: Annotated[int, Meta(description="How many devices may share a card.", ge=1)]
    region: Region | None
    countries: Annotated[
        list[str],
        Meta(description="Where its data works, ISO 3166-1 alpha-2.", examples=[["ID", "SG"]]),
    ]


class Plans(Struct, frozen=True):
    """The plans on sale, in the operator's order."""

    plans: list[Plan]


class MissingStep(Struct, frozen=True):
    """What must be done before the card can be renewed."""

    code: Annotated[
        str,
        Meta(description="As in problems, such as `card_not_bound`.", examples=["card_not_bound"]),
    ]
    sentence: Annotated[
        str, Meta(description="The same in words, in the language of Accept-Language.")
    ]


class CardStatus(Struct, frozen=True):
    """What a partner may know of a card. Never its holder, its balance or its usage."""

    kind: Literal["sim", "esim"]
    state: Literal["in_stock", "activated", "bound", "suspended", "lost", "terminated"]
    state_words: Annotated[
        str,
        Meta(
            description="The state in words, in the language of Accept-Language.",
            examples=["In use"],
        ),
    ]
    currency: Annotated[Currency, Meta(description="The currency in which the card is renewed.")]
    zone: Zone
    valid_until: Annotated[
        Instant | None,
        Meta(description="The end of the last plan that is paid for; null when none is."),
    ]
    is_renewable: Annotated[
        bool, Meta(description="Whether it can be renewed at all; which plan, a quote tells.")
    ]
    missing_step: Annotated[MissingStep | None, Meta(description="Null when it is renewable.")]


class Quote(Struct, frozen=True):
    """What a plan costs this card now, and what it gives. Send `total` and `ends_at` to renew."""

    plan: PlanCode
    promotion: PromotionCode | None
    currency: Currency
    price: Amount
    discount: Amount
    total: Annotated[Amount, Meta(description="To be paid, tax included.")]
    tax: Annotated[int, Meta(description="The part of `total` that is tax.", ge=0)]
    starts_at: Instant
    ends_at: Instant
    zone: Zone
    on_renewal: OnRenewal
    on_renewal_words: Annotated[
        str,
        Meta(
            description="The same in words, in the language of Accept-Language: show it before"
            " the subscriber pays.",
            examples=["Starts after the present plan."],
        ),
    ]
    allowance_bytes: Annotated[Bytes | None, Meta(description="Data included; null is unlimited.")]
    bonus_bytes: Annotated[Bytes, Meta(description="Data that a promotion adds.")]
    fair_use_bytes: Annotated[
        Bytes | None, Meta(description="With unlimited data: after this much it is slower.")
    ]


class RenewalMade(Struct, frozen=True):
    """A renewal that is paid. It is delivered within moments: GET its `id` for its state."""

    id: RenewalId
    outcome: Annotated[Literal["renewed"], Meta(description="Paid from your deposit, once.")]
    plan: PlanCode
    promotion: PromotionCode | None
    currency: Currency
    total: Annotated[Amount, Meta(description="Taken from your deposit.")]
    valid_until: Annotated[Instant, Meta(description="The end of what was bought.")]


class Renewal(Struct, frozen=True):
    """One of your renewals as it stands now."""

    id: RenewalId
    idempotency_key: Annotated[
        str, Meta(description="The key with which you ordered it.", examples=["order-2026-000187"])
    ]
    iccid: Annotated[str, Meta(description="The card's number.", examples=[ICCID_EXAMPLE])]
    state: Annotated[
        Literal["paid", "delivered", "reversing", "reversed"],
        Meta(
            description="paid: being delivered; delivered: in use or queued; reversing, reversed:"
            " taken back, and `total` is back in your deposit once it is reversed. Paid and not"
            " deliverable is reversed by itself, within the operator's deadline."
        ),
    ]
    reason: Annotated[str | None, Meta(description="Why it was taken back; null otherwise.")]
    plan: PlanCode
    plan_names: Names
    currency: Currency
    price: Amount
    discount: Amount
    total: Amount
    tax: Annotated[int, Meta(description="The part of `total` that is tax.", ge=0)]
    on_renewal: OnRenewal
    allowance_bytes: Annotated[Bytes | None, Meta(description="Data included; null is unlimited.")]
    bonus_bytes: Annotated[Bytes, Meta(description="Data that a promotion added.")]
    starts_at: Instant
    ends_at: Instant
    zone: Zone
    placed_at: Instant
    delivered_at: Instant | None


class Renewals(Struct, frozen=True):
    """Your renewals, the newest first."""

    renewals: list[Renewal]
    next_before: Annotated[
        RenewalId | None,
        Meta(description="Send it as `before` for the next page; null on the last one."),
    ]


class Problem(Struct, frozen=True, omit_defaults=True):
    """Why not, as RFC 9457 has it. Act on `code`: it is stable, and new ones may be added."""

    type: Annotated[
        str, Meta(description="`code` as a URN.", examples=["urn:everline:problem:balance_short"])
    ]
    title: Annotated[
        str,
        Meta(
            description="What is wrong and what to do, in the language of Accept-Language"
            " (en, zh-Hans, id).",
            examples=["Your deposit is too low for this renewal. Top it up."],
        ),
    ]
    status: Annotated[int, Meta(description="The HTTP status.", examples=[402])]
    code: Annotated[str, Meta(description="The reason, for programs.", examples=["balance_short"])]
    facts: Annotated[
        dict[str, Any],
        Meta(
            description="What it is about. For a wrong field: its name as `field` and what was"
            " expected. Amounts are minor units, instants RFC 3339 in UTC.",
            examples=[{"needed": 1500000, "balance": 200000, "currency": "IDR"}],
        ),
    ]
    detail: Annotated[
        str, Meta(description="More about this one occurrence, where there is more to say.")
    ] = ""
