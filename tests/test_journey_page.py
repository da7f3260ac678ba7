"""The pages below docs name functions and link to their files: each is still where they say.

Whether a file is there is checked for all links in tests/tidy/docs.py. What the steps of
docs/journey.md leave behind when they are killed is played in tests/test_kills.py.
"""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"

NAMED = re.compile(r"\[`(?P<name>\w+)`\]\((?P<target>[^)#]+\.(?:py|sql))\)")
"""A link from the name of a function, verb or class to the file that defines it."""


def named(text: str) -> list[tuple[str, str]]:
    """List the functions that a page names, with the files that it says they are in."""
    return [(found["name"], found["target"]) for found in NAMED.finditer(text)]


def defines(text: str, name: str) -> bool:
    """Tell whether a file of Python or SQL defines this name."""
    made = rf"(?m)^\s*(?:def|class|create .*(?:function|type)) {name}\b"
    return re.search(made, text) is not None


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_what_a_page_names_is_where_it_says(page: str) -> None:
    lost = [
        f"{name} is not in {target}"
        for name, target in named((DOCS / page).read_text())
        if not defines((DOCS / target).read_text(), name)
    ]
    assert not lost, "\n".join(lost)


def test_the_journey_names_its_steps() -> None:
    told = {name for name, _ in named((DOCS / "journey.md").read_text())}
    assert told >= {"renew", "take", "place", "pay", "receive", "settle_attempt", "deliver", "send"}


def test_a_name_that_moved_is_seen() -> None:
    assert named("see [`pay`](../a.py) and [pay](../b.py)") == [("pay", "../a.py")]
    assert defines("create or replace function pay(x uuid)", "pay")
    assert not defines("def pay_again() -> None:", "pay")
