"""What a guide is made of: steps, each with a few sentences and a picture in each language.

Sentences are English here and are translated where they are shown. Pictures are taken from the
real pages by tests/browser/test_guides.py and all have one size, so that no page jumps.
"""

from dataclasses import dataclass
from typing import Final

WIDTH: Final = 360
HEIGHT: Final = 600
"""The size of every picture, in pixels."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is called, what to do, and what one sees then."""

    name: str
    """By which the picture and the place on the page are found."""

    title: str
    texts: tuple[str, ...]
    alt: str
    """What the picture shows, for whoever does not see it."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide. `drawing` is the path of a sign of 40 by 40."""

    name: str
    title: str
    hint: str
    drawing: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    leads: tuple[tuple[str, str], ...] = ()
    """Where it is done: names of addresses, and the words of their links."""

    def picture(self, step: Step, language: str) -> str:
        """Tell the static file of a step's picture in a language."""
        return f"guides/{self.name}/{step.name}.{language}.webp"
