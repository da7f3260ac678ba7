"""Where push messages go: to https at public places, and nowhere into anybody's own house."""

import socket
from typing import Final

import pytest

from everline import notices
from everline.errors import FaultError
from everline.notices import push
from everline.notices.senders import RefusedError
from tests.push_service import ENDPOINT, Phone, PushService, letter, push_service

__all__ = ["push_service"]

KEY: Final = notices.new_key()

WRONG: Final = [
    "http://push.example.net/a",
    "https://127.0.0.1/a",
    "https://[::1]/a",
    "https://localhost/a",
    "https://push.example.net:8443/a",
    "https://somebody@push.example.net/a",
    "https://push.example.net\\@10.0.0.1/a",
    "https://10.1/a",
    "https://2130706433/a",
    "ftp://push.example.net/a",
    "https://push.example.net/" + "a" * 1000,
    "https://push.example.net/a\r\nX: y",
    "https://пуш.example/a",
    "https://push.example.net:99999/a",
    "//push.example.net/a",
    "",
]


@pytest.mark.parametrize("address", WRONG)
def test_an_address_that_is_no_push_service_is_not_taken(address: str) -> None:
    assert not push.is_endpoint(address)
    sender = notices.WebPush(lambda: KEY, look=lambda _host: ["93.184.216.34"])
    with pytest.raises(RefusedError, match="not an address"):
        sender.send(letter(Phone().device(address)))


@pytest.mark.parametrize(
    "address",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QGuQ",
        "https://wns2-par02p.notify.windows.com/w/?token=BQ%3d",
        "https://push.example.net:443/a",
    ],
)
def test_an_address_of_a_push_service_is_taken(address: str) -> None:
    assert push.is_endpoint(address)


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["192.168.1.1"],
        ["100.64.0.1"],
        ["0.0.0.0"],  # noqa: S104  An address to refuse.
        ["::1"],
        ["fd00::1"],
        ["fe80::1%eth0"],
        ["::ffff:127.0.0.1"],
        ["2002:7f00:1::"],
        ["224.0.0.1"],
        ["93.184.216.34", "10.0.0.7"],
        [],
        ["nonsense"],
    ],
)
def test_a_name_that_leads_into_a_house_is_not_called(found: list[str]) -> None:
    sender = notices.WebPush(lambda: KEY, look=lambda _host: found)
    with pytest.raises(RefusedError, match="no public address"):
        sender.send(letter(Phone().device(ENDPOINT)))


def test_the_address_that_was_judged_is_the_one_that_is_called() -> None:
    """The name is looked up once: a second answer, from inside, would never be asked for."""
    answers = [["203.0.113.5"], ["93.184.216.34"], ["2606:2800:220:1::1"], ["10.0.0.1"]]
    sender = notices.WebPush(lambda: KEY, look=lambda _host: answers.pop(0))
    with pytest.raises(RefusedError):
        sender._place(Phone().device(ENDPOINT))  # noqa: SLF001  Nothing is called.
    for literal in ("93.184.216.34", "[2606:2800:220:1::1]"):
        device = Phone().device(ENDPOINT)
        address, headers, extensions = sender._place(device)  # noqa: SLF001  Nothing is called.
        assert address == f"https://{literal}/send/one"
        assert headers == {"Host": "push.example.net"}
        assert extensions == {"sni_hostname": "push.example.net"}
    assert answers == [["10.0.0.1"]]


def test_a_name_that_nobody_knows_may_be_known_later() -> None:
    def lost(host: str) -> list[str]:
        raise socket.gaierror(host)

    with pytest.raises(FaultError) as caught:
        notices.WebPush(lambda: KEY, look=lost).send(letter(Phone().device(ENDPOINT)))
    assert "example.net" not in str(caught.value)


def test_a_service_that_is_away_is_a_fault(push_service: PushService) -> None:
    origin = "http://127.0.0.1:9"
    sender = notices.WebPush(lambda: KEY, open_to=frozenset({origin}))
    with pytest.raises(FaultError, match="ConnectError"):
        sender.send(letter(Phone().device(f"{origin}/one")))


@pytest.mark.parametrize(
    ("key", "secret"),
    [("", "AAAAAAAAAAAAAAAAAAAAAA"), ("BAAA", "AAAAAAAAAAAAAAAAAAAAAA"), (None, "AA"), (None, "ü")],
)
def test_keys_that_are_none_are_not_taken(key: str | None, secret: str) -> None:
    good = Phone().device(ENDPOINT)
    assert good.is_well_formed
    made = notices.Device(ENDPOINT, good.public_key if key is None else key, secret)
    assert not made.is_well_formed
