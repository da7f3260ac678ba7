"""PayPal's double: the server, its token, the payer's page, and signed callbacks.

Each request and each answer is validated by contract.py, and what is wrong with either stands in
`mistakes`, which the fixture in tests/paypal.py finds empty at the end of every test. What it knows
of money is books.py. A callback is handed to `hear` before the answer that it belongs to is sent.
"""

import base64
import hmac
import json
import re
import threading
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from everline.payments.gateways.paypal_wire import Keys, Place
from tests.peers.paypal import contract
from tests.peers.paypal.books import Books
from tests.peers.paypal.faults import (
    BEFORE,
    EXPIRED,
    HALF_AN_ANSWER,
    NO_ANSWER,
    Answer,
    Fault,
    instead,
    problem,
    spoiled,
    written,
)

KEYS: Final = Keys("client-of-the-tests", "secret-of-the-tests", "8PT597110X687430LKGECATA")
SEAL: Final = b"what only the double knows"
CERTIFICATE: Final = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594"
ROUTES: Final = (
    ("create", "POST", re.compile(r"/v2/checkout/orders")),
    ("read", "GET", re.compile(r"/v2/checkout/orders/(\w+)")),
    ("capture", "POST", re.compile(r"/v2/checkout/orders/(\w+)/capture")),
    ("read_capture", "GET", re.compile(r"/v2/payments/captures/(\w+)")),
    ("refund", "POST", re.compile(r"/v2/payments/captures/(\w+)/refund")),
    ("verify", "POST", re.compile(r"/v1/notifications/verify-webhook-signature")),
)
ONCE: Final = frozenset({"create", "capture", "refund"})


