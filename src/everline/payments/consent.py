"""The words of the consent to keep a means of payment, by version.

A method keeps the version that was shown, so the exact words can be found years later: a version's
words are never changed, new words are a new version. tests/test_methods.py pins them by their hash.
"""

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext, gettext_noop as _

KEEP_VERSION: Final = "2026-12"
"""The version that is shown now."""

KEEP_WORDS: Final = MappingProxyType(
    {
        "2026-12": (
            _("Keep this means of payment for later renewals of this card."),
            _("The payment company keeps it; we hold only a token and its last digits."),
            _("With auto-renewal on it is charged by itself. You can take it away at any time."),
        ),
    }
)
"""The sentences of each version, in English; translations stand in the catalogues."""


def keep_words(version: str = KEEP_VERSION) -> tuple[str, ...]:
    """Give the sentences of a version in the present language. An unknown version is a bug."""
    return tuple(gettext(sentence) for sentence in KEEP_WORDS[version])
