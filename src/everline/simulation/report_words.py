"""The words of the report: names of channels, ends, rungs, messages and faults.

What is not known by name, as something that was added since, is shown by its code.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _

Say = Callable[[], str]
Number = Callable[[int], str]

CHANNELS: Final[Mapping[str, Say]] = MappingProxyType(
    {
        "auto": lambda: _("By itself"),
        "web": lambda: _("Web"),
        "store": lambda: _("Store"),
        "partner": lambda: _("Partner"),
        "hotline": lambda: _("Hotline"),
        "kiosk": lambda: _("Kiosk"),
    }
)
TERMS: Final[Mapping[str, Say]] = MappingProxyType(
    {
        "renewed": lambda: _("Renewed in time"),
        "came_back": lambda: _("Back within a week"),
        "lapsed": lambda: _("Lapsed"),
    }
)
PAYMENTS: Final[Mapping[str, Say]] = MappingProxyType(
    {
        "recovered": lambda: _("Recovered within a week"),
        "soft": lambda: _("Not recovered, declined for now"),
        "hard": lambda: _("Not recovered, declined for good"),
    }
)
KEYS: Final[Mapping[str, Say]] = MappingProxyType(
    {
        "renewals": lambda: _("renewals"),
        "auto": lambda: _("renewed by themselves"),
        "in_time": lambda: _("of terms renewed in time"),
        "recovered": lambda: _("of declines recovered"),
        "faults": lambda: _("faults injected"),
        "consents": lambda: _("Must consent anew"),
    }
)
_REASONS: Final[Mapping[str, Say]] = MappingProxyType(
    {
        "balance_short": lambda: _("balance too low"),
        "renewal_open": lambda: _("another renewal was open"),
        "card_lost": lambda: _("card lost"),
        "limit_exceeded": lambda: _("above the channel's limit"),
        "plan_withdrawn": lambda: _("plan no longer sold"),
        "consent_needed": lambda: _("consent needed"),
        "payment_declined": lambda: _("payment declined"),
        "absorbed": lambda: _("renewed through another channel"),
        "auto_paused": lambda: _("paused"),
        "open": lambda: _("still open"),
    }
)
_MESSAGES: Final[Mapping[str, Say]] = MappingProxyType(
    {
        "renewed": lambda: _("Confirmation of a renewal"),
        "refunded": lambda: _("Confirmation of a refund"),
        "topped_up": lambda: _("Confirmation of a top-up"),
        "ending_soon": lambda: _("Reminder: a term ends soon"),
        "auto_ahead": lambda: _("Notice ahead of a charge"),
        "auto_short": lambda: _("Warning: the balance will not suffice"),
        "auto_failed": lambda: _("It was tried in vain"),
        "number_ends": lambda: _("The number will be given up"),
        "number_ends_soon": lambda: _("The number will soon be given up"),
    }
)
_FAULTS: Final[Mapping[str, Say]] = MappingProxyType(
    {
        "ours.killed": lambda: _("A step of ours abandoned between two calls"),
        "gateway.lost": lambda: _("Gateway: a request that never arrived"),
        "gateway.taken": lambda: _("Gateway: done, and the answer lost"),
        "gateway.late": lambda: _("Gateway: an answer hours late"),
        "gateway.double": lambda: _("Gateway: a callback sent several times"),
        "network.lost": lambda: _("Network: an order that never arrived"),
        "network.taken": lambda: _("Network: done, and the answer lost"),
        "network.refused": lambda: _("Network: an order that it would not take"),
        "sender.lost": lambda: _("Messages: one that could not be handed over"),
        "outage.gateway": lambda: _("Gateway away for hours"),
        "outage.network": lambda: _("Network away for hours"),
        "outage.sender": lambda: _("Messages away for hours"),
        "outage.ours": lambda: _("All of ours away for hours"),
        "clock.step": lambda: _("Our clocks put wrong"),
    }
)


def title(cards: int, days: int, number: Number) -> str:
    """Say how much was lived through."""
    return _("%(cards)s cards over %(days)s days") % {"cards": number(cards), "days": number(days)}


def period(first: str, last: str) -> str:
    """Say from when until when."""
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def rung(number: int) -> str:
    """Name a rung of the ladder."""
    return _("Try %(number)s") % {"number": number}


def tried(tries: str, renewed: str) -> str:
    """Say how many tries there were and how many of them renewed the card."""
    return _("%(tries)s tries, %(renewed)s renewed") % {"tries": tries, "renewed": renewed}


def sold_in(currency: str) -> str:
    """Name what was sold in a currency."""
    return _("Sold in %(currency)s") % {"currency": currency}


def reason(code: str) -> str:
    """Word why a try did not renew."""
    return _worded(_REASONS, code)


def message(template: str) -> str:
    """Name a kind of message."""
    return _worded(_MESSAGES, template)


def fault(kind: str) -> str:
    """Name a kind of fault."""
    return _worded(_FAULTS, kind)


def _worded(known: Mapping[str, Say], code: str) -> str:
    return known[code]() if code in known else code
