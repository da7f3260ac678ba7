"""What the partner API answers to broken, hostile and unlucky requests: a problem, never a page.

Nothing of it may reach a verb: after each test that sends rubbish, no request is stored.
"""

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from everline import database
from everline.cards.models import Card
from everline.channels.partner import answers, problems, words
from everline.channels.partner.document import (
    FACTS,
    NOT_RENEWED,
    NOT_SOLD,
    NOT_TAKEN_BACK,
    NOT_TOPPED_UP,
    described,
    success,
)
from everline.channels.partner.problems import MISUSES, STATUSES, Misuse, refused, sentence
from everline.errors import Code, Refusal
from tests.marketplace import (
    PLANS,
    QUOTES,
    RENEWALS,
    STATUS,
    Platform,
    one_connection,
    written,
)
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

ORDER: Mapping[str, Any] = {
    "iccid": "89882390000000000011",
    "plan": "DAY-2",
    "quoted_total": 1000,
    "quoted_end": "2026-12-22T03:00:00Z",
}


def with_field(**fields: Any) -> bytes:
    return written({**ORDER, **fields})


RUBBISH: Mapping[str, tuple[bytes, str, str]] = {
    "blank": (b" ", "body_not_json", ""),
    "cut off": (b'{"iccid":', "body_not_json", ""),
    "not UTF-8": (b'{"iccid": "\xff\xfe"}', "body_not_json", ""),
    "UTF-16": ('{"iccid": "1"}'.encode("utf-16"), "body_not_json", ""),
    "byte order mark": (b"\xef\xbb\xbf{}", "body_not_json", ""),
    "half a surrogate": (rb'{"iccid": "\ud800"}', "body_not_json", ""),
    "two objects": (with_field() + b"{}", "body_not_json", ""),
    "NaN": (with_field().replace(b"1000", b"NaN"), "body_not_json", ""),
    "infinity": (with_field().replace(b"1000", b"-Infinity"), "body_not_json", ""),
    "control character": (with_field().replace(b"DAY-2", b"DAY\x00"), "body_not_json", ""),
    "null": (b"null", "field_wrong", ""),
    "list": (b"[]", "field_wrong", ""),
    "deep lists": (b"[" * 60_000, "field_wrong", ""),
    "deep objects": (b'{"iccid":' * 7_000, "field_wrong", "iccid"),
    "deep and unknown": (b'{"x":' + b"[" * 60_000, "field_wrong", "x"),
    "huge number": (with_field().replace(b"1000", b"9" * 5_000), "field_wrong", "quoted_total"),
    "huge exponent": (with_field().replace(b"1000", b"1e999999"), "field_wrong", "quoted_total"),
    "too much for a bigint": (with_field(quoted_total=2**63), "field_wrong", "quoted_total"),
    "negative": (with_field(quoted_total=-1), "field_wrong", "quoted_total"),
    "text for a number": (with_field(quoted_total="1000"), "field_wrong", "quoted_total"),
    "fraction": (with_field(quoted_total=10.5), "field_wrong", "quoted_total"),
    "truth": (with_field(quoted_total=True), "field_wrong", "quoted_total"),
    "NUL": (with_field(plan="DAY\0"), "field_wrong", "plan"),
    "NUL in a card number": (with_field(iccid="8988\0"), "field_wrong", "iccid"),
    "statement": (with_field(plan="'; drop table x"), "field_wrong", "plan"),
    "misprint": (with_field(iccid="89882390000000000012"), "field_wrong", "iccid"),
    "no zone": (with_field(quoted_end="2026-12-22T03:00:00"), "field_wrong", "quoted_end"),
    "no date": (with_field(quoted_end="2026-02-30T03:00:00Z"), "field_wrong", "quoted_end"),
    "number for a date": (with_field(quoted_end=1766372400), "field_wrong", "quoted_end"),
    "unknown field": (with_field(note="hi"), "field_wrong", "note"),
    "missing field": (written({"iccid": ORDER["iccid"]}), "field_wrong", "plan"),
    "unknown in contact": (with_field(contact={"fax": "1"}), "field_wrong", "contact.fax"),
    "no e-mail": (with_field(contact={"email": "a b@c"}), "field_wrong", "contact.email"),
    "no phone": (with_field(contact={"phone": "0812"}), "field_wrong", "contact.phone"),
    "language": (with_field(contact={"locale": "tlh"}), "field_wrong", "contact.locale"),
}


