"""The house rules, applied to every file, and tried on good and bad examples.

The rules and their reasons stand in tests/tidy/. Here are also the few that look at the whole
tree at once: what is named nowhere, and what a decision must list. Verbs are judged in
tests/test_sql.py, layers in tests/test_boundaries.py.
"""

import ast
import re
import tomllib
from collections import defaultdict
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import PurePosixPath

import pytest

from tests.tidy.docs import DECISIONS, DOCS_RULES
from tests.tidy.python import PYTHON_RULES
from tests.tidy.rule import LOCKS, ROOT, SOURCE, Example, Rule, files, is_migration, read
from tests.tidy.text import TEXT_RULES

RULES = (*TEXT_RULES, *PYTHON_RULES, *DOCS_RULES)

DEPENDENCIES = DECISIONS + "0003-dependencies.md"

FOUND_BY_NAME = frozenset(
    {"__init__.py", "__main__.py", "admin.py", "apps.py", "models.py", "py.typed", "conftest.py"}
)
"""Files that Python, Django or pytest look for by their name."""

LOCALES = frozenset({"en", "zh-Hans", "zh_Hans", "id"})
"""Files that are chosen by the reader's language."""

DATA = frozenset({"tzdata", "manimgx-fonts-cjk"})
"""Dependencies that are read as files, not imported."""


WITH_GOOD = [
    pytest.param(rule, example, id=f"{rule.name}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.good)
]
WITH_BAD = [
    pytest.param(rule, example, id=f"{rule.name}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.bad)
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
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


def test_every_rule_applies_to_something_and_has_both_kinds_of_examples() -> None:
    for rule in RULES:
        assert rule.good, rule.name
        assert rule.bad, rule.name
        assert any(rule.applies(path) for path in files()), rule.name


def words(path: str) -> set[str]:
    """All words of a file, dotted ones too, and every module that it imports."""
    said = set(re.findall(r"\w(?:[\w.-]*\w)?", read(path)))
    if path.endswith(".py"):
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.ImportFrom) and node.module:
                said |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return said


def names(path: str) -> set[str]:
    """The words by which a file is known: a module by its address, others by their file names."""
    file = PurePosixPath(path)
    if file.suffix == ".py":
        return {".".join(file.relative_to("src").with_suffix("").parts)}
    return {file.name}


def is_shipped(path: str) -> bool:
    file = PurePosixPath(path)
    return (
        path.startswith(SOURCE)
        and file.name not in FOUND_BY_NAME
        and file.stem not in LOCALES
        and file.suffix != ".sql"
        and not is_migration(path)
        and "locale" not in file.parts
    )


def test_every_shipped_file_is_named_by_another() -> None:
    speakers = [path for path in files() if path.startswith(("src/", ".ci/", "pyproject"))]
    spoken = {path: words(path) for path in speakers if not path.endswith((".po", ".mo", ".csv"))}
    lost = [
        path
        for path in files()
        if is_shipped(path)
        and not any(names(path) & said for other, said in spoken.items() if other != path)
    ]
    assert not lost, "\n".join(lost)


def test_every_page_below_docs_is_linked_from_another() -> None:
    pages = [path for path in files() if path.endswith(".md")]
    targets = {
        (ROOT / PurePosixPath(page).parent / target.partition("#")[0]).resolve()
        for page in pages
        for target in re.findall(r"\]\(([^)\s]+)\)", read(page))
    }
    below = [page for page in pages if page.startswith("docs/")]
    lost = [page for page in below if (ROOT / page).resolve() not in targets]
    assert not lost, "\n".join(lost)


def test_decisions_are_numbered_once() -> None:
    numbers = [
        PurePosixPath(path).name[:4]
        for path in files()
        if path.startswith(DECISIONS) and path.endswith(".md")
    ]
    assert sorted(set(numbers)) == sorted(numbers)


def declared() -> set[str]:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    return {re.split(r"[\[=<>~!; ]", line)[0].lower() for line in wanted}


def argued() -> dict[str, list[str]]:
    """The table rows of the decision: package -> the other cells."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in read(DEPENDENCIES).splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_every_dependency_has_its_reason() -> None:
    assert argued().keys() == declared()
    assert all(cells[0].endswith(".") for cells in argued().values())


def locked() -> dict[str, str]:
    return dict(
        line.split(" ")[0].split("==")
        for lock in LOCKS
        for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()
        if re.match(r"[a-z0-9-]+==", line)
    )


@cache
def modules() -> dict[str, set[str]]:
    """What one imports of each package that is installed here."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, packages in packages_distributions().items():
        for package in packages:
            found[package.lower()].add(module)
    return found


@cache
def imported(path: str) -> frozenset[str]:
    """The first parts of everything that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
    return frozenset(names)


def test_every_run_time_dependency_is_used() -> None:
    said = set().union(*(words(path) for path in files() if path.startswith(SOURCE)))
    first = {word.partition(".")[0] for word in said}
    project = tomllib.loads(read("pyproject.toml"))["project"]
    needed = {re.split(r"[\[=<>~!; ]", line)[0].lower() for line in project["dependencies"]}
    assert [name for name in sorted(needed - DATA) if not modules()[name] & first] == []


def test_every_young_dependency_stays_in_its_place() -> None:
    young = {
        name
        for name, version in locked().items()
        if name in declared() and re.match(r"0\.|.*(a|b|rc|dev)\d", version)
    }
    assert {name for name, cells in argued().items() if all(cells[1:])} == young
    wrong = []
    for name in young:
        named = re.findall(r"`([^`]+)`", argued()[name][1])
        allowed = ("tests/", *(root + place for place in named for root in ("", SOURCE)))
        wrong += [
            f"{path} imports {name}"
            for path in files()
            if path.endswith(".py") and not path.startswith(allowed)
            if imported(path) & modules()[name]
        ]
    assert not wrong, "\n".join(wrong)


def test_the_glossary_has_every_word_in_every_language() -> None:
    gaps = [
        f"docs/glossary.md:{number}"
        for number, line in enumerate(read("docs/glossary.md").splitlines(), 1)
        if line.startswith("|") and not all(cell.strip() for cell in line[1:-1].split("|"))
    ]
    assert not gaps, "\n".join(gaps)
