"""operator.yaml: who the operator is, how long things may take, and what each channel may do.

There is one operator a database. Channels are data so that no code asks which channel it is: each
names the means of payment it takes and, if it has one, its limit a renewal in each currency.
The template is demo/operator.yaml; the tables are Policy (catalogue) and Channel (trust).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from everline import money
from everline.loading import values
from everline.loading.nodes import Section, read_tree
from everline.loading.problems import Flaw, FlawError, Problems

CHANNELS: Final = ("web", "auto", "hotline", "store", "kiosk", "partner", "office")
"""The six channels of subscribers, and our own staff with its command line."""

MEANS: Final = ("gateway", "balance", "deposit")
"""A payment gateway, the card's own balance, the deposit of a store or partner."""

DOCUMENTS: Final = ("not_asked", "seen", "matched")
"""What a clerk does about a document: nothing, look at it, compare its name with the holder's."""

LIMITS: Final = 2
"""How many amounts a limit has: the least and the most."""

OFFERED_MAX: Final = 8
"""Amounts that are offered for topping up: as many as can be told apart at a glance."""

MINUTES_MAX: Final = 7 * 24 * 60
HOURS_MAX: Final = 14 * 24

AUTOMATIC: Final[Mapping[str, tuple[int, int, int]]] = {
    "auto_notice_days": (1, 14, 3),
    "auto_card_day_max": (1, 1000, 3),
    "auto_burst_percent": (100, 10_000, 300),
    "auto_burst_least": (1, 10_000_000, 1000),
    "grace_hours": (0, HOURS_MAX, 0),
    "bridge_bytes": (0, 10**12, 0),
}
"""What bounds automatic renewal: the least, the most, and what it is without a word."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What one channel may do; `amounts_max` is the most a renewal may cost, in minor units."""

    code: str
    is_open: bool
    means: tuple[str, ...]
    amounts_max: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator's name, official addresses, currencies, times and channels."""

    name: str
    domain: str
    sender_email: str
    sender_sms: str
    currency_digits: Mapping[str, int]
    quote_minutes: int
    payment_minutes: int
    delivery_minutes: int
    terms_ahead_max: int
    lapsed_days: int
    warn_month_hours: int
    warn_week_hours: int
    warn_day_hours: int
    quiet_from_hour: int
    quiet_until_hour: int
    automatic: Mapping[str, int]
    document_check: Mapping[str, Any]
    topup_amounts: Mapping[str, tuple[int, ...]]
    topup_limits: Mapping[str, tuple[int, int]]
    channels: tuple[Channel, ...]


def read_operator(path: Path, problems: Problems) -> Operator | None:
    """Read operator.yaml; None when there is a problem."""
    top = Section(path.name, read_tree(path, problems), "", problems)
    if not top.is_sound or not top.keys:
        return None
    who = top.section("operator")
    name = who.one("name", values.text(80), "")
    domain = who.one("domain", values.host, "")
    senders = who.section("senders")
    sender_email = senders.one("email", values.email, "")
    sender_sms = senders.one("sms", values.sender, "")
    senders.close()
    who.close()
    digits = _currencies(top.section("currencies"))
    policy = top.section("policy")
    minutes = values.whole(1, MINUTES_MAX)
    quote_minutes = policy.one("quote_minutes", minutes, 0)
    payment_minutes = policy.one("payment_minutes", minutes, 0)
    delivery_minutes = policy.one("delivery_minutes", minutes, 0)
    terms_ahead_max = policy.one("terms_ahead_max", values.whole(1, 120), 0)
    lapsed_days = policy.one("lapsed_days", values.whole(1, 3650), 0)
    hours = values.whole(1, HOURS_MAX)
    warn_month_hours = policy.maybe("warn_month_hours", hours, 72)
    warn_week_hours = policy.maybe("warn_week_hours", hours, 24)
    warn_day_hours = policy.maybe("warn_day_hours", hours, 6)
    quiet_from_hour = policy.maybe("quiet_from_hour", values.whole(0, 23), 21)
    quiet_until_hour = policy.maybe("quiet_until_hour", values.whole(0, 23), 8)
    automatic = {
        name: policy.maybe(name, values.whole(least, most), otherwise)
        for name, (least, most, otherwise) in AUTOMATIC.items()
    }
    document_check = _document_check(policy.section("document_check"), digits)
    policy.close()
    topup_limits, topup_amounts = _top_ups(top, digits)
    channels = _channels(top.section("channels"), digits)
    if not top.close():
        return None
    return Operator(
        name, domain, sender_email, sender_sms, digits, quote_minutes, payment_minutes,
        delivery_minutes, terms_ahead_max, lapsed_days, warn_month_hours, warn_week_hours,
        warn_day_hours, quiet_from_hour, quiet_until_hour, automatic, document_check, topup_amounts,
        topup_limits, channels,
    )  # fmt: skip


