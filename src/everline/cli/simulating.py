"""`everline simulate`: cards, people and months of what goes wrong, in minutes; and its report.

It makes a database of its own and takes it away again; an operator's is never opened. The simulator
stands in simulation/, the report for the operator in simulation/report.py.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from everline.cli.speech import Exit, Json, Waiting, err, fail, out, plain_errors, write_json
from everline.config import environment
from everline.database.addresses import Addresses, is_embedded, prepare_roles, reachable

if TYPE_CHECKING:
    from everline.simulation import Ground, Outcome, Outside, Setting

CARDS_MAX: Final = 20_000
DAYS_MAX: Final = 700
FAULTS: Final = ("outage", "clock", "gateway", "network", "sender", "ours")
NAME: Final = "everline_simulation"
LINES_MAX: Final = 60
"""How much of a failure's history is printed; --json has all of it."""


Cards = Annotated[int, typer.Option(help="How many cards.", min=1, max=CARDS_MAX)]
Days = Annotated[int, typer.Option(help="How many days.", min=1, max=DAYS_MAX)]
Seed = Annotated[int, typer.Option(help="The same seed gives the same run.", min=0)]
Only = Annotated[
    list[int] | None,
    typer.Option(metavar="NUMBER", help="Only this card; may be given again. For a failure."),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FAULT",
        help="Faults that do not happen: outage, clock, gateway, network, sender or ours.",
    ),
]
Load = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", help="Your own operator.yaml, plans.yaml, retailers.csv; all of them."
    ),
]
Price = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PLAN=AMOUNT", help="Try a price, like HOME-30=105000, beside the present one."
    ),
]
Report = Annotated[
    Path | None, typer.Option(metavar="FILE.html", help="Write a page to read and to print.")
]
Language = Annotated[str, typer.Option(metavar="en|zh-hans|id", help="The report's language.")]


def simulate(
    *,
    seed: Seed = 1,
    cards: Cards = 1000,
    days: Days = 90,
    card: Only = None,
    without: Without = None,
    load: Load = None,
    price: Price = None,
    report: Report = None,
    language: Language = "en",
    json: Json = False,
) -> None:
    """Live through months in minutes: made-up cards and people, real verbs and workers, faults.

    Gateways time out, answers come late or twice, networks are away for hours, our own steps are
    abandoned, clocks are put wrong. After every day all promises are checked: once, paid is
    delivered, the books balance, nothing due is passed over, no message is wrong. Nothing of yours
    is touched: it makes a database of its own and takes it away again.

    Exit code 0: every promise was kept. 1: one was broken; its shortest history is printed.

    Examples: `everline simulate --cards 1000 --days 365 --report year.html` ·
    `everline simulate --seed 7 --card 12 --days 9` ·
    `everline simulate --load operator.yaml --load plans.yaml --price HOME-30=105000
    --report price.html`
    """
    numbers = tuple(sorted(set(card))) if card else tuple(range(1, cards + 1))
    _check(numbers, without or [], load or [], language, report)
    with plain_errors(), _scratch() as (ground, outside):
        from everline.simulation import Setting
        from everline.simulation.prices import parse_prices

        setting = Setting(
            seed=seed,
            numbers=numbers,
            days=days,
            files=tuple(load or ()),
            without=frozenset(without or ()),
        )
        wishes = parse_prices(price or [])
        outcome = _run(ground, outside, setting, wants_figures=report is not None)
        changed = None
        if wishes and outcome.is_clean:
            from dataclasses import replace

            changed = _run(
                ground, outside, replace(setting, prices=wishes), wants_figures=report is not None
            )
        failed = next((each for each in (outcome, changed) if each and not each.is_clean), None)
        short = _shrink(ground, outside, failed) if failed and not card else failed
        if report is not None and failed is None:
            from everline.simulation.report import write_report

            write_report(report, outcome, changed, language)
    told = short or outcome
    if json:
        write_json(_as_json(told))
    elif failed is None:
        _print_kept(outcome, report)
    else:
        _print_broken(told)
    raise typer.Exit(Exit.DONE if failed is None else Exit.FAILED)


