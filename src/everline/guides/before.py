"""Before you renew: what to look at first, whatever the way, and where to read on after a refusal.

The ways themselves stand in from_home.py and at_places.py.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext_noop as _

from everline.errors import Code
from everline.guides.guide import Guide, Step

BEFORE: Final = Guide(
    name="before",
    title=_("Before you renew"),
    hint=_("Seven things to look at first."),
    drawing="M10 5h20v30H10ZM14 12l2 2 3-4M14 20l2 2 3-4M14 28l2 2 3-4M22 13h5M22 21h5M22 29h5",
    steps=(
        Step(
            "active",
            _("Is the card active?"),
            (
                _("A new card is activated once, with the start code on the carrier it came in."),
                _(
                    "Online, on the hotline, in a store and at a kiosk you are led through it and"
                    " on to the plan."
                ),
            ),
            _("The page that asks for the start code."),
        ),
        Step(
            "bound",
            _("Is it bound to a device?"),
            (
                _(
                    "A card works in the devices it is bound to. Give the IMEI on"
                    " its label, or dial *#06#."
                ),
                _(
                    "For the chip of an eSIM give its EID. How many devices may"
                    " share is the plan's."
                ),
            ),
            _("The page that asks for the number of the device."),
        ),
        Step(
            "plan",
            _("Which plan fits?"),
            (
                _(
                    "Look at where it works, how much data it has, how long it"
                    " lasts, how many devices."
                ),
                _(
                    "The price details say what happens to the present plan: the new one waits for"
                    " its end, is added now, or replaces it and what is left is lost."
                ),
            ),
            _("The plans for one country."),
        ),
        Step(
            "standing",
            _("What is left, and until when?"),
            (
                _(
                    "Enter the card number to see until when it is valid. Sign in to see the data"
                    " left and the balance, or hear them on the hotline with your PIN."
                ),
                _("A lapsed card can be renewed for some time; its page says until when."),
            ),
            _("A card's page with the validity, the data left and the balance."),
        ),
        Step(
            "records",
            _("Keep the records"),
            (
                _(
                    "Keep the receipt or the slip, on paper or sent to your e-mail"
                    " address or phone."
                ),
                _("Signed in, you find the last renewals on the card's page."),
            ),
            _("A receipt with its number."),
        ),
        Step(
            "official",
            _("Is it really us?"),
            (
                _(
                    "The official check tells whether a store, kiosk, partner,"
                    " message or receipt is ours."
                ),
                _(
                    "Nobody of ours asks you to say your PIN. Doubt a message that wants money sent"
                    " to somebody's own account."
                ),
            ),
            _("The official check says that a store is ours."),
        ),
        Step(
            "offers",
            _("Is there an offer?"),
            (
                _(
                    "Enter the promo code with the price details. You see the"
                    " discount before you pay."
                ),
                _(
                    "Offers have a time, plans and ways for which they hold, and a"
                    " limit for each card."
                ),
            ),
            _("The price details with a promo code applied."),
        ),
    ),
    notes=(
        _(
            "Two renewals of one card do not run at once: the second is told where"
            " the first is open."
        ),
    ),
    leads=(("web:home", _("Enter a card number")), ("web:verify", _("Official check"))),
)

OF_CODE: Final[Mapping[Code, str]] = MappingProxyType(
    {
        Code.CARD_NOT_ACTIVE: "active",
        Code.START_CODE_WRONG: "active",
        Code.START_CODE_LOCKED: "active",
        Code.CARD_NOT_BOUND: "bound",
        Code.DEVICE_LIMIT: "bound",
        Code.DEVICE_BOUND: "bound",
        Code.DEVICE_UNKNOWN: "bound",
        Code.PLAN_NOT_SOLD: "plan",
        Code.PLAN_WITHDRAWN: "plan",
        Code.BALANCE_SHORT: "standing",
        Code.TOO_FAR_AHEAD: "standing",
        Code.PROMOTION_UNKNOWN: "offers",
        Code.PROMOTION_CLOSED: "offers",
        Code.PROMOTION_NOT_FOR_THIS: "offers",
        Code.PROMOTION_USED: "offers",
        Code.PROMOTION_SPENT: "offers",
    }
)
"""The step in which a refusal is explained, where one of them is what is missing."""
