"""What the office calls things: channels, machines' steps, states, kinds of jobs.

A word that is not listed is shown as it is stored: a new one must never hide a row.
"""

from django.utils.translation import gettext as _


def channel_name(code: str) -> str:
    """Name a channel."""
    return {
        "web": _("Website"),
        "auto": _("Auto-renewal"),
        "hotline": _("Hotline"),
        "store": _("Store"),
        "kiosk": _("Kiosk"),
        "partner": _("Partner"),
        "office": _("Office"),
    }.get(code, code)


def state_name(code: str) -> str:
    """Name a state of a renewal, a payment or a card."""
    return {
        "": _("new"),
        "placed": _("placed"),
        "awaiting_payment": _("waiting for payment"),
        "held": _("being reviewed"),
        "paid": _("paid"),
        "delivered": _("delivered"),
        "refused": _("refused"),
        "cancelled": _("cancelled"),
        "expired": _("expired"),
        "reversing": _("being refunded"),
        "reversed": _("refunded"),
        "created": _("created"),
        "sent": _("sent"),
        "succeeded": _("succeeded"),
        "failed": _("failed"),
        "unknown": _("outcome unknown"),
        "superseded": _("superseded"),
        "parked": _("waits for a person"),
        "in_stock": _("in stock"),
        "activated": _("activated"),
        "bound": _("in use"),
        "suspended": _("suspended"),
        "lost": _("lost"),
        "terminated": _("terminated"),
        "waiting": _("waiting"),
        "stopped": _("stopped"),
        "done": _("done"),
        "pending": _("pending"),
    }.get(code, code)


def machine_name(code: str) -> str:
    """Name what has a history."""
    return {
        "renewal": _("Renewal"),
        "attempt": _("Payment"),
        "refund": _("Refund"),
        "card": _("Card"),
        "entitlement": _("Term"),
        "topup": _("Top-up"),
    }.get(code, code)
