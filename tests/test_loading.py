"""Reading cards.csv: sound rows and every way in which a row can be wrong."""

import random
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from everline import ids
from everline.loading import (
    Card,
    Flaw,
    Problems,
    read_cards,
)
from everline.loading.cards import COLUMNS
from tests.written import AT, HEADER, SOUND, cards, flaws, row, written


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
        ({"smdp_address": ""}, "smdp_address", Flaw.BOTH),
        ({"matching_id": "a$b"}, "matching_id", Flaw.NOT_MATCHING_ID),
        ({"matching_id": ""}, "matching_id", Flaw.BOTH),
        ({"plan": "home 30"}, "plan", Flaw.NOT_CODE),
        ({"plan": "", "used_bytes": ""}, "plan", Flaw.NEEDS),
        ({"term_started": ""}, "term_started", Flaw.BOTH),
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
        start_code="geheim!", holder="putri@", msisdn="+628125", matching_id="secret$", iccid="12"
    )
    _found, problems = cards(written(tmp_path, f"{HEADER}\n{bad}\n"))
    said = " ".join(map(str, problems))
    assert len(problems) == 5
    for hidden in ("geheim", "putri", "8125", "secret"):
        assert hidden not in said


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


values = st.one_of(
    st.sampled_from([*SOUND.values(), "", "sim", "in_stock", "lost", "NEW4-CARD", "0", "IDR"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=24),
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
