"""Lives through months with many seeds, and says at the end what never happened in any of them.

`make soak` starts it: other seeds on each day of the year, and one long run in the end. It is no
test of the suite. A promise that was kept proves little when what could break it never came, so a
soak in which some rare thing did not happen at all fails too.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

EVERLINE = Path(sys.executable).with_name("everline")
LINES_MAX = 60
MONTHS = ("--cards", "200", "--days", "90")
YEAR = ("--cards", "1000", "--days", "365")
UNSEEN = {"all_stopped"}
"""What a town's own luck does not bring: it is never charged above a forecast from its own ladders.
tests/test_guards.py makes it happen."""


def _runs(seeds: int) -> Iterator[tuple[str, ...]]:
    """Give the arguments of each run."""
    day = datetime.now(UTC).timetuple().tm_yday
    for number in range(1, seeds + 1):
        yield ("--seed", f"{day}{number}", *MONTHS)
    yield ("--seed", str(day), *YEAR)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(seeds: int) -> str:
    """Live all of them; gives what went wrong, nothing when nothing did."""
    lived: Counter[str] = Counter()
    for arguments in _runs(seeds):
        run = [str(EVERLINE), "simulate", *arguments]
        done = subprocess.run([*run, "--json"], stdout=subprocess.PIPE, text=True, check=False)
        if not done.stdout:
            return f"{' '.join(run)} ended with {done.returncode}."
        told = json.loads(done.stdout)
        if not told["is_clean"]:
            for event in (*told["violations"], *told["history"][-LINES_MAX:]):
                _say("  ".join(map(str, event.values())))
            return f"A promise was broken. Again: {told['again']}"
        lived.update(told["lived"])
        _say(
            f"seed {told['seed']}: {told['cards']:,} cards over {told['days']} days,"
            f" {told['renewals']:,} renewals, {sum(told['faults'].values()):,} faults,"
            f" {told['seconds']:.0f} s, digest {told['digest'][:16]}"
        )
    _say(", ".join(f"{name} {count:,}" for name, count in sorted(lived.items())))
    never = sorted(name for name, count in lived.items() if not count and name not in UNSEEN)
    return f"What never happened: {', '.join(never)}." if never else ""


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
