"""Icons of the installed app, drawn at the first use: our mark, or an operator's initial.

A device shows them small, round or square, so a maskable one keeps its sign within the inner four
fifths (W3C Web Application Manifest). A logo in SVG stands beside them as it is.
"""

import io
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from everline.slips.raster import font

SIZES: Final = (192, 512)
FINER: Final = 4
"""How much larger it is drawn than shown, so that edges are smooth."""

GRID: Final = 28
CURVE: Final = (
    ((5.5, 17.5), (8.5, 17.5), (9.0, 10.5), (12.5, 10.5)),
    ((12.5, 10.5), (16.0, 10.5), (16.5, 17.5), (19.5, 17.5)),
    ((19.5, 17.5), (20.5, 17.5), (21.5, 17.5), (22.5, 17.5)),
)
"""The line of static/pages/mark.svg, as Bézier curves on its grid."""

END: Final = (22.5, 17.5)
WIDTH: Final = 2.6
DOT: Final = 2.2
CORNER: Final = 8 / GRID
SAFE: Final = 0.72
"""How much of a maskable icon our sign takes."""
INITIAL: Final = 0.56
"""How high an initial is."""


@lru_cache(maxsize=16)
def icon(size: int, initial: str, ground: str, sign: str, dot: str, *, is_maskable: bool) -> bytes:
    """Draw one icon as PNG. An initial takes the place of our line."""
    side = size * FINER
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    if is_maskable:
        draw.rectangle((0, 0, side, side), fill=ground)
    else:
        draw.rounded_rectangle((0, 0, side - 1, side - 1), radius=side * CORNER, fill=ground)
    scale = side / GRID * (SAFE if is_maskable else 1)
    if initial:
        letters = font("zh-hans", is_bold=True, size=int(scale * GRID * INITIAL))
        draw.text((side / 2, side / 2), initial, fill=sign, font=letters, anchor="mm")
    else:
        _line(draw, side, scale, sign, dot)
    told = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(told, "PNG", optimize=True)
    return told.getvalue()


def _line(draw: ImageDraw.ImageDraw, side: int, scale: float, sign: str, dot: str) -> None:
    def place(x: float, y: float) -> tuple[float, float]:
        return side / 2 + (x - GRID / 2) * scale, side / 2 + (y - GRID / 2) * scale

    def spot(at: tuple[float, float], radius: float, colour: str) -> None:
        x, y = place(*at)
        reach = radius * scale
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)

    for point in _points():
        spot(point, WIDTH / 2, sign)
    spot(END, DOT, dot)


def _points() -> Iterator[tuple[float, float]]:
    """Go along the line in steps that no icon is large enough to show."""
    for curve in CURVE:
        steps = math.ceil(math.dist(curve[0], curve[3]) * 60)
        for step in range(steps + 1):
            t = step / steps
            shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield (
                sum(share * point[0] for share, point in zip(shares, curve, strict=True)),
                sum(share * point[1] for share, point in zip(shares, curve, strict=True)),
            )
