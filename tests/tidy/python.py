"""Rules for Python that need its syntax tree: size, docstrings, money, time, and SQL in strings.

Ruff holds what ruff can hold; here is what it has no rule for. Layers are not checked here but in
tests/test_boundaries.py.
"""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.tidy.rule import SOURCE, Example, Finding, Rule, is_migration, where

FUNCTION_LINES_MAX: Final = 70
DOCSTRING_LINES: Final = (3, 10)

MONEY: Final = tuple(SOURCE + place for place in ("money.py", "ledger/", "renewals/", "payments/"))

CLOCKS: Final = (SOURCE + "clock.py", SOURCE + "simulators/", SOURCE + "database/server.py")
"""Where the machine's clock may be read: simulators are the outside, the server waits for it."""

EDGES: Final = tuple(
    SOURCE + place
    for place in (
        *("cli", "config/", "channels/", "office/", "jobs/", "pages/", "tour/"),
        "people/models.py",
    )
)
"""Where `clock.now()` may be called: pages, commands and the worker's loop.

Django's own commands create persons through people/models.py, and they bring no time along.
"""

CLOCK_READS: Final = frozenset(
    {
        "datetime.now",
        "datetime.today",
        "datetime.utcnow",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "date.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "timezone.localtime",
        "timezone.localdate",
        "timezone.now",
        "django.utils.timezone.now",
    }
)
CLOCK_MODULES: Final = {
    "time": {"time", "time_ns"},
    "django.utils.timezone": {"now", "localtime", "localdate"},
    "django.db.models.functions": {"Now"},
    "everline.clock": {"now"},
}

