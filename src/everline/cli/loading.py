"""`everline migrate` and `everline load`: bringing the database and the operator's data up to date.

The steps of a migration stand in database/migrate.py, the readers of files in everline/loading.
"""

from typing import Final

from everline.cli.speech import Exit, Json, Waiting, fail, opened, out, write_json


def migrate(*, json: Json = False) -> None:
    """Make the database, or bring it to the level of this Everline. Safe to repeat.

    It prepares the two roles, runs the migrations, loads the verbs and sets the rights.

    Example: `everline migrate`
    """
    with opened("migrate", creates=True) as logins:
        from everline import clock
        from everline.database import verbs
        from everline.database.migrate import migrate as bring_up

        if not logins.owner:
            fail("EVERLINE_OWNER_ADDRESS is missing: the owner migrates.", Exit.MISUSED)
        waiting = Waiting()
        waiting.show("Migrating the database")
        try:
            is_new = bring_up(logins, clock.now())
        finally:
            waiting.end()
        if json:
            write_json({"verbs": verbs.schema(), "verbs_loaded": is_new})
        else:
            done = "verbs loaded" if is_new else "nothing was missing"
            out.print(f"The database is up to date: {done} ({verbs.schema()}).")


COMMANDS: Final = (migrate,)
