"""The first renewal of a newcomer, on the first page of the demo: a card to take, and what follows.

In production there is nothing of it. The numbers stand in demo/cards.csv; a test compares.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy

from everline import cards
from everline.ids import Iccid

CARDS: Final = (
    ("8999907111111111112", gettext_lazy("Runs now: the new plan waits for its turn")),
    ("8999907222222222225", gettext_lazy("Lapsed: the new plan starts at once")),
)
PAYS: Final = "4000 0000 0000 0010"
"""The demo's bank card that is approved, as simulators/numbers.py has it."""


@dataclass(frozen=True, slots=True)
class Try:
    """A card to try: what its form sends, how it is shown, and what it shows."""

    number: str
    shown: str
    sentence: str


def shown() -> dict[str, Any]:
    """Give what leads through the first renewal; nothing where there is no demo."""
    if not settings.DEMO:
        return {}
    found = [
        Try(number, Iccid(number).masked, str(sentence))
        for number, sentence in CARDS
        if cards.find(number) is not None
    ]
    if not found:
        return {}
    return {"first_steps": {"tries": found, "pays": PAYS, "outbox": reverse("outbox")}}