def _currencies(section: Section) -> dict[str, int]:
    """Read how many decimals of each currency are shown."""
    digits = {}
    for key in section.keys:
        currency = section.section(key)
        try:
            most = money.exponent(values.currency(key))
        except FlawError as error:
            section.refuse(key, error.flaw, **error.facts)
            continue
        digits[key] = currency.one("display_digits", values.whole(0, most), most)
        currency.close()
    if not section.keys and section.is_sound:
        section.refuse("", Flaw.MISSING)
    return digits


def _document_check(section: Section, currencies: Mapping[str, int]) -> dict[str, Any]:
    """Read whether a till asks for a document, and from which amounts on."""
    if not section.keys:
        return {}
    asked = section.one("asked", values.choice(*DOCUMENTS), DOCUMENTS[0])
    amounts = section.section("amounts_from")
    least = _amounts(amounts, currencies)
    section.close()
    return {} if asked == DOCUMENTS[0] else {"asked": asked, "from": least}


def _top_ups(
    top: Section, currencies: Mapping[str, int]
) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, ...]]]:
    """Read by currency the least and the most that is taken, and the amounts that are offered."""
    limits: dict[str, tuple[int, int]] = {}
    for currency, bounds in _lists(top.section("topup_limits"), currencies):
        if len(bounds) == LIMITS and 0 < bounds[0] < bounds[1]:
            limits[currency] = (bounds[0], bounds[1])
        else:
            top.refuse("topup_limits", Flaw.NOT_LIMITS, value=currency)
    offered = {}
    for currency, amounts in _lists(top.section("topup_amounts"), currencies):
        least, most = limits.get(currency, (1, money.AMOUNT_MAX))
        if len(amounts) > OFFERED_MAX:
            top.refuse("topup_amounts", Flaw.TOO_MANY, limit=OFFERED_MAX)
        elif any(not least <= each <= most for each in amounts):
            top.refuse("topup_amounts", Flaw.OUTSIDE_LIMITS, value=currency)
        offered[currency] = tuple(sorted(amounts))
    return limits, offered


def _lists(
    section: Section, currencies: Mapping[str, int]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Read lists of amounts by currency; one with a problem is left out."""
    for currency in section.keys:
        if currency not in currencies:
            choices = values.listed(currencies)
            section.refuse(currency, Flaw.NOT_ONE_OF, value=currency, choices=choices)
            continue
        amounts = section.many(currency, values.amount(currency))
        if section.is_sound:
            yield currency, amounts


def _amounts(section: Section, currencies: Mapping[str, int]) -> dict[str, int]:
    """Read amounts by currency, in minor units."""
    amounts = {}
    for currency in section.keys:
        if currency not in currencies:
            choices = values.listed(currencies)
            section.refuse(currency, Flaw.NOT_ONE_OF, value=currency, choices=choices)
            continue
        amounts[currency] = section.one(currency, values.amount(currency), 0)
    return amounts


def _channels(section: Section, currencies: Mapping[str, int]) -> tuple[Channel, ...]:
    """Read what each channel may do; one that is not named stays closed."""
    channels = []
    for code in section.keys:
        channel = section.section(code)
        if code not in CHANNELS:
            section.refuse(code, Flaw.NOT_ONE_OF, value=code, choices=", ".join(CHANNELS))
            continue
        is_open = channel.one("is_open", values.truth, otherwise=False)
        means = channel.many("means", values.choice(*MEANS))
        if not means and channel.is_sound:
            channel.refuse("means", Flaw.MISSING)
        amounts_max = _amounts(channel.section("amounts_max"), currencies)
        channel.close()
        channels.append(Channel(code, is_open, means, amounts_max))
    if not section.keys and section.is_sound:
        section.refuse("", Flaw.MISSING)
    return tuple(channels)