@dataclass(frozen=True, slots=True)
class Event:
    """A callback as it is sent: headers with the signature, and the body byte for byte."""

    kind: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that arrived: the operation, its request id, and the body."""

    operation: str
    key: str
    body: Any = field(repr=False)


class Double:
    """The server in a thread of its own; everything about it may be read while it runs."""

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def do_GET(self) -> None:
                outer.serve(self, b"")

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                outer.serve(self, self.rfile.read(length))

            def log_message(self, *_: object) -> None:
                """Say nothing on the tests' screen."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.place = Place(self.url, f"{self.url}/")
        self.books = Books(f"{self.url}/")
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.events: list[Event] = []
        self.mistakes: list[str] = []
        self.hear: Callable[[Event], None] = lambda _event: None
        self.token_seconds = 32_400
        self.slow_seconds = 0.9
        self._tokens: set[str] = set()
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, on: str, kind: str, value: str = "") -> None:
        """Let the next call of an operation go wrong."""
        self.faults.append(Fault(on, kind, value))

    def calls(self, operation: str) -> list[Asked]:
        """List the calls of one operation that arrived."""
        return [each for each in self.asked if each.operation == operation]

    def order_of(self, attempt_key: str) -> dict[str, Any]:
        """Find the order of an attempt."""
        (found,) = [
            order
            for order in self.books.orders.values()
            if order["purchase_units"][0]["custom_id"] == attempt_key
        ]
        return found

    def captures_of(self, attempt_key: str) -> list[dict[str, Any]]:
        """List the captures of an attempt, of which there must never be two."""
        found: list[dict[str, Any]] = (
            self.order_of(attempt_key)["purchase_units"][0].get("payments", {}).get("captures", [])
        )
        return found

    def order_of_capture(self, capture_id: str) -> dict[str, Any]:
        """Give the payments of the order that a capture belongs to."""
        order, _capture = self.books.find(capture_id)
        found: dict[str, Any] = order["purchase_units"][0]["payments"]
        return found

    def approve(self, attempt_key: str) -> str:
        """Be the payer, who says yes on PayPal's page; gives where the page leads back to."""
        order = self.books.approve(self.order_of(attempt_key)["id"])
        self._tell("CHECKOUT.ORDER.APPROVED", "checkout-order", order)
        return self._back(order["id"], "return_url")

    def turn_away(self, attempt_key: str) -> str:
        """Be the payer, who goes back without saying yes."""
        return self._back(self.order_of(attempt_key)["id"], "cancel_url")

    def settle(self, capture_id: str, status: str) -> None:
        """Let a capture that was pending end, and tell of it."""
        capture = self.books.settle(capture_id, status)
        self._tell(f"PAYMENT.CAPTURE.{status}", "capture", capture)

    def serve(self, request: BaseHTTPRequestHandler, raw: bytes) -> None:
        """Answer one request, or go wrong with it."""
        path, headers = urlsplit(request.path), request.headers
        sent = {name.lower(): value for name, value in headers.items()}
        if path.path.startswith("/checkoutnow"):
            self._be_the_page(request, path.path, parse_qs(path.query)["token"][0])
            return
        if path.path == "/v1/oauth2/token":
            fault = self._fault("token")
            answer = self._token(sent, raw) if fault is None else instead(fault)
            self._send(request, answer)
            return
        for operation, method, form in ROUTES:
            match = form.fullmatch(path.path)
            if match and method == request.command:
                self._send(request, self._exchange(operation, match, sent, raw))
                return
        self.mistakes.append(f"nothing is at {request.command} {path.path}")
        self._send(request, problem(404, "INVALID_RESOURCE_ID"))

    def _exchange(
        self, operation: str, match: re.Match[str], sent: dict[str, str], raw: bytes
    ) -> Answer:
        """Do one operation, unless there is no token, or what is sent is not described."""
        body = json.loads(raw) if raw else None
        with self._turn:
            self.asked.append(Asked(operation, sent.get("paypal-request-id", ""), body))
        fault = self._fault(operation)
        if sent.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return 401, EXPIRED
        mistakes = contract.request_mistakes(operation, body)
        if operation in ONCE:
            mistakes += contract.header_mistakes(sent)
        if sent.get("content-type", "application/json") != "application/json":
            mistakes.append("the body is not sent as JSON")
        if mistakes:
            self.mistakes += [f"{operation} was sent: {each}" for each in mistakes]
            return problem(400, "MALFORMED_REQUEST_JSON")
        if fault is not None and fault.kind in BEFORE:
            return instead(fault)
        with self._turn:
            answer = self._done(operation, match, sent, body, raw)
            # As it is now, and not as it is when the answer has gone its way.
            answer = answer[0], json.loads(json.dumps(answer[1]))
        wrong = contract.answer_mistakes(operation, *answer)
        self.mistakes += [f"{operation} was answered: {each}" for each in wrong]
        self._tell_of(operation, answer)
        if fault is not None and fault.kind == "slow":
            time.sleep(self.slow_seconds)
        return answer if fault is None else spoiled(fault, answer)

    def _done(
        self, operation: str, match: re.Match[str], sent: dict[str, str], body: Any, raw: bytes
    ) -> Answer:
        books, key, path = self.books, sent.get("paypal-request-id", ""), match[0]
        match operation:
            case "create":
                return books.create(path, key, body)
            case "capture":
                return books.capture(path, key, body, match[1])
            case "refund":
                return books.refund(path, key, body, match[1])
            case "verify":
                return 200, {"verification_status": _verdict(body, raw)}
            case "read":
                found = books.orders.get(match[1])
                return (200, found) if found else problem(404, "INVALID_RESOURCE_ID")
        order, capture = books.find(match[1])
        related = {"related_ids": {"order_id": order["id"]}} if order else {}
        if not capture:
            return problem(404, "INVALID_RESOURCE_ID")
        return 200, {**capture, "supplementary_data": related}

    def _tell_of(self, operation: str, answer: Answer) -> None:
        """Tell of a capture, or of a refund, before the answer is sent."""
        if answer[0] != 201 or operation not in {"capture", "refund"}:
            return
        if operation == "refund":
            self._tell("PAYMENT.CAPTURE.REFUNDED", "refund", answer[1])
            return
        capture = answer[1]["purchase_units"][0]["payments"]["captures"][0]
        self._tell(f"PAYMENT.CAPTURE.{capture['status']}", "capture", capture)

    def _tell(self, kind: str, about: str, resource: dict[str, Any]) -> None:
        event = {
            "id": f"WH-{uuid.uuid4().hex[:17].upper()}-{uuid.uuid4().hex[:17].upper()}",
            "create_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "resource_type": about,
            "event_type": kind,
            "event_version": "1.0",
            "resource_version": "2.0",
            "summary": "Something happened",
            "resource": resource,
            "links": [],
        }
        self.mistakes += [f"{kind} was told: {each}" for each in contract.event_mistakes(event)]
        told = signed(kind, json.dumps(event).encode())
        self.events.append(told)
        self.hear(told)

    def _token(self, sent: dict[str, str], raw: bytes) -> Answer:
        """Give a token to who has the keys."""
        basic = base64.b64encode(f"{KEYS.client_id}:{KEYS.secret}".encode()).decode()
        self.asked.append(Asked("token", "", None))
        if raw != b"grant_type=client_credentials":
            self.mistakes.append("a token was asked for in another way")
        if sent.get("authorization") != f"Basic {basic}":
            return 401, {"error": "invalid_client", "error_description": "Client Authentication"}
        token = f"A21AA{uuid.uuid4().hex}"
        self._tokens.add(token)
        told = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}
        return 200, told

    def forget_tokens(self) -> None:
        """Let all tokens end before their time."""
        self._tokens.clear()

    def _fault(self, operation: str) -> Fault | None:
        with self._turn:
            found = next((each for each in self.faults if each.on == operation), None)
            if found is not None:
                self.faults.remove(found)
        return found

    def _back(self, order_id: str, which: str) -> str:
        """Make the address back, to which PayPal adds the order and the payer."""
        address = self.books.contexts[order_id][which]
        return f"{address}{'&' if '?' in address else '?'}token={order_id}&PayerID=QYR5Z8XDVJNXQ"

    def _be_the_page(self, request: BaseHTTPRequestHandler, path: str, order_id: str) -> None:
        """Be the payer's page, with a way to say yes and one back, for browsers that try this."""
        order = self.books.orders[order_id]
        if path == "/checkoutnow":
            amount = order["purchase_units"][0]["amount"]
            page = (
                "<!doctype html><html lang=en><title>PayPal's double</title>"
                "<link rel=icon href='data:,'>"
                f"<h1>{amount['value']} {amount['currency_code']}</h1>"
                f"<p><a id=pay href='/checkoutnow/pay?token={order_id}'>Pay now</a>"
                f"<p><a id=leave href='/checkoutnow/leave?token={order_id}'>Cancel and return</a>"
            )
            self._send(request, (200, page))
            return
        key = order["purchase_units"][0]["custom_id"]
        back = self.approve(key) if path.endswith("/pay") else self.turn_away(key)
        request.close_connection = True
        request.send_response(303)
        request.send_header("Location", back)
        request.send_header("Content-Length", "0")
        request.end_headers()

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, answer: Answer) -> None:
        status, body = answer
        request.close_connection = True
        if status == NO_ANSWER:
            return
        content = body.encode() if isinstance(body, str) else written(body)
        request.send_response(200 if status == HALF_AN_ANSWER else status)
        kind = "text/html; charset=utf-8" if isinstance(body, str) else "application/json"
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.send_header("Connection", "close")
        request.end_headers()
        half = len(content) // 2
        request.wfile.write(content[:half] if status == HALF_AN_ANSWER else content)


