"""Where the simulator's runs live: scratch databases, and two halves of a big town side by side.

Each half has a process and a server of its own, so that both cores of a small machine work and
neither half feels the other. The command stands in simulating.py, how a town is halved in
simulation/halves.py.
"""

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from everline.cli.speech import Exit, Waiting, err, fail
from everline.config import environment
from everline.database.addresses import Addresses, is_embedded, prepare_roles, reachable
from everline.database.preflight import ServerError

if TYPE_CHECKING:
    from everline.simulation import Ground, Outcome, Outside, Setting

NAME: Final = "everline_simulation"


@contextmanager
def scratch() -> Iterator[tuple["Ground", "Outside"]]:
    """Make a database that nobody else has, and take it away again.

    Without DATABASE_URL a server of its own is made in a folder for files that may go.
    """
    waiting = Waiting()
    home = Path(tempfile.gettempdir()) / f"{NAME}-{os.getpid()}"
    os.environ["EVERLINE_HOME"] = str(home)
    os.environ["EVERLINE_MODE"] = "simulation"
    os.environ["EVERLINE_POOL_MAX"] = "1"
    os.environ["EVERLINE_LOG"] = "CRITICAL"
    name = f"{NAME}_{os.getpid()}"
    try:
        with reachable(home, name, durable=False, progress=waiting.tell) as logins:
            if not logins.admin:
                fail(
                    "A simulation makes a database of its own, and these two logins may not: give"
                    " DATABASE_URL with a login that may create one, or no address at all.",
                    Exit.MISUSED,
                )
            waiting.show("Making the simulation's database")
            ground = _made(logins, f"{name}_empty")
            try:
                waiting.end()
                from everline.config.plugs import KINDS, sweeps
                from everline.simulation import Outside

                yield ground, Outside(KINDS, sweeps(one_at_a_time=True))
            finally:
                ground.drop_all()
    finally:
        waiting.end()
        shutil.rmtree(home, ignore_errors=True)


def _made(logins: Addresses, empty: str) -> "Ground":
    """Migrate the database and keep it as the empty one that runs are copied from."""
    prepare_roles(logins)
    environment.use_addresses(logins)
    environment.set_up(logins, "simulation")
    from everline.database.migrate import migrate
    from everline.simulation import START, Ground

    migrate(logins, START)
    ground = Ground(logins, empty, is_shared=not is_embedded())
    ground.keep()
    return ground


def live(
    place: tuple["Ground", "Outside"], setting: "Setting", *, is_halved: bool, wants_figures: bool
) -> "Outcome":
    """Live one setting through, behind a bar that tells the days and the renewals.

    The first half lives here, a second one in a process beside it.
    """
    from everline.simulation import run
    from everline.simulation.halves import halves, united

    first, *others = halves(setting) if is_halved else (setting,)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("days · {task.fields[renewals]} renewals"), TimeElapsedColumn(),
        console=err, transient=True,
    )  # fmt: skip
    with bar, ExitStack() as ending:
        task = bar.add_task(f"Seed {setting.seed}", total=setting.days, renewals=0)
        beside = [
            ending.enter_context(_begun(each, wants_figures=wants_figures)) for each in others
        ]

        def passed(day: int, renewals: int) -> None:
            for each in beside:
                each.hear()
                if each.failed_on is not None and day > each.failed_on:
                    raise _EnoughError
            days = min([day, *(each.day for each in beside)])
            told = renewals + sum(each.renewals for each in beside)
            bar.update(task, completed=days, renewals=told)

        outcomes = []
        with suppress(_EnoughError):
            outcomes.append(run(*place, first, passed, wants_figures=wants_figures))
        for each in beside:
            ends_on = None if not outcomes or outcomes[0].is_clean else outcomes[0].days_done
            while each.outcome is None and (ends_on is None or each.day <= ends_on):
                each.wait()
                bar.update(task, completed=each.day)
            if each.outcome is not None:
                outcomes.append(each.outcome)
        return united(setting, outcomes)


class _EnoughError(Exception):
    """The other half has failed on an earlier day: what comes of this one does not matter."""


class _Half:
    """A half that lives in another process: what it has told so far."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe
        self.day = 0
        self.renewals = 0
        self.outcome: Outcome | None = None

    @property
    def failed_on(self) -> int | None:
        """How many days were over when a promise was broken."""
        return self.outcome.days_done if self.outcome and not self.outcome.is_clean else None

    def hear(self) -> None:
        """Take what was told since the last time."""
        while self.outcome is None and self._pipe.poll():
            self.wait()

    def wait(self) -> None:
        """Take what is told next."""
        try:
            told = self._pipe.recv()
        except EOFError:
            self._process.join()
            raise ServerError("The other half of the run has ended: look above.") from None
        if isinstance(told, str):
            raise ServerError(told)
        if isinstance(told, tuple):
            self.day, self.renewals = told
        else:
            self.outcome = told


@contextmanager
def _begun(setting: "Setting", *, wants_figures: bool) -> Iterator[_Half]:
    """Let a setting live in a process of its own, which is ended with this block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    # Its parts, as a new process knows no class of ours before it has a database.
    parts = {each.name: getattr(setting, each.name) for each in fields(setting)}
    wanted = {"wants_figures": wants_figures}
    process = context.Process(target=_live_half, args=(theirs, parts), kwargs=wanted)
    process.start()
    theirs.close()
    try:
        yield _Half(process, ours)
    finally:
        if process.is_alive():
            process.terminate()
        process.join()


def _live_half(pipe: Connection, parts: dict[str, Any], *, wants_figures: bool) -> None:
    """Live one setting through in this process, which was made for it, and tell the pipe."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _end)
    try:
        with scratch() as (ground, outside):
            from everline.simulation import Setting, run

            outcome = run(
                ground,
                outside,
                Setting(**parts),
                lambda day, renewals: pipe.send((day, renewals)),
                wants_figures=wants_figures,
            )
        pipe.send(outcome)
    except ServerError as error:
        pipe.send(str(error))


def _end(_signal: int, _frame: object) -> NoReturn:
    sys.exit(Exit.INTERRUPTED)
