"""The embedded server, for real: its starts, its ends, and what is done to it between.

Each test has a home of its own and throws it away. As root they run under folders that the
server's user may not enter. What is refused beforehand is in test_preflight.py.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from everline.database import cluster as clusters, postmaster, preflight, server
from everline.database.preflight import ServerError
from everline.database.server import Stage, admin_address, ensure_running, running
from tests.homes import ask, clear, is_up, refusal


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("pristine") / "everline"
    with running(home, durable=False):
        pass
    yield home
    clear(home)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A home that does not exist yet."""
    home = tmp_path / "everline"
    yield home
    clear(home)


@pytest.fixture
def home(pristine: Path, fresh: Path) -> Path:
    """A home with a database, stopped: the copy of another, which is quicker than making one."""
    subprocess.run(["cp", "-a", pristine, fresh], check=True, timeout=30)
    return fresh


def server_process(home: Path) -> int:
    found = postmaster.postmaster(clusters.find_cluster(home))
    assert found is not None
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_starts_is_found_and_stops(fresh: Path) -> None:
    stages: list[Stage] = []
    with running(fresh, durable=False, progress=lambda stage, _: stages.append(stage)) as first:
        assert first.started
        assert ask(fresh, "show listen_addresses") == ""
        assert ask(fresh, "select current_setting('server_version_num')::int / 10000") == 18
        assert (
            ask(fresh, "select datlocale from pg_database where datname = 'postgres'") == "C.UTF-8"
        )
        with running(fresh, durable=False) as second:
            assert not second.started
        assert is_up(fresh)
        # Ctrl-C at a terminal reaches us and must not reach the server.
        assert os.getsid(server_process(fresh)) != os.getsid(0)
    assert not is_up(fresh)
    assert stages[:2] == [Stage.CREATING, Stage.STARTING]
    assert not clusters.find_cluster(fresh).sockets.exists()


def test_it_is_durable_unless_told_otherwise(home: Path) -> None:
    with running(home):
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert ask(home, f"show {setting}") == "on"
        assert ask(home, "show max_connections") == "100"
    with running(home, durable=False), pytest.raises(ServerError, match="without durability"):
        ensure_running(home)


def test_only_its_password_opens_it(home: Path) -> None:
    with running(home, durable=False):
        address = admin_address(home)
        folder = clusters.find_cluster(home).sockets
        assert folder.stat().st_mode & 0o777 == 0o700
        for path in home.glob("postgres-18.*"):
            assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(address, password="guess")


def test_spaces_quotes_and_a_very_long_path(tmp_path: Path) -> None:
    home = tmp_path.joinpath(*(f"a long 'name' with \"spaces\" € {number} " * 3 for number in "12"))
    assert len(os.fsencode(home)) > 200
    try:
        with running(home, durable=False):
            assert ask(home, "select 1") == 1
    finally:
        clear(home)


def test_no_parent_is_changed(tmp_path: Path) -> None:
    home = tmp_path / "closed" / "folder" / "home"
    home.parent.mkdir(parents=True)
    home.parent.parent.chmod(0o700)
    home.parent.chmod(0o750)
    before = [(path, path.stat().st_mode, path.stat().st_uid) for path in home.parents]
    try:
        with running(home, durable=False):
            assert ask(home, "select 1") == 1
        assert before == [(path, path.stat().st_mode, path.stat().st_uid) for path in home.parents]
    finally:
        clear(home)


