"""One story in examples, as the OpenAPI document shows it: a card is looked at, quoted, renewed.

A test sends the requests and compares the answers with these in form.
"""

from typing import Any, Final

from everline.channels.partner.values import (
    ICCID_EXAMPLE,
    REFERENCE_EXAMPLE,
    RENEWAL_EXAMPLE,
    TOP_UP_EXAMPLE,
)

ORDER_ID: Final = REFERENCE_EXAMPLE
MASKED: Final = "8988 •••• •••• 0011"
VERIFY: Final = "https://renew.example/verify/" + RENEWAL_EXAMPLE

CARD_QUESTION: Final[dict[str, Any]] = {"iccid": ICCID_EXAMPLE}
QUOTE_QUESTION: Final[dict[str, Any]] = {"iccid": ICCID_EXAMPLE, "plan": "DAY-2"}
RENEWAL_ORDER: Final[dict[str, Any]] = {
    "iccid": ICCID_EXAMPLE,
    "plan": "DAY-2",
    "quoted_total": 1500000,
    "quoted_end": "2026-11-23T03:00:00Z",
    "contact": {"email": "mei@example.com", "locale": "zh-Hans"},
}

PLANS: Final[dict[str, Any]] = {
    "plans": [
        {
            "code": "DAY-2",
            "names": {"en": "Indonesia Day 2 GB", "zh-Hans": "印尼日套餐 2 GB"},
            "currency": "IDR",
            "price": 1500000,
            "tax": 148649,
            "period": {"unit": "day", "count": 1},
            "validity": "rolling",
            "on_renewal": "queue",
            "allowance_bytes": 2000000000,
            "fair_use_bytes": None,
            "devices_max": 1,
            "region": {"code": "home", "names": {"en": "Indonesia", "zh-Hans": "印度尼西亚"}},
            "countries": ["ID"],
        }
    ]
}
CARD_STATUS: Final[dict[str, Any]] = {
    "kind": "sim",
    "state": "activated",
    "state_words": "Activated, not bound to a device yet",
    "currency": "IDR",
    "zone": "Asia/Jakarta",
    "valid_until": None,
    "renewable_until": None,
    "is_renewable": False,
    "missing_step": {
        "code": "card_not_bound",
        "sentence": "This card is not bound to a device yet. Bind it by IMEI or EID.",
    },
}
QUOTE: Final[dict[str, Any]] = {
    "plan": "DAY-2",
    "promotion": None,
    "currency": "IDR",
    "price": 1500000,
    "discount": 0,
    "total": 1500000,
    "tax": 148649,
    "starts_at": "2026-11-22T03:00:00Z",
    "ends_at": "2026-11-23T03:00:00Z",
    "zone": "Asia/Jakarta",
    "on_renewal": "queue",
    "on_renewal_words": "No plan is running on this card, so the new one starts at once.",
    "allowance_bytes": 2000000000,
    "bonus_bytes": 0,
    "fair_use_bytes": None,
}
RENEWAL_MADE: Final[dict[str, Any]] = {
    "id": RENEWAL_EXAMPLE,
    "outcome": "renewed",
    "plan": "DAY-2",
    "promotion": None,
    "currency": "IDR",
    "total": 1500000,
    "valid_until": "2026-11-23T03:00:00Z",
    "card": MASKED,
    "verify_url": VERIFY,
}
RENEWAL: Final[dict[str, Any]] = {
    "id": RENEWAL_EXAMPLE,
    "idempotency_key": ORDER_ID,
    "iccid": ICCID_EXAMPLE,
    "card": MASKED,
    "state": "delivered",
    "reason": None,
    "plan": "DAY-2",
    "plan_names": {"en": "Indonesia Day 2 GB", "zh-Hans": "印尼日套餐 2 GB"},
    "currency": "IDR",
    "price": 1500000,
    "discount": 0,
    "total": 1500000,
    "tax": 148649,
    "on_renewal": "queue",
    "allowance_bytes": 2000000000,
    "bonus_bytes": 0,
    "starts_at": "2026-11-22T03:00:00Z",
    "ends_at": "2026-11-23T03:00:00Z",
    "zone": "Asia/Jakarta",
    "placed_at": "2026-11-22T03:00:00Z",
    "delivered_at": "2026-11-22T03:00:02Z",
    "verify_url": VERIFY,
}
RENEWALS: Final[dict[str, Any]] = {"renewals": [RENEWAL], "next_before": RENEWAL_EXAMPLE}

INQUIRY_QUESTION: Final[dict[str, Any]] = {"number": ICCID_EXAMPLE, "plan": "DAY-2"}
INQUIRY: Final[dict[str, Any]] = {"card": MASKED, "valid_for_seconds": 900, "quote": QUOTE}
PAYMENT: Final[dict[str, Any]] = {
    "reference": "bill-000188",
    "number": ICCID_EXAMPLE,
    "plan": "DAY-2",
    "quoted_total": 1500000,
    "quoted_end": "2026-11-23T03:00:00Z",
}
REVERSAL_QUESTION: Final[dict[str, Any]] = {"payment": REFERENCE_EXAMPLE}
ADVICE: Final[dict[str, Any]] = {
    "outcome": "paid",
    "words": "Paid. Do not send it again.",
    "renewal": RENEWAL,
    "top_up": None,
    "refusal": None,
    "signed_receipt_url": "https://renew.example/verify/EVL1.eyJ…",
}
REVERSED: Final[dict[str, Any]] = {
    "outcome": "taken_back",
    "words": "Taken back: the money is in your deposit again, or on its way there.",
    "renewal": RENEWAL | {"state": "reversing", "reason": "sold_by_mistake"},
    "top_up": None,
    "refusal": None,
    "signed_receipt_url": None,
}
TOP_UP_ORDER: Final[dict[str, Any]] = {
    "reference": "topup-000012",
    "number": ICCID_EXAMPLE,
    "amount": 5000000,
    "currency": "IDR",
}
TOP_UP: Final[dict[str, Any]] = {
    "id": TOP_UP_EXAMPLE,
    "reference": "topup-000012",
    "card": MASKED,
    "state": "paid",
    "amount": 5000000,
    "currency": "IDR",
    "placed_at": "2026-11-22T03:00:00Z",
}
ANNOUNCEMENTS: Final[dict[str, Any]] = {
    "announcements": [{"text": "Deliveries are slow this morning.", "severity": "warning"}]
}
