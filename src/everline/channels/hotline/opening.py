"""Opening a new card by telephone: its start code and its device's number, keyed.

Letters are keyed in pairs, the key that bears the letter and the letter's place on it, which works
on any keypad and with no mistake of timing. What comes after is in acts.py.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import uuid5

from django.utils.translation import gettext as _, ngettext

from everline import cards
from everline.channels.hotline.scenes import CHANNEL, card_of
from everline.channels.hotline.talk import Talk
from everline.database.requests import Caller
from everline.errors import Code
from everline.ids import Eid, Imei, InvalidNumberError

SOURCE: Final = "voice"
ON_KEY: Final = MappingProxyType(
    {
        "2": "ABC",
        "3": "DEF",
        "4": "GHI",
        "5": "JKL",
        "6": "MNO",
        "7": "PQRS",
        "8": "TUV",
        "9": "WXYZ",
    }
)
"""The letters of a telephone's keys (ITU-T E.161)."""

EID_DIGITS_MIN: Final = 20


def request_of(talk: Talk, what: str) -> Caller:
    """Name the request of this turn: the same turn, delivered again, is the same request."""
    name = f"{what}:{talk.leg.turn}"
    return Caller(CHANNEL, SOURCE, str(uuid5(talk.leg.id, name)))


def spelled(keyed: str) -> str:
    """Read pairs of keys as letters and digits, "6 2" as N and "0 4" as 4; "" when one is none."""
    if len(keyed) % 2 or not keyed.isdigit():
        return ""
    signs = [_sign(keyed[start], keyed[start + 1]) for start in range(0, len(keyed), 2)]
    return "".join(signs) if all(signs) else ""


def _sign(key: str, place: str) -> str:
    if key == "0":
        return place
    letters = ON_KEY.get(key, "")
    return letters[int(place) - 1] if 1 <= int(place) <= len(letters) else ""


def _activate_by_digits(talk: Talk, keyed: str) -> str:
    return _activate(talk, keyed)


def _activate_by_letters(talk: Talk, keyed: str) -> str:
    code = spelled(keyed)
    if not code:
        talk.say(_("These are not pairs of keys."))
        return "wrong"
    return _activate(talk, code)


def _activate(talk: Talk, code: str) -> str:
    """Try a start code; a wrong one is counted by the verb, and after ten the card is locked."""
    card = card_of(talk)
    hashed = cards.start_code_hash(card.iccid, code)
    refusal = cards.activate(request_of(talk, "activate"), card.id, hashed, talk.at).refusal
    if refusal is None:
        talk.say(_("The card is active now."))
        return "activated"
    outcome = talk.refuse(refusal)
    if refusal.code is Code.START_CODE_WRONG:
        left = int(refusal.facts.get("tries_left", 0))
        told = ngettext("%(count)d try is left.", "%(count)d tries are left.", left)
        talk.say(told, count=left)
    return outcome


def _bind(talk: Talk, keyed: str) -> str:
    """Bind to the device of a keyed number, and go back to the plan that was chosen, if any."""
    is_long = len(keyed) >= EID_DIGITS_MIN
    try:
        device = Eid.parse(keyed) if is_long else Imei.parse(keyed)
    except InvalidNumberError:
        if is_long:
            talk.say(_("This is not an EID. It has thirty-two digits."))
        else:
            talk.say(_("This is not an IMEI. It has fifteen digits."))
        return "wrong"
    answer = cards.bind(request_of(talk, "bind"), card_of(talk).id, device, talk.at)
    if answer.refusal:
        return talk.refuse(answer.refusal)
    talk.say(_("The card is bound to the device."))
    return "chosen" if talk.leg.plan_code else "bound"


OPENING: Final[Mapping[str, Callable[[Talk, str], str]]] = MappingProxyType(
    {
        "activate_by_digits": _activate_by_digits,
        "activate_by_letters": _activate_by_letters,
        "bind": _bind,
    }
)
"""Acts of opening a card, by the names in flow.py."""
