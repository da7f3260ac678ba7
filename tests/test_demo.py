"""The demo as one command: it comes up, says where, ends cleanly, and survives being killed."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from everline import ids
from everline.cli import panel, partner_app
from everline.config import processes
from everline.database import verbs
from everline.database.server import admin_address
from tests.command import everline_process
from tests.demo import START_SECONDS, Demo, free_port
from tests.homes import clear, is_up
from tests.simulator import wait_until

Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start demos in one home with a space in its path, and leave nothing behind."""
    home = tmp_path / "my home"
    if os.geteuid() == 0:
        tmp_path.chmod(0o755)
    demos: list[Demo] = []

    def begin(*arguments: str, terminal: int | None = None) -> Demo:
        demos.append(Demo(home, *arguments, terminal=terminal))
        return demos[-1]

    yield begin
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.kill()
        demo.process.wait(10)
        assert demo.process.stdout is not None
        demo.process.stdout.close()
        demo.said.close()
    clear(home)


class Terminal:
    """A terminal that somebody reads until it is closed."""

    def __init__(self) -> None:
        self._ours, self.theirs = os.openpty()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._closed.is_set():
            if select.select([self._ours], [], [], 0.05)[0]:
                os.read(self._ours, 65_536)

    def close(self) -> None:
        """Close both of its ends, as a window does."""
        self._closed.set()
        self._thread.join()
        os.close(self.theirs)
        os.close(self._ours)


def relatives(home: Path) -> list[str]:
    """List the command lines of all processes that carry this home in their environment."""
    found = []
    mark = f"EVERLINE_HOME={home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if line:  # A process that has ended and waits for its parent has none.
                    found.append(line)
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are read in /proc")
def test_the_demo_comes_up_ends_cleanly_and_survives_being_killed(start: Start) -> None:
    port = free_port()
    demo = start("--port", str(port), "--json")
    told = demo.ready()
    home = demo.home
    assert told["address"] == f"http://localhost:{port}"
    assert httpx.get(told["address"], trust_env=False).status_code == 200
    assert httpx.get(told["outbox"], trust_env=False).status_code == 200
    assert "Kantong" in httpx.get(told["partner_app"], trust_env=False).text
    tour = httpx.get(told["tour"], trust_env=False).text
    assert f'href="{told["partner_app"]}"' in tour
    for secret in ("secret-key", "sandbox.secret"):
        assert (home / secret).stat().st_mode & 0o777 == 0o600
    key = (home / "secret-key").read_text()
    taken = start("--port", str(port))
    assert taken.process.wait(START_SECONDS) == 5
    words = (home.parent / "stderr").read_text()
    assert f"Port {port} is taken" in words
    assert f"--port {port + 1}" in words
    again = start("--port", str(free_port()))
    assert again.process.wait(START_SECONDS) == 5
    assert f"http://localhost:{port}" in (home.parent / "stderr").read_text().splitlines()[-1]

    # Other commands find it by its home alone.
    assert everline_process(home, "doctor").code == 0
    card = panel.CARDS[1][0]
    paid = everline_process(home, "renew", card, "HOME-12", "--pay", "tok_approve", "--json")
    assert paid.json["renewal"]["state"] in {"paid", "delivered"}
    wait_until(lambda: _delivered(home, paid.json["renewal"]["id"]))
    assert everline_process(home, "audit").code == 0

    # Killed, it leaves no process of ours; the next start goes on from there, on the same data.
    _note(home)
    demo.end(signal.SIGKILL)
    wait_until(lambda: relatives(home) == [])
    terminal = Terminal()
    second = start("--port", str(port), "--json", terminal=terminal.theirs)
    second.ready()
    assert _noted(home)
    assert (home / "secret-key").read_text() == key
    assert httpx.get(told["address"], trust_env=False).status_code == 200

    # The partner's program is no part: when it ends, all else goes on.
    (app,) = [pid for pid, line in _parts(home) if "platform/serve.py" in line]
    os.kill(app, signal.SIGKILL)

    # A part that ends is started again; the page answers meanwhile or soon after.
    (worker,) = [pid for pid, line in _parts(home) if " work " in line]
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: any(" work " in line and pid != worker for pid, line in _parts(home)))

    # Ended by its terminal, which is gone by then, it ends in order, and the database too.
    terminal.close()
    assert second.end(signal.SIGHUP) == 0
    assert relatives(home) == []
    assert not is_up(home)


