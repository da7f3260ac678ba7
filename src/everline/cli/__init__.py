"""The command line: `everline demo | serve | work | migrate | load | card | renew | audit | …`.

Each command stands in a file of its family: demo.py, running.py, loading.py, lines.py,
cases.py, proof.py, simulating.py.
They import what they need when they run, after Django is set up, so that --help stays quick. How
things are said, and the exit codes, are in speech.py.
"""

from importlib import metadata
from typing import Annotated

import typer

from everline.cli import cases, demo, lines, loading, proof, running, simulating
from everline.cli.speech import CODES, out

app = typer.Typer(
    name="everline",
    epilog=CODES,
    invoke_without_command=True,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)


@app.callback()
def everline(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True)
    ] = False,
) -> None:
    """Everline keeps prepaid lines on: the renewal platform for data cards and eSIMs."""
    if version:
        out.print(f"everline {metadata.version('everline')}", markup=False)
        raise typer.Exit


for family, title in (
    (demo, "Try it"),
    (running, "Run it"),
    (loading, "Keep it"),
    (lines, "Renew"),
    (cases, "Look after it"),
    (proof, "Prove it"),
    (simulating, "Prove it"),
):
    for command in family.COMMANDS:
        app.command(epilog=CODES, rich_help_panel=title)(command)


def main() -> None:
    """Run the command that was typed."""
    app(prog_name="everline")
