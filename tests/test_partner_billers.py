"""The four acts of billers: inquiry, payment, advice after a lost answer, reversal; and top-ups.

Races go through the real web server. The rest of the API is tested in test_partner.py.
"""

import threading
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.types.json import Jsonb

from everline import ids, ledger, trust
from everline.config import plugs
from everline.database.addresses import Addresses
from everline.trust import official
from tests.marketplace import (
    ADVICE,
    ANNOUNCEMENTS,
    INQUIRIES,
    PAYMENTS,
    RENEWALS,
    REVERSALS,
    TOP_UPS,
    Platform,
    Reply,
    Server,
)
from tests.town import at_once
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

MANY = 64


def deposit(platform: Platform) -> int:
    return ledger.spendable(platform.owner.account_id, "deposit", "EUR")


def payment(platform: Platform, number: str, plan: str, reference: str) -> dict[str, Any]:
    """Inquire, and write the payment that accepts what was told."""
    asked = {"number": number, "plan": plan}
    told = platform.send("POST", INQUIRIES, asked)
    assert told.status == 200, told
    shown = told.body["quote"]
    accepted = {"quoted_total": shown["total"], "quoted_end": shown["ends_at"]}
    return {"reference": reference, **asked, **accepted}


def advise(platform: Platform, reference: str) -> Any:
    told = platform.send("GET", f"{ADVICE}?reference={quote(reference, safe='')}")
    assert told.status == 200, told
    return told.body


def take_back(platform: Platform, named: str) -> Reply:
    return platform.send("POST", REVERSALS, {"payment": named})


def test_a_telephone_number_is_inquired_paid_and_advised(town: World, platform: Platform) -> None:
    plugs.plug_in()
    card, plan = town.card(), town.plan()
    assert card.msisdn
    order = payment(platform, card.msisdn, plan.code, "bill/7 8?".replace(" ", "#"))
    assert deposit(platform) == 10_000
    assert town.one("select count(*) from database_request where channel = 'partner'") == 0
    made = platform.send("POST", PAYMENTS, order)
    assert (made.status, made.body["card"]) == (
        201,
        card.iccid[:4] + " •••• •••• " + card.iccid[-4:],
    )
    assert made.body["verify_url"].endswith(f"/verify/{made.body['id']}")
    advice = advise(platform, order["reference"])
    assert (advice["outcome"], advice["renewal"]["id"]) == ("paid", made.body["id"])
    standing = official.check(advice["signed_receipt_url"], town.at)
    assert (standing.verdict, standing.code) == (trust.Verdict.OFFICIAL, made.body["id"])
    again = platform.send("POST", PAYMENTS, order)
    assert (again.status, again.body, again.is_replayed) == (201, made.body, True)
    assert deposit(platform) == 9000


def test_a_number_that_is_none_is_named(platform: Platform) -> None:
    for number in ("+0812", "89882390000000000012", "hello"):
        told = platform.send("POST", INQUIRIES, {"number": number, "plan": "DAY-2"})
        assert (told.code, told.body["facts"]["field"]) == ("field_wrong", "number")


def test_a_reference_is_the_key_of_one_order_whatever_the_address(
    town: World, platform: Platform
) -> None:
    card, plan = town.card(), town.plan()
    order = payment(platform, card.iccid, plan.code, "one")
    made = platform.send("POST", PAYMENTS, order)
    same = {
        "iccid": card.iccid, "plan": plan.code,
        "quoted_total": order["quoted_total"], "quoted_end": order["quoted_end"],
    }  # fmt: skip
    by_key = platform.renew(same, "one")
    assert (by_key.body, by_key.is_replayed) == (made.body, True)
    other = payment(platform, town.card().iccid, plan.code, "one")
    assert platform.send("POST", PAYMENTS, other).code == "request_reused"
    topped = {"reference": "one", "number": card.iccid, "amount": 500, "currency": "EUR"}
    assert platform.send("POST", TOP_UPS, topped).code == "request_reused"
    for wrong in ("", "a b", "x" * 65, "é"):
        refused = platform.send("POST", PAYMENTS, order | {"reference": wrong})
        assert (refused.code, refused.body["facts"]["field"]) == ("field_wrong", "reference")


