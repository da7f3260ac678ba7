"""Paying at the kiosk: by bank card at its terminal, by phone, twice, late, and not at all.

Who may speak there and what stays of a visit is in test_kiosk.py.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.db import connections
from django.test import Client

from everline import payments, topups
from tests.channels.kiosk import Kiosk, fields
from tests.lobby import balanced, only, open_sale, text
from tests.simulator import SimulatorProcess

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


def test_two_presses_at_once_are_one_renewal(kiosk: Kiosk) -> None:
    address, form, _price = kiosk.sent[kiosk.ask(kiosk.world.card(), kiosk.world.plan())]

    def press(_place: int) -> Any:
        twin = Client(SERVER_NAME="localhost")
        twin.cookies.update(kiosk.client.cookies)
        try:
            return twin.post(address, form | {"by": "card"})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        told = list(both.map(press, range(2)))
    assert [each.status_code for each in told] == [303, 303]
    assert kiosk.world.one("select count(*) from payments_attempt") == 1


def test_a_busy_reader_is_said_so_and_nothing_is_charged(kiosk: Kiosk) -> None:
    assert "Hold your bank card" in text(open_sale(kiosk))
    session = kiosk.client.cookies.pop("sessionid")
    assert session.value
    told = text(open_sale(kiosk))
    assert "still busy" in told
    assert "Nothing was charged" in told
    assert "Pay by phone" in told
    assert balanced(kiosk.world)


def test_a_silent_reader_is_unknown_until_it_speaks(
    kiosk: Kiosk, simulator: SimulatorProcess
) -> None:
    open_sale(kiosk)
    kiosk.tap("silent")
    told = text(kiosk.client.get("/kiosk/pay"))
    assert told.startswith("Checking the payment, do not pay again")
    assert "Pay by bank card" not in told
    attempt = payments.first_attempt(only(kiosk.world).id)
    assert attempt is not None
    simulator.resolve(attempt.key, "succeeded")
    kiosk.world.advance(minutes=2)
    kiosk.world.ask_all()
    assert "Paid, being delivered" in text(kiosk.client.get("/kiosk/pay"))
    assert balanced(kiosk.world)


def test_a_late_success_after_leaving_is_delivered(
    kiosk: Kiosk, simulator: SimulatorProcess
) -> None:
    open_sale(kiosk)
    kiosk.tap("late")
    assert "Checking" in text(kiosk.client.get("/kiosk/pay"))
    kiosk.client.post("/kiosk/leave")
    assert only(kiosk.world).state == "awaiting_payment"
    attempt = payments.first_attempt(only(kiosk.world).id)
    assert attempt is not None
    simulator.resolve(attempt.key, "succeeded")
    kiosk.world.advance(minutes=3)
    kiosk.world.ask_all()
    assert only(kiosk.world).state == "paid"
    kiosk.world.deliver_all()
    assert only(kiosk.world).state == "delivered"
    assert balanced(kiosk.world)


def test_leaving_takes_the_amount_off_the_reader(kiosk: Kiosk) -> None:
    open_sale(kiosk)
    kiosk.client.post("/kiosk/leave")
    assert only(kiosk.world).state == "cancelled"
    kiosk.tap("approve")  # The next person holds a card there: nothing is asked of it.
    kiosk.world.advance(minutes=3)
    kiosk.world.ask_all()
    assert only(kiosk.world).paid_at is None
    assert "Hold your bank card" in text(open_sale(kiosk))
    assert balanced(kiosk.world)


@pytest.mark.parametrize(
    ("turn", "told"), [("remove", "taken away too early"), ("decline", "not enough money")]
)
def test_what_failed_can_be_paid_by_the_other_means(kiosk: Kiosk, turn: str, told: str) -> None:
    open_sale(kiosk)
    kiosk.tap(turn)
    answer = kiosk.client.get("/kiosk/pay")
    assert told in text(answer)
    form = fields(answer.content.decode(), "/kiosk/pay/again")
    assert kiosk.client.post("/kiosk/pay/again", form | {"by": "phone"}).status_code == 303
    assert "Scan to pay by phone" in text(kiosk.client.get("/kiosk/pay"))


def test_stopping_at_the_screen_stops_at_the_reader(kiosk: Kiosk) -> None:
    open_sale(kiosk)
    kiosk.client.post("/kiosk/pay/stop")
    answer = kiosk.client.get("/kiosk/pay")
    assert "The payment was stopped" in text(answer)
    form = fields(answer.content.decode(), "/kiosk/pay/cancel")
    kiosk.client.post("/kiosk/pay/cancel", form)
    assert only(kiosk.world).state == "cancelled"


def test_by_a_code_the_phone_pays_and_the_screen_follows(kiosk: Kiosk) -> None:
    answer = open_sale(kiosk, "phone", contact="me@testline.example")
    assert "Code to pay elsewhere" in text(answer)
    picture = kiosk.client.get("/kiosk/pay/code.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture["Cache-Control"] == "no-store"
    page = only(kiosk.world).page_url
    assert page is not None
    with httpx.Client(timeout=15, trust_env=False) as phone:
        phone.post(page, data={"number": "4000 0000 0000 0010"})
    told = text(kiosk.client.get("/kiosk/pay"))
    assert told.startswith("Paid, being delivered")
    assert kiosk.code in told
    assert kiosk.client.get("/kiosk/pay/code.svg").status_code == 404
    assert balanced(kiosk.world)


def test_leaving_does_not_end_what_a_phone_may_still_pay(kiosk: Kiosk) -> None:
    open_sale(kiosk, "phone")
    kiosk.client.post("/kiosk/leave")
    found = only(kiosk.world)
    assert (found.state, found.attempt_state) == ("awaiting_payment", "sent")


def test_a_balance_is_topped_up_by_both_means(kiosk: Kiosk) -> None:
    kiosk.world.owner.execute(
        "update catalogue_policy set topup_amounts = '{\"EUR\": [1000, 2000]}'"
    )
    card = kiosk.world.card()
    kiosk.enter(card.iccid)
    assert "€20.00" in text(kiosk.client.get("/kiosk/top-up"))
    assert kiosk.client.get("/kiosk/top-up/1234").status_code == 404
    page = kiosk.client.get("/kiosk/top-up/2000").content.decode()
    form = fields(page, "/kiosk/top-up/2000")
    kiosk.client.post("/kiosk/top-up/2000", form | {"by": "card"})
    kiosk.tap("remove")
    page = kiosk.client.get("/kiosk/pay").content.decode()
    form = fields(page, "/kiosk/pay/again")
    kiosk.client.post("/kiosk/pay/again", form | {"by": "card"})
    kiosk.tap("approve")
    assert "Topped up" in text(kiosk.client.get("/kiosk/pay"))
    states = {each.state for each in topups.of_card(card.id, 5)}
    assert states == {"cancelled", "paid"}
    assert balanced(kiosk.world)


def test_only_means_of_the_channel_s_row_are_taken(kiosk: Kiosk) -> None:
    kiosk.world.owner.execute("update trust_channel set means = '{deposit}' where code = 'kiosk'")
    address, form, _price = kiosk.sent[kiosk.ask(kiosk.world.card(), kiosk.world.plan())]
    assert "cannot be paid at a kiosk" in text(kiosk.client.get(address))
    answer = kiosk.client.post(address, form | {"by": "card"})
    assert answer.status_code == 409
    assert kiosk.world.one("select count(*) from payments_attempt") == 0
