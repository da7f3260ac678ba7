"""Payments at Stripe's peer: localstripe's own, told in the shape of today's Stripe.

What localstripe lacks is laid over what it tells: README.md has the list and the sources.
"""

import re
from typing import Any

from localstripe.errors import UserError
from localstripe.resources import Charge, PaymentIntent, PaymentMethod, Refund, store

from tests.peers.stripe.shapes import HERE, RefusedError, many

DECLINING = "4000000000000341"
"""localstripe's number that may be kept and is declined at each charge."""

OWN_CODES = frozenset({"expired_card", "incorrect_cvc", "incorrect_number", "processing_error"})
"""Declines whose error has their own name; all others are `card_declined`."""

MORE: dict[str, dict[str, Any]] = {}
"""What localstripe does not keep of a payment, by its id."""

DECLINES: dict[str, dict[str, str]] = {}
SETTINGS: dict[str, Any] = {"searches": True, "refund_status": "succeeded"}

Plain = dict[str, Any]


def reset() -> None:
    """Forget what tests have set."""
    DECLINES.clear()
    SETTINGS.update(searches=True, refund_status="succeeded")


def create(
    *,
    expand: list[str] | None = None,
    off_session: str | None = None,
    description: str = "",
    return_url: str | None = None,
    setup_future_usage: str | None = None,
    allowed_payment_method_types: list[str] | None = None,
    **values: Any,
) -> Plain:
    """Make a payment and confirm it, as `confirm` says; raises RefusedError as Stripe does."""
    if values.get("confirm") == "true" and "payment_method" in values:
        try:
            method = PaymentMethod._api_retrieve(values["payment_method"])
        except UserError as no:
            missing = "resource_missing"
            raise RefusedError(
                404, "invalid_request_error", missing, param="payment_method"
            ) from no
        if method.customer is None or method.customer != values.get("customer"):
            raise RefusedError(400, "invalid_request_error", param="payment_method")
    more: Plain = {
        "description": description,
        "setup_future_usage": setup_future_usage,
        "return_url": return_url,
    }
    if off_session is not None:
        values["off_session"] = off_session
    try:
        intent = PaymentIntent._api_create(**values)
    except UserError as no:
        if no.code != 402:
            raise
        intent = _latest()
        MORE[intent.id] = more
        raise _declined(intent) from no
    MORE[intent.id] = more
    if off_session == "true" and intent.status == "requires_action":
        intent.next_action = None
        intent.payment_method = None
        more["last_payment_error"] = {
            "type": "card_error",
            "code": "authentication_required",
            "decline_code": "authentication_required",
        }
        raise RefusedError(
            402,
            "card_error",
            "authentication_required",
            decline_code="authentication_required",
            payment_intent=told(intent),
        )
    return told(intent, expand)


def _latest() -> Any:
    names = [name for name in store if name.startswith(f"{PaymentIntent.object}:")]
    return store[names[-1]]


def _declined(intent: Any) -> RefusedError:
    error = _error(intent)
    kind = error.pop("type")
    error.pop("message", None)
    return RefusedError(402, kind, **error, payment_intent=told(intent))


def _error(intent: Any) -> Plain:
    """Tell a decline in Stripe's codes."""
    how = DECLINES.get(intent.payment_method, {})
    decline = how.get("decline_code", "generic_decline")
    error = {
        "type": "card_error",
        "code": decline if decline in OWN_CODES else "card_declined",
        "decline_code": decline,
        "message": "Your card was declined.",
    }
    if "advice_code" in how:
        error["advice_code"] = how["advice_code"]
    return error


def told(intent: Any, expand: list[str] | None = None) -> Plain:
    """Tell a payment as Stripe does."""
    plain: Plain = intent._export()
    more = MORE.get(intent.id, {})
    charge = intent.latest_charge
    plain.pop("charges", None)
    plain["amount_received"] = intent.amount if intent.status == "succeeded" else 0
    plain["latest_charge"] = charge.id if charge is not None else None
    if charge is not None and "latest_charge" in (expand or []):
        plain["latest_charge"] = _charge(charge)
    if more.get("last_payment_error"):
        plain["last_payment_error"] = more["last_payment_error"]
    elif charge is not None and charge.status == "failed":
        plain["last_payment_error"] = _error(intent)
        plain["payment_method"] = None
    if intent.next_action:
        url = f"{HERE['url']}/3ds/{intent.id}"
        plain["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": url, "return_url": more.get("return_url")},
        }
    plain["description"] = more.get("description")
    plain["setup_future_usage"] = more.get("setup_future_usage")
    return plain


