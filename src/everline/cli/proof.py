"""`everline audit`, `doctor`, `metrics`, `bench`: whether books, deployment and speed hold.

Each prints what it found and says by its exit code whether that is good. The invariants stand in
office/audit.py, the deployment's checks in config/doctor.py, the measurements in benchmarks/.
"""

import os
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from everline.cli.speech import Exit, Json, err, fail, opened, out, write_json

if TYPE_CHECKING:
    from everline.config.doctor import Check
    from everline.office.audit import Finding

CHECKOUT: Final = Path(__file__).resolve().parents[3]
STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "red"}


def audit(*, json: Json = False) -> None:
    """Prove the books: check every invariant, and list the ids of what breaks one.

    Exit code 0: all hold. 1: something is broken.

    Example: `everline audit --json`
    """
    with opened("command"):
        from everline import clock
        from everline.office.audit import INVARIANTS, audit as check

        bar = Progress(TextColumn("{task.description}"), BarColumn(), console=err, transient=True)
        with bar:
            task = bar.add_task("", total=len(INVARIANTS))
            findings = []
            for finding in check(clock.now(), lambda each: bar.update(task, description=each.name)):
                findings.append(finding)
                bar.advance(task)
    broken = [finding for finding in findings if finding.total]
    if json:
        write_json({"is_clean": not broken, "invariants": [_found(each) for each in findings]})
    else:
        for finding in broken:
            _print_finding(finding)
        if not broken:
            out.print(f"All {len(findings)} invariants hold.", style="green")
    raise typer.Exit(Exit.FAILED if broken else Exit.DONE)


def doctor(*, json: Json = False) -> None:
    """Check the deployment: database, roles, verbs, clock, e-mail, gateways, queue, workers.

    Exit code 0: nothing fails, though something may deserve a look. 1: something fails.

    Example: `everline doctor`
    """
    with opened("command"):
        from everline.config import doctor as checks

        found: list[Check] = []
        with err.status("Looking"):
            found.extend(checks.examine())
    fails = [check for check in found if check.state == "fail"]
    if json:
        write_json({"is_well": not fails, "checks": [_checked(check) for check in found]})
    else:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for check in found:
            table.add_row(
                Text(check.state, style=STYLES[check.state]),
                Text(check.name, style="bold"),
                Text(check.finding),
            )
            if check.way_out:
                table.add_row("", "", Text(f"→ {check.way_out}", style=STYLES[check.state]))
        out.print(table)
    raise typer.Exit(Exit.FAILED if fails else Exit.DONE)


def metrics(*, json: Json = False) -> None:
    """Print how automatic renewal stands, as Prometheus reads it.

    Example: `everline metrics | grep untried`
    """
    with opened("command"):
        from everline import autorenewal, clock

        at = clock.now()
        if json:
            known = asdict(autorenewal.gauges(at))
            write_json({name: _plain(value) for name, value in known.items()})
        else:
            out.out(autorenewal.exposition(at), end="", highlight=False)


def bench(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="renew, due, charge, http, load, pages, phone: docs/benchmarks.md"
        ),
    ],
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[-- OPTION…]", help="Options of the benchmark.")
    ] = None,
    *,
    json: Json = True,  # noqa: ARG001  Its only form, but a program may ask for it as elsewhere.
) -> None:
    """Measure one claim about speed, on a server of its own; prints JSON. Needs a checkout.

    Example: `everline bench renew -- --quick`
    """
    known = sorted(path.stem.removesuffix("_rate") for path in _benchmarks().glob("*_rate.py"))
    if name not in known:
        choices = ", ".join(known) or "none: run it from a checkout, benchmarks are not installed"
        fail(f"There is no benchmark {name}. There are: {choices}.", Exit.MISUSED)
    done = subprocess.run(  # noqa: S603  Our own program.
        [sys.executable, "-m", f"benchmarks.{name}_rate", *(options or [])],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        check=False,
    )
    raise typer.Exit(done.returncode)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _benchmarks() -> Path:
    return CHECKOUT / "benchmarks"


def _found(finding: "Finding") -> dict[str, object]:
    return {
        "name": finding.invariant.name,
        "sentence": finding.invariant.sentence,
        "total": finding.total,
        "offences": [{"id": each.id, "detail": each.detail} for each in finding.offences],
    }


def _print_finding(finding: "Finding") -> None:
    """Write one broken invariant with its offending ids."""
    out.print(f"{finding.invariant.sentence}  ({finding.invariant.name})", style="red")
    for offence in finding.offences:
        out.print(f"  {offence.id}  {offence.detail}", markup=False)
    if finding.total > len(finding.offences):
        out.print(f"  and {finding.total - len(finding.offences)} more", style="dim")


def _checked(check: "Check") -> dict[str, str]:
    return {
        "name": check.name,
        "state": check.state,
        "finding": check.finding,
        "way_out": check.way_out,
    }


COMMANDS: Final = (audit, doctor, metrics, bench)
