"""The pages beside a sweep: what visitors wait for while a million cards are renewed.

Visitors ask at fixed instants, so both sides bear the same load, and what waits for a page before
it counts too. Windows without and with a sweep take turns; a window's p99 is compared with that of
the window beside it, and the median of these ratios counts, so one busy moment of the machine does
not decide. How long the sweep really worked in its windows is measured, and told.
"""

import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from benchmarks.ground import Ground, console
from benchmarks.http_rate import free_port, serving
from benchmarks.pages_rate import LOCALES, Visitor, secret_of

VISITORS: Final = 4
EVERY_SECONDS: Final = 0.1
"""How often a visitor asks for a page, so that the pages are used and not besieged."""

BUSY_LEAST: Final = 0.9
"""In which part of each window a sweep must work at least, to have run all the while."""

Sweep = Callable[[threading.Event], tuple[int, float]]
"""Sweeps until the event; gives how many cards were renewed, and for how many seconds it worked."""


class Shop:
    """The pages as production serves them, and visitors who look at plans and prices of cards."""

    def __init__(self, prepared: Ground, port: int) -> None:
        from everline.trust.addresses import token

        self.port = port
        with prepared.reading() as admin:
            rows = admin.execute(
                "select c.id, c.iccid from cards_card c where c.next_rung_at is null"
                " order by c.id limit 500"
            ).fetchall()
        self.cards = [(f"/cards/{token('crd', card)}", number) for card, number in rows]

    def walk(self, seconds: float) -> list[float]:
        """Let visitors go the guest's way for some seconds; gives each page's milliseconds."""
        begins = time.monotonic()
        with ThreadPoolExecutor(VISITORS) as threads:
            seen = threads.map(lambda number: self._visit(number, begins, seconds), range(VISITORS))
            return [each for some in seen for each in some]

    def _visit(self, number: int, begins: float, seconds: float) -> list[float]:
        took: list[float] = []
        turn, due = number, begins + EVERY_SECONDS * number / VISITORS
        visitor, secret = Visitor(self.port, LOCALES[0]), ""
        while due < begins + seconds:
            time.sleep(max(due - time.monotonic(), 0))
            address, iccid = self.cards[turn * 7 % len(self.cards)]
            match len(took) % 4:
                case 0:
                    visitor.connection.close()
                    visitor = Visitor(self.port, LOCALES[turn % len(LOCALES)])
                    seen = visitor.get("/")
                    secret = secret_of(seen)
                case 1:
                    seen = visitor.post("/", {"number": iccid, "csrfmiddlewaretoken": secret})
                case 2:
                    seen = visitor.get(address)
                case _:
                    seen = visitor.get(f"{address}/plans/home-month")
                    turn += VISITORS
            took.append(1000 * (time.monotonic() - due))
            if seen.status not in {200, 303}:
                raise SystemExit(f"a page answered {seen.status}: {seen.body[:200]!r}")
            due += EVERY_SECONDS
        visitor.connection.close()
        return took


def beside(prepared: Ground, size: dict[str, int], sweep: Sweep) -> dict[str, Any]:
    """Compare the pages' times without and with a sweep of one worker running all the while."""
    port, seconds = free_port(), size["window"]
    took: dict[str, list[list[float]]] = {"alone": [], "beside a sweep": []}
    renewed = 0
    busy: list[float] = []
    with (
        console.status("pages"),
        serving("everline", ["everline.cli", "serve", f"--port={port}", "--threads=8"], port),
    ):
        shop = Shop(prepared, port)
        shop.walk(2)
        for number in range(size["windows"]):
            for side in ("alone", "beside a sweep")[:: 1 if number % 2 else -1]:
                if side == "alone":
                    took[side].append(shop.walk(seconds))
                    continue
                stop = threading.Event()
                with ThreadPoolExecutor(1) as threads:
                    running, began = threads.submit(sweep, stop), time.monotonic()
                    took[side].append(shop.walk(seconds))
                    whole = time.monotonic() - began
                    stop.set()
                    count, worked = running.result()
                renewed, busy = renewed + count, [*busy, worked / whole]
    return _told(took, renewed, busy, seconds)


def _told(
    took: dict[str, list[list[float]]], renewed: int, busy: list[float], seconds: int
) -> dict[str, Any]:
    """Tell the times of both sides, how they compare, and whether the sweep ran all the while."""
    p99 = {side: [_cut(window, 99) for window in windows] for side, windows in took.items()}
    ratios = [two / one for one, two in zip(p99["alone"], p99["beside a sweep"], strict=True)]
    every = {
        side: [each for window in windows for each in window] for side, windows in took.items()
    }
    return {
        "milliseconds": {
            side: {
                "median": round(_cut(times, 50), 1),
                "p99": round(_cut(times, 99), 1),
                "p99_of_windows": [round(each, 1) for each in p99[side]],
                "pages": len(times),
            }
            for side, times in every.items()
        },
        "p99_ratio": {
            "median": round(statistics.median(ratios), 2),
            "least": round(min(ratios), 2),
            "most": round(max(ratios), 2),
            "of_all_pages": round(_cut(every["beside a sweep"], 99) / _cut(every["alone"], 99), 2),
        },
        "sweep": {
            "per_second": round(renewed / (seconds * len(busy))),
            "busy_least": round(min(busy), 2),
            "ran_all_the_while": min(busy) >= BUSY_LEAST,
        },
    }


def _cut(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]
