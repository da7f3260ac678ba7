"""The kiosk: who may speak there, that nothing of a person stays, and how it is paid.

That it renews as every channel does is the conformance suite's; the card terminal's own answers are
in test_readers.py, and paying in test_kiosk_paying.py.
"""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from everline import renewals
from everline.channels.kiosk.forms import BACK, CLEAR
from everline.channels.kiosk.refusals import STEPS
from everline.channels.kiosk.visits import COOKIE
from everline.errors import Code
from everline.payments import gateways
from everline.people import terminals
from everline.people.models import Terminal as Row
from tests.channels.kiosk import Kiosk, fields
from tests.channels.store import PASSWORD, Till
from tests.lobby import balanced, only, open_sale, text
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

PAGES = (
    "/kiosk/card",
    "/kiosk/activate",
    "/kiosk/bind",
    "/kiosk/plans",
    "/kiosk/plans/any",
    "/kiosk/top-up",
    "/kiosk/top-up/1000",
    "/kiosk/pay",
    "/kiosk/pay/code.svg",
)
ACTS = ("/kiosk/pay/again", "/kiosk/pay/stop", "/kiosk/pay/cancel", "/kiosk/begin", "/kiosk/leave")


# Who speaks


def test_a_code_makes_a_device_a_kiosk(hall: World) -> None:
    device = Client(SERVER_NAME="localhost")
    assert device.get("/kiosk")["Location"] == "/kiosk/enrol"
    code = terminals.open_enrolment(hall.unenrolled("kiosk").id, hall.at)
    answer = device.post("/kiosk/enrol", {"code": code.lower()})
    assert answer["Location"] == "/kiosk"
    cookie = answer.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/kiosk", True, "Strict")
    assert "Touch to begin" in text(device.get("/kiosk"))


def test_a_till_s_code_makes_no_kiosk_and_a_till_is_none(hall: World) -> None:
    code = terminals.open_enrolment(hall.unenrolled("till").id, hall.at)
    device = Client(SERVER_NAME="localhost")
    answer = device.post("/kiosk/enrol", {"code": code})
    assert answer.status_code == 422
    assert "for a till" in text(answer)
    device.cookies[COOKIE] = hall.terminal("till").key
    assert device.get("/kiosk")["Location"] == "/kiosk/enrol"


