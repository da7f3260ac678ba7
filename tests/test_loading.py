"""Reading CSV files: cards and stores, sound ones and every way in which they can be wrong."""

import random
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from everline import ids
from everline.loading import (
    Card,
    Flaw,
    Kind,
    Problem,
    Problems,
    Retailer,
    kind_of,
    read_cards,
    read_retailers,
)
from everline.loading.cards import COLUMNS
from everline.loading.problems import SENTENCES
from everline.loading.retailers import COLUMNS as RETAILER_COLUMNS

AT = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)
HEADER = ",".join(COLUMNS)
RETAILER_HEADER = ",".join(RETAILER_COLUMNS)
SOUND = {
    "iccid": "8999907000000000017",
    "msisdn": "+9990700000001",
    "kind": "esim",
    "zone": "Asia/Jakarta",
    "currency": "IDR",
    "state": "bound",
    "devices": "89999007000000000000000000100291",
    "smdp_address": "RSP.senandi.example",
    "matching_id": "SNDI-4444-CHEN",
    "plan": "HOME-30",
    "term_started": "load-12d06h",
    "used_bytes": "1500000000",
    "balance": "50000.50",
    "holder": "Putri@Customers.Example.org",
}
STORE = {
    "code": "JKT-001",
    "name": "Senandi Sabang",
    "kind": "shop",
    "city": "Jakarta",
    "address": '"Jl. Sabang 41, Menteng"',
    "floor_or_exit": "Lantai 1",
    "latitude": "-6.185310",
    "longitude": "106.82506",
    "opening_hours": "Mo-Sa 09:00-21:00; Su off",
    "phone": "+999 21 5550-101",
    "currency": "IDR",
    "deposit": "25000000",
}


def row(**changes: str) -> str:
    return ",".join((SOUND | changes).get(column, "") for column in COLUMNS)


def store(**changes: str) -> str:
    return ",".join((STORE | changes).get(column, "") for column in RETAILER_COLUMNS)


