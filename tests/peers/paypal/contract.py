"""PayPal's published descriptions, as far as they are used: contract.json, and how it is applied.

The complete descriptions may not be kept in our tree. Where a copy of them is at hand, in the
folder that EVERLINE_PAYPAL_OPENAPI names, every body is validated against them as well.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

COMPLETE: Final = os.environ.get("EVERLINE_PAYPAL_OPENAPI", "")
"""A folder with PayPal's own checkout_orders_v2.json and the two others, or nothing."""

OURS: Final[dict[str, Any]] = json.loads(
    Path(__file__).with_name("contract.json").read_text(encoding="utf-8")
)


@cache
def complete(file: str) -> dict[str, Any]:
    """Read one of the complete descriptions."""
    found: dict[str, Any] = json.loads((Path(COMPLETE) / file).read_text(encoding="utf-8"))
    return found


def request_mistakes(operation: str, body: Any) -> list[str]:
    """List what is wrong with a request's body."""
    of = OURS["operations"][operation]
    if "request" not in of:
        return [] if body is None else ["a body where none is described"]
    found = _mistakes(_our_validator(of["request"]), body)
    if COMPLETE:
        place = ("paths", of["path"], of["method"], "requestBody")
        found += _mistakes(_their_validator(of["file"], place), body)
    return found


def answer_mistakes(operation: str, status: int, body: Any) -> list[str]:
    """List what is wrong with an answer's body."""
    of = OURS["operations"][operation]
    if str(status) not in of["answers"]:
        return [f"{operation} is not described to answer {status}"]
    found = _mistakes(_our_validator(of["answers"][str(status)]), body)
    if COMPLETE:
        place = ("paths", of["path"], of["method"], "responses", str(status))
        found += _mistakes(_their_validator(of["file"], place), body)
    return found


def event_mistakes(event: Any) -> list[str]:
    """List what is wrong with a callback's event."""
    found = _mistakes(_our_validator("event"), event)
    if COMPLETE:
        place = ("components", "schemas", "event")
        found += _mistakes(_their_validator("notifications_webhooks_v1.json", place), event)
    return found


def header_mistakes(headers: dict[str, str]) -> list[str]:
    """List what is wrong with the headers of a call that is to happen once."""
    found = []
    for name, schema in OURS["headers"].items():
        value = headers.get(name.lower())
        if value is None:
            found.append(f"{name} is missing")
        else:
            found += _mistakes(jsonschema_rs.validator_for(schema), value)
    return found


def _mistakes(validator: Any, value: Any) -> list[str]:
    return [f"{list(each.instance_path)}: {each.message}" for each in validator.iter_errors(value)]


@cache
def _our_validator(schema: str) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/schemas/{schema}", "schemas": OURS["schemas"]}, validate_formats=True
    )


@cache
def _their_validator(file: str, place: tuple[str, ...]) -> Any:
    """Compile a part of a complete description; OpenAPI 3.0 speaks JSON Schema of draft 4."""
    whole = complete(file)
    found: Any = whole
    for step in place:
        found = found[step]
        if "$ref" in found and "schema" not in found and place[0] == "paths":
            name = found["$ref"].rsplit("/", 2)
            found = whole["components"][name[1]][name[2]]
    schema = found["content"]["application/json"]["schema"] if place[0] == "paths" else found
    return jsonschema_rs.Draft4Validator({**schema, "components": whole["components"]})
