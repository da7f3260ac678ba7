"""The partner API as a platform uses it: renew once, at what was quoted, from the deposit.

What it answers to broken and hostile requests is in test_partner_edges.py, races through the real
web server are in test_partner_live.py, its document in test_openapi.py.
"""

import tempfile
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg.pq import Trace

from everline import clock, database, ids, ledger, renewals
from everline.people import keys
from tests.marketplace import PLANS, QUOTES, RENEWALS, STATUS, Platform, one_connection
from tests.world import GIGABYTE, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


def deposit(platform: Platform) -> int:
    return ledger.spendable(platform.owner.account_id, "deposit", "EUR")


def moment(text: str) -> datetime:
    """Read an instant; the API writes all of them in UTC."""
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def test_a_renewal_is_quoted_paid_from_the_deposit_and_found_again(
    town: World, platform: Platform
) -> None:
    card, plan = town.card(), town.plan(days=30)
    quote = platform.send("POST", QUOTES, {"iccid": card.iccid, "plan": plan.code})
    assert quote.body["total"] == quote.body["price"] == 1000
    assert (quote.body["tax"], quote.body["currency"]) == (187, "EUR")
    assert abs(moment(quote.body["ends_at"]) - town.at - timedelta(days=30)) < timedelta(seconds=5)
    assert quote.body["on_renewal_words"]
    order = platform.order(card, plan)
    made = platform.renew(order, "order-1")
    assert (made.status, made.is_replayed) == (201, False)
    assert made.body["outcome"] == "renewed"
    assert made.body["valid_until"] == order["quoted_end"]
    assert made.headers["location"] == f"{RENEWALS}/{made.body['id']}"
    assert "content-length" in made.headers
    assert deposit(platform) == 9000
    found = platform.send("GET", made.headers["location"])
    assert found.status == 200
    assert found.body["idempotency_key"] == "order-1"
    assert (found.body["state"], found.body["iccid"]) == ("paid", card.iccid)
    kept = renewals.find(ids.inside("rnw", made.body["id"]))
    assert kept is not None
    assert (kept.channel, kept.source, kept.means) == ("partner", platform.owner.code, "deposit")


def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    town: World, platform: Platform
) -> None:
    order = platform.order(town.card(), town.plan())
    first = platform.renew(order, "k")
    town.advance(hours=3)
    again = platform.renew(order, "k")
    assert (again.status, again.body, again.is_replayed) == (201, first.body, True)
    assert deposit(platform) == 9000


def test_a_retry_is_known_in_another_layout_and_after_the_plan_has_changed(
    town: World, platform: Platform
) -> None:
    card, plan = town.card(), town.plan()
    order = platform.order(card, plan)
    first = platform.renew(order, "k")
    local = moment(order["quoted_end"]).astimezone(clock.zone("Asia/Jakarta")).isoformat()
    spaced = f"{card.iccid[:4]} {card.iccid[4:]}"
    assert platform.renew(order | {"iccid": spaced, "quoted_end": local}, "k").is_replayed
    town.insert(
        "catalogue_planversion",
        id=ids.uuid7(town.at),
        plan_id=plan.plan_id,
        number=2,
        effective_from=town.advance(days=1),
        period_unit="month",
        period_count=2,
        validity="rolling",
        on_renewal="queue",
        allowance_bytes=GIGABYTE,
        devices_max=1,
    )
    town.advance(minutes=1)
    later = platform.renew(order, "k")
    assert (later.body, later.is_replayed) == (first.body, True)
    town.owner.execute("update catalogue_plan set retired_at = %s", [town.at])
    town.advance(minutes=1)
    assert platform.renew(order, "k").body == first.body
    assert platform.renew(order, "new").code == "plan_withdrawn"


def test_a_key_with_another_order_is_refused_and_keeps_its_answer(
    town: World, platform: Platform
) -> None:
    card, plan, other = town.card(), town.plan(), town.plan(price=700)
    order = platform.order(card, plan)
    first = platform.renew(order, "k")
    for changed in (
        platform.order(card, other),
        platform.order(town.card(), plan),
        order | {"contact": {"email": "mei@example.com"}},
    ):
        reused = platform.renew(changed, "k")
        assert (reused.status, reused.code, reused.is_replayed) == (422, "request_reused", False)
        assert moment(reused.body["facts"]["first_used_at"]) < town.advance(seconds=1)
    assert platform.renew(order, "k").body == first.body
    assert deposit(platform) == 9000


