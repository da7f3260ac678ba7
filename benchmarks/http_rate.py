"""Renewals a second over HTTP, against the least that could renew over HTTP.

The claim: `POST /api/v1/renewals`, paid from a partner's deposit, reaches three quarters of the
rate of a bare Starlette and asyncpg handler that calls the same verb; both under Granian with one
worker, on the same server. The callers are in callers.py, the bare side is bare_handler.py.
"""

import argparse
import json
import os
import secrets
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from benchmarks import callers, ground
from benchmarks.ground import Ground, alternate, circumstances, compared, medians
from everline.config import processes

FULL: Final = {"cards": 1_000_000, "clients": 16, "rounds": 5, "seconds": 15}
QUICK: Final = {"cards": 50_000, "clients": 8, "rounds": 2, "seconds": 2}
PARTNERS: Final = 1_000
BUSY: Final = 1_001
"""The partner with sixteen pockets."""

RATE_MAX: Final = 4_000
"""Requests a second that are made ready before a round."""

START_SECONDS: Final = 60.0
LINES: Final[dict[str, Callable[[int], int]]] = {
    "1000 partners": lambda place: 1 + place % PARTNERS,
    "one partner": lambda _place: BUSY,
}


@dataclass(slots=True)
class Caller:
    """Calls a side with cards that were not renewed yet; keeps what each round's answers took."""

    ground: Ground
    clients: int
    seconds: int
    times: dict[str, list[dict[str, float]]] = field(default_factory=dict)

    def call(self, side: str, port: int, partner: Callable[[int], int]) -> float:
        """Call one side for some seconds and give its rate."""
        base = self.ground.dealt()
        ready = list(self._requests(base, self.seconds * RATE_MAX, port, partner))
        found = callers.run(port, ready, self.clients, self.seconds)
        self.ground.deal(base + len(found.milliseconds) + len(found.wrong))
        if found.wrong:
            raise SystemExit(f"{side} answered otherwise than 201: {found.wrong[0]!r}")
        ordered = sorted(found.milliseconds)
        self.times.setdefault(side, []).append(
            {"median": ordered[len(ordered) // 2], "p99": ordered[len(ordered) * 99 // 100]}
        )
        return len(ordered) / found.seconds

    def _requests(
        self, base: int, most: int, port: int, partner: Callable[[int], int]
    ) -> Iterator[bytes]:
        cards = self.ground.cards
        places = range(base, min(base + most, cards))
        if len(places) < most // 8:
            raise SystemExit("The cards are used up: ask for shorter rounds, or a new home.")
        numbers = [ground.card(place, cards) for place in places]
        with self.ground.reading() as admin:
            rows = admin.execute(
                "select bench.iccid(n), bench.next_end(n)"
                " from unnest(%s::bigint[]) with ordinality as u (n, place) order by u.place",
                [numbers],
            ).fetchall()
        for place, (iccid, ends_at) in zip(places, rows, strict=True):
            yield _request(port, partner(place), iccid, ends_at)


def _request(port: int, partner: int, iccid: str, ends_at: datetime) -> bytes:
    body = json.dumps(
        {
            "iccid": iccid,
            "plan": "home-month",
            "quoted_total": 1000,
            "quoted_end": ends_at.isoformat(),
        }
    ).encode()
    return (
        f"POST /api/v1/renewals HTTP/1.1\r\nHost: localhost:{port}\r\n"
        f"Authorization: Bearer evl_{partner:043}\r\nIdempotency-Key: {iccid}\r\n"
        "Content-Type: application/json\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@contextmanager
def serving(name: str, command: list[str], port: int, **environment: str) -> Iterator[int]:
    """Run a server until the block is left, and yield its port when it takes connections."""
    child = processes.start(
        name, [sys.executable, "-m", *command], _tell, environment={**os.environ, **environment}
    )
    try:
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends and child.is_alive:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        else:
            raise SystemExit(f"{name} did not start: {' '.join(child.lines)}")
        yield port
    finally:
        processes.stop([child])


def _tell(name: str, line: str) -> None:
    ground.console.print(f"{name}: {line}", style="dim")


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _commands(clients: int) -> dict[str, Callable[[int], tuple[list[str], dict[str, str]]]]:
    """Word how each side is started: ours as production starts it."""
    threads = str(clients)
    return {
        "everline": lambda port: (
            ["everline.cli", "serve", f"--port={port}", f"--threads={threads}"],
            {"EVERLINE_MODE": "production", "EVERLINE_SECRET_KEY": secrets.token_urlsafe(48)},
        ),
        "bare": lambda port: (
            [
                *("granian", "--interface=asgi", "--workers=1", "--loop=asyncio"),
                *("--log-level=error", f"--port={port}", "benchmarks.bare_handler:app"),
            ],
            {"BENCH_CONNECTIONS": threads},
        ),
    }


def measure(prepared: Ground, size: dict[str, int]) -> dict[str, Any]:
    """Alternate both sides, first over all partners, then over the one with pockets."""
    if not prepared.value("select count(*) from people_partner"):
        prepared.run((ground.HERE / "partners.sql").read_text())
    prepared.settle()
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        ports: dict[str, int] = {}
        for name, command in _commands(size["clients"]).items():
            port = free_port()
            words, environment = command(port)
            environment["BENCH_SESSION"] = prepared.session
            ports[name] = stack.enter_context(serving(name, words, port, **environment))
        for line, partner in LINES.items():
            caller = Caller(prepared, size["clients"], size["seconds"])

            def of(
                side: str,
                caller: Caller = caller,
                partner: Callable[[int], int] = partner,
            ) -> Callable[[], float]:
                return lambda: caller.call(side, ports[side], partner)

            rates = alternate(line, {name: of(name) for name in ports}, size["rounds"])
            found[line] = {
                "per_second": medians(rates),
                "to_bare": compared(rates, "everline", "bare"),
                "milliseconds": {name: _middle(times[1:]) for name, times in caller.times.items()},
                "rounds": rates,
            }
    return {"bench": "http", "size": size, **found, **circumstances(prepared)}


def _middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Give the median over the rounds, of which the first was thrown away."""
    return {
        name: round(statistics.median(times[name] for times in rounds), 1)
        for name in ("median", "p99")
    }


def main() -> None:
    """Measure and print one JSON document."""
    reader = argparse.ArgumentParser(prog="everline bench http", description=__doc__)
    reader.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    reader.add_argument("--home", type=Path, help="a folder to keep the prepared server in")
    for name, value in FULL.items():
        reader.add_argument(f"--{name}", type=int, help=f"{value:,}; quick: {QUICK[name]:,}")
    given = reader.parse_args()
    size: dict[str, int] = {
        name: getattr(given, name) or (QUICK if given.quick else FULL)[name] for name in FULL
    }
    with ground.prepared(size["cards"], given.home) as prepared:
        ground.report(**measure(prepared, size))


if __name__ == "__main__":
    main()
