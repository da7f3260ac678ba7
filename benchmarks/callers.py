"""The callers of http_rate.py and pages_rate.py: each connection has one request at a time.

One thread and one loop, requests made ready beforehand, answers hardly looked at: it takes little
of the processors that both sides need, and the same from either. It is no client to copy; a real
one stands in examples/.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
HEAD_END: Final = b"\r\n\r\n"
CHUNKS_END: Final = b"\r\n0\r\n\r\n"
PATIENCE_SECONDS: Final = 30.0
"""How long answers may be outstanding after the last request."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How an answer begins and what it contains when it is a success."""

    begins: bytes
    contains: bytes


RENEWED: Final = Proof(b"HTTP/1.1 201", b'"renewed"')


@dataclass(slots=True)
class Found:
    """What the answers of one round took, and those that were no success."""

    milliseconds: list[float] = field(default_factory=list)
    wrong: list[bytes] = field(default_factory=list)
    seconds: float = 0.0


class Connection(asyncio.Protocol):
    """Sends a request, reads its answer, sends the next, until the time is over."""

    def __init__(self, requests: Iterator[bytes], ends: float, found: Found, proof: Proof) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests, self._ends, self._found = requests, ends, found
        self._proof = proof
        self._heard = b""
        self._is_waiting = False
        self._asked_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take note of an answer when it is complete."""
        self._heard += data
        head = self._heard.find(HEAD_END)
        if head < 0:
            return
        length = LENGTH.search(self._heard, 0, head)
        if length is None:
            is_whole = self._heard.endswith(CHUNKS_END)
        else:
            is_whole = len(self._heard) >= head + len(HEAD_END) + int(length[1])
        if not is_whole:
            return
        proof = self._proof
        if self._heard.startswith(proof.begins) and proof.contains in self._heard:
            self._found.milliseconds.append((time.perf_counter() - self._asked_at) * 1000)
        else:
            self._found.wrong.append(self._heard)
        self._heard = b""
        self._is_waiting = False
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; a connection that the server closed is no success."""
        if self._is_waiting:
            self._found.wrong.append(b"the connection was closed: " + self._heard)
        if not self.closed.done():
            self.closed.set_result(None)

    def _ask(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None or time.perf_counter() >= self._ends or self._found.wrong:
            self._transport.close()
            return
        self._is_waiting = True
        self._asked_at = time.perf_counter()
        self._transport.write(request)


def run(
    port: int, requests: Sequence[bytes], clients: int, seconds: float, proof: Proof = RENEWED
) -> Found:
    """Send requests over `clients` connections for some seconds, each request once."""
    return asyncio.run(_run(port, iter(requests), clients, seconds, proof))


async def _run(
    port: int, requests: Iterator[bytes], clients: int, seconds: float, proof: Proof
) -> Found:
    found = Found()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        opened = [
            await loop.create_connection(
                lambda: Connection(requests, began + seconds, found, proof), "127.0.0.1", port
            )
            for _ in range(clients)
        ]
        for _transport, connection in opened:
            await connection.closed
    found.seconds = time.perf_counter() - began
    return found
