"""A kiosk in a world with its bank and card terminals, and what tests of it press and read."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from everline import clock, renewals
from everline.office.audit import audit
from tests.channels.kiosk import Kiosk
from tests.reader import INLINE
from tests.world import World


@pytest.fixture
def hall(sandboxed: World) -> Iterator[World]:
    """A world whose time the pages show, with the bank and its card terminals."""
    sandboxed.at = sandboxed.server_time()
    clock.use_offset(lambda: sandboxed.at - datetime.now(UTC))
    yield sandboxed
    clock.use_offset(timedelta)


@pytest.fixture
def kiosk(hall: World) -> Kiosk:
    return Kiosk(hall, "en")


def text(answer: Any) -> str:
    page = answer.content.decode()
    assert INLINE.search(page) is None
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def open_sale(kiosk: Kiosk, by: str = "card", **typed: str) -> Any:
    """Come in with a new card and press one way to pay."""
    card, plan = kiosk.world.card(), kiosk.world.plan()
    address, form, _price = kiosk.sent[kiosk.ask(card, plan)]
    answer = kiosk.client.post(address, form | {"by": by} | typed)
    assert (answer.status_code, answer["Location"]) == (303, "/kiosk/pay"), answer.content
    shown = kiosk.client.get("/kiosk/pay")
    cache.clear()  # The bank is asked once a second at most, and a second is long.
    return shown


def only(world: World) -> renewals.Renewal:
    found = renewals.find(world.one("select id from renewals_renewal"))
    assert found is not None
    return found


def balanced(world: World) -> bool:
    return [each.invariant.name for each in audit(world.at) if each.total] == []
