"""A million cards that are due at once, renewed from their balances by the sweep.

The claim: with every row that follows and full durability, the sweep reaches three fifths of a bare
set-wise write of the same rows, and twice the transactions a second of pgbench's TPC-B on the same
server; a million take less than two minutes; one renewal costs the same among ten thousand as among
a million; and the pages keep their p99 within twice while a sweep runs. What is due and what is
bare stands in due.sql, who watches in watch.py, the pages in due_pages.py. What is printed
ends with each aim, what was found, and whether it is met.
"""

import argparse
import os
import secrets
import shutil
import tempfile
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
from benchmarks.due_pages import beside
from benchmarks.ground import Ends, Ground, alternate, circumstances, compared, medians, pgbench
from benchmarks.watch import Watch
from everline.database.addresses import APP

FULL: Final = {
    "due": 1_000_000,
    "round": 40_000,
    "rounds": 5,
    "seconds": 6,
    "workers": 2,
    "scale": 50,
    "web": 500_000,
    "windows": 7,
    "window": 8,
}
QUICK: Final = {
    "due": 4_000,
    "round": 2_000,
    "rounds": 1,
    "seconds": 1,
    "workers": 2,
    "scale": 5,
    "web": 30_000,
    "windows": 2,
    "window": 1,
}
AT_ONCE: Final = 1000
MARGIN: Final = 1.1
CLIENTS: Final = 8
FULL_TIMES: Final = 10
CARD_BYTES: Final = 3_500
"""What a card that was renewed takes on the disk, with all its rows and indexes."""

ROOM_BYTES: Final = 5_000_000_000
"""What the write-ahead log and the rest take."""

ENDS: Final = Ends("30 hours", 1)
BARE_LEAST: Final = 0.6
TPCB_LEAST: Final = 2
SECONDS_MAX: Final = 120
GROWTH_MAX: Final = 1.3
P99_MAX: Final = 2


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


def sweep_until(prepared: Ground, at: datetime, stop: threading.Event) -> tuple[int, float]:
    """Sweep with one worker until the event; gives how many and for how many seconds."""
    began = time.monotonic()
    renewed = sweep(prepared, at, 1, stop)
    return renewed, time.monotonic() - began


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
            logged, began = prepared.wal_bytes(), time.perf_counter()
            renewed = sweep(prepared, at, size["workers"])
            seconds = time.perf_counter() - began
        if renewed != count:
            raise SystemExit(f"{renewed} were renewed of {count}")
        found[f"{count:,}"] = {
            "seconds": round(seconds, 2),
            "per_second": round(count / seconds),
            "processor_microseconds_each": round(1e6 * watch.processor_seconds / count, 1),
            "log_bytes_each": round((prepared.wal_bytes() - logged) / count),
            **watch.told(),
        }
    each = [step["processor_microseconds_each"] or 1 for step in found.values()]
    return found | {"most_to_least": round(max(each) / min(each), 3)}


def make_ready(prepared: Ground) -> Deck:
    """Load what is due and what is bare, and give the deck of cards."""
    made = (ground.HERE / "due.sql").read_text()
    granted = f"grant execute on all functions in schema bench to {APP}"
    marked = "update database_deployment set mode = 'simulation'"
    prepared.run(f"set search_path = {prepared.verbs}, public; {made}; {granted}; {marked}")
    latest = prepared.value(
        "select greatest(now(), max(c.next_rung_at)) from cards_card c"
        " where c.next_rung_at < now() + interval '12 hours'"
    )
    return Deck(prepared, latest)


