"""Starts the simulators as a process of their own, and speaks to their control API.

Fixtures for most tests stand in simulator_fixtures.py; one that kills the bank takes its own by
`start_simulator(tmp_path)`. A `Receiver` listens like a merchant and keeps the callbacks that come.
The simulators go on living when everything of Everline is killed; `kill` and `start` end and
restart them on their own state.
"""

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx

from everline.money import Money
from everline.payments.gateways import Charge

START_SECONDS = 60.0
POLL_SECONDS = 0.02
HOUR_MS = 3_600_000
NOTIFY_SECRET = "secret of the tests"
PRICE = Money(1250, "EUR")
RETURN_URL = "http://localhost:9/renewals/rnw_1"


class SimulatorProcess:
    """The process, its address, the secret its callbacks are signed with, and its strings."""

    def __init__(self, folder: Path, notify_secret: str = NOTIFY_SECRET) -> None:
        self.folder = folder
        self.notify_secret = notify_secret
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self._client = httpx.Client(timeout=15, trust_env=False)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> Self:
        """Start the process, on the port it had before if it was started before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "everline.simulators"]
        command += ["--port", str(self.port), "--data", str(self.folder)]
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "SANDBOX_NOTIFY_SECRET": self.notify_secret},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "http://localhost:" in line, (self.folder / "log").read_text()
        self.port = int(line.rsplit(":", 1)[1])
        return self

    def kill(self) -> None:
        """End the process at once, with no time to tidy up."""
        self._end(by_kill=True)

    def stop(self) -> None:
        """End the process politely."""
        self._end(by_kill=False)
        self._client.close()

    def _end(self, *, by_kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill() if by_kill else process.terminate()
        process.wait(START_SECONDS)
        assert process.stdout is not None
        process.stdout.close()

    def control(self, path: str, **values: Any) -> dict[str, Any]:
        """Send one control command, such as `control("resolve", attempt_key=…, outcome=…)`."""
        answer = self._client.post(f"{self.url}/control/{path}", json=values)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def read(self, path: str, **query: str) -> dict[str, Any]:
        """Read what the simulators know, such as `read("control/charges", key=…)`."""
        answer = self._client.get(f"{self.url}/{path}", params=query)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def resolve(self, attempt_key: str, outcome: str, **values: Any) -> dict[str, Any]:
        """Answer for the bank: succeeded or failed."""
        return self.control("resolve", attempt_key=attempt_key, outcome=outcome, **values)

    def fault(self, on: str, fault: str, key: str = "", **values: Any) -> None:
        """Let the next request of operation `on` with this key meet a fault."""
        self.control("faults", next=[{"on": on, "fault": fault, "key": key, **values}])

    def settings(self, **milliseconds: int) -> dict[str, Any]:
        """Change the pace: slow_ms, unknown_ms, late_ms, network_late_ms, clock_offset_ms."""
        return self.control("settings", **milliseconds)

    def charge(self, attempt_key: str) -> dict[str, Any]:
        """Read all the bank knows of one attempt, its events and refunds too."""
        return self.read("control/charges", key=attempt_key)

    def order(self, reference: str) -> dict[str, Any]:
        """Read all the network knows of one order; `applied` counts how often it was."""
        return self.read("control/network", reference=reference)

    def card(self, iccid: str) -> list[dict[str, Any]]:
        """List the orders that the network has for one card."""
        orders: list[dict[str, Any]] = self.read(f"network/cards/{iccid}")["orders"]
        return orders


def now() -> datetime:
    """Tell the host's time, as a view or the worker does."""
    return datetime.now(UTC)


def order(token: str | None = None, notify_url: str = "", **values: object) -> Charge:
    """Make a charge of 12.50 euro under a new key; `values` replace any of its parts."""
    charge = Charge(
        attempt_key=f"{uuid.uuid4()}-1",
        amount=PRICE,
        description="Asia 30 days · 10 GB",
        token=token,
        return_url=RETURN_URL,
        notify_url=notify_url,
        expires_at=now() + timedelta(minutes=30),
        locale="en",
    )
    return replace(charge, **values)  # type: ignore[arg-type]


@contextmanager
def start_simulator(folder: Path) -> Iterator[SimulatorProcess]:
    """Run the simulators with their state in this folder, on a free port."""
    simulator = SimulatorProcess(folder)
    try:
        yield simulator.start()
    finally:
        simulator.stop()


class Receiver:
    """Listens for callbacks; `answers` are the statuses it gives, 204 when they are used up."""

    def __init__(self, *answers: int) -> None:
        self.callbacks: list[tuple[dict[str, str], bytes]] = []
        self.answers = list(answers)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.callbacks.append((dict(self.headers.items()), body))
                status = receiver.answers.pop(0) if receiver.answers else 204
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )

    @property
    def url(self) -> str:
        return f"http://localhost:{self._server.server_port}/callbacks/sandbox"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        """Wait until so many callbacks have come, and return them all."""
        wait_until(lambda: len(self.callbacks) >= count)
        return self.callbacks


def wait_until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that another process brings about; a busy machine takes its time."""
    ends = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(POLL_SECONDS)