def test_rubbish_is_refused_with_the_field_and_writes_nothing(
    town: World, platform: Platform
) -> None:
    for name, (raw, code, field) in RUBBISH.items():
        refused = platform.send("POST", RENEWALS, raw, Idempotency_Key="k")
        assert (refused.status, refused.code) == (400, code), (name, refused)
        assert refused.body["facts"].get("field", "") == field, (name, refused)
    assert town.one("select count(*) from database_request where channel = 'partner'") == 0


def test_an_end_far_away_is_another_than_quoted(town: World, platform: Platform) -> None:
    asked = {"iccid": town.card().iccid, "plan": town.plan().code, "quoted_total": 1000}
    for end in (
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "1969-12-31T23:59:59.9Z",
    ):
        refused = platform.renew(asked | {"quoted_end": end}, end)
        assert refused.code == "quote_changed", end
        assert platform.renew(asked | {"quoted_end": end}, end).is_replayed, end


def test_an_order_needs_a_key_of_its_own(platform: Platform) -> None:
    for key, code in (
        ("", "idempotency_key_missing"),
        ("a b", "idempotency_key_wrong"),
        ("k" * 101, "idempotency_key_wrong"),
        ("schlüssel", "idempotency_key_wrong"),
        ("k\x7f", "idempotency_key_wrong"),
    ):
        refused = platform.send("POST", RENEWALS, dict(ORDER), Idempotency_Key=key)
        assert (refused.status, refused.code) == (400, code), key
        assert refused.body["facts"] == {"field": "Idempotency-Key"}


def test_what_is_not_known_is_404_and_not_kept(town: World, platform: Platform) -> None:
    plan = town.plan()
    order = {**ORDER, "plan": plan.code}
    assert platform.renew(order, "k").code == "card_unknown"
    card = town.card()
    assert platform.renew(order | {"iccid": card.iccid, "plan": "NOPE"}, "k").code == "plan_unknown"
    assert platform.renew(platform.order(card, plan), "k").status == 201
    for path in (QUOTES, STATUS):
        asked = {"iccid": ORDER["iccid"]} | ({"plan": plan.code} if path == QUOTES else {})
        assert (platform.send("POST", path, asked).status) == 404
    nobody = platform.send("GET", f"{RENEWALS}/rnw_01m80k4fw0eq99vds6f4nhr0dk")
    assert (nobody.status, nobody.code) == (404, "renewal_unknown")


def test_without_a_valid_key_nothing_is_told(platform: Platform) -> None:
    for given in (
        "",
        "Bearer",
        "Bearer ",
        "Bearer evl_",
        f"Bearer evl_{'x' * 43}",
        f"Bearer evl_{'x' * 5000}",
        f"Basic {platform.owner.key}",
        f"Bearer  {platform.owner.key}",
        "Bearer evl_\x00",
        "Bearer evl_schlüssel",
    ):
        for method, path in (("GET", PLANS), ("POST", RENEWALS), ("POST", STATUS)):
            refused = platform.send(method, path, Authorization=given)
            assert (refused.status, refused.code) == (401, "key_wrong"), given


def test_the_scheme_is_read_in_any_letters(town: World, platform: Platform) -> None:
    given = f"bEARER {platform.owner.key}"
    assert platform.send("GET", PLANS, Authorization=given).status == 200


def test_a_method_that_is_not_taken_is_answered_with_those_that_are(
    town: World, platform: Platform
) -> None:
    for path, allowed in (
        (PLANS, "GET"),
        (RENEWALS, "GET, POST"),
        (STATUS, "POST"),
        ("/api/v1/openapi.json", "GET"),
    ):
        refused = platform.send("DELETE", path)
        assert (refused.status, refused.code) == (405, "method_wrong")
        assert refused.headers["allow"] == allowed


def test_an_unknown_address_is_a_problem_and_no_page(platform: Platform) -> None:
    for path in ("/api/", "/api/v1", "/api/v1/plans/", "/api/v2/plans", "/api/%00"):
        assert platform.send("GET", path).code == "address_unknown", path


