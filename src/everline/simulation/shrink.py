"""Making a failure short: fewer cards, days and faults, as long as the same promise breaks.

Each try is a run of its own in a fresh database. Since every card has its own luck, most failures
are there with their card alone; else the cards are halved. It ends after RUNS_MAX runs at the
latest, with the shortest that was found.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from everline.simulation.ground import Ground
from everline.simulation.runs import Outcome, Outside, Setting, run

RUNS_MAX: Final = 24
FAULTS: Final = ("outage", "clock", "gateway", "network", "sender", "ours")

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
    for fault in FAULTS:
        setting = search.best.setting
        search.try_all(iter((replace(setting, without=setting.without | {fault}),)))
    return search.best


class _Search:
    """The shortest failure so far, and how many runs it took."""

    def __init__(self, ground: Ground, outside: Outside, failed: Outcome, tried: Tried) -> None:
        self._ground = ground
        self._outside = outside
        self._tried = tried
        self._check = failed.violations[0].check
        self._runs = 0
        self.best = failed

    @property
    def has_time(self) -> bool:
        """Whether another run may be made."""
        return self._runs < RUNS_MAX

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
