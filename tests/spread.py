"""How tests are spread over the workers of pytest-xdist: one by one, but the walks together.

All walks go on one demo in one browser, which take long to start; so one worker takes them, first
of all. The others begin with what is long, so that nobody waits for it at the end. pytest-xdist's
own groups do not hold with this pytest: it names a test's group in a field that pytest reads no
more.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

WALKS = "tests/browser/"
LONG = ("tests/test_demo.py", "tests/test_kills.py", "tests/channels/test_doors_killed.py")


class Spreading(LoadScopeScheduling):  # type: ignore[misc]  # It is shipped without types.
    """Gives each test to the next worker that is free, and the walks to one."""

    def _split_scope(self, nodeid: str) -> str:
        return WALKS if nodeid.startswith(WALKS) else nodeid

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Forget what is done: all that a worker ever had would be counted after each test."""
        super().mark_test_complete(node, item_index, duration)
        assigned = self.assigned_work[node]
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(assigned[scope].values()):
            del assigned[scope]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spreading:
    """Spread the tests so."""
    return Spreading(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the walks and what is long to the front; all else stays in its random order."""
    items.sort(key=lambda item: _turn(item.nodeid))


def _turn(nodeid: str) -> int:
    return 0 if nodeid.startswith(WALKS) else 1 if nodeid.startswith(LONG) else 2