def test_the_demo_opens_codes_and_nobody_else_does(
    hall: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = hall.unenrolled("kiosk")
    device = Client(SERVER_NAME="localhost")
    monkeypatch.setattr(settings, "DEMO", False)
    assert device.post("/kiosk/enrol/demo", {"device": row.code}).status_code == 303
    monkeypatch.setattr(settings, "DEMO", True)
    page = device.post("/kiosk/enrol/demo", {"device": row.code}).content.decode()
    code = re.search(r'name="code"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="code"', page)
    assert code is not None
    assert device.post("/kiosk/enrol", {"code": code[1] or code[2]}).status_code == 303


def test_that_a_kiosk_was_seen_is_noted(kiosk: Kiosk) -> None:
    kiosk.world.advance(minutes=10)
    assert kiosk.client.get("/kiosk/alive").status_code == 204
    seen = Row.objects.get(id=kiosk.device.terminal.id).last_seen_at
    assert seen is not None
    assert abs(seen - kiosk.world.at) < timedelta(seconds=5)


@pytest.mark.parametrize("speaker", ["stranger", "till", "revoked", "kiosk without a visit"])
def test_who_may_open_what(hall: World, speaker: str) -> None:
    client = Client(SERVER_NAME="localhost")
    expected = "/kiosk/enrol"
    if speaker == "till":
        client = Till(hall, "en").client
    elif speaker == "revoked":
        device = hall.terminal("kiosk")
        terminals.revoke(device.terminal.id, hall.at)
        hall.advance(seconds=1)
        client.cookies[COOKIE] = device.key
    elif speaker == "kiosk without a visit":
        client, expected = Kiosk(hall, "en").client, "/kiosk"
    for path in PAGES:
        assert client.get(path)["Location"] == expected, path
    for path in ACTS[:3]:
        assert client.post(path, {})["Location"] == expected, path
    assert hall.one("select count(*) from renewals_renewal") == 0


def test_a_kiosk_opens_nothing_of_other_channels(kiosk: Kiosk) -> None:
    assert kiosk.client.get("/till")["Location"] == "/till/enrol"
    assert kiosk.client.get("/my/cards").status_code == 302
    assert kiosk.client.get("/v1/renewals/rnw_0").status_code in {401, 404}
    key = {"email": "nobody@testline.example", "password": PASSWORD}
    assert kiosk.client.post("/till/sign-in", key)["Location"] == "/till/enrol"


# Nothing stays


@pytest.mark.parametrize("leaves", ["by a button", "by waiting", "by the first page", "begun anew"])
def test_nothing_of_the_last_person_remains(kiosk: Kiosk, leaves: str) -> None:
    card, plan = kiosk.world.card(), kiosk.world.plan()
    address, form, _price = kiosk.sent[kiosk.ask(card, plan)]
    contact = "somebody@testline.example"
    kiosk.client.post(address, form | {"by": "phone", "contact": contact})
    page = kiosk.client.get("/kiosk/pay").content.decode()
    assert card.masked in page or "rnw_" in page or "Scan to pay" in page
    cookie = kiosk.client.cookies["sessionid"].value
    if leaves == "by a button":
        assert kiosk.client.post("/kiosk/leave")["Location"] == "/kiosk"
    elif leaves == "by waiting":
        kiosk.world.advance(minutes=6)
    elif leaves == "by the first page":
        assert kiosk.client.get("/kiosk")["Clear-Site-Data"] == '"cache"'
    else:
        kiosk.begin()
    number = only(kiosk.world)
    secrets = (card.iccid, card.iccid[-4:], contact, str(number.id), plan.code)
    for path in (*PAGES, address, "/kiosk"):
        answer = kiosk.client.get(path, follow=True)
        assert answer["Cache-Control"] == "no-store", path
        for secret in secrets:
            assert secret not in answer.content.decode(), (path, secret)
    # The cookie of before names nothing any more.
    thief = Client(SERVER_NAME="localhost")
    thief.cookies[COOKIE] = kiosk.device.key
    thief.cookies["sessionid"] = cookie
    assert thief.get("/kiosk/pay")["Location"] in {"/kiosk", "/kiosk/plans", "/kiosk/card"}
    assert contact not in str(kiosk.world.all("select * from django_session"))


def test_no_page_is_kept_and_no_number_stands_in_an_address(kiosk: Kiosk) -> None:
    answer = open_sale(kiosk)
    assert answer["Cache-Control"] == "no-store"
    found = re.findall(r'(?:href|action|src|hx-get)="([^"]*)"', answer.content.decode())
    inside = [each for each in found if each.startswith("/kiosk")]
    assert inside
    assert all(not re.search(r"\d{4}|crd_|rnw_", each) for each in inside)


def test_an_untouched_visit_is_over_and_one_that_pays_stands_longer(kiosk: Kiosk) -> None:
    kiosk.enter(kiosk.world.card().iccid)
    kiosk.world.advance(seconds=70)
    assert kiosk.client.get("/kiosk/plans").status_code == 200
    kiosk.world.advance(seconds=80)
    assert kiosk.client.get("/kiosk/plans")["Location"] == "/kiosk"
    open_sale(kiosk)
    kiosk.world.advance(minutes=4)
    assert kiosk.client.get("/kiosk/pay").status_code == 200
    kiosk.world.advance(minutes=6)
    poll = kiosk.client.get("/kiosk/pay", headers={"hx-request": "true"})
    assert poll["HX-Redirect"] == "/kiosk"


def test_what_the_screen_asks_by_itself_is_no_touch(kiosk: Kiosk) -> None:
    open_sale(kiosk)
    for _minute in range(5):
        kiosk.world.advance(minutes=1)
        kiosk.client.get("/kiosk/pay", headers={"hx-request": "true"})
        kiosk.client.get("/kiosk/pay?again")
    kiosk.world.advance(seconds=1)
    assert kiosk.client.get("/kiosk/pay")["Location"] == "/kiosk"


# Finding the card


def test_the_pad_works_without_script(kiosk: Kiosk) -> None:
    kiosk.begin()

    def press(typed: str, key: str) -> str:
        page = kiosk.client.post("/kiosk/card", {"number": typed, "press": key}).content.decode()
        shown = re.search(r'<input[^>]*name="number"[^>]*>', page)
        assert shown is not None
        value = re.search(r'value="([^"]*)"', shown[0])
        return value[1] if value else ""

    assert press("89", "9") == "899"
    assert press("899", BACK) == "89"
    assert press("89", CLEAR) == ""
    assert press("89", "x") == "89"


def test_wrong_numbers_are_counted(kiosk: Kiosk) -> None:
    kiosk.begin()
    for _try in range(20):
        assert kiosk.client.post("/kiosk/card", {"number": "12345670"}).status_code == 422
    answer = kiosk.client.post("/kiosk/card", {"number": kiosk.world.card().iccid})
    assert "Too many wrong numbers" in text(answer)


def test_a_new_card_is_activated_and_bound_and_then_renewed(kiosk: Kiosk) -> None:
    card, plan = kiosk.world.card("in_stock"), kiosk.world.plan()
    assert kiosk.enter(card.iccid)["Location"] == "/kiosk/activate"
    assert kiosk.client.get("/kiosk/plans")["Location"] == "/kiosk/activate"
    sent = {"request_id": str(uuid.uuid4()), "number": "WRONG-1"}
    assert "tries are left" in text(kiosk.client.post("/kiosk/activate", sent))
    sent = {"request_id": str(uuid.uuid4()), "number": "START-0001"}
    assert kiosk.client.post("/kiosk/activate", sent)["Location"] == "/kiosk/bind"
    sent = {"request_id": str(uuid.uuid4()), "number": "490154203237518"}
    assert kiosk.client.post("/kiosk/bind", sent)["Location"] == "/kiosk/plans"
    assert plan.code in text(kiosk.client.get("/kiosk/plans"))


def test_an_open_renewal_is_paid_here_by_its_spoken_code(kiosk: Kiosk) -> None:
    opened = kiosk.world.place(kiosk.world.card(), kiosk.world.plan())
    found = renewals.find(opened)
    assert found is not None
    assert found.spoken_code is not None
    kiosk.world.hear(kiosk.world.send(opened), "failed", reason="issuer_declined", is_hard=False)
    assert kiosk.enter(found.spoken_code)["Location"] == "/kiosk/pay"
    page = kiosk.client.get("/kiosk/pay").content.decode()
    form = fields(page, "/kiosk/pay/again")
    kiosk.client.post("/kiosk/pay/again", form | {"by": "card"})
    kiosk.tap("approve")
    assert "Paid, being delivered" in text(kiosk.client.get("/kiosk/pay"))
    assert balanced(kiosk.world)


# When something is away


def test_without_a_gateway_it_is_out_of_order_in_three_languages(kiosk: Kiosk) -> None:
    installed = gateways.installed()
    kiosk.world.retailer(name="The other store")
    kiosk.client.get("/kiosk")
    gateways.install({})
    try:
        answer = kiosk.client.get("/kiosk")
    finally:
        gateways.install(installed)
    told = text(answer)
    assert answer.status_code == 503
    for word in ("out of order", "暂停服务", "tidak berfungsi", "The other store"):
        assert word in told


def test_without_a_database_it_is_out_of_order(kiosk: Kiosk, unreachable: None) -> None:
    answer = kiosk.client.get("/kiosk")
    assert answer.status_code == 503
    assert "out of order" in text(answer)


@pytest.fixture
def unreachable(kiosk: Kiosk) -> Iterator[None]:
    """Take away what the kiosk reads first, as a database that restarts would."""
    kiosk.world.owner.execute("alter table people_terminal rename to people_terminal_away")
    yield
    kiosk.world.owner.execute("alter table people_terminal_away rename to people_terminal")


def test_every_code_has_a_step() -> None:
    assert set(STEPS) == set(Code)
