"""Renewals a second through the verb, against pgbench's TPC-B and a bare function.

The claim: a renewal paid from a balance reaches half of TPC-B's rate on the same server with the
same clients and full durability, and four fifths of a function that writes the same rows without
any logic. One call is the whole renewal, in one round trip, as the app's own login.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import ground
from benchmarks.ground import Ground, alternate, circumstances, compared, medians, pgbench
from everline.database.addresses import APP

CLIENTS: Final = (8, 32)
FULL: Final = {"cards": 1_000_000, "scale": 50, "rounds": 5, "seconds": 20}
QUICK: Final = {"cards": 50_000, "scale": 10, "rounds": 2, "seconds": 2}
MARGIN: Final = 1.3
"""Cards are dealt to clients evenly, and a fast client uses up its hand sooner."""


@dataclass(slots=True)
class Deck:
    """Cards that were not renewed yet: each call gets another one, so none is refused."""

    size: int
    dealt: int = 0
    calls: dict[str, int] = field(default_factory=dict)

    def play(self, ground_: Ground, side: str, clients: int, seconds: int) -> float:
        """Run one side for some seconds and give its rate."""
        if self.dealt >= self.size:
            raise SystemExit("all cards are used up: ask for shorter rounds or more cards")
        printed = pgbench(
            ground_.logins.app,
            [
                *("--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2"),
                *(f"--time={seconds}", f"--file={ground.HERE / side}.pgbench"),
                *(f"--define=clients={clients}", f"--define=base={self.dealt}"),
                *(f"--define=cards={self.size}", "--define=n=-1"),
            ],
            options=ground_.session,
        )
        done = ground.count(printed)
        self.calls[side] = self.calls.get(side, 0) + done
        self.dealt += int(done * MARGIN) + 10 * clients
        return ground.rate(printed)


def main() -> None:
    """Measure and print one JSON document."""
    reader = argparse.ArgumentParser(prog="everline bench renew", description=__doc__)
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


def measure(prepared: Ground, size: dict[str, int]) -> dict[str, Any]:
    """Alternate the three sides at each number of clients."""
    bare = (ground.HERE / "bare.sql").read_text()
    prepared.run(
        f"set search_path = {prepared.verbs}, public; {bare};"
        f" grant execute on all functions in schema bench to {APP}"
    )
    tpcb = ground.other_database(prepared, "tpcb")
    with ground.console.status(f"making pgbench's tables at scale {size['scale']}"):
        pgbench(tpcb, ["--initialize", "--quiet", f"--scale={size['scale']}"])
    prepared.settle()
    deck = Deck(size["cards"])
    found: dict[str, Any] = {}
    for clients in CLIENTS:

        def of(side: str, clients: int = clients) -> Callable[[], float]:
            return lambda: deck.play(prepared, side, clients, size["seconds"])

        def baseline(clients: int = clients) -> float:
            return ground.rate(
                pgbench(
                    tpcb,
                    [
                        *("--protocol=prepared", f"--client={clients}", "--jobs=2"),
                        f"--time={size['seconds']}",
                    ],
                )
            )

        rates = alternate(
            f"{clients} clients",
            {"renew": of("renew"), "tpcb": baseline, "bare": of("bare")},
            size["rounds"],
        )
        found[f"{clients} clients"] = {
            "per_second": medians(rates),
            "to_tpcb": compared(rates, "renew", "tpcb"),
            "to_bare": compared(rates, "renew", "bare"),
            "rounds": rates,
        }
    return {"bench": "renew", "size": size, **found, **checked(prepared, deck)} | circumstances(
        prepared
    )


def checked(prepared: Ground, deck: Deck) -> dict[str, Any]:
    """Tell how many calls were answered how: a refusal costs less and would flatter."""
    counted = prepared.value(
        "select jsonb_object_agg(o.word, o.calls) from ("
        "select coalesce(r.reason, r.outcome) as word,"
        " count(*) as calls from database_request r where r.source = 'bench' group by 1) o"
    )
    return {"calls": deck.calls, "answers": counted}


if __name__ == "__main__":
    main()
