"""A till with its clerk, and what tests of it press and read; test_store.py says which tests."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from everline import cards, clock, ids, ledger, renewals
from everline.office.audit import audit
from everline.payments import gateways
from everline.payments.gateways.sandbox import Sandbox
from everline.people.models import Person
from everline.people.roles import Role
from everline.renewals import Renewal
from tests.channels.store import PASSWORD, Till
from tests.reader import INLINE
from tests.world import World


@pytest.fixture
def counter(town: World) -> Iterator[World]:
    """A world whose time the pages show."""
    clock.use_offset(lambda: town.at - datetime.now(UTC))
    gateways.install({"sandbox": Sandbox("http://localhost:9", "not heard here", "Testline")})
    yield town
    gateways.install({})
    clock.use_offset(timedelta)


@pytest.fixture
def till(counter: World) -> Till:
    """A till of a store with 100.00 on its deposit and a commission of 2.5 %, and its clerk."""
    made = Till(counter, "en")
    counter.owner.execute("update people_retailer set commission_basis_points = 250")
    made.funds(counter.card(), 10_000)
    return made


def as_manager(till: Till) -> Person:
    """Let the store's manager take over the till."""
    manager = till.world.clerk(till.store, role=Role.STORE_MANAGER, password=PASSWORD)
    till.world.advance(seconds=1)
    till.client.post("/till/sign-out")
    till.client.post("/till/sign-in", {"email": manager.email, "password": PASSWORD})
    return manager


def sell(till: Till, card: cards.Card, plan: Any, **typed: str) -> Any:
    """Press once on the page of a plan; gives the answer."""
    address, fields = till.sent[till.ask(card, plan)]
    return till.client.post(address, fields | {"pay": "typed"} | typed)


def sold(answer: Any) -> Renewal:
    assert answer.status_code == 303, answer.content.decode()
    found = renewals.find(ids.inside("rnw", answer["Location"].rpartition("/")[2]))
    assert found is not None
    return found


def text(answer: Any) -> str:
    page = answer.content.decode()
    assert INLINE.search(page) is None
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def left(till: Till) -> int:
    return ledger.spendable(till.store.account_id, "deposit", "EUR")


def balanced(world: World) -> bool:
    return [each.invariant.name for each in audit(world.at) if each.total] == []
