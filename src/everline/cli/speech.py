"""How the command line speaks: one clear line for an error, JSON for programs, exit codes.

What is asked for goes to standard output, everything else to standard error, so that output can be
piped. Nothing here knows a renewal; the commands do.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Annotated, Any, Final, NoReturn

import psycopg
import typer
from rich.console import Console
from rich.status import Status

from everline.config import environment
from everline.config.processes import StartError
from everline.database.addresses import Addresses, prepare_roles
from everline.database.preflight import ServerError
from everline.database.server import Stage
from everline.errors import FaultError, MisuseError
from everline.ids import InvalidNumberError


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    FAILED = 1
    MISUSED = 2
    REFUSED = 3
    UNSURE = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


CODES: Final = (
    "Exit codes: 0 done · 1 something is wrong (audit, doctor, a bug) · 2 wrongly used · 3 refused"
    " · 4 not sure yet: ask again, do not pay again · 5 the database or another part cannot be"
    " reached or started · 130 interrupted"
)

Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]

STAGES: Final = {
    Stage.CREATING: "Making the database",
    Stage.STARTING: "Starting the database",
    Stage.STOPPING: "Stopping the database",
    Stage.WAITING: "Waiting for another process that starts or stops the database",
}

out: Final = Console(highlight=False)
err: Final = Console(stderr=True, highlight=False)


def fail(line: str, code: Exit) -> NoReturn:
    """End the command with one line that says what is wrong and the way out."""
    err.print(f"everline: {line}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def write_json(value: Any) -> None:
    """Write one JSON value on one line; ids and instants as text."""
    sys.stdout.write(json.dumps(value, default=str, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what can go wrong outside of us into one line and an exit code; a bug stays loud."""
    try:
        yield
    except (InvalidNumberError, MisuseError) as error:
        fail(error.sentence, Exit.MISUSED)
    except (ServerError, StartError) as error:
        fail(str(error), Exit.UNREACHABLE)
    except FaultError as error:
        fail(f"{error.system} does not answer ({error.detail}): try again.", Exit.UNREACHABLE)
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.UndefinedFunction,
        psycopg.errors.UndefinedColumn,
        psycopg.errors.InvalidSchemaName,
    ):
        fail(
            "The database is not at the level of this Everline: run everline migrate.",
            Exit.UNREACHABLE,
        )
    except psycopg.OperationalError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        fail(f"The database cannot be reached: {reason}", Exit.UNREACHABLE)
    except psycopg.Error as error:
        if error.sqlstate != "EV001":
            raise
        fail(
            f"{error.diag.message_primary}. Only a demo or a simulation takes another time.",
            Exit.MISUSED,
        )
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None


@contextmanager
def opened(process: str, *, creates: bool = False) -> Iterator[Addresses]:
    """Have the database up and Django set up meanwhile, as most commands need it.

    Without `creates` a folder that holds no database yet is refused, so that a command typed in the
    wrong place makes none.
    """
    os.environ.setdefault("EVERLINE_LOG", "ERROR")
    waiting = Waiting()
    with plain_errors():
        if not creates:
            environment.require_database()
        try:
            with environment.connected(waiting.tell) as logins:
                waiting.end()
                if creates:
                    prepare_roles(logins)
                environment.set_up(logins, process)
                try:
                    yield logins
                finally:
                    _close()
        finally:
            waiting.end()


class Waiting:
    """Shows what a person waits for, on one line that goes away; nothing where nobody looks.

    A terminal that is gone is nobody too: what is being ended must go on ending.
    """

    def __init__(self) -> None:
        self._status: Status | None = None

    def tell(self, stage: Stage, seconds: float) -> None:
        """Show a stage of the database's start or stop, and how long it lasts."""
        self.show(STAGES[stage] + (f" ({seconds:.0f} s)" if seconds >= 1 else ""))

    def show(self, line: str) -> None:
        """Show any line, with a sign that time passes."""
        with suppress(OSError):
            if self._status is None:
                self._status = err.status(line)
                self._status.start()
            else:
                self._status.update(line)

    def end(self) -> None:
        """Take the line away."""
        if self._status is not None:
            with suppress(OSError):
                self._status.stop()
            self._status = None


def _close() -> None:
    from everline import database

    database.close()
