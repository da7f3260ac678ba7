"""Having a card kept at Stripe without paying now, and having it forgotten.

The customer gives it on Stripe's own page, a Checkout Session in the mode "setup", where their bank
confirms it once for charges to come (a SetupIntent; docs.stripe.com/payments/save-and-reuse).
Keeping one with a payment is in stripe.py.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from stripe.params.checkout import SessionCreateParams

from everline.errors import FaultError
from everline.payments.gateways import ActionNeeded, Failed, Setup, SetupOutcome, Unknown
from everline.payments.gateways.stripe_answers import (
    SETUP,
    Method,
    Session,
    page_of,
    refused,
    set_up,
)
from everline.payments.gateways.stripe_wire import RefusedError, Wire, read

Locale = Literal["auto", "en", "id", "zh"]
LOCALES: Final[Mapping[str, Locale]] = MappingProxyType({"en": "en", "zh-hans": "zh", "id": "id"})

_SESSION: Final = re.compile(r"cs_[A-Za-z0-9_]{1,110}")
_METHOD: Final = re.compile(r"pm_[A-Za-z0-9_]{1,110}")


def begin(wire: Wire, setup: Setup) -> SetupOutcome:
    """Make the page on which the customer has a card kept."""
    metadata = {SETUP: setup.setup_key}
    params: SessionCreateParams = {
        "mode": "setup",
        "currency": setup.currency.lower(),
        "client_reference_id": setup.setup_key,
        "metadata": metadata,
        "setup_intent_data": {"metadata": metadata},
        "allowed_payment_method_types": ["card"],
        "success_url": setup.return_url,
        "cancel_url": setup.cancel_url or setup.return_url,
        "locale": locale_of(setup.locale),
    }
    if setup.customer:
        params["customer"] = setup.customer
    else:
        params["customer_creation"] = "always"
    try:
        with wire.question() as v1:
            made = v1.checkout.sessions.create(
                params, {"idempotency_key": f"{setup.setup_key}-page"}
            )
            return _told(read(made, Session), setup.setup_key)
    except RefusedError as no:
        return refused(no, setup.setup_key)
    except FaultError as fault:
        return Unknown(fault.detail)


def ask(wire: Wire, setup_key: str, reference: str) -> SetupOutcome:
    """Read a visit to that page again."""
    if not reference:
        return Failed(None, "never_received", hard=False)
    if _SESSION.fullmatch(reference) is None:
        return Unknown("the reference is not a page's")
    try:
        with wire.question() as v1:
            told = v1.checkout.sessions.retrieve(
                reference, {"expand": ["setup_intent.payment_method"]}
            )
            return _told(read(told, Session), setup_key)
    except (FaultError, RefusedError) as error:
        return Unknown(error.detail)


def forget(wire: Wire, token: str) -> bool:
    """Take a kept card from its customer; one that nobody has any more is forgotten too."""
    if _METHOD.fullmatch(token) is None:
        return True  # Stripe never gave such a token, so it keeps nothing under it.
    try:
        with wire.question() as v1:
            v1.payment_methods.detach(token)
    except FaultError:
        return False
    except RefusedError as no:
        return no.problem.code == "resource_missing" or _is_loose(wire, token)
    return True


def led(session: Session) -> ActionNeeded | Unknown:
    """Lead the customer to an open page."""
    url = page_of(session.url)
    return ActionNeeded(session.id, url) if url else Unknown("the page is not told")


def locale_of(locale: str) -> Locale:
    """Name the language of a page; one that is none of ours is left to Stripe to choose."""
    return LOCALES.get(locale.lower(), "auto")


def _told(session: Session, key: str) -> SetupOutcome:
    if session.client_reference_id != key:
        return Unknown("the answer is about another card")
    match session.status:
        case "open":
            return led(session)
        case "expired":
            return Failed(session.id, "expired", hard=False)
        case "complete":
            return set_up(session)
    return Unknown("the page says an unknown word")


def _is_loose(wire: Wire, token: str) -> bool:
    """Tell whether a card belongs to nobody, so that it cannot be charged."""
    try:
        with wire.question() as v1:
            return read(v1.payment_methods.retrieve(token), Method).customer is None
    except (FaultError, RefusedError):
        return False
