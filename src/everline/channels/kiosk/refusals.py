"""What a refusal means at a kiosk: its sentence, its facts, and the one button that leads on.

Every code of errors.py stands in the table. Nobody is there to ask, so what the kiosk cannot do is
said with where it can be done.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

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
class Explained:
    """A refusal as the kiosk shows it."""

    code: Code
    sentence: str
    details: tuple[str, ...]
    step: str
    url: str


OWN_WORDS: Final = {
    Code.CHANNEL_CLOSED: gettext_noop(
        "Renewing is closed at kiosks for the moment. It works online and in stores."
    ),
    Code.MEANS_NOT_ALLOWED: gettext_noop(
        "This cannot be paid at a kiosk for the moment. Pay online or in a store."
    ),
}
"""Refusals that are said otherwise at a kiosk."""

_NEXT: Final = (Way.HOME, gettext_noop("Enter another card number"))
_ANOTHER_PLAN: Final = (Way.CARD, gettext_noop("Choose another plan"))
_THE_CARD: Final = (Way.CARD, gettext_noop("Back to the plans"))
_WITHOUT_CODE: Final = (Way.ORDER, gettext_noop("Look at the price details"))
_DETAILS: Final = (Way.ORDER, gettext_noop("Look at the price details"))

STEPS: Final[dict[Code, tuple[Way, str]]] = {
    Code.CARD_UNKNOWN: _NEXT,
    Code.CARD_NOT_ACTIVE: (Way.ACTIVATE, gettext_noop("Activate the card")),
    Code.CARD_NOT_BOUND: (Way.BIND, gettext_noop("Bind the card to a device")),
    Code.CARD_SUSPENDED: _NEXT,
    Code.CARD_LOST: _NEXT,
    Code.CARD_TERMINATED: _NEXT,
    Code.CARD_STATE: _THE_CARD,
    Code.START_CODE_WRONG: (Way.ACTIVATE, gettext_noop("Enter the start code again")),
    Code.START_CODE_LOCKED: _NEXT,
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
    Code.BALANCE_SHORT: _DETAILS,
    Code.RENEWAL_OPEN: _THE_CARD,
    Code.RENEWAL_UNKNOWN: _NEXT,
    Code.RENEWAL_STATE: _THE_CARD,
    Code.TERM_PAID: _THE_CARD,
    Code.CHANNEL_CLOSED: _NEXT,
    Code.MEANS_NOT_ALLOWED: _NEXT,
    Code.LIMIT_EXCEEDED: _ANOTHER_PLAN,
    Code.REQUEST_REUSED: _DETAILS,
    Code.PAYMENT_UNSURE: _THE_CARD,
    Code.REFUND_EXCEEDS: _NEXT,
    Code.CURRENCY_DIFFERS: _NEXT,
    Code.TOPUP_UNKNOWN: _NEXT,
    Code.TOPUP_STATE: _NEXT,
    Code.TOPUP_SPENT: _NEXT,
    Code.ESIM_SOLD_OUT: _NEXT,
}


def explain(
    refusal: Refusal, policy: Policy, card: Card | None = None, plan: str = ""
) -> Explained:
    """Word a refusal for the person who stands at a card, and perhaps at a plan."""
    way, step = STEPS[refusal.code]
    url = _address(way, card, plan)
    if url == reverse("kiosk:card") and way is not Way.HOME:
        step = _NEXT[1]
    return Explained(
        refusal.code,
        _(OWN_WORDS.get(refusal.code, refusal.sentence)),
        tuple(facts.in_words(refusal, card, policy)),
        _(step),
        url,
    )


def _address(way: Way, card: Card | None, plan: str) -> str:
    if card is None or way is Way.HOME:
        return reverse("kiosk:card")
    if way is Way.ORDER and plan:
        return reverse("kiosk:order", args=[plan])
    if way in {Way.ACTIVATE, Way.BIND}:
        return reverse("kiosk:activate" if way is Way.ACTIVATE else "kiosk:bind")
    return reverse("kiosk:plans")
