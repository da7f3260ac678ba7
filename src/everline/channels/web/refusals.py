"""What a refusal means on a page: its sentence, its facts in words, and the way on.

Every code of errors.py stands in the table; a test renders each in every language. What another
channel does with a code is that channel's own table.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_noop, ngettext

from everline.cards import Card
from everline.catalogue import Policy
from everline.channels.web import words
from everline.errors import Code, Refusal


class Way(Enum):
    """Where a refusal leads on to."""

    HOME = auto()
    CARD = auto()
    ACTIVATE = auto()
    BIND = auto()
    ORDER = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stood when refused; what is not known there is None."""

    policy: Policy
    card: Card | None = None
    plan: str | None = None
    joinable: UUID | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """A refusal as a page shows it."""

    code: Code
    sentence: str
    details: tuple[str, ...]
    step: str
    url: str


_ANOTHER_CARD: Final = (Way.HOME, gettext_noop("Enter another card number"))
_ANOTHER_PLAN: Final = (Way.CARD, gettext_noop("Choose another plan"))
_THE_CARD: Final = (Way.CARD, gettext_noop("Back to the card"))
_WITHOUT_CODE: Final = (Way.ORDER, gettext_noop("Go on without the code"))
_DETAILS: Final = (Way.ORDER, gettext_noop("Look at the price details"))

STEPS: Final[dict[Code, tuple[Way, str]]] = {
    Code.CARD_UNKNOWN: _ANOTHER_CARD,
    Code.CARD_NOT_ACTIVE: (Way.ACTIVATE, gettext_noop("Activate the card")),
    Code.CARD_NOT_BOUND: (Way.BIND, gettext_noop("Bind the card to a device")),
    Code.CARD_SUSPENDED: _ANOTHER_CARD,
    Code.CARD_LOST: _ANOTHER_CARD,
    Code.CARD_TERMINATED: _ANOTHER_CARD,
    Code.CARD_STATE: _THE_CARD,
    Code.START_CODE_WRONG: (Way.ACTIVATE, gettext_noop("Enter the start code again")),
    Code.START_CODE_LOCKED: _THE_CARD,
    Code.DEVICE_LIMIT: _THE_CARD,
    Code.DEVICE_BOUND: _THE_CARD,
    Code.DEVICE_UNKNOWN: _THE_CARD,
    Code.PLAN_UNKNOWN: _ANOTHER_PLAN,
    Code.PLAN_WITHDRAWN: _ANOTHER_PLAN,
    Code.PLAN_NOT_SOLD: _ANOTHER_PLAN,
    Code.TERM_QUEUED: _ANOTHER_PLAN,
    Code.TOO_FAR_AHEAD: _THE_CARD,
    Code.PROMOTION_UNKNOWN: _WITHOUT_CODE,
    Code.PROMOTION_CLOSED: _WITHOUT_CODE,
    Code.PROMOTION_NOT_FOR_THIS: _WITHOUT_CODE,
    Code.PROMOTION_USED: _WITHOUT_CODE,
    Code.PROMOTION_SPENT: _WITHOUT_CODE,
    Code.QUOTE_CHANGED: _DETAILS,
    Code.BALANCE_SHORT: (Way.ORDER, gettext_noop("Pay another way")),
    Code.RENEWAL_OPEN: _THE_CARD,
    Code.RENEWAL_UNKNOWN: _ANOTHER_CARD,
    Code.RENEWAL_STATE: _THE_CARD,
    Code.TERM_PAID: _THE_CARD,
    Code.CHANNEL_CLOSED: _THE_CARD,
    Code.MEANS_NOT_ALLOWED: (Way.ORDER, gettext_noop("Pay another way")),
    Code.LIMIT_EXCEEDED: _ANOTHER_PLAN,
    Code.REQUEST_REUSED: _DETAILS,
    Code.PAYMENT_UNSURE: _THE_CARD,
    Code.REFUND_EXCEEDS: _THE_CARD,
}


def explain(refusal: Refusal, where: Place) -> Explained:
    """Word a refusal for somebody who stands at a place."""
    way, step = STEPS[refusal.code]
    url = _address(way, where)
    sentence = _(refusal.sentence)
    if refusal.code is Code.RENEWAL_OPEN and where.joinable:
        step, url = gettext_noop("Go on with it"), reverse("web:renewal", args=[where.joinable])
    elif url == reverse("web:home"):
        step = _ANOTHER_CARD[1]
    details = tuple(_details(refusal.code, dict(refusal.facts), where))
    return Explained(refusal.code, sentence, details, _(step), url)


def _address(way: Way, where: Place) -> str:
    if where.card is None or way is Way.HOME:
        return reverse("web:home")
    card = where.card.id
    if way is Way.ORDER and where.plan:
        return reverse("web:order", args=[card, where.plan])
    if way in {Way.ACTIVATE, Way.BIND}:
        door = reverse("web:activate" if way is Way.ACTIVATE else "web:bind", args=[card])
        return f"{door}?plan={where.plan}" if where.plan else door
    return reverse("web:card", args=[card])


def _details(code: Code, facts: dict[str, Any], where: Place) -> list[str]:
    """Word the facts of a refusal that help; what is not needed, or not for everybody, is left."""
    match code:
        case Code.RENEWAL_OPEN if where.card and "since" in facts:
            since = words.instant(datetime.fromisoformat(facts["since"]), where.card.zone)
            opened = {"channel": words.channel(facts.get("channel", "")), "since": since}
            return [_("It was opened %(channel)s, %(since)s.") % opened]
        case Code.QUOTE_CHANGED if where.card and facts.get("total") is not None:
            total = words.money(facts["total"], facts["currency"], where.policy)
            return [_("The total is now %(total)s.") % {"total": total}]
        case Code.LIMIT_EXCEEDED if where.card and facts.get("most") is not None:
            most = words.money(facts["most"], where.card.currency, where.policy)
            return [_("At most %(most)s can be paid here at once.") % {"most": most}]
        case Code.START_CODE_WRONG if "tries_left" in facts:
            left = int(facts["tries_left"])
            told = ngettext("%(count)d try is left.", "%(count)d tries are left.", left)
            return [told % {"count": left}]
        case Code.DEVICE_LIMIT | Code.DEVICE_BOUND if facts.get("devices"):
            return [_("Bound now: %(devices)s") % {"devices": ", ".join(facts["devices"])}]
        case Code.TOO_FAR_AHEAD if "queued" in facts:
            queued = int(facts["queued"])
            told = ngettext(
                "%(count)d plan is waiting to start.",
                "%(count)d plans are waiting to start.",
                queued,
            )
            return [told % {"count": queued}]
    return []
