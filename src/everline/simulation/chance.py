"""Chance from the seed: streams of random numbers that have names, and none of the machine's own.

Each card, person and kind of fault has a stream of its own. So a card meets the same luck when it
is simulated alone, which is how the history of a failure is made short. Next: faults.py.
"""

import random

Stream = random.Random


def stream(seed: int, *names: object) -> Stream:
    """Give the stream of these names; the same seed and names always give the same numbers.

    A text seeds by its SHA-512, so neither the order of a hash nor the process matters.
    """
    text = ":".join(map(str, (seed, *names)))
    return random.Random(text)  # noqa: S311  To repeat a run; nothing here is a secret.
