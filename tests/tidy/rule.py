"""What a rule is, and the files of the project that rules are applied to.

A rule looks at one file at a time and yields what it finds. It carries examples that it must let
pass and examples that it must catch, so that a rule cannot rot unseen. Rules about the whole tree
at once stand in tests/test_tidy.py.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = "src/everline/"

PLACES: Final = ("src", "tests", "docs", "benchmarks", "examples")
"""The folders whose files are ours; files at the root are ours too."""

PASSED_BY: Final = frozenset({"__pycache__", "vendor", "build", "dist", "node_modules"})
"""Folders with files that somebody else wrote or a machine made."""

LOCKS: Final = frozenset({"requirements.lock", "requirements-dev.lock"})

COMPILED: Final = frozenset({".mo", ".webp"})
"""Endings of files that a machine made: of the file beside them, or of the pages it looked at."""

Finding = tuple[int, str]
"""A line number, from 1, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Example:
    """A file that a rule must let pass or must catch; it is never written to disk."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One house rule: where it applies, how it is checked, and the examples that keep it honest."""

    name: str
    why: str
    applies: Callable[[str], bool]
    check: Callable[[str, str], Iterable[Finding]]
    good: tuple[Example, ...]
    bad: tuple[Example, ...]


def where(
    *endings: str, under: tuple[str, ...] = ("",), but: tuple[str, ...] = ()
) -> Callable[[str], bool]:
    """Select files by their endings, below some folders, leaving out some paths or folders."""

    def applies(path: str) -> bool:
        return (
            path.endswith(endings)
            and path.startswith(under)
            and not any(path.startswith(left_out) for left_out in but)
        )

    return applies


def is_migration(path: str) -> bool:
    """Tell whether makemigrations owns the file's layout."""
    return "migrations" in PurePosixPath(path).parts[:-1]


@cache
def files() -> tuple[str, ...]:
    """List our files, relative to the root, in order."""
    return tuple(sorted(_walk()))


@cache
def read(path: str) -> str:
    """Read one of our files."""
    return (ROOT / path).read_text(encoding="utf-8")


def _walk() -> Iterator[str]:
    candidates = [file for file in ROOT.iterdir() if file.is_file() and file.name not in LOCKS]
    for place in PLACES:
        candidates += (ROOT / place).rglob("*")
    for file in candidates:
        path = file.relative_to(ROOT)
        hidden = any(part.startswith(".") for part in path.parts[:-1])
        ours = not hidden and not PASSED_BY.intersection(path.parts)
        if file.is_file() and ours and file.suffix not in COMPILED:
            yield path.as_posix()
