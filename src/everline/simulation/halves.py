"""A big town in two halves: each lives in a world of its own, and what they came to is one outcome.

Cards do not know each other, so nothing is lost: outages and steps of the clock are the same in
both, as they come from the seed and the day. How many halves there are depends on the cards alone,
so the same seed gives the same run on any machine. Who lets them live side by side is
cli/living.py.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Final

from everline.simulation.figures import Figures, summed
from everline.simulation.runs import Outcome, Setting

HALVED_FROM: Final = 200
"""So many cards live in two halves; for fewer ones two servers cost more than they bring."""


def halves(setting: Setting) -> tuple[Setting, ...]:
    """Give the settings of the worlds in which a setting is lived."""
    numbers = setting.numbers
    if len(numbers) < HALVED_FROM:
        return (setting,)
    middle = len(numbers) // 2
    return tuple(replace(setting, numbers=each) for each in (numbers[:middle], numbers[middle:]))


def united(setting: Setting, outcomes: Sequence[Outcome]) -> Outcome:
    """Make one outcome of all: that of the half that broke a promise first, else the sum."""
    failed = [each for each in outcomes if not each.is_clean]
    if failed or len(outcomes) == 1:
        return min(failed or outcomes, key=lambda each: each.days_done)
    told = "".join(each.digest for each in outcomes)
    return Outcome(
        setting=setting,
        digest=hashlib.sha256(told.encode()).hexdigest(),
        violations=(),
        history=(),
        days_done=min(each.days_done for each in outcomes),
        events=sum(each.events for each in outcomes),
        renewals=sum(each.renewals for each in outcomes),
        seconds=max(each.seconds for each in outcomes),
        faults=_common(outcomes),
        lived=_added([each.lived for each in outcomes]),
        figures=_figures([each.figures for each in outcomes]),
    )


def _common(outcomes: Sequence[Outcome]) -> Counter[str]:
    """Add the faults up; an outage and a step of the clock are one for all."""
    found: Counter[str] = Counter()
    for outcome in outcomes:
        for kind, count in outcome.faults.items():
            is_shared = kind.startswith(("outage.", "clock."))
            found[kind] = max(found[kind], count) if is_shared else found[kind] + count
    return found


def _added(counts: Sequence[Counter[str]]) -> Counter[str]:
    """Add counts up, those that are 0 too."""
    found: Counter[str] = Counter()
    for each in counts:
        found.update(each)
    return found


def _figures(all_figures: Sequence[Figures | None]) -> Figures | None:
    told = [each for each in all_figures if each is not None]
    return reduce(summed, told) if told else None
