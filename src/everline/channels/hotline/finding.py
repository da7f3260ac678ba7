"""Who calls about which card: language, caller ID, keyed numbers and codes; and calls back.

A number selects and never authorises. Guessing is bounded by call, by caller and for all together,
in limits.py; whoever tries too often is led to a person. The other acts are in acts.py.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from everline import cards, renewals, trust
from everline.channels.hotline import limits
from everline.channels.hotline.scenes import CHANNEL, cards_of
from everline.channels.hotline.talk import Talk
from everline.errors import Code, Refusal
from everline.ids import CustomerNumber, InvalidNumberError, Msisdn
from everline.people import return_calls
from everline.people.models import Person

FINDS_MAX: Final = 5
"""Wrong numbers in one call; then a person is offered."""


def _speak(talk: Talk, keyed: str) -> str:
    talk.leg.locale = settings.LANGUAGES[int(keyed) - 1][0]
    limits.remember_language(talk.leg.caller_hash, talk.leg.locale)
    return "spoken"


def _welcome(talk: Talk, _keyed: str) -> str:
    talk.say(_("Welcome to %(operator)s."), operator=talk.policy.name)
    return "welcomed"


def _recognise(talk: Talk, _keyed: str) -> str:
    """Say what the operator says to all, and find the card of the number that seems to call."""
    if talk.leg.card_id is not None:
        return "known"
    for banner in trust.banners(CHANNEL, talk.at, talk.leg.locale)[:1]:
        talk.say(banner.text)
    card = cards.find(str(talk.caller)) if talk.caller else None
    if card is None:
        return "unknown"
    _take(talk, card.id)
    return "known"


def _take(talk: Talk, card_id: UUID) -> None:
    """Turn to a card: nothing that was proved or chosen for another one stays."""
    leg = talk.leg
    leg.card_id, leg.proved_account_id = card_id, None
    leg.renewal_id, leg.is_joinable = None, False
    leg.plan_version_id, leg.plan_code, leg.page = None, "", 0


def _not_found(talk: Talk, code: Code) -> str:
    """Count a number that leads nowhere; who tries many is led to a person."""
    talk.leg.wrong_finds += 1
    if talk.leg.wrong_finds >= FINDS_MAX or not limits.may_guess(talk.leg.caller_hash):
        return "spent"
    return talk.refuse(Refusal(code))


def _find_by_phone(talk: Talk, keyed: str) -> str:
    number = phone(keyed)
    card = cards.find(str(number)) if number else None
    if card is None:
        return _not_found(talk, Code.CARD_UNKNOWN)
    _take(talk, card.id)
    return "found"


def phone(keyed: str) -> Msisdn | None:
    """Read a keyed phone number, with the country code, with or without 00 before it."""
    try:
        return Msisdn.parse("+" + keyed.removeprefix("00"))
    except InvalidNumberError:
        return None


def _find_by_customer(talk: Talk, keyed: str) -> str:
    try:
        number = CustomerNumber.parse(keyed)
    except InvalidNumberError:
        return _not_found(talk, Code.CARD_UNKNOWN)
    person = Person.objects.filter(customer_number=number.inner, is_active=True).first()
    if person is None:
        return _not_found(talk, Code.CARD_UNKNOWN)
    talk.leg.person_id = person.id
    held = cards_of(talk)
    if not held:
        return _not_found(talk, Code.CARD_UNKNOWN)
    if len(held) > 1:
        return "several"
    _take(talk, held[0].id)
    return "found"


def _take_card(talk: Talk, keyed: str) -> str:
    held = cards_of(talk)
    if int(keyed) > len(held):
        return "none"
    _take(talk, held[int(keyed) - 1].id)
    return "found"


def _find_by_code(talk: Talk, keyed: str) -> str:
    renewal = renewals.find_by_code(keyed, talk.at)
    if renewal is None:
        return _not_found(talk, Code.RENEWAL_UNKNOWN)
    _take(talk, renewal.card_id)
    talk.leg.renewal_id, talk.leg.is_joinable = renewal.id, True
    return "found"


def _leave_call(talk: Talk, _keyed: str) -> str:
    return _left(talk, talk.caller) if talk.caller else "anonymous"


def _take_call(talk: Talk, keyed: str) -> str:
    number = phone(keyed)
    if number is not None:
        return _left(talk, number)
    talk.leg.wrong_finds += 1
    if talk.leg.wrong_finds >= FINDS_MAX:
        return "spent"
    talk.say(_("This is not a phone number with its country code."))
    return "wrong"


def _left(talk: Talk, number: Msisdn) -> str:
    note = f"Hotline, at the step {talk.leg.step}"
    leg = talk.leg
    return_calls.leave(number, talk.at, locale=leg.locale, card_id=leg.card_id, note=note)
    return "left"


FINDING: Final[Mapping[str, Callable[[Talk, str], str]]] = MappingProxyType(
    {
        "speak": _speak,
        "welcome": _welcome,
        "recognise": _recognise,
        "find_by_phone": _find_by_phone,
        "find_by_customer": _find_by_customer,
        "take_card": _take_card,
        "find_by_code": _find_by_code,
        "leave_call": _leave_call,
        "take_call": _take_call,
    }
)
"""Who carries out which of these acts, by the names in flow.py."""
