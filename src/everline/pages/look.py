"""The operator's look: name, logo and two colours, from the one file EVERLINE_BRAND_FILE names.

    name: Senandi
    logo: senandi.svg
    accent: "#0a7d5a"
    second: "#f0b429"

Whatever is left out stays as it is drawn here. The accent is made darker for light pages and
lighter for dark ones until it can be read; one that would no longer be itself is refused. The logo
is judged in drawings.py; dressing.py serves all this.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from everline.errors import MisuseError
from everline.pages.colours import HEX, TEXT, contrast, fitted, from_lch, lch
from everline.pages.drawings import UnsafeError, checked

FIELDS: Final = ("name", "logo", "accent", "second")
NAME_LENGTH_MAX: Final = 40
FILE_LENGTH_MAX: Final = 10_000
MOVED_MAX: Final = 0.22
"""How far an accent's lightness may be moved until it is another colour."""

SEEN: Final = 1.5
"""The least contrast of the second colour, which only decorates."""

LIGHT: Final = ("#f6f5f1", "#ffffff")
DARK: Final = ("#0e1116", "#171b22")
"""The surfaces of light and of dark pages: paper and sheet."""


class BrandError(MisuseError):
    """The file of the operator's look cannot be used: says which field, and what to do."""

    def __init__(self, sentence: str) -> None:
        field_name, colon, _rest = sentence.partition(": ")
        is_named = colon and field_name.isidentifier()
        super().__init__("brand_wrong", sentence, field_name=field_name if is_named else "")


@dataclass(frozen=True)
class Look:
    """How an operator's pages look; empty is how they are drawn here."""

    name: str = ""
    mark: bytes = b""
    light: Mapping[str, str] = field(default_factory=dict)
    dark: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def css(self) -> str:
        """The tokens that replace those of tokens.css; on paper they have no say."""
        if not self.light:
            return ""
        return (
            f"@media screen {{\n  :root {{\n{_lines(self.light)}  }}\n}}\n\n"
            f"@media screen and (prefers-color-scheme: dark) {{\n  :root {{\n{_lines(self.dark)}"
            "  }\n}\n"
        )

    @cached_property
    def version(self) -> str:
        """A part of addresses by which caches know one look from the next."""
        return hashlib.sha256(self.css.encode() + self.mark).hexdigest()[:12]


def read(path: Path) -> Look:
    """Read the operator's file. Raises BrandError."""
    try:
        text = path.read_text(encoding="utf-8")[:FILE_LENGTH_MAX]
        given = yaml.safe_load(text)
    except OSError as error:
        raise BrandError(
            f"EVERLINE_BRAND_FILE: {path} cannot be read ({error.strerror})."
        ) from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise BrandError(f"{path} is no YAML: write lines such as  name: Senandi") from None
    if not isinstance(given, dict):
        raise BrandError(f"{path} holds no fields: write lines such as  name: Senandi")
    unknown = [str(name) for name in given if name not in FIELDS]
    if unknown:
        raise BrandError(f"{unknown[0]}: is not known. Use {', '.join(FIELDS)}.")
    light, dark = tokens(_colour(given, "accent"), _colour(given, "second"))
    return Look(_name(given), _logo(given, path.parent), light, dark)


def tokens(accent: str, second: str) -> tuple[dict[str, str], dict[str, str]]:
    """Give the tokens of light and dark pages; an empty colour is left as it is."""
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    if accent:
        light, dark = _accents(accent)
    if second:
        for mode, grounds, darker in ((light, LIGHT, True), (dark, DARK, False)):
            found = fitted(second, grounds, SEEN, darker=darker)
            assert found, "black and white can always be seen"
            if abs(lch(found)[0] - lch(second)[0]) > MOVED_MAX:
                raise BrandError(
                    f"second: {second} can hardly be seen on {grounds[-1]}. Use one such as"
                    f" {found}."
                )
            mode["gold"] = found
    return light, dark


def _accents(accent: str) -> tuple[dict[str, str], dict[str, str]]:
    given, chroma, hue = lch(accent)
    wash = from_lch(0.955, min(chroma, 0.025), hue)
    brand = fitted(accent, (*LIGHT, wash), TEXT, darker=True)
    assert brand, "black can be read on every light page"
    if abs(lch(brand)[0] - given) > MOVED_MAX:
        raise BrandError(
            f"accent: {accent} cannot be read on white, {contrast(accent, LIGHT[1]):.1f}:1 where"
            f" {TEXT}:1 is needed. Use a darker one, such as {brand}; a bright colour may be the"
            " second."
        )
    light = {
        "brand": brand,
        "brand-deep": from_lch(lch(brand)[0] * 0.8, chroma, hue),
        "on-brand": "#ffffff",
        "brand-wash": wash,
        "focus": brand,
    }
    deep = from_lch(0.28, min(chroma, 0.06), hue)
    clear = from_lch(max(given, 0.78), min(chroma, 0.12), hue)
    over = fitted(clear, (*DARK, deep), TEXT + 1, darker=False)
    assert over, "white can be read on every dark page"
    under = fitted(from_lch(0.22, min(chroma, 0.08), hue), (over,), TEXT + 1, darker=True)
    assert under, "black can be read on a colour that white pages could not hold"
    dark = {
        "brand": over,
        "brand-deep": from_lch(min(lch(over)[0] + 0.07, 0.97), min(chroma, 0.1), hue),
        "on-brand": under,
        "brand-wash": deep,
        "focus": over,
    }
    return light, dark


def _colour(given: Mapping[str, Any], name: str) -> str:
    colour = given.get(name, "")
    if colour == "":
        return ""
    if not isinstance(colour, str) or not HEX.fullmatch(colour.lower()):
        raise BrandError(f'{name}: write a colour as six digits in quotes, such as "#2447d8".')
    return colour.lower()


def _name(given: Mapping[str, Any]) -> str:
    name = given.get("name", "")
    if not isinstance(name, str) or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        raise BrandError(f"name: write at most {NAME_LENGTH_MAX} characters on one line.")
    return name.strip()


def _logo(given: Mapping[str, Any], folder: Path) -> bytes:
    written = given.get("logo", "")
    if written == "":
        return b""
    if not isinstance(written, str) or not written.endswith(".svg"):
        raise BrandError("logo: give the path of an SVG file, from the folder of this file.")
    try:
        return checked((folder / written).read_bytes())
    except OSError as error:
        raise BrandError(f"logo: {written} cannot be read ({error.strerror}).") from None
    except UnsafeError as error:
        raise BrandError(f"logo: {error}") from None


def _lines(mode: Mapping[str, str]) -> str:
    return "".join(f"    --{name}: {colour};\n" for name, colour in mode.items())


_INSTALLED: Final[list[Look]] = [Look()]


def install(look: Look) -> None:
    """Make this the look of this process; the composition root calls it."""
    _INSTALLED[0] = look


def installed() -> Look:
    """Give the look of this process."""
    return _INSTALLED[0]
