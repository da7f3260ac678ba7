"""The demo e-wallet, driven in its pages over HTTP, against the real web server.

Between the two stands a wire that can be cut: it loses requests or answers, or is down.
"""

import html
import http.client
import http.server
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from everline import renewals
from tests.demo import free_port
from tests.marketplace import Server
from tests.tidy.rule import ROOT
from tests.town import at_once
from tests.world import World

FOLDER = ROOT / "examples/platform"
OPENING = 50_000_000


@dataclass
class Wire:
    """A proxy before the API; `faults` says what happens to the next payments, one each."""

    server: Server
    faults: list[str] = field(default_factory=list)
    is_down: bool = False
    payments: int = 0
    port: int = 0

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        wire = self

        class Between(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._pass_on()

            def do_POST(self) -> None:
                self._pass_on()

            def log_message(self, *_arguments: object) -> None:
                pass

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = ""
                if self.path.endswith("/payments"):
                    wire.payments += 1
                    fault = wire.faults.pop(0) if wire.faults else ""
                if wire.is_down or fault == "lose request":
                    self.close_connection = True
                    return
                with closing(http.client.HTTPConnection("127.0.0.1", wire.server.port)) as line:
                    line.request(self.command, self.path, body, dict(self.headers))
                    answer = line.getresponse()
                    content = answer.read()
                if fault == "lose answer":
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.getheader("Content-Type", ""))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        return Between


@dataclass
class Phone:
    """Somebody with the e-wallet open on the phone."""

    port: int
    book: Path
    locale: str = "en"
    page: str = ""
    status: int = 0
    at: str = ""

    @property
    def text(self) -> str:
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.page)).split())

    @property
    def balance(self) -> int:
        with closing(sqlite3.connect(self.book)) as book:
            (found,) = book.execute("select balance from purse").fetchone()
        return int(found)

    def open(self, path: str, form: dict[str, str] | None = None, **headers: str) -> None:
        """Open a page or send a form, and follow where it leads."""
        body = None if form is None else urllib.parse.urlencode(form)
        sent = {"Accept-Language": self.locale, **headers}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as line:
            line.request("GET" if form is None else "POST", path, body, sent)
            answer = line.getresponse()
            self.page, self.status, self.at = answer.read().decode(), answer.status, path
            if location := answer.getheader("Location"):
                self.open(location)

    def choose(self, number: str, plan: str) -> str:
        """Come from the tile to the page with the button; gives its address."""
        self.open("/")
        assert 'href="/card"' in self.page
        self.open("/card")
        self.open("/plans", {"number": number})
        assert f'value="{plan}"' in self.page, self.text
        self.open("/review", {"number": number, "plan": plan})
        return self.at

    def wait_for(self, words: str) -> None:
        """Look again until the page says so."""
        ends = time.monotonic() + 60
        while words not in self.text:
            assert time.monotonic() < ends, self.text
            time.sleep(0.2)
            self.open(self.at)


