"""A million cards that are due at once, renewed from their balances by the sweep.

The claim: with every row that follows and full durability, the sweep reaches three fifths of a bare
set-wise write of the same rows, and twice the transactions a second of pgbench's TPC-B on the same
server; a million take less than two minutes; one renewal costs the same among ten thousand as among
a million; and the pages keep their p99 within twice while a sweep runs. What is due and what is
bare stands in due.sql, who watches in watch.py.
"""

import argparse
import os
import secrets
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import ground
from benchmarks.ground import Ends, Ground, alternate, circumstances, compared, medians, pgbench
from benchmarks.http_rate import free_port, serving
from benchmarks.pages_rate import LOCALES, Visitor, secret_of
from benchmarks.watch import Watch
from everline.database.addresses import APP

FULL: Final = {
    "due": 1_000_000,
    "round": 40_000,
    "rounds": 3,
    "seconds": 6,
    "workers": 2,
    "scale": 50,
    "web": 180_000,
}
QUICK: Final = {
    "due": 4_000,
    "round": 2_000,
    "rounds": 1,
    "seconds": 1,
    "workers": 2,
    "scale": 5,
    "web": 20_000,
}
AT_ONCE: Final = 1000
MARGIN: Final = 1.1
CLIENTS: Final = 8
VISITORS: Final = 4
PAUSE_SECONDS: Final = 0.1
"""How long a visitor reads a page, so that the pages are used and not besieged."""

ENDS: Final = Ends("30 hours", 1)
SECONDS_MAX: Final = 120


@dataclass(slots=True)
class Deck:
    """Deals cards, each once, and makes some of them due, a minute after those made due before."""

    ground: Ground
    at: datetime
    order: list[tuple[str, datetime]] = field(default_factory=list)

    def deal(self, count: int) -> int:
        """Take so many places of the deck and give the first."""
        first = self.ground.dealt()
        if first + count > self.ground.cards:
            raise SystemExit("The cards are used up: ask for fewer, or for a new home.")
        self.ground.deal(first + count)
        return first

    def make_due(self, count: int) -> datetime:
        """Make so many cards due and give when they are; a sweep of then finds them all."""
        self.at += timedelta(minutes=1)
        first = self.deal(count)
        self.ground.run(
            f"set search_path = {self.ground.verbs}, public; select bench.make_due("
            f"{first}, {first + count - 1}, {self.ground.cards}, '{self.at.isoformat()}')"
        )
        return self.at + timedelta(seconds=30)


def many(workers: int, work: Callable[[int], int]) -> int:
    """Let so many work side by side, and give the sum of what they did."""
    with ThreadPoolExecutor(workers) as threads:
        return sum(threads.map(work, range(workers)))


def connected(prepared: Ground) -> psycopg.Connection:
    """Connect as the app, with the settings that the pool gives to a session."""
    return psycopg.connect(
        prepared.logins.app, options=prepared.session, autocommit=True, prepare_threshold=0
    )


def sweep(prepared: Ground, at: datetime, workers: int, stop: threading.Event | None = None) -> int:
    """Renew all that is due, a thousand a call; a refusal costs less, so it ends the run."""

    def work(_number: int) -> int:
        renewed = 0
        with connected(prepared) as connection:
            while not (stop and stop.is_set()):
                row = connection.execute(
                    "select d.renewed, d.taken from renew_due(%s, %s) d", [at, AT_ONCE]
                ).fetchone()
                assert row is not None
                if row[0] != row[1]:
                    raise SystemExit(f"of {row[1]} due cards {row[0]} were renewed")
                renewed += row[0]
                if not row[1]:
                    break
        return renewed

    return many(workers, work)


def bare(prepared: Ground, first: int, count: int, workers: int, at: datetime) -> int:
    """Write the same rows for as many cards, a thousand a call, without any logic."""
    share = count // workers

    def work(number: int) -> int:
        with connected(prepared) as connection:
            start = first + number * share
            for place in range(start, start + share, AT_ONCE):
                last = min(place + AT_ONCE, start + share) - 1
                connection.execute(
                    "select bench.bare_due(%s, %s, %s, %s)", [place, last, prepared.cards, at]
                )
        return share

    return many(workers, work)


