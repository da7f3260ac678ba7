"""One story in examples, as the OpenAPI document shows it: a card is looked at, quoted, renewed.

A test sends the requests and compares the answers with these in form.
"""

from typing import Any, Final

from everline.channels.partner.values import ICCID_EXAMPLE, RENEWAL_EXAMPLE

ORDER_ID: Final = "order-2026-000187"

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
}
RENEWAL: Final[dict[str, Any]] = {
    "id": RENEWAL_EXAMPLE,
    "idempotency_key": ORDER_ID,
    "iccid": ICCID_EXAMPLE,
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
}
RENEWALS: Final[dict[str, Any]] = {"renewals": [RENEWAL], "next_before": RENEWAL_EXAMPLE}
