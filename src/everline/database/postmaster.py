"""The processes of the embedded server: who holds the data folder, asking them, ending them.

That the server lives is known by asking it, and by a lock that it and all its children hold; never
by a number in a file. Nothing here starts it: that is `server.py`. The folder is in `cluster.py`.
"""

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import Ping

from everline.database.cluster import ADMIN, NAME, PORT, Cluster, open_own
from everline.database.preflight import ServerError

RUNNING: Final = f"{NAME}.running"
"""The lock of the server and of all its children."""

STARTING: Final = f"{NAME}.starting"
"""The lock of the one who starts or stops it."""

USERS: Final = f"{NAME}.users"
"""The shared lock of those who use it."""

PAUSE: Final = 0.02
"""Seconds between two looks."""

_FORCE_LIMIT: Final = 10.0


class Stage(StrEnum):
    """What a person waits for."""

    CREATING = "creating"
    STARTING = "starting"
    STOPPING = "stopping"
    WAITING = "waiting"
    """Another process is just starting or stopping the server."""


Progress = Callable[[Stage, float], None]
"""Told the stage and the seconds it has lasted: at its begin, then once a second."""


class Watch:
    """Tells the person who waits, at most once a second."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._stage: Stage | None = None
        self._begun = self._told = 0.0

    def tell(self, stage: Stage) -> None:
        """Report that we are in this stage."""
        now = time.monotonic()
        if stage is not self._stage:
            self._stage, self._begun = stage, now
        elif now < self._told + 1.0:
            return
        self._told = now
        if self._progress is not None:
            self._progress(stage, now - self._begun)


@contextmanager
def turn(home: Path, watch: Watch, limit: float) -> Iterator[None]:
    """Hold the lock under which servers are started and stopped, waiting `limit` seconds for it."""
    deadline = time.monotonic() + limit
    while True:
        descriptor = open_own(home, STARTING)
        try:
            while not locked(descriptor):
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"Another process has been starting or stopping the database in {home} for"
                        f" {limit:.0f} s: end it, then try again."
                    )
                watch.tell(Stage.WAITING)
                time.sleep(PAUSE)
            # The home may have been removed and made anew while we waited.
            if os.path.sameopenfile(descriptor, (again := open_own(home, STARTING))):
                os.close(again)
                yield
                return
            os.close(again)
        finally:
            os.close(descriptor)


def is_held(home: Path, name: str) -> bool:
    """Tell whether any process holds this lock, shared or alone."""
    descriptor = open_own(home, name)
    try:
        return not locked(descriptor)
    finally:
        os.close(descriptor)


def locked(descriptor: int) -> bool:
    """Try to take the lock of an open file alone."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def address_of(cluster: Cluster, database: str = "postgres") -> str:
    """Word the superuser's connection string."""
    return make_conninfo(
        host=str(cluster.sockets),
        port=PORT,
        user=ADMIN,
        password=cluster.password,
        dbname=database,
        connect_timeout=10,
    )


def ping(address: str) -> Ping:
    """Ask a server whether it takes logins, without logging in."""
    return Ping(psycopg.pq.PGconn.ping(address.encode()))


def end(cluster: Cluster, limit: float, watch: Watch) -> bool:
    """End the server and its remnants, by more and more force; return False if there were none."""
    if not is_held(cluster.home, RUNNING):
        return False
    steps = ((signal.SIGINT, limit), (signal.SIGQUIT, _FORCE_LIMIT), (signal.SIGKILL, _FORCE_LIMIT))
    for step, patience in steps:
        server = postmaster(cluster)
        if server is not None and step is not signal.SIGKILL:
            _send(server, step)
        else:
            # SIGINT would only cancel the query of a server process that has lost its server.
            for remnant in _processes(cluster):
                _send(remnant, signal.SIGTERM if step is signal.SIGINT else step)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_held(cluster.home, RUNNING):
                with suppress(OSError):
                    cluster.sockets.rmdir()
                return True
            watch.tell(Stage.STOPPING)
            time.sleep(PAUSE)
    raise ServerError(
        f"What uses {cluster.data} cannot be ended from here (another container?): end it there."
    )


def postmaster(cluster: Cluster) -> int | None:
    """Return the server's process number; None where it is not surely alive."""
    try:
        pid = int((cluster.data / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    if Path("/proc/self/cmdline").exists():
        return pid if pid in _processes(cluster) else None
    return pid if ping(address_of(cluster)) is not Ping.NO_RESPONSE else None


def _processes(cluster: Cluster) -> set[int]:
    """Return the processes that carry the cluster's name; none where there is no /proc."""
    argument = f"cluster_name={cluster.name}".encode()
    title = f"postgres: {cluster.name}: ".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            is_named = argument in words.split(b"\0") or words.startswith(title)
            if is_named and folder.stat().st_uid == cluster.account.uid:
                found.add(int(folder.name))
        except OSError:
            continue  # It ended while we looked.
    return found


def _send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may just have ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
