"""Loading again what differs: what changes, what is kept and what may not change."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from everline.cards import start_code_hash
from everline.database.addresses import Addresses
from everline.loading import Flaw, Loaded
from everline.loading.loaded import DEMO
from everline.office.audit import audit
from tests.loads import (
    AT,
    BARE,
    OPERATOR,
    PLANS,
    SIM,
    STOCK,
    begun,
    cards_file,
    everything,
    flaws,
    one,
    rows,
    run,
    serial,
    sound,
)  # fmt: skip
from tests.written import row, written


@pytest.fixture
def operated(logins: Addresses) -> Addresses:
    return begun(logins)


def test_a_stored_card_changes_in_part(operated: Addresses, tmp_path: Path) -> None:
    first = cards_file(
        tmp_path,
        row(iccid=serial(1), msisdn="+99908000001", **SIM),
        row(iccid=serial(2), msisdn="+99908000002", **BARE),
        row(iccid=serial(3), msisdn="+99908000003", **STOCK),
    )
    sound(operated, first)
    kept = (
        "select c.id, c.account_id, c.state, a.balance, e.starts_at, e.used_bytes, h.person_id"
        " from cards_card c left join ledger_account a on a.account_id = c.account_id"
        " left join cards_entitlement e on e.card_id = c.id"
        " left join people_holding h on h.account_id = c.account_id order by c.iccid"
    )
    before = rows(operated, kept)
    second = cards_file(
        tmp_path,
        # The first two change numbers with each other, and a new card gets a number they leave.
        row(iccid=serial(4), msisdn="+99908000003", **BARE),
        row(
            **SIM, iccid=serial(1), msisdn="+99908000002", zone="Asia/Makassar", state="lost",
            balance="900", used_bytes="0", plan="HOME-12", term_started="load-1d",
        ),
        row(iccid=serial(2), msisdn="+99908000001", **BARE),
        row(iccid=serial(3), msisdn="+99908000004", **STOCK | {"start_code": "NEW4CODE"}),
    )  # fmt: skip
    (file,) = sound(operated, second).files
    assert (file.counts.rows, file.counts.added, file.counts.changed) == (4, 1, 3)
    assert rows(operated, kept)[:3] == before
    assert rows(operated, "select c.msisdn, c.zone from cards_card c order by c.iccid") == [
        ("+99908000002", "Asia/Makassar"),
        ("+99908000001", "Asia/Jakarta"),
        ("+99908000004", "Asia/Jakarta"),
        ("+99908000003", "Asia/Jakarta"),
    ]
    stored_hash = "select c.start_code_hash from cards_card c where c.iccid = %s"
    assert one(operated, stored_hash, serial(3)) == start_code_hash(serial(3), "NEW4CODE")
    # What a file leaves empty stays.
    sound(operated, cards_file(tmp_path, row(iccid=serial(1), msisdn="", **SIM)))
    assert one(operated, "select c.msisdn from cards_card c where c.iccid = %s", serial(1))
    assert [found for found in audit(AT) if found.total] == []


def test_a_version_changes_until_it_is_sold(operated: Addresses, tmp_path: Path) -> None:
    text = PLANS.read_text(encoding="utf-8")
    price = (
        "select p.amount from catalogue_price p join catalogue_planversion v"
        " on v.id = p.plan_version_id join catalogue_plan k on k.id = v.plan_id"
        " where k.code = 'HOME-30' and v.number = 1"
    )
    cheaper = text.replace("IDR: {amount: 95000,", "IDR: {amount: 90000,")
    loaded = sound(operated, written(tmp_path, cheaper, "plans.yaml"))
    assert (loaded.files[0].counts.added, loaded.files[0].counts.changed) == (0, 1)
    assert one(operated, price) == 9_000_000
    sound(operated, cards_file(tmp_path, row(iccid=serial(1), msisdn="", **SIM)))
    spoiled = text.replace("allowance: 30 GB", "allowance: 3 GB").replace("[ID]", "[SG]", 1)
    loaded = run(operated, written(tmp_path, spoiled, "plans.yaml"))
    line = spoiled[: spoiled.index("HOME-30")].count("\n") + 1
    assert flaws(loaded) == [("plans.yaml", line, "plan HOME-30", Flaw.VERSION_SOLD)]
    (problem,) = loaded.problems
    assert problem.facts["changed"] == "allowance, countries, prices"
    assert "add a version with the next number" in str(problem)
    assert one(operated, price) == 9_000_000
    # A country more takes nothing from anybody.
    wider = cheaper.replace("countries: [ID]", "countries: [ID, TL]")
    sound(operated, written(tmp_path, wider, "plans.yaml"))
    assert one(operated, "select count(*) from catalogue_coverage c where c.country = 'TL'") > 0


def test_a_new_version_ends_the_one_before(operated: Addresses, tmp_path: Path) -> None:
    text = PLANS.read_text(encoding="utf-8")
    third = text.replace(
        "          IDR: {amount: 99000, tax: 11%}\n",
        "          IDR: {amount: 99000, tax: 11%}\n"
        "      - number: 3\n"
        "        effective_from: 2027-06-01T00:00:00+07:00\n"
        "        period: {unit: month, count: 1}\n"
        "        validity: rolling\n"
        "        on_renewal: queue\n"
        "        allowance: 40 GB\n"
        "        devices_max: 3\n"
        "        region: home\n"
        "        prices:\n"
        "          IDR: {amount: 105000, tax: 11%}\n",
    )
    later = AT + timedelta(days=10)
    sound(operated, written(tmp_path, third, "plans.yaml"), at=later)
    spans = (
        "select v.effective_from, v.effective_until from catalogue_planversion v"
        " join catalogue_plan p on p.id = v.plan_id where p.code = 'HOME-30' order by v.number"
    )
    begins = datetime(2027, 5, 31, 17, tzinfo=UTC)
    assert rows(operated, spans) == [
        # Relative to the first load, not to the second.
        (AT - timedelta(days=900), AT + timedelta(days=45)),
        (AT + timedelta(days=45), begins),
        (begins, None),
    ]
    # Without the second version, which is stored, the file itself is in order.
    second = third.index("      - number: 2"), third.index("      - number: 3")
    early = (third[: second[0]] + third[second[1] :]).replace("2027-06-01", "2026-12-01")
    loaded = run(operated, written(tmp_path, early, "plans.yaml"), at=later)
    line = early[: early.index("HOME-30")].count("\n") + 1
    assert flaws(loaded) == [("plans.yaml", line, "plan HOME-30", Flaw.VERSION_ORDER)]
    assert rows(operated, spans)[-1] == (begins, None)
    assert one(operated, "select max(v.number) from catalogue_planversion v") == 3


def test_deposits_and_budgets_grow_and_never_shrink(operated: Addresses, tmp_path: Path) -> None:
    files = {
        "partners.yaml": ("deposit: 12500.00", "deposit: 20000.00", "deposit: 100.00"),
        "retailers.csv": (",IDR,25000000", ",IDR,26000000", ",IDR,24000000"),
        "promotions.yaml": ("budget: 20000 uses", "budget: 21000 uses", "budget: 19999 uses"),
    }
    texts = {name: (DEMO / name).read_text(encoding="utf-8") for name in files}
    total = (
        "select a.kind, a.currency, sum(a.balance)::bigint from ledger_account a"
        " where a.floor is not null group by 1, 2"
    )

    def put(place: int) -> Loaded:
        paths = [
            written(tmp_path, texts[name].replace(each[0], each[place], 1), name)
            for name, each in files.items()
        ]
        return run(operated, *paths)

    assert put(0).is_complete
    before = {each[:2]: each[2] for each in rows(operated, total)}
    assert put(1).is_complete
    assert put(1).is_complete
    after = {each[:2]: each[2] for each in rows(operated, total)}
    grown = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert grown == {
        ("deposit", "SGD"): 750_000,
        ("deposit", "IDR"): 100_000_000,
        ("promotion_budget", "XXX"): 1_000,
    }
    loaded = put(2)
    assert [(name, flaw) for name, _line, _field, flaw in flaws(loaded)] == [
        (name, Flaw.LOWERED) for name in sorted(files)
    ]
    assert [re.split("[:.] ", str(each))[-2] for each in loaded.problems] == [
        "20000.00 SGD is booked already, and a file takes no money back",
        "21000 is booked already, and a file takes no money back",
        "26000000.00 IDR is booked already, and a file takes no money back",
    ]
    assert {each[:2]: each[2] for each in rows(operated, total)} == after
    assert [found for found in audit(AT) if found.total] == []


def test_a_channel_that_is_not_named_is_closed(operated: Addresses, tmp_path: Path) -> None:
    text = OPERATOR.read_text(encoding="utf-8")
    text = text.replace("  hotline:\n    is_open: true\n    means: [gateway, balance]\n", "")
    (file,) = sound(operated, written(tmp_path, text, "operator.yaml")).files
    assert (file.counts.added, file.counts.changed) == (0, 1)
    closed = "select c.code from trust_channel c where not c.is_open"
    assert rows(operated, closed) == [("hotline",)]


def test_what_may_not_change_is_refused_with_its_line(operated: Addresses, tmp_path: Path) -> None:
    sound(operated, DEMO / "partners.yaml", DEMO / "retailers.csv", DEMO / "promotions.yaml")
    sound(operated, cards_file(tmp_path, row(iccid=serial(1), msisdn="", **BARE)))
    before = everything(operated)
    changes = {
        "partners.yaml": ("currency: SGD", "currency: EUR"),
        "promotions.yaml": ("budget: 20000 uses", "budget: 20000000 IDR"),
        "retailers.csv": (",IDR,25000000", ",EUR,2500"),
    }
    paths, expected = [], [("cards.csv", 3, Flaw.FIXED)]
    for name, (old, new) in changes.items():
        text = (DEMO / name).read_text(encoding="utf-8")
        assert old in text
        paths.append(written(tmp_path, text.replace(old, new, 1), name))
        expected.append((name, text[: text.index(old)].count("\n") + 1, Flaw.FIXED))
    fresh = row(iccid=serial(2), msisdn="", **BARE)
    esim = row(iccid=serial(1), msisdn="", **BARE | {"kind": "esim"})
    loaded = run(operated, cards_file(tmp_path, fresh, esim), *paths)
    found = [(name, line, flaw) for name, line, _field, flaw in flaws(loaded)]
    assert [(name, flaw) for name, _line, flaw in found] == [
        (name, flaw) for name, _line, flaw in expected
    ]
    # A record of a .yaml file is named by its first line, at most a few above what differs.
    for (_name, line, _flaw), (_same, near, _too) in zip(found, expected, strict=True):
        assert near - 12 <= line <= near
    assert next(iter(loaded.problems)).sentence() == (
        "This was loaded as sim and stays so. Write that again."
    )
    assert everything(operated) == before
