"""What the hotline says to each refusal, written for the ear, and where it leads then.

Every code of errors.py stands in the table; a test says each in every language. A page's words
would not do: nothing here can be looked at or clicked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from everline.errors import Code


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues; talk.py translates it."""
    return sentence


@dataclass(frozen=True, slots=True)
class Prompt:
    """A refusal as it is said, and the step that comes next."""

    sentence: str
    leads: str


_AGAIN: Final = Prompt(_("This cannot be done now. Here is how the card stands."), "look_at_card")
_NO_OFFER: Final = _("This offer does not apply. We go on without it.")
_NO_TOP_UP: Final = _("This cannot be done on the telephone. Press 0 for a person.")

PROMPTS: Final[Mapping[Code, Prompt]] = MappingProxyType(
    {
        Code.CARD_UNKNOWN: Prompt(
            _("We know no card by this number. Check the digits and try once more."), "find"
        ),
        Code.CARD_NOT_ACTIVE: Prompt(
            _("This card is not active yet. Its start code is printed on its carrier."),
            "inactive",
        ),
        Code.CARD_NOT_BOUND: Prompt(
            _("This card is active, but not bound to a device yet."), "unbound"
        ),
        Code.CARD_SUSPENDED: Prompt(
            _("This card is suspended. Press 0 to ask a person to resume it."), "closed"
        ),
        Code.CARD_LOST: Prompt(
            _("This card is reported lost. Press 0 to ask a person to resume it."), "closed"
        ),
        Code.CARD_TERMINATED: Prompt(
            _("This card has ended. It can no longer be renewed."), "closed"
        ),
        Code.CARD_STATE: _AGAIN,
        Code.START_CODE_WRONG: Prompt(_("The start code is wrong."), "inactive"),
        Code.START_CODE_LOCKED: Prompt(
            _("There were too many wrong start codes. Press 0 for a person."), "closed"
        ),
        Code.DEVICE_LIMIT: Prompt(
            _("The plan allows no more devices. One of them must be unbound first."),
            "look_at_card",
        ),
        Code.DEVICE_BOUND: Prompt(_("This device is bound already."), "look_at_card"),
        Code.DEVICE_UNKNOWN: Prompt(_("This device is not bound to the card."), "look_at_card"),
        Code.PLAN_UNKNOWN: Prompt(_("We do not know this plan."), "list_plans"),
        Code.PLAN_WITHDRAWN: Prompt(_("This plan is no longer sold."), "list_plans"),
        Code.PLAN_NOT_SOLD: Prompt(_("This plan is not sold for this card."), "list_plans"),
        Code.TERM_QUEUED: Prompt(
            _("A plan is already waiting to start, and this one cannot come before it."),
            "list_plans",
        ),
        Code.TOO_FAR_AHEAD: Prompt(
            _("This card is already paid too far ahead. Call again later."), "menu"
        ),
        Code.PROMOTION_UNKNOWN: Prompt(_NO_OFFER, "price_again"),
        Code.PROMOTION_CLOSED: Prompt(_NO_OFFER, "price_again"),
        Code.PROMOTION_NOT_FOR_THIS: Prompt(_NO_OFFER, "price_again"),
        Code.PROMOTION_USED: Prompt(_NO_OFFER, "price_again"),
        Code.PROMOTION_SPENT: Prompt(_NO_OFFER, "price_again"),
        Code.QUOTE_CHANGED: Prompt(
            _("The price or the end has changed, and nothing was charged. Listen to the new ones."),
            "price_again",
        ),
        Code.BALANCE_SHORT: Prompt(
            _("The balance is too low, and nothing was charged."), "price_again"
        ),
        Code.RENEWAL_OPEN: Prompt(
            _("Another renewal of this card is in progress. Do not pay again."), "look_at_open"
        ),
        Code.RENEWAL_UNKNOWN: Prompt(_("We know no open renewal by this code."), "find"),
        Code.RENEWAL_STATE: Prompt(
            _("This renewal has moved on meanwhile. Here is how the card stands."), "look_at_card"
        ),
        Code.TERM_PAID: Prompt(
            _("This term is paid already. Nothing was charged."), "look_at_card"
        ),
        Code.CHANNEL_CLOSED: Prompt(
            _("Renewals by telephone are closed for the moment. Press 0 for a person."), "menu"
        ),
        Code.MEANS_NOT_ALLOWED: Prompt(
            _("This way of paying is not taken on the telephone."), "price_again"
        ),
        Code.LIMIT_EXCEEDED: Prompt(
            _("This is more than can be paid on the telephone. Choose another plan."), "list_plans"
        ),
        Code.REQUEST_REUSED: Prompt(
            _("This did not go through, and nothing was charged. Listen once more."), "price_again"
        ),
        Code.PAYMENT_UNSURE: Prompt(
            _("We are checking a payment for this renewal. Do not pay again."), "look_at_open"
        ),
        Code.MANDATE_UNKNOWN: Prompt(_("Auto-renewal is not switched on for this card."), "menu"),
        Code.CONSENT_NEEDED: Prompt(
            _("The price is higher than was agreed to, and nothing was charged."), "price_again"
        ),
        Code.AUTO_PAUSED: Prompt(_("Auto-renewal of this card is paused."), "menu"),
        Code.DATE_NOT_ALLOWED: Prompt(_("This date is not possible."), "menu"),
        Code.NOTHING_TO_SKIP: Prompt(_("No charge is to come that could be skipped."), "menu"),
        Code.REFUND_EXCEEDS: Prompt(_NO_TOP_UP, "menu"),
        Code.CURRENCY_DIFFERS: Prompt(_NO_TOP_UP, "menu"),
        Code.TOPUP_UNKNOWN: Prompt(_NO_TOP_UP, "menu"),
        Code.TOPUP_STATE: Prompt(_NO_TOP_UP, "menu"),
        Code.TOPUP_SPENT: Prompt(_NO_TOP_UP, "menu"),
        Code.ESIM_SOLD_OUT: Prompt(_("No eSIM is left at the moment. Nothing was taken."), "menu"),
        Code.RECEIPT_LIMIT: Prompt(
            _("This receipt was sent to three addresses already. It is sent to no more."), "menu"
        ),
        Code.AUTO_PARKED: Prompt(
            _("Automatic charges of this card wait for a person. Press 0 to ask one."), "menu"
        ),
        Code.AUTO_CAPPED: Prompt(_("The limit for automatic charges is reached."), "menu"),
        Code.NOT_PARKED: Prompt(_("Nothing is held back for this card any more."), "menu"),
        Code.PLAN_QUEUES: Prompt(
            _("This plan starts after the present one. Choose one that starts at once."), "menu"
        ),
        Code.CODE_WRONG: Prompt(_("The code is wrong."), "menu"),
        Code.CODE_ENDED: Prompt(_("This code is no longer good."), "menu"),
        Code.CARD_HELD: Prompt(_("This card is in an account already."), "menu"),
        Code.ADDRESS_TAKEN: Prompt(_("This address belongs to another account."), "menu"),
        Code.METHOD_UNKNOWN: Prompt(_NO_TOP_UP, "menu"),
        Code.PAYMENT_DECLINED: Prompt(_NO_TOP_UP, "menu"),
        Code.AUTHENTICATION_REQUIRED: Prompt(_NO_TOP_UP, "menu"),
    }
)
