"""The ways for which one goes somewhere: an authorised store, a self-service kiosk.

The other ways stand in from_home.py.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

from everline.guides.guide import Guide, Step

STORE: Final = Guide(
    name="store",
    title=_("Authorised store"),
    hint=_("In cash, with help and a slip."),
    drawing="M6 16 9 7h22l3 9M8 16v18h24V16M6 16c0 5 7 5 7 0 0 5 7 5 7 0 0 5 7 5 7 0 0 5 7 5 7 0"
    "M16 34v-9h8v9",
    steps=(
        Step(
            "places",
            _("Find a store"),
            (
                _(
                    "The list shows address, opening hours and distance, by city or"
                    " from where you are."
                ),
                _("Each store has an official code that anybody can check."),
            ),
            _("The list of authorised stores, with hours and official codes."),
        ),
        Step(
            "card",
            _("Show the card"),
            (
                _("Its number is enough, or its phone number, or the code of an open renewal."),
                _("For larger amounts the clerk may have to see a document. Only that is noted."),
            ),
            _("The till, into which the clerk enters the card number."),
        ),
        Step(
            "plan",
            _("Choose a plan"),
            (
                _(
                    "The clerk sees for each plan what it costs and until when your"
                    " card will be valid."
                ),
            ),
            _("The till with plans, prices and the new ends."),
        ),
        Step(
            "cash",
            _("Pay"),
            (
                _("Ask for the total and the new end before you pay; the till shows both."),
                _("Pay in cash, or by the store's own card terminal."),
            ),
            _("The till with the total, the new end and the change for each note."),
        ),
        Step(
            "slip",
            _("Take the slip"),
            (
                _(
                    "It has the receipt number and the new end. Its QR code leads to"
                    " the official check."
                ),
                _("A sale by mistake can be taken back the same day by the store's manager."),
            ),
            _("The slip of the renewal on the till."),
        ),
    ),
    notes=(_("A clerk needs no PIN and no one-time code of yours. Do not give them away."),),
    leads=(("web:places", _("Find a store or kiosk")),),
)

KIOSK: Final = Guide(
    name="kiosk",
    title=_("Self-service kiosk"),
    hint=_("On a large screen, by bank card or phone."),
    drawing="M10 4h20v22H10ZM16 26v8M24 26v8M11 36h18M15 10h10M15 15h10M15 20h5",
    steps=(
        Step(
            "language",
            _("Touch your language"),
            (
                _("The list of places says which stores have a kiosk."),
                _("The QR code at the bottom tells whether the kiosk is official."),
            ),
            _("The first screen of the kiosk, with three languages."),
        ),
        Step(
            "number",
            _("Enter the card number"),
            (
                _("Or the phone number of the card, or the code of a renewal opened elsewhere."),
                _("A kiosk with a camera also reads the QR code on the card."),
            ),
            _("The kiosk's keys and the card number."),
        ),
        Step(
            "plan",
            _("Choose a plan"),
            (_("Each shows its price and until when the card will be valid."),),
            _("The kiosk's list of plans."),
        ),
        Step(
            "price",
            _("Check the price and choose how to pay"),
            (
                _(
                    "The total, the new end and what happens to the present plan"
                    " stand on one screen."
                ),
                _("Pay by bank card at the terminal, or by phone."),
            ),
            _("The price details at the kiosk, with two ways to pay."),
        ),
        Step(
            "pay",
            _("Pay"),
            (
                _("Hold the bank card to the terminal, or scan the code and pay on your phone."),
                _("The code of the renewal lets you pay elsewhere, should you have to leave."),
            ),
            _("The kiosk waits for the bank card."),
        ),
        Step(
            "slip",
            _("Take the slip"),
            (
                _("Then touch Done. The screen starts over, and nothing of you stays on it."),
                _("It also does so by itself a minute after the last touch."),
            ),
            _("The kiosk says Renewed and shows the slip."),
        ),
    ),
    leads=(("web:places", _("Find a store or kiosk")),),
)
