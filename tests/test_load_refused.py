"""Loading refused: everything that only the database knows is listed, and nothing is written."""

import re
from pathlib import Path

import pytest

from everline.database.addresses import Addresses
from everline.loading import Flaw, Outcome
from everline.loading.loaded import DEMO
from tests.loads import (
    BARE,
    OPERATOR,
    PLANS,
    SIM,
    begun,
    cards_file,
    everything,
    flaws,
    one,
    rows,
    run,
    serial,
    sound,
    with_owner,
)  # fmt: skip
from tests.written import row, written


@pytest.fixture
def operated(logins: Addresses) -> Addresses:
    return begun(logins)


def test_everything_wrong_is_listed_and_nothing_of_that_file_is_written(
    operated: Addresses, tmp_path: Path
) -> None:
    good = cards_file(tmp_path, row(iccid=serial(1), msisdn="", **SIM), name="good.csv")
    bad = cards_file(
        tmp_path,
        row(iccid=serial(2), msisdn="+99908000002", **BARE),
        row(iccid=serial(3), msisdn="", currency="USD", balance="1.00"),
        row(iccid=serial(4), msisdn="", plan="HOME-99"),
        row(iccid=serial(5), msisdn="", zone="Asia/Nowhere"),
        row(iccid=serial(6), msisdn="", term_started="load-1000d"),
        row(iccid=serial(7), msisdn="+99908000002", **BARE),
        name="bad.csv",
    )
    offers = written(
        tmp_path,
        (DEMO / "promotions.yaml").read_text(encoding="utf-8").replace("HOME-QTR", "HOME-99"),
        "promotions.yaml",
    )
    loaded = run(operated, bad, offers, good)
    assert [(file.name, file.outcome) for file in loaded.files] == [
        ("promotions.yaml", Outcome.REFUSED),
        ("bad.csv", Outcome.REFUSED),
        ("good.csv", Outcome.LOADED),
    ]
    assert flaws(loaded) == [
        ("bad.csv", 3, "currency", Flaw.CURRENCY_UNUSED),
        ("bad.csv", 4, "plan", Flaw.PLAN_UNKNOWN),
        ("bad.csv", 5, "zone", Flaw.NOT_ZONE),
        ("bad.csv", 6, "term_started", Flaw.PLAN_LATER),
        ("promotions.yaml", 34, "promotion HEMAT15.plans", Flaw.PLAN_UNKNOWN),
    ]
    assert rows(operated, "select c.iccid from cards_card c") == [(serial(1),)]
    assert one(operated, "select count(*) from catalogue_promotion") == 0


def test_what_only_the_database_knows_is_listed_and_undone(
    operated: Addresses, tmp_path: Path
) -> None:
    stored = cards_file(tmp_path, row(iccid=serial(1), msisdn="+99908000001", **SIM))
    sound(operated, stored)
    before = everything(operated)
    again = SIM | {"iccid": serial(1), "msisdn": "+99908000001"}
    taken = cards_file(
        tmp_path,
        row(iccid=serial(2), msisdn="+99908000009", **BARE),
        row(iccid=serial(3), msisdn="+99908000001", **BARE),
        row(iccid=serial(4), msisdn="+99908000009", **BARE),
    )
    assert flaws(run(operated, taken)) == [
        ("cards.csv", 3, "msisdn", Flaw.MSISDN_TAKEN),
        ("cards.csv", 4, "msisdn", Flaw.MSISDN_TAKEN),
    ]
    other = cards_file(
        tmp_path, row(**again | {"currency": "EUR", "holder": "somebody@else.example"})
    )
    assert flaws(run(operated, other)) == [
        ("cards.csv", 2, "currency", Flaw.FIXED),
        ("cards.csv", 2, "holder", Flaw.CARD_HELD),
    ]
    people = written(
        tmp_path,
        "customers:\n"
        "  - {email: new@customers.example, name: New, cards: "
        f'["{serial(1)}", "{serial(8)}"]}}\n',
        "people.yaml",
    )
    assert flaws(run(operated, people)) == [
        ("people.yaml", 2, "cards", Flaw.CARD_HELD),
        ("people.yaml", 2, "cards", Flaw.CARD_UNKNOWN),
    ]
    assert everything(operated) == before


