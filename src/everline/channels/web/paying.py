"""Ways to pay online: by which gateway, by a kept means in one tap, and whether one is to be kept.

An order, a top-up and another try have this in common. Kept means are for the holder alone: anybody
else sees none, and naming one is refused. No token ever stands in a page.
"""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest

from everline import payments, renewals
from everline.channels.web.holders import holds
from everline.database.requests import Answer, Caller
from everline.errors import Code
from everline.payments import Abilities, KeptMeans

NO_BREAK: Final = "\N{NO-BREAK SPACE}"

Way = tuple[str, KeptMeans]
"""The name of the gateway that is to be paid by, and what that has to do with kept means."""


def named_for(currency: str) -> list[Abilities]:
    """List the gateways with a name of their own, such as PayPal, that take a currency."""
    return [each for each in payments.by_page(currency) if each.title]


def gateway_for(currency: str, means: str = "gateway") -> str | None:
    """Choose the gateway whose page takes a currency: for bank cards, or the one that is named.

    None when there is none.
    """
    named = "" if means in {"", "gateway"} else means
    for each in payments.by_page(currency):
        if (each.name == named) if named else not each.title:
            return each.name
    return None


def keeps(gateway: str | None, currency: str) -> bool:
    """Tell whether a gateway keeps the means that it is paid by."""
    return gateway in {each.name for each in payments.keepers(currency)}


def offered(
    request: HttpRequest, account_id: UUID, currency: str, *, wants_keep: bool = False
) -> dict[str, object]:
    """Give a page its buttons for kept means and the box that keeps one; to the holder alone."""
    if not holds(request, account_id):
        return {}
    methods = payments.usable_methods(account_id, currency)
    may_keep = keeps(gateway_for(currency), currency)
    return shown(methods, may_keep=may_keep, wants_keep=wants_keep)


def shown(
    methods: list[payments.Method],
    *,
    may_keep: bool,
    wants_keep: bool,
) -> dict[str, object]:
    """Give what kept_means.html and keep_means.html show."""
    return {
        "kept_means": buttons(methods),
        "keep_words": payments.keep_words() if may_keep else (),
        "keep_version": payments.KEEP_VERSION,
        "wants_keep": wants_keep,
    }


def buttons(methods: list[payments.Method]) -> list[payments.Method]:
    """Let what is shown of each stay on one line: the dots belong to the digits."""
    return [
        replace(each, masked_means=each.masked_means.replace(" ", NO_BREAK)) for each in methods
    ]


def chosen(
    request: HttpRequest, account_id: UUID, currency: str, sent: dict[str, Any]
) -> Way | Code:
    """Read by what a sent form is to be paid, or why it cannot be."""
    is_holder = holds(request, account_id)
    if sent["method"]:
        found = payments.usable_methods(account_id, currency) if is_holder else []
        by = next((each.gateway for each in found if each.id == sent["method"]), None)
        return (by, KeptMeans(method_id=sent["method"])) if by else Code.METHOD_UNKNOWN
    gateway = gateway_for(currency, sent["means"])
    if gateway is None:
        return Code.MEANS_NOT_ALLOWED
    may_keep = is_holder and sent["keep"] and keeps(gateway, currency)
    return gateway, KeptMeans(words_version=sent["keep_version"] if may_keep else "")


def refusal_of(caller: Caller, why: Code) -> Answer:
    """Refuse a way of paying; the same form once more gets its first answer.

    A means that was declined for good is usable no more when its button is pressed twice.
    """
    refused = Answer(None, "refused", why, {}, None, replayed=False)
    return renewals.answer_of(caller) or refused
