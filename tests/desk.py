"""Somebody at a desk of the office: signed in, filling in forms as a browser sends them.

It holds no test. A form is opened, what stands in it is kept, and what is typed replaces it; so a
field that the page does not show is never sent.
"""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from everline import clock
from everline.people.models import Person
from tests.world import World


@pytest.fixture
def office(town: World) -> Iterator[World]:
    """Let the office show a small world's time."""
    clock.use_offset(lambda: town.at - datetime.now(UTC))
    yield town
    clock.use_offset(timedelta)


def signed_in(person: Person | None, locale: str = "en") -> Client:
    """Give the browser of somebody, or of a stranger."""
    client = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
    if person is not None:
        client.force_login(person)
    return client


def fields(page: str) -> dict[str, Any]:
    """Give all that stands in the forms of a page, by name."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]+>", page):
        name, value = (re.search(rf'\s{key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and value and 'type="checkbox"' not in tag:
            found[name[1]] = html.unescape(value[1])
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>([^<]*)<', page):
        found[name] = html.unescape(text.strip())
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        first = chosen or re.search(r'<option value="([^"]*)"', options)
        found[name] = html.unescape(first[1]) if first else ""
    found.pop("next", None)
    return found


def fill(client: Client, path: str, *, press: Any = "publish", times: Any = 1, **typed: Any) -> Any:
    """Open a form, type into it and press its button, as often as said with one request id."""
    asked = client.get(f"/office/{path}")
    assert asked.status_code == 200, path
    given = fields(asked.content.decode()) | typed | {press: ""}
    answer = None
    for _time in range(times):
        answer = client.post(f"/office/{path}", given)
    return answer


def text(answer: Any) -> str:
    """Give a page as text."""
    return str(answer.content.decode())


def errors(answer: Any) -> list[str]:
    """Give the fields that a page says are wrong."""
    return re.findall(r'id="id_([a-zA-Z_]+)_error"', text(answer))
