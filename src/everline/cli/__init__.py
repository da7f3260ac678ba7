"""The command line: `everline demo | serve | work | migrate | load | card | renew | audit | …`.

Each command stands in a file of its family: demo.py, running.py, loading.py, lines.py, proof.py.
They import what they need when they run, after Django is set up, so that --help stays quick. How
things are said, and the exit codes, are in speech.py.
"""

import typer

from everline.cli import demo, lines, loading, proof, running
from everline.cli.speech import CODES

app = typer.Typer(
    name="everline",
    help="Everline keeps prepaid lines on: the renewal platform for data cards and eSIMs.",
    epilog=CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)
for family, title in (
    (demo, "Try it"),
    (running, "Run it"),
    (loading, "Keep it"),
    (lines, "Renew"),
    (proof, "Prove it"),
):
    for command in family.COMMANDS:
        app.command(epilog=CODES, rich_help_panel=title)(command)


def main() -> None:
    """Run the command that was typed."""
    app(prog_name="everline")
