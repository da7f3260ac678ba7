"""The words of the consent to automatic renewal, by version.

A mandate keeps the version that was shown, so the exact words can be found years later: a version's
words are never changed, new words are a new version. tests/test_autorenewal.py pins each version's
words, in all languages, by their hash. Where they are shown is a channel's affair.
"""

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext, gettext_noop as _

VERSION: Final = "2026-12"
"""The version that is shown now."""

WORDS: Final = MappingProxyType(
    {
        "2026-11": (
            _("Renew this card by itself before each term ends."),
            _("Each time the plan's price of that day is taken from the card's balance."),
            _("If the balance is too low, you are told before and nothing is taken."),
            _("You can switch it off at any time, in one step."),
        ),
        "2026-12": (
            _("Renew this card by itself before each term ends."),
            _("At most the amount shown here is charged for each term."),
            _("A higher price is charged only after you have agreed to it anew."),
            _("It is charged before the term ends. You see when, and are told if it fails."),
            _("You can pause it, or end it in one step, at any time."),
        ),
    }
)
"""The sentences of each version, in English; translations stand in the catalogues."""

AMOUNTED: Final = frozenset({"2026-12"})
"""The versions that speak of an amount: they are agreed to with the amount that stood there."""


def words(version: str = VERSION) -> tuple[str, ...]:
    """Give the sentences of a version in the present language. An unknown version is a bug."""
    return tuple(gettext(sentence) for sentence in WORDS[version])
