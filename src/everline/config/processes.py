"""Processes under one foreground command: started, listened to, ended, and never outliving it.

`python -m everline.config.processes PARENT COMMAND…` runs a command that ends when the process
PARENT does, killed or not: on Linux the kernel sees to it, elsewhere a small watcher. What the demo
runs, and what it says meanwhile, is in cli/demo.py.
"""

import contextlib
import ctypes
import multiprocessing
import os
import platform
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
"""prctl's number for "signal me when my parent dies" (linux/prctl.h)."""

WATCH_SECONDS: Final = 0.5
STOP_SECONDS: Final = 25.0
"""How long an orderly end may take before it is forced."""

Tell = Callable[[str, str], None]
"""Told a process's name and one line that it wrote."""


class StartError(Exception):
    """A process that did not start; the message says which, and what it said last."""


@dataclass(slots=True)
class Child:
    """A process that we started, and the last lines it wrote."""

    name: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    found: threading.Event = field(default_factory=threading.Event)
    match: re.Match[str] | None = None

    @property
    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return self.process.poll() is None

    def kill_at_once(self) -> None:
        """End it with all that it started, and wait for nothing."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def end_with_parent() -> None:
    """Have the kernel end this process at once when its parent dies; Linux alone can.

    Ending at once is safe: what was in hand is found again by its lease or its time to be asked.
    """
    if platform.system() != "Linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os.kill(os.getpid(), signal.SIGKILL)


def start(
    name: str,
    command: Sequence[str],
    tell: Tell,
    *,
    environment: Mapping[str, str] | None = None,
    until: re.Pattern[str] | None = None,
) -> Child:
    """Start a process in a session of its own; its lines go to `tell`, that which matches does not.

    Call it from the main thread, with whose end the kernel's promise is bound. Ctrl-C at the
    terminal reaches us alone, so we choose the order in which things end.
    """
    process = subprocess.Popen(  # noqa: S603  Our own command.
        [sys.executable, "-m", __name__, str(os.getpid()), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        start_new_session=True,
    )
    child = Child(name, process)
    threading.Thread(target=_listen, args=(child, tell, until), daemon=True).start()
    return child


def wait_for_line(child: Child, seconds: float) -> re.Match[str]:
    """Wait for the line that `start` was told of; raises StartError with the last words."""
    child.found.wait(seconds)
    if child.match is None:
        said = child.lines[-1] if child.lines else "it said nothing"
        raise StartError(f"{child.name} did not start: {said}")
    return child.match


def stop(children: Iterable[Child], seconds: float = STOP_SECONDS) -> None:
    """End processes politely side by side, and by force those that take longer than `seconds`."""
    ending = [child for child in children if child.is_alive]
    for child in ending:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGTERM)
    ends = time.monotonic() + seconds
    for child in ending:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(ends - time.monotonic(), 0))
    kill(ending)


def kill(children: Iterable[Child]) -> None:
    """End processes at once, with all that they started."""
    for child in children:
        child.kill_at_once()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(5)


def _listen(child: Child, tell: Tell, until: re.Pattern[str] | None) -> None:
    """Read what a process writes until it ends; keep its last lines."""
    assert child.process.stdout is not None
    for line in child.process.stdout:
        text = line.rstrip()
        if until and child.match is None and (match := until.search(text)):
            child.match = match
            child.found.set()
            continue
        if text:
            child.lines = [*child.lines[-9:], text]
            with contextlib.suppress(OSError):  # Where nobody listens, it is read all the same.
                tell(child.name, text)
    child.process.stdout.close()
    child.found.set()


def main() -> int:
    """Become the command, bound to the parent's life."""
    parent, *command = sys.argv[1:]
    is_linux = platform.system() == "Linux" and os.environ.get("EVERLINE_WATCH") != "1"
    if is_linux:
        end_with_parent()
        if os.getppid() == int(parent):
            os.execv(command[0], command)  # noqa: S606  Our own command, without a shell.
        return 1
    return _watched(int(parent), command)


def _watched(parent: int, command: Sequence[str]) -> int:
    """Run the command beside us; kill it when the parent is gone."""
    child = subprocess.Popen(command)  # noqa: S603  Our own command.

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(WATCH_SECONDS)
        if os.getppid() != parent:
            child.kill()


if __name__ == "__main__":
    sys.exit(main())
