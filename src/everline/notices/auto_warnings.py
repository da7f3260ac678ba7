"""The words of what people are told of automatic renewal before it charges, and when it cannot.

Each carries the address that ends it in one step. When they are written stands in
autorenewal/ahead.sql and autorenewal/warnings.sql; other warnings are worded in warnings.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from everline.errors import Code
from everline.notices.said import Said, Told
from everline.trust import addresses


def auto_path(template: str, facts: Mapping[str, Any], card: str) -> str:
    """Tell the page that helps: to agree anew, to top up, to pay at once, or to look."""
    mandate = facts.get("mandate")
    if mandate and (template == "auto_consent" or facts.get("reason") == "consent_needed"):
        return f"/auto/{addresses.token('mnd', UUID(mandate))}/agree"
    if template == "auto_prolonged":
        return card
    if template == "auto_short":
        return f"{card}/top-up"
    if template in {"auto_ahead", "auto_changed"}:
        return f"{card}/auto-renewal"
    return card if facts.get("reason") in _CLOSED else f"{card}/again"


_CLOSED: Final = frozenset({Code.CARD_SUSPENDED, Code.CARD_LOST, Code.CARD_NOT_BOUND})
"""What stands against every renewal: paying at once does not help."""


def _ahead(said: Said) -> Told:
    """Tell what is taken when, before it is."""
    return said.tell(
        *_planned(said),
        subject=_("Auto-renewal takes %(amount)s on %(next)s"),
        lead=_(
            "Your data card %(card)s renews by itself. We take %(amount)s for %(plan)s, first tried"
            " on %(next)s. You need to do nothing."
        ),
        link_text=_("See or change it"),
        short=_(
            "%(operator)s: auto-renewal of card %(ending)s takes %(amount)s on %(next)s. %(link)s"
        ),
    )


def _changed(said: Said) -> Told:
    """Tell that price or plan are others from the next term on, at no more than was agreed to."""
    subject = _("Auto-renewal changes to %(plan)s for %(amount)s")
    lead = _(
        "From %(end)s on your data card %(card)s renews with %(plan)s for %(amount)s. It is first"
        " tried on %(next)s."
    )
    short = _(
        "%(operator)s: from %(end)s card %(ending)s renews with %(plan)s for %(amount)s, first"
        " tried on %(next)s. %(link)s"
    )
    if said.former:
        subject = _("Auto-renewal changes: %(amount)s instead of %(former)s")
        lead = _(
            "From %(end)s on your data card %(card)s renews with %(plan)s for %(amount)s instead of"
            " %(former)s. It is first tried on %(next)s."
        )
        short = _(
            "%(operator)s: from %(end)s card %(ending)s renews with %(plan)s for %(amount)s instead"
            " of %(former)s, first tried on %(next)s. %(link)s"
        )
    return said.tell(
        *_planned(said),
        *_former(said),
        subject=subject,
        lead=lead,
        link_text=_("See or change it"),
        short=short,
    )


def _consent(said: Said) -> Told:
    """Tell that more than was agreed to would be charged, so nothing is without a new consent."""
    return said.tell(
        *_planned(said),
        *_former(said),
        (_("Agreed at most"), said.agreed),
        subject=_("Agree to %(amount)s, or service ends on %(end)s"),
        lead=_(
            "The next auto-renewal of your data card %(card)s would be %(plan)s for %(amount)s. You"
            " agreed to %(agreed)s at most, so we charge nothing until you agree to the new price."
        ),
        link_text=_("Look at it and agree"),
        short=_(
            "%(operator)s: card %(ending)s would renew for %(amount)s. Agree before %(end)s or"
            " service ends: %(link)s"
        ),
    )


def _short(said: Said) -> Told:
    """Tell that the balance will not suffice, how much is missing and when service stops."""
    return said.tell(
        *_card(said),
        (_("Balance"), said.balance),
        (_("Missing"), said.missing),
        subject=_("Balance too low for auto-renewal: %(missing)s missing"),
        lead=_(
            "The balance of your data card %(card)s is too low for its next auto-renewal. Service"
            " stops on %(end)s unless it is topped up or renewed before."
        ),
        link_text=_("Top up the balance"),
        short=_(
            "%(operator)s: %(missing)s missing for the auto-renewal of card %(ending)s. Service"
            " stops on %(end)s. %(link)s"
        ),
    )


def _failed(said: Said) -> Told:
    """Tell that automatic renewal was tried and refused, and why, and whether it is tried again."""
    lead = _(
        "We tried to renew your data card %(card)s, and nothing was charged. %(why)s We try"
        " again until service stops on %(end)s."
    )
    short = _(
        "%(operator)s: auto-renewal of card %(ending)s did not work. %(why)s Service stops on"
        " %(end)s. %(link)s"
    )
    if said.is_last:
        lead = _(
            "We tried to renew your data card %(card)s, and nothing was charged. %(why)s Its term"
            " ended on %(end)s, so we do not try again. Pay now to go on."
        )
        short = _(
            "%(operator)s: auto-renewal of card %(ending)s did not work. %(why)s Its term ended on"
            " %(end)s. Pay now: %(link)s"
        )
    return said.tell(
        *_card(said),
        (_("Balance"), said.balance),
        subject=_("Auto-renewal of card %(card)s did not work"),
        lead=lead,
        link_text=_("Pay now"),
        short=short,
    )


def _prolonged(said: Said) -> Told:
    """Tell that a term goes on at no cost, as we could not renew it when we should have."""
    return said.tell(
        (_("Plan"), said.plan),
        (_("Should have ended on"), said.ended),
        (_("Valid until"), said.ends),
        subject=_("Your plan goes on until %(end)s"),
        lead=_(
            "We could not renew your data card %(card)s in time because our system was down. Your"
            " plan goes on until %(end)s at no cost, and we try to renew it before."
        ),
        link_text=_("Look at the card"),
        short=_(
            "%(operator)s: our system was down, so the plan of card %(ending)s goes on until"
            " %(end)s at no cost. %(link)s"
        ),
    )


def _grace(said: Said) -> Told:
    """Tell that service goes on for a while although it could not be renewed."""
    return said.tell(
        (_("Plan"), said.plan),
        (_("Data until then"), said.left),
        (_("Valid until"), said.ends),
        subject=_("Renew until %(end)s to stay online"),
        lead=_(
            "Your data card %(card)s could not be renewed. Service goes on with %(left)s until"
            " %(end)s, once and at no cost. Renew it before then to stay online."
        ),
        link_text=_("Renew"),
        short=_(
            "%(operator)s: card %(ending)s was not renewed. It works with %(left)s until %(end)s."
            " Renew: %(link)s"
        ),
    )


def _planned(said: Said) -> tuple[tuple[str, str], ...]:
    """Give the facts of a charge that is to come."""
    return (
        (_("Plan"), said.plan),
        (_("Amount"), said.amount),
        (_("First tried"), said.next),
        (_("Paid from"), said.means),
        (_("Valid until"), said.ends),
    )


def _former(said: Said) -> tuple[tuple[str, str], ...]:
    """Give what it was so far."""
    return (_("Plan so far"), said.former_plan), (_("Amount so far"), said.former)


def _card(said: Said) -> tuple[tuple[str, str], ...]:
    """Give the facts of an automatic renewal."""
    return (
        (_("Plan"), said.plan),
        (_("Amount"), said.amount),
        (_("Valid until"), said.ends),
    )


AUTO_WRITERS: Final[dict[str, Callable[[Said], Told]]] = {
    "auto_ahead": _ahead,
    "auto_changed": _changed,
    "auto_consent": _consent,
    "auto_short": _short,
    "auto_failed": _failed,
    "auto_prolonged": _prolonged,
    "auto_grace": _grace,
}
"""How each warning of automatic renewal is worded."""
