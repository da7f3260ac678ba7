"""Cash over the counter: what goes back, and the notes that people usually give. Integers alone.

Amounts are minor units. Which notes there are is a fact of each currency and no policy.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

NOTES: Final = MappingProxyType(
    {
        "CNY": (1_00, 5_00, 10_00, 20_00, 50_00, 100_00),
        "EUR": (5_00, 10_00, 20_00, 50_00, 100_00),
        "IDR": (1_000_00, 2_000_00, 5_000_00, 10_000_00, 20_000_00, 50_000_00, 100_000_00),
        "SGD": (2_00, 5_00, 10_00, 50_00, 100_00),
    }
)
"""Notes in use, the smallest first."""

SUGGESTED_MAX: Final = 3
NOTES_MAX: Final = 3
"""More notes of one kind nobody counts out, but those of the largest."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is given and what goes back."""

    tendered: int
    change: int


def given(total: int, tendered: int) -> Given | None:
    """Tell the change; None when what is given is not enough."""
    return Given(tendered, tendered - total) if tendered >= total else None


def suggestions(total: int, currency: str) -> list[Given]:
    """List what people give for a total: rounded up to each kind of note, the least first.

    A sum of one kind of note is listed once, and the exact total is not: that has its own button.
    """
    notes = NOTES.get(currency, ())
    rounded = set()
    for note in notes if total > 0 else ():
        count = -(-total // note)
        if count <= NOTES_MAX or note == notes[-1]:
            rounded.add(count * note)
    tendered = sorted(rounded - {total})[:SUGGESTED_MAX]
    return [Given(each, each - total) for each in tendered]
