"""`everline simulate`: cards, people and months of what goes wrong, in minutes; and its report.

It makes a database of its own and takes it away again; an operator's is never opened. The simulator
stands in simulation/, the report for the operator in simulation/report.py.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from everline.cli.living import live, scratch
from everline.cli.speech import Exit, Json, Waiting, fail, out, plain_errors, write_json

if TYPE_CHECKING:
    from everline.simulation import Ground, Outcome, Outside

CARDS_MAX: Final = 20_000
DAYS_MAX: Final = 700
FAULTS: Final = ("outage", "clock", "gateway", "network", "sender", "ours", "people")
LENGTH_MAX: Final = 11
LINES_MAX: Final = 60
"""How much of a failure's history is printed; --json has all of it."""


Cards = Annotated[int, typer.Option(help="How many cards.", min=1, max=CARDS_MAX)]
Days = Annotated[int, typer.Option(help="How many days.", min=1, max=DAYS_MAX)]
Seed = Annotated[int, typer.Option(help="The same seed gives the same run.", min=0)]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NUMBER",
        help="Only this card, or these, as 12 or 1-500; may be given again. For a failure.",
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FAULT",
        help="Faults that do not happen: outage, clock, gateway, network, sender or ours, or a part"
        " like outage.network; and what people do not do, like people.travel.",
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
    chosen = numbers_of(card) if card else tuple(range(1, cards + 1))
    _check(chosen, without or [], load or [], language, report)
    with plain_errors(), scratch() as place:
        from everline.simulation import Setting
        from everline.simulation.prices import parse_prices

        setting = Setting(
            seed=seed,
            numbers=chosen,
            days=days,
            files=tuple(load or ()),
            without=frozenset(without or ()),
        )
        wishes = parse_prices(price or [])
        lived = partial(live, place, is_halved=not card, wants_figures=report is not None)
        outcome = lived(setting)
        changed = lived(replace(setting, prices=wishes)) if wishes and outcome.is_clean else None
        failed = next((each for each in (outcome, changed) if each and not each.is_clean), None)
        short = _shrink(place, failed) if failed and not card else failed
        if report is not None and failed is None:
            from everline.simulation.report import write_report

            write_report(report, outcome, changed, language)
    told = short or outcome
    if json:
        write_json(_as_json(told, is_town=not card))
    elif failed is None:
        _print_kept(outcome, report)
    else:
        _print_broken(told)
    raise typer.Exit(Exit.DONE if failed is None else Exit.FAILED)


def numbers_of(texts: list[str]) -> tuple[int, ...]:
    """Read numbers of cards, each alone or as the first and the last of a row."""
    found: set[int] = set()
    for text in texts:
        first, _dash, last = text.partition("-")
        if not (
            first.isdecimal() and (last or first).isdecimal() and len(text) < len("10000-20000") + 1
        ):
            fail(f"--card {text} is not understood: write 12, or 1-500.", Exit.MISUSED)
        found.update(range(int(first), int(last or first) + 1))
    return tuple(sorted(found)) or (0,)


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


def _shrink(place: tuple["Ground", "Outside"], failed: "Outcome") -> "Outcome":
    """Look for the shortest history, telling what is tried."""
    from everline.simulation import shrink

    waiting = Waiting()
    try:
        return shrink(
            *place,
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
    told = ", ".join(f"{name} {count:,}" for name, count in sorted(outcome.lived.items()))
    out.print(f"Lived through: {told}.", markup=False)
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
    out.print(f"\nAgain: {_command(outcome, is_town=False)}", soft_wrap=True)


def _command(outcome: "Outcome", *, is_town: bool) -> str:
    """Write the command that makes the same run; a broken one is that of a half at most."""
    from everline.simulation.halves import HALVED_FROM

    setting, numbers, days = outcome.setting, outcome.setting.numbers, outcome.days_done
    is_alike = len(numbers) < HALVED_FROM or (is_town and outcome.is_clean)
    if numbers == tuple(range(1, len(numbers) + 1)) and is_alike:
        which = f"--cards {len(numbers)}"
    else:
        which = " ".join(f"--card {each}" for each in written(numbers))
    parts = [f"everline simulate --seed {setting.seed} {which} --days {days}"]
    parts += [f"--without {fault}" for fault in sorted(setting.without)]
    parts += [f"--load {path}" for path in setting.files]
    parts += [f"--price {wish}" for wish in setting.prices]
    return " ".join(parts)


def written(numbers: tuple[int, ...]) -> list[str]:
    """Write numbers as they are typed, those that follow each other as their first and last."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [f"{first}-{last}" if last > first else str(first) for first, last in found]


def _as_json(outcome: "Outcome", *, is_town: bool) -> dict[str, Any]:
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
        "lived": dict(sorted(outcome.lived.items())),
        "again": _command(outcome, is_town=is_town),
    }


COMMANDS: Final = (simulate,)
