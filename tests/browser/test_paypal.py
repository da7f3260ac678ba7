"""PayPal, with script and without: our policy lets people go there and back.

It is no part of the demo, so the pages are served by this process, beside PayPal's double.
"""

import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from tests.browser.windows import Windows
from tests.paypal_bank import states
from tests.peers.paypal.double import Double
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing on the tests' screen."""


@pytest.fixture
def address(paypal_bank: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the pages of this process to a browser."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    there = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(settings, "PUBLIC_ADDRESS", there)
    yield there
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("with_script", [True, False], ids=["script", "no-script"])
def test_there_away_and_there_again(
    paypal_bank: World, paypal_double: Double, address: str, windows: Windows, *, with_script: bool
) -> None:
    card, plan = paypal_bank.card(), paypal_bank.plan(price=1250)
    page = windows.open("en", 360, java_script_enabled=with_script)
    page.goto(address)
    page.fill("input[name=number]", card.iccid)
    page.press("input[name=number]", "Enter")
    page.wait_for_url("**/cards/**")
    page.goto(f"{page.url.partition('?')[0]}/plans/{plan.code}")
    page.get_by_role("button", name="Pay with PayPal").click()
    page.wait_for_url(f"{paypal_double.url}/checkoutnow**")
    page.click("#leave")
    page.get_by_role("heading", name="You left before paying").wait_for()
    page.get_by_role("button", name="Pay with PayPal").click()
    page.wait_for_url(f"{paypal_double.url}/checkoutnow**")
    page.click("#pay")
    page.get_by_role("heading", name="Paid, being delivered").wait_for()
    assert states(paypal_bank) == ("succeeded", "paid")
    assert len(paypal_double.books.orders) == 2
