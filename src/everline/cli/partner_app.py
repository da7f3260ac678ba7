"""The demo's partner: the e-wallet of examples/platform, started beside everything else.

It is a program of its own, on the public API alone, and nothing here depends on it: where the
sources are not there, its port is taken or it ends, the demo says so in one line and goes on.
"""

import os
import re
import sys
from pathlib import Path
from typing import Final

from everline.cli import panel
from everline.cli.speech import err
from everline.config import processes
from everline.config.ports import free_port
from everline.config.processes import Child, StartError

NAME: Final = "e-wallet"
PORT: Final = 8010
START_SECONDS: Final = 15.0
ADDRESS: Final = "EVERLINE_PARTNER_APP"
PROGRAM: Final = Path(__file__).parents[3] / "examples" / "platform" / "serve.py"
"""In a checkout; an installed package has no examples."""

_LINE: Final = re.compile(r"^Kantong: (http://localhost:\d+)$")


def start(home: Path, port: int, key: str) -> Child | None:
    """Start the e-wallet for the operator at `port`; None when it cannot be, which is told.

    Its address is put into our environment, where the web server finds it.
    """
    os.environ[ADDRESS] = ""
    if not (key and PROGRAM.is_file()):
        return None
    chosen = free_port(PORT)
    child = processes.start(
        NAME,
        [
            *(sys.executable, str(PROGRAM), f"http://localhost:{port}"),
            *("--port", str(chosen), "--book", str(home / "kantong.sqlite")),
        ],
        panel.tell,
        environment={"EVERLINE_KEY": key},
        until=_LINE,
    )
    try:
        address = processes.wait_for_line(child, START_SECONDS).group(1)
    except StartError as error:
        processes.kill([child])
        say(f"{error}. All else goes on without it.")
        return None
    os.environ[ADDRESS] = str(address)
    if not chosen:
        say(f"Port {PORT} is taken: the demo's e-wallet is at {address} instead.")
    return child


def say(line: str) -> None:
    """Tell one line, beside the log lines of the parts."""
    err.print(line, style="yellow", markup=False, soft_wrap=True)
