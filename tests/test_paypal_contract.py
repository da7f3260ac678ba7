"""What PayPal's double validates by, held against PayPal's complete descriptions.

They may not be kept in our tree: fetch the three files of `source` in contract.json and name their
folder by EVERLINE_PAYPAL_OPENAPI. Then every body of the other PayPal tests is validated against
them as well.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from everline.payments.gateways import paypal_answers
from tests.peers.paypal import contract
from tests.peers.paypal.contract import COMPLETE, OURS, complete
from tests.peers.paypal.faults import problem

AT_HAND = pytest.mark.skipif(
    not COMPLETE,
    reason="PAYPAL'S COMPLETE DESCRIPTIONS ARE NOT AT HAND: set EVERLINE_PAYPAL_OPENAPI",
)
SAME = ("type", "pattern", "minLength", "maxLength", "minItems", "maxItems")


def parts(node: dict[str, Any], whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give all plain schemas that make up one of a complete description."""
    yield node
    if "$ref" in node:
        found: Any = whole
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        yield from parts(found, whole)
    for each in (*node.get("allOf", ()), *node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from parts(each, whole)


def differences(
    ours: dict[str, Any], theirs: list[dict[str, Any]], whole: dict[str, Any], place: str
) -> Iterator[str]:
    """List where our schema says something that theirs does not, all the way down."""
    if "$ref" in ours:
        ours = OURS["schemas"][ours["$ref"].rsplit("/", 1)[1]]
    flat = [part for node in theirs for part in parts(node, whole)]
    for word in SAME:
        said = {part[word] for part in flat if word in part}
        if said and ours.get(word) not in said:
            yield f"{place}: {word} is {ours.get(word)!r}, theirs {said!r}"
    words = {each for part in flat for each in part.get("enum", ())}
    if words and not set(ours.get("enum", {None})) <= words:
        yield f"{place}: {set(ours.get('enum', {None})) - words!r} is none of theirs"
    required = {each for part in flat for each in part.get("required", ())}
    if ours.get("type") == "object" and not required <= set(ours.get("required", ())):
        yield f"{place}: theirs requires {required - set(ours.get('required', ()))!r}"
    for name, schema in ours.get("properties", {}).items():
        found: list[dict[str, Any]] = [
            part["properties"][name] for part in flat if name in part.get("properties", {})
        ]
        if found:
            yield from differences(schema, found, whole, f"{place}.{name}")
        else:
            yield f"{place}.{name}: theirs has no such property"
    items = [part["items"] for part in flat if "items" in part]
    if "items" in ours:
        yield from differences(ours["items"], items, whole, f"{place}[]")


def schemas(whole: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """Find the schema of a body that an operation describes."""
    found = next(each for each in parts(node, whole) if "content" in each)
    return [found["content"]["application/json"]["schema"]]


@AT_HAND
@pytest.mark.parametrize("operation", OURS["operations"])
def test_what_we_validate_by_is_part_of_what_paypal_publishes(operation: str) -> None:
    of = OURS["operations"][operation]
    whole = complete(of["file"])
    found: list[str] = []
    assert whole["info"]["version"] == OURS["versions"][of["file"]]
    theirs = whole["paths"][of["path"]][of["method"]]
    if "request" in of:
        ours = OURS["schemas"][of["request"]]
        found += differences(ours, schemas(whole, theirs["requestBody"]), whole, of["request"])
    for status, name in of["answers"].items():
        answer = schemas(whole, theirs["responses"][status])
        found += differences(OURS["schemas"][name], answer, whole, name)
    assert found == []


@AT_HAND
def test_states_are_all_that_paypal_publishes() -> None:
    for file, theirs, ours in (
        ("checkout_orders_v2.json", "order_status", ("order", "status")),
        ("payments_payment_v2.json", "capture_status", ("capture", "status")),
        ("payments_payment_v2.json", "refund_status", ("refund", "status")),
    ):
        schema = complete(file)["components"]["schemas"][theirs]
        published = schema.get("enum") or schema["properties"]["status"]["enum"]
        assert set(OURS["schemas"][ours[0]]["properties"][ours[1]]["enum"]) == set(published)


@AT_HAND
def test_issues_that_mean_no_are_published_for_their_operation() -> None:
    orders = complete("checkout_orders_v2.json")["components"]["schemas"]
    refunds = complete("payments_payment_v2.json")["components"]["schemas"]
    of_orders = issues(orders["422"]) | issues(orders["orders.capture-422"])
    of_refunds = issues(refunds["captures.refund-422"])
    ours = paypal_answers
    assert of_orders >= ours.REFUSED | ours.TRY_AGAIN | ours.CAPTURED_ALREADY
    assert of_refunds >= ours.REFUND_REFUSED | ours.REFUNDED_ALREADY
    assert not ours.REFUSED & (ours.TRY_AGAIN | ours.CAPTURED_ALREADY)


def issues(node: Any) -> set[str]:
    """Collect the issue codes that a description names."""
    if isinstance(node, list):
        return set().union(*map(issues, node))
    if not isinstance(node, dict):
        return set()
    own = node.get("issue", {})
    named = set(own.get("enum", ())) if isinstance(own, dict) else set()
    return named | issues(list(node.values()))


@AT_HAND
def test_a_difference_would_be_found() -> None:
    """The control of the first test: each kind of lie about the description is seen."""
    whole = complete("checkout_orders_v2.json")
    theirs = [{"$ref": "#/components/schemas/purchase_unit_request"}]
    for lie in (
        {"type": "object", "properties": {"custom_id": {"type": "string", "maxLength": 255}}},
        {"type": "object", "required": ["amount"], "properties": {"colour": {"type": "string"}}},
        {"type": "object", "properties": {}},
        {"type": "array", "required": ["amount"], "properties": {}},
    ):
        assert list(differences(lie, theirs, whole, "lie")), lie


BROKEN: list[tuple[str, Any]] = [
    ("create", {"intent": "CAPTURE"}),
    ("create", {"intent": "CAPTURE", "purchase_units": [{}]}),
    ("create", {"intent": "BUY", "purchase_units": [{"amount": {}}]}),
    ("refund", {"amount": {"currency_code": "EUR", "value": "1,00"}}),
    ("refund", {"amount": {"currency_code": "EUR"}}),
    ("verify", {"auth_algo": "SHA256withRSA"}),
]


@pytest.mark.parametrize(("operation", "body"), BROKEN)
def test_a_broken_request_is_seen(operation: str, body: Any) -> None:
    assert contract.request_mistakes(operation, body)


def test_a_broken_answer_or_header_is_seen() -> None:
    assert contract.answer_mistakes("read", 200, {"id": 1})
    assert contract.answer_mistakes("read", 418, {})
    assert contract.answer_mistakes("capture", *problem(422, "NO_SUCH_ISSUE"))
    assert not contract.answer_mistakes("capture", *problem(422, "INSTRUMENT_DECLINED"))
    assert contract.event_mistakes({"event_version": "one"})
    assert contract.header_mistakes({"prefer": "return=representation"})
    assert contract.header_mistakes({"paypal-request-id": "k" * 109, "prefer": "return=minimal"})


def test_what_is_not_described_is_not_let_pass() -> None:
    order = {"intent": "CAPTURE", "purchase_units": [{"amount": {}, "colour": "red"}]}
    assert any("colour" in each for each in contract.request_mistakes("create", order))
