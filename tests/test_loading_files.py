"""Reading CSV files as files: stores, kinds, encodings, separators, noise; and the sentences."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from everline.loading import (
    Flaw,
    Kind,
    Problem,
    Problems,
    Retailer,
    kind_of,
    read_cards,
    read_retailers,
)
from everline.loading.problems import SENTENCES
from tests.written import AT, HEADER, RETAILER_HEADER, cards, flaws, numbers, row, store, written


@pytest.mark.parametrize(
    ("content", "flaw", "line"),
    [
        (b"", Flaw.FILE_EMPTY, 0),
        (b"# only a comment\n", Flaw.FILE_EMPTY, 0),
        (b'"",""\n', Flaw.FILE_EMPTY, 0),
        (b"PK\x03\x04rest", Flaw.FILE_WORKBOOK, 0),
        (b"\xd0\xcf\x11\xe0rest", Flaw.FILE_WORKBOOK, 0),
        (b"\x1f\x8b\x08rest", Flaw.FILE_COMPRESSED, 0),
        (HEADER.encode("utf-16"), Flaw.FILE_UTF16, 0),
        (HEADER.encode("utf-16-le"), Flaw.FILE_UTF16, 0),
        (HEADER.encode("utf-16-be"), Flaw.FILE_UTF16, 0),
        (b"\x7fELF" + bytes(range(8)), Flaw.FILE_BINARY, 0),
        (b"iccid,kind\n" + b"x" * 99 + b"\0\n", Flaw.FILE_BINARY, 0),
        ("# für Büro\n".encode("latin-1"), Flaw.FILE_NOT_UTF8, 1),
        (HEADER.replace(",", ";").encode(), Flaw.SEPARATOR, 1),
        (HEADER.replace(",", "\t").encode(), Flaw.SEPARATOR, 1),
        (HEADER.replace(",", "|").encode(), Flaw.SEPARATOR, 1),
        (HEADER.encode() + b"\n# nothing\n", Flaw.NO_ROWS, 0),
        (HEADER.encode() + b",plan\n", Flaw.COLUMN_TWICE, 1),
        (HEADER.encode() + b",saldo\n", Flaw.COLUMN_UNKNOWN, 1),
        (HEADER.replace("iccid", "ICCID").encode(), Flaw.COLUMN_UNKNOWN, 1),
        (HEADER.replace("zone,", "").encode(), Flaw.COLUMN_MISSING, 1),
        (b'iccid,"kind\n', Flaw.LINE_QUOTES, 1),
        (b"iccid" + b",a" * 1_000_000 + b"\n", Flaw.LINE_TOO_LONG, 1),
        (b"iccid,\x07kind\n", Flaw.LINE_CONTROL, 1),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_in_words(
    tmp_path: Path, content: bytes, flaw: Flaw, line: int
) -> None:
    found, problems = cards(written(tmp_path, content))
    assert found == []
    assert (line, flaw) in [(each[0], each[2]) for each in flaws(problems)]


@pytest.mark.parametrize(
    ("bad", "flaw"),
    [
        ("a,b", Flaw.LINE_FIELDS),
        (row() + ",more", Flaw.LINE_FIELDS),
        (row().replace("esim", '"esim'), Flaw.LINE_QUOTES),
        (row().replace("HOME", "HO\x00ME"), Flaw.LINE_CONTROL),
        (row().replace("HOME", "HO\u200bME"), Flaw.LINE_CONTROL),
        (row().replace("HOME", "HO\u202eME"), Flaw.LINE_CONTROL),
        ("x" * 40_000, Flaw.LINE_TOO_LONG),
    ],
)
def test_a_bad_line_spoils_only_itself(tmp_path: Path, bad: str, flaw: Flaw) -> None:
    padding = "\n".join(row(iccid=iccid) for iccid in numbers(60))
    content = f"{HEADER}\n{padding}\n{bad}\n{row(iccid='8999907111111111112')}\n"
    found, problems = cards(written(tmp_path, content))
    assert flaws(problems) == [(62, "", flaw)]
    assert len(found) == 61


def test_a_line_in_another_encoding_spoils_only_itself(tmp_path: Path) -> None:
    content = f"{RETAILER_HEADER}\n{store()}\n".encode() + store(city="Köln").encode("latin-1")
    problems = Problems()
    path = written(tmp_path, content, "retailers.csv")
    assert len(list(read_retailers(path, problems))) == 1
    assert flaws(problems) == [(3, "", Flaw.FILE_NOT_UTF8)]


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    for path, flaw in (
        (tmp_path / "no.csv", Flaw.FILE_MISSING),
        (tmp_path, Flaw.FILE_UNREADABLE),
    ):
        _found, problems = cards(path)
        assert [each[2] for each in flaws(problems)] == [flaw]


@pytest.mark.parametrize(
    ("changes", "field", "flaw"),
    [
        ({"code": "jkt"}, "code", Flaw.NOT_CODE),
        ({"name": ""}, "name", Flaw.MISSING),
        ({"name": "x" * 121}, "name", Flaw.TOO_LONG),
        ({"kind": "booth"}, "kind", Flaw.NOT_ONE_OF),
        ({"latitude": "91"}, "latitude", Flaw.NOT_BETWEEN),
        ({"latitude": "north"}, "latitude", Flaw.NOT_NUMBER),
        ({"latitude": "nan"}, "latitude", Flaw.NOT_NUMBER),
        ({"longitude": "-180.000001"}, "longitude", Flaw.NOT_BETWEEN),
        ({"opening_hours": "9 to 5"}, "opening_hours", Flaw.NOT_HOURS),
        ({"opening_hours": "Mo-Fr 09:00-25:99"}, "opening_hours", Flaw.NOT_HOURS),
        ({"opening_hours": "Mo-Fr 09:00-09:00"}, "opening_hours", Flaw.NOT_HOURS),
        ({"opening_hours": "Mo 09:00-10:00; " * 12}, "opening_hours", Flaw.NOT_HOURS),
        ({"phone": "5550101"}, "phone", Flaw.NOT_PHONE),
        ({"currency": "RP"}, "currency", Flaw.NOT_CURRENCY),
        ({"deposit": "-1"}, "deposit", Flaw.NEGATIVE),
        ({"deposit": "25.000.000"}, "deposit", Flaw.AMOUNT),
    ],
)
def test_a_wrong_store_is_named(
    tmp_path: Path, changes: dict[str, str], field: str, flaw: Flaw
) -> None:
    problems = Problems()
    path = written(tmp_path, f"{RETAILER_HEADER}\n{store(**changes)}\n", "retailers.csv")
    assert list(read_retailers(path, problems)) == []
    assert flaws(problems) == [(2, field, flaw)]


def test_a_sound_store_and_its_double(tmp_path: Path) -> None:
    problems = Problems()
    content = f"{RETAILER_HEADER}\n{store()}\n{store(city='Bogor')}\n"
    found = list(read_retailers(written(tmp_path, content, "retailers.csv"), problems))
    assert found == [
        Retailer(
            "JKT-001", "Senandi Sabang", "shop", "Jakarta", "Jl. Sabang 41, Menteng", "Lantai 1",
            -6_185_310, 106_825_060, "Mo-Sa 09:00-21:00; Su off", "+999215550101", "IDR",
            2_500_000_000, 0, 0, 0, "", 2,
        )
    ]  # fmt: skip
    assert flaws(problems) == [(3, "code", Flaw.TWICE)]


@pytest.mark.parametrize(
    "hours",
    [
        "24/7",
        "09:00-18:00",
        "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off",
        "Mo-Th,Su 10:00-22:00; Fr-Sa 10:00-26:00",
        "Mo,We 08:30-12:00,13:00-17:00",
        "Fr 22:00-02:00",
    ],
)
def test_hours_that_shops_write(tmp_path: Path, hours: str) -> None:
    problems = Problems()
    content = f"{RETAILER_HEADER}\n{store(opening_hours=chr(34) + hours + chr(34))}\n"
    found = list(read_retailers(written(tmp_path, content), problems))
    assert [retailer.opening_hours for retailer in found] == [hours]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("anything.csv", HEADER, Kind.CARDS),
        ("cards.CSV", "# x\niccid,kind\n", Kind.CARDS),
        ("export.csv", RETAILER_HEADER, Kind.RETAILERS),
        ("a.yaml", "operator: {}", Kind.OPERATOR),
        ("a.yml", "regions: []\nplans: []", Kind.PLANS),
        ("a.yaml", "promotions: []", Kind.PROMOTIONS),
        ("a.yaml", "partners: []", Kind.PARTNERS),
        ("a.yaml", "staff: []", Kind.PEOPLE),
    ],
)
def test_the_kind_is_told_by_the_content(
    tmp_path: Path, name: str, content: str, kind: Kind
) -> None:
    problems = Problems()
    assert kind_of(written(tmp_path, content, name), problems) is kind
    assert len(problems) == 0


@pytest.mark.parametrize(
    ("name", "content", "flaw"),
    [
        ("notes.txt", "hello", Flaw.FILE_KIND),
        ("a.csv", "first,second\n1,2\n", Flaw.FILE_KIND),
        ("a.yaml", "prices: []", Flaw.FILE_KIND),
        ("a.csv", HEADER.replace(",", ";"), Flaw.SEPARATOR),
        ("a.xlsx", "PK\x03\x04", Flaw.FILE_WORKBOOK),
    ],
)
def test_a_file_of_no_kind_is_refused_once(
    tmp_path: Path, name: str, content: str, flaw: Flaw
) -> None:
    problems = Problems()
    assert kind_of(written(tmp_path, content, name), problems) is None
    assert [each[2] for each in flaws(problems)] == [flaw]


@settings(max_examples=200, deadline=None)
@given(content=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)))
def test_no_content_breaks_a_reader(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("noise")
    for name in ("noise.csv", "noise.yaml"):
        problems = Problems()
        kind_of(written(folder, content, name), problems)
    readers: list[Callable[[Path], object]] = [
        lambda path: list(read_cards(path, Problems(), AT)),
        lambda path: list(read_retailers(path, Problems())),
    ]
    for reader in readers:
        reader(written(folder, RETAILER_HEADER.encode() + b"\n" + content))
        reader(written(folder, HEADER.encode() + b"\n" + content))


def test_every_flaw_has_a_sentence_that_says_what_to_do() -> None:
    assert set(SENTENCES) == set(Flaw)
    for sentence in SENTENCES.values():
        assert sentence.endswith(".")
        assert sentence.count(". ") + sentence.count("; ") + sentence.count(": ") >= 1, sentence


def test_every_flaw_is_met_by_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [flaw for flaw in Flaw if f"Flaw.{flaw.name}" not in tests] == []


def test_a_problem_can_be_told_in_another_language() -> None:
    problem = Problem("cards.csv", 3, "zone", Flaw.NOT_ZONE, {"value": "Mars"})
    assert problem.sentence(lambda _english: "“%(value)s” 不是时区。") == "“Mars” 不是时区。"
    assert str(problem) == (
        "cards.csv:3: zone: “Mars” is not a time zone. Write it like Asia/Jakarta."
    )
