"""Rules for prose: titles, links that resolve, and the shape of decision records.

Width and words are checked in `text`. Whether every page is reachable is a question about the
whole tree and stands in tests/test_tidy.py.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from tests.tidy.rule import ROOT, Example, Finding, Rule, where

DECISIONS: Final = "docs/decisions/"
SECTIONS: Final = ("Context", "Decision", "Consequences", "Alternatives", "Enforced by")
NUMBERED = re.compile(r"(?P<number>\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md")

FENCE = re.compile(r"^\s*(```|~~~)")
HEADING = re.compile(r"^(#+) (?P<title>.+?)\s*$")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
ELSEWHERE: Final = ("http://", "https://", "mailto:")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Number the lines outside fenced code, from 1."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    made: set[str] = set()
    for _, line in prose(text):
        heading = HEADING.match(line)
        if heading:
            kept = re.sub(r"[^\w\- ]", "", heading["title"].lower())
            made.add(kept.replace(" ", "-"))
    return made


def one_title(_path: str, text: str) -> Iterator[Finding]:
    """Find pages that do not open with their only title."""
    titles = [number for number, line in prose(text) if line.startswith("# ")]
    if titles[:1] != [1]:
        yield 1, "a page opens with its title, `# ...`"
    for number in titles[1:]:
        yield number, "a second title"


def links(path: str, text: str) -> Iterator[Finding]:
    """Find links to files or headings that are not there."""
    for number, line in prose(text):
        for found in LINK.finditer(line):
            target = found["target"]
            if target.startswith(ELSEWHERE):
                continue
            name, _, anchor = target.partition("#")
            file = ROOT / PurePosixPath(path).parent / name if name else None
            if file is not None and not file.exists():
                yield number, f"{target} is not there"
            elif anchor:
                page = text if file is None else file.read_text(encoding="utf-8")
                if anchor not in slugs(page):
                    yield number, f"{target}: no such heading"


def records(path: str, text: str) -> Iterator[Finding]:
    """Find decision records that lack a number, a section, or a one-sentence decision."""
    if not NUMBERED.fullmatch(PurePosixPath(path).name):
        yield 1, "a record is named NNNN-words-of-the-title.md"
    headings = [(number, line[3:]) for number, line in prose(text) if line.startswith("## ")]
    if tuple(title for _, title in headings) != SECTIONS:
        yield 1, "the sections are " + ", ".join(SECTIONS)
        return
    body = text.partition("## Decision\n")[2].partition("\n## ")[0].strip()
    sentence = body.partition("\n\n")[0]
    if not sentence.endswith(".") or re.search(r"[.!?]\s+[A-Z]", sentence):
        yield headings[1][0], "the decision opens with one sentence, in a paragraph of its own"


_RECORD: Final = "# 0001: T\n\n" + "".join(f"## {title}\n\nIt is so.\n\n" for title in SECTIONS)

DOCS_RULES: Final = (
    Rule(
        name="one title",
        why="A page is about one thing, and says which.",
        applies=where(".md"),
        check=one_title,
        good=(Example("a.md", "# A\n\n```sh\n# not a title\n```\n\n## B\n"),),
        bad=(
            Example("a.md", ""),
            Example("a.md", "## A\n"),
            Example("a.md", "Words.\n\n# A\n"),
            Example("a.md", "# A\n\n# B\n"),
        ),
    ),
    Rule(
        name="links",
        why="A dead link is a broken promise.",
        applies=where(".md"),
        check=links,
        good=(
            Example("docs/a.md", "# A b\n\n[x](#a-b), [y](../pyproject.toml), [z](https://a.b)\n"),
            Example("docs/a.md", "# A\n\n```md\n[x](nowhere.md)\n```\n"),
        ),
        bad=(
            Example("docs/a.md", "# A\n\n[x](nowhere.md)\n"),
            Example("docs/a.md", "# A\n\n[x](#nowhere)\n"),
            Example("docs/a.md", "# A\n\n[x](../CONTRIBUTING.md#nowhere)\n"),
        ),
    ),
    Rule(
        name="records",
        why="Who asks why in a year finds the reason, and the test that keeps it.",
        applies=where(".md", under=(DECISIONS,), but=(DECISIONS + "README.md",)),
        check=records,
        good=(Example(DECISIONS + "0001-record-decisions.md", _RECORD),),
        bad=(
            Example(DECISIONS + "record.md", _RECORD),
            Example(DECISIONS + "0001-a.md", _RECORD.replace("## Context", "## Background")),
            Example(DECISIONS + "0001-a.md", _RECORD.replace("It is so.", "It is. So be it.", 2)),
        ),
    ),
)