WRITES = re.compile(
    r"\b(?:insert\s+into|delete\s+from|merge\s+into|truncate\s+(?:table\s+)?\w"
    r"|for\s+(?:no\s+key\s+)?update|update\s+[\w.\"]+\s+(?:(?:as\s+)?\w+\s+)?set)\b",
    re.IGNORECASE,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


def function_lines(_path: str, text: str) -> Iterator[Finding]:
    """Find functions that do not fit on a screen."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > FUNCTION_LINES_MAX:
                advice = f"{node.name} has {count} lines, {FUNCTION_LINES_MAX} at most"
                yield node.lineno, advice


def module_docstring(path: str, text: str) -> Iterator[Finding]:
    """Find modules that do not open with what they are, what they are not and what comes next."""
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree)
    if docstring is None:
        if tree.body or not path.endswith("__init__.py"):
            yield 1, "no docstring"
        return
    least, most = DOCSTRING_LINES
    count = len(docstring.splitlines())
    if count > most:
        yield 1, f"a docstring of {count} lines, {most} at most"
    if count < least and path.startswith(SOURCE) and len(text.splitlines()) > SHORT_MODULE:
        yield 1, f"a docstring of {count} lines: say what this is not, and where the next file is"


SHORT_MODULE: Final = 60
"""A module of so few lines is read as fast as a docstring about it."""


def money_floats(_path: str, text: str) -> Iterator[Finding]:
    """Find floats and true divisions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"the float {node.value}: count minor units, or use a timedelta"
        elif isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "float: count minor units"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "a true division: use Money.split, //, or joinpath for a path"


def sql_writes(_path: str, text: str) -> Iterator[Finding]:
    """Find statements in strings that write or lock rows; docstrings may speak of them."""
    tree = ast.parse(text)
    prose = {id(docstring) for node in ast.walk(tree) for docstring in _docstring(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            found = WRITES.search(node.value)
            if found:
                yield (
                    node.lineno,
                    f"{found.group()!r}: writing and locking are verbs, in .sql files",
                )
        elif isinstance(node, ast.Attribute) and node.attr == "select_for_update":
            yield node.lineno, "select_for_update: locking is done by verbs, in .sql files"


def clock_reads(path: str, text: str) -> Iterator[Finding]:
    """Find reads of the machine's clock, and of our own where time must be an argument."""
    at_edge = path.startswith(EDGES)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            if name in CLOCK_READS:
                yield node.lineno, f"{name}: time is an argument, `at`; clock.now() at the edge"
            elif name == "clock.now" and not at_edge:
                yield node.lineno, "clock.now: only pages, commands and the worker call it"
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name in CLOCK_MODULES.get(node.module or "", ()):
                    yield node.lineno, f"import {node.module} and call it by its full name"


def _docstring(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
        first = node.body[0]
        assert isinstance(first, ast.Expr), "a docstring is an expression"
        yield first.value


def _nested(lines: int) -> str:
    return "def f():\n" + "    x = 1\n" * (lines - 1)


PYTHON: Final = where(".py")
OURS: Final = where(".py", under=(SOURCE,))

PYTHON_RULES: Final = (
    Rule(
        name="function lines",
        why="A function is seen whole.",
        applies=lambda path: PYTHON(path) and not is_migration(path),
        check=function_lines,
        good=(Example("a.py", _nested(70)),),
        bad=(
            Example("a.py", _nested(71)),
            Example("a.py", "class A:\n" + "    async def f(self):\n" + "        x = 1\n" * 70),
        ),
    ),
    Rule(
        name="module docstring",
        why="A reader knows in ten lines whether this is the file.",
        applies=lambda path: PYTHON(path) and not is_migration(path),
        check=module_docstring,
        good=(
            Example("a.py", '"""Money."""\n'),
            Example("a/__init__.py", ""),
            Example(SOURCE + "a.py", '"""Money.\n\nNo price.\n"""\n' + "x = 1\n" * 60),
        ),
        bad=(
            Example("a.py", "x = 1\n"),
            Example("a.py", ""),
            Example("a/__init__.py", "x = 1\n"),
            Example(SOURCE + "a.py", '"""Money."""\n' + "x = 1\n" * 60),
            Example("a.py", '"""Money.\n' + "More.\n" * 10 + '"""\n'),
        ),
    ),
    Rule(
        name="money floats",
        why="A float loses cents, and a division decides who gets them.",
        applies=where(".py", under=MONEY),
        check=money_floats,
        good=(
            Example("src/everline/money.py", "share, rest = divmod(total, 3)\nhalf = total // 2\n"),
        ),
        bad=(
            Example("src/everline/money.py", "rate = 0.2\n"),
            Example("src/everline/money.py", "x = float(total)\n"),
            Example("src/everline/money.py", "x = total / 3\n"),
            Example("src/everline/money.py", "x /= 3\n"),
            Example("src/everline/money.py", "def f(amount: float) -> None: ...\n"),
        ),
    ),
    Rule(
        name="SQL writes",
        why="A write that is not a verb escapes the locks, the history and the grants.",
        applies=lambda path: OURS(path) and not is_migration(path),
        check=sql_writes,
        good=(
            Example("a.py", 'row = one("select * from renew(%s)", at)\n'),
            Example("a.py", '"""Takes rows for update."""\n'),
            Example("a.py", 'x = "Update set in stone"\n'),
            Example("a.py", "d.update(x)\n"),
        ),
        bad=(
            Example("a.py", 'do("insert into ledger_account values (1)")\n'),
            Example("a.py", 'do("""\n  UPDATE jobs_job j SET tries = 1""")\n'),
            Example("a.py", 'do(f"delete from {table}")\n'),
            Example("a.py", 'do("select 1 from cards_card for update")\n'),
            Example("a.py", "Card.objects.select_for_update()\n"),
        ),
    ),
    Rule(
        name="clock reads",
        why="Time is an argument, so a story can move it and a replay gives the same answer.",
        applies=where(".py", under=(SOURCE,), but=CLOCKS),
        check=clock_reads,
        good=(
            Example("src/everline/renewals/renew.py", "def f(at: datetime): return at\n"),
            Example("src/everline/channels/web/views.py", "at = clock.now()\n"),
            Example("src/everline/jobs/worker.py", "started = time.monotonic()\n"),
        ),
        bad=(
            Example("src/everline/channels/web/views.py", "at = datetime.now(tz=UTC)\n"),
            Example("src/everline/channels/web/views.py", "from everline.clock import now\n"),
            Example("src/everline/channels/web/views.py", "at = time.time()\n"),
            Example("src/everline/cards/models.py", "at = Field(default=timezone.now)\n"),
            Example("src/everline/cards/models.py", "from django.db.models.functions import Now\n"),
            Example("src/everline/renewals/renew.py", "at = clock.now()\n"),
        ),
    ),
)
