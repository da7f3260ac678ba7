"""Trying card numbers through: an address is stopped for a while, the others are not."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.browser import on_the_pages
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
