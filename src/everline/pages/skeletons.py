"""Pages of strangers, rendered once for each shape and filled in for each request.

What differs from card to card goes into slots: the masked number, an address, the tokens of a form.
Everything else that a page shows is its shape, and two requests of one shape have the same page but
for its slots. A page is rendered with marks in its slots; later ones are cut and joined, each
value escaped. Whoever has a session is served by rendering, frame.py.

A slot stands in text or between the quotes of an attribute, never in a condition or a filter.
"""

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Final

from django.utils.html import escape

KEPT_MAX: Final = 256
"""Shapes remembered at once; the one that was not asked for longest is forgotten first."""

_SECRET: Final = secrets.token_hex(4)
"""Nobody who writes a plan's name can write a mark."""

_MARK: Final = re.compile(f"\ue000{_SECRET}(\\w+)\ue001")
_kept: Final[OrderedDict[Hashable, list[str]]] = OrderedDict()
_keeping: Final = threading.Lock()


def mark(name: str) -> str:
    """Write the mark of a slot."""
    return f"\ue000{_SECRET}{name}\ue001"


def filled(
    shape: Hashable, slots: Mapping[str, str], render: Callable[[dict[str, str]], str]
) -> str:
    """Give the page of a shape with its slots filled; `render` is called where it is new."""
    with _keeping:
        parts = _kept.get(shape)
        if parts is not None:
            _kept.move_to_end(shape)
    if parts is None:
        parts = _MARK.split(render({name: mark(name) for name in slots}))
        with _keeping:
            _kept[shape] = parts
            while len(_kept) > KEPT_MAX:
                _kept.popitem(last=False)
    page = parts.copy()
    for place in range(1, len(page), 2):
        page[place] = escape(slots[page[place]])
    return "".join(page)
