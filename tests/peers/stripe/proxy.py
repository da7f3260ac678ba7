"""A small TCP proxy on the way to Stripe's peer, which loses, delays and doubles what passes.

A fault is ordered for the next request that begins with some words. `cut` ends the connection
before the request is sent on; `lost` after it was answered, `half` in the middle of the answer;
`late` gives the answer after a while. `double` sends the request twice, one after the other, and
`twins` both at once. `error`, `limit` and `garbage` are a 500, a 429 and no JSON, with nothing sent
on; `error_after` is a 503 after it was. `meanwhile` calls `between` before the answer is given.
"""

import socket
import socketserver
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self

BUFFER: Final = 65_536
WAIT_SECONDS: Final = 10
HEAD_END: Final = b"\r\n\r\n"
SAID: Final = {
    "error": (500, b'{"error": {"type": "api_error"}}'),
    "limit": (429, b'{"error": {"type": "invalid_request_error", "code": "rate_limit"}}'),
    "garbage": (200, b"<html>Bad gateway</html>"),
}
"""What is answered with nothing sent on."""


class Proxy:
    """The proxy; `url` is its address, `fail` orders a fault."""

    def __init__(self, target: str) -> None:
        host, port = target.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._faults: list[tuple[bytes, str]] = []
        self._lock = threading.Lock()
        self.late_ms = 300
        self.between: Callable[[], object] = lambda: None
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy.serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, call: str, fault: str) -> None:
        """Let the next request of this kind meet a fault."""
        with self._lock:
            self._faults.append((call.encode(), fault))

    @property
    def ordered(self) -> list[str]:
        """The faults that nothing has met yet."""
        return [f"{call.decode()} {fault}" for call, fault in self._faults]

    def serve(self, caller: socket.socket) -> None:
        """Pass the requests of one connection on, until it ends."""
        caller.settimeout(WAIT_SECONDS)
        try:
            while request := _message(caller):
                if not self._pass(caller, request):
                    return
        except OSError:
            return  # The caller has given up.

    def _pass(self, caller: socket.socket, request: bytes) -> bool:
        """Pass one request on; False ends the connection."""
        fault = self._fault(request)
        if fault == "cut":
            return False
        if fault in SAID:
            caller.sendall(_answer(*SAID[fault]))
            return True
        answer = self._answered(request, fault)
        match fault:
            case "lost":
                return False
            case "half":
                caller.sendall(answer[: len(answer) // 2])
                return False
            case "error_after":
                answer = _answer(503, b'{"error": {"type": "api_error"}}')
            case "meanwhile":
                self.between()
            case "late":
                time.sleep(self.late_ms / 1000)
        caller.sendall(answer)
        return True

    def _answered(self, request: bytes, fault: str) -> bytes:
        """Send a request on, once or twice, and give the answer that counts."""
        if fault == "twins":
            with ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(self._exchange, [request] * 2))
            return max(answers, key=lambda each: b" 200 OK" in each[:20])
        if fault == "double":
            self._exchange(request)
        return self._exchange(request)

    def _fault(self, request: bytes) -> str:
        with self._lock:
            for number, (call, fault) in enumerate(self._faults):
                if request.startswith(call):
                    del self._faults[number]
                    return fault
        return ""

    def _exchange(self, request: bytes) -> bytes:
        with socket.create_connection(self._target, WAIT_SECONDS) as there:
            there.sendall(request)
            return _message(there)


def _message(wire: socket.socket) -> bytes:
    """Read one request or answer, whose length is told or which has no body; empty at the end."""
    told = b""
    while HEAD_END not in told:
        part = wire.recv(BUFFER)
        if not part:
            return b""
        told += part
    head, _, body = told.partition(HEAD_END)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        part = wire.recv(BUFFER)
        if not part:
            return b""
        body += part
    return head + HEAD_END + body


def _answer(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} Said by the proxy\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
