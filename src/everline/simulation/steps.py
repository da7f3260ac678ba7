"""Steps of ours that can be abandoned: a pool of one connection that a kill may cut off.

A step is what one caller does from verb to verb: a page, a job, a sweep. A kill between two verbs
is an exception that nothing of ours catches, raised before a verb was sent or after it was done and
before its caller heard of it. Everything of the run passes over one connection, so that what the
server draws by chance is drawn in one order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from everline.database.pool import prepare
from everline.simulation.faults import Faults

FOREVER_SECONDS = 1e9
VERBS_MAX = 5
"""A kill comes after so many verbs of its step at most."""


class KilledError(BaseException):
    """A step of ours was abandoned, as when its process is killed; nobody may catch it."""


class Steps(ConnectionPool):
    """One connection, lent for one verb after the other, and lost when a kill comes."""

    def __init__(self, address: str, seed: int, faults: Faults) -> None:
        self._faults = faults
        self._left: int | None = None
        self._is_after = False

        def configure(connection: psycopg.Connection) -> None:
            prepare(connection)
            connection.execute("select setseed(%s)", [seed % 1000 / 1000])

        super().__init__(
            address,
            min_size=1,
            max_size=1,
            max_lifetime=FOREVER_SECONDS,
            max_idle=FOREVER_SECONDS,
            configure=configure,
            open=True,
            name="simulation",
        )

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[psycopg.Connection[Any]]:
        """Lend the connection; a kill may come before it is lent, or after it was used."""
        comes = self._comes()
        if comes and not self._is_after:
            raise KilledError
        with super().connection(timeout) as lent:
            yield lent
        if comes:
            raise KilledError

    @contextmanager
    def step(self, card: int) -> Iterator[None]:
        """Do a step that may be abandoned, by the luck of this card; the kill goes to the caller.

        The process that died is gone with the step: what comes after it runs in another.
        """
        if self._faults.draw("ours", card) == "killed":
            self._left = self._faults.number("ours", card, 1, VERBS_MAX)
            self._is_after = bool(self._faults.number("ours", card, 0, 1))
        try:
            yield
        finally:
            self._left = None

    def _comes(self) -> bool:
        if self._left is None:
            return False
        self._left -= 1
        return self._left == 0
