"""Stripe's own page at its peer: Checkout Sessions, which localstripe does not have.

A session keeps only what a page is; the customer, the card and the payment that come of a visit are
localstripe's own. Shaped after Stripe's OpenAPI description 2026-10-28, `checkout.session`.
"""

import time
from html import escape
from typing import Any

from aiohttp import web
from localstripe.errors import UserError
from localstripe.resources import Customer, PaymentIntent, PaymentMethod, SetupIntent, random_id

from tests.peers.stripe import intents
from tests.peers.stripe.intents import Plain
from tests.peers.stripe.shapes import HERE, RefusedError, announce

HALF_AN_HOUR = 1800
DAY = 86_400
PAYER = "ana.buyer@example.com"
ASKS_UNLESS_SET_UP = "4000002500003155"
"""Its bank asks at a payment, but not at one without the customer that was set up by asking
(docs.stripe.com/testing, "Authenticate unless set up")."""

SESSIONS: dict[str, Plain] = {}


def create(expand: list[str] | None = None, **sent: Any) -> Plain:
    """Make a page to pay at, or to have a card kept at."""
    now = int(time.time())
    ends = int(sent.get("expires_at", now + DAY))
    if not now + HALF_AN_HOUR <= ends <= now + DAY:
        raise RefusedError(400, "invalid_request_error", param="expires_at")
    if "customer" in sent:
        Customer._api_retrieve(sent["customer"])
    its_id = f"cs_test_{random_id(58)}"
    amount = currency = None
    if sent["mode"] == "payment":
        (item,) = sent["line_items"]
        amount = int(item["price_data"]["unit_amount"]) * int(item["quantity"])
        currency = item["price_data"]["currency"]
    SESSIONS[its_id] = {
        "id": its_id,
        "object": "checkout.session",
        "mode": sent["mode"],
        "status": "open",
        "payment_status": "unpaid",
        "url": f"{HERE['url']}/c/pay/{its_id}",
        "client_reference_id": sent.get("client_reference_id"),
        "metadata": sent.get("metadata", {}),
        "amount_total": amount,
        "currency": currency or sent.get("currency"),
        "customer": sent.get("customer"),
        "customer_details": None,
        "payment_intent": None,
        "setup_intent": None,
        "success_url": sent["success_url"],
        "cancel_url": sent.get("cancel_url"),
        "expires_at": ends,
        "created": now,
        "_sent": sent,
    }
    return _told(SESSIONS[its_id])


def _told(session: Plain, expand: list[str] | None = None) -> Plain:
    plain = {name: value for name, value in session.items() if not name.startswith("_")}
    if session["status"] != "open":
        plain["url"] = None
    if "payment_intent.latest_charge" in (expand or []) and session["payment_intent"]:
        plain["payment_intent"] = intents.retrieve(session["payment_intent"], ["latest_charge"])
    if "setup_intent.payment_method" in (expand or []) and session["setup_intent"]:
        plain["setup_intent"] = SetupIntent._api_retrieve(session["setup_intent"])._export(
            expand=["payment_method"]
        )
    return plain


def _session(its_id: str) -> Plain:
    if its_id not in SESSIONS:
        raise RefusedError(404, "invalid_request_error", "resource_missing", param="session")
    return SESSIONS[its_id]


def retrieve(id: str, expand: list[str] | None = None) -> Plain:  # noqa: A002 the API's name
    """Read a page."""
    return _told(_session(id), expand)


def expire(id: str) -> Plain:  # noqa: A002 the API's name
    """End an open page."""
    session = _session(id)
    if session["status"] != "open":
        raise RefusedError(400, "invalid_request_error")
    session["status"] = "expired"
    announce("checkout.session.expired", _told(session))
    return _told(session)


def pay(key: str, number: str = "4242424242424242") -> Plain:
    """Be a customer who fills in the page with a card; declined, the page stays open."""
    session = next(each for each in SESSIONS.values() if each["client_reference_id"] == key)
    assert session["status"] == "open", session["status"]
    sent = session["_sent"]
    customer = sent.get("customer")
    if customer is None and sent.get("customer_creation") == "always":
        customer = Customer(email=PAYER).id
    card = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
    method = PaymentMethod(type="card", card=card)
    try:
        if sent["mode"] == "payment":
            _charge(session, customer, method)
        else:
            _keep(session, customer, method)
    except UserError as no:
        if no.code != 402:
            raise
        return {"declined": True}
    session.update(status="complete", payment_status="paid", customer=customer)
    session["customer_details"] = {"email": PAYER}
    announce("checkout.session.completed", _told(session))
    return {"location": session["success_url"]}


def shown(id: str) -> web.Response:  # noqa: A002 the API's name
    """Be the page itself, for browsers that try this: a number to fill in, and a way back."""
    session = _session(id)
    back = escape(session["cancel_url"])
    return _html(
        f"<h1>{session['mode']}</h1><form action='/c/pay/{id}/sent'>"
        "<p><label>Card number <input name=number></label>"
        f"<p><button>Go on</button></form><p><a id=leave href='{back}'>Back</a>"
    )


def sent(id: str, number: str, confirmed: str = "") -> web.Response:  # noqa: A002 the API's name
    """Take the number, after the bank's question where it asks one; then lead back."""
    session = _session(id)
    if number == ASKS_UNLESS_SET_UP and not confirmed:
        return _html(
            f"<h1>Your bank asks: is it you?</h1><form><input name=number value='{escape(number)}'"
            " type=hidden><button name=confirmed value=yes>It is me</button></form>"
        )
    done = pay(session["client_reference_id"], number)
    return web.Response(status=303, headers={"Location": done["location"]})


def _html(body: str) -> web.Response:
    head = "<!doctype html><html lang=en><title>Stripe's peer</title><link rel=icon href='data:,'>"
    return web.Response(text=head + body, content_type="text/html")


def _charge(session: Plain, customer: str | None, method: Any) -> None:
    data = session["_sent"]["payment_intent_data"]
    usage = data.get("setup_future_usage")
    intent = PaymentIntent(
        amount=session["amount_total"],
        currency=session["currency"],
        customer=customer,
        payment_method=method.id,
        metadata=data["metadata"],
    )
    intents.MORE[intent.id] = {
        "description": data["description"],
        "setup_future_usage": usage,
    }
    session["payment_intent"] = intent.id
    PaymentIntent._api_confirm(intent.id)
    if intent.status == "requires_action":
        intents.authenticate(intent.id)
    if usage == "off_session":
        method.customer = customer


def _keep(session: Plain, customer: str | None, method: Any) -> None:
    data = session["_sent"]["setup_intent_data"]
    intent = SetupIntent(customer=customer, metadata=data["metadata"])
    SetupIntent._api_confirm(intent.id, payment_method=method.id)
    if intent.status == "requires_action":
        SetupIntent._api_confirm(intent.id)
        if method.card["last4"] == ASKS_UNLESS_SET_UP[-4:]:
            method._requires_authentication = lambda: False
    method.customer = customer
    session["setup_intent"] = intent.id
