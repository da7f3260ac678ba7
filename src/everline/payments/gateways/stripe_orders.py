"""How Stripe is asked for money: the fields of a page, and those of a charge of a kept card.

They are typed by Stripe's own library, and the same order always has the same fields, since Stripe
compares them when a key comes again. Whoever sends them is stripe.py.
"""

from typing import Final

from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from everline.payments.gateways import Charge
from everline.payments.gateways.stripe_answers import ATTEMPT, UNATTENDED
from everline.payments.gateways.stripe_keeping import locale_of

PAGE_SECONDS_MORE: Final = 120
"""How much longer than wanted a page lasts. Stripe makes none for less than half an hour, which is
what people mostly get, and some of it is over when the page is made."""


def page(charge: Charge, minor: int) -> SessionCreateParams:
    """Write a page: one payment by card, in the currency that was asked for."""
    metadata = {ATTEMPT: charge.attempt_key}
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": charge.attempt_key,
        "metadata": metadata,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": charge.amount.currency.lower(),
                    "unit_amount": minor,
                    "product_data": {"name": charge.description},
                },
            }
        ],
        "payment_intent_data": {"metadata": metadata, "description": charge.description},
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
        "success_url": charge.return_url,
        "cancel_url": charge.cancel_url or charge.return_url,
        "locale": locale_of(charge.locale),
    }
    if charge.keeps:
        params["payment_intent_data"]["setup_future_usage"] = "off_session"
        if charge.customer:
            params["customer"] = charge.customer
        else:
            params["customer_creation"] = "always"
    params["expires_at"] = int(charge.expires_at.timestamp()) + PAGE_SECONDS_MORE
    return params


def payment(charge: Charge, token: str, minor: int) -> PaymentIntentCreateParams:
    """Write a charge of a kept card, by whoever sits there or by nobody."""
    params: PaymentIntentCreateParams = {
        "amount": minor,
        "currency": charge.amount.currency.lower(),
        "payment_method": token,
        "confirm": True,
        "description": charge.description,
        "metadata": {ATTEMPT: charge.attempt_key},
        "allowed_payment_method_types": ["card"],
        "expand": ["latest_charge"],
    }
    if charge.customer:
        params["customer"] = charge.customer
    if charge.is_unattended:
        params["off_session"] = True
        params["metadata"] = {ATTEMPT: charge.attempt_key, UNATTENDED: "1"}
    else:
        params["return_url"] = charge.return_url
    return params
