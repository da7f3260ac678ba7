"""What the embedded server refuses to start on, and whom it starts for, tried as that user.

What happens to a server that runs is in test_server.py.
"""

import os
import platform
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from everline.database import cluster as clusters, preflight
from everline.database.preflight import Account, ServerError
from everline.database.server import running
from tests.homes import IS_ROOT, as_nobody, ask, clear, refusal

as_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A home that does not exist yet."""
    return tmp_path / "everline"


@pytest.mark.parametrize("folder", ["postgres-17", "postgres-18"])
def test_data_of_another_major(fresh: Path, folder: str) -> None:
    (fresh / folder).mkdir(parents=True)
    (fresh / folder / "PG_VERSION").write_text("17\n")
    if IS_ROOT:
        shutil.chown(fresh / folder, "nobody")
    assert "holds data of PostgreSQL 17, and this Everline runs 18" in refusal(fresh)


def test_a_home_that_is_a_file(fresh: Path) -> None:
    fresh.write_text("")
    assert "is not a folder: set EVERLINE_HOME" in refusal(fresh)
    fresh.unlink()


def test_many_make_one_home_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as together:
        for number in range(50):
            home = tmp_path / str(number) / "everline"
            ready = threading.Barrier(8)

            def make(home: Path = home, ready: threading.Barrier = ready) -> None:
                ready.wait()
                clusters.make_home(home)

            for made in [together.submit(make) for _ in range(8)]:
                made.result()


def test_too_little_space(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "SPACE_TO_CREATE", 10**18)
    assert "needs 1000000000000 MB: free some space, or set EVERLINE_HOME" in refusal(fresh)


@pytest.mark.parametrize("libc", [("", ""), ("glibc", "2.27"), ("glibc", "")])
def test_a_platform_without_binaries(
    fresh: Path, libc: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: libc)
    monkeypatch.setattr(sys, "platform", "linux")
    assert "set DATABASE_URL" in refusal(fresh)
    assert not fresh.exists()


@as_root
def test_an_ordinary_user_lives_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    program = preflight.binaries(Account(os.geteuid(), os.getegid(), switched=False)) / "postgres"
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o755)
    home = place / "mine"
    home.mkdir()
    shutil.chown(home, "nobody")

    def live() -> str:
        if not os.access(program, os.X_OK):
            return "unreachable"
        with running(home, durable=False):
            return str(ask(home, "select 'fine'"))

    try:
        answer = as_nobody(live)
        if answer == "unreachable":
            pytest.skip("this checkout is root's alone")
        assert answer == "fine"
        # Root finds it, runs it as its owner, and leaves nothing behind that locks him out.
        with running(home, durable=False):
            assert ask(home, "select 1") == 1
        assert as_nobody(live) == "fine"
        assert {path.owner() for path in home.iterdir()} == {"nobody"}
    finally:
        clear(home)
        shutil.rmtree(place)


@as_root
def test_folders_that_an_ordinary_user_may_not_write() -> None:
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o755)
    try:
        missing = as_nobody(lambda: refusal(place / "home"))
        assert missing.startswith(f"Everline cannot write in {place}/home as nobody: make")
        (place / "roots").mkdir()
        roots = as_nobody(lambda: refusal(place / "roots"))
        assert roots.startswith(f"Everline cannot write in {place}/roots/postgres-18.starting")
        (place / "others" / "postgres-18").mkdir(parents=True)
        shutil.chown(place / "others", "nobody")
        others = as_nobody(lambda: refusal(place / "others"))
        assert "belongs to root: run Everline as that user" in others
    finally:
        shutil.rmtree(place)


@as_root
def test_binaries_that_only_root_can_reach_are_copied_once(tmp_path: Path) -> None:
    nobody = Account(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid, switched=True)
    mine = Account(0, 0, switched=False)
    package = preflight.binaries(mine).parent.parent
    closed = tmp_path / "site-packages"
    closed.mkdir(mode=0o700)
    ignored = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(package, closed / package.name, ignore=ignored)
    shutil.copytree(f"{package}.libs", closed / f"{package.name}.libs")
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o755)
    umask = os.umask(0o077)
    try:
        folder = preflight.binaries(nobody, package=closed / package.name, store=place / "store")
        assert folder.is_relative_to(place / "store")
        made = folder.stat().st_ino
        for program in ("postgres", "initdb"):
            done = subprocess.run(
                [folder / program, "--version"],
                cwd="/",
                capture_output=True,
                text=True,
                check=True,
                **nobody.switch,
            )
            assert " 18." in done.stdout
        folder = preflight.binaries(nobody, package=closed / package.name, store=place / "store")
        assert folder.stat().st_ino == made
        place.chmod(0o777)
        (place / "open").mkdir()
        (place / "open").chmod(0o777)
        with pytest.raises(ServerError, match="move Everline to a folder that everyone may enter"):
            preflight.binaries(nobody, package=closed / package.name, store=place / "open")
    finally:
        os.umask(umask)
        shutil.rmtree(place)
        shutil.rmtree(closed)
