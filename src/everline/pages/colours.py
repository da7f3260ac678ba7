"""Colours that people can read: contrast as WCAG 2.2 counts it, and a colour made to have enough.

Lightness is moved in OKLCH, where a step looks like a step and the hue stays what it was. Colours
are written `#rrggbb`. Which pairs must have which contrast is said by look.py and the tests.
"""

import math
import re
from collections.abc import Iterable
from typing import Final

TEXT: Final = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3 AA)."""

SIGNS: Final = 3.0
"""The least contrast of edges of fields, focus and signs (1.4.11)."""

HEX: Final = re.compile(r"#[0-9a-f]{6}", re.ASCII)
STEPS: Final = 500
LINEAR_BELOW: Final = 0.04045
CURVED_ABOVE: Final = 0.0031308
"""Where the curve of sRGB begins (IEC 61966-2-1), as it is written and in linear light."""

ALMOST: Final = 1e-9


def contrast(one: str, other: str) -> float:
    """Tell the contrast of two colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, on: Iterable[str], least: float) -> bool:
    """Tell whether a colour has enough contrast to each of the others."""
    return all(contrast(colour, each) >= least for each in on)


def fitted(colour: str, on: Iterable[str], least: float, *, darker: bool) -> str | None:
    """Give the nearest colour of the same hue that is readable; None when there is none."""
    grounds = list(on)
    light, chroma, hue = lch(colour)
    for step in range(STEPS + 1):
        moved = light * (1 - step / STEPS) if darker else light + (1 - light) * step / STEPS
        found = colour if step == 0 else from_lch(moved, chroma, hue)
        if readable(found, grounds, least):
            return found
    return None


def lch(colour: str) -> tuple[float, float, float]:
    """Give lightness (0 to 1), chroma and hue (radians) in OKLCH."""
    red, green, blue = _linear(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    light = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return light, math.hypot(a, b), math.atan2(b, a)


def from_lch(light: float, chroma: float, hue: float) -> str:
    """Give the colour of a screen nearest to this one: as much chroma as it can show."""
    shown = _from_lch(light, chroma, hue)
    while chroma > ALMOST and not all(-ALMOST <= part <= 1 + ALMOST for part in shown):
        chroma *= 0.97
        shown = _from_lch(light, chroma, hue)
    return "#" + "".join(f"{_byte(part):02x}" for part in shown)


def _from_lch(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _byte(part: float) -> int:
    """Write one part of a colour for the screen."""
    part = min(max(part, 0.0), 1.0)
    is_dark = part <= CURVED_ABOVE
    return round((12.92 * part if is_dark else 1.055 * part ** (1 / 2.4) - 0.055) * 255)


def _linear(colour: str) -> tuple[float, float, float]:
    assert HEX.fullmatch(colour), colour
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
