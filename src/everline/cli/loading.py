"""`everline migrate` and `everline load`: bringing the database and the operator's data up to date.

The steps of a migration stand in database/migrate.py, the readers of files in everline/loading.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import Progress, TaskID

from everline.cli.speech import Exit, Json, Waiting, err, fail, opened, out, write_json

if TYPE_CHECKING:
    from everline.loading import Loaded


def migrate(
    *,
    renumber: Annotated[
        bool,
        typer.Option(
            "--renumber", help="Sum the transfers anew: the database is a dump and was used before."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Make the database, or bring it to the level of this Everline. Safe to repeat.

    It prepares the two roles, runs the migrations, loads the verbs and sets the rights. Transfers
    that were restored from a dump of another server are numbered anew.

    Example: `everline migrate`
    """
    with opened("migrate", creates=True) as logins:
        from everline import clock
        from everline.database import verbs
        from everline.database.migrate import migrate as bring_up
        from everline.renewals import restored

        if not logins.owner:
            fail("EVERLINE_OWNER_ADDRESS is missing: the owner migrates.", Exit.MISUSED)
        waiting = Waiting()
        waiting.show("Migrating the database")
        try:
            is_new = bring_up(logins, clock.now())
            waiting.show("Looking whether the transfers are this server's")
            was_restored = restored.renumber(logins.owner, is_forced=renumber)
        finally:
            waiting.end()
        if json:
            loaded = {"verbs": verbs.schema(), "verbs_loaded": is_new}
            write_json({**loaded, "transfers_renumbered": was_restored})
        else:
            if was_restored:
                out.print("The transfers of another server were numbered anew and summed again.")
            done = "verbs loaded" if is_new else "nothing was missing"
            out.print(f"The database is up to date: {done} ({verbs.schema()}).")


def load(
    files: Annotated[
        list[Path],
        typer.Argument(help="Plans, cards, stores …: .yaml and .csv.", show_default=False),
    ],
    *,
    json: Json = False,
) -> None:
    """Load an operator's files: each as a whole or not at all, everything that is wrong listed.

    What is there already is brought up to date; states, balances and terms stay as they are. The
    files of the demo operator are templates: each explains its columns.

    Example: `everline load operator.yaml plans.yaml cards.csv`
    """
    with opened("load") as logins:
        from everline import clock, loading

        with Progress(console=err, transient=True) as bars:
            tasks: dict[str, TaskID] = {}

            def show(name: str, done: int, total: int) -> None:
                if name not in tasks:
                    tasks[name] = bars.add_task(name, total=total)
                bars.update(tasks[name], completed=done)

            loaded = loading.load(files, logins, clock.now, show)
        if json:
            write_json(
                {
                    "files": [asdict(file) for file in loaded.files],
                    "problems": [str(problem) for problem in loaded.problems],
                    "more_problems": loaded.problems.more,
                }
            )
        else:
            _tell(loaded)
        if not loaded.is_complete:
            raise typer.Exit(Exit.FAILED)


def _tell(loaded: "Loaded") -> None:
    """Say what became of each file, and list what is to be mended."""
    for file in loaded.files:
        counts = file.counts
        out.print(
            f"{file.name}: {file.outcome}, {counts.rows} rows, {counts.added} new,"
            f" {counts.changed} changed",
            markup=False,
        )
    for problem in loaded.problems:
        err.print(str(problem), markup=False, soft_wrap=True)
    if loaded.problems.more:
        err.print(f"and {loaded.problems.more} more", markup=False)


COMMANDS: Final = (migrate, load)
