"""Reads .sql files with PostgreSQL's own parser: what each statement is, and what it reaches.

A statement knows its header comment, its place, and the functions, tables, types and clocks that
it names, inside function bodies too. Nothing here judges: the rules stand in `sql`, in
tests/test_sql.py and in tests/test_boundaries.py.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pglast import parse_plpgsql, parse_sql
from pglast.enums import FunctionParameterMode, VariableSetKind
from pglast.parser import ParseError
from pglast.visitors import Skip, Visitor

EXPRESSION, ASSIGNMENT = 2, 3
"""How plpgsql reads a fragment: `parseMode` 2 is an expression, 3 and above an assignment."""

TARGET = re.compile(r"^\s*[\w.\"]+(?:\s*\[.*?\])*(?:\.\w+)*\s*:?=\s*", re.DOTALL)
COMMENT: Final = re.compile(r"--[^\n]*")
DYNAMIC: Final = frozenset({"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"})
OUTWARD: Final = {FunctionParameterMode.FUNC_PARAM_OUT, FunctionParameterMode.FUNC_PARAM_TABLE}
CLOCK_FUNCTIONS: Final = frozenset(
    {
        "clock_timestamp",
        "localtimestamp",
        "now",
        "statement_timestamp",
        "timeofday",
        "transaction_timestamp",
    }
)


class RefusedError(Exception):
    """PostgreSQL would refuse this text, at this line of the file."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(slots=True)
class Reach:
    """What a piece of SQL names: functions, tables, types; and the clocks that it reads.

    `words` are all words of a body, in strings and declarations too, where a table may hide.
    """

    calls: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    clocks: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Function:
    """What is true of a function alone, beside what every statement has."""

    language: str
    body: str
    security_definer: bool
    search_path_from_current: bool
    parameters: tuple[str, ...]
    dynamic: tuple[int, ...] = ()
    """Lines of the file with a dynamic `execute`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file; `name` is what it makes, or empty."""

    path: str
    kind: str
    name: str
    line: int
    lines: int
    header: str
    """The comment directly above it, without its dashes."""
    reach: Reach
    function: Function | None
    refused: tuple[int, str] | None = None
    """Line and message, where PostgreSQL's parser would refuse it."""


def statements(path: str, text: str) -> Iterator[Statement]:
    """Read a file; a file that cannot be read at all is one refused statement."""
    try:
        parsed = _parsed(text, 1)
    except RefusedError as error:
        refused = (error.line, error.message)
        yield Statement(path, "", "", error.line, 0, "", Reach(), None, refused)
        return
    lines = text.splitlines()
    for raw in parsed:
        start = raw.stmt_location
        statement = text[start : start + raw.stmt_len if raw.stmt_len else len(text)]
        start += len(statement) - len(statement.lstrip())
        line = text.count("\n", 0, start) + 1
        yield _statement(path, raw.stmt, statement.strip(), line, _header(lines, line))


def reach_of(query: str) -> Reach | None:
    """Tell what a query in a Python string names; None when it is not SQL."""
    reach = Reach()
    try:
        _read(re.sub(r"%\(\w+\)s|%[sbt]", "null", query), 1, reach)
    except RefusedError:
        return None
    return reach


