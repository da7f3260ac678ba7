"""Cards and plans as pages show them: how a card stands, its usage, and plans in groups.

Whether somebody may see the usage is decided in holders.py; the price of a plan for one card is a
quote and is shown by ordering.py.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from everline.cards import Card, Status, Term
from everline.catalogue import Offer, Policy
from everline.pages import words


@dataclass(frozen=True, slots=True)
class Tile:
    """One plan in the list."""

    code: str
    name: str
    data: str
    fair_use: str
    period: str
    place: str
    countries: list[tuple[str, str]]
    devices: str
    price: str


@dataclass(frozen=True, slots=True)
class Group:
    """Plans of like length, under one heading."""

    key: str
    title: str
    tiles: list[Tile]


@dataclass(frozen=True, slots=True)
class Standing:
    """As much of a card's status as everybody may know."""

    valid_until: datetime | None
    last_ended_at: datetime | None
    renewable_until: datetime | None


@dataclass(frozen=True, slots=True)
class Followed:
    """What a page that follows a renewal or a top-up leads to, as addresses and their words."""

    pay: str
    cancel: str
    cancel_text: str
    start_over: str
    start_over_text: str
    card: str
    page_url: str
    is_paid: bool
    is_done: bool
    is_top_up: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What the holder sees of the present term."""

    plan: str
    used: str
    left: str
    as_of: str
    used_bytes: int
    allowance_bytes: int | None


@dataclass(frozen=True, slots=True)
class Outline:
    """As much of a card as many cards have in common: whatever else a page asks for is missing."""

    kind: str
    state: str


def until(status: Status | Standing) -> str:
    """Write for programs until when a card is valid; "" when it is not."""
    return status.valid_until.isoformat() if status.valid_until else ""


def standing(found: Card, status: Status | Standing) -> str:
    """Say in a few words how a card stands; this is for everybody."""
    match found.state:
        case "in_stock":
            return _("New, not active yet")
        case "activated" if status.valid_until is None:
            return _("Active, not bound to a device yet")
        case "suspended":
            return _("Suspended")
        case "lost":
            return _("Reported lost")
        case "terminated":
            return _("Ended")
    if status.valid_until is not None:
        return _("Valid until %(until)s") % {"until": words.instant(status.valid_until, found.zone)}
    if status.last_ended_at is not None:
        ended = {"ended": words.instant(status.last_ended_at, found.zone)}
        return _("Lapsed since %(ended)s") % ended
    return _("Ready for its first plan")


def renewable(found: Card, status: Status | Standing, at: datetime) -> str:
    """Say until when a lapsed card can be renewed, and what happens then; "" for any other."""
    if status.valid_until is not None or status.renewable_until is None:
        return ""
    if status.renewable_until <= at:
        return _("It can still be renewed now, but its number may be given away at any time.")
    until = {"until": words.instant(status.renewable_until, found.zone)}
    return _("Renewable until %(until)s, then its number is given away.") % until


def usage(term: Term, zone: str) -> Usage:
    """Word the data used and left of a term, with the time as of which that is known."""
    return Usage(
        plan=words.name(term.plan_names),
        used=words.data(term.used_bytes),
        left=_("Unlimited") if term.left_bytes is None else words.data(term.left_bytes),
        as_of=words.instant(term.used_as_of or term.starts_at, zone),
        used_bytes=min(term.used_bytes, term.allowance_bytes or 0),
        allowance_bytes=term.allowance_bytes,
    )


def groups(offers: list[Offer], policy: Policy) -> list[Group]:
    """Put plans under the headings of their lengths, each in the operator's order."""
    titles = {
        "days": _("Days and weeks"),
        "months": _("Monthly"),
        "quarters": _("Quarterly"),
        "years": _("Yearly"),
    }
    tiles: dict[str, list[Tile]] = {key: [] for key in titles}
    for offer in offers:
        tiles[words.GROUPS.get(offer.period_unit, "years")].append(tile(offer, policy))
    return [Group(key, title, tiles[key]) for key, title in titles.items() if tiles[key]]


def tile(offer: Offer, policy: Policy) -> Tile:
    """Word one plan."""
    fair_use = offer.fair_use_bytes
    return Tile(
        code=offer.code,
        name=words.name(offer.names),
        data=words.allowance(offer.allowance_bytes, None),
        fair_use=_("Fair use after %(data)s") % {"data": words.data(fair_use)} if fair_use else "",
        period=words.period(offer.period_unit, offer.period_count),
        place=words.place(offer),
        countries=words.countries(offer.countries) if len(offer.countries) > 1 else [],
        devices=words.devices(offer.devices_max),
        price=words.money(offer.price, offer.currency, policy),
    )
