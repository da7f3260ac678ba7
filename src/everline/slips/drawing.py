"""A slip on the screen: the same lines as on paper, as a strip that is read and can be printed.

The template slips/slip.html takes a `Drawn`; its look is static/slips/slip.css. Both are used by
every channel that gives slips.
"""

from dataclasses import dataclass

import segno

from everline.pages.frame import HTML_TAGS
from everline.slips.slip import Kind, Line, Slip


@dataclass(frozen=True, slots=True)
class Drawn:
    """A slip as the template shows it; `qr` is the address of a picture of its QR code."""

    slip: Slip
    lines: tuple[Line, ...]
    qr: str
    tag: str


def draw(slip: Slip) -> Drawn:
    """Draw a slip."""
    lines = tuple(slip.lines())
    (held,) = (line.left for line in lines if line.kind is Kind.QR)
    code = segno.make(held, error="m", micro=False)
    qr = code.svg_data_uri(border=2, dark="#000", light="#fff", xmldecl=False)
    return Drawn(slip, lines, qr, HTML_TAGS.get(slip.language, slip.language))
