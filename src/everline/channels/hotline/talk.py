"""What a turn of a call is made of: who calls, what is said, what fills a step's sentences.

Values alone. dialogue.py answers a turn with them; what is remembered from turn to turn stands in
the leg, models.py.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from everline import cards, catalogue
from everline.catalogue import Policy
from everline.channels.hotline import ear
from everline.channels.hotline.flow import REFUSED, Step
from everline.channels.hotline.models import Leg
from everline.channels.hotline.prompts import PROMPTS
from everline.errors import Refusal
from everline.ids import Msisdn
from everline.pages.facts import elsewhere


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in a language, as Django writes it."""

    text: str
    locale: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What fills a step's sentences: values, facts that choices need, and listed items."""

    values: dict[str, str] = field(default_factory=dict)
    holds: frozenset[str] = frozenset()
    items: tuple[Said, ...] = ()


@dataclass(slots=True)
class Talk:
    """A leg in the turn that is being answered; `caller` is who seems to call, if told."""

    leg: Leg
    caller: Msisdn | None
    at: datetime
    policy: Policy = field(default_factory=catalogue.policy)
    carried: list[Said] = field(default_factory=list)
    refused_to: str = ""
    is_told_where: bool = False

    def say(self, sentence: str, **values: object) -> None:
        """Say a sentence, translated by the caller, before the next step."""
        self.carried.append(Said(sentence % values if values else sentence, self.leg.locale))

    def refuse(self, refusal: Refusal) -> str:
        """Say a refusal, and what else stands where; the outcome leads where its prompt does."""
        prompt = PROMPTS[refusal.code]
        self.say(_(prompt.sentence))
        card = cards.find_by_id(self.leg.card_id) if self.leg.card_id else None
        if card is not None:
            for told in elsewhere(refusal, partial(ear.instant, zone=card.zone)):
                self.say(told)
                self.is_told_where = True
        self.refused_to = prompt.leads
        return REFUSED


@dataclass(frozen=True, slots=True)
class Turn:
    """What is said now, and by which step; that waits for keys or hangs up."""

    step: Step
    said: tuple[Said, ...]
