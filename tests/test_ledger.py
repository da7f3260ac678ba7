"""The books: money comes in once, pockets share it, and sums miss nothing still in flight."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from everline import database, ledger
from everline.database import verbs
from everline.database.requests import Answer, Caller
from tests.town import Spoiler, as_owner, at_once, findings, outcomes
from tests.world import World


def fund(world: World, caller: Caller, amount: int, account: UUID, kind: str = "balance") -> Answer:
    return ledger.fund(caller, account, kind, amount=amount, currency="EUR", at=world.at)


def bank(world: World) -> int:
    """What the verbs say was received at the bank in euro."""
    account = world.one("select id from ledger_account where kind = 'bank' and currency = 'EUR'")
    return int(database.value("select s.debits::bigint from account_sums(%s) s", [account]))


def pockets(world: World, account: UUID) -> list[int]:
    return [
        balance
        for (balance,) in world.all(
            "select balance from ledger_account where account_id = %s order by pocket", account
        )
    ]


@contextmanager
def unfinished(world: World) -> Iterator[psycopg.Connection]:
    """Let somebody fund a card in a transaction that stays open."""
    with psycopg.connect(world.logins.app) as slow:
        slow.execute(sql.SQL("set search_path = {}, public").format(sql.Identifier(verbs.schema())))
        slow.execute(
            "select fund('line', 'slow', gen_random_uuid()::text, '', gen_random_uuid(), 'balance',"
            " 'EUR', 500, %s)",
            [world.at],
        )
        yield slow


def test_money_received_is_booked_once_a_request(town: World) -> None:
    card, caller = town.card(), town.caller("line")
    answers = at_once([partial(fund, town, caller, 700, card.account_id)] * 16)
    assert outcomes(answers) == {"funded": 16}
    assert sum(answer.replayed for answer in answers) == 15
    assert ledger.spendable(card.account_id, "balance", "EUR") == bank(town) == 700
    assert fund(town, caller, 701, card.account_id).reason == "request_reused"
    assert findings(town) == {}


@pytest.mark.parametrize(("amount", "kind"), [(0, "balance"), (-1, "balance"), (1, "revenue")])
def test_what_is_no_receipt_is_not_booked(town: World, amount: int, kind: str) -> None:
    with pytest.raises(psycopg.Error, match="fund takes"):
        fund(town, town.caller("line"), amount, town.card().account_id, kind)
    assert bank(town) == 0


def test_what_is_held_cannot_be_spent_until_it_is_released(town: World) -> None:
    card, plan = town.card(balance=1000), town.plan(price=800)
    group = "10000000-0000-7000-8000-000000000000"
    hold = "select hold(%s, 'balance', 'EUR', %s, %s, %s, %s)"
    held = as_owner(town, hold, card.account_id, 300, group, town.at, town.at)()
    assert held is not None
    assert as_owner(town, hold, card.account_id, 701, group, town.at, town.at)() is None
    assert ledger.spendable(card.account_id, "balance", "EUR") == 700
    assert town.renew(card, plan).reason == "balance_short"
    assert findings(town) == {}
    as_owner(town, "select release(%s)", group)()
    as_owner(town, "select release(%s)", group)()
    assert town.renew(card, plan).outcome == "renewed"
    assert findings(town) == {}


def test_a_balance_below_its_floor_is_no_row(town: World) -> None:
    town.card(balance=1000)
    for spoilt in ("balance = -1", "held = 1001", "held = -1"):
        with pytest.raises(psycopg.errors.CheckViolation):
            town.owner.execute(f"update ledger_account set {spoilt} where floor = 0".encode())


def test_receipts_go_to_the_poorest_pocket_and_refilling_evens_them_out(town: World) -> None:
    partner = town.partner(deposit=900, pockets=4)
    assert sorted(pockets(town, partner.account_id)) == [0, 0, 0, 900]
    fund(town, town.caller("line"), 100, partner.account_id, "deposit")
    assert sorted(pockets(town, partner.account_id)) == [0, 0, 100, 900]
    assert ledger.refill(town.at) == 1
    assert pockets(town, partner.account_id) == [250] * 4
    assert ledger.refill(town.at) == 0
    fund(town, town.caller("line"), 3, partner.account_id, "deposit")
    assert ledger.spendable(partner.account_id, "deposit", "EUR") == 1003
    assert findings(town) == {}


def test_a_sum_that_no_pocket_has_is_gathered(town: World) -> None:
    partner = town.partner(deposit=900, pockets=4)
    ledger.refill(town.at)
    take = "select take(%s, 'deposit', 'EUR', %s, %s)"
    assert as_owner(town, take, partner.account_id, 901, town.at)() is None
    assert as_owner(town, take, partner.account_id, 890, town.at)() is not None
    assert sum(pockets(town, partner.account_id)) == 10
    assert as_owner(town, take, partner.account_id, 11, town.at)() is None


def test_pockets_may_be_added_but_are_few(town: World) -> None:
    partner = town.partner(deposit=900)
    ledger.open_pockets(partner.account_id, "deposit", "EUR", 3, town.at)
    ledger.open_pockets(partner.account_id, "deposit", "EUR", 2, town.at)
    assert pockets(town, partner.account_id) == [900, 0, 0]
    for wrong in (0, 65):
        with pytest.raises(psycopg.Error, match="between 1 and 64"):
            ledger.open_pockets(partner.account_id, "deposit", "EUR", wrong, town.at)


def test_sums_are_the_same_before_and_after_they_are_rolled_up(town: World) -> None:
    for amount in (100, 250):
        town.card(balance=amount)
    assert bank(town) == 350
    town.roll_up_all()
    assert bank(town) == 350
    town.card(balance=50)
    assert bank(town) == 400
    at_once([ledger.roll_up] * 8)
    town.roll_up_all()
    assert bank(town) == 400
    assert (
        town.one(
            "select debits::bigint from ledger_rollup r join ledger_account a"
            " on a.id = r.ledger_account_id where a.kind = 'bank'"
        )
        == 400
    )
    assert findings(town) == {}


def test_rolling_up_beside_an_unfinished_transaction_misses_nothing(town: World) -> None:
    town.card(balance=100)
    with unfinished(town) as slow:
        town.card(balance=50)
        ledger.roll_up()
        assert bank(town) == 150
        slow.commit()
    assert bank(town) == 650
    ledger.roll_up()
    assert bank(town) == 650
    assert findings(town) == {}


def test_rolling_up_to_the_newest_transaction_would_miss_one(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken("roll_up", ("pg_snapshot_xmin(", "pg_snapshot_xmax("))
    town.card(balance=100)
    with unfinished(town) as slow:
        town.card(balance=50)
        ledger.roll_up()
        slow.commit()
    ledger.roll_up()
    assert bank(town) == 150
    assert findings(town).keys() == {"roll_ups_are_replayed"}


@pytest.mark.parametrize("table", ["ledger_transfer", "database_history", "database_transition"])
@pytest.mark.parametrize("change", ["update {} set at = at", "delete from {}", "truncate {}"])
def test_what_is_written_in_the_books_stays(town: World, table: str, change: str) -> None:
    card = town.card(balance=1000)
    town.renew(card, town.plan())
    change = change.format(table)
    if table == "database_transition":
        change = change.replace("at = at", "event = event")
    with pytest.raises(psycopg.Error, match=rf"{table}\w* is append-only"):
        town.owner.execute(change.encode())


def test_a_month_of_history_cannot_be_edited_past_its_parent(town: World) -> None:
    town.renew(town.card(balance=1000), town.plan())
    (month,) = town.all("select distinct tableoid::regclass::text from database_history")[0]
    assert month != "database_history"
    with pytest.raises(psycopg.Error, match="append-only"):
        town.owner.execute(f"delete from {month}".encode())


def test_months_are_made_ahead_even_after_a_long_sleep(town: World) -> None:
    months = "select count(*) from pg_inherits where inhparent = 'database_history'::regclass"
    town.at = town.at.replace(year=2031)
    town.renew(town.card(balance=1000), town.plan())
    assert town.all("select distinct tableoid::regclass::text from database_history") == [
        ("database_history_rest",)
    ]
    before = town.one(months)
    assert town.verb("make_partitions", town.at, 3) == 4 + 4 + 3
    assert town.one(months) == before + 3
    assert town.verb("make_partitions", town.at, 3) == 0
    town.advance(days=40)
    town.renew(town.card(balance=1000), town.plan())
    assert town.one("select count(distinct tableoid) from database_history") == 2
    assert findings(town).keys() <= {"paid_is_owned", "nothing_is_stuck"}
