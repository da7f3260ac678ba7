"""`everline demo`: database, simulators, web server and worker as one foreground command.

It makes what is missing, tells where to look, and ends everything when it ends; when it is killed,
its children end with it, and the next start goes on from there. The children are kept by
config/processes.py, what is shown by cli/panel.py, what is loaded by `load_demo` below.
"""

import fcntl
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

from everline.cli import panel, partner_app
from everline.cli.speech import Exit, Json, Waiting, err, fail, plain_errors
from everline.config import environment, processes
from everline.config.ports import free_port, require_port, status_of
from everline.config.processes import Child, StartError
from everline.database.addresses import Addresses, prepare_roles
from everline.database.cluster import make_home
from everline.database.preflight import ServerError, explained
from everline.database.server import default_home

SANDBOX_PORT: Final = 9100
THREADS: Final = 8
HEALTH_SECONDS: Final = 60.0
RESTARTS_MAX: Final = 5
"""How often a part that ends by itself is started again within a minute, before all is ended."""

_READY_LINE: Final = re.compile(r'^{"(serving|working)":')
_SANDBOX_LINE: Final = re.compile(r"http://localhost:(\d+)$")


def demo(
    *,
    port: Annotated[
        int,
        typer.Option(help="The port of the pages.", min=1, max=65535, envvar="EVERLINE_PORT"),
    ] = 8000,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show all log lines.")] = False,
    json: Json = False,
) -> None:
    """Run everything on this machine, with a made-up operator to try it on.

    The first start makes the database in EVERLINE_HOME (.everline) and loads the operator; later
    ones keep all data. Ctrl-C stops everything, the database too.

    Example: `everline demo --port 8080`
    """
    home, waiting, stopping = default_home(), Waiting(), Stopping()
    with plain_errors():
        require_port(port)
        with stopping.listening(), _alone(home, port):
            try:
                _prepare_environment(home, port, verbose=verbose)
                with environment.connected(waiting.tell) as logins:
                    guide = _bring_up(logins, home, waiting)
                    try:
                        _run(home, port, stopping, waiting, guide.api_key)
                        panel.show(port, home, guide, as_json=json)
                        with suppress(KeyboardInterrupt):  # This is how it is meant to end.
                            _keep_up(stopping, _parts(port))
                    finally:
                        waiting.show("Stopping the web server and the worker")
                        processes.stop(reversed(stopping.children))
            finally:
                waiting.end()
    with suppress(OSError):
        err.print(f"Stopped. All data stay in {home}.", style="dim", markup=False, soft_wrap=True)


