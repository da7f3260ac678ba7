"""Which kind a file is, and in which order kinds are loaded.

The kind is told by the content: the header of a .csv, the top keys of a .yaml; so a file may have
any name. Reading itself is in the module of each kind: operator, plans, promotions, partners,
retailers, cards, people.
"""

from enum import IntEnum
from pathlib import Path
from typing import Final

from everline.loading import cards, retailers
from everline.loading.nodes import read_tree
from everline.loading.problems import Flaw, FlawError, Problem, Problems
from everline.loading.rows import header_of


class Kind(IntEnum):
    """The kinds of files, in the order of loading: each refers only to earlier ones."""

    OPERATOR = 1
    PLANS = 2
    PROMOTIONS = 3
    PARTNERS = 4
    RETAILERS = 5
    CARDS = 6
    PEOPLE = 7


_TOP_KEYS: Final = {
    "operator": Kind.OPERATOR,
    "plans": Kind.PLANS,
    "promotions": Kind.PROMOTIONS,
    "partners": Kind.PARTNERS,
    "customers": Kind.PEOPLE,
    "staff": Kind.PEOPLE,
}
_CHOICES: Final = ", ".join(kind.name.lower() for kind in Kind)


def kind_of(path: Path, problems: Problems) -> Kind | None:
    """Tell the kind of a file by its content; None, with a problem, when it is none of ours."""
    suffix = path.suffix.lower()
    before = problems.count
    try:
        kind = _by_keys(path, problems) if suffix in {".yaml", ".yml"} else _by_header(path)
    except FlawError as error:
        problems.add(Problem.of(error, path.name, error.line))
        return None
    if kind is None and problems.count == before:
        problems.add(Problem(path.name, 0, "", Flaw.FILE_KIND, {"choices": _CHOICES}))
    return kind


def _by_header(path: Path) -> Kind | None:
    """Tell the kind of a .csv by the columns that only one kind has."""
    header = header_of(path)
    scores = {
        Kind.CARDS: len({*header} & {*cards.COLUMNS}),
        Kind.RETAILERS: len({*header} & {*retailers.COLUMNS}),
    }
    if "iccid" in header:
        return Kind.CARDS
    best = max(scores, key=lambda kind: scores[kind])
    return best if scores[best] > 1 else None


def _by_keys(path: Path, problems: Problems) -> Kind | None:
    """Tell the kind of a .yaml by its top keys."""
    tree = read_tree(path, problems)
    return next((_TOP_KEYS[key] for key in tree.entries if key in _TOP_KEYS), None)
