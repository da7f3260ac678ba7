"""Revenue: deferred when a term is sold, earned day by day, all of it on the last day, given back.

A cohort is what was sold of one plan version over the same days in one currency.
"""

from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import sql

from everline import database, renewals
from everline.database import verbs
from tests.town import Spoiler, as_owner, at_once, findings
from tests.world import World

NET, TAX = 813, 187
"""Of a plan for 10.00 with 23 % tax included."""


def kept(world: World, kind: str, currency: str = "EUR") -> int:
    """What one of the operator's own accounts has been credited, less debited."""
    account = world.one(
        "select id from ledger_account where kind = %s and floor is null and currency = %s",
        kind,
        currency,
    )
    found = database.value("select s.credits - s.debits from account_sums(%s) s", [account])
    return int(found)


def earn(world: World, day: date) -> int:
    world.roll_up_all()
    return int(database.value("select earn(%s, %s)", [day, world.at]))


def sold(world: World, days: int = 30, cards: int = 1) -> list[UUID]:
    plan = world.plan(days=days)
    ids = [world.renew(world.card(balance=1000), plan).id for _ in range(cards)]
    world.deliver_all()
    return [each for each in ids if each is not None]


def test_a_term_is_earned_by_its_days_and_wholly_on_the_last(town: World) -> None:
    sold(town)
    assert (kept(town, "deferred"), kept(town, "revenue"), kept(town, "tax")) == (NET, 0, TAX)
    first = date(2026, 11, 22)
    days = [first + timedelta(days=number) for number in range(31)]
    assert earn(town, first - timedelta(days=1)) == 0
    told = [0]
    for day in days:
        assert earn(town, day) == 1
        told.append(kept(town, "revenue"))
        assert told[-1] + kept(town, "deferred") == NET
    assert {after - before for before, after in pairwise(told)} == {26, 27}
    assert (kept(town, "revenue"), kept(town, "deferred")) == (NET, 0)
    assert town.all("select first_day, last_day, sold, earned from renewals_cohort") == [
        (days[0], days[-1], NET, NET)
    ]
    assert earn(town, days[-1] + timedelta(days=400)) == 0
    assert findings(town) == {}


def test_days_missed_are_earned_with_the_next_and_none_twice(town: World) -> None:
    sold(town, days=10, cards=3)
    day = date(2026, 11, 22)
    earn(town, day)
    assert earn(town, day) == 0
    once = kept(town, "revenue")
    assert once == round(3 * NET / 11)
    assert earn(town, day + timedelta(days=4)) == 1
    assert kept(town, "revenue") == round(3 * NET * 5 / 11)
    assert earn(town, day + timedelta(days=2)) == 0
    assert kept(town, "revenue") == round(3 * NET * 5 / 11)
    assert town.one("select count(*) from ledger_transfer where kind = 'earning'") == 2
    assert findings(town) == {}


def test_a_sale_of_days_that_are_over_is_earned_at_once(town: World) -> None:
    sold(town, days=1)
    earn(town, date(2026, 12, 31))
    assert kept(town, "revenue") == NET


def test_what_is_taken_back_is_no_revenue(town: World) -> None:
    one, _other = sold(town, days=10, cards=2)
    earn(town, date(2026, 11, 26))
    earned = kept(town, "revenue")
    town.advance(days=4)
    renewals.reverse(town.caller(), one, "asked", town.at)
    town.verb("withdrawn", one, "done", "", town.at)
    assert (kept(town, "revenue"), kept(town, "deferred")) == (earned, NET - earned)
    earn(town, date(2026, 11, 26))
    assert kept(town, "revenue") == round(NET * 5 / 11)
    assert kept(town, "deferred") == NET - round(NET * 5 / 11)
    earn(town, date(2026, 12, 2))
    assert (kept(town, "revenue"), kept(town, "deferred")) == (NET, 0)
    assert findings(town) == {}


def test_a_cohort_is_one_version_its_days_and_its_currency(town: World) -> None:
    database.value("select open_books('IDR', array['sandbox'])")
    plan = town.plan(days=10, prices={"IDR": 150_000})
    other = town.plan(days=10)
    for card in (
        town.card(balance=1000),
        town.card(balance=1000, zone="Asia/Jakarta"),
        town.card(balance=1000, zone="America/Los_Angeles"),
        town.card(balance=150_000, currency="IDR"),
    ):
        assert town.renew(card, plan).outcome == "renewed"
    town.renew(town.card(balance=1000), other)
    town.roll_up_all()
    assert town.all(
        "select currency, first_day, sold from renewals_cohort order by currency, first_day, sold"
    ) == [
        ("EUR", date(2026, 11, 21), NET),
        ("EUR", date(2026, 11, 22), NET),
        ("EUR", date(2026, 11, 22), 2 * NET),
        ("IDR", date(2026, 11, 22), 121_951),
    ]
    earn(town, date(2026, 12, 31))
    assert (kept(town, "revenue"), kept(town, "revenue", "IDR")) == (4 * NET, 121_951)
    assert findings(town) == {}


def test_earning_at_once_earns_once(town: World) -> None:
    sold(town, days=10, cards=4)
    at_once([partial(earn, town, date(2026, 11, 25))] * 8)
    assert kept(town, "revenue") == round(4 * NET * 4 / 11)
    at_once([partial(database.value, "select collect_cohorts()")] * 4)
    assert findings(town) == {}


def _sale_beside_an_unfinished_one(world: World) -> None:
    order = world.order(world.card(balance=1000), world.plan())
    with psycopg.connect(world.logins.app) as slow:
        slow.execute(sql.SQL("set search_path = {}, public").format(sql.Identifier(verbs.schema())))
        answer = slow.execute(
            "select r.outcome from renew('web', 'slow', 'once', '', %s, %s, %s, null, %s, %s, %s,"
            " null, %s) r",
            [
                order.account_id,
                order.card_id,
                order.plan_version_id,
                order.quoted_total,
                order.quoted_end,
                order.account_id,
                world.at,
            ],
        ).fetchone()
        assert answer == ("renewed",)
        world.renew(world.card(balance=1000), world.plan())
        database.value("select collect_cohorts()")
        slow.commit()
    earn(world, date(2026, 12, 31))


def test_collecting_beside_an_unfinished_sale_misses_none(town: World) -> None:
    _sale_beside_an_unfinished_one(town)
    assert kept(town, "revenue") == 2 * NET
    assert findings(town) == {}


def test_collecting_to_the_newest_transaction_would_miss_one(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken("collect_cohorts", ("pg_snapshot_xmin(", "pg_snapshot_xmax("))
    _sale_beside_an_unfinished_one(town)
    assert kept(town, "revenue") == NET
    assert "cohorts_are_replayed" in findings(town)


@given(
    amount=st.integers(0, 10**12),
    length=st.integers(1, 366),
    first=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_shares_grow_by_even_steps_to_the_whole(
    town: World, amount: int, length: int, first: date
) -> None:
    last = first + timedelta(days=length - 1)
    shares = as_owner(
        town,
        "select array_agg(earned_share(%s, %s, %s, %s::date + d) order by d)"
        " from generate_series(-1, %s) d",
        amount,
        first,
        last,
        first,
        length,
    )()
    assert isinstance(shares, list)
    assert shares[0] == 0
    assert shares[-2:] == [amount, amount]
    steps = [after - before for before, after in pairwise(shares[:-1])]
    assert len(steps) == length
    assert max(steps) - min(steps) <= 1
