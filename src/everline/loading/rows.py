"""CSV files, line by line: any size in flat memory, with exact line numbers.

One record is one line: a value may stand in double quotes but holds no line break, so a stray
quote spoils its own line and not the rest of the file. Lines that begin with # are comments, the
first other line names the columns, in any order. What is wrong with a file as a whole (a workbook,
UTF-16, semicolons) is said once, in words, before any row. The checks of the rows are in cards.py
and retailers.py.
"""

import csv
import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Final

from everline.loading.problems import Flaw, FlawError, Problem, Problems, shown

LINE_BYTES_MAX: Final = 32_768

_WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_COMPRESSED: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
_WIDE_SPACES: Final = str.maketrans("\u00a0\u3000\t", "   ")

Row = tuple[int, Sequence[str]]
"""The line number, and the values in the order of the wanted columns ("" for an absent one)."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes; what forbids it is raised as a FlawError."""
    try:
        with path.open("rb") as stream:
            yield stream
    except FileNotFoundError as error:
        raise FlawError(Flaw.FILE_MISSING) from error
    except OSError as error:
        raise FlawError(Flaw.FILE_UNREADABLE, detail=error.strerror or "?") from error


def check_start(start: bytes) -> None:
    """Raise a FlawError when the first bytes show that a file is not text in UTF-8."""
    if not start:
        raise FlawError(Flaw.FILE_EMPTY)
    if start.startswith(_WORKBOOK):
        raise FlawError(Flaw.FILE_WORKBOOK)
    if start.startswith(_COMPRESSED):
        raise FlawError(Flaw.FILE_COMPRESSED)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or start[:2].count(0) == 1:
        raise FlawError(Flaw.FILE_UTF16)
    if b"\0" in start:
        pairs = len(start[:64]) // 2
        is_wide = start[1:64:2].count(0) * 4 > pairs * 3 and start[:64:2].count(0) * 4 < pairs
        raise FlawError(Flaw.FILE_UTF16 if is_wide else Flaw.FILE_BINARY)


@dataclass(frozen=True, slots=True)
class Layout:
    """All columns that may stand in a header, and those that must."""

    columns: tuple[str, ...]
    required: tuple[str, ...]


def read_rows(path: Path, layout: Layout, problems: Problems) -> Iterator[Row]:
    """Give the rows of a CSV file one by one; problems of the file and of its lines are added.

    Nothing is given when the header is not usable.
    """
    name = path.name
    try:
        with opened(path) as stream:
            check_start(stream.read(4096))
            stream.seek(0)
            lines = _lines(stream, name, problems)
            number, header = _header(lines)
            before = problems.count
            for flaw in _flaws_of_header(header, layout):
                problems.add(Problem.of(flaw, name, number, flaw.column))
            if problems.count == before:
                places = [
                    header.index(column) if column in header else -1 for column in layout.columns
                ]
                yield from _rows(lines, name, places, problems)
    except FlawError as error:
        problems.add(Problem.of(error, name, error.line))


def header_of(path: Path) -> list[str]:
    """Give the column names of a CSV file, to tell its kind; raises FlawError as read_rows adds."""
    with opened(path) as stream:
        check_start(stream.read(4096))
        stream.seek(0)
        return _header(_lines(stream, path.name, Problems(0)))[1]


def _lines(stream: BinaryIO, name: str, problems: Problems) -> Iterator[tuple[int, str]]:
    """Give the lines that are neither empty nor comments, decoded, without their ends.

    A bad line is a problem and is passed over; only before the header it stops the reading, since
    nothing can be said of rows without one.
    """
    number = 0
    is_header = True
    readline = stream.readline
    while raw := readline(LINE_BYTES_MAX + 1):
        number += 1
        try:
            if len(raw) > LINE_BYTES_MAX:
                _pass_over(raw, stream)
            line = _text(raw, number)
        except FlawError as flaw:
            if is_header:
                raise flaw.at(number) from flaw.__cause__
            problems.add(Problem.of(flaw, name, number))
            continue
        # A spreadsheet writes a comment with a comma as "# text, more", and blank rows as commas.
        if line.startswith(("#", '"#')) or not line.strip(", "):
            continue
        is_header = False
        yield number, line


