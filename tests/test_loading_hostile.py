"""Hostile YAML: bombs, tags, depth, size and bytes that are no text end in one sentence each."""

import time
import tracemalloc
from pathlib import Path

import pytest

from everline.loading import Flaw, Problems
from everline.loading.nodes import read_tree
from tests.written import flaws, written

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "flaw", "line"),
    [
        (b"", Flaw.FILE_EMPTY, 0),
        (b"# nothing\n", Flaw.FILE_EMPTY, 0),
        (b"---\n...\n", Flaw.FILE_EMPTY, 0),
        (b"- a\n- b\n", Flaw.NOT_MAPPING, 1),
        (b"just words", Flaw.NOT_MAPPING, 1),
        (BOMB.encode(), Flaw.YAML_ALIAS, 1),
        (b"a: {b: 1}\nc: *a\n", Flaw.YAML_ALIAS, 2),
        (b"a:\n  <<: {b: 1}\n", Flaw.YAML_ALIAS, 2),
        (b"plans: !!python/object/apply:os.system ['true']\n", Flaw.YAML_TAG, 1),
        (b"plans: !!int 3\n", Flaw.YAML_TAG, 1),
        (b"a: 1\n---\nb: 2\n", Flaw.YAML_DOCUMENTS, 2),
        (b"a: [1, 2\nb: 3\n", Flaw.YAML_BROKEN, 2),
        (b"a:\n\tb: 1\n", Flaw.YAML_BROKEN, 2),
        (b"? [a, b]\n: 1\n", Flaw.YAML_KEY, 1),
        (b"a: 1\na: 2\n", Flaw.KEY_TWICE, 2),
        (b"a: " + b"[" * 100_000, Flaw.YAML_TOO_MUCH, 1),
        (b"a: " + b"{b: " * 100_000, Flaw.YAML_TOO_MUCH, 1),
        (b"a:\n" + b"- x\n" * 300_000, Flaw.YAML_TOO_MUCH, 199_999),
        (b"a: " + b"x" * (4 * 1024 * 1024), Flaw.FILE_TOO_LARGE, 0),
        ("a: é\n".encode("latin-1"), Flaw.FILE_NOT_UTF8, 1),
        ("a: b\n".encode("utf-16"), Flaw.FILE_UTF16, 0),
        (b"a: b\n" * 20 + b"c\0: d", Flaw.FILE_BINARY, 0),
        (b"a: b\x07\n", Flaw.FILE_BINARY, 0),
    ],
)
def test_hostile_yaml_is_refused_in_words(
    tmp_path: Path, content: bytes, flaw: Flaw, line: int
) -> None:
    problems = Problems()
    began = time.process_time()
    read_tree(written(tmp_path, content, "a.yaml"), problems)
    assert [(each[0], each[2]) for each in flaws(problems)] == [(line, flaw)]
    assert time.process_time() - began < 10


def test_a_huge_file_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "plans.yaml"
    with path.open("wb") as out:
        out.truncate(3 * 1024**3)
    problems = Problems()
    tracemalloc.start()
    read_tree(path, problems)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each[2] for each in flaws(problems)] == [Flaw.FILE_BINARY]
    assert peak < 20_000_000
