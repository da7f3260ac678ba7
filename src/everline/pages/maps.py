"""A small drawn map: numbered pins, a grid and a scale, in whole pixels; no tiles, no streets.

Points are projected onto a plane that touches the Earth in their midst. Far apart, they are not
drawn at all: such a map would say nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from everline.people.places import EARTH_METRES, Point

WIDTH: Final = 640
HEIGHT: Final = 400
MARGIN: Final = 52
PIN: Final = 34
"""How far pins stand apart at least."""

PUSHES: Final = 40
SPAN_MIN: Final = 600
SPAN_MAX: Final = 150_000
"""Metres from one end to the other: less is stretched, more is not drawn."""

SCALES: Final = tuple(n * 10**power for power in range(1, 6) for n in (1, 2, 5))
_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Pin:
    """One place: its number, and where it is drawn."""

    number: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Map:
    """What is drawn; `scale` is the length of the bar in metres, `bar` the same in pixels."""

    pins: tuple[Pin, ...]
    here: tuple[int, int] | None
    scale: int
    bar: int
    columns: tuple[int, ...]
    lines: tuple[int, ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw(points: Sequence[Point], here: Point | None) -> Map | None:
    """Draw points, numbered from 1, and where somebody is; None when they are too far apart."""
    everything = [*points, *([here] if here else [])]
    if not points:
        return None
    middle = Point(
        (min(each.latitude for each in everything) + max(e.latitude for e in everything)) // 2,
        (min(each.longitude for each in everything) + max(e.longitude for e in everything)) // 2,
    )
    flat = [_flat(each, middle) for each in everything]
    wide = max(SPAN_MIN, 2 * max(abs(x) for x, _y in flat))
    high = max(SPAN_MIN, 2 * max(abs(y) for _x, y in flat))
    if max(wide, high) > SPAN_MAX:
        return None
    metre = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
    drawn = [(WIDTH / 2 + x * metre, HEIGHT / 2 - y * metre) for x, y in flat]
    scale = max(each for each in SCALES if each * metre <= WIDTH / 4 or each == SCALES[0])
    bar = round(scale * metre)
    spot = drawn[len(points)] if here else None
    return Map(
        pins=tuple(
            Pin(number, round(x), round(y))
            for number, (x, y) in enumerate(_apart(drawn[: len(points)], spot), 1)
        ),
        here=(round(spot[0]), round(spot[1])) if spot else None,
        scale=scale,
        bar=bar,
        columns=tuple(range(bar, WIDTH, bar)) if bar else (),
        lines=tuple(range(bar, HEIGHT, bar)) if bar else (),
    )


def _flat(point: Point, middle: Point) -> tuple[float, float]:
    """Give metres to the east and north of the middle."""
    degree = math.radians(1) * EARTH_METRES / _MICRO
    squeezed = math.cos(math.radians(middle.latitude / _MICRO))
    return (
        (point.longitude - middle.longitude) * degree * squeezed,
        (point.latitude - middle.latitude) * degree,
    )


def _apart(
    drawn: Sequence[tuple[float, float]], spot: tuple[float, float] | None
) -> list[tuple[float, float]]:
    """Push pins apart that cover each other, or where somebody is, and keep them on the map."""
    placed = [list(each) for each in (*drawn, *([spot] if spot else []))]
    for _push in range(PUSHES):
        for one in range(len(placed)):
            for other in range(one):
                across = placed[one][0] - placed[other][0]
                along = placed[one][1] - placed[other][1]
                gap = math.hypot(across, along)
                if gap >= PIN:
                    continue
                if gap < 1:
                    across, along, gap = 1, 1, math.sqrt(2)
                step = (PIN - gap) / gap / 2
                # Where somebody is comes last, and is never moved.
                for pin, sign in ((placed[one], 1), (placed[other], -1)):
                    if spot and pin is placed[-1]:
                        continue
                    pin[0] = min(max(pin[0] + sign * step * across, PIN), WIDTH - PIN)
                    pin[1] = min(max(pin[1] + sign * step * along, PIN), HEIGHT - PIN)
    placed = placed[:-1] if spot else placed
    return [(x, y) for x, y in placed]
