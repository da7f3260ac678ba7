"""The OpenAPI document: complete, in keeping with what is answered, and fit to be read.

Schemathesis makes requests from it, good and bad ones, and judges every answer by it. What the API
does is in test_partner.py.
"""

import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, assume, settings, strategies

from everline import ids
from everline.channels.partner import examples
from everline.channels.partner.problems import MISUSES, STATUSES, Misuse, sentence
from everline.channels.partner.values import ICCID_EXAMPLE
from everline.config import plugs
from everline.errors import Code
from tests.marketplace import (
    ADVICE,
    ANNOUNCEMENTS,
    INQUIRIES,
    PAYMENTS,
    PLANS,
    QUOTES,
    RENEWALS,
    REVERSALS,
    STATUS,
    TOP_UPS,
    Platform,
    Reply,
)
from tests.world import World

Case = schemathesis.Case[Any]
pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

DOCUMENT = "/api/v1/openapi.json"
EXAMPLES_MAX = 40
REFUSALS = ["2xx", "401", "402", "403", "404", "409", "422"]
"""How a request in good form may be answered: a promotion can be unknown, a deposit short."""

CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 1,
        "checks": {"positive_data_acceptance": {"expected-statuses": REFUSALS}},
    }
)


def _numbered(serial: int) -> str:
    body = f"8988{serial:015d}"
    return body + ids.luhn_digit(body)


NUMBERS = strategies.just(ICCID_EXAMPLE) | strategies.integers(0, 10**15 - 1).map(_numbered)
PHONES = strategies.integers(10**7, 10**15 - 1).map("+{}".format)
schemathesis.openapi.format("iccid", NUMBERS)
schemathesis.openapi.format("card-or-phone", NUMBERS | PHONES)


@pytest.fixture
def subject(town: World, platform: Platform) -> Platform:
    """A platform in the world of the document's examples, at the hour in which they happen."""
    plan = town.plan("DAY-2", days=1, price=1500000)
    town.card(iccid=ICCID_EXAMPLE, zone="Asia/Jakarta")
    town.fund(platform.owner.account_id, "deposit", 10**9)
    for _ in range(3):
        assert platform.renew(platform.order(town.card(), plan)).status == 201
    town.advance(seconds=1)  # Ids of one millisecond have no order.
    return platform


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # No static files are needed.
    published = schemathesis.openapi.from_wsgi(DOCUMENT, get_wsgi_application(), config=CONFIG)