class _Reader(Visitor):
    """Collects what a tree names; names of common table expressions are not tables."""

    def __init__(self, reach: Reach) -> None:
        super().__init__()
        self.reach = reach
        self.local: set[str] = set()

    def __call__(self, node: Any) -> None:
        super().__call__(node)
        self.reach.tables -= self.local

    def visit_CommonTableExpr(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        self.local.add(node.ctename)

    def visit_LockingClause(self, _ancestors: Any, _node: Any) -> Any:  # noqa: N802
        return Skip  # `for update of` names aliases, whose tables are seen already

    def visit_RangeVar(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        if node.schemaname not in {"pg_catalog", "information_schema"}:
            self.reach.tables.add(node.relname)

    def visit_FuncCall(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        name = node.funcname[-1].sval
        self.reach.calls.add(name)
        if name in CLOCK_FUNCTIONS:
            self.reach.clocks.add(name)

    def visit_SQLValueFunction(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        name = node.op.name.removeprefix("SVFOP_").lower()
        if name.startswith(("current_date", "current_time", "localtime")):
            self.reach.clocks.add(name)

    def visit_TypeName(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        if node.names:
            self.reach.types.add(node.names[-1].sval)


def _parsed(text: str, line: int) -> tuple[Any, ...]:
    """Parse SQL that starts on a line of a file."""
    try:
        return tuple(parse_sql(text))
    except ParseError as error:
        offset = error.args[1] if len(error.args) > 1 and error.args[1] is not None else 0
        raise RefusedError(error.args[0], line + text.count("\n", 0, offset)) from error


def _read(text: str, line: int, reach: Reach) -> None:
    for raw in _parsed(text, line):
        _Reader(reach)(raw.stmt)


def _statement(path: str, node: Any, text: str, line: int, header: str) -> Statement:
    """Read one statement, and a function's body with it."""
    reach = Reach()
    _Reader(reach)(node)
    function, refused = None, None
    if type(node).__name__ == "CreateFunctionStmt":
        function = _function(node)
        try:
            dynamic = tuple(_body(function, text, line, reach))
            function = replace(function, dynamic=dynamic)
        except RefusedError as error:
            refused = (error.line, f"{_made(node)}: {error.message}")
    return Statement(
        path=path,
        kind=type(node).__name__,
        name=_made(node),
        line=line,
        lines=text.count("\n") + 1,
        header=header,
        reach=reach,
        function=function,
        refused=refused,
    )


def _made(node: Any) -> str:
    """The name of what a statement makes."""
    match type(node).__name__:
        case "CreateFunctionStmt":
            return str(node.funcname[-1].sval)
        case "ViewStmt":
            return str(node.view.relname)
        case "CompositeTypeStmt":
            return str(node.typevar.relname)
        case "CreateEnumStmt":
            return str(node.typeName[-1].sval)
        case "CreateDomainStmt":
            return str(node.domainname[-1].sval)
    return ""


def _header(lines: list[str], line: int) -> str:
    above: list[str] = []
    for number in range(line - 2, -1, -1):
        if not lines[number].startswith("--"):
            break
        above.insert(0, lines[number].removeprefix("--").strip())
    return "\n".join(above)


def _function(node: Any) -> Function:
    """Read the options and parameters of a function."""
    options = {option.defname: option.arg for option in node.options or ()}
    settings = [option.arg for option in node.options or () if option.defname == "set"]
    return Function(
        language=options["language"].sval if "language" in options else "sql",
        body=options["as"][0].sval if "as" in options else "",
        security_definer="security" in options and bool(options["security"].boolval),
        search_path_from_current=any(
            setting.kind == VariableSetKind.VAR_SET_CURRENT and setting.name == "search_path"
            for setting in settings
        ),
        parameters=tuple(
            parameter.name or ""
            for parameter in node.parameters or ()
            if FunctionParameterMode(parameter.mode.value) not in OUTWARD
        ),
    )


def _body(function: Function, text: str, line: int, reach: Reach) -> Iterator[int]:
    """Follow a body into `reach`; yields the lines with dynamic SQL. `line` is the function's."""
    if not function.body:
        return
    reach.words.update(re.findall(r"\w+", COMMENT.sub("", function.body)))
    first = line + text.partition(function.body)[0].count("\n")
    if function.language == "sql":
        _read(function.body, first, reach)
    elif function.language == "plpgsql":
        try:
            trees = parse_plpgsql(text)
        except ParseError as error:
            raise RefusedError(error.args[0], line) from error
        yield from _follow(trees, first, reach)


def _follow(tree: Any, first: int, reach: Reach) -> Iterator[int]:
    """Walk a plpgsql tree: add what its queries and variables name, yield lines of `execute`."""
    if isinstance(tree, list):
        for item in tree:
            yield from _follow(item, first, reach)
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            if key == "PLpgSQL_expr":
                _read(_whole(value["query"], value.get("parseMode", 0)), first, reach)
            elif key == "PLpgSQL_type":
                name = value["typname"].partition("%")[0].split(".")[-1].strip('"[] ')
                reach.types.add(name.removeprefix("_"))
            elif key in DYNAMIC or (key == "PLpgSQL_stmt_return_query" and "dynquery" in value):
                yield first + value["lineno"] - 1
            yield from _follow(value, first, reach)


def _whole(query: str, mode: int) -> str:
    """Make a statement of a fragment that plpgsql hands over."""
    if mode == EXPRESSION:
        return f"select {query}"
    if mode >= ASSIGNMENT:
        return f"select {TARGET.sub('', query, count=1)}"
    return query
