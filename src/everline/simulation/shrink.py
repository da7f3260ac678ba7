"""Making a failure short: fewer cards, days, faults and acts, as long as the same promise breaks.

Each try is a run of its own in a fresh database. Since every card has its own luck, most failures
are there with their card alone; else the cards are halved. Then all faults are left out, or each
kind, or of those that must stay each part; and what people do. It ends after RUNS_MAX runs or
SECONDS_MAX at the latest, with the shortest that was found.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from time import perf_counter
from types import MappingProxyType
from typing import Final

from everline.simulation.faults import OUTAGES, PER_THOUSAND
from everline.simulation.ground import Ground
from everline.simulation.people import WHIMS
from everline.simulation.runs import Outcome, Outside, Setting, run

RUNS_MAX: Final = 40
SECONDS_MAX: Final = 180.0
FAULTS: Final = ("outage", "clock", "gateway", "network", "sender", "ours", "people")
PARTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"outage": tuple(OUTAGES), **{what: tuple(kinds) for what, kinds in PER_THOUSAND.items()}}
)
"""What each kind of fault is made of, by the words that `--without` takes after a dot."""

HABITS: Final = ("use", "tune", "top_up", "look", "renew", "mandate_on")
"""What people do by themselves; all else comes from a whim, and is left out with it."""

Tried = Callable[[int, Setting], None]
"""Told before each try: its number and what is tried."""


def shrink(
    ground: Ground, outside: Outside, failed: Outcome, tried: Tried = lambda _number, _setting: None
) -> Outcome:
    """Find a shorter run that breaks the same promise; the one given when there is none."""
    search = _Search(ground, outside, failed, tried)
    search.try_all(replace(failed.setting, numbers=numbers) for numbers in _alone(failed))
    while search.has_time and len(search.best.setting.numbers) > 1:
        numbers = search.best.setting.numbers
        middle = len(numbers) // 2
        halves = (numbers[:middle], numbers[middle:])
        if not search.try_all(replace(search.best.setting, numbers=each) for each in halves):
            break
    faults = FAULTS[:-1]
    for fault in () if search.leave_out(*faults) else faults:
        if not search.leave_out(fault):
            for part in PARTS.get(fault, ()):
                search.leave_out(f"{fault}.{part}")
    whims = () if search.leave_out("people.whim") else WHIMS
    for act in (*HABITS, *whims):
        search.leave_out(f"people.{act}")
    return search.best


class _Search:
    """The shortest failure so far, and how many runs it took."""

    def __init__(self, ground: Ground, outside: Outside, failed: Outcome, tried: Tried) -> None:
        self._ground = ground
        self._outside = outside
        self._tried = tried
        self._check = failed.violations[0].check
        self._runs = 0
        self._ends = perf_counter() + SECONDS_MAX
        self.best = failed

    @property
    def has_time(self) -> bool:
        """Whether another run may be made."""
        return self._runs < RUNS_MAX and perf_counter() < self._ends

    def leave_out(self, *what: str) -> bool:
        """Try without kinds of faults or acts; tell whether the same promise breaks still."""
        setting = self.best.setting
        return self.try_all(iter((replace(setting, without=setting.without | set(what)),)))

    def try_all(self, settings: Iterator[Setting]) -> bool:
        """Try settings until one breaks the same promise; tell whether one did."""
        for setting in settings:
            if not self.has_time:
                return False
            self._runs += 1
            self._tried(self._runs, setting)
            found = run(self._ground, self._outside, replace(setting, days=self.best.days_done))
            if any(each.check == self._check for each in found.violations):
                self.best = found
                return True
        return False


def _alone(failed: Outcome) -> Iterator[tuple[int, ...]]:
    """Give the cards that broke the promise: each alone, then together."""
    broken = tuple(dict.fromkeys(each.card for each in failed.violations if each.card))
    for card in broken:
        yield (card,)
    if len(broken) > 1:
        yield broken