def written(folder: Path, content: str | bytes, name: str = "cards.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def cards(path: Path) -> tuple[list[Card], Problems]:
    problems = Problems()
    return list(read_cards(path, problems, AT)), problems


def flaws(problems: Problems) -> list[tuple[int, str, Flaw]]:
    for problem in problems:
        assert "%(" not in str(problem)
    return [(problem.line, problem.field, problem.flaw) for problem in problems]


def test_a_sound_row_is_read_in_full(tmp_path: Path) -> None:
    found, problems = cards(written(tmp_path, f"{HEADER}\n{row()}\n"))
    assert flaws(problems) == []
    assert found == [
        Card(
            iccid="8999907000000000017",
            msisdn="+9990700000001",
            kind="esim",
            zone="Asia/Jakarta",
            currency="IDR",
            state="bound",
            start_code=None,
            devices=(("eid", "89999007000000000000000000100291"),),
            smdp_address="rsp.senandi.example",
            matching_id="SNDI-4444-CHEN",
            plan="HOME-30",
            term_started_at=AT - timedelta(days=12, hours=6),
            used_bytes=1_500_000_000,
            balance=5_000_050,
            holder="putri@customers.example.org",
            line=2,
        )
    ]


def test_what_spreadsheets_do_to_a_file_does_no_harm(tmp_path: Path) -> None:
    content = (
        "\ufeff# a comment\r\n"
        '"# one, with a comma",,,,\r\n'
        ",,,,\r\n\r\n"
        "state, zone ,kind,currency,iccid,start_code,,\r\n"
        "in_stock,Asia/Jakarta\u3000,sim,IDR, 8999-9073 3333\u00a03333-338 ,new4-card,,\r\n"
        '"in_stock","Asia/Jakarta","sim","IDR","8999907000000000017","PQ7M4CKA"\r\n'
    )
    found, problems = cards(written(tmp_path, content))
    assert flaws(problems) == []
    assert [(card.iccid, card.start_code, card.line) for card in found] == [
        ("8999907333333333338", "NEW4CARD", 6),
        ("8999907000000000017", "PQ7M4CKA", 7),
    ]


def test_an_instant_may_be_absolute(tmp_path: Path) -> None:
    found, _problems = cards(
        written(tmp_path, f"{HEADER}\n{row(term_started='2026-03-01T09:00:00+07:00')}\n")
    )
    assert found[0].term_started_at == datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "field", "flaw"),
    [
        ({"iccid": ""}, "iccid", Flaw.MISSING),
        ({"iccid": "8999907000000000018"}, "iccid", Flaw.NUMBER),
        ({"iccid": "89999070000000001"}, "iccid", Flaw.NUMBER),
        ({"iccid": "8.99991E+18"}, "iccid", Flaw.ROUNDED),
        ({"iccid": "8999907000000010000"}, "iccid", Flaw.ROUNDED),
        ({"msisdn": "0812345678"}, "msisdn", Flaw.NUMBER),
        ({"kind": "nano"}, "kind", Flaw.NOT_ONE_OF),
        ({"zone": "Jakarta"}, "zone", Flaw.NOT_ZONE),
        ({"zone": "Asia/Atlantis"}, "zone", Flaw.NOT_ZONE),
        ({"zone": "A" * 41}, "zone", Flaw.TOO_LONG),
        ({"currency": "RUPIAH"}, "currency", Flaw.NOT_CURRENCY),
        ({"currency": "XXX"}, "currency", Flaw.NOT_CURRENCY),
        ({"state": "sold"}, "state", Flaw.NOT_ONE_OF),
        ({"state": ""}, "state", Flaw.MISSING),
        ({"state": "activated"}, "devices", Flaw.NOT_WITH),
        ({"start_code": "A"}, "start_code", Flaw.NOT_START_CODE),
        ({"start_code": "Ä4C7-77PQ"}, "start_code", Flaw.NOT_START_CODE),
        ({"devices": ""}, "devices", Flaw.NEEDS),
        ({"devices": "490154203237519"}, "devices", Flaw.NUMBER),
        ({"devices": "89999007000000000000000000100292"}, "devices", Flaw.NUMBER),
        ({"devices": "490154203237518;490154203237518"}, "devices", Flaw.DEVICE_TWICE),
        ({"devices": ";".join(["490154203237518"] * 21)}, "devices", Flaw.TOO_MANY),
        ({"smdp_address": "no host"}, "smdp_address", Flaw.NOT_HOST),
        ({"smdp_address": ""}, "smdp_address", Flaw.NEEDS),
        ({"matching_id": "a$b"}, "matching_id", Flaw.NOT_MATCHING_ID),
        ({"matching_id": ""}, "matching_id", Flaw.NEEDS),
        ({"plan": "home 30"}, "plan", Flaw.NOT_CODE),
        ({"plan": "", "used_bytes": ""}, "plan", Flaw.NEEDS),
        ({"term_started": ""}, "term_started", Flaw.NEEDS),
        ({"term_started": "12 days ago"}, "term_started", Flaw.NOT_MOMENT),
        ({"term_started": "2026-03-01T09:00:00"}, "term_started", Flaw.NOT_MOMENT),
        ({"term_started": "0001-01-01T00:00:00+14:00"}, "term_started", Flaw.NOT_MOMENT),
        ({"term_started": "load+1d"}, "term_started", Flaw.NOT_PAST),
        ({"used_bytes": "1.5 GB"}, "used_bytes", Flaw.NOT_WHOLE),
        ({"used_bytes": "-1"}, "used_bytes", Flaw.NOT_BETWEEN),
        ({"used_bytes": "9" * 18}, "used_bytes", Flaw.NOT_BETWEEN),
        ({"balance": "-5"}, "balance", Flaw.NEGATIVE),
        ({"balance": "50.000,00"}, "balance", Flaw.AMOUNT),
        ({"balance": "1e5"}, "balance", Flaw.AMOUNT),
        ({"balance": "1.234"}, "balance", Flaw.AMOUNT),
        ({"balance": "9" * 30}, "balance", Flaw.AMOUNT),
        ({"holder": "putri at example"}, "holder", Flaw.NOT_EMAIL),
        ({"holder": "a" * 300 + "@example.org"}, "holder", Flaw.NOT_EMAIL),
    ],
)
def test_a_wrong_value_is_named_with_line_and_field(
    tmp_path: Path, changes: dict[str, str], field: str, flaw: Flaw
) -> None:
    if "," in str(changes.values()) and "balance" in changes:
        changes = {key: f'"{value}"' for key, value in changes.items()}
    content = f"{HEADER}\n{row(iccid='8999907111111111112')}\n{row(**changes)}\n"
    found, problems = cards(written(tmp_path, content))
    assert (3, field, flaw) in flaws(problems)
    assert len(found) == 1
    assert {each[0] for each in flaws(problems)} == {3}


def test_every_problem_of_a_row_is_named_at_once(tmp_path: Path) -> None:
    bad = row(kind="nano", zone="Mars", state="sold", balance="-1", used_bytes="much", msisdn="1")
    _found, problems = cards(written(tmp_path, f"{HEADER}\n{bad}\n"))
    assert {field for _line, field, _flaw in flaws(problems)} == {
        "kind", "zone", "state", "balance", "used_bytes", "msisdn",
    }  # fmt: skip


def test_a_card_in_stock_needs_its_code_and_has_no_past(tmp_path: Path) -> None:
    _found, problems = cards(written(tmp_path, f"{HEADER}\n{row(state='in_stock')}\n"))
    assert {(field, flaw) for _line, field, flaw in flaws(problems)} == {
        ("start_code", Flaw.NEEDS),
        ("devices", Flaw.NOT_WITH),
        ("plan", Flaw.NOT_WITH),
        ("holder", Flaw.NOT_WITH),
    }


