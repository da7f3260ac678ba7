"""Rules for .sql files: verbs and parts, their headers and their limits.

A verb is called from Python and owns its rights; a part is called by other SQL alone. What a
function may reach is not checked here but in tests/test_boundaries.py; layout is sqlfluff's.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from tests.tidy.rule import SOURCE, Example, Finding, Rule, where
from tests.tidy.statements import Function, Statement, statements

FUNCTION_LINES_MAX: Final = 70
CLOCK_READER: Final = "server_clock"
"""The one function that reads the server's clock; `check_at` compares with it."""

DYNAMIC_REASONS: Final = {"make_partitions": "a partition is named by its month"}
"""Functions with a dynamic `execute`, and what cannot be said without it."""

TRIGGER_FUNCTION: Final = "refuse_change"
"""The one function that a trigger may call: it keeps a table append-only."""

KINDS: Final = frozenset(
    {
        "CommentStmt",
        "CompositeTypeStmt",
        "CreateDomainStmt",
        "CreateEnumStmt",
        "CreateFunctionStmt",
        "GrantStmt",
        "ViewStmt",
    }
)
"""What a repeatable file may hold: it is loaded anew into a schema of its own."""

HEADER = re.compile(r"^(?P<word>verb|part) (?P<name>\w+): \S")
TRIGGER = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:constraint\s+)?trigger\b.*?\bexecute\s+(?:function|procedure)"
    r"\s+(?P<function>[\w.]+)",
    re.IGNORECASE | re.DOTALL,
)


def each(
    judge: Callable[[Statement], Iterable[Finding]],
) -> Callable[[str, str], Iterator[Finding]]:
    """Make a check of a file from a check of one statement."""

    def check(path: str, text: str) -> Iterator[Finding]:
        for statement in statements(path, text):
            yield from judge(statement)

    return check


def each_function(
    judge: Callable[[Statement, Function], Iterable[Finding]],
) -> Callable[[str, str], Iterator[Finding]]:
    """Make a check of a file from a check of one function."""

    def check(path: str, text: str) -> Iterator[Finding]:
        for statement in statements(path, text):
            if statement.function is not None:
                yield from judge(statement, statement.function)

    return check


def readable(statement: Statement) -> Iterator[Finding]:
    """Find what PostgreSQL would refuse to parse, in bodies too."""
    if statement.refused:
        yield statement.refused


def kinds(statement: Statement) -> Iterator[Finding]:
    """Find statements that belong in a migration."""
    if statement.kind and statement.kind not in KINDS:
        yield statement.line, f"{statement.kind} is no part of a repeatable file: write a migration"


def headers(statement: Statement) -> Iterator[Finding]:
    """Find things without a header, with another's header, and verbs that name no caller."""
    if not statement.name:
        return
    found = HEADER.match(statement.header)
    if not found or found["name"] != statement.name:
        advice = (
            f"`-- verb {statement.name}: ...` or `-- part {statement.name}: ...` directly above"
        )
        yield statement.line, advice
    elif found["word"] == "verb" and not statement.function:
        yield statement.line, "only a function is a verb"
    elif found["word"] == "verb" and "Caller: " not in statement.header:
        yield statement.line, f"the verb {statement.name} does not say `Caller: ...`"


def rights(statement: Statement, function: Function) -> Iterator[Finding]:
    """Find verbs that do not own their rights, and parts that do."""
    pinned = function.security_definer and function.search_path_from_current
    if statement.header.startswith("verb ") and not pinned:
        yield statement.line, "a verb is `security definer set search_path from current`"
    elif not statement.header.startswith("verb ") and function.security_definer:
        yield statement.line, "a part runs with its caller's rights"


def conflicts(statement: Statement, function: Function) -> Iterator[Finding]:
    """Find plpgsql in which a column could be mistaken for a variable."""
    first = next((line.strip() for line in function.body.splitlines() if line.strip()), "")
    if function.language == "plpgsql" and first != "#variable_conflict error":
        yield statement.line, "the body opens with `#variable_conflict error`"


def languages(statement: Statement, function: Function) -> Iterator[Finding]:
    """Find functions in a language that not every server has."""
    if function.language not in {"sql", "plpgsql"}:
        yield statement.line, f"the language {function.language} is not on every server"


def function_lines(statement: Statement, _function: Function) -> Iterator[Finding]:
    """Find functions that do not fit on a screen."""
    if statement.lines > FUNCTION_LINES_MAX:
        yield statement.line, f"{statement.lines} lines, {FUNCTION_LINES_MAX} at most"


def floats(statement: Statement) -> Iterator[Finding]:
    """Find floating types."""
    for name in sorted(statement.reach.types & {"float4", "float8"}):
        yield statement.line, f"{name}: money and bytes are bigint, an interval is an interval"


def clocks(statement: Statement) -> Iterator[Finding]:
    """Find reads of the server's clock outside the one function that may."""
    if statement.name != CLOCK_READER:
        for name in sorted(statement.reach.clocks):
            yield statement.line, f"{name}: time is an argument, `at`"


def dynamic(statement: Statement, function: Function) -> Iterator[Finding]:
    """Find dynamic SQL in functions that gave no reason for it."""
    if statement.name not in DYNAMIC_REASONS:
        for line in function.dynamic:
            yield line, "dynamic SQL hides what it reaches; give the reason in DYNAMIC_REASONS"


def triggers(_path: str, text: str) -> Iterator[Finding]:
    """Find triggers that do anything but refuse a change."""
    for found in TRIGGER.finditer(text):
        if found["function"].rpartition(".")[2] != TRIGGER_FUNCTION:
            line = text.count("\n", 0, found.start()) + 1
            yield (
                line,
                f"a trigger calls {TRIGGER_FUNCTION} alone: a chain of triggers hides the work",
            )