def test_a_refusal_is_advised_in_the_readers_language(town: World, platform: Platform) -> None:
    order = payment(platform, town.card().iccid, town.plan(price=20_000).code, "dear")
    assert platform.send("POST", PAYMENTS, order).code == "balance_short"
    advice = advise(platform, "dear")
    assert (advice["outcome"], advice["refusal"]["code"]) == ("refused", "balance_short")
    said = {
        platform.send("GET", f"{ADVICE}?reference=dear", Accept_Language=each).body["words"]
        for each in ("en", "zh-Hans", "id")
    }
    assert len(said) == 3
    assert take_back(platform, "dear").body["outcome"] == "refused"


def test_a_reversal_gives_deposit_and_commission_back_once(town: World, platform: Platform) -> None:
    platform.owner = town.partner(deposit=10_000, commission=500)
    order = payment(platform, town.card().iccid, town.plan().code, "wrong")
    made = platform.send("POST", PAYMENTS, order)
    assert deposit(platform) > 9000  # The commission is there.
    first, again = take_back(platform, "wrong"), take_back(platform, made.body["id"])
    assert first.body["outcome"] == again.body["outcome"] == "taken_back"
    assert first.body["renewal"]["state"] == "reversed"
    assert deposit(platform) == 10_000
    assert advise(platform, "wrong")["outcome"] == "taken_back"
    later = platform.send("POST", PAYMENTS, order)
    assert (later.status, later.is_replayed, deposit(platform)) == (201, True, 10_000)


def test_yesterdays_payment_is_not_taken_back(town: World, platform: Platform) -> None:
    made = platform.send(
        "POST", PAYMENTS, payment(platform, town.card().iccid, town.plan().code, "old")
    )
    town.advance(days=1)
    late = take_back(platform, "old")
    assert (late.status, late.code) == (409, "reversal_late")
    assert late.body["facts"]["zone"] == "Europe/Lisbon"
    assert advise(platform, "old")["renewal"]["id"] == made.body["id"]
    assert deposit(platform) == 9000


def test_what_is_not_ones_own_is_not_known(town: World, platform: Platform) -> None:
    order = payment(platform, town.card().iccid, town.plan().code, "mine")
    made = platform.send("POST", PAYMENTS, order)
    topped = platform.send(
        "POST",
        TOP_UPS,
        {"reference": "top", "number": order["number"], "amount": 5, "currency": "EUR"},
    )
    stranger = Platform(town.partner(deposit=100))
    assert take_back(stranger, made.body["id"]).code == "renewal_unknown"
    assert take_back(stranger, topped.body["id"]).code == "renewal_unknown"
    assert take_back(stranger, "rnw_nonsense").code == "renewal_unknown"
    assert advise(stranger, "mine")["outcome"] == "unknown"
    assert take_back(stranger, "mine").body["outcome"] == "given_up"
    unknown = stranger.send("GET", f"{TOP_UPS}/{topped.body['id']}")
    assert (unknown.status, unknown.code) == (404, "topup_unknown")
    assert advise(platform, "mine")["outcome"] == "paid"


def test_what_was_given_up_before_it_arrived_is_refused_when_it_does(
    town: World, platform: Platform
) -> None:
    order = payment(platform, town.card().iccid, town.plan().code, "slow")
    assert advise(platform, "slow")["outcome"] == "unknown"
    assert take_back(platform, "slow").body["outcome"] == "given_up"
    assert take_back(platform, "slow").body["outcome"] == "given_up"
    assert platform.send("POST", PAYMENTS, order).code == "request_reused"
    assert advise(platform, "slow")["outcome"] == "given_up"
    assert deposit(platform) == 10_000


def test_a_top_up_is_made_once_read_and_taken_back_while_unspent(
    town: World, platform: Platform
) -> None:
    card = town.card()
    order = {"reference": "t", "number": card.msisdn, "amount": 700, "currency": "EUR"}
    made, again = (platform.send("POST", TOP_UPS, order) for _ in range(2))
    assert (made.status, again.body, again.is_replayed) == (201, made.body, True)
    assert ledger.spendable(card.account_id, "balance", "EUR") == 700
    assert platform.send("GET", made.headers["location"]).body == made.body
    assert advise(platform, "t")["top_up"] == made.body
    town.renew(card, town.plan(price=100))
    assert take_back(platform, "t").code == "topup_spent"
    town.fund(card.account_id, "balance", 100)
    assert take_back(platform, "t").body["top_up"]["state"] == "reversed"
    assert take_back(platform, "t").body["outcome"] == "taken_back"
    assert deposit(platform) == 10_000
    other = order | {"reference": "u", "currency": "IDR"}
    assert platform.send("POST", TOP_UPS, other).code == "currency_differs"


