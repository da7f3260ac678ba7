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
SIDES: Final = ("renew", "tpcb", "bare")
FULL: Final = {"cards": 1_000_000, "scale": 50, "rounds": 5, "seconds": 8}
QUICK: Final = {"cards": 50_000, "scale": 10, "rounds": 2, "seconds": 2}
MARGIN: Final = 1.15
"""Cards are dealt to clients evenly, and a fast client uses up its hand sooner."""


@dataclass(slots=True)
class Player:
    """Runs a side with cards that were not renewed yet, so that none is refused or replayed."""

    ground: Ground
    tpcb: str
    calls: dict[str, int] = field(default_factory=dict)
    wal: dict[str, list[int]] = field(default_factory=dict)

    def play(self, side: str, clients: int, seconds: int) -> float:
        """Run one side for some seconds and give its rate."""
        before = self.ground.wal_bytes()
        run = self._tpcb if side == "tpcb" else self._renew
        printed = run(side, clients, seconds)
        done = ground.count(printed)
        self.calls[side] = self.calls.get(side, 0) + done
        self.wal.setdefault(side, []).append((self.ground.wal_bytes() - before) // done)
        return ground.rate(printed)

    def _tpcb(self, _side: str, clients: int, seconds: int) -> str:
        return pgbench(
            self.tpcb,
            ["--protocol=prepared", f"--client={clients}", "--jobs=2", f"--time={seconds}"],
        )

    def _renew(self, side: str, clients: int, seconds: int) -> str:
        base = self.ground.dealt()
        printed = pgbench(
            self.ground.logins.app,
            [
                *("--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2"),
                *(f"--time={seconds}", f"--file={ground.HERE / side}.pgbench"),
                *(f"--define=clients={clients}", f"--define=base={base}"),
                *(f"--define=cards={self.ground.cards}", f"--define=step={ground.STEP}"),
                "--define=n=-1",
            ],
            options=self.ground.session,
        )
        through = base + int(ground.count(printed) * MARGIN) + 10 * clients
        self.ground.deal(min(through, self.ground.cards))
        if through > self.ground.cards:
            raise SystemExit("The cards are used up: ask for shorter rounds, or a new home.")
        return printed


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
    prepared.settle(tpcb)
    answered = answers(prepared)
    player = Player(prepared, tpcb)
    found: dict[str, Any] = {}
    for clients in CLIENTS:

        def of(side: str, clients: int = clients) -> Callable[[], float]:
            return lambda: player.play(side, clients, size["seconds"])

        rates = alternate(f"{clients} clients", {side: of(side) for side in SIDES}, size["rounds"])
        found[f"{clients} clients"] = {
            "per_second": medians(rates),
            "to_tpcb": compared(rates, "renew", "tpcb"),
            "to_bare": compared(rates, "renew", "bare"),
            "wal_bytes_a_call": player.wal,
            "rounds": rates,
        }
        player.wal = {}
    return {
        "bench": "renew",
        "size": size,
        **found,
        "answers": checked(player, answered, answers(prepared)),
        **circumstances(prepared),
    }


def answers(prepared: Ground) -> dict[str, int]:
    """Count the stored answers of the verb's calls by what they said."""
    counted: dict[str, int] = prepared.value(
        "select coalesce(jsonb_object_agg(o.word, o.calls), '{}') from ("
        "select coalesce(r.reason, r.outcome) as word, count(*) as calls"
        " from database_request r where r.source = 'bench' group by 1) o"
    )
    return counted


def checked(player: Player, before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Make sure that each call renewed a card: a refusal or a replay costs less and flatters."""
    found = {word: calls - before.get(word, 0) for word, calls in after.items()}
    if found != {"renewed": player.calls["renew"]}:
        raise SystemExit(f"{player.calls['renew']} calls were answered otherwise: {found}")
    return found


if __name__ == "__main__":
    main()
