"""Charts as numbers: where each bar stands and how high it is; the template draws them as SVG.

The plane of every chart is 1000 wide and 100 high and is stretched to its place, so there is no
text in it: labels stand beside it, in the page's own letters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 1000
HEIGHT: Final = 100
GAP_SHARE: Final = 5
"""A fifth of a bar's place is left free."""

STEPS: Final = (1, 2, 5)

Say = Callable[[int], str]
"""How a figure is written."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle, and what is said of it when somebody points at it."""

    path: str
    tone: str
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label beside an axis, at so many percent of it."""

    percent: str
    text: str


@dataclass(frozen=True, slots=True)
class Series:
    """Figures of one kind, with the tone they are drawn in, and their sum as it is written."""

    name: str
    tone: str
    values: list[int]
    total: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: columns over the weeks, stacked."""

    bars: list[Bar]
    ticks: list[Mark]
    weeks: list[Mark]
    series: list[Series]


def columns(series: Sequence[Series], weeks: Sequence[str], say: Say, marks: list[Mark]) -> Chart:
    """Stack series over the weeks; `weeks` names each, `marks` are those written under the axis."""
    count = len(weeks)
    sums = [sum(each.values[week] for each in series) for week in range(count)]
    top = round_up(max((*sums, 1)))
    place = WIDTH / count
    bars = []
    for week in range(count):
        below = 0
        for each in series:
            value = each.values[week]
            if value:
                bars.append(
                    Bar(
                        path=_path(
                            place * week + place / GAP_SHARE / 2,
                            HEIGHT - (below + value) * HEIGHT / top,
                            place - place / GAP_SHARE,
                            value * HEIGHT / top,
                        ),
                        tone=each.tone,
                        said=f"{weeks[week]} · {each.name}: {say(value)}",
                    )
                )
            below += value
    ticks = [Mark("0", "0"), Mark("50", say(top // 2)), Mark("100", say(top))]
    return Chart(bars, ticks if top > 1 else [ticks[0], ticks[2]], marks, list(series))


def _path(x: float, y: float, width: float, height: float) -> str:
    """Draw a rectangle, as SVG writes paths."""
    return f"M{x:.2f} {y:.3f}h{width:.2f}v{height:.3f}h-{width:.2f}z"


def round_up(number: int) -> int:
    """Give the next 1, 2 or 5 with zeros: where an axis ends."""
    power = 1
    while True:
        for step in STEPS:
            if step * power >= number:
                return step * power
        power *= 10


def percent(part: int, whole: int) -> int:
    """Give the share in whole percent, rounded; 0 of nothing."""
    return round(100 * part / whole) if whole else 0
