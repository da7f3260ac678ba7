"""Lines of text as black and white pictures, for what a receipt printer has no letters for.

The font is Noto Sans CJK from the wheel `manimgx-fonts-cjk`, found by its path and never imported.
Nothing here knows a slip; printing.py decides what is drawn.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

PACKAGE: Final = "manimgx_fonts_cjk"
FILE: Final = "NotoSansCJK-VF.otf.ttc"
FACES: Final = {"ja": 0, "ko": 1, "zh-hans": 2, "zh-hant": 3, "zh-hk": 4}
"""The faces of the collection: the same character is written otherwise in each language."""

SIMPLIFIED: Final = 2
SIZE: Final = 24
"""Dots of a character, as high as those that printers have themselves (Font A)."""

LEADING: Final = 10


@cache
def font(language: str, *, is_bold: bool = False, size: int = SIZE) -> ImageFont.FreeTypeFont:
    """Open the font in the face of a language; raises FileNotFoundError when it is not there."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {PACKAGE} with the font {FILE} is not installed")
    path = Path(found.origin).with_name(FILE)
    opened = ImageFont.truetype(str(path), size, index=FACES.get(language, SIMPLIFIED))
    opened.set_variation_by_name("Bold" if is_bold else "Medium")
    return opened


def width(text: str, language: str, *, is_bold: bool = False) -> int:
    """Measure a text in dots."""
    return round(font(language, is_bold=is_bold).getlength(text) + 0.5)


def line(
    left: str, right: str, dots: int, language: str, *, is_bold: bool = False, centred: bool = False
) -> Image.Image:
    """Draw one line, `dots` wide: a text at the left or in the middle, another at the right."""
    letters = font(language, is_bold=is_bold)
    picture = Image.new("1", (dots, SIZE + LEADING), 1)
    pen = ImageDraw.Draw(picture)
    pen.fontmode = "1"
    baseline = SIZE - 1
    at = (dots - width(left, language, is_bold=is_bold)) // 2 if centred else 0
    pen.text((max(at, 0), baseline), left, fill=0, font=letters, anchor="ls")
    if right:
        pen.text((dots, baseline), right, fill=0, font=letters, anchor="rs")
    return picture
