"""What a refusal means on a page: its sentence, its facts in words, and the way on.

Every code of errors.py stands in the table; a test renders each in every language. What another
channel does with a code is that channel's own table.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_noop

from everline.cards import Card
from everline.catalogue import Policy
from everline.errors import Code, Refusal
from everline.pages import facts


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
    joinable_top_up: UUID | None = None


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
    Code.CURRENCY_DIFFERS: _THE_CARD,
    Code.TOPUP_UNKNOWN: _ANOTHER_CARD,
    Code.TOPUP_STATE: _THE_CARD,
    Code.TOPUP_SPENT: _THE_CARD,
    Code.ESIM_SOLD_OUT: _ANOTHER_CARD,
}


def explain(refusal: Refusal, where: Place) -> Explained:
    """Word a refusal for somebody who stands at a place."""
    way, step = STEPS[refusal.code]
    url = _address(way, where)
    sentence = _(refusal.sentence)
    if refusal.code is Code.RENEWAL_OPEN and where.joinable:
        step, url = gettext_noop("Go on with it"), reverse("web:renewal", args=[where.joinable])
    elif refusal.code is Code.PAYMENT_UNSURE and where.joinable_top_up:
        joined = reverse("web:topup", args=[where.joinable_top_up])
        step, url = gettext_noop("Look at the open top-up"), joined
    elif url == reverse("web:home"):
        step = _ANOTHER_CARD[1]
    details = tuple(facts.in_words(refusal, where.card, where.policy))
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
