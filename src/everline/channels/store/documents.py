"""The document check: whether a clerk looks at a document, as the operator's policy says.

Only the fact is kept: not asked, seen, or matched with the registered holder's name. No number of
a document and no name is stored, logged or shown.
"""

import unicodedata
from typing import Final
from uuid import UUID

from django.core.cache import cache

from everline.catalogue import Policy
from everline.people.models import Holding

NOT_ASKED: Final = "not_asked"
SEEN: Final = "seen"
MATCHED: Final = "matched"

ENDING_LENGTH_MIN: Final = 2
TRIES_MAX: Final = 5
TRIES_SECONDS: Final = 900


def wanted(policy: Policy, amount: int, currency: str, account_id: UUID) -> str:
    """Tell which check an amount needs: a card that nobody registered has no name to match."""
    asked = str(policy.document_check.get("asked", NOT_ASKED))
    if amount < int(policy.document_check.get("from", {}).get(currency, 0)):
        return NOT_ASKED
    if asked == MATCHED and not registered_name(account_id):
        return SEEN
    return asked if asked in {SEEN, MATCHED} else NOT_ASKED


def registered_name(account_id: UUID) -> str:
    """Find the name of whoever holds an account now; empty when nobody does."""
    holding = (
        Holding.objects.filter(account_id=account_id, ends_at=None).select_related("person").first()
    )
    return holding.person.name if holding else ""


def matches(account_id: UUID, typed: str) -> bool:
    """Compare what was typed with the end of the registered name.

    Case, blanks and width do not matter; two signs at least, or one in Chinese. Five wrong ones
    close the comparison for a quarter of an hour, so that nobody spells out a name here.
    """
    key = f"till-document-{account_id}"
    tries = cache.get_or_set(key, 0, TRIES_SECONDS) or 0
    if tries >= TRIES_MAX:
        return False
    name, ending = _plain(registered_name(account_id)), _plain(typed)
    is_long = len(ending) >= ENDING_LENGTH_MIN or (len(ending) == 1 and not ending.isascii())
    if is_long and name.endswith(ending):
        cache.delete(key)
        return True
    cache.set(key, tries + 1, TRIES_SECONDS)
    return False


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