@pytest.fixture
def wire(town: World, web_server: Server) -> Iterator[Wire]:
    town.at = datetime.now(UTC)
    made = Wire(web_server)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), made.handler()) as between:
        made.port = between.server_address[1]
        threading.Thread(target=between.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        between.shutdown()


@pytest.fixture
def phone(town: World, wire: Wire, tmp_path: Path) -> Iterator[Phone]:
    """The e-wallet's program in a process of its own, with nothing of ours on its path."""
    partner, book = town.partner(deposit=1_000_000), tmp_path / "kantong.sqlite"
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        [
            *(sys.executable, "-I", "-c"),
            (
                f"import sys, runpy; sys.path.insert(0, {str(FOLDER)!r}); sys.argv = sys.argv[1:];"
                f"runpy.run_path(sys.argv[0], run_name='__main__')"
            ),
            *(str(FOLDER / "serve.py"), f"http://127.0.0.1:{wire.port}"),
            *("--port", str(port), "--book", str(book)),
        ],
        env=environment | {"EVERLINE_KEY": partner.key, "KANTONG_CURRENCY": "EUR"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Kantong: http://localhost:{port}\n"
        yield Phone(port, book)
        process.terminate()


def renewed(town: World) -> int:
    return int(town.one("select count(*) from renewals_renewal"))


def test_a_card_is_renewed_from_the_tile_to_the_receipt(town: World, phone: Phone) -> None:
    card, plan = town.card(), town.plan()
    assert card.msisdn
    where = phone.choose(card.msisdn, plan.code)
    assert "EUR 10.00" in phone.text
    assert card.iccid not in phone.page
    phone.open(where + "/pay", {})
    assert "Paid, being delivered" in phone.text
    assert phone.balance == OPENING - 1000
    town.at = datetime.now(UTC)
    town.deliver_all()
    phone.wait_for("Renewed")
    assert "/verify/" in phone.page
    phone.open("/history")
    assert plan.code in phone.text
    assert renewed(town) == 1


def test_a_lost_answer_is_checked_and_found_paid(town: World, phone: Phone, wire: Wire) -> None:
    where = phone.choose(town.card().iccid, town.plan().code)
    wire.faults = ["lose answer"]
    phone.open(where + "/pay", {})
    phone.wait_for("Paid, being delivered")
    assert (renewed(town), wire.payments, phone.balance) == (1, 1, OPENING - 1000)


def test_a_lost_request_is_sent_again_once_advice_says_so(
    town: World, phone: Phone, wire: Wire
) -> None:
    where = phone.choose(town.card().iccid, town.plan().code)
    wire.faults = ["lose request", "lose answer"]
    phone.open(where + "/pay", {})
    phone.wait_for("Paid, being delivered")
    assert (renewed(town), phone.balance) == (1, OPENING - 1000)


def test_while_the_api_is_down_it_says_that_it_is_checking(
    town: World, phone: Phone, wire: Wire
) -> None:
    where = phone.choose(town.card().iccid, town.plan().code)
    wire.is_down = True
    phone.open(where + "/pay", {})
    assert "We are checking" in phone.text
    phone.open(where)
    assert "We are checking" in phone.text
    phone.open("/plans", {"number": "+8821012345"})
    assert (phone.status, "does not answer" in phone.text) == (503, True)
    wire.is_down = False
    phone.open(where)
    phone.wait_for("Paid, being delivered")
    assert renewed(town) == 1


@pytest.mark.race
def test_a_button_pressed_many_times_pays_once(town: World, phone: Phone, wire: Wire) -> None:
    where = phone.choose(town.card().iccid, town.plan().code)
    fingers = [Phone(phone.port, phone.book) for _ in range(8)]
    at_once([partial(each.open, where + "/pay", {}) for each in fingers])
    phone.open(where)
    phone.wait_for("Paid, being delivered")
    assert (renewed(town), phone.balance) == (1, OPENING - 1000)


def test_a_quote_that_has_changed_is_shown_anew(town: World, phone: Phone) -> None:
    card, plan = town.card(), town.plan()
    where = phone.choose(card.iccid, plan.code)
    town.owner.execute("update catalogue_price set amount = 1100")
    phone.open(where + "/pay", {})
    assert "Not renewed" in phone.text
    assert "See the new price" in phone.text
    assert phone.balance == OPENING
    phone.open("/review", {"number": card.iccid, "plan": plan.code})
    assert "EUR 11.00" in phone.text
    phone.open(phone.at + "/pay", {})
    assert "Paid, being delivered" in phone.text


def test_a_mistake_is_taken_back_once(town: World, phone: Phone) -> None:
    card = town.card()
    where = phone.choose(card.iccid, town.plan().code)
    phone.open(where + "/pay", {})
    for _ in range(2):
        phone.open(where + "/undo", {})
        assert "Taken back" in phone.text
    assert phone.balance == OPENING
    assert {each.state for each in renewals.of_card(card.id, 5)} == {"reversed"}


def test_problems_are_said_in_the_readers_language(town: World, phone: Phone) -> None:
    town.plan()
    said = set()
    for locale in ("en", "zh-Hans", "id"):
        phone.locale = locale
        phone.open("/plans", {"number": town.card("lost").iccid})
        assert phone.status == 422
        said.add(phone.text)
        phone.open("/plans", {"number": "hello"})
        assert phone.status == 422
    assert len(said) == 3


def test_forms_from_elsewhere_and_what_is_not_there_are_turned_away(phone: Phone) -> None:
    phone.open("/plans", {"number": "1"}, Origin="http://elsewhere.example")
    assert phone.status == 400
    for path in ("/purchases/none", "/nothing"):
        phone.open(path)
        assert phone.status == 404
    for path in ("/purchases/none/pay", "/purchases/none/undo", "/nothing"):
        phone.open(path, {})
        assert phone.status == 404


def test_it_imports_nothing_of_ours() -> None:
    for path in FOLDER.glob("*.py"):
        assert not re.search(r"^\s*(from|import) everline", path.read_text(), re.MULTILINE), path