@published.parametrize()
@settings(
    max_examples=EXAMPLES_MAX,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented(case: Case, subject: Platform) -> None:
    """No failure of ours, nothing undocumented in an answer, no bad request that is taken."""
    body = case.body if isinstance(case.body, dict) else {}
    amounts = (body.get("quoted_total"), body.get("amount"))
    assume(
        not any(isinstance(each, float) and each.is_integer() for each in amounts)
    )  # JSON Schema calls 1.0 whole.
    case.call_and_validate(headers={"Authorization": f"Bearer {subject.owner.key}"})


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as anybody gets it, without a key."""
    answer = Client().get(DOCUMENT)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    found: dict[str, Any] = json.loads(answer.content)
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                yield method.upper(), path, item[method]


def test_it_is_openapi_3_1_and_knows_every_operation(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {(method, path) for method, path, _ in operations(document)} == {
        ("GET", PLANS),
        ("POST", STATUS),
        ("POST", QUOTES),
        ("POST", RENEWALS),
        ("GET", RENEWALS),
        ("GET", RENEWALS + "/{renewal}"),
        ("POST", INQUIRIES),
        ("POST", PAYMENTS),
        ("GET", ADVICE),
        ("POST", REVERSALS),
        ("POST", TOP_UPS),
        ("GET", TOP_UPS + "/{top_up}"),
        ("GET", ANNOUNCEMENTS),
    }


def test_every_operation_tells_what_it_asks_and_every_answer(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        assert operation["security"] == [{"api_key": []}], where
        assert {"401", "406", "500", "503"} < set(operation["responses"]), where
        if "requestBody" in operation:
            assert {"400", "411", "413", "415"} < set(operation["responses"]), where
            assert operation["requestBody"]["content"]["application/json"]["example"], where
        for parameter in operation.get("parameters", []):
            assert parameter["description"], where
        for status, answer in operation["responses"].items():
            (kind, media), *rest = answer["content"].items()
            assert not rest, f"{where} {status}"
            is_problem = status >= "400"
            assert kind == ("application/problem+json" if is_problem else "application/json")
            assert media["examples"], f"{where} {status}"


def test_every_code_stands_under_its_status_with_its_words(document: dict[str, Any]) -> None:
    seen = set()
    for _method, _path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status < "400":
                continue
            for name, shown in answer["content"]["application/problem+json"]["examples"].items():
                problem = shown["value"]
                is_refusal = name in set(Code)
                said = sentence(Code(name)) if is_refusal else MISUSES[Misuse(name)][1]
                meant = STATUSES[Code(name)] if is_refusal else MISUSES[Misuse(name)][0]
                assert problem["code"] == name
                assert problem["title"] == said
                assert int(status) == problem["status"] == meant
                assert f"- `{name}`: {said}" in answer["description"].splitlines()
                seen.add(name)
    assert {*MISUSES} - seen == {Misuse.ADDRESS_UNKNOWN, Misuse.METHOD_WRONG}


def test_orders_alone_need_an_idempotency_key(document: dict[str, Any]) -> None:
    needing = {
        (method, path)
        for method, path, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert needing == {("POST", RENEWALS)}
    for path in (QUOTES, STATUS, INQUIRIES, REVERSALS):
        assert "needs no Idempotency-Key" in " ".join(
            document["paths"][path]["post"]["description"].split()
        )


def test_no_card_number_travels_in_an_address(document: dict[str, Any]) -> None:
    for _method, path, operation in operations(document):
        named = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert "iccid" not in named | set(path.strip("/").replace("{", "").split("/"))


def test_every_field_is_described(document: dict[str, Any]) -> None:
    plain = {"count", "code", "unit", "state", "kind", "sentence"}
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"], name
        for field, form in schema["properties"].items():
            described = form.get("description") or "$ref" in str(form) or field in plain
            assert described, f"{name}.{field}"


def told(reply: Reply, status: int) -> Any:
    assert reply.status == status, reply
    return reply.body


def form(value: Any) -> Any:
    """Reduce a value to its form: keys, and kinds of what they hold."""
    if isinstance(value, dict):
        return {key: form(each) for key, each in value.items()}
    if isinstance(value, list):
        return [form(value[0])] if value else []
    return type(value).__name__


def test_the_examples_happen_as_they_are_told(town: World, subject: Platform) -> None:
    assert told(subject.send("POST", STATUS, examples.CARD_QUESTION), 200)["is_renewable"]
    quote = told(subject.send("POST", QUOTES, examples.QUOTE_QUESTION), 200)
    assert form(quote) == form(examples.QUOTE)
    assert quote["on_renewal_words"] == examples.QUOTE["on_renewal_words"]
    made = told(subject.renew(examples.RENEWAL_ORDER, examples.ORDER_ID), 201)
    assert form(made) == form(examples.RENEWAL_MADE)
    assert made["valid_until"] == examples.RENEWAL_MADE["valid_until"]
    found = told(subject.send("GET", f"{RENEWALS}/{made['id']}"), 200)
    assert form(found | {"delivered_at": ""}) == form(examples.RENEWAL | {"plan_names": {"en": ""}})
    page = told(subject.send("GET", f"{RENEWALS}?limit=1"), 200)
    assert (page["renewals"], page["next_before"]) == ([found], made["id"])
    bound = town.card("activated", iccid=_numbered(7), zone="Asia/Jakarta")
    status = told(subject.send("POST", STATUS, {"iccid": bound.iccid}), 200)
    assert status == examples.CARD_STATUS | {"currency": "EUR"}
    (plan,) = told(subject.send("GET", PLANS), 200)["plans"]
    assert set(plan) == set(examples.PLANS["plans"][0])


def test_the_acts_of_billers_happen_as_they_are_told(town: World, subject: Platform) -> None:
    plugs.plug_in()
    found = told(subject.send("POST", INQUIRIES, examples.INQUIRY_QUESTION), 200)
    assert form(found) == form(examples.INQUIRY)
    assert (found["card"], found["valid_for_seconds"]) == (examples.MASKED, 900)
    made = told(subject.send("POST", PAYMENTS, examples.PAYMENT), 201)
    assert form(made) == form(examples.RENEWAL_MADE)
    reference = examples.PAYMENT["reference"]
    advice = told(subject.send("GET", f"{ADVICE}?reference={reference}"), 200)
    advice["renewal"] |= {"delivered_at": "", "plan_names": {"en": "", "zh-Hans": ""}}
    assert form(advice) == form(examples.ADVICE)
    assert advice["words"] == examples.ADVICE["words"]
    reversed_ = told(subject.send("POST", REVERSALS, {"payment": reference}), 200)
    reversed_["renewal"] |= {"delivered_at": "", "plan_names": {"en": "", "zh-Hans": ""}}
    assert form(reversed_) == form(examples.REVERSED)
    assert reversed_["words"] == examples.REVERSED["words"]
    order = examples.TOP_UP_ORDER | {"currency": "EUR"}
    topped = told(subject.send("POST", TOP_UPS, order), 201)
    assert form(topped) == form(examples.TOP_UP)
    assert told(subject.send("GET", f"{TOP_UPS}/{topped['id']}"), 200) == topped
