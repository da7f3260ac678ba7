"""What the API answers, as typed records; their texts are its documentation.

Nothing here tells a partner who holds a card, what its balance is or what was used of it.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from django.conf import settings
from msgspec import Meta, Struct

from everline import catalogue, ids, renewals
from everline.channels.partner.values import (
    ICCID_EXAMPLE,
    Amount,
    Bytes,
    Currency,
    Instant,
    MaskedCard,
    Names,
    OnRenewal,
    PlanCode,
    PromotionCode,
    RenewalId,
    VerifyUrl,
    Zone,
)
from everline.ids import Iccid
from everline.money import tax_included

CARD_STATES: Final = ["in_stock", "activated", "bound", "suspended", "lost", "terminated"]
RENEWAL_STATES: Final = ["paid", "delivered", "reversing", "reversed"]


class Period(Struct, frozen=True):
    """How long a plan lasts."""

    unit: Annotated[
        str, Meta(extra_json_schema={"enum": ["day", "week", "month", "quarter", "year"]})
    ]
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
        str,
        Meta(
            extra_json_schema={"enum": ["rolling", "calendar"]},
            description="rolling: 24 hours a day, or the same wall time a month later;"
            " calendar: to midnight in the card's zone.",
        ),
    ]
    on_renewal: OnRenewal
    allowance_bytes: Annotated[Bytes | None, Meta(description="Data included; null is unlimited.")]
    fair_use_bytes: Annotated[
        Bytes | None, Meta(description="With unlimited data: after this much it is slower.")
    ]
    devices_max: Annotated[int, Meta(description="How many devices may share a card.", ge=1)]
    region: Annotated[Region | None, Meta(description="The group of countries, if it has one.")]
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

    kind: Annotated[str, Meta(extra_json_schema={"enum": ["sim", "esim"]})]
    state: Annotated[str, Meta(extra_json_schema={"enum": CARD_STATES})]
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
    renewable_until: Annotated[
        Instant | None,
        Meta(
            description="When the number of a lapsed card is given away, if nobody renews it; null"
            " for a card that never had a plan or is not in use."
        ),
    ]
    is_renewable: Annotated[
        bool, Meta(description="Whether it can be renewed at all; which plan, a quote tells.")
    ]
    missing_step: Annotated[MissingStep | None, Meta(description="Null when it is renewable.")]


class Quote(Struct, frozen=True):
    """What a plan costs this card now, and what it gives. Send `total` and `ends_at` to renew."""

    plan: PlanCode
    promotion: Annotated[PromotionCode | None, Meta(description="The promo code that applied.")]
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
    outcome: Annotated[
        str,
        Meta(extra_json_schema={"enum": ["renewed"]}, description="Paid from your deposit, once."),
    ]
    plan: PlanCode
    promotion: Annotated[PromotionCode | None, Meta(description="The promo code that applied.")]
    currency: Currency
    total: Annotated[Amount, Meta(description="Taken from your deposit.")]
    valid_until: Annotated[Instant, Meta(description="The end of what was bought.")]
    card: MaskedCard
    verify_url: VerifyUrl


class Renewal(Struct, frozen=True):
    """One of your renewals as it stands now."""

    id: RenewalId
    idempotency_key: Annotated[
        str,
        Meta(
            description="The key or reference with which you ordered it.",
            examples=["order-2026-000187"],
        ),
    ]
    iccid: Annotated[str, Meta(description="The card's number.", examples=[ICCID_EXAMPLE])]
    card: MaskedCard
    state: Annotated[
        str,
        Meta(
            extra_json_schema={"enum": RENEWAL_STATES},
            description="paid: being delivered; delivered: in use or queued; reversing, reversed:"
            " taken back, and `total` is back in your deposit once it is reversed. Paid and not"
            " deliverable is reversed by itself, within the operator's deadline.",
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
    delivered_at: Annotated[Instant | None, Meta(description="Null until it is delivered.")]
    verify_url: VerifyUrl


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


def utc(at: datetime | None) -> datetime | None:
    """Give an instant in UTC."""
    return at and at.astimezone(UTC)


def verify_url(code: str) -> str:
    """Give the address at which a receipt, by its number or signed, is checked."""
    return f"{settings.PUBLIC_ADDRESS}/verify/{code}"


def plan_of(offer: catalogue.Offer) -> Plan:
    """Write a plan as it is sold."""
    region = offer.region_code and Region(offer.region_code, offer.region_names or {})
    return Plan(
        code=offer.code,
        names=offer.names,
        currency=offer.currency,
        price=offer.price,
        tax=tax_included(offer.price, offer.tax_basis_points),
        period=Period(offer.period_unit, offer.period_count),
        validity=offer.validity,
        on_renewal=offer.on_renewal,
        allowance_bytes=offer.allowance_bytes,
        fair_use_bytes=offer.fair_use_bytes,
        devices_max=offer.devices_max,
        region=region or None,
        countries=offer.countries,
    )


def quote_of(
    quote: renewals.Quote, plan: str, promotion: str | None, on_renewal_words: str
) -> Quote:
    """Write a quote that is no refusal, under the codes that were asked for."""
    assert quote.on_renewal is not None
    assert quote.price is not None
    assert quote.total is not None
    assert quote.starts_at is not None
    assert quote.ends_at is not None
    return Quote(
        plan=plan,
        promotion=promotion,
        currency=quote.currency,
        price=quote.price,
        discount=quote.discount,
        total=quote.total,
        tax=quote.tax,
        starts_at=quote.starts_at.astimezone(UTC),
        ends_at=quote.ends_at.astimezone(UTC),
        zone=quote.zone,
        on_renewal=quote.on_renewal,
        on_renewal_words=on_renewal_words,
        allowance_bytes=quote.allowance_bytes,
        bonus_bytes=quote.bonus_bytes,
        fair_use_bytes=quote.fair_use_bytes,
    )


def renewal_of(found: renewals.Renewal) -> Renewal:
    """Write a renewal that a deposit paid."""
    return Renewal(
        id=ids.outside("rnw", found.id),
        idempotency_key=found.request_id,
        iccid=found.iccid,
        card=Iccid(found.iccid).masked,
        state=found.state,
        reason=found.reason or None,
        plan=found.plan_code,
        plan_names=found.plan_names,
        currency=found.currency,
        price=found.price,
        discount=found.discount,
        total=found.total,
        tax=found.tax,
        on_renewal=found.on_renewal,
        allowance_bytes=found.allowance_bytes,
        bonus_bytes=found.bonus_bytes,
        starts_at=found.starts_at.astimezone(UTC),
        ends_at=found.ends_at.astimezone(UTC),
        zone=found.zone,
        placed_at=found.placed_at.astimezone(UTC),
        delivered_at=utc(found.delivered_at),
        verify_url=verify_url(ids.outside("rnw", found.id)),
    )
