"""A renewal's state as a page shows it: a title, sentences, and what one can do now.

While money may still move nobody is told that it failed: the page says that the payment is being
checked. The rows of the receipt are made here too; what a refusal is about is said in facts.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from django.utils.translation import gettext as _, gettext_noop

from everline import ids, payments
from everline.catalogue import Policy
from everline.ids import Iccid
from everline.pages import words
from everline.renewals import Renewal

NOT_SENT: Final = "not_sent"
"""Why an attempt failed that never left us: nobody has tried to pay yet."""


@dataclass(frozen=True, slots=True)
class Face:
    """What to show. `tone` is done, wait, stop or note.

    `polls` asks the page to look again by itself; `goes_on` offers the gateway's page, `pays`
    another attempt, `cancels` the end of it all, `starts_over` the plans.
    """

    tone: str
    title: str
    sentences: tuple[str, ...]
    polls: bool = False
    goes_on: bool = False
    pays: bool = False
    cancels: bool = False
    starts_over: bool = False


class Payable(Protocol):
    """What waits for a payment, a renewal or a top-up, as far as its payment is concerned."""

    @property
    def attempt_state(self) -> str | None:
        """How the latest attempt stands."""

    @property
    def attempt_reason(self) -> str | None:
        """Why it failed."""

    @property
    def attempt_is_hard(self) -> bool | None:
        """Whether the same bank card will fail again."""

    @property
    def gateway(self) -> str | None:
        """Through which gateway it went."""

    @property
    def page_url(self) -> str | None:
        """The gateway's page."""

    @property
    def deadline_at(self) -> datetime | None:
        """Until when it can be paid."""

    @property
    def zone(self) -> str:
        """By which clock that is said."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of a receipt."""

    label: str
    value: str
    is_strong: bool = False
    is_code: bool = False


def face(renewal: Renewal, policy: Policy, *, has_returned: bool) -> Face:
    """Say where a renewal stands; `has_returned` after the gateway's page, whatever it said."""
    match renewal.state:
        case "placed":
            text = _("Auto-renewal pays for it when its time comes. Nothing was charged yet.")
            return Face("note", _("Placed"), (text,), cancels=True)
        case "awaiting_payment":
            return waiting(renewal, has_returned=has_returned)
        case "held":
            text = _("A person looks at this renewal before it goes on. Nothing was charged yet.")
            return Face("wait", _("Being reviewed"), (text,), cancels=True)
        case "paid":
            minutes = {"count": policy.delivery_minutes}
            texts = (
                _("Your payment arrived. The new plan is being set up on the network."),
                _("If that takes more than %(count)d minutes, your money goes back by itself.")
                % minutes,
            )
            return Face("wait", _("Paid, being delivered"), texts, polls=True)
        case "delivered":
            until = {"until": words.instant(renewal.ends_at, renewal.zone)}
            return Face("done", _("Renewed"), (_("Valid until %(until)s.") % until,))
        case "reversing":
            text = _("The new plan could not be set up. Your money is on its way back.")
            return Face("wait", _("Being refunded"), (text,), polls=True)
        case "reversed":
            return Face("note", _("Refunded"), (_back(renewal),), starts_over=True)
    return _closed(renewal)


def waiting(renewal: Payable, *, has_returned: bool) -> Face:
    """Say how the payment of an open renewal or top-up stands."""
    attempt = renewal.attempt_state
    if attempt == "unknown" or (attempt == "sent" and (has_returned or not renewal.page_url)):
        text = _("The bank has not told us the outcome yet. This page shows it by itself.")
        return Face(
            "wait",
            _("Checking the payment, do not pay again"),
            (text,),
            polls=True,
            goes_on=bool(renewal.page_url) and attempt == "sent",
        )
    if attempt in {"superseded", "parked"}:
        texts = (
            _("The bank still has not told us the outcome of your last payment."),
            _("You can pay again now. Should the first payment arrive too, it is refunded."),
        )
        return Face("note", _("No answer from the bank"), texts, pays=True, cancels=True)
    if attempt == "failed" and renewal.attempt_reason != NOT_SENT:
        return Face("stop", *_declined(renewal), pays=True, cancels=True)
    told = (_("Nothing was charged yet."), *_deadline(renewal))
    is_on_page = attempt == "sent"
    return Face(
        "note",
        _("Waiting for your payment"),
        told,
        goes_on=is_on_page,
        pays=not is_on_page,
        cancels=True,
    )


_REASONS: Final = {
    "insufficient_funds": gettext_noop("There is not enough money on the bank card."),
    "lost_card": gettext_noop("The bank card is reported lost."),
    "authentication_required": gettext_noop("The bank wants you to confirm it yourself."),
}
"""What gateways say, in words; for others the advice alone stands."""


