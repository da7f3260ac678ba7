"""What PayPal's double keeps: orders with their captures and refunds, and who was told what.

Rules are PayPal's: an order is captured once and after approval only, a refund never exceeds its
capture, and a request id means one order, capture or refund. No HTTP here: that is double.py.
"""

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from tests.peers.paypal.faults import Answer, problem

CURRENCIES: Final = frozenset(
    {"AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "NOK"}
    | {"NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"}
)
WHOLE: Final = frozenset({"HUF", "JPY", "TWD"})
PAYER: Final = {
    "email_address": "ana.buyer@example.com",
    "account_id": "QYR5Z8XDVJNXQ",
    "name": {"given_name": "Ana", "surname": "Buyer"},
}
"""Whoever pays; none of it may ever be kept by us."""


class Books:
    """Orders, captures and refunds by id; what was asked under which request id."""

    def __init__(self, pages: str) -> None:
        self.pages = pages
        self.orders: dict[str, dict[str, Any]] = {}
        self.contexts: dict[str, dict[str, str]] = {}
        self.captured_as = "COMPLETED"
        self.captured_value = ""
        self.refunded_as = "COMPLETED"
        self._once: dict[tuple[str, str], tuple[Any, str]] = {}
        self._numbers: Iterator[int] = itertools.count(1)

    def once(self, path: str, key: str, body: Any) -> str:
        """Give the id that a request id led to before; stops at the same one for something else."""
        found = self._once.get((path, key))
        if found is None:
            return ""
        assert found[0] == body, f"request id {key} was used for something else"
        return found[1]

    def keep(self, path: str, key: str, body: Any, made: str) -> None:
        """Remember what a request id led to."""
        self._once[path, key] = (body, made)

    def create(self, path: str, key: str, body: dict[str, Any]) -> Answer:
        """Create an order, which the payer is then to approve."""
        known = self.once(path, key, body)
        if known:
            return 200, self.orders[known]
        (purchase,) = body["purchase_units"]
        wrong = self._money_issue(purchase["amount"])
        if wrong:
            return problem(422, wrong)
        made = self._id("5O")
        self.orders[made] = {
            "id": made,
            "intent": body["intent"],
            "status": "PAYER_ACTION_REQUIRED",
            "payment_source": {"paypal": {}},
            "purchase_units": [{"reference_id": "default", **purchase}],
            "create_time": _now(),
            "links": [
                {"href": f"{self.pages}v2/checkout/orders/{made}", "rel": "self", "method": "GET"},
                {
                    "href": f"{self.pages}checkoutnow?token={made}",
                    "rel": "payer-action",
                    "method": "GET",
                },
            ],
        }
        self.contexts[made] = body["payment_source"]["paypal"]["experience_context"]
        self.keep(path, key, body, made)
        return 201, self.orders[made]

    def approve(self, order_id: str) -> dict[str, Any]:
        """Be the payer, who says yes on PayPal's page."""
        order = self.orders[order_id]
        assert order["status"] in {"PAYER_ACTION_REQUIRED", "CREATED"}, order["status"]
        order |= {"status": "APPROVED", "payment_source": {"paypal": PAYER}, "update_time": _now()}
        return order

    def capture(self, path: str, key: str, body: dict[str, Any], order_id: str) -> Answer:
        """Take the money of an order that was approved."""
        order = self.orders.get(order_id)
        if order is None:
            return problem(404, "INVALID_RESOURCE_ID")
        if self.once(path, key, body):
            return 200, order
        if order["status"] == "COMPLETED":
            return problem(422, "ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            return problem(422, "ORDER_NOT_APPROVED")
        (purchase,) = order["purchase_units"]
        amount = dict(purchase["amount"])
        amount["value"] = self.captured_value or amount["value"]
        capture = {
            "id": self._id("3C"),
            "status": self.captured_as,
            "amount": amount,
            "invoice_id": purchase["invoice_id"],
            "custom_id": purchase["custom_id"],
            "final_capture": True,
            "create_time": _now(),
        }
        if self.captured_as == "PENDING":
            capture["status_details"] = {"reason": "ECHECK"}
        purchase["payments"] = {"captures": [capture]}
        order |= {"status": "COMPLETED", "update_time": _now()}
        self.keep(path, key, body, capture["id"])
        return 201, order

    def settle(self, capture_id: str, status: str) -> dict[str, Any]:
        """Let a capture that was pending end."""
        _order, capture = self.find(capture_id)
        capture["status"] = status
        capture.pop("status_details", None)
        return capture

    def refund(self, path: str, key: str, body: dict[str, Any], capture_id: str) -> Answer:
        """Give back a part or all of a capture."""
        order, capture = self.find(capture_id)
        if not capture:
            return problem(404, "INVALID_RESOURCE_ID")
        payments = order["purchase_units"][0]["payments"]
        refunds = payments.setdefault("refunds", [])
        known = self.once(path, key, body)
        if known:
            return 201, next(each for each in refunds if each["id"] == known)
        wrong = self._refund_issue(body, capture, refunds)
        if wrong:
            return problem(422, wrong)
        refund = {"id": self._id("1J"), "status": self.refunded_as, **body, "create_time": _now()}
        refunds.append(refund)
        is_all = _sum(refunds) == _units(capture["amount"]["value"])
        capture["status"] = "REFUNDED" if is_all else "PARTIALLY_REFUNDED"
        self.keep(path, key, body, refund["id"])
        return 201, refund

    def find(self, capture_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Find a capture and its order."""
        for order in self.orders.values():
            for capture in order["purchase_units"][0].get("payments", {}).get("captures", []):
                if capture["id"] == capture_id:
                    return order, capture
        return {}, {}

    def _refund_issue(
        self, body: dict[str, Any], capture: dict[str, Any], refunds: list[dict[str, Any]]
    ) -> str:
        if body["amount"]["currency_code"] != capture["amount"]["currency_code"]:
            return "REFUND_CAPTURE_CURRENCY_MISMATCH"
        if body["invoice_id"] in {each["invoice_id"] for each in refunds}:
            return "DUPLICATE_INVOICE_ID"
        left = _units(capture["amount"]["value"]) - _sum(refunds)
        if left == 0:
            return "CAPTURE_FULLY_REFUNDED"
        return "REFUND_AMOUNT_EXCEEDED" if _units(body["amount"]["value"]) > left else ""

    def _money_issue(self, amount: dict[str, str]) -> str:
        if amount["currency_code"] not in CURRENCIES:
            return "INVALID_CURRENCY_CODE"
        form = r"[0-9]+" if amount["currency_code"] in WHOLE else r"[0-9]+(\.[0-9]{1,2})?"
        return "" if re.fullmatch(form, amount["value"]) else "DECIMAL_PRECISION"

    def _id(self, prefix: str) -> str:
        number = next(self._numbers)
        return f"{prefix}{number:06d}TN{number:06d}T"


def _units(value: str) -> int:
    """Count hundredths, which is exact for all that happens here."""
    whole, _point, fraction = value.partition(".")
    return int(whole + fraction.ljust(2, "0"))


def _sum(refunds: list[dict[str, Any]]) -> int:
    return sum(_units(each["amount"]["value"]) for each in refunds)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
