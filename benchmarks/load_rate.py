"""Cards a second through the loader, against plain COPY of the very same rows.

The claim: loading cards.csv, which reads, judges and writes each row all or nothing, reaches four
tenths of the rate at which COPY puts the finished rows into the same tables with the same indexes.
Both sides begin with empty tables on the same durable server. Two deliveries are measured: cards in
stock, as they come from the factory, and running cards with a device, a term and a balance, as an
operator brings them along once.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

import everline
from benchmarks import ground
from benchmarks.ground import Ground, alternate, circumstances, compared, medians
from everline import clock, ids

if TYPE_CHECKING:
    from everline.loading import Counts

DEMO: Final = Path(everline.__file__).resolve().parent / "demo"
FULL: Final = {"cards": 1_000_000, "running": 100_000, "rounds": 3}
QUICK: Final = {"cards": 20_000, "running": 5_000, "rounds": 2}
FILLED: Final = {
    "cards_card": "true",
    "cards_device": "true",
    "cards_entitlement": "true",
    "ledger_account": "t.kind = 'balance'",
    "ledger_transfer": "true",
}
"""The tables that a delivery fills, in an order that suits their references, and which rows."""

BLOCK: Final = 1 << 20
SEED: Final = 727_272
CODE_SIGNS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One cards.csv of `count` cards, and a folder for the rows that came of it."""

    path: Path
    count: int
    folder: Path


def main() -> None:
    """Measure and print one JSON document."""
    reader = argparse.ArgumentParser(prog="everline bench load", description=__doc__)
    reader.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    reader.add_argument("--home", type=Path, help="a folder to keep the prepared server in")
    for name, value in FULL.items():
        reader.add_argument(f"--{name}", type=int, help=f"{value:,}; quick: {QUICK[name]:,}")
    given = reader.parse_args()
    size: dict[str, int] = {
        name: getattr(given, name) or (QUICK if given.quick else FULL)[name] for name in FULL
    }
    with ground.prepared(0, given.home) as prepared, tempfile.TemporaryDirectory() as folder:
        ground.report(**measure(prepared, size, Path(folder)))


def measure(prepared: Ground, size: dict[str, int], folder: Path) -> dict[str, Any]:
    """Alternate the two sides for each delivery."""
    load(prepared, DEMO / "operator.yaml", DEMO / "plans.yaml")
    found: dict[str, Any] = {}
    for title, count, rows in (
        ("in stock", size["cards"], in_stock),
        ("running", size["running"], running),
    ):
        delivery = Delivery(folder / f"{title} cards.csv", count, folder)
        write(delivery, rows)
        keep(prepared, delivery)
        rates = alternate(title, sides(prepared, delivery), size["rounds"])
        found[title] = {
            "cards": count,
            "file_bytes": delivery.path.stat().st_size,
            "cards_per_second": medians(rates),
            "seconds": {side: round(count / rate, 1) for side, rate in medians(rates).items()},
            "to_copy": compared(rates, "load", "copy"),
            "rounds": rates,
        }
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told = {"bench": "load", "size": size, **found, "memory_bytes_max": memory}
    return told | circumstances(prepared) | {"cards": size["cards"]}


def in_stock(count: int) -> Iterator[str]:
    """Give the rows of cards as they come from the factory, each with the code on its carrier.

    They are the same in every run.
    """
    yield "iccid,msisdn,kind,zone,currency,state,start_code"
    chance = random.Random(SEED)
    for number in range(1, count + 1):
        code = "".join(chance.choices(CODE_SIGNS, k=8))
        yield f"{iccid(number)},+99907{number:08d},sim,Asia/Jakarta,IDR,in_stock,{code}"


def running(count: int) -> Iterator[str]:
    """Give the rows of cards in use: bound to a device, in the middle of a term, with money."""
    yield "iccid,msisdn,kind,zone,currency,state,devices,plan,term_started,used_bytes,balance"
    chance = random.Random(SEED)
    for number in range(1, count + 1):
        imei = f"00440{number:09d}"
        yield (
            f"{iccid(number)},+99907{number:08d},sim,Asia/Jakarta,IDR,bound,"
            f"{imei}{ids.luhn_digit(imei)},HOME-30,"
            f"load-{chance.randrange(28):02d}d{chance.randrange(24):02d}h,"
            f"{chance.randrange(30_000_000_000)},{chance.randrange(1, 300) * 1_000}"
        )


def iccid(number: int) -> str:
    """Give a card number of 18 digits and their check digit."""
    body = f"8999907{number:011d}"
    return body + ids.luhn_digit(body)


def write(delivery: Delivery, rows: Callable[[int], Iterator[str]]) -> None:
    """Write a delivery's file."""
    with delivery.path.open("w", encoding="utf-8") as file:
        file.writelines(f"{row}\n" for row in rows(delivery.count))


def keep(prepared: Ground, delivery: Delivery) -> None:
    """Load a delivery once and keep what it became, as COPY writes it."""
    empty(prepared)
    load(prepared, delivery.path)
    with psycopg.connect(prepared.logins.owner) as owner:
        for table, which in FILLED.items():
            rows = f"select t.* from {table} t where {which} order by t.id"  # noqa: S608 - ours
            with (
                (delivery.folder / table).open("wb") as file,
                owner.cursor().copy(f"copy ({rows}) to stdout".encode()) as copied,
            ):
                file.writelines(copied)


def sides(prepared: Ground, delivery: Delivery) -> dict[str, Callable[[], float]]:
    """Give the two sides: each empties the tables, fills them and tells its cards a second."""

    def loaded() -> float:
        empty(prepared)
        start = time.perf_counter()
        counts = load(prepared, delivery.path)
        seconds = time.perf_counter() - start
        assert (counts.rows, counts.added) == (delivery.count, delivery.count), counts
        return delivery.count / seconds

    def copied() -> float:
        empty(prepared)
        start = time.perf_counter()
        with psycopg.connect(prepared.logins.owner) as owner:
            for table in FILLED:
                with (
                    (delivery.folder / table).open("rb") as file,
                    owner.cursor().copy(f"copy {table} from stdin".encode()) as copy,
                ):
                    while block := file.read(BLOCK):
                        copy.write(block)
        seconds = time.perf_counter() - start
        assert prepared.value("select count(*) from cards_card") == delivery.count
        return delivery.count / seconds

    return {"load": loaded, "copy": copied}


def load(prepared: Ground, *paths: Path) -> "Counts":
    """Load files and give the counts of the last; a problem ends the run."""
    from everline import loading

    done = loading.load(paths, prepared.logins, clock.now)
    if not done.is_complete:
        raise SystemExit("\n".join(map(str, done.problems)))
    return done.files[-1].counts


def empty(prepared: Ground) -> None:
    """Empty the tables, with their pages on the disk, and open the operator's books anew."""
    with psycopg.connect(prepared.logins.admin, autocommit=True) as admin:
        # The ledger forbids this to everybody else.
        admin.execute("set session_replication_role = replica")
        admin.execute(f"truncate {', '.join(FILLED)} cascade".encode())
    load(prepared, DEMO / "operator.yaml")
    with psycopg.connect(prepared.logins.admin, autocommit=True) as admin:
        admin.execute("checkpoint")


if __name__ == "__main__":
    main()
