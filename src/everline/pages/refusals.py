"""What leads on from a refusal, the same at the site, the till and the kiosk.

A channel gives its own words and what it does otherwise; the address of a way is its own too. What
a refusal is about stands in facts.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from django.utils.translation import gettext_noop

from everline.errors import Code


class Way(Enum):
    """Where a refusal leads on to."""

    HOME = auto()
    CARD = auto()
    ACTIVATE = auto()
    BIND = auto()
    ORDER = auto()


Step = tuple[Way, str]
"""A way, and the English words of the button that leads there."""

ANOTHER_CARD: Final = (Way.HOME, gettext_noop("Enter another card number"))
ANOTHER_PLAN: Final = (Way.CARD, gettext_noop("Choose another plan"))
DETAILS: Final = (Way.ORDER, gettext_noop("Look at the price details"))
WITHOUT_CODE: Final = (Way.ORDER, gettext_noop("Go on without the code"))


@dataclass(frozen=True, slots=True)
class Explained:
    """A refusal as a page shows it."""

    code: Code
    sentence: str
    details: tuple[str, ...]
    step: str
    url: str
    guide: str = ""
    """Where it is explained with a picture; empty where nothing is, or nobody could go there."""


def steps(the_card: Step, ends: Step, own: Mapping[Code, Step]) -> dict[Code, Step]:
    """Give the step that follows each code.

    `the_card` leads back to the card, `ends` to whoever comes next; `own` is what a channel does
    otherwise.
    """
    return {
        Code.CARD_UNKNOWN: ANOTHER_CARD,
        Code.CARD_NOT_ACTIVE: (Way.ACTIVATE, gettext_noop("Activate the card")),
        Code.CARD_NOT_BOUND: (Way.BIND, gettext_noop("Bind the card to a device")),
        Code.CARD_SUSPENDED: ends,
        Code.CARD_LOST: ends,
        Code.CARD_TERMINATED: ends,
        Code.CARD_STATE: the_card,
        Code.START_CODE_WRONG: (Way.ACTIVATE, gettext_noop("Enter the start code again")),
        Code.START_CODE_LOCKED: ends,
        Code.DEVICE_LIMIT: the_card,
        Code.DEVICE_BOUND: the_card,
        Code.DEVICE_UNKNOWN: the_card,
        Code.PLAN_UNKNOWN: ANOTHER_PLAN,
        Code.PLAN_WITHDRAWN: ANOTHER_PLAN,
        Code.PLAN_NOT_SOLD: ANOTHER_PLAN,
        Code.TERM_QUEUED: ANOTHER_PLAN,
        Code.TOO_FAR_AHEAD: the_card,
        Code.PROMOTION_UNKNOWN: WITHOUT_CODE,
        Code.PROMOTION_CLOSED: WITHOUT_CODE,
        Code.PROMOTION_NOT_FOR_THIS: WITHOUT_CODE,
        Code.PROMOTION_USED: WITHOUT_CODE,
        Code.PROMOTION_SPENT: WITHOUT_CODE,
        Code.QUOTE_CHANGED: DETAILS,
        Code.BALANCE_SHORT: DETAILS,
        Code.RENEWAL_OPEN: the_card,
        Code.RENEWAL_UNKNOWN: ends,
        Code.RENEWAL_STATE: the_card,
        Code.TERM_PAID: the_card,
        Code.CHANNEL_CLOSED: ends,
        Code.MEANS_NOT_ALLOWED: ends,
        Code.LIMIT_EXCEEDED: ANOTHER_PLAN,
        Code.REQUEST_REUSED: DETAILS,
        Code.PAYMENT_UNSURE: the_card,
        Code.MANDATE_UNKNOWN: the_card,
        Code.CONSENT_NEEDED: the_card,
        Code.AUTO_PAUSED: the_card,
        Code.DATE_NOT_ALLOWED: the_card,
        Code.NOTHING_TO_SKIP: the_card,
        Code.REFUND_EXCEEDS: ends,
        Code.CURRENCY_DIFFERS: ends,
        Code.TOPUP_UNKNOWN: ends,
        Code.TOPUP_STATE: ends,
        Code.TOPUP_SPENT: ends,
        Code.ESIM_SOLD_OUT: ends,
        Code.RECEIPT_LIMIT: the_card,
        Code.AUTO_PARKED: the_card,
        Code.AUTO_CAPPED: the_card,
        Code.NOT_PARKED: the_card,
        Code.PLAN_QUEUES: ANOTHER_PLAN,
        Code.CODE_WRONG: the_card,
        Code.CODE_ENDED: the_card,
        Code.CARD_HELD: the_card,
        Code.ADDRESS_TAKEN: the_card,
        Code.METHOD_UNKNOWN: the_card,
        Code.PAYMENT_DECLINED: the_card,
        Code.AUTHENTICATION_REQUIRED: the_card,
        **own,
    }
