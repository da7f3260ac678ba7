"""What watches the logs sees what must not be in them, and nothing else."""

import logging

import pytest

from tests import logs


@pytest.mark.parametrize(
    "text",
    [
        "paid with 4000 0000 0000 0010",
        "card 8900112340000000012 is unknown",
        "sent to +628123456789",
        "sent to ani@mail.example.com",
        "key evl_abcdefghijklmnopqrstuvwxyz",
        "postgresql://everline:secret@db/everline",
        "LPA:1$smdp.example$CODE",
        "Authorization: Bearer abc",
    ],
)
def test_a_leak_is_seen(text: str) -> None:
    assert logs.leaks(text)
    logging.getLogger("tests.logs").warning("it was %s", text)
    assert logs.heard
    logs.heard.clear()


@pytest.mark.parametrize(
    "text",
    [
        "job renew 0192f0c0-1234-7abc-8def-0123456789ab waits after try 2",
        "Not Found: /renewals/0192f0c0-1234-7abc-8def-0123456789ab",
        "postgresql://db/everline did not answer",
        "card •••• 0012 was refused",
        "2026-11-22 12:00:00,123 INFO everline.jobs 89 done",
    ],
)
def test_what_says_nothing_passes(text: str) -> None:
    assert not logs.leaks(text)


def test_a_trace_is_read_too() -> None:
    try:
        int("+628123456789 x")
    except ValueError:
        logging.getLogger("tests.logs").exception("it failed")
    assert logs.heard
    logs.heard.clear()
