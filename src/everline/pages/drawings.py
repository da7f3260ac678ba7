"""Drawings from outside, as an operator's logo: SVG that can do nothing but be looked at.

What is not known to be harmless is refused, and what is wrong is named: no script, no event, no
style sheet, no reference to anything but a part of the same drawing, no entity, no page inside.
"""

import re
import xml.etree.ElementTree as ET
from typing import Final

SIZE_MAX: Final = 65_536
PARTS_MAX: Final = 2_000
SVG: Final = "{http://www.w3.org/2000/svg}"
ELEMENTS: Final = frozenset(
    {"svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "title"}
    | {"desc", "defs", "linearGradient", "radialGradient", "stop", "clipPath"}
)
ATTRIBUTES: Final = frozenset(
    {"viewBox", "width", "height", "x", "y", "cx", "cy", "r", "rx", "ry", "x1", "x2", "y1", "y2"}
    | {"d", "points", "transform", "id", "fill", "fill-rule", "fill-opacity", "clip-path"}
    | {"clip-rule", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "opacity"}
    | {"stroke-opacity", "stroke-miterlimit", "stroke-dasharray", "offset", "stop-color"}
    | {"stop-opacity", "gradientUnits", "gradientTransform", "spreadMethod", "fx", "fy", "version"}
    | {"clipPathUnits", "preserveAspectRatio", "role", "aria-hidden", "aria-label", "focusable"}
)
INSIDE: Final = re.compile(r"\s*url\(\s*['\"]?#[\w-]+['\"]?\s*\)\s*", re.ASCII)
DECLARED: Final = re.compile(rb"<!(?!--)|<\?(?!xml[\s?])", re.IGNORECASE)


class UnsafeError(ValueError):
    """The drawing is not taken; the reason names what to remove."""


def checked(drawing: bytes) -> bytes:
    """Give the drawing back when it is harmless. Raises UnsafeError."""
    if len(drawing) > SIZE_MAX:
        raise UnsafeError(f"{len(drawing)} bytes are too many: draw it with at most {SIZE_MAX}.")
    if b"\0" in drawing or DECLARED.search(drawing):
        raise UnsafeError("remove DOCTYPE, ENTITY, CDATA and processing instructions.")
    try:
        drawing.decode("utf-8")
        root = ET.fromstring(drawing)  # noqa: S314  No declaration is left to expand.
    except (ET.ParseError, UnicodeDecodeError, ValueError):
        raise UnsafeError("it is no SVG in UTF-8: save it anew as plain SVG.") from None
    if root.tag != f"{SVG}svg":
        raise UnsafeError("its first element is not <svg> of SVG: save it anew as plain SVG.")
    for number, part in enumerate(root.iter()):
        if number > PARTS_MAX:
            raise UnsafeError(f"more than {PARTS_MAX} parts: simplify it.")
        _check(part)
    if "viewBox" not in root.attrib:
        raise UnsafeError("add a viewBox, so that it can be scaled.")
    return drawing


def _check(part: ET.Element) -> None:
    name = part.tag.removeprefix(SVG)
    if name not in ELEMENTS:
        raise UnsafeError(f"remove <{part.tag.rpartition('}')[2]}>.")
    for attribute, value in part.attrib.items():
        if attribute not in ATTRIBUTES:
            raise UnsafeError(f"remove the attribute {attribute.rpartition('}')[2]} of <{name}>.")
        is_reference = "url" in value.lower() or "\\" in value
        if is_reference and not INSIDE.fullmatch(value):
            raise UnsafeError(f"{attribute} of <{name}> may point only to a part of the drawing.")
