"""Colours: every pair of tokens that the pages use can be read, in light and in dark.

The pairs are read from the style sheets themselves: what a rule sets together, and every colour of
text on every surface on which it may come to stand. An operator's own accents must pass the same.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Final

import pytest
from hypothesis import given, strategies as st

from everline.pages import look
from everline.pages.colours import SIGNS, TEXT, contrast, fitted, from_lch, lch
from tests.tidy.rule import SOURCE, files, read

TOKENS: Final = SOURCE + "pages/static/pages/tokens.css"
PLACES: Final = ("pages/", "channels/web/", "channels/store/", "office/")
"""Whose style sheets are drawn with the tokens alone."""

GROUNDS: Final = ("paper", "sheet", "sunk")
WRITTEN: Final = ("ink", "soft", "brand", "brand-deep", "done", "wait", "stop")
PAIRS: Final = {
    *product(WRITTEN, GROUNDS),
    *product(("ink", "soft", "brand", "brand-deep"), ("brand-wash",)),
    ("on-brand", "brand"),
    ("on-brand", "brand-deep"),
    ("ink", "line"),
    ("sheet", "stop"),
    *((tone, f"{tone}-wash") for tone in ("done", "wait", "stop")),
    *(("ink", f"{tone}-wash") for tone in ("done", "wait", "stop")),
}
"""Text and its ground."""

DRAWN: Final = {
    *product(("edge", "focus", "brand"), GROUNDS),
    ("focus", "brand-wash"),
    ("brand", "line"),
}
"""Edges of fields, focus, and parts of drawings that say something."""

DECORATION: Final = {"gold", "line", "shade"}
"""Tokens that only please: nothing is lost for whoever does not see them."""


def tokens(mode: str) -> dict[str, str]:
    """Read the colours of light or dark pages."""
    text = read(TOKENS)
    light, _, rest = text.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#\w+);", light))
    if mode == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#\w+);", rest.partition("@media")[0]))
    return {
        name: "#" + "".join(part * 2 for part in value[1:]) if len(value) == 4 else value
        for name, value in found.items()
    }


def unreadable(colours: dict[str, str]) -> list[str]:
    wanted = [*((pair, TEXT) for pair in PAIRS), *((pair, SIGNS) for pair in DRAWN)]
    return [
        f"{over} on {under}: {contrast(colours[over], colours[under]):.2f}, {least} at least"
        for (over, under), least in sorted(wanted)
        if contrast(colours[over], colours[under]) < least
    ]


def rules(text: str) -> Iterator[dict[str, str]]:
    """Read the declarations of each rule."""
    for body in re.findall(r"\{([^{}]*)\}", text):
        yield dict(re.findall(r"(?m)^\s*([\w-]+): ([^;]+);", body.replace("; ", ";\n")))


def sheets() -> list[str]:
    return [
        path
        for path in files()
        if path.startswith(tuple(SOURCE + place for place in PLACES))
        and path.endswith(".css")
        and path != TOKENS
    ]


def named(value: str) -> str:
    """Give the token of a value that is one alone."""
    found = re.fullmatch(r"var\(--([\w-]+)\)", value)
    return found[1] if found else ""


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_pair_can_be_read(mode: str) -> None:
    assert unreadable(tokens(mode)) == []


def test_a_pair_that_cannot_be_read_is_seen() -> None:
    assert unreadable(tokens("light") | {"soft": "#9aa1ad"})


def test_light_and_dark_name_the_same_surfaces() -> None:
    assert tuple(tokens("light")[name] for name in ("paper", "sheet")) == look.LIGHT
    assert tuple(tokens("dark")[name] for name in ("paper", "sheet")) == look.DARK


def test_what_a_rule_sets_together_is_a_pair_that_was_measured() -> None:
    found = set()
    for path in sheets():
        for rule in rules(read(path)):
            over = named(rule.get("color", ""))
            under = named(rule.get("background", rule.get("background-color", "")))
            if over and under:
                found.add((over, under))
    assert found
    assert found - PAIRS == set()


def test_no_text_and_no_ground_is_of_a_token_that_was_not_measured() -> None:
    over, under, drawn = set(), set(), set()
    for path in sheets():
        for rule in rules(read(path)):
            over |= {named(rule.get("color", ""))}
            under |= {named(rule.get(name, "")) for name in ("background", "background-color")}
            drawn |= {named(rule.get(name, "")) for name in ("fill", "stroke", "accent-color")}
    assert over - {pair[0] for pair in PAIRS} - {""} == set()
    both = PAIRS | DRAWN
    assert under - {part for pair in both for part in pair} - DECORATION - {""} == set()
    assert drawn - {part for pair in both for part in pair} - DECORATION - {""} == set()


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in files()
        if path.startswith((SOURCE + "pages/static/", SOURCE + "channels/web/static/"))
        and path.endswith(".css")
    ],
)
def test_the_pages_take_their_colours_from_the_tokens(path: str) -> None:
    if path == TOKENS:
        return
    screen = re.sub(r"(?s)@media print \{.*?\n\}", "", read(path))
    own = [found for found in re.findall(r"#[0-9a-f]{3,8}\b", screen) if found != "#7a5300"]
    assert own == [], "name it in tokens.css; a wire on gold is the one exception"


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ff0000", "#ffffff") == pytest.approx(4.0, abs=0.005)


COLOURS: Final = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_a_colour_comes_back_from_oklch(colour: str) -> None:
    back = from_lch(*lch(colour))
    assert all(
        abs(int(colour[at : at + 2], 16) - int(back[at : at + 2], 16)) <= 1 for at in (1, 3, 5)
    )


@given(colour=COLOURS, darker=st.booleans())
def test_a_fitted_colour_can_be_read(colour: str, *, darker: bool) -> None:
    grounds = look.LIGHT if darker else look.DARK
    found = fitted(colour, grounds, TEXT, darker=darker)
    assert found is not None
    assert all(contrast(found, each) >= TEXT for each in grounds)


@given(COLOURS)
def test_every_accent_is_refused_or_can_be_read_everywhere(colour: str) -> None:
    refused = ""
    try:
        light, dark = look.tokens(colour, "")
    except look.BrandError as error:
        refused = error.sentence
        light, dark = look.tokens(refused.partition("such as ")[2][:7], "")
    assert not refused or refused.startswith(f"accent: {colour} ")
    assert unreadable(tokens("light") | light) == []
    assert unreadable(tokens("dark") | dark) == []


@given(COLOURS)
def test_every_second_colour_is_refused_or_seen(colour: str) -> None:
    try:
        light, dark = look.tokens("", colour)
    except look.BrandError as error:
        light, dark = look.tokens("", error.sentence.partition("such as ")[2][:7])
    for mode, grounds in ((light, look.LIGHT), (dark, look.DARK)):
        assert all(contrast(mode["gold"], ground) >= look.SEEN for ground in grounds)