def test_announcements_are_for_partners_now_and_in_their_language(
    town: World, platform: Platform
) -> None:
    assert platform.send("GET", ANNOUNCEMENTS).body == {"announcements": []}
    for channels, text in ((["partner"], "Slow"), (["web"], "Hidden")):
        town.insert(
            "trust_banner",
            id=ids.uuid7(town.at),
            channels=channels,
            text=Jsonb({"en": text, "id": "Lambat"}),
            severity="warning",
            starts_at=town.at - timedelta(hours=1),
            ends_at=None,
        )
    told = platform.send("GET", ANNOUNCEMENTS, Accept_Language="id")
    assert told.body == {"announcements": [{"text": "Lambat", "severity": "warning"}]}


def live(world: World, server: Server, reference: str) -> tuple[dict[str, Any], str]:
    """Write a payment for the server's clock; gives it with the key to send it with."""
    world.at = datetime.now(UTC)
    partner, card, plan = world.partner(deposit=1_000_000), world.card(), world.plan()
    bearer = f"Bearer {partner.key}"
    asked = {"number": card.iccid, "plan": plan.code}
    shown = server.send("POST", INQUIRIES, asked, Authorization=bearer).body["quote"]
    accepted = {"quoted_total": shown["total"], "quoted_end": shown["ends_at"]}
    return {"reference": reference, **asked, **accepted}, bearer


@pytest.mark.race
def test_one_reference_from_64_threads_is_one_renewal_and_63_replays(
    town: World, web_server: Server
) -> None:
    order, bearer = live(town, web_server, "pressed")
    press = partial(web_server.send, "POST", PAYMENTS, order, Authorization=bearer)
    answers = at_once([press] * MANY)
    assert Counter((each.status, each.is_replayed) for each in answers) == {
        (201, False): 1, (201, True): MANY - 1,
    }  # fmt: skip
    assert town.one("select count(*) from renewals_renewal") == 1


@pytest.mark.race
def test_payments_and_reversals_of_one_reference_end_with_the_money_back(
    town: World, web_server: Server
) -> None:
    order, bearer = live(town, web_server, "raced")
    pay = partial(web_server.send, "POST", PAYMENTS, order, Authorization=bearer)
    back = partial(web_server.send, "POST", REVERSALS, {"payment": "raced"}, Authorization=bearer)
    answers = at_once([pay, back] * 16)
    assert {each.status for each in answers} <= {200, 201, 422}
    outcome = web_server.send("GET", f"{ADVICE}?reference=raced", Authorization=bearer).body
    assert outcome["outcome"] in {"taken_back", "given_up"}
    assert (
        town.one("select count(*) from renewals_renewal where state in ('paid', 'delivered')") == 0
    )


@pytest.mark.race
def test_advice_in_flight_is_unknown_and_the_same_payment_waits_and_is_replayed(
    town: World, web_server: Server, town_logins: Addresses
) -> None:
    order, bearer = live(town, web_server, str(uuid.uuid4()))
    press = partial(web_server.send, "POST", PAYMENTS, order, Authorization=bearer)
    ask = partial(
        web_server.send, "GET", f"{ADVICE}?reference={order['reference']}", Authorization=bearer
    )
    answers: list[Reply] = []
    with psycopg.connect(town_logins.owner) as holder:
        holder.execute("select from cards_card where iccid = %s for update", [order["number"]])
        threads = [threading.Thread(target=lambda: answers.append(press())) for _ in range(2)]
        for thread in threads:
            thread.start()
        ends = time.monotonic() + 60
        while town.one("select count(distinct pid) from pg_locks where not granted") < 2:
            assert time.monotonic() < ends, "nobody waits"
            time.sleep(0.01)
        assert ask().body["outcome"] == "unknown"
    for thread in threads:
        thread.join(20)
    assert sorted(each.is_replayed for each in answers) == [False, True]
    assert ask().body["outcome"] == "paid"
    found = web_server.send("GET", RENEWALS, Authorization=bearer).body["renewals"]
    assert [each["idempotency_key"] for each in found] == [order["reference"]]