def test_a_card_that_stands_twice_beyond_the_reader_is_found(
    operated: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def card(number: int, msisdn: str = "", **more: str) -> str:
        return row(iccid=serial(number), msisdn=msisdn, **BARE | more)

    moved = card(1, "+99908000001"), card(1, "+99908000002")
    monkeypatch.setattr("everline.loading.cards.DOUBLES_MAX", 0)
    sound(operated, cards_file(tmp_path, card(1, "+99908000003"), card(2, "+99908000004")))
    for parts in (2, 10_000):
        monkeypatch.setattr("everline.loading.stock.ROWS_AT_ONCE", parts)
        for lines, line in (
            ((card(5), card(4), card(5)), 4),  # new
            ((card(5, "+99908000009"), card(4), card(5, "+99908000009")), 4),
            ((card(2, zone="Asia/Makassar"), card(1), card(2)), 4),  # stored, and changed
            ((card(6), *moved), 4),  # with another number each time
            ((card(5, "+99908000004"), card(4), card(5, "+99908000003")), 4),
        ):
            doubled = run(operated, cards_file(tmp_path, *lines))
            assert ("cards.csv", line, "iccid", Flaw.ICCID_TWICE) in flaws(doubled)
            assert one(operated, "select count(*) from cards_card") == 2


def test_a_number_is_on_one_card_unless_that_is_terminated(
    operated: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = BARE | {"state": "terminated"}

    def card(number: int, last: int, **columns: str) -> str:
        return row(iccid=serial(number), msisdn=f"+9990800000{last}", **columns)

    for parts in (2, 10_000):
        monkeypatch.setattr("everline.loading.stock.ROWS_AT_ONCE", parts)
        base = parts + 100
        first = (card(base, 1, **ended), card(base + 1, 1, **BARE), card(base + 2, 1, **ended))
        again = (card(base + 1, 1, **BARE), card(base + 3, 1, **BARE), card(base + 4, 1, **ended))
        taken = run(operated, cards_file(tmp_path, *first, *again[1:]))
        assert flaws(taken) == [("cards.csv", 5, "msisdn", Flaw.MSISDN_TAKEN)]
        assert one(operated, "select count(*) from cards_card") == 0
        sound(operated, cards_file(tmp_path, *first))
        taken = run(operated, cards_file(tmp_path, *again))
        assert flaws(taken) == [("cards.csv", 3, "msisdn", Flaw.MSISDN_TAKEN)]
        assert one(operated, "select count(*) from cards_card") == 3
        with_owner(operated, "delete from cards_device", "delete from cards_card")


def test_the_list_of_problems_is_bounded(operated: Addresses, tmp_path: Path) -> None:
    def file(first: int) -> Path:
        return cards_file(
            tmp_path,
            *(
                row(iccid=serial(first + number), msisdn=f"+9990{number:09d}", **BARE)
                for number in range(10_500)
            ),
        )

    sound(operated, file(1))
    problems = run(operated, file(50_001)).problems
    assert len(list(problems)) == 1_000
    assert (len(problems), problems.more) == (10_000, 9_000)
    assert {(each.flaw, each.field) for each in problems} == {(Flaw.MSISDN_TAKEN, "msisdn")}
    assert [each.line for each in problems] == list(range(2, 1_002))
    assert one(operated, "select count(*) from cards_card") == 10_500


def test_a_file_waits_for_a_kind_that_was_refused(logins: Addresses, tmp_path: Path) -> None:
    plans = written(
        tmp_path, PLANS.read_text(encoding="utf-8").replace("HOME-12", "home 12", 1), "plans.yaml"
    )
    path = cards_file(
        tmp_path, row(iccid=serial(1), msisdn="", **SIM), row(iccid="12", msisdn="", **SIM)
    )
    loaded = run(logins, path, plans, OPERATOR, DEMO / "retailers.csv", tmp_path / "none.csv")
    assert [(file.name, file.outcome) for file in loaded.files] == [
        ("none.csv", Outcome.REFUSED),
        ("operator.yaml", Outcome.LOADED),
        ("plans.yaml", Outcome.REFUSED),
        ("retailers.csv", Outcome.LOADED),
        ("cards.csv", Outcome.WAITS),
    ]
    assert [(flaw[0], flaw[3]) for flaw in flaws(loaded)] == [
        ("cards.csv", Flaw.NUMBER),
        ("none.csv", Flaw.FILE_MISSING),
        ("plans.yaml", Flaw.NOT_CODE),
    ]
    assert not loaded.is_complete


def test_what_no_check_has_foreseen_is_a_sentence(logins: Addresses, tmp_path: Path) -> None:
    text = OPERATOR.read_text(encoding="utf-8")
    long = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"
    path = written(tmp_path, text.replace("renew@senandi.example", long), "operator.yaml")
    loaded = run(logins, path)
    assert flaws(loaded) == [("operator.yaml", 0, "", Flaw.NOT_STORED)]
    assert one(logins, "select count(*) from ledger_account") == 0


def test_a_currency_in_use_cannot_be_left_out(operated: Addresses, tmp_path: Path) -> None:
    text = OPERATOR.read_text(encoding="utf-8").replace("  EUR: {display_digits: 2}\n", "")
    text = re.sub(r", EUR: \d+|\n  EUR: \[[^]]*]", "", text)
    loaded = run(operated, written(tmp_path, text, "operator.yaml"))
    assert flaws(loaded) == [("operator.yaml", 0, "currencies", Flaw.CURRENCY_KEPT)]
