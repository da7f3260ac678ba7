"""The chance that is in ids: of the operating system, and of a simulation's seed while one runs.

Whoever needs a secret uses the module `secrets`; this may be repeated. Its only users are ids.py,
the loading of many cards, and simulation/seeding.py.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

Source = Callable[[int], bytes]


@dataclass(slots=True)
class _Chance:
    source: Source = os.urandom


_chance = _Chance()  # the one of this process


def draw(length: int) -> bytes:
    """Give this many random bytes."""
    return _chance.source(length)


def draw_from(source: Source) -> None:
    """Draw from `source` from now on: a simulation's runs are the same from the same seed.

    For a simulation alone, as everybody else's ids must not be guessed.
    """
    _chance.source = source
