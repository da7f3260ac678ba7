"""Every verb and view, read with PostgreSQL's own parser: headers, rights, clocks and limits.

The rules and their reasons stand in tests/tidy/sql.py. What the functions do is tested by name in
the other files; which folder may use which stands in tests/test_boundaries.py.
"""

from collections import Counter

import pytest

from tests.tidy.rule import ROOT, SOURCE, Example, Rule, files, read
from tests.tidy.sql import DYNAMIC_REASONS, SQL_RULES
from tests.tidy.statements import Statement, statements

WITH_GOOD = [
    pytest.param(rule, example, id=f"{rule.name}-{number}")
    for rule in SQL_RULES
    for number, example in enumerate(rule.good)
]
WITH_BAD = [
    pytest.param(rule, example, id=f"{rule.name}-{number}")
    for rule in SQL_RULES
    for number, example in enumerate(rule.bad)
]


@pytest.mark.parametrize("rule", SQL_RULES, ids=lambda rule: rule.name)
def test_the_tree_keeps(rule: Rule) -> None:
    found = [
        f"{path}:{line}: {message}"
        for path in files()
        if rule.applies(path)
        for line, message in rule.check(path, read(path))
    ]
    assert not found, rule.why + "\n" + "\n".join(found)


@pytest.mark.parametrize(("rule", "example"), WITH_GOOD)
def test_a_rule_lets_pass(rule: Rule, example: Example) -> None:
    assert list(rule.check(example.path, example.text)) == []


@pytest.mark.parametrize(("rule", "example"), WITH_BAD)
def test_a_rule_catches(rule: Rule, example: Example) -> None:
    assert list(rule.check(example.path, example.text))


def everything() -> list[Statement]:
    return [
        statement
        for path in files()
        if path.endswith(".sql") and path.startswith(SOURCE)
        for statement in statements(path, read(path))
    ]


def test_a_name_is_made_once() -> None:
    made = Counter(statement.name for statement in everything() if statement.name)
    assert [name for name, count in made.items() if count > 1] == []


def test_a_caller_that_is_named_as_a_file_is_there() -> None:
    missing = [
        f"{statement.path}:{statement.line}: {word}"
        for statement in everything()
        if statement.header.startswith("verb ")
        for word in statement.header.partition("Caller: ")[2].replace(",", " ").split()
        if word.rstrip(".;").endswith(".py") and not (ROOT / SOURCE / word.rstrip(".;")).is_file()
    ]
    assert not missing, "\n".join(missing)


def test_every_reason_for_dynamic_sql_is_still_needed() -> None:
    used = {item.name for item in everything() if item.function and item.function.dynamic}
    assert used == set(DYNAMIC_REASONS)