def test_bodies_of_other_types_and_sizes_are_refused(town: World, platform: Platform) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "?"):
        refused = platform.send("POST", QUOTES, b"{}", Content_Type=kind)
        assert (refused.status, refused.code) == (415, "type_wrong")
    with_charset = platform.send(
        "POST", QUOTES, b"{}", Content_Type="application/json; charset=utf-8"
    )
    assert with_charset.code == "field_wrong"
    too_large = platform.send("POST", QUOTES, b" " * 65_537)
    assert (too_large.status, too_large.code) == (413, "body_too_large")
    assert platform.send("POST", QUOTES, b" " * 65_536).code == "body_not_json"
    chunked = platform.client.generic("POST", QUOTES, HTTP_TRANSFER_ENCODING="chunked")
    assert chunked.status_code == 411
    assert platform.send("GET", PLANS, Accept="text/html").code == "not_acceptable"


def test_wrong_queries_name_their_field(platform: Platform) -> None:
    for wrong in (
        "limit=0",
        "limit=101",
        "limit=ten",
        "limit=%FF",
        "before=x",
        "before=%00",
        "x=1",
    ):
        refused = platform.send("GET", f"{RENEWALS}?{wrong}")
        assert (refused.status, refused.code) == (400, "field_wrong"), wrong
        assert refused.body["facts"]["field"] == wrong.partition("=")[0]


def test_a_locked_card_is_unavailable_and_the_same_key_succeeds_later(
    town: World, platform: Platform
) -> None:
    card, plan = town.card(), town.plan()
    order = platform.order(card, plan)
    one_connection().execute("set lock_timeout = '100ms'")
    with town.owner.transaction():
        town.owner.execute("select 1 from cards_card where id = %s for update", [card.id])
        unlucky = platform.renew(order, "k")
        assert (unlucky.status, unlucky.code) == (503, "unavailable")
        assert int(unlucky.headers["retry-after"]) >= 1
    database.close()
    assert (platform.renew(order, "k").status, platform.renew(order, "k").is_replayed) == (
        201,
        True,
    )


def test_a_bug_is_logged_without_personal_data_and_answered_as_a_problem(
    town: World, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    card, plan = town.card(), town.plan()
    order = platform.order(card, plan) | {"contact": {"email": "mei@example.com"}}
    town.owner.execute("alter table renewals_renewal add constraint broken check (total < 0)")
    try:
        with caplog.at_level(logging.INFO):
            failed = platform.renew(order, "k")
    finally:
        town.owner.execute("alter table renewals_renewal drop constraint broken")
    assert (failed.status, failed.code) == (500, "internal")
    assert "CheckViolation 23514" in caplog.text
    for secret in (card.iccid, "mei@example.com", platform.owner.key):
        assert secret not in caplog.text
        assert secret not in str(failed.body)
    assert platform.renew(order, "k").status == 201


def test_refusals_leave_no_line_in_the_log(
    town: World, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "django"):
        platform.renew(dict(ORDER))
        platform.send("GET", f"/api/v1/cards/{ORDER['iccid']}")
    assert caplog.text == ""


def test_every_code_has_its_status_its_sentence_and_its_facts() -> None:
    assert set(STATUSES) == set(Code)
    assert set(MISUSES) == set(Misuse)
    assert {status for status in STATUSES.values() if status < 400} == set()
    assert set(Code) & set(Misuse) == set()
    assert set(FACTS) <= {*NOT_RENEWED, *NOT_TOPPED_UP, *NOT_TAKEN_BACK, *Misuse}
    assert set(NOT_SOLD) < set(NOT_RENEWED)
    told = described(success(answers.Plans, "", {}), *NOT_RENEWED)
    assert {code for spec in told for code in spec.examples} > set(NOT_RENEWED)


def test_every_state_of_a_card_has_its_words() -> None:
    states = {
        state
        for constraint in Card._meta.constraints
        for state in str(constraint).split("'")
        if "state" in str(constraint) and state in answers.CARD_STATES
    }
    assert states == set(answers.CARD_STATES) == set(words.STATES)
    assert set(words.MISSING_STEPS) == states - {"bound"}


@pytest.mark.parametrize(("tag", "_name"), settings.LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_every_refusal_is_told_in_every_language(code: Code, tag: str, _name: str) -> None:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = tag
    answer = refused(Refusal(code, {}), request)
    assert answer.headers["Content-Language"] == tag
    with translation.override(tag):
        assert translation.gettext(sentence(code)).encode() in answer.content
    assert problems.language(request) == tag