def timed(work: Callable[[], int]) -> float:
    """Give how much was done a second."""
    began = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - began)


def rates(
    prepared: Ground, deck: Deck, size: dict[str, int], tpcb: str, dues: list[datetime]
) -> dict[str, Any]:
    """Alternate the sweep, the bare write and TPC-B; a round of each before is thrown away."""
    workers, count = size["workers"], size["round"]

    def one_sweep() -> float:
        at = dues.pop(0)
        return timed(lambda: sweep(prepared, at, workers))

    def one_bare() -> float:
        first = deck.deal(count)
        return timed(lambda: bare(prepared, first, count, workers, deck.at))

    def one_tpcb() -> float:
        arguments = ["--protocol=prepared", f"--client={CLIENTS}", "--jobs=2"]
        return ground.rate(pgbench(tpcb, [*arguments, f"--time={size['seconds']}"]))

    sides = {"sweep": one_sweep, "bare": one_bare, "tpcb": one_tpcb}
    found = alternate(f"{count:,} due", sides, size["rounds"])
    return {
        "per_second": medians(found),
        "to_bare": compared(found, "sweep", "bare"),
        "to_tpcb": compared(found, "sweep", "tpcb"),
        "rounds": found,
    }


def growing(
    prepared: Ground, size: dict[str, int], steps: list[tuple[int, datetime]]
) -> dict[str, Any]:
    """Sweep more and more at once, and tell of each rate, memory and lock waits."""
    found: dict[str, Any] = {}
    for count, at in steps:
        with ground.console.status(f"{count:,} due"), Watch(prepared, APP) as watch:
            began = time.perf_counter()
            renewed = sweep(prepared, at, size["workers"])
            seconds = time.perf_counter() - began
        if renewed != count:
            raise SystemExit(f"{renewed} were renewed of {count}")
        found[f"{count:,}"] = {
            "seconds": round(seconds, 2),
            "per_second": round(count / seconds),
            "processor_microseconds_each": round(1e6 * watch.processor_seconds / count, 1),
            **watch.told(),
        }
    each = [step["processor_microseconds_each"] or 1 for step in found.values()]
    return found | {"most_to_least": round(max(each) / min(each), 3)}


class Shop:
    """The pages as production serves them, and visitors who look at plans and prices of cards."""

    def __init__(self, prepared: Ground, port: int) -> None:
        from everline.trust.addresses import token  # noqa: PLC0415  The settings are known now.

        self.port = port
        with prepared.reading() as admin:
            rows = admin.execute(
                "select c.id, c.iccid from cards_card c where c.next_rung_at is null"
                " order by c.id limit 500"
            ).fetchall()
        self.cards = [(f"/cards/{token('crd', card)}", number) for card, number in rows]

    def walk(self, seconds: float) -> list[float]:
        """Let visitors go the guest's way for some seconds; gives each page's milliseconds."""
        ends = time.monotonic() + seconds
        with ThreadPoolExecutor(VISITORS) as threads:
            seen = threads.map(lambda number: self._visit(number, ends), range(VISITORS))
            return [each for some in seen for each in some]

    def _visit(self, number: int, ends: float) -> list[float]:
        took: list[float] = []
        turn = number
        while time.monotonic() < ends:
            visitor = Visitor(self.port, LOCALES[turn % len(LOCALES)])
            address, iccid = self.cards[turn * 7 % len(self.cards)]
            first = visitor.get("/")
            typed = {"number": iccid, "csrfmiddlewaretoken": secret_of(first)}
            for seen in (
                first,
                visitor.post("/", typed),
                visitor.get(address),
                visitor.get(f"{address}/plans/home-month"),
            ):
                if seen.status not in {200, 303}:
                    raise SystemExit(f"a page answered {seen.status}: {seen.body[:200]!r}")
                took.append(seen.times["seen"])
                time.sleep(PAUSE_SECONDS)
            visitor.connection.close()
            turn += VISITORS
        return took


