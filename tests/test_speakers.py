"""Every address with every speaker: let in, or refused as the table says and without a trace."""

import importlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, clear_url_caches, get_resolver

from everline import clock, notices
from everline.channels.hotline import urls as hotline_urls
from everline.channels.partner.auth import MEMORY
from everline.config import urls
from everline.database.addresses import Addresses
from everline.payments import gateways
from everline.payments.gateways.sandbox import Sandbox
from tests.address_table import ENDING, IN_A_DEMO, TABLE
from tests.conftest import point_at
from tests.copies import empty
from tests.gates import OPEN, Answer, Row
from tests.office_table import OFFICE
from tests.speakers import ONLY_AT, SPEAKERS, Everybody, Speaker, door
from tests.things import SECRET, TOKEN
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

ROWS: Final = (*TABLE, *OFFICE)
METHODS: Final = ("GET", "POST", "DELETE")
DOORS: Final = frozenset(
    {
        "/sign-in",
        "/sign-in/password",
        "/till/enrol",
        "/till/sign-in",
        "/till/unlock",
        "/kiosk",
        "/kiosk/enrol",
    }
)
"""Where somebody is led who is not let in."""

SIGNED: Final = re.compile("<(card|renewal|topup|mandate|stop|stop-renewal):")
GUESS: Final = re.compile(r"\.[\w-]{16}(?=/|$)")

Problem = tuple[str, str, int, str]


def patterns(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Give every address that Django knows, as it spells it."""
    for each in resolver.url_patterns:
        address = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield address
        else:
            yield from patterns(each, address)


@pytest.fixture(scope="module")
def everybody(town_logins: Addresses) -> Iterator[Everybody]:
    """One world for the whole file: what is refused writes nothing, and what is let in little."""
    point_at(town_logins)
    notices.install_key(notices.new_key)
    gateways.install({"sandbox": Sandbox("http://localhost:9", SECRET, "Testline")})
    empty(town_logins)
    MEMORY.clear()
    told, settings.HOTLINE_TOKEN = settings.HOTLINE_TOKEN, TOKEN
    with psycopg.connect(town_logins.owner, autocommit=True) as owner:
        world = World(owner, town_logins)
        clock.use_offset(lambda: world.at - datetime.now(UTC))
        yield Everybody(world)
    clock.use_offset(timedelta)
    settings.HOTLINE_TOKEN = told
    gateways.install({})
    MEMORY.clear()


def rows_for(name: str) -> list[Row]:
    """Give the rows that a speaker tries."""
    return [row for row in ROWS if row.address.startswith(ONLY_AT.get(name, "/"))]


def is_so(got: Any, expected: Answer) -> bool:
    """Tell whether somebody was let in, or refused as expected."""
    if expected == OPEN:
        is_refused = got.status_code in {401, 403, 404, 405} or got.status_code >= 500
        return not is_refused and door(got) not in DOORS
    if isinstance(expected, int):
        return bool(got.status_code == expected)
    return got.status_code in {302, 303} and door(got) == expected


def tried(everybody: Everybody, name: str, speaker: Speaker, rows: list[Row]) -> Iterator[Problem]:
    """Say what a speaker is answered otherwise than the table says."""
    for row in rows:
        expected = row.gate.answer(name)
        address = everybody.address(row.address)
        for method in row.methods:
            who = everybody.speaker(name) if row.address in ENDING else speaker
            form = {} if expected == OPEN else everybody.form()
            got = who.ask(method, address, form)
            if not is_so(got, expected):
                yield (method, row.address, got.status_code, door(got) or str(expected))


def test_every_address_has_one_row() -> None:
    known = sorted(row.address for row in ROWS)
    assert len(known) == len(set(known)), "an address stands twice"
    assert sorted(patterns(get_resolver())) == known, "see the top of tests/address_table.py"


def test_the_table_names_nobody_else() -> None:
    named = {name for row in ROWS for name in row.gate.named}
    assert named | ONLY_AT.keys() <= SPEAKERS.keys()
    assert {row.address for row in ROWS} >= ENDING


@pytest.mark.parametrize("name", SPEAKERS)
def test_a_refusal_is_the_one_of_the_table_and_leaves_no_trace(
    everybody: Everybody, name: str
) -> None:
    refused = [row for row in rows_for(name) if row.gate.answer(name) != OPEN]
    lasting = [row for row in refused if row.address not in ENDING]
    speaker = everybody.speaker(name)
    before = everybody.traces()
    assert list(tried(everybody, name, speaker, lasting)) == []
    after = everybody.traces()
    assert [table for table, mark in after.items() if mark != before[table]] == []
    ending = [row for row in refused if row.address in ENDING]
    assert list(tried(everybody, name, speaker, ending)) == []


@pytest.mark.parametrize("name", SPEAKERS)
def test_whoever_may_is_let_in(everybody: Everybody, name: str) -> None:
    let_in = [row for row in rows_for(name) if row.gate.answer(name) == OPEN]
    let_in.sort(key=lambda row: row.address in ENDING)
    assert list(tried(everybody, name, everybody.speaker(name), let_in)) == []


def test_an_address_takes_no_other_method(everybody: Everybody) -> None:
    stranger, wrong = everybody.speaker("stranger"), []
    for row in ROWS:
        for method in set(METHODS) - set(row.methods):
            got = stranger.ask(method, everybody.address(row.address), {})
            refusal = row.gate.answer("stranger")
            is_refused = got.status_code == 405 or (refusal != OPEN and is_so(got, refusal))
            if not is_refused and (method != "DELETE" or got.status_code < 300):
                wrong.append((method, row.address, got.status_code))
    assert wrong == []


def test_a_guessed_address_is_not_found(everybody: Everybody) -> None:
    """Addresses that are secrets are signed: another's, or one sign changed, leads nowhere."""
    stranger, found = everybody.speaker("stranger"), []
    before = everybody.traces()
    for row in ROWS:
        if not SIGNED.search(row.address):
            continue
        address = everybody.address(row.address)
        for guess in (GUESS.sub(".AAAAAAAAAAAAAAAA", address), GUESS.sub("", address)):
            for method in row.methods:
                got = stranger.ask(method, guess, everybody.form())
                is_receipt = guess.startswith(("/renewals/", "/top-ups/")) and guess.count("/") == 2
                if got.status_code != 404 and not (is_receipt and "." not in guess):
                    found.append((method, guess))
    assert found == []
    assert everybody.traces() == before


def test_in_a_demo_its_own_addresses_are_there_and_known(
    everybody: Everybody, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = everybody.speaker("stranger")
    for address in IN_A_DEMO:
        assert stranger.ask("GET", address, {}).status_code == 404
    monkeypatch.setattr(settings, "DEMO", True)
    read_again()
    try:
        known = {row.address for row in ROWS}
        assert set(patterns(get_resolver())) - known == IN_A_DEMO
        for address in IN_A_DEMO:
            assert stranger.ask("GET", address, {}).status_code == 200
    finally:
        monkeypatch.undo()
        read_again()


def read_again() -> None:
    importlib.reload(hotline_urls)
    importlib.reload(urls)
    clear_url_caches()
