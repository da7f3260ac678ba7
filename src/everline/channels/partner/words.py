"""What a partner shows its subscribers of a card and a quote, in words.

Sentences of refusals stand in problems.py.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import get_language, gettext, gettext_noop as _

from everline import clock
from everline.errors import Code
from everline.renewals import Quote

STATES: Final[Mapping[str, str]] = {
    "in_stock": _("Not activated yet"),
    "activated": _("Activated, not bound to a device yet"),
    "bound": _("In use"),
    "suspended": _("Suspended"),
    "lost": _("Reported lost"),
    "terminated": _("Ended"),
}
"""Each state of a card; a test checks that none is missing."""

MISSING_STEPS: Final[Mapping[str, Code]] = {
    "in_stock": Code.CARD_NOT_ACTIVE,
    "activated": Code.CARD_NOT_BOUND,
    "suspended": Code.CARD_SUSPENDED,
    "lost": Code.CARD_LOST,
    "terminated": Code.CARD_TERMINATED,
}
"""The refusal that a state meets; a test compares it with what the verb answers."""


OUTCOMES: Final[Mapping[str, str]] = {
    "paid": _("Paid. Do not send it again."),
    "taken_back": _("Taken back: the money is in your deposit again, or on its way there."),
    "refused": _("Refused: nothing was taken, and a new try needs a new reference."),
    "given_up": _("Given up: nothing was taken, and nothing will be under this reference."),
    "unknown": _("Not received, or not finished yet. Send the same again with this reference."),
}
"""Each outcome of an advice."""


def fate(quote: Quote) -> str:
    """Say what happens to the present plan and to what is left of it, in the active language."""
    assert quote.starts_at is not None
    starts_at = clock.format_instant(quote.starts_at, quote.zone, get_language() or "en")
    return gettext(quote.fate) % {"starts_at": starts_at}