def _plpgsql(body: str, head: str = "-- part f: x.", options: str = "") -> Example:
    return Example(
        "src/everline/cards/cards.sql",
        f"{head}\ncreate function f(at timestamptz) returns integer\nlanguage plpgsql {options}"
        f" as $$\n#variable_conflict error\nbegin\n{body}\nend $$;\n",
    )


def _sql(text: str) -> Example:
    return Example("src/everline/cards/cards.sql", text)


VERB: Final = "-- verb f: does it.\n-- Caller: cards/__init__.py. Locks: the card."
OWN_RIGHTS: Final = "security definer set search_path from current"
SQL: Final = where(".sql", under=(SOURCE,))

SQL_RULES: Final = (
    Rule(
        name="readable",
        why="A verb that PostgreSQL refuses is found before a server is started.",
        applies=SQL,
        check=each(readable),
        good=(_plpgsql("return 1;"), _sql("create view a as select 1 as b;\n")),
        bad=(_plpgsql("return 1"), _plpgsql("return (select from from x);"), _sql("select\n1 1;")),
    ),
    Rule(
        name="kinds",
        why="A repeatable file is loaded again and again; tables and data belong to migrations.",
        applies=SQL,
        check=each(kinds),
        good=(_sql("create type a as (b integer);\n"),),
        bad=(_sql("create table a (b integer);\n"), _sql("insert into a values (1);\n")),
    ),
    Rule(
        name="headers",
        why="A reader learns purpose, caller, locks and refusals without reading the body.",
        applies=SQL,
        check=each(headers),
        good=(
            _plpgsql("return 1;"),
            _plpgsql("return 1;", head=VERB),
            _sql("-- part a: x.\ncreate type a as (b integer);\n"),
        ),
        bad=(
            _plpgsql("return 1;", head=""),
            _plpgsql("return 1;", head="-- part g: another."),
            _plpgsql("return 1;", head="-- Does it."),
            _plpgsql("return 1;", head="-- verb f: calls nobody."),
            _sql("-- part a: x.\n\ncreate type a as (b integer);\n"),
            _sql("create view a as select 1 as b;\n"),
        ),
    ),
    Rule(
        name="rights",
        why="The serving role writes through verbs alone, and nobody bends their search path.",
        applies=SQL,
        check=each_function(rights),
        good=(_plpgsql("return 1;"), _plpgsql("return 1;", head=VERB, options=OWN_RIGHTS)),
        bad=(
            _plpgsql("return 1;", head=VERB),
            _plpgsql("return 1;", head=VERB, options="security definer"),
            _plpgsql("return 1;", options=OWN_RIGHTS),
        ),
    ),
    Rule(
        name="conflicts",
        why="A name that is both column and variable is an error, not a guess.",
        applies=SQL,
        check=each_function(conflicts),
        good=(_plpgsql("return 1;"),),
        bad=(_sql("create function f() returns int language plpgsql as $$begin return 1; end$$;"),),
    ),
    Rule(
        name="languages",
        why="Everline needs no extension.",
        applies=SQL,
        check=each_function(languages),
        good=(_plpgsql("return 1;"),),
        bad=(_sql("create function f() returns int language plpython3u as $$return 1$$;"),),
    ),
    Rule(
        name="function lines",
        why="A function is seen whole.",
        applies=SQL,
        check=each_function(function_lines),
        good=(_plpgsql("perform 1;\n" * 64 + "return 1;"),),
        bad=(_plpgsql("perform 1;\n" * 65 + "return 1;"),),
    ),
    Rule(
        name="floats",
        why="A float loses cents.",
        applies=SQL,
        check=each(floats),
        good=(_plpgsql("return (1::numeric / 3)::integer;"),),
        bad=(
            _plpgsql("return (1::float / 3)::integer;"),
            _sql("create function f(a float8) returns int language sql as $$select 1$$;"),
            _sql("create function f() returns real language sql as $$select 1$$;"),
        ),
    ),
    Rule(
        name="clocks",
        why="Time is an argument, so a story can move it and a replay gives the same answer.",
        applies=SQL,
        check=each(clocks),
        good=(
            _plpgsql("return extract(day from f.at);"),
            _sql(
                "create function server_clock() returns timestamptz language sql as"
                " $$ select clock_timestamp() $$;"
            ),
        ),
        bad=(
            _plpgsql("return extract(day from now());"),
            _plpgsql("if f.at > current_timestamp then return 1; end if; return 2;"),
            _sql("create view a as select current_date as b;\n"),
        ),
    ),
    Rule(
        name="dynamic SQL",
        why="What a function reaches is read from its text.",
        applies=SQL,
        check=each_function(dynamic),
        good=(_plpgsql("perform 1;\nreturn 1;"),),
        bad=(
            _plpgsql("execute 'delete from a';\nreturn 1;"),
            _plpgsql("for at in execute 'select 1' loop\nend loop;\nreturn 1;"),
        ),
    ),
    Rule(
        name="triggers",
        why="The work of a verb stands in the verb.",
        applies=where(".sql", ".py", under=(SOURCE,)),
        check=triggers,
        good=(
            Example(
                "src/everline/ledger/migrations/0002_append_only.py",
                "create trigger a before update or delete on b\n"
                "for each row execute function public.refuse_change();",
            ),
        ),
        bad=(
            _sql("create trigger a after insert on b for each row execute function c();"),
            _sql("CREATE OR REPLACE TRIGGER a AFTER INSERT ON b\nEXECUTE PROCEDURE c();"),
        ),
    ),
)
