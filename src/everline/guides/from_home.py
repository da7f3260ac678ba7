"""The ways that need no walk: online, automatic, by hotline, on a partner's platform.

What a step says is what its channel does: tests/browser/test_guides.py goes through each of them on
the real pages. The other ways stand in at_places.py, what holds for all of them in before.py.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

from everline.guides.guide import Guide, Step

ONLINE: Final = Guide(
    name="online",
    title=_("Online"),
    hint=_("On this site, without an account."),
    drawing="M13 4h14a2 2 0 0 1 2 2v28a2 2 0 0 1-2 2H13a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2ZM18 31h4",
    steps=(
        Step(
            "number",
            _("Enter the card number"),
            (
                _("It begins with 89 and stands on the card and on its carrier."),
                _("You need no account, and anybody may renew a card for somebody else."),
            ),
            _("The first page of the site with a card number in its field."),
        ),
        Step(
            "plan",
            _("Choose a plan"),
            (
                _(
                    "Each one shows its data, how long it lasts, for how many"
                    " devices, and the price."
                ),
                _("Say where you will use the card, and only plans that work there are shown."),
            ),
            _("The list of plans below the card."),
        ),
        Step(
            "price",
            _("Read the price details"),
            (
                _("You see the total with tax and the exact new end before you pay."),
                _("You also see what happens to the present plan and to what is left of it."),
            ),
            _("The price details with the start and the new end of the plan."),
        ),
        Step(
            "pay",
            _("Pay"),
            (
                _("Give an e-mail address or a phone number for the confirmation, if you like."),
                _(
                    "The bank card is entered on the payment company's page and never reaches us."
                    " Signed in, you can also pay from the balance."
                ),
            ),
            _("The payment page, which asks for the bank card."),
        ),
        Step(
            "receipt",
            _("Keep the receipt"),
            (
                _(
                    "It has the receipt number, the plan, the amount and until when"
                    " the card is valid."
                ),
                _("If it says that the payment is being checked, do not pay again: just wait."),
            ),
            _("The page that says Renewed, with the receipt."),
        ),
    ),
    notes=(
        _(
            "You can stop before paying. An open renewal has a code, with which it"
            " is paid elsewhere."
        ),
        _("What is paid and cannot be delivered is refunded by itself."),
    ),
    leads=(("web:home", _("Renew online")),),
)

AUTOMATIC: Final = Guide(
    name="automatic",
    title=_("Automatic"),
    hint=_("Paid from the balance or a kept bank card before the plan ends."),
    drawing="M7 9h26v25H7ZM7 16h26M14 5v7M26 5v7M15 25l4 4 7-8",
    steps=(
        Step(
            "balance",
            _("Top up the balance"),
            (
                _("The price is taken from a kept bank card or the balance of the card."),
                _("It is topped up here, in a store, at a kiosk or on a partner's platform."),
            ),
            _("The page for topping up, with amounts to choose from."),
        ),
        Step(
            "consent",
            _("Switch it on"),
            (
                _("Sign in, open the card and read what it does. Then switch it on."),
                _("You may also tick its box when you renew. It is never ticked for you."),
            ),
            _("What auto-renewal does, above the button to switch it on."),
        ),
        Step(
            "charge",
            _("See what comes next"),
            (
                _(
                    "The card's page shows the next charge, when it is first tried,"
                    " and the balance."
                ),
                _(
                    "That is before the plan ends. Only a plan that would not wait for the end of"
                    " the present one is charged at the end itself."
                ),
            ),
            _("Auto-renewal is on: the plan, the next charge and when it is first tried."),
        ),
        Step(
            "off",
            _("Switch it off"),
            (
                _("One press, at any time, in the same place. What is paid stays paid."),
                _("Renew in another way meanwhile, and that term is not charged again."),
            ),
            _("Auto-renewal is off again on the card's page."),
        ),
    ),
    notes=(
        _("If nothing suffices to pay, you are told before, and nothing is taken."),
        _("It is then tried again until the plan ends; top up in time, and it goes on."),
    ),
    leads=(("web:my-cards", _("My cards")),),
)

HOTLINE: Final = Guide(
    name="hotline",
    title=_("Hotline"),
    hint=_("By the keys of any telephone."),
    drawing="M9 6h7l3 9-5 3c2 5 5 8 9 9l3-5 9 3v7c-16 4-30-10-26-26Z",
    steps=(
        Step(
            "pin",
            _("Set a service PIN"),
            (
                _(
                    "Once, on the card's page: sign in and choose it. Your customer"
                    " number is there too."
                ),
                _("You need it to hear the data left and to pay from the balance."),
            ),
            _("The page on which a service PIN is chosen."),
        ),
        Step(
            "call",
            _("Call and choose the language"),
            (
                _("Press the key of your language."),
                _(
                    "At any time * says the step again, and with 0 you can ask for a"
                    " person to call back."
                ),
            ),
            _("A telephone's keys; the hotline says which key is which language."),
        ),
        Step(
            "card",
            _("Say which card it is"),
            (
                _("A call from the card's own number finds it at once."),
                _(
                    "Else key its phone number, your customer number or the code of"
                    " an open renewal,"
                    " and then the hash key. Nobody keys the long card number."
                ),
            ),
            _("The hotline asks which card it is about."),
        ),
        Step(
            "menu",
            _("Renew the same plan or choose another"),
            (
                _("You hear until when the card is valid."),
                _("1 renews the same plan, 2 lists all plans, 3 tells data left and balance."),
            ),
            _("The hotline tells how the card stands and what the keys do."),
        ),
        Step(
            "price",
            _("Hear the price, then pay"),
            (
                _("You hear the total, the new end and what happens to the present plan."),
                _(
                    "1 pays from the balance with your PIN. 2 sends a link to pay in"
                    " a text message."
                ),
            ),
            _("The hotline tells the plan, the total and the new end."),
        ),
        Step(
            "done",
            _("Hear that it is done"),
            (
                _("The hotline says how the renewal stands. Press 1 to hear it once more."),
                _("If the line breaks, call again: you hear how the card stands before you pay."),
            ),
            _("The hotline says that the card is renewed."),
        ),
    ),
    notes=(
        _("The PIN is keyed and never spoken. Nobody of ours asks you to say it."),
        _("A new card is activated and bound to its device by the keys as well."),
    ),
)

PLATFORM: Final = Guide(
    name="platform",
    title=_("Third-party platform"),
    hint=_("In a partner's app, from its e-wallet."),
    drawing="M12 4h16a2 2 0 0 1 2 2v28a2 2 0 0 1-2 2H12a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z"
    "M15 10h4v4h-4ZM22 10h4v4h-4ZM15 18h4v4h-4ZM22 18h4v4h-4Z",
    steps=(
        Step(
            "tile",
            _("Open the partner's app"),
            (
                _(
                    "Choose Data card there. The pictures show a made-up app; yours"
                    " looks different."
                ),
                _("Whether a partner is official is told by the official check."),
            ),
            _("A partner's app with a tile for data cards."),
        ),
        Step(
            "number",
            _("Enter the card number"),
            (_("Or the phone number of the card, with + and the country's code."),),
            _("The app's field for the card number."),
        ),
        Step(
            "plan",
            _("Choose a plan"),
            (_("Prices and new ends come from us, so they are the same as on this site."),),
            _("The app's list of plans with prices and new ends."),
        ),
        Step(
            "pay",
            _("Check and pay"),
            (_("The app shows card, plan, new end and total, and takes it from your e-wallet."),),
            _("The app's summary above its button to pay."),
        ),
        Step(
            "done",
            _("See the outcome"),
            (
                _("It can be checked here by the link on the receipt."),
                _("If the app says that it is checking, do not pay again."),
            ),
            _("The app says that the card is renewed."),
        ),
    ),
    notes=(
        _("Ask the partner about the money in the e-wallet. How the card stands, you see here."),
    ),
    leads=(("web:verify", _("Official check")),),
)
