"""The chance that is in ids: of the operating system, and of a simulation's seed while one runs.

Whoever needs a secret uses the module `secrets`; this may be repeated. Its only users are ids.py,
the loading of many cards, and simulation/seeding.py.
"""

import os
from collections.abc import Callable

_source: Callable[[int], bytes] = os.urandom


def draw(length: int) -> bytes:
    """Give this many random bytes."""
    return _source(length)


def draw_from(source: Callable[[int], bytes]) -> None:
    """Draw from `source` from now on: a simulation's runs are the same from the same seed.

    For a simulation alone, as everybody else's ids must not be guessed.
    """
    global _source  # noqa: PLW0603 one source a process, set by a simulation
    _source = source