def test_a_refusal_is_kept_like_a_success(town: World, platform: Platform) -> None:
    order = platform.order(town.card(), town.plan(price=20_000))
    refused = platform.renew(order, "k")
    assert (refused.status, refused.code, refused.is_replayed) == (402, "balance_short", False)
    assert refused.body["facts"] == {"needed": 20_000, "balance": 10_000, "currency": "EUR"}
    town.fund(platform.owner.account_id, "deposit", 50_000)
    again = platform.renew(order, "k")
    assert (again.status, again.body, again.is_replayed) == (402, refused.body, True)
    assert platform.renew(order, "k2").status == 201


def test_another_price_than_quoted_is_refused_with_the_new_one(
    town: World, platform: Platform
) -> None:
    order = platform.order(town.card(), town.plan())
    town.owner.execute("update catalogue_price set amount = 1100")
    changed = platform.renew(order)
    assert (changed.status, changed.code) == (409, "quote_changed")
    facts = changed.body["facts"]
    accepted = order | {"quoted_total": facts["total"], "quoted_end": facts["ends_at"]}
    assert platform.renew(accepted).status == 201
    assert deposit(platform) == 8900


def test_promotions_lower_the_total_or_are_refused_by_their_code(
    town: World, platform: Platform
) -> None:
    card, plan = town.card(), town.plan()
    offer = town.promotion(percent_basis_points=1000)
    order = platform.order(card, plan, promotion=offer)
    assert order["quoted_total"] == 900
    assert platform.renew(order).body["promotion"] == offer
    asked = {"iccid": card.iccid, "plan": plan.code, "promotion": "NOPE"}
    refused = platform.send("POST", QUOTES, asked)
    assert (refused.status, refused.code) == (404, "promotion_unknown")
    assert refused.body["facts"] == {"promotion": "NOPE"}


def test_a_renewal_that_is_open_elsewhere_is_named_by_its_id(
    town: World, platform: Platform
) -> None:
    card, plan = town.card(), town.plan()
    placed = renewals.place(town.caller(), town.order(card, plan), "sandbox", "tok", town.at)
    assert placed.id is not None
    refused = platform.renew(platform.order(card, plan))
    assert (refused.status, refused.code) == (409, "renewal_open")
    facts = refused.body["facts"]
    assert (facts["renewal"], facts["channel"]) == (ids.outside("rnw", placed.id), "web")
    assert moment(facts["since"]) <= moment(facts["until"])


def test_a_channel_that_takes_no_deposit_refuses_in_the_quote(
    town: World, platform: Platform
) -> None:
    asked = {"iccid": town.card().iccid, "plan": town.plan().code}
    town.owner.execute("update trust_channel set means = '{gateway}' where code = 'partner'")
    refused = platform.send("POST", QUOTES, asked)
    assert (refused.status, refused.code) == (403, "means_not_allowed")
    town.owner.execute("update trust_channel set is_open = false where code = 'partner'")
    assert platform.send("POST", QUOTES, asked).code == "channel_closed"


def test_what_is_told_of_a_card_is_no_secret_of_its_holder(town: World, platform: Platform) -> None:
    card = town.card(balance=7777)
    town.renew(card, town.plan(price=777, gigabytes=3))
    told = platform.send("POST", STATUS, {"iccid": card.iccid}).body
    assert set(told) == {
        "kind", "state", "state_words", "currency", "zone", "valid_until", "renewable_until",
        "is_renewable", "missing_step",
    }  # fmt: skip
    assert (told["state"], told["is_renewable"], told["missing_step"]) == ("bound", True, None)
    assert moment(told["valid_until"]) > town.at
    assert moment(told["renewable_until"]) - moment(told["valid_until"]) == timedelta(days=90)


def test_the_missing_step_is_what_the_verb_refuses(town: World, platform: Platform) -> None:
    plan = town.plan()
    for state in ("in_stock", "activated", "suspended", "lost", "terminated"):
        card = town.card(state)
        told = platform.send("POST", STATUS, {"iccid": card.iccid}).body
        asked = {"iccid": card.iccid, "plan": plan.code}
        quoted = platform.send("POST", QUOTES, asked)
        assert told["state"] == state
        assert told["missing_step"] == {"code": quoted.code, "sentence": quoted.body["title"]}
        assert (told["is_renewable"], quoted.status) == (False, 409)
        order = asked | {"quoted_total": 1000, "quoted_end": "2026-12-22T03:00:00Z"}
        assert platform.renew(order).code == quoted.code


