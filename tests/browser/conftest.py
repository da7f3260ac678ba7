"""Fixtures of the walks: one demo and one Chromium for all of them, windows of its own for each.

One worker of pytest-xdist runs all walks, on one demo: tests/spread.py.
"""

from collections.abc import Iterator

import pytest

from tests.browser.serving import serving
from tests.browser.stage import Stage, standing
from tests.browser.windows import Driver, Windows, awake, driving
from tests.reader import on_the_pages
from tests.world import World

SECONDS = 300
"""The first walk waits until the demo is up."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test of this folder alike."""
    item.add_marker(pytest.mark.browser)
    item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """Hold one Playwright and one Chromium for this process."""
    with driving(tmp_path_factory.mktemp("chromium")) as held:
        yield held


@pytest.fixture(scope="session")
def stage(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Hold one demo for this process, on which all walks go."""
    with standing(tmp_path_factory.mktemp("stage")) as held:
        yield held


@pytest.fixture
def windows(driver: Driver) -> Iterator[Windows]:
    """Open browser windows, and hold at the end that nothing went wrong in them."""
    with awake(driver) as browser:
        opened = Windows(browser)
        yield opened
        opened.close()


@pytest.fixture
def served(town: World) -> Iterator[str]:
    """Serve the pages of this process, of a world of its own."""
    with on_the_pages(town), serving() as address:
        yield address
