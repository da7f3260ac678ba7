"""Walking the dialogue: what a key, a number or silence leads to. Pure; it asks nobody.

The steps are flow.py's data. Acts are carried out, and sentences filled, by talk.py.
"""

from collections.abc import Container
from dataclasses import dataclass
from enum import Enum, auto

from everline.channels.hotline.flow import (
    GOODBYE,
    MISSES_MAX,
    OFFER,
    PERSON,
    PERSON_KEY,
    REPEAT_KEY,
    Step,
)


class Why(Enum):
    """Why a step is said again or left."""

    CHOSEN = auto()
    AGAIN = auto()
    SILENCE = auto()
    WRONG_KEY = auto()


@dataclass(frozen=True, slots=True)
class Move:
    """Where to go, with what was keyed, and how often this step has now been missed."""

    step: str
    keyed: str = ""
    why: Why = Why.CHOSEN
    misses: int = 0


def move(step: Step, keyed: str | None, holds: Container[str], items: int, misses: int) -> Move:
    """Tell where a step leads; None is silence. `holds` and `items` are of the step's scene."""
    assert step.asks, step.name
    if keyed == PERSON_KEY and step.name != "call_number":
        return Move(PERSON)
    if keyed and REPEAT_KEY in keyed:
        return Move(step.name, why=Why.AGAIN, misses=misses)
    if not keyed:
        return _missed(step, Why.SILENCE, misses)
    if step.entry:
        return Move(step.entry.leads, keyed.removesuffix("#"))
    for choice in step.choices:
        if keyed == choice.key and (not choice.needs or choice.needs in holds):
            return Move(choice.leads)
    if step.listing and keyed.isdigit() and 1 <= int(keyed) <= items:
        return Move(step.listing, keyed)
    return _missed(step, Why.WRONG_KEY, misses)


def _missed(step: Step, why: Why, misses: int) -> Move:
    """Say the step again, twice at most; then offer a call back, and after that say goodbye."""
    if misses < MISSES_MAX:
        return Move(step.name, why=why, misses=misses + 1)
    return Move(GOODBYE if step.name in {OFFER, "call_number"} else OFFER, why=why)