def _check(
    numbers: tuple[int, ...],
    without: list[str],
    load: list[Path],
    language: str,
    report: Path | None,
) -> None:
    """End with what to type instead, before a minute is spent on a run."""
    if not all(0 < number <= CARDS_MAX for number in numbers):
        fail(f"--card is not understood: cards have numbers from 1 to {CARDS_MAX}.", Exit.MISUSED)
    for fault in without:
        if fault.partition(".")[0] not in FAULTS:
            fail(f"--without {fault} is no fault: there are {', '.join(FAULTS)}.", Exit.MISUSED)
    for path in load:
        if not path.is_file():
            fail(f"--load {path} is not there: name a file that can be read.", Exit.MISUSED)
    if language not in {"en", "zh-hans", "id"}:
        fail("--language is not understood: write en, zh-hans or id.", Exit.MISUSED)
    if report is not None and not report.absolute().parent.is_dir():
        fail(f"--report {report} has no folder: make {report.parent} first.", Exit.MISUSED)


@contextmanager
def _scratch() -> Iterator[tuple["Ground", "Outside"]]:
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


def _run(
    ground: "Ground", outside: "Outside", setting: "Setting", *, wants_figures: bool
) -> "Outcome":
    """Run one setting behind a bar that tells the days and the renewals."""
    from everline.simulation import run

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("days · {task.fields[renewals]} renewals"), TimeElapsedColumn(),
        console=err, transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(f"Seed {setting.seed}", total=setting.days, renewals=0)
        return run(
            ground,
            outside,
            setting,
            lambda day, renewals: bar.update(task, completed=day, renewals=renewals),
            wants_figures=wants_figures,
        )


def _shrink(ground: "Ground", outside: "Outside", failed: "Outcome") -> "Outcome":
    """Look for the shortest history, telling what is tried."""
    from everline.simulation import shrink

    waiting = Waiting()
    try:
        return shrink(
            ground,
            outside,
            failed,
            lambda number, setting: waiting.show(
                f"A promise was broken. Looking for the shortest history: try {number},"
                f" {len(setting.numbers)} cards"
            ),
        )
    finally:
        waiting.end()


def _print_kept(outcome: "Outcome", report: Path | None) -> None:
    """Say what was lived through and that every promise was kept."""
    setting = outcome.setting
    pace = round(len(setting.numbers) * outcome.days_done / max(outcome.seconds, 0.001))
    out.print(
        f"Every promise was kept: {len(setting.numbers):,} cards over {outcome.days_done} days,"
        f" {outcome.renewals:,} renewals, {sum(outcome.faults.values()):,} faults.",
        style="green",
    )
    out.print(f"{outcome.seconds:.0f} s, {pace:,} days of a card each second.")
    out.print(f"The run's digest: {outcome.digest}", style="dim", soft_wrap=True)
    if report is not None:
        out.print(f"The report: {report}", markup=False, soft_wrap=True)


def _print_broken(outcome: "Outcome") -> None:
    """Show the shortest history that breaks a promise, and the command that repeats it."""
    for broken in outcome.violations[:5]:
        out.print(f"Broken: {broken.check} (card {broken.card})", style="red", markup=False)
        out.print(f"  {broken.detail}", markup=False, soft_wrap=True)
    shown = outcome.history[-LINES_MAX:]
    out.print(f"\nThe last {len(shown)} things that happened to it (0 is everybody):")
    for event in shown:
        out.print(f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.card:>5}  {event.text}", markup=False)
    out.print(f"\nAgain: {_command(outcome.setting, outcome.days_done)}", soft_wrap=True)


def _command(setting: "Setting", days: int) -> str:
    """Write the command that makes the same run."""
    numbers = setting.numbers
    which = (
        f"--cards {len(numbers)}"
        if numbers == tuple(range(1, len(numbers) + 1))
        else " ".join(f"--card {number}" for number in numbers)
    )
    parts = [f"everline simulate --seed {setting.seed} {which} --days {days}"]
    parts += [f"--without {fault}" for fault in sorted(setting.without)]
    parts += [f"--load {path}" for path in setting.files]
    parts += [f"--price {wish}" for wish in setting.prices]
    return " ".join(parts)


def _as_json(outcome: "Outcome") -> dict[str, Any]:
    return {
        "seed": outcome.setting.seed,
        "cards": len(outcome.setting.numbers),
        "days": outcome.days_done,
        "is_clean": outcome.is_clean,
        "digest": outcome.digest,
        "renewals": outcome.renewals,
        "events": outcome.events,
        "seconds": round(outcome.seconds, 1),
        "faults": dict(sorted(outcome.faults.items())),
        "violations": [
            {"at": each.at, "card": each.card, "check": each.check, "detail": each.detail}
            for each in outcome.violations
        ],
        "history": [
            {"at": each.at, "card": each.card, "text": each.text}
            for each in (() if outcome.is_clean else outcome.history)
        ],
        "again": _command(outcome.setting, outcome.days_done),
    }


COMMANDS: Final = (simulate,)
