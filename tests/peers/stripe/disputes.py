"""Disputes at Stripe's peer, which localstripe does not have: a bank opens and ends them.

Shaped after Stripe's OpenAPI description 2026-10-28, `dispute`.
"""

import time
from typing import Any

from localstripe.resources import random_id

from tests.peers.stripe import intents
from tests.peers.stripe.intents import Plain
from tests.peers.stripe.shapes import RefusedError, announce, many

WEEK = 7 * 86_400
DISPUTES: dict[str, Plain] = {}


def dispute(payment_intent: str, *, is_another: bool = False, **values: Any) -> Plain:
    """Be a bank that disputes a payment, or says how that stands now."""
    paid = intents.retrieve(payment_intent, ["latest_charge"])
    found = next(
        (each for each in DISPUTES.values() if each["payment_intent"] == payment_intent), None
    )
    if found is None or is_another:
        found = {
            "id": f"du_{random_id(24)}",
            "object": "dispute",
            "status": "needs_response",
            "reason": "fraudulent",
            "amount": paid["amount"],
            "currency": paid["currency"],
            "charge": paid["latest_charge"]["id"],
            "payment_intent": payment_intent,
            "is_charge_refundable": False,
            "evidence": {"customer_email_address": "ana.buyer@example.com"},
            "evidence_details": {"due_by": int(time.time()) + WEEK},
            "metadata": {},
            "created": int(time.time()),
        }
        DISPUTES[found["id"]] = found
        kind = "charge.dispute.created"
    else:
        kind = "charge.dispute.updated"
    found.update(values)
    announce(kind, dict(found))
    return found


def listed(created: Plain, limit: str = "10", starting_after: str = "") -> Plain:
    """List the disputes that were opened in a time, the newest first, a page at once."""
    found = sorted(
        (
            each
            for each in DISPUTES.values()
            if int(created["gte"]) <= each["created"] < int(created["lt"])
        ),
        key=lambda each: (each["created"], each["id"]),
        reverse=True,
    )
    ids = [each["id"] for each in found]
    first = ids.index(starting_after) + 1 if starting_after else 0
    page = found[first : first + int(limit)]
    return {**many(page, "/v1/disputes"), "has_more": len(found) > first + len(page)}


def retrieve(id: str, expand: list[str] | None = None) -> Plain:  # noqa: A002 the API's name
    """Read a dispute."""
    if id not in DISPUTES:
        raise RefusedError(404, "invalid_request_error", "resource_missing", param="dispute")
    told = dict(DISPUTES[id])
    if "payment_intent" in (expand or []):
        told["payment_intent"] = intents.retrieve(told["payment_intent"])
    return told