def measure(prepared: Ground, size: dict[str, int]) -> dict[str, Any]:
    """Make all cards due that will be, settle, and measure."""
    deck = make_ready(prepared)
    tpcb = ground.other_database(prepared, "tpcb")
    with ground.console.status("making cards due"):
        pgbench(tpcb, ["--initialize", "--quiet", f"--scale={size['scale']}"])
        dues = [deck.make_due(size["round"]) for _round in range(size["rounds"] + 1)]
        counts = [size["due"] // 100, size["due"] // 10, size["due"]]
        steps = [(count, deck.make_due(count)) for count in counts]
        web_at = deck.make_due(size["web"])
    with ground.console.status("settling"):
        prepared.settle(tpcb)
    found = rates(prepared, deck, size, tpcb, dues)
    found["due_at_once"] = growing(prepared, size, steps)
    found["pages"] = beside(prepared, size, lambda stop: sweep_until(prepared, web_at, stop))
    return found | {"aims": aims(found, size["due"])}


def aims(found: dict[str, Any], due: int) -> dict[str, Any]:
    """Set each aim beside what was found."""
    grown, pages = found["due_at_once"], found["pages"]
    p99 = pages["p99_ratio"]["median"]
    ran = pages["sweep"]["ran_all_the_while"]
    bare_ratio, tpcb_ratio = found["to_bare"]["median"], found["to_tpcb"]["median"]
    seconds, growth = grown[f"{due:,}"]["seconds"], grown["most_to_least"]
    return {
        f"to the bare write, {BARE_LEAST} at least": [bare_ratio, bare_ratio >= BARE_LEAST],
        f"to TPC-B, {TPCB_LEAST} at least": [tpcb_ratio, tpcb_ratio >= TPCB_LEAST],
        f"seconds for {due:,}, {SECONDS_MAX} at most": [seconds, seconds <= SECONDS_MAX],
        f"dearest to cheapest, {GROWTH_MAX} at most": [growth, growth <= GROWTH_MAX],
        f"p99 of pages, {P99_MAX} at most": [p99, ran and p99 <= P99_MAX],
    }


def measure_full(prepared: Ground, size: dict[str, int]) -> dict[str, Any]:
    """Let more and more be due at once, up to ten times as many, and nothing else."""
    deck = make_ready(prepared)
    with ground.console.status("making cards due"):
        counts = [size["due"] // 100, size["due"] // 10, FULL_TIMES * size["due"]]
        steps = [(count, deck.make_due(count)) for count in counts]
    with ground.console.status("settling"):
        prepared.settle()
    return {"due_at_once": growing(prepared, size, steps)}


def refuse_without_room(cards: int, home: Path | None) -> None:
    """End at once when the disk has too little room for so many cards."""
    place = home if home and home.exists() else Path(tempfile.gettempdir())
    needed, free = cards * CARD_BYTES + ROOM_BYTES, shutil.disk_usage(place).free
    if free < needed and not (home and home.exists()):
        raise SystemExit(
            f"{cards:,} cards need {needed / 1e9:.0f} GB of disk, and {place} has {free / 1e9:.0f}."
        )


def main() -> None:
    """Measure and print one JSON document."""
    reader = argparse.ArgumentParser(prog="everline bench due", description=__doc__)
    reader.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    reader.add_argument("--full", action="store_true", help="only how it grows, to ten times --due")
    reader.add_argument("--home", type=Path, help="a folder to keep the prepared server in")
    reader.add_argument("--cards", type=int, help="how many to load; enough for one run")
    for name, value in FULL.items():
        reader.add_argument(f"--{name}", type=int, help=f"{value:,}; quick: {QUICK[name]:,}")
    given = reader.parse_args()
    size: dict[str, int] = {
        name: getattr(given, name) or (QUICK if given.quick else FULL)[name] for name in FULL
    }
    if given.full:
        needed = size["due"] * (FULL_TIMES * 100 + 11) // 100
    else:
        needed = size["due"] * 111 // 100 + 2 * size["round"] * (size["rounds"] + 1) + size["web"]
        needed = int(needed * MARGIN)
    cards = given.cards or needed + 1000
    refuse_without_room(cards, given.home)
    os.environ |= {
        "EVERLINE_MODE": "production",
        "EVERLINE_SECRET_KEY": secrets.token_urlsafe(48),
        "EVERLINE_LOOK_UPS": "100000",
    }
    with ground.prepared(cards, given.home, ENDS) as prepared:
        found = (measure_full if given.full else measure)(prepared, size)
        ground.report(bench="due", size=size, **found, **circumstances(prepared))


if __name__ == "__main__":
    main()
