"""The catalogue of everything that can be answered with "no", and the three kinds of exceptions.

A refusal is a value: a code with facts, stored with the request and worded by the channel that
shows it. A fault is something outside that did not answer. A misuse is a caller's mistake, found at
the edge. A bug is an assertion. Nothing here knows HTTP, a screen or a language: each channel owns
its table from code to status and words, and a test checks that the tables are complete.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

Facts = Mapping[str, Any]
"""What a refusal is about, as JSON values: amounts in minor units, instants in ISO 8601."""


class Code(StrEnum):
    """Every refusal the verbs can return; docs/errors.md is generated from this list."""

    CARD_UNKNOWN = "card_unknown"
    CARD_NOT_ACTIVE = "card_not_active"
    CARD_NOT_BOUND = "card_not_bound"
    CARD_SUSPENDED = "card_suspended"
    CARD_LOST = "card_lost"
    CARD_TERMINATED = "card_terminated"
    CARD_STATE = "card_state"
    START_CODE_WRONG = "start_code_wrong"
    START_CODE_LOCKED = "start_code_locked"
    DEVICE_LIMIT = "device_limit"
    DEVICE_BOUND = "device_bound"
    DEVICE_UNKNOWN = "device_unknown"
    PLAN_UNKNOWN = "plan_unknown"
    PLAN_WITHDRAWN = "plan_withdrawn"
    PLAN_NOT_SOLD = "plan_not_sold"
    TERM_QUEUED = "term_queued"
    TOO_FAR_AHEAD = "too_far_ahead"
    PROMOTION_UNKNOWN = "promotion_unknown"
    PROMOTION_CLOSED = "promotion_closed"
    PROMOTION_NOT_FOR_THIS = "promotion_not_for_this"
    PROMOTION_USED = "promotion_used"
    PROMOTION_SPENT = "promotion_spent"
    QUOTE_CHANGED = "quote_changed"
    BALANCE_SHORT = "balance_short"
    RENEWAL_OPEN = "renewal_open"
    RENEWAL_UNKNOWN = "renewal_unknown"
    RENEWAL_STATE = "renewal_state"
    TERM_PAID = "term_paid"
    CHANNEL_CLOSED = "channel_closed"
    MEANS_NOT_ALLOWED = "means_not_allowed"
    LIMIT_EXCEEDED = "limit_exceeded"
    REQUEST_REUSED = "request_reused"
    PAYMENT_UNSURE = "payment_unsure"
    MANDATE_UNKNOWN = "mandate_unknown"
    CONSENT_NEEDED = "consent_needed"
    AUTO_PAUSED = "auto_paused"
    DATE_NOT_ALLOWED = "date_not_allowed"
    NOTHING_TO_SKIP = "nothing_to_skip"
    REFUND_EXCEEDS = "refund_exceeds"
    CURRENCY_DIFFERS = "currency_differs"
    TOPUP_UNKNOWN = "topup_unknown"
    TOPUP_STATE = "topup_state"
    TOPUP_SPENT = "topup_spent"
    ESIM_SOLD_OUT = "esim_sold_out"
    RECEIPT_LIMIT = "receipt_limit"
    AUTO_PARKED = "auto_parked"
    AUTO_CAPPED = "auto_capped"
    NOT_PARKED = "not_parked"
    PLAN_QUEUES = "plan_queues"
    CODE_WRONG = "code_wrong"
    CODE_ENDED = "code_ended"
    CARD_HELD = "card_held"
    ADDRESS_TAKEN = "address_taken"
    METHOD_UNKNOWN = "method_unknown"
    PAYMENT_DECLINED = "payment_declined"
    AUTHENTICATION_REQUIRED = "authentication_required"


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues; the channel that shows it translates it."""
    return sentence


