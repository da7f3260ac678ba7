"""Watching the server while something runs: what its sessions wait for, their memory and work.

It looks twenty times a second, so what is shorter is seen by chance, in proportion to its length.
The memory is what a session has for itself, not the buffers that all share; the work is the time of
a processor, which other programs on the machine lengthen less than they lengthen a clock's. Linux
tells both.
"""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psycopg

from benchmarks.ground import Ground

LOOK_SECONDS: Final = 0.05


class Watch:
    """Looks at the sessions of one login until the block is left."""

    def __init__(self, ground: Ground, login: str) -> None:
        self._ground, self._login = ground, login
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._looks = 0
        self._waits: dict[str, int] = {}
        self._bytes_most = 0
        self._spent: dict[int, float] = {}

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop looking."""
        self._stopped.set()
        self._thread.join()

    @property
    def processor_seconds(self) -> float:
        """Give the time of a processor that all sessions have spent, up to the last look."""
        return sum(self._spent.values())

    def told(self) -> dict[str, Any]:
        """Tell the most memory of one session, and in which part of the time each was waited for.

        Of `Lock`, waits for another session's row or transaction, even none is told.
        """
        looks = max(self._looks, 1)
        waits = {"Lock": 0, **self._waits}
        return {
            "session_megabytes_most": round(self._bytes_most / 1e6, 1),
            "waits_percent": {
                kind: round(100 * seen / looks, 1) for kind, seen in sorted(waits.items())
            },
        }

    def _run(self) -> None:
        with psycopg.connect(self._ground.logins.admin, autocommit=True) as admin:
            while not self._stopped.wait(LOOK_SECONDS):
                rows = admin.execute(
                    "select a.pid, a.wait_event_type from pg_stat_activity a"
                    " where a.usename = %s and a.state = 'active'",
                    [self._login],
                ).fetchall()
                for pid, kind in rows:
                    self._looks += 1
                    if kind:
                        self._waits[kind] = self._waits.get(kind, 0) + 1
                    self._bytes_most = max(self._bytes_most, _own_bytes(pid))
                    self._spent[pid] = max(self._spent.get(pid, 0.0), _spent_seconds(pid))


def _own_bytes(pid: int) -> int:
    """Read how much memory a process has for itself; 0 where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in text.splitlines() if line.startswith("RssAnon:")]
    return 1024 * int(found[0]) if found else 0


def _spent_seconds(pid: int) -> float:
    """Read how long a processor has worked for a process; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0
