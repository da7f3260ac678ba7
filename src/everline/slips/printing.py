"""A slip as bytes for a receipt printer (ESC/POS), by python-escpos.

What stands in code page 858 is sent as text, which prints at once; any other line is drawn by
raster.py. The QR code is the printer's own. Who sends the bytes to a printer is the channel's page.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from escpos.printer import Dummy

from everline.slips import raster
from everline.slips.slip import Kind, Line, Slip

CODE_PAGE: Final = "CP858"
"""Western Europe with the euro sign; printers know it as their page 19."""

CENTRED: Final = frozenset({Kind.NAME, Kind.TITLE, Kind.TEXT, Kind.QR})
BOLD: Final = frozenset({Kind.NAME, Kind.TITLE, Kind.STRONG})
CLOSING: Final = frozenset({"Pe", "Pf", "Po"})
"""Kinds of signs that do not begin a line, by Unicode's categories."""

OPENING: Final = frozenset({"Ps", "Pi"})
"""Those that do not end one."""

ROWS_MAX: Final = 400
"""Lines of paper; a slip has some forty."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A width of paper: dots that can be printed, and characters of Font A in them."""

    dots: int
    columns: int


PAPERS: Final = MappingProxyType({"58": Paper(384, 32), "80": Paper(576, 48)})
"""By the width of the roll in millimetres."""

Fits = Callable[[str], bool]


def print_slip(slip: Slip, paper: Paper) -> bytes:
    """Give the bytes that print a slip and cut the paper; no line is wider than the paper."""
    printer = Dummy(profile="default")
    printer.hw("INIT")
    printer.charcode(CODE_PAGE)
    for line in slip.lines():
        _print(printer, line, paper, slip.language)
    printer.cut()
    return bytes(printer.output)


def is_text(text: str) -> bool:
    """Tell whether the printer has all the letters of a text."""
    try:
        text.encode(CODE_PAGE)
    except UnicodeEncodeError:
        return False
    return text.isprintable()


def _print(printer: Dummy, line: Line, paper: Paper, language: str) -> None:
    is_bold = line.kind in BOLD
    if line.kind is Kind.RULE:
        printer.set(align="left", bold=False)
        printer.textln("-" * paper.columns)
    elif line.kind is Kind.QR:
        printer.set(align="center")
        printer.qr(line.left, native=True, size=6)
        printer.ln()
    elif is_text(line.left + line.right):
        printer.set(align="center" if line.kind in CENTRED else "left", bold=is_bold)
        for left, right in arranged(line, lambda text: len(text) <= paper.columns):
            printer.textln(left + right.rjust(paper.columns - len(left)) if right else left)
    elif line.right and not _fits_drawn(paper, language, is_bold=is_bold)(_pair(line)):
        _print(printer, Line(line.kind, line.left), paper, language)
        _print(printer, Line(line.kind, "", line.right), paper, language)
    else:
        fits = _fits_drawn(paper, language, is_bold=is_bold)
        printer.set(align="left", bold=False)
        for left, right in arranged(line, fits):
            picture = raster.line(
                left,
                right,
                paper.dots,
                language,
                is_bold=is_bold,
                centred=line.kind in CENTRED,
            )
            printer.image(picture, impl="bitImageRaster")


def _pair(line: Line) -> str:
    return f"{line.left}  {line.right}" if line.left else ""


def _fits_drawn(paper: Paper, language: str, *, is_bold: bool) -> Fits:
    def fits(text: str) -> bool:
        return raster.width(text, language, is_bold=is_bold) <= paper.dots

    return fits


def arranged(line: Line, fits: Fits) -> Iterator[tuple[str, str]]:
    """Put a line on as many lines of paper as it takes: left and right side by side if they fit."""
    if line.left and line.right and fits(_pair(line)):
        yield line.left, line.right
        return
    for left in wrapped(line.left, fits):
        yield left, ""
    for right in wrapped(line.right, fits):
        yield "", right


def wrapped(text: str, fits: Fits) -> Iterator[str]:
    """Cut a text into pieces that fit, at blanks or between characters of the far East.

    A word that is too long for a line of its own is cut where the line ends.
    """
    rest = " ".join(text.split())
    for _row in range(ROWS_MAX):
        if not rest:
            return
        size = _most(rest, fits)
        if size < len(rest):
            size = _breaks_at(rest, size)
        yield rest[:size].rstrip()
        rest = rest[size:].lstrip()
    raise ValueError("the text is too long for a slip")


def _most(text: str, fits: Fits) -> int:
    """Find how many characters fit, one at least."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(text[:middle]):
            low = middle
        else:
            high = middle - 1
    return low


def _breaks_at(text: str, most: int) -> int:
    """Find the last place up to `most` at which a line may end; `most` when there is none."""
    for place in range(most, 0, -1):
        before, after = text[place - 1], text[place]
        if unicodedata.category(after) in CLOSING or unicodedata.category(before) in OPENING:
            continue
        if " " in {before, after} or _is_wide(before) or _is_wide(after):
            return place
    return most


def _is_wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in {"W", "F"}