def beside(prepared: Ground, size: dict[str, int], at: datetime) -> dict[str, Any]:
    """Compare the pages' times without and with a sweep of one worker running all the while."""
    port = free_port()
    with serving("everline", ["everline.cli", "serve", f"--port={port}", "--threads=8"], port):
        shop = Shop(prepared, port)
        shop.walk(2)
        took: dict[str, list[float]] = {"alone": [], "beside a sweep": []}
        swept = 0
        for _round in range(max(2, size["rounds"] - 1)):
            took["alone"] += shop.walk(size["seconds"])
            stop = threading.Event()
            with ThreadPoolExecutor(1) as threads:
                running = threads.submit(sweep, prepared, at, 1, stop)
                took["beside a sweep"] += shop.walk(size["seconds"])
                is_over = running.done()
                stop.set()
                swept += running.result()
            if is_over and not running.exception():
                raise SystemExit("The sweep was over before the visitors were: ask for more --web.")
    cuts = {name: statistics.quantiles(times, n=100) for name, times in took.items()}
    return {
        "milliseconds": {
            name: {"median": round(cut[49], 1), "p99": round(cut[98], 1), "pages": len(took[name])}
            for name, cut in cuts.items()
        },
        "p99_ratio": round(cuts["beside a sweep"][98] / cuts["alone"][98], 2),
        "renewed_meanwhile": swept,
    }


def measure(prepared: Ground, size: dict[str, int], *, full: bool) -> dict[str, Any]:
    """Make all cards due that will be, settle, and measure."""
    made = (ground.HERE / "due.sql").read_text()
    granted = f"grant execute on all functions in schema bench to {APP}"
    marked = "update database_deployment set mode = 'simulation'"
    prepared.run(f"set search_path = {prepared.verbs}, public; {made}; {granted}; {marked}")
    tpcb = ground.other_database(prepared, "tpcb")
    with ground.console.status("making cards due"):
        pgbench(tpcb, ["--initialize", "--quiet", f"--scale={size['scale']}"])
        latest = prepared.value(
            "select greatest(now(), max(c.next_rung_at)) from cards_card c"
            " where c.next_rung_at < now() + interval '12 hours'"
        )
        deck = Deck(prepared, latest)
        dues = [deck.make_due(size["round"]) for _round in range(size["rounds"] + 1)]
        counts = [size["due"] // 100, size["due"] // 10, size["due"], 10 * size["due"]]
        steps = [(count, deck.make_due(count)) for count in counts[: 4 if full else 3]]
        web_at = deck.make_due(size["web"])
    with ground.console.status("settling"):
        prepared.settle(tpcb)
    compared_rates = rates(prepared, deck, size, tpcb, dues)
    grown = growing(prepared, size, steps)
    return {
        "bench": "due",
        "size": size,
        **compared_rates,
        "due_at_once": grown,
        "pages": beside(prepared, size, web_at),
        **circumstances(prepared),
    }


def main() -> None:
    """Measure and print one JSON document."""
    reader = argparse.ArgumentParser(prog="everline bench due", description=__doc__)
    reader.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    reader.add_argument("--full", action="store_true", help="ten times as many at once as well")
    reader.add_argument("--home", type=Path, help="a folder to keep the prepared server in")
    reader.add_argument("--cards", type=int, help="how many to load; enough for one run")
    for name, value in FULL.items():
        reader.add_argument(f"--{name}", type=int, help=f"{value:,}; quick: {QUICK[name]:,}")
    given = reader.parse_args()
    size: dict[str, int] = {
        name: getattr(given, name) or (QUICK if given.quick else FULL)[name] for name in FULL
    }
    needed = size["due"] * 111 // 100 + 10 * size["due"] * given.full
    needed += 2 * size["round"] * (size["rounds"] + 1) + size["web"]
    os.environ |= {
        "EVERLINE_MODE": "production",
        "EVERLINE_SECRET_KEY": secrets.token_urlsafe(48),
        "EVERLINE_LOOK_UPS": "100000",
    }
    with ground.prepared(given.cards or int(needed * MARGIN), given.home, ENDS) as prepared:
        ground.report(**measure(prepared, size, full=given.full))


if __name__ == "__main__":
    main()
