"""A top-up's state as a page shows it, and the rows of its receipt. Renewals are in states.py.

The balance is said nowhere here: whoever pays for somebody else's card learns nothing of it.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from everline import ids
from everline.catalogue import Policy
from everline.ids import Iccid
from everline.pages import states, words
from everline.pages.states import Face, Row
from everline.topups import TopUp


def face(top_up: TopUp, policy: Policy, *, has_returned: bool) -> Face:
    """Say where a top-up stands; `has_returned` after the gateway's page, whatever it said."""
    match top_up.state:
        case "awaiting_payment":
            return states.waiting(top_up, has_returned=has_returned)
        case "paid":
            amount = {"amount": words.money(top_up.amount, top_up.currency, policy)}
            text = _("%(amount)s was added to the balance of the card.") % amount
            return Face("done", _("Top-up done"), (text,))
        case "reversed":
            return Face("note", _("Refunded"), (_back(top_up),), starts_over=True)
    money = _back(top_up)
    if not top_up.refund_state and top_up.attempt_state in {"unknown", "superseded", "parked"}:
        money = _("Should the bank still take the money, it is refunded by itself.")
    match top_up.state:
        case "cancelled":
            title, text = _("Cancelled"), _("This top-up was cancelled.")
        case "expired":
            title, text = _("The time to pay is over"), _("This top-up was not paid in time.")
        case _:
            title, text = _("Refused"), _("The card can no longer be topped up.")
    return Face("stop", title, (text, money), starts_over=True)


def rows(top_up: TopUp, policy: Policy) -> Iterator[Row]:
    """Give the facts of a top-up, as on its receipt."""
    yield Row(_("Card number"), Iccid(top_up.iccid).masked, is_code=True)
    amount = words.money(top_up.amount, top_up.currency, policy)
    yield Row(_("Topped up"), amount, is_strong=True)
    if top_up.paid_at is not None:
        yield Row(_("Paid by"), means(top_up))
        yield Row(_("Paid at"), words.instant(top_up.paid_at, top_up.zone))
    number = _("Order number") if top_up.paid_at is None else _("Receipt number")
    yield Row(number, ids.outside("top", top_up.id), is_code=True)


def means(top_up: TopUp) -> str:
    """Say what paid, masked."""
    if top_up.means == "deposit":
        return _("Deposit")
    return words.paid_online(top_up.masked_means)


def _back(top_up: TopUp) -> str:
    """Say where the money is that went back, or is about to."""
    if top_up.means == "deposit" and top_up.state == "reversed":
        return _("The money is back on the deposit that paid.")
    if top_up.refund_state == "succeeded":
        return _("The money went back to where it came from. Banks may take days to show it.")
    if top_up.refund_state:
        return _("Your money is on its way back.")
    return _("Nothing was charged.")
