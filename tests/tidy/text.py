"""Rules that need no parser: size, layout, names of files, and words.

Each looks at the text of one file. The rules for Python, SQL and prose stand beside this file.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final

from tests.tidy.rule import Example, Finding, Rule, is_migration, where

LINES_MAX: Final = 400
COLUMNS_MAX: Final = 100

CODE: Final = (".py", ".sql", ".html", ".txt", ".css", ".js")
TEXT: Final = (*CODE, ".md", ".toml", ".yaml", ".yml", ".po", "Makefile", "run", ".sqlfluff")
RULES: Final = ("tests/tidy/",)
"""The rules about words are not applied to themselves: their bad examples hold the words."""

NAMES_BANNED: Final = frozenset(
    {"common", "core", "helper", "helpers", "lib", "manager", "managers", "misc"}
    | {"service", "services", "util", "utils"}
)

MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:root|work|farm|home/\w+)/\w")
TO_DO = re.compile(r"\b(?:TODO|FIXME|HACK)\b")
TRACKER = re.compile(r"\b[Ii]ssues?\s#?\d+\b|\b(?:[Cc]loses|[Ff]ixes)\s#\d+\b")
WALLET = re.compile(r"(?<!e[-_ ])(?<!e)wallet", re.IGNORECASE)
RECHARGE = re.compile(r"recharg(?:e|ing)\b", re.IGNORECASE)


def columns(path: str, text: str) -> Iterator[Finding]:
    """Find lines that are too wide; a table row or a bare address in prose may be wider."""
    prose = path.endswith(".md")
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) <= COLUMNS_MAX:
            continue
        if prose and (line.startswith("|") or "://" in line):
            continue
        yield number, f"{len(line)} columns, {COLUMNS_MAX} at most"


def lines(_path: str, text: str) -> Iterator[Finding]:
    """Find files that are too long."""
    count = len(text.splitlines())
    if count > LINES_MAX:
        yield count, f"{count} lines, {LINES_MAX} at most: ask the field for a new noun"


def trailing_space(_path: str, text: str) -> Iterator[Finding]:
    """Find blanks before a line's end, tabs, and a missing or doubled last newline."""
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if "\t" in line:
            yield number, "a tab"
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield len(text.splitlines()), "a file ends with one newline"


def banned_name(path: str, _text: str) -> Iterator[Finding]:
    """Find files and folders with a name that says nothing."""
    for part in PurePosixPath(path).parts:
        stem = part.partition(".")[0].removeprefix("test_")
        if stem in NAMES_BANNED:
            yield 1, f"{stem!r} says nothing: name the file with a noun of the field"


def forbid(pattern: re.Pattern[str], advice: str) -> Callable[[str, str], Iterator[Finding]]:
    """Make a check that finds each line with a pattern and gives one advice."""

    def check(_path: str, text: str) -> Iterator[Finding]:
        for number, line in enumerate(text.splitlines(), 1):
            found = pattern.search(line)
            if found:
                yield number, f"{found.group()!r}: {advice}"

    return check