def test_a_sim_has_no_activation_code(tmp_path: Path) -> None:
    _found, problems = cards(written(tmp_path, f"{HEADER}\n{row(kind='sim')}\n"))
    assert [(field, flaw) for _line, field, flaw in flaws(problems)] == [
        ("smdp_address", Flaw.NOT_WITH),
        ("matching_id", Flaw.NOT_WITH),
    ]


def test_a_card_number_that_stands_twice_is_found(tmp_path: Path) -> None:
    other = row(iccid="8999907111111111112")
    content = f"{HEADER}\n{other}\n{row()}\n{row(iccid='8999 9070 0000 0000 017')}\n{other}\n"
    found, problems = cards(written(tmp_path, content))
    assert flaws(problems) == [(4, "iccid", Flaw.TWICE), (5, "iccid", Flaw.TWICE)]
    assert [problem.facts["first"] for problem in problems] == [3, 2]
    assert len(found) == 4


def test_secrets_and_persons_are_not_repeated(tmp_path: Path) -> None:
    bad = row(
        start_code="geheim!", holder="putri@", msisdn="+62812555", matching_id="secret$", iccid="12"
    )
    _found, problems = cards(written(tmp_path, f"{HEADER}\n{bad}\n"))
    said = " ".join(map(str, problems))
    assert len(problems) == 5
    for hidden in ("geheim", "putri", "812555", "secret"):
        assert hidden not in said


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
        (row().replace("sim", '"sim'), Flaw.LINE_QUOTES),
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


def numbers(count: int) -> list[str]:
    bodies = [f"899990700000000{serial:03d}" for serial in range(1, count + 1)]
    return [body + ids.luhn_digit(body) for body in bodies]


def test_problems_are_bounded_and_counted(tmp_path: Path) -> None:
    lines = "\n".join([HEADER, *[row(state="sold")] * 3_000])
    found, problems = cards(written(tmp_path, lines))
    assert found == []
    assert len(list(problems)) == 1_000
    assert (len(problems), problems.more) == (3_000, 2_000)


def test_a_line_of_200_megabytes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    with path.open("wb") as out:
        out.write(f"{HEADER}\n{row()}\n".encode())
        for _chunk in range(200):
            out.write(b"x" * 1_000_000)
        out.write(f"\n{row(iccid='8999907111111111112')}\n".encode())
    tracemalloc.start()
    found, problems = cards(path)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 2
    assert flaws(problems) == [(3, "", Flaw.LINE_TOO_LONG)]
    assert peak < 2_000_000


def test_many_rows_are_read_quickly_and_in_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    bodies = [f"8999907{serial:011d}" for serial in range(20_000)]
    random.Random(1).shuffle(bodies)
    with path.open("w") as out:
        out.write(HEADER + "\n")
        out.writelines(row(iccid=body + ids.luhn_digit(body)) + "\n" for body in bodies)
    problems = Problems()
    began = time.process_time()
    count = sum(1 for _card in read_cards(path, problems, AT))
    seconds = time.process_time() - began
    assert (count, len(problems)) == (20_000, 0)
    assert seconds < 2, "a tenth of the usual speed"
    tracemalloc.start()
    for _card in read_cards(path, problems, AT):
        pass
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


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
            2_500_000_000, 2,
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
    content = f'{RETAILER_HEADER}\n{store(opening_hours=chr(34) + hours + chr(34))}\n'
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


values = st.one_of(
    st.sampled_from([*SOUND.values(), "", "sim", "in_stock", "lost", "NEW4-CARD", "0", "IDR"]),
    st.text(max_size=24),
)


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(COLUMNS), values), min_size=1, max_size=4))
def test_a_row_is_read_or_refused_with_a_reason_whatever_stood_before_it(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    changed = {column: quoted(value) for column, value in changes}
    alone, alone_problems = cards(written(folder, f"{HEADER}\n{row(**changed)}\n"))
    assert len(alone) + bool(alone_problems) == 1 or not any(map(str.strip, changed.values()))
    twice = f"{HEADER}\n{row(iccid='8999907111111111112')}\n{row(**changed)}\n"
    after, after_problems = cards(written(folder, twice))
    assert len(after) == len(alone) + 1
    told = [(field, flaw) for _line, field, flaw in flaws(after_problems) if flaw != Flaw.TWICE]
    assert told == [(field, flaw) for _line, field, flaw in flaws(alone_problems)]


def quoted(value: str) -> str:
    return '"' + value.replace('"', '""').replace("\n", " ").replace("\r", " ") + '"'


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


def test_a_problem_can_be_told_in_another_language() -> None:
    problem = Problem("cards.csv", 3, "zone", Flaw.NOT_ZONE, {"value": "Mars"})
    assert problem.sentence(lambda _english: "“%(value)s” 不是时区。") == "“Mars” 不是时区。"
    assert str(problem) == (
        "cards.csv:3: zone: “Mars” is not a time zone. Write it like Asia/Jakarta."
    )
