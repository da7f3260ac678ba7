"""What a refusal means on a page: its sentence, its facts in words, and the way on.

Every code of errors.py stands in the table; a test renders each in every language. What another
channel does with a code is that channel's own table.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_noop

from everline import guides
from everline.cards import Card
from everline.catalogue import Policy
from everline.errors import Code, Refusal
from everline.pages import facts
from everline.pages.refusals import ANOTHER_CARD, Explained, Way, steps


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stood when refused; what is not known there is None."""

    policy: Policy
    card: Card | None = None
    plan: str | None = None
    joinable: UUID | None = None
    joinable_top_up: UUID | None = None


_THE_CARD: Final = (Way.CARD, gettext_noop("Back to the card"))
_ANOTHER_WAY: Final = (Way.ORDER, gettext_noop("Pay another way"))

STEPS: Final = steps(
    _THE_CARD,
    ANOTHER_CARD,
    {
        Code.START_CODE_LOCKED: _THE_CARD,
        Code.BALANCE_SHORT: _ANOTHER_WAY,
        Code.CHANNEL_CLOSED: _THE_CARD,
        Code.MEANS_NOT_ALLOWED: _ANOTHER_WAY,
        Code.REFUND_EXCEEDS: _THE_CARD,
        Code.CURRENCY_DIFFERS: _THE_CARD,
        Code.TOPUP_STATE: _THE_CARD,
        Code.TOPUP_SPENT: _THE_CARD,
    },
)


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
        step = ANOTHER_CARD[1]
    details = tuple(facts.in_words(refusal, where.card, where.policy))
    return Explained(refusal.code, sentence, details, _(step), url, _guide(refusal.code))


def _guide(code: Code) -> str:
    """Give the address of the step that explains what is missing, if there is one."""
    step = guides.OF_CODE.get(code)
    return f"{reverse('web:guide', args=[guides.BEFORE.name])}#{step}" if step else ""


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
