"""Who stands at a till: enrolling, signing in, locking; and who reaches nothing there.

What is sold there is in test_store.py.
"""

import uuid
from datetime import timedelta

import pytest
from django.test import Client

from everline import ids, renewals, topups
from everline.channels.store.tills import COOKIE, IDLE
from everline.people import terminals
from everline.people.models import Person
from everline.people.roles import Role
from everline.renewals import Renewal
from tests.channels.store import PASSWORD, Till
from tests.counter import left, sell, sold, text
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


# Enrolling and signing in


def test_a_device_becomes_a_till_by_its_code_once(counter: World) -> None:
    row = counter.unenrolled("till")
    code = terminals.open_enrolment(row.id, counter.at)
    client = Client(SERVER_NAME="localhost")
    assert "one-time code" in text(client.get("/till/enrol"))
    assert client.get("/till")["Location"] == "/till/enrol"
    assert client.post("/till/enrol", {"code": "AAAA-AAAA"}).status_code == 422
    answer = client.post("/till/enrol", {"code": code})
    cookie = answer.cookies[COOKIE]
    assert answer["Location"] == "/till/sign-in"
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Strict", "/till")
    assert cookie["max-age"] >= 30 * 24 * 3600
    again = Client(SERVER_NAME="localhost")
    assert again.post("/till/enrol", {"code": code}).status_code == 422
    assert COOKIE not in again.cookies


def test_a_kiosks_code_and_key_make_no_till(counter: World) -> None:
    code = terminals.open_enrolment(counter.unenrolled("kiosk").id, counter.at)
    client = Client(SERVER_NAME="localhost")
    assert "for a kiosk" in text(client.post("/till/enrol", {"code": code}))
    client.cookies[COOKIE] = counter.terminal("kiosk").key
    assert client.get("/till")["Location"] == "/till/enrol"


def test_who_works_elsewhere_or_sells_nothing_is_refused(till: Till, counter: World) -> None:
    strangers = [
        counter.clerk(counter.retailer(), password=PASSWORD),
        counter.staff(Role.OWNER, PASSWORD),
        counter.staff(Role.CLERK, PASSWORD),
    ]
    counter.advance(seconds=1)
    till.client.post("/till/sign-out")
    for person in strangers:
        sent = {"email": person.email, "password": PASSWORD}
        answer = till.client.post("/till/sign-in", sent)
        assert answer.status_code == 422
        assert "You do not sell at" in text(answer)
        assert till.client.get("/till")["Location"] == "/till/sign-in"


def test_ten_wrong_passwords_close_the_address(till: Till) -> None:
    till.client.post("/till/sign-out")
    for _try in range(10):
        till.client.post("/till/sign-in", {"email": till.clerk.email, "password": "wrong"})
    right = {"email": till.clerk.email, "password": PASSWORD}
    assert till.client.post("/till/sign-in", right).status_code == 422


def test_an_idle_till_locks_itself_and_the_password_opens_it(till: Till, counter: World) -> None:
    assert till.client.get("/till").status_code == 200
    counter.at += IDLE + timedelta(seconds=1)
    assert till.client.get("/till")["Location"] == "/till/unlock"
    assert till.client.get("/till", headers={"hx-request": "true"})["Location"] == "/till/unlock"
    assert till.client.post("/till/unlock", {"password": "wrong"}).status_code == 422
    assert till.client.get("/till")["Location"] == "/till/unlock"
    till.client.post("/till/unlock", {"password": PASSWORD})
    assert till.client.get("/till").status_code == 200
    till.client.post("/till/lock")
    assert till.client.get("/till")["Location"] == "/till/unlock"


def test_a_page_that_only_polls_keeps_no_till_open(till: Till, counter: World) -> None:
    polled = {"hx-request": "true"}
    for _poll in range(2):
        counter.at += IDLE // 3
        assert till.client.get("/till", headers=polled).status_code == 200
    counter.at += IDLE // 2
    assert till.client.get("/till", headers=polled)["Location"] == "/till/unlock"


def test_a_revoked_till_a_dismissed_clerk_and_a_new_password_end_it(
    till: Till, counter: World
) -> None:
    till.clerk.set_password("another one 28")
    till.clerk.save()
    assert till.client.get("/till")["Location"] == "/till/sign-in"
    other = Till(counter, "en")
    counter.owner.execute("update people_employment set ends_at = starts_at")
    assert other.client.get("/till")["Location"] == "/till/sign-in"
    terminals.revoke(other.device.terminal.id, counter.at)
    counter.advance(seconds=1)
    assert other.client.get("/till")["Location"] == "/till/enrol"


