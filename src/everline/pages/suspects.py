"""Where a card number is probably wrong, computed from its digits alone.

Luhn's sum says that something is wrong, not where. What can be said is what people usually do: they
swap two neighbours, or read one digit for another that looks like it. No table is read here, so
nothing is told of whether some other card exists.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from everline.ids import TEXT_LENGTH_MAX, luhn_digit

BEGINS: Final = "89"
"""How every card number begins: telecommunication's digits (ITU-T E.118)."""

SUSPECTS_MAX: Final = 3
GROUP_LENGTH: Final = 4
ALIKE: Final = frozenset(
    {"17", "71", "08", "80", "38", "83", "56", "65", "68", "86", "06", "60", "49", "94", "27", "72"}
)
"""Digits that are read for each other, on worn print and in handwriting."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Digits to look at first, counted from 0, and what they may be instead."""

    places: tuple[int, ...]
    instead: str


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the number as it is shown; `is_marked` for digits to look at."""

    digits: str
    is_marked: bool
    ends_group: bool


def suspects(digits: str) -> list[Suspect]:
    """Name what would make Luhn's sum right, the likeliest first; three at most, maybe none."""
    begins = _beginning(digits)
    if begins is not None:
        return [begins]
    swapped = [
        Suspect((place, place + 1), digits[place + 1] + digits[place])
        for place in range(len(BEGINS), len(digits) - 1)
        if digits[place] != digits[place + 1] and _is_right(_swapped(digits, place))
    ]
    misread = [
        Suspect((place,), instead)
        for place in range(len(BEGINS), len(digits))
        for instead in "0123456789"
        if digits[place] + instead in ALIKE and _is_right(_replaced(digits, place, instead))
    ]
    return [*swapped, *misread][:SUSPECTS_MAX]


@dataclass(frozen=True, slots=True)
class Near:
    """A number that misses by a digit or two: what to look at, and its parts to mark."""

    said: list[str]
    parts: list[Part]


def near(typed: str) -> Near | None:
    """Explain a number of a card's length whose check digit is wrong; None for anything else."""
    plain = unicodedata.normalize("NFKC", typed)[:TEXT_LENGTH_MAX]
    digits = "".join(str(unicodedata.decimal(sign)) for sign in plain if sign.isdecimal())
    if any(sign.isalpha() for sign in plain) or not 18 <= len(digits) <= 20:  # noqa: PLR2004 E.118
        return None
    return None if _is_right(digits) else Near(in_words(digits), parts(digits))


def in_words(digits: str) -> list[str]:
    """Say what to look at first, and what the check digit would have to be."""
    said = []
    for each in suspects(digits):
        typed = "".join(digits[place] for place in each.places)
        facts = {"place": each.places[0] + 1, "typed": typed, "instead": each.instead}
        if each.places == tuple(range(len(BEGINS))):
            said.append(_("A card number begins with 89, this one with %(typed)s.") % facts)
        elif len(each.places) > 1:
            facts["next"] = each.places[1] + 1
            said.append(
                _("Perhaps digits %(place)d and %(next)d are swapped: %(instead)s, not %(typed)s.")
                % facts
            )
        else:
            said.append(_("Perhaps digit %(place)d is a %(instead)s and not a %(typed)s.") % facts)
    last = luhn_digit(digits[:-1])
    said.append(_("If all the others are right, the last digit is %(last)s.") % {"last": last})
    return said


def parts(digits: str) -> list[Part]:
    """Cut the number into groups of four, with the digits to look at first marked."""
    marked = {place for each in suspects(digits) for place in each.places}
    return [
        Part(digit, place in marked, (place + 1) % GROUP_LENGTH == 0)
        for place, digit in enumerate(digits)
    ]


def _beginning(digits: str) -> Suspect | None:
    """Suspect the beginning when it is not a card's, and a card's would be right."""
    if digits.startswith(BEGINS) or not _is_right(BEGINS + digits[len(BEGINS) :]):
        return None
    return Suspect(tuple(range(len(BEGINS))), BEGINS)


def _is_right(digits: str) -> bool:
    return luhn_digit(digits[:-1]) == digits[-1]


def _swapped(digits: str, place: int) -> str:
    return digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]


def _replaced(digits: str, place: int, instead: str) -> str:
    return digits[:place] + instead + digits[place + 1 :]
