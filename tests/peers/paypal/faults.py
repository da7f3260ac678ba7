"""What goes wrong between us and PayPal, in the order in which a test asks for it.

`slow` answers late; `cut` ends the connection with nothing done, `lost` with everything done, and
`half` in the middle of the answer; `error` and `error_after` are a 500 and a 503; `garbage` is no
JSON. `issue` refuses by one of PayPal's codes. `status`, `amount` and `key` lie about a fact.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

BEFORE: Final = frozenset({"cut", "error", "issue", "expired"})
"""Faults that come before anything is done."""

Answer = tuple[int, Any]
NO_ANSWER: Final = -1
HALF_AN_ANSWER: Final = -2

MESSAGES: Final = {
    400: (
        "INVALID_REQUEST",
        "Request is not well-formed, syntactically incorrect, or violates schema.",
    ),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    422: (
        "UNPROCESSABLE_ENTITY",
        (
            "The requested action could not be performed, semantically incorrect, or failed"
            " business validation."
        ),
    ),
}
EXPIRED: Final = {
    "name": "AUTHENTICATION_FAILURE",
    "message": "Authentication failed due to missing authorization header, or invalid"
    " authentication credentials.",
    "debug_id": "b1d1f06c7246c",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong once, at the next call of an operation."""

    on: str
    kind: str
    value: str = ""


def problem(status: int, issue: str) -> Answer:
    """Refuse something in PayPal's words."""
    name, message = MESSAGES[status]
    told = {
        "name": name,
        "message": message,
        "debug_id": "b1d1f06c7246c",
        "details": [{"issue": issue}],
    }
    return status, told


def instead(fault: Fault) -> Answer:
    """Give the answer of a fault that comes before anything is done."""
    match fault.kind:
        case "cut":
            return NO_ANSWER, None
        case "error":
            return 500, {"name": "INTERNAL_SERVER_ERROR", "debug_id": "b1d1f06c7246c"}
        case "expired":
            return 401, EXPIRED
    return problem(422, fault.value)


def spoiled(fault: Fault, answer: Answer) -> Answer:
    """Give what is left of an answer to something that was done."""
    status, body = answer
    match fault.kind:
        case "lost":
            return NO_ANSWER, None
        case "half":
            return HALF_AN_ANSWER, body
        case "error_after":
            return 503, {"name": "SERVICE_UNAVAILABLE", "debug_id": "b1d1f06c7246c"}
        case "garbage":
            return status, None
        case "status":
            return status, _changed(body, "status", lambda _: fault.value)
        case "amount":
            return status, _changed(body, "value", lambda _: fault.value)
        case "key":
            return status, _changed(body, "custom_id", lambda key: f"{key}0")
        case "without_key":
            return status, _changed(body, "custom_id", lambda _: "")
    return answer


def _changed(body: Any, field: str, change: Callable[[Any], Any]) -> Any:
    """Change a field wherever it stands."""
    if isinstance(body, dict):
        return {
            name: change(value) if name == field else _changed(value, field, change)
            for name, value in body.items()
        }
    return [_changed(each, field, change) for each in body] if isinstance(body, list) else body


def written(body: Any) -> bytes:
    """Write an answer; None is what a broken proxy would say."""
    return b"<html>Service Unavailable" if body is None else json.dumps(body).encode()
