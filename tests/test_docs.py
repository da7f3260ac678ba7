"""The generated pages say what is true, and every state has an entrance, a way out or an end."""

import os
from pathlib import Path

import pytest

from tests import dialogue
from tests.reference import MACHINES, OWNERS, Step, errors_page, states_page
from tests.world import World

DOCS = Path(__file__).resolve().parent.parent / "docs"


def _compare(page: Path, text: str) -> None:
    if os.environ.get("WRITE_DOCS"):
        page.write_text(text)
    assert page.read_text() == text, f"{page.name} is out of date: run `make docs`"


@pytest.fixture
def steps(world: World) -> list[Step]:
    return [
        (str(machine), str(before), str(event), str(after))
        for machine, before, event, after in world.all(
            "select machine, from_state, event, to_state from database_transition"
            " order by machine, from_state, event"
        )
    ]


def test_the_page_of_states_is_the_table(steps: list[Step]) -> None:
    _compare(DOCS / "states.md", states_page(steps))


def test_the_page_of_errors_is_the_catalogue() -> None:
    _compare(DOCS / "errors.md", errors_page())


def test_the_page_of_the_hotline_is_its_dialogue() -> None:
    _compare(DOCS / "hotline.md", dialogue.page())


def test_every_state_is_reached_and_every_open_one_is_owned(steps: list[Step]) -> None:
    assert {step[0] for step in steps} == set(MACHINES)
    for machine in MACHINES:
        own = [step for step in steps if step[0] == machine]
        reached = {"", "in_stock"} if machine == "card" else {""}
        while grown := {after for _, before, _, after in own if before in reached} - reached:
            reached |= grown
        named = {state for _, before, _, after in own for state in (before, after)}
        assert named <= reached
        leaving = {before for _, before, _, _ in own if before}
        assert leaving == {state for known, state in OWNERS if known == machine}


def test_every_picture_is_taken_by_a_walk_shown_and_small() -> None:
    shown = "".join(page.read_text() for page in (*DOCS.rglob("*.md"), DOCS.parent / "README.md"))
    walks = "".join(walk.read_text() for walk in (DOCS.parent / "tests/browser").glob("*.py"))
    for picture in (DOCS / "pictures").iterdir():
        assert f"pictures/{picture.name}" in shown
        assert f'"{picture.stem}"' in walks or f'"{picture.name}"' in walks
        assert picture.stat().st_size < 60_000, picture.name
