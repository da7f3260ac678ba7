"""What a refusal means at a kiosk: its sentence, its facts, and the one button that leads on.

Every code of errors.py stands in the table. Nobody is there to ask, so what the kiosk cannot do is
said with where it can be done.
"""

from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_noop

from everline.cards import Card
from everline.catalogue import Policy
from everline.errors import Code, Refusal
from everline.pages import facts
from everline.pages.refusals import ANOTHER_CARD, Explained, Way, steps

OWN_WORDS: Final = {
    Code.CHANNEL_CLOSED: gettext_noop(
        "Renewing is closed at kiosks for the moment. It works online and in stores."
    ),
    Code.MEANS_NOT_ALLOWED: gettext_noop(
        "This cannot be paid at a kiosk for the moment. Pay online or in a store."
    ),
}
"""Refusals that are said otherwise at a kiosk."""

STEPS: Final = steps((Way.CARD, gettext_noop("Back to the plans")), ANOTHER_CARD, {})


def explain(
    refusal: Refusal, policy: Policy, card: Card | None = None, plan: str = ""
) -> Explained:
    """Word a refusal for the person who stands at a card, and perhaps at a plan."""
    way, step = STEPS[refusal.code]
    url = _address(way, card, plan)
    if url == reverse("kiosk:card") and way is not Way.HOME:
        step = ANOTHER_CARD[1]
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
