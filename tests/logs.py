"""No log of the whole suite holds a secret or says who somebody is.

Every record that any test makes is read as a handler would write it, traces included, and so is
what the servers that tests start write to their standard error. A test that leaks fails.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

LEAKS: Final = {
    "a payment card's number": r"\b4000[ -]?0000[ -]?0000[ -]?\d{4}\b",
    "a card's number": r"\b89\d{17,18}\b",
    "a phone number": r"\+\d{9,15}\b",
    "an e-mail address": r"[\w.+-]+@[\w-]+\.[a-z]{2,}\b",
    "an API key": r"\bevl_[\w-]{20,}",
    "a password of the database": r"postgres(?:ql)?://[^:@/\s]+:[^@/\s]+@",
    "an activation code of an eSIM": r"LPA:1\$",
    "a session or a token": r"(?i)\b(sessionid|csrftoken|authorization)\b['\"]?\s*[:=]\s*['\"]?\w",
}
"""What must not be in a log, and how it looks in our tests."""

heard: Final[list[str]] = []
"""The leaks of the test that runs now."""


def leaks(text: str) -> list[str]:
    """Name what a text gives away, with the place where it does."""
    return [
        f"{what}: {text[max(0, found.start() - 60) : found.end() + 20]!r}"
        for what, looks in LEAKS.items()
        if (found := re.search(looks, text))
    ]


def require_clean(path: Path) -> None:
    """Fail when what a server wrote gives something away."""
    found = leaks(path.read_text(errors="replace"))
    assert not found, found


class Record(logging.LogRecord):
    """A record that is read as soon as it is made, whoever may handle it."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if self.levelno >= logging.INFO:
            heard.extend(leaks(logging.Formatter().format(self)))


@pytest.fixture(autouse=True)
def clean_logs() -> Iterator[None]:
    """Fail a test whose records gave something away."""
    heard.clear()
    yield
    found = heard.copy()
    heard.clear()
    assert not found, found


def pytest_configure() -> None:
    """Read every record of this process from now on."""
    logging.setLogRecordFactory(Record)
