"""The page about automatic renewal says what the ladder's own function says."""

import hashlib
import os
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tests.town import as_owner
from tests.world import World

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "auto-renewal.md"
BEGIN, END = "<!-- ladder -->\n", "<!-- end -->\n"
ZONE: Final = "Asia/Jakarta"
ENDS: Final = datetime(2026, 12, 24, tzinfo=ZoneInfo(ZONE))
"""Midnight after Wednesday, as most calendar plans end."""

LENGTHS: Final = (1, 3, 7, 30, 90)


def card_with(digest: str) -> uuid.UUID:
    """Find a card whose place in a window is the first or the last one."""
    number = 0
    while True:
        found = uuid.UUID(int=number)
        if hashlib.md5(str(found).encode(), usedforsecurity=False).hexdigest()[:4] == digest:
            return found
        number += 1


def rungs(world: World, days: int, card: uuid.UUID, on_renewal: str = "queue") -> list[datetime]:
    found = as_owner(
        world,
        "select ladder(%s, %s, %s::text, %s::text, %s)",
        ENDS - timedelta(days=days),
        ENDS,
        on_renewal,
        ZONE,
        card,
    )()
    assert isinstance(found, list)
    return [each.astimezone(ZoneInfo(ZONE)) for each in found]


def table(world: World) -> str:
    """Write the table: for each length from when until when each try lies, by the card."""
    first, last = card_with("0000"), card_with("ffff")
    lines = ["| plan | 1st try | 2nd | 3rd | 4th | last |", "|---|---|---|---|---|---|"]
    for days in LENGTHS:
        pairs = zip(rungs(world, days, first), rungs(world, days, last), strict=True)
        cells = [" – ".join(sorted({f"{a:%a %H:%M}", f"{b:%a %H:%M}"})) for a, b in pairs]
        name = "1 day" if days == 1 else f"{days} days"
        lines.append(f"| {name} | {' | '.join(cells)} |")
    (end,) = rungs(world, 7, first, "replace")
    lines.append(f"| any that stacks or replaces | {end:%a %H:%M} | | | | |")
    return "\n".join(lines) + "\n"


def test_the_ladder_of_each_plan_is_the_functions(world: World) -> None:
    text = PAGE.read_text()
    before, _begin, rest = text.partition(BEGIN)
    _table, _end, after = rest.partition(END)
    made = f"{before}{BEGIN}\n{table(world)}\n{END}{after}"
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "auto-renewal.md is out of date: run `make docs`"


def test_windows_go_from_the_first_card_to_the_last(world: World) -> None:
    for days in LENGTHS:
        early, late = rungs(world, days, card_with("0000")), rungs(world, days, card_with("ffff"))
        assert len(early) == len(late) == 5
        assert early[-1] == late[-1] == ENDS
        for card in map(uuid.UUID, ("1" * 32, "9" * 32)):
            for low, own, high in zip(early, rungs(world, days, card), late, strict=True):
                assert min(low, high) <= own <= max(low, high)