def test_a_taken_port_of_the_partner_app_costs_one_line(tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = (
        "import pathlib, sys\nfrom everline.cli import partner_app\n"
        "from everline.config import processes\n"
        "child = partner_app.start(pathlib.Path(sys.argv[1]), 1, 'evl_key')\n"
        "print(child is not None and child.is_alive)\n"
        "processes.stop([child])"
    )
    with socket.socket() as held, said.open("w") as stderr:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # Somebody else may hold it, which is as good.
            held.bind(("127.0.0.1", partner_app.PORT))
            held.listen()
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout == "True\n"
    (line,) = said.read_text().splitlines()
    assert line.startswith(f"Port {partner_app.PORT} is taken: the demo's e-wallet is at http://")


def test_a_partner_app_that_does_not_start_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "serve.py"
    broken.write_text("raise SystemExit('no luck')")
    monkeypatch.setattr(partner_app, "PROGRAM", broken)
    assert partner_app.start(tmp_path, 1, "evl_key") is None
    assert os.environ[partner_app.ADDRESS] == ""
    lines = capfd.readouterr().err.splitlines()
    assert "e-wallet did not start: no luck. All else goes on without it." in lines
    monkeypatch.setattr(partner_app, "PROGRAM", tmp_path / "not there")
    assert partner_app.start(tmp_path, 1, "evl_key") is None


def _delivered(home: Path, renewal: str) -> bool:
    with psycopg.connect(admin_address(home, "everline")) as admin:
        row = admin.execute(
            "select state from renewals_renewal where id = %s", [ids.inside("rnw", renewal)]
        ).fetchone()
    return row == ("delivered",)


def _note(home: Path) -> None:
    with psycopg.connect(admin_address(home, "everline"), autocommit=True) as admin:
        admin.execute("insert into trust_channel values ('noted', false, '{}', '{}')")
        assert admin.execute("select mode from database_deployment").fetchone() == ("demo",)


def _noted(home: Path) -> bool:
    with psycopg.connect(admin_address(home, "everline")) as admin:
        return admin.execute("select 1 from trust_channel where code = 'noted'").fetchone() == (1,)


def _parts(home: Path) -> list[tuple[int, str]]:
    """List the processes that the demo started, with their command lines."""
    mark = f"EVERLINE_HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(folder.name), line))
        except OSError:
            continue
    return found


def test_the_cards_to_try_are_those_that_the_templates_explain() -> None:
    lines = (verbs.PACKAGE / "demo" / "cards.csv").read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    for number, _what in panel.CARDS:
        assert any(line.startswith(f"{number},") for line in lines)
        assert any(panel.grouped(number) in line for line in head)


@pytest.mark.parametrize("watches", ["0", "1"])
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, watches: str) -> None:
    """Where the kernel does not see to it, as on macOS, the watcher does."""
    beat = tmp_path / "beat"
    child = (
        f"import time, pathlib\nwhile True: pathlib.Path({str(beat)!r}).touch(); time.sleep(.05)"
    )
    parent = (
        "import sys, time\nfrom everline.config import processes\n"
        f"processes.start('child', [sys.executable, '-c', {child!r}], print)\ntime.sleep(60)"
    )
    environment = os.environ | {"EVERLINE_WATCH": watches}
    with subprocess.Popen([sys.executable, "-c", parent], env=environment) as killed:
        wait_until(beat.exists)
        killed.kill()

    def is_quiet() -> bool:
        before = beat.stat().st_mtime_ns
        time.sleep(0.2)
        return beat.stat().st_mtime_ns == before

    wait_until(is_quiet)


def test_a_part_that_does_not_end_is_ended() -> None:
    stubborn = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up')\ntime.sleep(60)"
    lines: list[str] = []
    child = processes.start(
        "stubborn", [sys.executable, "-c", stubborn], lambda _name, line: lines.append(line)
    )
    wait_until(lambda: lines == ["up"])
    begun = time.monotonic()
    processes.stop([child], seconds=0.3)
    assert time.monotonic() - begun < 5
    assert not child.is_alive