def iccid_in_chinese(_path: str, text: str) -> Iterator[Finding]:
    """Find Chinese sentences that call the number of a data card a bank card number."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("msgstr", '"')) and "银行卡号" in line:
            yield number, "the ICCID is 卡号; a bank card's number is never asked for"


TEXT_RULES: Final = (
    Rule(
        name="columns",
        why="Two files fit side by side.",
        applies=lambda path: where(*CODE, ".md", ".toml")(path) and not is_migration(path),
        check=columns,
        good=(
            Example("a.py", "x" * 100 + "\n"),
            Example("a.md", "| " + "x" * 120 + " |\n"),
            Example("a.md", "https://example.org/" + "x" * 120 + "\n"),
        ),
        bad=(Example("a.py", "x" * 101 + "\n"), Example("a.md", "x" * 101 + "\n")),
    ),
    Rule(
        name="lines",
        why="A file is read in one sitting.",
        applies=lambda path: (
            where(*CODE, under=("src/", "tests/", "benchmarks/", "examples/"))(path)
            and not is_migration(path)
        ),
        check=lines,
        good=(Example("a.py", "x\n" * 400),),
        bad=(Example("a.py", "x\n" * 401),),
    ),
    Rule(
        name="trailing space",
        why="A change shows only what was meant.",
        applies=where(*TEXT, but=("Makefile",)),
        check=trailing_space,
        good=(Example("a.py", "x = 1\n"), Example("a.py", "")),
        bad=(
            Example("a.py", "x = 1 \n"),
            Example("a.py", "x = 1"),
            Example("a.py", "x = 1\n\n"),
            Example("a.sql", "\tselect 1;\n"),
        ),
    ),
    Rule(
        name="banned name",
        why="A name that fits everything collects everything.",
        applies=where("", under=("src/", "tests/", "benchmarks/", "examples/")),
        check=banned_name,
        good=(Example("src/everline/money.py", ""), Example("src/everline/people/staff.py", "")),
        bad=(
            Example("src/everline/utils.py", ""),
            Example("src/everline/services/renew.py", ""),
            Example("tests/test_helpers.py", ""),
        ),
    ),
    Rule(
        name="machine path",
        why="The project runs anywhere and knows no machine.",
        applies=where(*TEXT, but=RULES),
        check=forbid(MACHINE_PATH, "a path of one machine"),
        good=(
            Example("a.md", "See http://localhost:8000/work/queue, or a checkout in /root.\n"),
            Example("a.py", 'HOME = Path("~/.everline")\n'),
        ),
        bad=(
            Example("a.md", "See /root/notes.\n"),
            Example("a.py", 'open("/work/main/x")\n'),
            Example("a.sql", "-- /home/someone/file\n"),
        ),
    ),
    Rule(
        name="to do",
        why="What is not done is an open task elsewhere, not a comment.",
        applies=where(*TEXT, but=RULES),
        check=forbid(TO_DO, "do it, or leave it out"),
        good=(Example("a.py", "# The unit of a count is XXX, as ISO 4217 has it.\n"),),
        bad=(Example("a.py", "# TODO: later\n"), Example("a.sql", "-- FIXME\n")),
    ),
    Rule(
        name="tracker",
        why="Code and docs give the reason itself; a number in a tracker dies with the tracker.",
        applies=where(*TEXT, but=RULES),
        check=forbid(TRACKER, "give the reason instead of a number"),
        good=(Example("a.md", "Two issues remain: cost and time.\n"),),
        bad=(Example("a.md", "As said in issue 12.\n"), Example("a.py", "# fixes #7\n")),
    ),
    Rule(
        name="wallet",
        why="Ours is a balance; only a third party's e-wallet is a wallet.",
        applies=where(*CODE, ".md", ".po", but=(*RULES, "docs/glossary.md")),
        check=forbid(WALLET, "say balance, or e-wallet for a third party's"),
        good=(Example("a.py", "# Pay by e-wallet.\ne_wallet = 1\n"), Example("a.md", "EWallet\n")),
        bad=(Example("a.py", "wallet_id = 1\n"), Example("a.html", "<p>Your Wallet</p>\n")),
    ),
    Rule(
        name="recharge",
        why="A card is renewed, a balance is topped up; this third word hides which.",
        applies=where(*CODE, ".md", ".po", but=(*RULES, "docs/glossary.md")),
        check=forbid(RECHARGE, "say renew (a card) or top up (a balance)"),
        good=(Example("a.py", "renew(card)\ntop_up(balance)\n"),),
        bad=(Example("a.py", "def recharge(card): ...\n"), Example("a.md", "Recharging\n")),
    ),
    Rule(
        name="ICCID in Chinese",
        why="The pages must never seem to ask for a bank card's number.",
        applies=where(".po"),
        check=iccid_in_chinese,
        good=(Example("a.po", 'msgid "Card number"\nmsgstr "卡号"\n'),),
        bad=(Example("a.po", 'msgid "Card number"\nmsgstr "银行卡号"\n'),),
    ),
)
