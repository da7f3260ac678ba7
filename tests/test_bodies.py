"""Every statement in every verb is planned, also where no test leads: else its first use would.

For each statement and each expression of a plpgsql body, a function of the same name, arguments and
variables is made with that one statement, and called with nulls in a transaction that is undone.
What a name means is decided before any value counts, so a wrong one shows; a null that is refused
shows nothing. Bodies in SQL are judged whole by the server when they are loaded again.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest
from pglast import ast, parse_plpgsql, parse_sql
from psycopg import sql

from everline.database import verbs
from tests.tidy.statements import TARGET
from tests.world import World

EXPRESSION, ASSIGNMENT = 2, 3
"""How plpgsql reads a fragment; 0 is a whole statement."""

RECORDS: Final = frozenset({"begun", "due", "known", "owner", "stored", "told"})
"""Variables whose columns are known only when they are filled; their verbs are called elsewhere."""

FUNCTION = re.compile(
    r"^create or replace function (?P<name>\w+)(?P<head>\(.*?)\bas\s*\$\$(?P<body>.*?)\$\$;",
    re.MULTILINE | re.DOTALL,
)
DECLARED = re.compile(r"\bdeclare\b(?P<variables>.*?)\bbegin\b", re.DOTALL)
COUNTED = re.compile(r"\bfor (\w+) in \d+\.\.")
INITIAL = re.compile(r":=.*?;(?=\s*$)", re.MULTILINE | re.DOTALL)


def functions(language: str) -> Iterator[re.Match[str]]:
    for path in verbs.files():
        for found in FUNCTION.finditer(path.read_text()):
            if re.search(rf"\blanguage {language}\b", found["head"]):
                yield found


def fragments(text: str) -> Iterator[str]:
    """Give each statement and expression of a plpgsql function as a statement of its own."""

    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if "PLpgSQL_expr" in node:
                yield _statement(node["PLpgSQL_expr"])
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)

    for parsed in parse_plpgsql(text):
        yield from walk(parsed["PLpgSQL_function"])


def _statement(expression: dict[str, Any]) -> str:
    query = expression["query"]
    mode = expression.get("parseMode", 0)
    if mode >= ASSIGNMENT:
        return f"perform ({TARGET.sub('', query)});"
    if mode == EXPRESSION:
        return f"perform ({query});"
    (raw,) = parse_sql(query)
    if isinstance(raw.stmt, ast.SelectStmt) or _gives_rows(raw.stmt):
        return f"for checked_row in {query} loop end loop;"
    return f"{query};"


def _gives_rows(statement: object) -> bool:
    return any(getattr(statement, name, None) for name in ("returningList", "returningClause"))


def judge(owner: psycopg.Connection, found: re.Match[str]) -> Iterator[str]:
    """Plan every fragment of one function, and give what PostgreSQL says against it."""
    declared = DECLARED.search(found["body"])
    variables = INITIAL.sub(";", declared["variables"]) if declared else ""
    variables += "".join(f"{name} integer; " for name in COUNTED.findall(found["body"]))
    nulls = ", ".join(["null"] * _arguments(owner, found["name"]))
    for fragment in fragments(found.group()):
        made = (
            f"create or replace function checked.{found['name']}{found['head']} as $checked$\n"
            f"#variable_conflict error\ndeclare checked_row record; {variables}\n"
            f"begin {fragment} end $checked$;"
        )
        try:
            with owner.transaction(force_rollback=True):
                owner.execute(made.encode())
                owner.execute(f"select * from checked.{found['name']}({nulls})".encode())
        except psycopg.Error as error:
            state = error.sqlstate or ""
            unfilled = re.search(r'record "(\w+)" is not assigned', str(error))
            if state[:2] == "42" or (unfilled and unfilled[1] not in RECORDS):
                yield f"{found['name']}: {str(error).splitlines()[0]} in {fragment}"


def _arguments(owner: psycopg.Connection, name: str) -> int:
    row = owner.execute(
        "select pronargs from pg_proc where proname = %s and pronamespace = %s::regnamespace",
        [name, verbs.schema()],
    ).fetchone()
    assert row is not None, name
    return int(row[0])


@pytest.fixture
def owner(town: World) -> Iterator[psycopg.Connection]:
    with psycopg.connect(town.logins.owner) as connection:
        connection.execute("create schema checked")
        connection.execute(
            sql.SQL("set search_path = {}, public").format(sql.Identifier(verbs.schema()))
        )
        # What a load brings with it, as loading/stock.py makes it.
        connection.execute("create temporary table incoming_card of incoming_card")
        connection.execute("create temporary table waiting_card of waiting_card")
        yield connection
        connection.rollback()


def test_every_fragment_of_every_plpgsql_body_can_be_planned(owner: psycopg.Connection) -> None:
    found = [fault for function in functions("plpgsql") for fault in judge(owner, function)]
    assert not found, "\n".join(found)


def test_every_body_in_sql_is_sound(owner: psycopg.Connection) -> None:
    owner.execute("set local check_function_bodies = on")
    for function in functions("sql"):
        owner.execute(function.group().encode())


def test_no_function_is_overlooked(owner: psycopg.Connection) -> None:
    known = owner.execute(
        "select proname from pg_proc where pronamespace = %s::regnamespace", [verbs.schema()]
    ).fetchall()
    read = [each["name"] for language in ("sql", "plpgsql") for each in functions(language)]
    assert sorted(read) == sorted(name for (name,) in known)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("set state = 'cancelled'", "set stat = 'cancelled'"),
        ("if renewal.state = 'paid'", "if renewal.stat = 'paid'"),
        ("reason = take_back.reason", "reason = take_forth.reason"),
        ("money_back(renewal.id, take_back.at)", "money_back(renewal.id)"),
        ("'withdraw', renewal.id,", "'withdraw', id,"),
    ],
)
def test_a_wrong_name_is_found_wherever_it_stands(
    owner: psycopg.Connection, old: str, new: str
) -> None:
    (text,) = [each.group() for each in functions("plpgsql") if each["name"] == "take_back"]
    assert text.count(old) == 1
    sound, broken = FUNCTION.search(text), FUNCTION.search(text.replace(old, new))
    assert sound is not None
    assert broken is not None
    assert list(judge(owner, sound)) == []
    assert len(list(judge(owner, broken))) == 1