def test_plans_are_listed_by_currency_and_country(town: World, platform: Platform) -> None:
    home = town.plan("home", prices={"IDR": 15_000_000})
    far = town.plan("far")
    town.insert("catalogue_coverage", plan_version_id=far.version_id, country="PT")
    everywhere = platform.send("GET", PLANS).body["plans"]
    assert {(each["code"], each["price"], each["tax"]) for each in everywhere} == {
        ("home", 1000, 187), ("far", 1000, 187),
    }  # fmt: skip
    in_idr = platform.send("GET", f"{PLANS}?currency=IDR").body["plans"]
    assert [(each["code"], each["price"]) for each in in_idr] == [(home.code, 15_000_000)]
    in_portugal = platform.send("GET", f"{PLANS}?country=PT").body["plans"]
    assert [(each["code"], each["countries"]) for each in in_portugal] == [("far", ["PT"])]


def test_renewals_are_listed_by_pages_and_only_ones_own(town: World, platform: Platform) -> None:
    plan, other = town.plan(price=100), Platform(town.partner(deposit=10_000))
    made = []
    for _ in range(5):
        town.advance(minutes=1)
        made.append(platform.renew(platform.order(town.card(), plan)).body["id"])
    foreign = other.renew(other.order(town.card(), plan)).body["id"]
    first = platform.send("GET", f"{RENEWALS}?limit=3").body
    assert [each["id"] for each in first["renewals"]] == made[:1:-1]
    rest = platform.send("GET", f"{RENEWALS}?limit=3&before={first['next_before']}").body
    assert [each["id"] for each in rest["renewals"]] == made[1::-1]
    assert rest["next_before"] is None
    assert platform.send("GET", f"{RENEWALS}/{foreign}").code == "renewal_unknown"


def test_the_same_key_of_two_partners_is_two_requests(town: World, platform: Platform) -> None:
    plan, other = town.plan(), Platform(town.partner(deposit=10_000))
    mine = platform.renew(platform.order(town.card(), plan), "k")
    theirs = other.renew(other.order(town.card(), plan), "k")
    assert (mine.status, theirs.status, theirs.is_replayed) == (201, 201, False)


def test_a_revoked_key_stops_within_a_minute_and_a_new_one_works_at_once(
    town: World, platform: Platform
) -> None:
    assert platform.send("GET", PLANS).status == 200
    key_id = town.one("select id from people_apikey")
    assert keys.revoke(key_id, town.at)
    assert not keys.revoke(key_id, town.at)
    town.advance(seconds=50)
    assert platform.send("GET", PLANS).status == 200
    town.advance(seconds=11)
    assert platform.send("GET", PLANS).code == "key_wrong"
    platform.owner = town.partner()
    assert platform.send("GET", PLANS).status == 200
    town.owner.execute("update people_partner set closed_at = %s", [town.at])
    town.advance(seconds=61)
    refused = platform.send("GET", PLANS)
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="everline"')


def test_of_a_key_only_its_hash_is_kept(town: World, platform: Platform) -> None:
    ((key_hash, hint),) = town.all("select key_hash, hint from people_apikey")
    assert bytes(key_hash) == keys.digest(platform.owner.key)
    assert platform.owner.key.endswith(hint)
    assert len(hint) == 4
    assert platform.owner.key not in town.one("select k::text from people_apikey k")


def test_whom_to_tell_is_kept_with_the_renewal(town: World, platform: Platform) -> None:
    contact = {"email": "mei@example.com", "phone": "+628125550100", "locale": "zh-Hans"}
    order = platform.order(town.card(), town.plan()) | {"contact": contact}
    assert platform.renew(order).status == 201
    assert town.one("select contact from renewals_renewal") == contact


def test_a_renewal_is_one_read_and_one_verb(town: World, platform: Platform) -> None:
    """Counted on the wire: what libpq sends to the server, whoever asked it to."""
    lent, plan = one_connection(), town.plan()
    orders = [platform.order(town.card(), plan) for _ in range(4)]
    assert all(platform.renew(order).status == 201 for order in orders[:3])
    with tempfile.TemporaryFile() as file:
        lent.pgconn.trace(file.fileno())
        lent.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        with CaptureQueriesContext(connection) as through_django:
            assert platform.renew(orders[3]).status == 201
        lent.pgconn.untrace()
        file.seek(0)
        sent = [line.split(b"\t") for line in file.read().splitlines() if line.startswith(b"F\t")]
    assert database.pool.pool().get_stats()["pool_size"] == 1, "everything went over this one"
    assert len(through_django) == 0
    kinds = Counter(parts[2].decode() for parts in sent)
    assert kinds == {"Bind": 2, "Describe": 2, "Execute": 2, "Sync": 2}
