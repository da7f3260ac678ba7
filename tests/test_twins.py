"""What exists in Python and in SQL gives the same in both: ids, the tax in a price."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import given, strategies as st

from everline import ids, money
from tests import scratch_server
from tests.scratch_server import Database

db = scratch_server.db
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), timedelta(days=365 * 135)).map(lambda since: EPOCH + since)


@given(at=instants, edge=st.sampled_from([None, 0, 1, 499, 500, 999]))
def test_ids_in_sql_are_those_of_python(db: Database, at: datetime, edge: int | None) -> None:
    if edge is not None:
        at = at.replace(microsecond=at.microsecond // 1000 * 1000 + edge)
    row = db.execute("select everline_uuid7(%s)", [at]).fetchone()

    assert row is not None
    assert row[0].int >> 76 == ids.uuid7(at).int >> 76
    assert row[0].version == 7
    assert row[0].int >> 62 & 3 == 2


def test_ids_in_sql_differ_in_every_other_bit(db: Database) -> None:
    made = [
        row[0].int
        for row in db.execute("select everline_uuid7('epoch') from generate_series(1, 300)")
    ]
    ever_one, ever_zero = 0, 0
    for number in made:
        ever_one, ever_zero = ever_one | number, ever_zero | ~number

    assert len(set(made)) == len(made)
    assert ever_one & ever_zero & (1 << 128) - 1 == (1 << 80) - 1 & ~(0xF << 76) & ~(0x3 << 62)


def test_an_instant_before_1970_makes_no_id(db: Database) -> None:
    with pytest.raises(psycopg.Error):
        db.execute("select everline_uuid7('1969-12-31 23:59:59.999Z')")


@given(amount=st.integers(0, 10**14), rate=st.integers(0, 10_000))
def test_included_tax_in_sql_is_that_of_python(db: Database, amount: int, rate: int) -> None:
    row = db.execute(
        "select p.a - (p.a * 10000 * 2 + (10000 + p.r)) / (2 * (10000 + p.r))"
        " from (select %s::bigint, %s::int) as p (a, r)",
        [amount, rate],
    ).fetchone()

    assert row == (money.tax_included(amount, rate),)


def test_the_planner_writes_an_id_into_the_calling_statement(db: Database) -> None:
    """A call that stays a call costs 5 to 10 us; see the head of validity.sql."""
    plan = db.execute(
        "explain (verbose, costs off) select everline_uuid7(s), everline_uuid7_beside(i, 1)"
        " from (values (now(), gen_random_uuid()), (now(), gen_random_uuid())) as t (s, i)"
    ).fetchall()

    assert "gen_random_uuid" in str(plan)
    assert "overlay" in str(plan).lower()
    assert "everline_uuid7" not in str(plan)


def test_an_id_beside_another_is_its_own_and_of_the_same_instant(db: Database) -> None:
    made = ids.uuid7(datetime(2026, 11, 22, 3, 0, 0, 123000, tzinfo=UTC))
    row = db.execute(
        "select array_agg(everline_uuid7_beside(%s, n) order by n)"
        " from unnest(array[0, 1, 4095]) as n",
        [made],
    ).fetchone()

    assert row is not None
    assert [f"{id_.int:032x}"[12:16] for id_ in row[0]] == ["7000", "7001", "7fff"]
    assert {(id_.int >> 80, id_.int & (1 << 64) - 1) for id_ in row[0]} == {
        (made.int >> 80, made.int & (1 << 64) - 1)
    }
    assert {(id_.version, id_.variant) for id_ in row[0]} == {(7, "specified in RFC 4122")}
