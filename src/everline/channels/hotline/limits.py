"""What is counted and remembered across calls: guesses, text messages, a caller's language.

A caller stands here by a keyed hash alone. The counters are in the shared cache, which may be lost;
what guards money is counted by verbs.
"""

import hashlib
from typing import Final

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from everline.ids import Msisdn

HOUR_SECONDS: Final = 3600
GUESSES_MAX: Final = 15
"""Numbers that lead nowhere, by one caller in an hour."""

GUESSES_OF_ALL_MAX: Final = 300
"""The same by all callers, since caller ID can be changed with each call."""

LINKS_MAX: Final = 5
"""Text messages with a link to one number in an hour."""

LANGUAGE_SECONDS: Final = 90 * 86_400
Hash = bytes | memoryview | None
"""A caller, as a field of the database gives it back."""


def caller_hash(number: Msisdn | None) -> bytes | None:
    """Hash a caller's number under the server's key; None for one that is withheld."""
    if number is None:
        return None
    return salted_hmac("everline.hotline.caller", str(number), algorithm="sha256").digest()


def may_guess(caller: Hash) -> bool:
    """Count a wrong number, and tell whether another may be tried."""
    everybody = _count("hotline-guesses", GUESSES_OF_ALL_MAX)
    own = caller is None or _count(f"hotline-guesses-{bytes(caller).hex()}", GUESSES_MAX)
    return everybody and own


def may_write_to(number: str) -> bool:
    """Count a text message to a number, and tell whether it may be sent."""
    digest = hashlib.sha256(number.encode()).hexdigest()
    return _count(f"hotline-links-{digest}", LINKS_MAX)


def remember_language(caller: Hash, locale: str) -> None:
    """Remember which language a caller chose."""
    if caller is not None:
        cache.set(f"hotline-language-{bytes(caller).hex()}", locale, LANGUAGE_SECONDS)


def language_of(caller: Hash) -> str | None:
    """Give the language that a caller chose the last time."""
    return cache.get(f"hotline-language-{bytes(caller).hex()}") if caller is not None else None


def _count(key: str, most: int) -> bool:
    cache.add(key, 0, HOUR_SECONDS)
    try:
        return cache.incr(key) <= most
    except ValueError:  # It ended between the two.
        return True