def _charge(charge: Any) -> Plain:
    card = PaymentMethod._api_retrieve(charge.payment_method).card
    plain: Plain = charge._export()
    plain.pop("refunds", None)
    return {**plain, "payment_method_details": {"type": "card", "card": card}}


def retrieve(id: str, expand: list[str] | None = None) -> Plain:  # noqa: A002 the API's name
    """Read a payment."""
    return told(PaymentIntent._api_retrieve(id), expand)


def search(query: str, expand: list[str] | None = None, **_paging: str) -> Plain:
    """Find payments by one value of their metadata."""
    wanted = re.fullmatch(r"metadata\['([a-z_]+)'\]:'([A-Za-z0-9-]+)'", query)
    assert wanted is not None, query
    name, value = wanted.groups()
    each_expanded = [each.removeprefix("data.") for each in expand or []]
    found = [
        told(each, each_expanded)
        for key, each in store.items()
        if key.startswith(f"{PaymentIntent.object}:") and each.metadata.get(name) == value
    ]
    listed = many(found if SETTINGS["searches"] else [], "/v1/payment_intents/search")
    return {**listed, "object": "search_result"}


def cancel(id: str) -> Plain:  # noqa: A002 the API's name
    """Cancel a payment that was not made."""
    try:
        return told(PaymentIntent._api_cancel(id))
    except UserError as no:
        code = "payment_intent_unexpected_state"
        raise RefusedError(no.code, "invalid_request_error", code) from no


def detach(id: str) -> Plain:  # noqa: A002 the API's name
    """Take a card from its customer; one that has none is refused."""
    if PaymentMethod._api_retrieve(id).customer is None:
        raise RefusedError(400, "invalid_request_error", message="The card is not attached.")
    plain: Plain = PaymentMethod._api_detach(id)._export()
    return plain


def refund(payment_intent: str, amount: str, metadata: dict[str, str] | None = None) -> Plain:
    """Refund no more than was charged and is left."""
    charge = PaymentIntent._api_retrieve(payment_intent).latest_charge
    left = charge.amount - sum(each.amount for each in charge.refunds._list)
    if left == 0:
        raise RefusedError(400, "invalid_request_error", "charge_already_refunded")
    if int(amount) > left:
        raise RefusedError(400, "invalid_request_error", param="amount")
    made = Refund._api_create(payment_intent=payment_intent, amount=amount, metadata=metadata)
    made.status = SETTINGS["refund_status"]
    plain: Plain = made._export()
    return plain


def authenticate(id: str, success: bool = True) -> Plain:  # noqa: A002, FBT001, FBT002 JSON
    """Be a customer who proves to their bank to be themselves, or fails to."""
    intent = PaymentIntent._api_retrieve(id)
    PaymentIntent._api_authenticate(id, client_secret=intent.client_secret, success=success)
    return told(intent)


def decline(payment_method: str, **how: str) -> Plain:
    """Be a bank that declines a kept card from now on, with these codes."""
    PaymentMethod._api_retrieve(payment_method)._card_number = DECLINING
    DECLINES[payment_method] = how
    return how


def change(**settings: Any) -> Plain:
    """Let searches lag behind, or refunds end in another way."""
    SETTINGS.update(settings)
    return SETTINGS


def charged(key: str = "") -> Plain:
    """Tell the charges that took money, of one attempt or of all."""
    found = [
        each
        for name, each in store.items()
        if name.startswith(f"{Charge.object}:") and each.status == "succeeded"
    ]
    if key:
        found = [
            each
            for each in found
            if key in PaymentIntent._api_retrieve(each.payment_intent).metadata.values()
        ]
    return {"amounts": [each.amount for each in found]}
