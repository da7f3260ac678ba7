"""The data folder of the embedded server, made once: its password, its settings, its names.

PostgreSQL calls it a cluster: `<home>/postgres-18`, and beside it our password and lock files.
All is made under another name and appears complete, so that a killed start leaves nothing half
done. When the server lives and dies is in `server.py`; what the machine must offer, `preflight.py`.
"""

import hashlib
import hmac
import os
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from everline.database.preflight import (
    SPACE_TO_CREATE,
    SPACE_TO_START,
    Account,
    ServerError,
    account_for,
    binaries,
    can_enter,
    require_name,
    require_space,
)

MAJOR: Final = 18
NAME: Final = f"postgres-{MAJOR}"
ADMIN: Final = "everline_admin"
"""The superuser that `initdb` makes; only this module's callers log in as it."""

PORT: Final = 5432
"""Part of the socket's file name; nothing listens on the network."""

MAX_CONNECTIONS: Final = 100
CREATION_LIMIT: Final = 120.0
"""Seconds that `initdb` may take."""

ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that the server sees of our environment: neither secrets nor PG* variables."""

_MEGABYTE: Final = 1 << 20
_INCLUDES: Final = """\
# Everline's own settings are written anew at every start; yours go below this line and win.
include 'everline.conf'
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data folder, who runs it and how it is called."""

    home: Path
    account: Account
    password: str = field(repr=False)
    name: str
    """Unique for this folder: the socket folder and the processes carry it."""

    @property
    def data(self) -> Path:
        """The folder that belongs to PostgreSQL."""
        return self.home / NAME

    @property
    def sockets(self) -> Path:
        """The folder of the socket: short, as a socket's path ends at 107 bytes (103 on macOS)."""
        return Path("/tmp") / self.name  # noqa: S108 - private, checked by make_sockets


def find_cluster(home: Path) -> Cluster:
    """Return the cluster in `home`, running or not; raise `ServerError` if none was ever made."""
    try:
        account = account_for(home, home / NAME)
        password = read_own(home, f"{NAME}.password")
        mark = (home / f"{NAME}.running").stat().st_ino
    except FileNotFoundError:
        raise ServerError(
            f"There is no database in {home} yet: run everline demo or everline migrate first."
        ) from None
    return _named(home, account, password, mark)


def prepare_cluster(home: Path) -> Cluster:
    """Return the cluster in `home`, checked, with a password; its data may still be missing.

    Call it under the lock of the start. Raises `ServerError` for the data of another major.
    """
    account = account_for(home, home / NAME)
    _require_major(home)
    try:
        password = read_own(home, f"{NAME}.password")
    except FileNotFoundError:
        if _filled(home / NAME):
            raise ServerError(
                f"{home / NAME}.password is missing, and without it nobody can log in: restore it"
                f" from a copy, or move {home / NAME} away to begin anew."
            ) from None
        password = secrets.token_urlsafe(32)
        _write_own(home, f"{NAME}.password", password)
    descriptor = open_own(home, f"{NAME}.running")
    mark = os.fstat(descriptor).st_ino
    os.close(descriptor)
    cluster = _named(home, account, password, mark)
    require_space(home, SPACE_TO_START if _filled(cluster.data) else SPACE_TO_CREATE)
    return cluster


def make_home(home: Path) -> None:
    """Make the folder if it is missing: private, but for root, where the server must pass it."""
    if home.is_dir():
        return
    try:
        home.mkdir(parents=True)
    except FileExistsError:
        if home.is_dir():
            return  # Another process made it this very moment.
        raise
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)


def is_made(cluster: Cluster) -> bool:
    """Tell whether the data folder is there."""
    return _filled(cluster.data)


def make_cluster(cluster: Cluster, running: int, *, durable: bool) -> None:
    """Run `initdb` beside the final place, then move the result there.

    `running` is the descriptor of the lock, which initdb holds too, should we be killed.
    """
    require_name(cluster.account)
    program = binaries(cluster.account) / "initdb"
    building = cluster.home / f"{NAME}.new"
    if building.exists():
        shutil.rmtree(building)
    building.mkdir(mode=0o700)
    folder = os.open(building, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    reading, writing = os.pipe()
    try:
        cluster.account.own(folder)
        cluster.account.own(reading)
        os.write(writing, cluster.password.encode())
        os.close(writing)
        with named_for(cluster, building) as (path, passed):
            done = subprocess.run(  # noqa: S603 - our own arguments
                [
                    *(program, "-D", path, "-U", ADMIN, "--pwfile=/dev/stdin"),
                    *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256"),
                    *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *("--locale=C", "--no-instructions", *([] if durable else ["--no-sync"])),
                ],
                stdin=reading,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=CREATION_LIMIT,
                check=False,
                cwd="/",
                env=ENVIRONMENT,
                pass_fds=(running, *passed),
                start_new_session=True,
                **cluster.account.switch,
            )
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if "rror:" in line] or ["?"]
            raise ServerError(f"The database in {cluster.home} cannot be made: {lines[-1]}")
        _write_into(cluster, folder, "postgresql.conf", _INCLUDES)
    except subprocess.TimeoutExpired:
        raise ServerError(
            f"Making the database in {cluster.home} took longer than {CREATION_LIMIT:.0f} s:"
            " look at the disk, then try again."
        ) from None
    finally:
        os.close(reading)
        os.close(folder)
    building.rename(cluster.data)
    _sync_folder(cluster.home)


