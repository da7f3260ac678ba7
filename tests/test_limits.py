"""Trying card numbers through: an address is stopped for a while, the others are not."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from everline.people import terminals
from tests.reader import on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

NOBODYS = "8999907111111111112"


def enter(number: str, address: str, forwarded: str = "", locale: str = "en") -> Any:
    client = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return client.post("/", {"number": number}, headers=headers, REMOTE_ADDR=address)


def test_an_address_that_enters_many_numbers_waits_and_others_do_not(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOOK_UPS_PER_MINUTE", 6)
    card = town.card()
    with on_the_pages(town):
        for _each in range(6):
            assert enter(NOBODYS, "192.0.2.1").status_code == 422
        stopped = enter(card.iccid, "192.0.2.1")
        assert (stopped.status_code, stopped["Retry-After"]) == (429, "10")
        assert "Too many card numbers were entered" in stopped.content.decode()
        assert enter(card.iccid, "192.0.2.2").status_code == 303
        assert enter("12", "192.0.2.1").status_code == 422  # No number, so none is looked up.
        town.advance(seconds=11)
        assert enter(card.iccid, "192.0.2.1").status_code == 303
        assert enter(card.iccid, "192.0.2.1", locale="id").status_code == 429


def test_an_ipv6_network_counts_as_one_and_a_proxy_names_the_caller(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOOK_UPS_PER_MINUTE", 1)
    with on_the_pages(town):
        assert enter(NOBODYS, "2001:db8:0:1::1").status_code == 422
        assert enter(NOBODYS, "2001:db8:0:1:2::3").status_code == 429
        assert enter(NOBODYS, "2001:db8:0:2::1").status_code == 422
        # Without a proxy of ours the header is the caller's own word.
        assert enter(NOBODYS, "192.0.2.9").status_code == 422
        assert enter(NOBODYS, "192.0.2.9", "198.51.100.1").status_code == 429
        monkeypatch.setattr(settings, "PROXIES", 1)
        assert enter(NOBODYS, "192.0.2.9", "203.0.113.7, 198.51.100.2").status_code == 422
        assert enter(NOBODYS, "192.0.2.9", "203.0.113.8, 198.51.100.2").status_code == 429


def send(path: str, code: str, address: str, locale: str = "en") -> Any:
    client = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
    return client.post(path, {"code": code}, REMOTE_ADDR=address)


def test_codes_are_tried_through_no_faster_than_card_numbers(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOOK_UPS_PER_MINUTE", 3)
    store = town.retailer()
    with on_the_pages(town):
        assert send("/verify", "XXX-1", "192.0.2.21").status_code == 200
        assert send("/kiosk/enrol", "AAAA-AAAA", "192.0.2.21").status_code == 422
        assert enter(NOBODYS, "192.0.2.21").status_code == 422
        for path in ("/verify", "/kiosk/enrol", "/till/enrol"):
            stopped = send(path, store.code, "192.0.2.21")
            assert (stopped.status_code, stopped["Retry-After"]) == (429, "20"), path
            assert "Too many codes were entered" in stopped.content.decode()
        scanned = Client(SERVER_NAME="localhost").get(
            f"/verify/{store.code}", REMOTE_ADDR="192.0.2.21"
        )
        assert scanned.status_code == 429
        assert enter(NOBODYS, "192.0.2.21").status_code == 429
        assert send("/verify", store.code, "192.0.2.22").status_code == 200
        town.advance(seconds=21)
        assert "This is official" in send("/verify", store.code, "192.0.2.21").content.decode()


def test_a_stopped_address_leaves_the_code_of_a_device_alone(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOOK_UPS_PER_MINUTE", 1)
    row = town.unenrolled("kiosk")
    with on_the_pages(town):
        code = terminals.open_enrolment(row.id, town.at)
        for _each in range(20):
            send("/kiosk/enrol", "AAAA-AAAA", "192.0.2.31")
        assert send("/kiosk/enrol", code, "192.0.2.32").status_code == 303
