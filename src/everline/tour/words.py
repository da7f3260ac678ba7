"""The tour's words: names of devices and acts, steps of the timeline, accounts, and why.

Each is one short thing to say; a test holds them against the transition table and the chart of
accounts. Facts are worded by pages/words.py as everywhere.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _, gettext_noop

DEVICES: Final[Mapping[str, tuple[str, str]]] = {
    "phone": (gettext_noop("Online"), gettext_noop("Pay by bank card")),
    "calendar": (gettext_noop("Automatic"), gettext_noop("Due by itself")),
    "telephone": (gettext_noop("Hotline"), gettext_noop("Call, then the PIN")),
    "till": (gettext_noop("Store"), gettext_noop("Cash at the till")),
    "partner": (gettext_noop("Partner platform"), gettext_noop("Its app, our API")),
    "kiosk": (gettext_noop("Kiosk"), gettext_noop("Touch and pay")),
}
FIGURES: Final[Mapping[str, str]] = {
    "phone": "tour/figures/phone.html",
    "calendar": "tour/figures/calendar.html",
    "telephone": "tour/figures/telephone.html",
    "till": "tour/figures/till.html",
    "partner": "tour/figures/partner.html",
    "kiosk": "tour/figures/kiosk.html",
}
"""How each device is drawn."""

MISFORTUNES: Final[Mapping[str, str]] = {
    "press-twice": gettext_noop("Press twice"),
    "cut": gettext_noop("Cut the network in the middle"),
    "race": gettext_noop("Race the kiosk and the phone"),
    "lie": gettext_noop("The gateway lies"),
    "late-yes": gettext_noop("A yes after we gave up"),
    "day-later": gettext_noop("One day later"),
}
WHY: Final[Mapping[str, str]] = {
    "phone": gettext_noop("The bank said yes, and only then was the month sold."),
    "calendar": gettext_noop(
        "The consent was given before; the renewal was due a day before the end."
    ),
    "telephone": gettext_noop("The number chose the card, the PIN allowed the payment."),
    "till": gettext_noop("The clerk took cash; the store's deposit paid in the same step."),
    "partner": gettext_noop("The partner's key and its order's own id: it may ask again safely."),
    "kiosk": gettext_noop("The kiosk opened it, the card terminal paid it."),
    "press-twice": gettext_noop(
        "Pressed twice: the second press found the first request and got its answer."
    ),
    "cut": gettext_noop("The answer was lost. Asked again, the same request gave the same answer."),
    "race": gettext_noop("Both came at once. The card lets one in at a time."),
    "lie": gettext_noop("No answer is not a no. The bank is asked until it tells."),
    "late-yes": gettext_noop("Too late: the second payment renewed, the late one went back."),
    "late_money": gettext_noop("The second payment renewed. The late money is going back."),
    "day-later": gettext_noop("A day passed. The renewal came before the end, by itself."),
    "kiosk_won": gettext_noop("The kiosk was first. The phone was told where and since when."),
    "phone_won": gettext_noop("The phone was first. The kiosk was told where and since when."),
    "checking": gettext_noop("The bank says nothing yet. Nobody is told that it failed."),
    "clock_stays": gettext_noop("The clock stays: it is far ahead already, or a payment is open."),
    "lost": gettext_noop("A step did not lead on. Nothing was charged twice; start over."),
    "refused": gettext_noop("This could not be done, and nothing was charged."),
    "full": gettext_noop("All cards of the tour are in use. Try again in an hour."),
    "welcome": gettext_noop("Press a device. It renews this card for real."),
}
STEPS: Final[Mapping[tuple[str, str], str]] = {
    ("renewal", "placed"): gettext_noop("Placed"),
    ("renewal", "awaiting_payment"): gettext_noop("Opened, to be paid"),
    ("renewal", "held"): gettext_noop("Being reviewed"),
    ("renewal", "paid"): gettext_noop("Paid: the month is sold"),
    ("renewal", "delivered"): gettext_noop("Delivered to the card"),
    ("renewal", "cancelled"): gettext_noop("Cancelled"),
    ("renewal", "expired"): gettext_noop("The time to pay is over"),
    ("renewal", "refused"): gettext_noop("Refused"),
    ("renewal", "reversing"): gettext_noop("Being refunded"),
    ("renewal", "reversed"): gettext_noop("Refunded"),
    ("attempt", "created"): gettext_noop("The payment is prepared"),
    ("attempt", "sent"): gettext_noop("The bank is asked"),
    ("attempt", "unknown"): gettext_noop("The bank does not answer: unknown"),
    ("attempt", "succeeded"): gettext_noop("The bank says yes"),
    ("attempt", "failed"): gettext_noop("The bank says no"),
    ("attempt", "superseded"): gettext_noop("The bank is asked no more for now"),
    ("attempt", "parked"): gettext_noop("A person looks at the payment"),
    ("refund", "created"): gettext_noop("The refund is prepared"),
    ("refund", "sent"): gettext_noop("The refund is sent"),
    ("refund", "unknown"): gettext_noop("The refund is not confirmed yet"),
    ("refund", "succeeded"): gettext_noop("The money is back"),
    ("refund", "parked"): gettext_noop("A person looks at the refund"),
    ("order", "sent"): gettext_noop("The network is asked"),
    ("order", "unknown"): gettext_noop("The network does not answer yet"),
    ("order", "refused"): gettext_noop("The network says no"),
    ("order", "done"): gettext_noop("The network says done"),
}
ACCOUNTS: Final[Mapping[str, str]] = {
    "balance": gettext_noop("Card's balance"),
    "deposit": gettext_noop("Deposit"),
    "promotion_budget": gettext_noop("Promotion"),
    "bank": gettext_noop("Bank"),
    "clearing": gettext_noop("Payment gateway"),
    "unapplied": gettext_noop("Received"),
    "deferred": gettext_noop("Sold ahead"),
    "revenue": gettext_noop("Revenue"),
    "tax": gettext_noop("Tax"),
    "promotion_funding": gettext_noop("Promotion granted"),
    "promotion_spent": gettext_noop("Promotion used"),
    "commission": gettext_noop("Commission"),
    "goodwill": gettext_noop("Goodwill"),
}


def step(machine: str, state: str) -> str:
    """Say one step of the timeline."""
    return _(STEPS[machine, state])


def account(kind: str) -> str:
    """Name an account by its kind."""
    return _(ACCOUNTS[kind])


def why(kind: str) -> str:
    """Say why it came out as it did."""
    return _(WHY[kind])