def write_settings(cluster: Cluster, *, durable: bool) -> None:
    """Write our settings for the next start."""
    folder = os.open(cluster.data, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _write_into(cluster, folder, "everline.conf", _settings(cluster, durable=durable))
    finally:
        os.close(folder)


def make_sockets(cluster: Cluster) -> None:
    """Make the private folder of the socket, empty; refuse one that somebody else made there."""
    folder = cluster.sockets
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        state = os.fstat(descriptor)
        ours = {os.geteuid(), cluster.account.uid}
        if state.st_uid not in ours or stat.S_IMODE(state.st_mode) & 0o077:
            raise ServerError(f"{folder} was made by somebody else: remove it, then try again.")
        cluster.account.own(descriptor)
    finally:
        os.close(descriptor)
    for leftover in folder.glob(".s.PGSQL.*"):
        leftover.unlink()


@contextmanager
def named_for(cluster: Cluster, folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield a path under which the account reaches `folder`, and the descriptors it needs for it.

    Under a parent that the account may not enter (a checkout in /root) it is the name of an open
    descriptor, which the kernel follows without passing the parents; their modes stay as they are.
    """
    if can_enter(cluster.account, folder):
        yield str(folder), ()
        return
    if not Path("/proc/self/fd").is_dir():
        raise ServerError(
            f"The user that runs PostgreSQL cannot enter {cluster.home}: set EVERLINE_HOME to a"
            " folder that everyone may enter, or run Everline as an ordinary user."
        )
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


def open_own(home: Path, name: str) -> int:
    """Open a file of ours in `home`, made if missing, private, owned by the home's owner."""
    path = home / name
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        owner = home.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def read_own(home: Path, name: str) -> str:
    """Read a short text file of ours in `home`."""
    descriptor = os.open(home / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor) as file:
        return file.read(4096).strip()


def _write_own(home: Path, name: str, text: str) -> None:
    """Write a file of ours so that after a crash it is complete or missing."""
    new = f"{name}.new"
    (home / new).unlink(missing_ok=True)
    with os.fdopen(open_own(home, new), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    (home / new).rename(home / name)
    _sync_folder(home)


def _write_into(cluster: Cluster, folder: int, name: str, text: str) -> None:
    """Replace a file inside the data folder, which is another user's when we are root.

    Everything goes by the open folder and no link is followed: what that user may have put there
    never makes us write elsewhere.
    """
    new = f"{name}.everline"
    with suppress(FileNotFoundError):
        os.unlink(new, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(new, flags, 0o600, dir_fd=folder)
    with os.fdopen(descriptor, "w") as file:
        cluster.account.own(file.fileno())
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)


def _settings(cluster: Cluster, *, durable: bool) -> str:
    """Word our settings: two cores, a small machine, nothing personal in the log."""
    memory = _memory_megabytes()
    free = os.statvfs(cluster.home)
    room = free.f_bavail * free.f_frsize // _MEGABYTE
    chosen: dict[str, object] = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": cluster.sockets,
        "max_connections": MAX_CONNECTIONS if durable else 3 * MAX_CONNECTIONS,
        # The pages that renewals find by chance: a million cards have some gigabytes of them.
        "shared_buffers": f"{min(max(memory // 4, 64), 4096)}MB",
        "effective_cache_size": f"{max(memory // 2, 128)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 32), 256)}MB",
        "max_wal_size": f"{min(max(room // 10, 256), 4096)}MB",
        "checkpoint_timeout": "10min",
        "random_page_cost": "1.1",
        # A query never takes both cores, and the small /dev/shm of a container is enough.
        "max_parallel_workers_per_gather": "0",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "password_encryption": "scram-sha-256",
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgres-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        # Texts of errors quote what people typed, so the log tells of the server alone; the
        # program that asked gets the error in full.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length_on_error": "0",
    }
    if not durable:
        chosen |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            # Copying and removing a database looks through all of them, and tests do so often.
            "shared_buffers": "128MB",
            "max_wal_size": "128MB",
        }
    lines = (f"{name} = '{value}'\n" for name, value in chosen.items())
    return "# Written by Everline at every start.\n" + "".join(lines)


def _named(home: Path, account: Account, password: str, mark: int) -> Cluster:
    """Name the cluster after its secret and a file's number.

    So a home that is moved keeps its name, and neither a copy of it nor a new one made in its
    place can meet the old server.
    """
    digest = hmac.new(password.encode(), f"cluster:{mark}".encode(), hashlib.sha256).hexdigest()
    return Cluster(home, account, password, f"everline-{digest[:16]}")


def _require_major(home: Path) -> None:
    """Refuse the data of another PostgreSQL major, which needs a dump and a load."""
    way_out = (
        f"and this Everline runs {MAJOR}: dump the data with the Everline that wrote it and load"
        " it here, or set EVERLINE_HOME to another folder."
    )
    version = home / NAME / "PG_VERSION"
    if _filled(home / NAME):
        found = version.read_text().strip() if version.is_file() else "an unknown version"
        if found != str(MAJOR):
            raise ServerError(f"{home / NAME} holds data of PostgreSQL {found}, {way_out}")
        return
    majors = (path.name.removeprefix("postgres-") for path in home.glob("postgres-*/"))
    others = sorted(major for major in majors if major.isdigit() and major != str(MAJOR))
    if others:
        raise ServerError(f"{home} holds data of PostgreSQL {others[-1]}, {way_out}")


def _memory_megabytes() -> int:
    """Return the memory we may use: the machine's, or less where a container says so."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return memory
    return min(memory, int(limit) // _MEGABYTE) if limit.isdigit() else memory


def _filled(folder: Path) -> bool:
    """Tell whether the folder is there with something in it."""
    return folder.is_dir() and any(folder.iterdir())


def _sync_folder(folder: Path) -> None:
    """Make a rename inside the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
