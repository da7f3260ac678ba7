"""What a refusal means at a till: its sentence in words for a clerk, its facts, and the way on.

Every code of errors.py stands in the table. Some are said otherwise than to a subscriber: a deposit
that is short is the store's own affair.
"""

from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_noop

from everline.cards import Card
from everline.catalogue import Policy
from everline.errors import Code, Refusal
from everline.pages import facts
from everline.pages.refusals import Explained, Way, steps

OWN_WORDS: Final = {
    Code.BALANCE_SHORT: gettext_noop(
        "The store's deposit is too low for this sale. Call the manager to pay in, then sell again."
    ),
    Code.CHANNEL_CLOSED: gettext_noop(
        "Selling is closed in stores for the moment. Give the cash back and try later."
    ),
    Code.MEANS_NOT_ALLOWED: gettext_noop(
        "Stores may not pay from their deposit for the moment. Give the cash back and call support."
    ),
    Code.TOPUP_SPENT: gettext_noop(
        "The money of this top-up is spent already, so it cannot be taken back."
    ),
}
"""Refusals that a clerk is told otherwise than a subscriber."""

_NEXT: Final = (Way.HOME, gettext_noop("Next customer"))

STEPS: Final = steps((Way.CARD, gettext_noop("Back to the card")), _NEXT, {})


def explain(
    refusal: Refusal, policy: Policy, card: Card | None = None, plan: str = ""
) -> Explained:
    """Word a refusal for the clerk who stands at a card, and perhaps at a plan."""
    way, step = STEPS[refusal.code]
    url = _address(way, card, plan)
    if url == reverse("store:home") and way is not Way.HOME:
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
        return reverse("store:home")
    if way is Way.ORDER and plan:
        return reverse("store:order", args=[card.id, plan])
    if way in {Way.ACTIVATE, Way.BIND}:
        return reverse("store:activate" if way is Way.ACTIVATE else "store:bind", args=[card.id])
    return reverse("store:card", args=[card.id])
