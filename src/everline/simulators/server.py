"""The listening part: one thread a connection, on 127.0.0.1, and the playing of common faults.

It routes a request to bank_api.py, payment_page.py, reader.py and its page, network.py or
control.py, and cuts, delays or bends what comes back as faults.py says. It writes no log of what
was sent: a number typed here by mistake must not stay anywhere.
"""

import logging
import os
import socket
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from everline.simulators import (
    bank_api,
    control,
    faults,
    network,
    payment_page,
    reader,
    reader_page,
)
from everline.simulators.bank_api import Operation, World
from everline.simulators.faults import Fault
from everline.simulators.store import pause
from everline.simulators.wire import (
    BODY_BYTES_MAX,
    CUT,
    Answer,
    ProblemError,
    Request,
    answer,
    problem,
)

CONNECTIONS_MAX: Final = 256
IDLE_SECONDS: Final = 30
_ROUTES: Final[Mapping[tuple[str, str], tuple[str, Operation]]] = {
    **bank_api.OPERATIONS,
    **network.OPERATIONS,
    **control.OPERATIONS,
    **payment_page.OPERATIONS,
    **reader.OPERATIONS,
    **reader_page.OPERATIONS,
}
logger: Final = logging.getLogger(__name__)


def respond(world: World, request: Request) -> Answer:
    """Find who answers, and play the fault in line for this operation, if there is one."""
    try:
        if (request.method, request.path) == ("GET", "/health"):
            return answer({**control.describe(), "pid": os.getpid()})
        name, operation = _route(request)
        fault = None
        if name:
            keys = request.keys()
            with world.store.transaction() as records:
                fault = faults.take(records, name, keys)
        return _played(world, request, operation, fault)
    except ProblemError as error:
        return problem(error)


def _route(request: Request) -> tuple[str, Operation]:
    folder, _, last = request.path.rpartition("/")
    around = f"{folder.rpartition('/')[0]}/*/{last}"
    for path in (request.path, f"{folder}/", around):
        if found := _ROUTES.get((request.method, path)):
            return found
    raise ProblemError(404, "path_unknown", "There is nothing at this path.")


def _played(world: World, request: Request, operation: Operation, fault: Fault | None) -> Answer:
    kind = fault.fault if fault else ""
    if kind == "cut":
        return CUT
    if kind == "error":
        raise ProblemError(500, "scripted", "Nothing was done.")
    if fault and kind == "slow":
        pause(fault.milliseconds)
    if kind == "double":
        operation(world, request, None)
    given = operation(world, request, fault)
    if kind == "lost":
        return CUT
    if kind == "error_after":
        raise ProblemError(500, "scripted", "It was done, and the answer got lost.")
    if (kind == "garbage" or kind.startswith("lying_")) and not given.is_cut:
        return Answer(given.status, faults.lie(kind, given.body), given.content_type)
    return given


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = BODY_BYTES_MAX  # the head and the body leave together, or each answer waits 40 ms
    disable_nagle_algorithm = True
    server: "Listener"

    def do_GET(self) -> None:
        """Answer a read."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a write."""
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
        """Keep no log of requests."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            self._send(problem(ProblemError(413, "body_too_long", "The body is too long.")))
            return
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, max_num_fields=20)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )
        try:
            given = respond(self.server.world, request)
        except Exception:
            logger.exception("an answer failed: %s %s", request.method, request.path)
            given = problem(ProblemError(500, "bug", "The simulator failed; see its log."))
        self._send(given)

    def _send(self, given: Answer) -> None:
        if given.is_cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(given.status)
        self.send_header("Content-Type", given.content_type)
        self.send_header("Content-Length", str(len(given.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in given.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(given.body)


class Listener(ThreadingHTTPServer):
    """The server itself; a connection beyond the limit is closed at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.world: World
        self._places = BoundedSemaphore(CONNECTIONS_MAX)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread, if there is a place left."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve the connection, and free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore callers that hang up; their own side knows."""
