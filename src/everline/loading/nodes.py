"""YAML files as a tree that knows its lines, and sections that read typed values out of it.

The tree is built from parse events and never from objects: every value stays text until a check
reads it, so that 9.90 is exact, NO is Norway and no tag can construct anything. Anchors, aliases,
tags and second documents are refused; depth, values and size are bounded, so a small file cannot
become a large one. A section collects its problems and gives a neutral value instead of a bad one:
one reading shows all there is to mend, and whoever builds a record asks `is_sound` before using it.
"""

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from everline.loading.problems import Flaw, FlawError, Problem, Problems, shown
from everline.loading.rows import check_start, opened

FILE_BYTES_MAX: Final = 4 * 1024 * 1024
DEPTH_MAX: Final = 16
NODES_MAX: Final = 200_000
ITEMS_MAX: Final = 50_000

_NULLS: Final = ("", "~", "null", "Null", "NULL")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as it is written."""

    line: int
    text: str
    is_null: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of nodes."""

    line: int
    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping of plain keys, in the order of the file."""

    line: int
    entries: "Mapping[str, Node]"


Node = Scalar | Listing | Table
_EMPTY: Final = Table(0, {})


def read_tree(path: Path, problems: Problems) -> Table:
    """Read a YAML file whose top is a mapping; an empty table when it cannot be used at all."""
    before = problems.count
    try:
        tree = _Builder(path.name, problems).build(_content(path))
    except FlawError as error:
        problems.add(Problem.of(error, path.name, error.line))
        return _EMPTY
    if tree is None or (isinstance(tree, Table) and not tree.entries and problems.count == before):
        problems.add(Problem(path.name, 0, "", Flaw.FILE_EMPTY))
        return _EMPTY
    if not isinstance(tree, Table):
        problems.add(Problem(path.name, tree.line, "", Flaw.NOT_MAPPING))
        return _EMPTY
    return tree


def _content(path: Path) -> str:
    """Give the text of a file within the bounds; raises FlawError for what is not such a text."""
    with opened(path) as stream:
        content = stream.read(FILE_BYTES_MAX + 1)
    check_start(content)
    if len(content) > FILE_BYTES_MAX:
        raise FlawError(Flaw.FILE_TOO_LARGE, limit=f"{FILE_BYTES_MAX >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FlawError(Flaw.FILE_NOT_UTF8).at(line) from error


class _Builder:
    """Builds the tree of one document from its events, within the bounds."""

    def __init__(self, name: str, problems: Problems) -> None:
        self._name = name
        self._problems = problems
        self._nodes = 0

    def build(self, text: str) -> Node | None:
        """Give the root, None for an empty document; raises FlawError for what stops it."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            events = yaml.parse(text, Loader=loader)
            root: Node | None = None
            documents = 0
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise FlawError(Flaw.YAML_DOCUMENTS).at(_line(event))
                elif isinstance(event, yaml.NodeEvent):
                    root = self._node(event, events, 0)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 0
            detail = shown(error.problem or error.context or "?")
            raise FlawError(Flaw.YAML_BROKEN, detail=detail).at(line) from error
        except yaml.reader.ReaderError as error:
            raise FlawError(Flaw.FILE_BINARY) from error
        if isinstance(root, Scalar) and root.is_null:
            return None
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        """Build the node that an event opens."""
        line = _line(event)
        self._nodes += 1
        if depth > DEPTH_MAX or self._nodes > NODES_MAX:
            raise FlawError(Flaw.YAML_TOO_MUCH).at(line)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise FlawError(Flaw.YAML_ALIAS).at(line)
        if event.tag is not None:
            raise FlawError(Flaw.YAML_TAG, value=shown(event.tag)).at(line)
        if isinstance(event, yaml.ScalarEvent):
            is_plain = event.style in {None, ""}
            return Scalar(line, event.value, is_plain and event.value in _NULLS)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return Listing(line, tuple(items))
        return self._table(line, events, depth)

    def _table(self, line: int, events: Iterator[Any], depth: int) -> Table:
        """Build a mapping; a key that stands twice is a problem, the first one counts."""
        entries: dict[str, Node] = {}
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar) or key.is_null:
                self._problems.add(Problem(self._name, key.line, "", Flaw.YAML_KEY))
            elif key.text == "<<":
                raise FlawError(Flaw.YAML_ALIAS).at(key.line)
            elif key.text in entries:
                facts = {"value": shown(key.text)}
                self._problems.add(Problem(self._name, key.line, "", Flaw.KEY_TWICE, facts))
            else:
                entries[key.text] = value
        return Table(line, entries)


def _line(event: Any) -> int:
    """The line on which an event begins, from 1."""
    return int(event.start_mark.line) + 1