def signed(kind: str, body: bytes) -> Event:
    """Sign a callback as PayPal does: ids, time and a checksum of the body, in five headers.

    The published form of a signature lets it begin with a letter or digit only, so ours does.
    """
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    seal, transmission = "", ""
    while not seal[:1].isalpha():
        transmission = f"a{uuid.uuid4()}"
        seal = _seal(transmission, at, body)
    headers = {
        "PAYPAL-TRANSMISSION-ID": transmission,
        "PAYPAL-TRANSMISSION-TIME": at,
        "PAYPAL-TRANSMISSION-SIG": seal,
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        "PAYPAL-CERT-URL": CERTIFICATE,
    }
    return Event(kind, headers, body)


def _seal(transmission_id: str, at: str, body: bytes) -> str:
    text = f"{transmission_id}|{at}|{KEYS.webhook_id}|{zlib.crc32(body)}".encode()
    return base64.b64encode(hmac.digest(SEAL, text, "sha256")).decode()


def _verdict(asked: dict[str, Any], raw: bytes) -> str:
    """Judge a signature by the event's own bytes, as they were sent back to us."""
    event = raw.partition(b'"webhook_event":')[2][:-1]
    seal = _seal(asked["transmission_id"], asked["transmission_time"], event)
    is_ours = asked["webhook_id"] == KEYS.webhook_id and seal == asked["transmission_sig"]
    return "SUCCESS" if is_ours else "FAILURE"