# Who may what


ADDRESSES = (
    ("GET", "/till"),
    ("POST", "/till"),
    ("GET", "/till/sales"),
    ("POST", "/till/lock"),
    ("GET", "{card}"),
    ("GET", "{card}/top-up"),
    ("POST", "{card}/top-up"),
    ("GET", "{card}/activate"),
    ("POST", "{card}/activate"),
    ("GET", "{card}/bind"),
    ("POST", "{card}/bind"),
    ("GET", "{card}/plans/{plan}"),
    ("POST", "{card}/plans/{plan}"),
    ("GET", "{sold}"),
    ("GET", "{sold}/pay"),
    ("POST", "{sold}/pay"),
    ("POST", "{sold}/cancel"),
    ("POST", "{sold}/take-back"),
    ("POST", "{sold}/slip/58"),
    ("POST", "{sold}/receipt"),
    ("GET", "{top}"),
    ("POST", "{top}/take-back"),
    ("POST", "{top}/slip/58"),
    ("POST", "{top}/receipt"),
)


def test_every_address_of_the_till_stands_in_the_table() -> None:
    from everline.channels.store.urls import urlpatterns

    open_to_all = {"enrol", "demo-code", "sign-in", "sign-out", "unlock"}
    named = {pattern.name for pattern in urlpatterns} - open_to_all
    assert len(named) == len({path for _method, path in ADDRESSES}), named


@pytest.mark.parametrize("speaker", ["stranger", "holder", "partner", "kiosk", "clerk elsewhere"])
def test_nobody_else_reaches_anything(till: Till, counter: World, speaker: str) -> None:
    card, plan = counter.card(), counter.plan(price=1000)
    renewal = sold(sell(till, card, plan))
    answer = topups.top_up(
        counter.caller("store"),
        topups.Order(card.account_id, card.id, 500, "EUR"),
        till.store.account_id,
        counter.at,
    )
    assert answer.id is not None
    places = {
        "card": f"/till/cards/{ids.outside('crd', card.id)}",
        "plan": plan.code,
        "sold": f"/till/renewals/{ids.outside('rnw', renewal.id)}",
        "top": f"/till/top-ups/{ids.outside('top', answer.id)}",
    }
    before = left(till)
    if speaker == "clerk elsewhere":
        other = Till(counter, "en")
        other.funds(card, 5000)
        client = other.client
    else:
        client = Client(SERVER_NAME="localhost")
    if speaker == "holder":
        client.force_login(Person.objects.create_user("h@testline.example", "secret"))
    if speaker == "partner":
        client = Client(
            SERVER_NAME="localhost",
            headers={"authorization": f"Bearer {counter.partner(deposit=5000).key}"},
        )
    if speaker == "kiosk":
        client.cookies[COOKIE] = counter.terminal("kiosk", till.store).key
    sent = {"request_id": str(uuid.uuid4()), "pay": "typed", "number": card.iccid}
    for method, path in ADDRESSES:
        address = path.format(**places)
        got = client.get(address) if method == "GET" else client.post(address, sent)
        if speaker != "clerk elsewhere":
            assert got.status_code == 303, (method, address)
            assert got["Location"] == "/till/enrol"
        elif "/till/renewals/" in address or "/till/top-ups/" in address:
            assert got.status_code in {403, 404}, (method, address)
        if client.get("/till/unlock").status_code == 200:
            client.post("/till/unlock", {"password": PASSWORD})
    assert left(till) == before
    assert sold_state(renewal) == "paid"


def sold_state(renewal: Renewal) -> str:
    found = renewals.find(renewal.id)
    assert found is not None
    return found.state


def test_a_form_from_elsewhere_sells_nothing(till: Till, counter: World) -> None:
    card, plan = counter.card(), counter.plan(price=1000)
    strict = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    strict.cookies = till.client.cookies
    address, fields = till.sent[till.ask(card, plan)]
    del fields["csrfmiddlewaretoken"]
    assert strict.post(address, fields | {"pay": "typed"}).status_code == 403
    assert left(till) == 10_000
