"""Runs `everline demo` as a process of its own, as whoever tries it does.

tests/test_demo.py tries the command itself; tests/browser/ walks through what it shows.
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.logs import require_clean

START_SECONDS = 60.0
PORTS = range(20_000, 32_000)
"""Below those that a connection gets by chance, on Linux as on macOS."""


class Demo:
    """One `everline demo` in a session of its own, and what it said."""

    def __init__(
        self, home: Path, *arguments: str, terminal: int | None = None, **environment: str
    ) -> None:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("EVERLINE_", "DATABASE_", "PG", "DJANGO"))
        }
        self.home = home
        self.said = (home.parent / "stderr").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "everline.cli", "demo", *arguments],
            env=kept | environment | {"EVERLINE_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=self.said if terminal is None else terminal,
            text=True,
            start_new_session=True,
        )

    def ready(self) -> dict[str, Any]:
        """Wait for the line that tells where to look."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.home.parent / "stderr").read_text()
        told: dict[str, Any] = json.loads(line)
        return told

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal to the command alone, as a terminal's Ctrl-C reaches it alone."""
        self.process.send_signal(number)
        status = self.process.wait(START_SECONDS)
        require_clean(self.home.parent / "stderr")
        return status


_ports = itertools.count(os.getpid() * 41)


def free_port() -> int:
    """Give a port that is free and stays so: the kernel gives none of these away by itself."""
    for number in _ports:
        port = PORTS[number % len(PORTS)]
        with socket.socket() as listening, suppress(OSError):
            listening.bind(("127.0.0.1", port))
            return port
    raise AssertionError
