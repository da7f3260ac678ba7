"""Serves the pages of this process to a browser, where a walk needs a world that no demo has."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import Client
from playwright.sync_api import Page

from everline.people.models import Person


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing on the tests' screen."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve them meanwhile, and give their address, which is the public one."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    before = settings.PUBLIC_ADDRESS
    settings.PUBLIC_ADDRESS = f"http://127.0.0.1:{server.server_port}"
    try:
        yield settings.PUBLIC_ADDRESS
    finally:
        settings.PUBLIC_ADDRESS = before
        server.shutdown()
        server.server_close()


def session_of(person: Person) -> str:
    """Sign somebody in; before a window opens, as Django wants no loop."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)
    return client.cookies["sessionid"].value


def be(page: Page, address: str, session: str) -> None:
    """Let a window be signed in."""
    cookie: Any = {"name": "sessionid", "value": session, "url": address}
    page.context.add_cookies([cookie])
