"""Slips: the paper that somebody takes along, at a till or a kiosk.

slip.py makes one `Slip` of a sale, in the person's language, and its lines. From the same lines
printing.py makes the bytes of a receipt printer, and drawing.py a strip for the screen; raster.py
draws what a printer has no letters for. A slip decides nothing: it says what `renewals` says.
"""

from everline.slips.drawing import Drawn, draw
from everline.slips.printing import PAPERS, Paper, print_slip
from everline.slips.slip import Cash, Issuer, Kind, Line, Slip, of_renewal, of_top_up, top_up_face

__all__ = [
    "PAPERS",
    "Cash",
    "Drawn",
    "Issuer",
    "Kind",
    "Line",
    "Paper",
    "Slip",
    "draw",
    "of_renewal",
    "of_top_up",
    "print_slip",
    "top_up_face",
]