def _pass_over(raw: bytes, stream: BinaryIO) -> None:
    """Read on to the end of a line that is too long, without keeping it, and say so."""
    while raw and not raw.endswith(b"\n"):
        raw = stream.readline(LINE_BYTES_MAX)
    raise FlawError(Flaw.LINE_TOO_LONG, limit=LINE_BYTES_MAX)


def _text(raw: bytes, number: int) -> str:
    """Decode a line; wide spaces become plain ones, whatever else is invisible is a flaw."""
    try:
        line = raw.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise FlawError(Flaw.FILE_NOT_UTF8) from error
    if number == 1:
        line = line.removeprefix("\ufeff")
    if line.isprintable():
        return line
    if "\t" in line and "," not in line and not line.startswith("#"):
        raise FlawError(Flaw.SEPARATOR, found="TAB")
    line = line.translate(_WIDE_SPACES)
    for sign in line:
        if not sign.isprintable():
            raise FlawError(Flaw.LINE_CONTROL, value=f"U+{ord(sign):04X}")
    return line


def _split(line: str) -> list[str] | None:
    """Give the values of a line; None when its quotation marks do not match (RFC 4180, 2.5-2.7)."""
    if '"' not in line:
        values = line.split(",")
    else:
        try:
            values = next(csv.reader([line], strict=True))
        except csv.Error:
            return None
    if " " in line:
        values = [value.strip() for value in values]
    return values


def _header(lines: Iterator[tuple[int, str]]) -> tuple[int, list[str]]:
    """Give the header's line number and names; raises FlawError when there is none."""
    for number, line in lines:
        header = _split(line)
        if header is None:
            raise FlawError(Flaw.LINE_QUOTES).at(number)
        while header and not header[-1]:
            header.pop()
        for separator in (";", "|"):
            if len(header) == 1 and separator in header[0]:
                raise FlawError(Flaw.SEPARATOR, found=separator).at(number)
        if header:
            return number, header
    raise FlawError(Flaw.FILE_EMPTY)


def _flaws_of_header(header: list[str], layout: Layout) -> Iterator[FlawError]:
    """Give what is wrong with the names of the columns."""
    seen: set[str] = set()
    for column in header:
        if column in seen:
            yield FlawError(Flaw.COLUMN_TWICE).on(shown(column))
        elif column not in layout.columns:
            near = difflib.get_close_matches(column[:64], layout.columns, n=3) or layout.columns
            yield FlawError(Flaw.COLUMN_UNKNOWN, value=shown(column), choices=", ".join(near))
        seen.add(column)
    for column in layout.required:
        if column not in seen:
            yield FlawError(Flaw.COLUMN_MISSING).on(column)


def _rows(
    lines: Iterator[tuple[int, str]], name: str, places: list[int], problems: Problems
) -> Iterator[Row]:
    """Give each line's values in the wanted order."""
    width = max(places) + 1
    arrange = itemgetter(*places) if places != list(range(width)) else None
    before = problems.count
    first = next(lines, None)
    if first is None:
        if problems.count == before:
            problems.add(Problem(name, 0, "", Flaw.NO_ROWS))
        return
    for number, line in chain((first,), lines):
        values = _split(line)
        if values is None:
            problems.add(Problem(name, number, "", Flaw.LINE_QUOTES))
            continue
        if len(values) != width:
            if len(values) < width or any(values[width:]):
                facts = {"found": len(values), "expected": width}
                problems.add(Problem(name, number, "", Flaw.LINE_FIELDS, facts))
                continue
            del values[width:]
        if arrange is not None:
            values.append("")
            yield number, arrange(values)
        else:
            yield number, values