SENTENCES: Final[Mapping[Code, str]] = MappingProxyType(
    {
        Code.CARD_UNKNOWN: _("This card number is not known. Check the digits on the card."),
        Code.CARD_NOT_ACTIVE: _("This card is not active yet. Activate it with its start code."),
        Code.CARD_NOT_BOUND: _("This card is not bound to a device yet. Bind it by IMEI or EID."),
        Code.CARD_SUSPENDED: _("This card is suspended. Ask support to resume it."),
        Code.CARD_LOST: _("This card is reported lost. Ask support to resume it."),
        Code.CARD_TERMINATED: _("This card has ended and can no longer be renewed."),
        Code.CARD_STATE: _("This step is not possible in the card's present state."),
        Code.START_CODE_WRONG: _("The start code is wrong. It is printed on the card's carrier."),
        Code.START_CODE_LOCKED: _("Too many wrong start codes. Ask support for help."),
        Code.DEVICE_LIMIT: _("The plan allows no more devices. Unbind one of them first."),
        Code.DEVICE_BOUND: _("This device is bound to this card already."),
        Code.DEVICE_UNKNOWN: _("This device is not bound to this card."),
        Code.PLAN_UNKNOWN: _("This plan is not known. Choose one from the list."),
        Code.PLAN_WITHDRAWN: _("This plan is no longer sold. Choose another one."),
        Code.PLAN_NOT_SOLD: _("This plan is not sold for this card. Choose another one."),
        Code.TERM_QUEUED: _("A plan is already waiting to start. Choose one that queues after it."),
        Code.TOO_FAR_AHEAD: _("This card is already paid too far ahead. Come back later."),
        Code.PROMOTION_UNKNOWN: _("This promo code is not known. Check it or go on without it."),
        Code.PROMOTION_CLOSED: _("This offer is not open now. Go on without it."),
        Code.PROMOTION_NOT_FOR_THIS: _("This offer does not apply here. Go on without it."),
        Code.PROMOTION_USED: _("This card has used this offer already. Go on without it."),
        Code.PROMOTION_SPENT: _("This offer is used up. Go on without it."),
        Code.QUOTE_CHANGED: _("The price or the end date has changed. Look at the new details."),
        Code.BALANCE_SHORT: _("The balance is too low. Top it up or pay another way."),
        Code.RENEWAL_OPEN: _("A renewal of this card is already in progress. Do not pay again."),
        Code.RENEWAL_UNKNOWN: _("This renewal is not known."),
        Code.RENEWAL_STATE: _("This step is not possible in the renewal's present state."),
        Code.TERM_PAID: _("This term is paid already. Nothing was charged."),
        Code.CHANNEL_CLOSED: _("Renewals are closed here for the moment. Use another channel."),
        Code.MEANS_NOT_ALLOWED: _(
            "This means of payment is not accepted here. Choose another one."
        ),
        Code.LIMIT_EXCEEDED: _(
            "This amount is outside the limits here. Choose another one or another channel."
        ),
        Code.REQUEST_REUSED: _("This request id was used for something else. Send a new one."),
        Code.PAYMENT_UNSURE: _("We are checking the payment. Do not pay again."),
        Code.MANDATE_UNKNOWN: _("Auto-renewal is not switched on for this card."),
        Code.CONSENT_NEEDED: _("The price is higher than you agreed to. Agree to the new one."),
        Code.AUTO_PAUSED: _("Auto-renewal of this card is paused. End the pause, or renew it now."),
        Code.DATE_NOT_ALLOWED: _("This date is not possible. Choose a later one, within a year."),
        Code.NOTHING_TO_SKIP: _("No charge is to come that could be skipped."),
        Code.REFUND_EXCEEDS: _("A refund cannot exceed what was paid."),
        Code.CURRENCY_DIFFERS: _("This card is kept in another currency. Choose an amount in it."),
        Code.TOPUP_UNKNOWN: _("This top-up is not known."),
        Code.TOPUP_STATE: _("This step is not possible in the top-up's present state."),
        Code.TOPUP_SPENT: _("This top-up has been spent already and cannot be taken back."),
        Code.ESIM_SOLD_OUT: _("No eSIM is left at the moment. Nothing was taken; come back later."),
        Code.RECEIPT_LIMIT: _("This receipt went to three addresses already. Print it instead."),
        Code.AUTO_PARKED: _("Automatic charges of this card wait for a person to look at them."),
        Code.AUTO_CAPPED: _("The limit that you set for automatic charges is reached."),
        Code.NOT_PARKED: _("Nothing is held back here any more."),
        Code.PLAN_QUEUES: _(
            "This plan starts only after the present one, so it cannot be renewed when data runs"
            " low. Choose a plan that starts at once."
        ),
        Code.CODE_WRONG: _("The code is wrong. Look at the message again."),
        Code.CODE_ENDED: _("This code is no longer good. Ask for a new one."),
        Code.CARD_HELD: _("This card is in an account already. Its holder can give it up."),
        Code.ADDRESS_TAKEN: _("This address belongs to another account already. Sign in with it."),
        Code.METHOD_UNKNOWN: _("This saved means of payment is gone. Choose another one."),
        Code.PAYMENT_DECLINED: _("Every saved means of payment was declined. Pay another way."),
        Code.AUTHENTICATION_REQUIRED: _("Your bank wants you to confirm this payment yourself."),
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A polite "no": stored with the request, replayed like a success, never logged as an error."""

    code: Code
    facts: Facts = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The English sentence for people, which channels use as the key of their catalogues."""
        return SENTENCES[self.code]


class FaultError(Exception):
    """Something outside did not give an explicit answer, so what it did is not known.

    `system` names who was silent; `detail` is masked and safe to log.
    """

    def __init__(self, system: str, detail: str) -> None:
        super().__init__(f"{system}: {detail}")
        self.system = system
        self.detail = detail


class MisuseError(Exception):
    """A caller's mistake, found at the edge: nothing was written.

    `code` is stable, `field` names what to mend, `sentence` says how.
    """

    def __init__(self, code: str, sentence: str, *, field_name: str = "", **facts: Any) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.field_name = field_name
        self.facts: Facts = facts