@pytest.mark.kill
def test_a_killed_server_starts_again_though_a_child_is_busy(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SILENCE_LIMIT", 0.3)
    ensure_running(home)
    ask(home, "select 1 from pg_create_restore_point('x')")
    with psycopg.connect(admin_address(home), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")

    def be_busy() -> None:
        with suppress(psycopg.OperationalError):
            ask(home, "select count(*) from generate_series(1, 1000000000000)")

    busy = threading.Thread(target=be_busy)
    busy.start()
    wait_until(
        lambda: ask(home, "select count(*) from pg_stat_activity where state = 'active'") == 2
    )
    os.kill(server_process(home), signal.SIGKILL)
    again = ensure_running(home)
    busy.join(10)
    assert again.started
    assert ask(home, "select answer from kept") == 42
    again.stop()
    assert not is_up(home)


@pytest.mark.kill
def test_a_stale_file_with_the_number_of_a_living_stranger(home: Path) -> None:
    ensure_running(home, durable=False)
    cluster = clusters.find_cluster(home)
    os.kill(server_process(home), signal.SIGKILL)
    wait_until(lambda: not postmaster.is_held(home, postmaster.RUNNING))
    # PostgreSQL believes in a number only if it belongs to a process of the same user.
    with subprocess.Popen(["/bin/sleep", "60"], **cluster.account.switch) as stranger:
        try:
            for stale in (cluster.data / "postmaster.pid", cluster.sockets / ".s.PGSQL.5432.lock"):
                lines = stale.read_text().split("\n")
                stale.write_text("\n".join([str(stranger.pid), *lines[1:]]))
            with running(home, durable=False) as again:
                assert again.started
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.kill
def test_a_server_that_outlives_its_starter_is_found_and_ended(home: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path;"
        "from everline.database.server import ensure_running;"
        "ensure_running(Path(sys.argv[1]), durable=False); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, home], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert is_up(home)
    found = ensure_running(home, durable=False)
    assert not found.started
    assert found.leave()
    assert not is_up(home)


@pytest.mark.kill
def test_a_start_killed_while_it_makes_the_database(fresh: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from everline.database.server import ensure_running;"
        "ensure_running(Path(sys.argv[1]), durable=False)"
    )
    with subprocess.Popen([sys.executable, "-c", program, fresh]) as starter:
        wait_until((fresh / "postgres-18.new" / "base").exists)
        starter.kill()
    assert not (fresh / "postgres-18").exists()
    with running(fresh, durable=False) as again:
        assert again.started
        assert ask(fresh, "select 1") == 1
    assert not (fresh / "postgres-18.new").exists()


def test_many_at_once_start_it_once_and_the_last_one_out_ends_it(fresh: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from everline.database.server import ensure_running;"
        "server = ensure_running(Path(sys.argv[1]), durable=False);"
        "print(server.started, flush=True); sys.stdin.readline(); print(server.leave())"
    )
    several = [
        subprocess.Popen(
            [sys.executable, "-c", program, fresh],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    started = [one.stdout.readline().strip() for one in several if one.stdout]
    assert sorted(started) == ["False", "False", "True"]
    for one, last in zip(several, ("False", "False", "True"), strict=True):
        assert is_up(fresh)
        assert one.communicate("\n", timeout=30)[0].strip() == last
    assert not is_up(fresh)


def test_a_server_whose_socket_is_gone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SILENCE_LIMIT", 0.3)
    user = ensure_running(home, durable=False)
    shutil.rmtree(clusters.find_cluster(home).sockets)
    # Somebody uses it over connections that he has: it is not ended behind his back.
    assert "is in use, but its socket" in refusal(home)
    user._share.close()  # noqa: SLF001 - as if he were killed
    with running(home, durable=False) as again:
        assert again.started
        assert ask(home, "select 1") == 1


def test_a_home_that_moves_while_it_runs(home: Path) -> None:
    ensure_running(home, durable=False)._share.close()  # noqa: SLF001 - as if he were killed
    moved = home.rename(home.with_name("moved"))
    try:
        with running(moved, durable=False) as found:
            assert not found.started
        assert not is_up(moved)
    finally:
        clear(moved)


def test_a_server_started_by_hand_is_left_alone(home: Path) -> None:
    cluster = clusters.find_cluster(home)
    clusters.write_settings(cluster, durable=False)
    clusters.make_sockets(cluster)
    program = preflight.binaries(cluster.account) / "postgres"
    with clusters.named_for(cluster, cluster.data) as (path, passed):
        by_hand = subprocess.Popen(
            [program, "-D", path],
            cwd="/",
            stderr=subprocess.DEVNULL,
            pass_fds=passed,
            **cluster.account.switch,
        )
    wait_until(lambda: is_up(home))
    assert "Everline did not start it" in refusal(home)
    assert by_hand.poll() is None
    by_hand.send_signal(signal.SIGINT)
    assert by_hand.wait(20) == 0


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    settings = home / "postgres-18" / "postgresql.conf"
    settings.write_text(settings.read_text() + "max_connections = 'many'\n")
    assert "PostgreSQL did not start: configuration file" in refusal(home)
    shutil.rmtree(home / "postgres-18" / "global")
    settings.write_text(settings.read_text().replace("max_connections = 'many'\n", ""))
    assert "PostgreSQL did not start" in refusal(home)


def test_a_lost_password(home: Path) -> None:
    (home / "postgres-18.password").unlink()
    assert "postgres-18.password is missing" in refusal(home)