class Section:
    """A mapping being read: a method reads one key, `close` reports keys nobody asked for."""

    def __init__(self, file: str, node: Node, path: str, problems: Problems) -> None:
        self._file = file
        self._path = path
        self._problems = problems
        self._before = problems.count
        self._asked: list[str] = []
        self.line = node.line
        if isinstance(node, Table):
            self._entries = node.entries
        else:
            self._entries = {}
            self._add(node.line, path, Flaw.NOT_MAPPING)

    @property
    def is_sound(self) -> bool:
        """Whether no problem was added since this section was opened."""
        return self._problems.count == self._before

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are written here, in order."""
        return tuple(self._entries)

    def name(self, path: str) -> None:
        """Call this section by a better name in sentences, such as its code."""
        self._path = path

    def has(self, key: str) -> bool:
        """Whether the key stands here with a value."""
        node = self._entries.get(key)
        return node is not None and not (isinstance(node, Scalar) and node.is_null)

    def one(self, key: str, check: Callable[[str], _T], otherwise: _T) -> _T:
        """Read a value that must be there; `otherwise` stands for one that is bad."""
        if not self.has(key):
            self._asked.append(key)
            self.refuse(key, Flaw.MISSING)
            return otherwise
        return self.maybe(key, check, otherwise)

    def maybe(self, key: str, check: Callable[[str], _T], otherwise: _T) -> _T:
        """Read a value that may be absent; `otherwise` stands for an absent or bad one."""
        self._asked.append(key)
        if not self.has(key):
            return otherwise
        return self._checked(self._entries[key], key, check, otherwise)

    def many(self, key: str, check: Callable[[str], _T]) -> tuple[_T, ...]:
        """Read a list of single values, none twice; an absent one is empty."""
        values: list[_T] = []
        seen: set[str] = set()
        for place, node in enumerate(self._listing(key)):
            where = f"{key}[{place + 1}]"
            if isinstance(node, Scalar) and node.text in seen:
                self._add(node.line, self._at(where), Flaw.KEY_TWICE, value=shown(node.text))
                continue
            if isinstance(node, Scalar):
                seen.add(node.text)
            before = self._problems.count
            value = self._checked(node, where, check, None)
            if value is not None and self._problems.count == before:
                values.append(value)
        return tuple(values)

    def section(self, key: str) -> "Section":
        """Open a mapping inside this one; an absent one is empty, and its keys will be missing."""
        self._asked.append(key)
        node = self._entries[key] if self.has(key) else Table(self.line, {})
        return Section(self._file, node, self._at(key), self._problems)

    def sections(self, key: str) -> Iterator["Section"]:
        """Open the mappings of a list, one after the other: one is unsound by itself alone."""
        for place, node in enumerate(self._listing(key)):
            yield Section(self._file, node, self._at(f"{key}[{place + 1}]"), self._problems)

    def refuse(self, key: str, flaw: Flaw, /, **facts: str | int) -> None:
        """Add a problem at a key of this section ("" for the section itself)."""
        node = self._entries.get(key)
        self._add(node.line if node else self.line, self._at(key), flaw, **facts)

    def close(self) -> bool:
        """Report keys that nobody asked for; gives whether the section is sound."""
        for key, node in self._entries.items():
            if key not in self._asked:
                near = difflib.get_close_matches(key[:64], self._asked, n=3) or self._asked
                facts = {"value": shown(key), "choices": ", ".join(near)}
                self._add(node.line, self._path, Flaw.KEY_UNKNOWN, **facts)
        return self.is_sound

    def _listing(self, key: str) -> Collection[Node]:
        """The items of a list at a key; empty when it is absent or no list."""
        self._asked.append(key)
        if not self.has(key):
            return ()
        node = self._entries[key]
        if not isinstance(node, Listing):
            self._add(node.line, self._at(key), Flaw.NOT_LIST)
            return ()
        if len(node.items) > ITEMS_MAX:
            self._add(node.line, self._at(key), Flaw.TOO_MANY, limit=ITEMS_MAX)
            return ()
        return node.items

    def _checked(self, node: Node, key: str, check: Callable[[str], _T], otherwise: _T) -> _T:
        """Read one scalar by its check."""
        if not isinstance(node, Scalar):
            self._add(node.line, self._at(key), Flaw.NOT_TEXT)
            return otherwise
        if node.is_null:
            self._add(node.line, self._at(key), Flaw.MISSING)
            return otherwise
        try:
            return check(node.text.strip())
        except FlawError as error:
            self._problems.add(Problem.of(error, self._file, node.line, self._at(key)))
            return otherwise

    def _at(self, key: str) -> str:
        """The path of a key, as sentences name it."""
        return ".".join(part for part in (self._path, key) if part)

    def _add(self, line: int, path: str, flaw: Flaw, /, **facts: str | int) -> None:
        """Add a problem of this file."""
        self._problems.add(Problem(self._file, line, path, flaw, facts))