def _declined(renewal: Payable) -> tuple[str, tuple[str, ...]]:
    """Say why an attempt failed, and whether trying the same again makes sense."""
    nothing = _("Nothing was charged.")
    if renewal.attempt_reason == "cancelled":
        return _("You left before paying"), (nothing, *_deadline(renewal))
    if renewal.attempt_reason in {"expired", "never_received"}:
        return _("The payment was not made"), (nothing, *_deadline(renewal))
    name = name_of(renewal.gateway)
    if name:
        # Behind it are means of its own, which are not ours to speak of.
        said = _("%(name)s did not take this payment. Try again, or pay in another way.") % {
            "name": name
        }
        return _("Payment declined"), (said, nothing, *_deadline(renewal))
    advice = (
        _("This bank card cannot be used. Pay with another one.")
        if renewal.attempt_is_hard
        else _("The bank said no this time. Try again, or pay with another bank card.")
    )
    told = _REASONS.get(renewal.attempt_reason or "")
    return _("Payment declined"), (*([_(told)] if told else []), advice, nothing)


def why_broken(reason: str) -> str:
    """Say why a kept means of payment is charged no more, and what helps."""
    told = _REASONS.get(reason, gettext_noop("The bank declined it for good."))
    advice = _("It is not tried any more. Keep it anew, or another one.")
    return f"{_(told)} {advice}"


def name_of(gateway: str | None) -> str:
    """Give the name by which customers know a gateway, such as PayPal; empty for bank cards."""
    adapter = payments.installed().get(gateway or "")
    return adapter.abilities.title if adapter is not None else ""


def _deadline(renewal: Payable) -> tuple[str, ...]:
    if renewal.deadline_at is None:
        return ()
    until = words.instant(renewal.deadline_at, renewal.zone)
    return (_("You can pay until %(until)s.") % {"until": until},)


def _closed(renewal: Renewal) -> Face:
    """Say what became of a renewal that was never delivered."""
    money = _back(renewal) if renewal.refund_state else _("Nothing was charged.")
    if not renewal.refund_state and renewal.attempt_state in {"unknown", "superseded", "parked"}:
        money = _("Should the bank still take the money, it is refunded by itself.")
    if renewal.state == "cancelled":
        title, text = _("Cancelled"), _("This renewal was cancelled.")
    elif renewal.state == "expired":
        title, text = _("The time to pay is over"), _("This renewal was not paid in time.")
    else:
        title, text = _("Refused"), _("The card can no longer be renewed.")
    return Face("stop", title, (text, money), starts_over=True)


def _back(renewal: Renewal) -> str:
    """Say where the money is that went back, or is about to."""
    if renewal.means == "balance":
        return _("The money is back on the balance of the card.")
    if renewal.means == "deposit":
        return _("The money is back on the deposit that paid.")
    if renewal.refund_state == "succeeded":
        return _("The money went back to where it came from. Banks may take days to show it.")
    if renewal.refund_state:
        return _("Your money is on its way back.")
    return _("Nothing was charged.")


def rows(renewal: Renewal, policy: Policy) -> Iterator[Row]:
    """Give the facts of a renewal, as on its receipt."""

    def money(amount: int) -> str:
        return words.money(amount, renewal.currency, policy)

    yield Row(_("Card number"), Iccid(renewal.iccid).masked, is_code=True)
    yield Row(_("Plan"), words.name(renewal.plan_names))
    bonus = renewal.bonus_bytes
    allowance = words.allowance(renewal.allowance_bytes, None)
    yield Row(_("Data"), f"{allowance} + {words.data(bonus)}" if bonus else allowance)
    if renewal.state in {"awaiting_payment", "paid", "delivered", "held", "placed"}:
        yield Row(_("Starts"), words.instant(renewal.starts_at, renewal.zone))
        yield Row(_("Valid until"), words.instant(renewal.ends_at, renewal.zone), is_strong=True)
    if renewal.discount:
        yield Row(_("Price"), money(renewal.price))
        yield Row(_("Discount"), money(-renewal.discount))
    yield Row(_("Total, tax included"), money(renewal.total), is_strong=True)
    yield Row(_("Of which tax"), words.tax(renewal.tax, renewal.currency, policy))
    if renewal.paid_at is not None:
        yield Row(_("Paid by"), means(renewal))
        yield Row(_("Paid at"), words.instant(renewal.paid_at, renewal.zone))
    opened = words.channel(renewal.channel)
    if renewal.paid_at is None:
        since = words.instant(renewal.placed_at, renewal.zone)
        opened = _("%(channel)s, since %(since)s") % {"channel": opened, "since": since}
    yield Row(_("Opened"), opened)
    number = _("Order number") if renewal.paid_at is None else _("Receipt number")
    yield Row(number, ids.outside("rnw", renewal.id), is_code=True)


def means(renewal: Renewal) -> str:
    """Say what paid, masked."""
    if renewal.means == "balance":
        return _("Balance of the card")
    if renewal.means == "deposit":
        return _("Deposit")
    return words.paid_online(renewal.masked_means)