class Stopping:
    """Ctrl-C and its relatives: once for an orderly end, twice by force, thrice at once."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._asked = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear the signals meanwhile."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = [signal.signal(number, self._hear) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._asked and number != signal.SIGINT:
            return  # A terminal that closes after Ctrl-C asks for nothing new.
        self._asked += 1
        if self._asked == 1:
            raise KeyboardInterrupt
        for child in self.children:
            child.kill_at_once()
        if self._asked > 2:  # noqa: PLR2004  The third time nothing is waited for.
            os._exit(Exit.INTERRUPTED)


@contextmanager
def _alone(home: Path, port: int) -> Iterator[None]:
    """Hold the home for one demo at a time; a killed one lets go of it by itself."""
    try:
        make_home(home)
        descriptor = os.open(home / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise explained(home, error) from error
    with os.fdopen(descriptor, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError(
                f"A demo already runs in {home}, at {lock.read().strip() or 'another port'}: use"
                " it, end it, or set EVERLINE_HOME to another folder."
            ) from None
        lock.truncate(0)
        lock.write(f"http://localhost:{port}\n")
        lock.flush()
        yield


def _prepare_environment(home: Path, port: int, *, verbose: bool) -> None:
    """Fill what our own process and all children read before Django is set up."""
    environment.name_settings()
    os.environ["EVERLINE_HOME"] = str(home)
    os.environ["EVERLINE_MODE"] = environment.DEMO
    os.environ["EVERLINE_PORT"] = str(port)
    environment.keep_address(home, "EVERLINE_PUBLIC_ADDRESS", port)
    os.environ.setdefault("EVERLINE_MERCHANT", "Senandi Mobile")
    os.environ.setdefault("EVERLINE_LOG", "INFO" if verbose else "WARNING")
    environment.keep_secrets(home)


def _bring_up(logins: Addresses, home: Path, waiting: Waiting) -> panel.Guide:
    """Migrate, mark a new database as a demo, and load the made-up operator once."""
    if environment.is_in_production(logins):
        fail(
            "This database is in production: the demo does not touch it. Set EVERLINE_HOME or"
            " DATABASE_URL to another one.",
            Exit.MISUSED,
        )
    prepare_roles(logins)
    environment.set_up(logins, "demo")
    from django.db import connections

    from everline import cards, clock, database
    from everline.cli import sign_ins
    from everline.database.migrate import migrate

    waiting.show("Migrating the database")
    migrate(logins, clock.now())
    _mark()
    load_demo(logins, waiting)
    sign_ins.enrol_kiosks(clock.now())
    guide = panel.Guide(
        cards=tuple((number, what) for number, what in panel.CARDS if cards.find(number)),
        sign_ins=tuple(sign_ins.prepare(home, clock.now())),
        api_key=sign_ins.api_key(home),
    )
    connections.close_all()
    database.close()
    return guide


def _mark() -> None:
    """Mark a database as a demo; it was found to be new, or is one already."""
    from everline.database.models import Deployment

    unmarked = Deployment.objects.using("owner").filter(mode=Deployment.PRODUCTION)
    unmarked.update(mode=Deployment.DEMO)


def load_demo(logins: Addresses, waiting: Waiting) -> None:
    """Load the made-up operator, if it is not there yet."""
    from everline import clock, loading

    def show(name: str, done: int, total: int) -> None:
        waiting.show(f"Loading the demo operator: {name} {100 * done // max(total, 1)} %")

    loading.load_demo(logins, clock.now, show)


def _parts(port: int) -> dict[str, list[str]]:
    """Name the parts that are ours, with the commands that run them."""
    everline = (sys.executable, "-m", "everline.cli")
    return {
        "web": [*everline, "serve", "--port", str(port), "--threads", str(THREADS), "--json"],
        "worker": [*everline, "work", "--threads", str(THREADS), "--json"],
    }


def _run(home: Path, port: int, stopping: Stopping, waiting: Waiting, api_key: str) -> None:
    """Start the simulators, the partner's program and the parts; wait until the pages answer."""
    waiting.show("Starting the sandbox bank and the network")
    simulators = processes.start(
        "simulators",
        [
            *(sys.executable, "-m", "everline.simulators", "--data", str(home / "simulators")),
            *("--port", str(free_port(environment.sandbox_port(home, SANDBOX_PORT)))),
        ],
        panel.tell,
        environment={"SANDBOX_NOTIFY_SECRET": os.environ["EVERLINE_SANDBOX_SECRET"]},
        until=_SANDBOX_LINE,
    )
    stopping.children.append(simulators)
    sandbox = int(processes.wait_for_line(simulators, HEALTH_SECONDS).group(1))
    environment.keep_address(home, "EVERLINE_SANDBOX_ADDRESS", sandbox)
    waiting.show("Starting the demo's e-wallet")
    app = partner_app.start(home, port, api_key)
    required = list(stopping.children)
    if app is not None:
        stopping.children.append(app)
    waiting.show("Starting the web server and the worker")
    for name, command in _parts(port).items():
        required.append(processes.start(name, command, panel.tell, until=_READY_LINE))
        stopping.children.append(required[-1])
    for child in required:
        processes.wait_for_line(child, HEALTH_SECONDS)
    _wait_for_health(port, required)
    waiting.end()


def _wait_for_health(port: int, children: list[Child]) -> None:
    """Wait until the pages answer; stop early when a part has ended."""
    ends = time.monotonic() + HEALTH_SECONDS
    while time.monotonic() < ends:
        for child in children:
            if not child.is_alive:
                said = child.lines[-1] if child.lines else "it said nothing"
                raise StartError(f"{child.name} did not start: {said}")
        with suppress(OSError):
            if status_of(f"http://127.0.0.1:{port}/", 5) < HTTPStatus.INTERNAL_SERVER_ERROR:
                return
        time.sleep(0.1)
    raise StartError(f"The pages do not answer at port {port}: try again with --verbose.")


def _keep_up(stopping: Stopping, parts: dict[str, list[str]]) -> None:
    """Start again what ends by itself; raises StartError when it keeps ending."""
    ended: list[float] = []
    while True:
        time.sleep(0.3)
        for place, child in enumerate(stopping.children):
            if child.is_alive:
                continue
            if child.name == partner_app.NAME:
                partner_app.say("The demo's e-wallet ended; all else goes on.")
                del stopping.children[place]
                break
            now = time.monotonic()
            ended = [at for at in ended if at > now - 60] + [now]
            if child.name not in parts or len(ended) > RESTARTS_MAX:
                raise StartError(f"{child.name} ended; see the lines above, then start again.")
            err.print(f"{child.name} ended and is started again.", style="yellow")
            processes.kill([child])
            stopping.children[place] = processes.start(
                child.name, parts[child.name], panel.tell, until=_READY_LINE
            )


COMMANDS: Final = (demo,)
