"""Ids that are made in Python: drawn from the seed during a run, by the machine's chance after it.

Those that are made in SQL are drawn from a counter that ground.py makes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from everline import chance
from everline.simulation.chance import stream


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw the chance in ids that are made in Python from the seed meanwhile."""
    chance.draw_from(stream(seed, "ids").randbytes)
    try:
        yield
    finally:
        chance.draw_from(os.urandom)
