"""What goes wrong, and when: outages of hours, steps of the clock, answers lost, steps abandoned.

All is drawn from the seed. Who meets a fault counts it, so that the report can tell what was
injected. A kind that is in `without` never happens: that is how a failure's history is cut down.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from everline.simulation.chance import Stream, stream

OUTAGES: Final = {
    "gateway": (24, 1, 5),
    "network": (30, 1, 4),
    "sender": (30, 1, 6),
    "ours": (45, 1, 7),
}
"""What is away: once in so many days on the average, for so many hours at least and at most."""

PER_THOUSAND: Final = {
    "gateway": {"lost": 6, "taken": 8, "late": 6, "double": 30},
    "network": {"lost": 8, "taken": 8, "refused": 1},
    "sender": {"lost": 6},
    "ours": {"killed": 4},
}
"""How often a call or a step meets which fault.

lost: it never arrived. taken: it was done, and the answer was lost. late: the answer comes after
hours. double: the callback comes several times. refused: an explicit no. killed: a step of ours is
abandoned between two verbs.
"""

STEP_DAYS: Final = 20
STEP_SECONDS: Final = (-120, 1800)
"""A clock is put wrong once in so many days, by so many seconds at least and at most."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Something that is away for hours."""

    what: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A clock that shows another time for a while, as after a machine slept; then it is mended."""

    at: datetime
    seconds: int
    mended_at: datetime


class Faults:
    """All that goes wrong in one run."""

    def __init__(
        self, seed: int, start: datetime, days: int, without: frozenset[str] = frozenset()
    ) -> None:
        self._seed = seed
        self.without = without
        self._streams: dict[tuple[str, int], Stream] = {}
        self.counts: Counter[str] = Counter()
        self.outages = [] if "outage" in without else sorted(
            (outage for what in OUTAGES for outage in self._outages(what, start, days)),
            key=lambda each: (each.starts_at, each.what),
        )  # fmt: skip
        self.steps = [] if "clock" in without else list(self._steps(start, days))

    def draw(self, what: str, card: int) -> str | None:
        """Draw the fault that a call for this card meets, if any."""
        mine = self._streams.get((what, card))
        if mine is None:
            mine = self._streams[what, card] = stream(self._seed, "fault", what, card)
        drawn = mine.randrange(1000)
        for kind, share in PER_THOUSAND[what].items():
            if drawn < share:
                if f"{what}.{kind}" in self.without or what in self.without:
                    return None
                self.counts[f"{what}.{kind}"] += 1
                return kind
            drawn -= share
        return None

    def number(self, what: str, card: int, least: int, most: int) -> int:
        """Draw a whole number for whoever met a fault."""
        return self._streams[what, card].randint(least, most)

    def away(self, what: str, at: datetime) -> Outage | None:
        """Find the outage of something at this instant; None when it is there."""
        return next(
            (
                each
                for each in self.outages
                if each.what == what and each.starts_at <= at < each.ends_at
            ),
            None,
        )

    def is_away(self, what: str, at: datetime) -> bool:
        """Tell whether something is away at this instant."""
        return self.away(what, at) is not None

    def back_at(self, what: str, at: datetime) -> datetime | None:
        """Tell when something that is away comes back; None when it is there."""
        away = self.away(what, at)
        return None if away is None else away.ends_at

    def begun(self, until: datetime) -> Counter[str]:
        """Count the outages and steps of the clock that began before an instant, by kind."""
        found = Counter(f"outage.{each.what}" for each in self.outages if each.starts_at < until)
        found.update({"clock.step": sum(each.at < until for each in self.steps)})
        return +found

    def _outages(self, what: str, start: datetime, days: int) -> Iterator[Outage]:
        every, least, most = OUTAGES[what]
        for day in range(days):
            drawn = stream(self._seed, "outage", what, day)
            if f"outage.{what}" in self.without or drawn.randrange(every):
                continue
            begins = start + timedelta(days=day, seconds=drawn.randrange(86_400))
            lasts = timedelta(minutes=drawn.randint(least * 60, most * 60))
            yield Outage(what, begins, begins + lasts)

    def _steps(self, start: datetime, days: int) -> Iterator[ClockStep]:
        for day in range(days):
            drawn = stream(self._seed, "clock", day)
            if drawn.randrange(STEP_DAYS) == 0:
                at = start + timedelta(days=day, seconds=drawn.randrange(86_000))
                wrong = drawn.randint(*STEP_SECONDS)
                yield ClockStep(at, wrong, at + timedelta(seconds=drawn.randint(600, 3600)))
