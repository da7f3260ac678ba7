"""What the benchmarks claim without a clock: one round trip, and the same rows on the bare side."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.pq import Trace

from everline import autorenewal, database, renewals
from everline.database import verbs
from tests.mandates import armed, stands
from tests.marketplace import one_connection
from tests.world import World

ONE_TRIP: Final = {"Bind": 1, "Describe": 1, "Execute": 1, "Sync": 1}
BENCHMARKS: Final = Path(__file__).resolve().parent.parent / "benchmarks"


def test_a_balance_paid_renewal_is_one_round_trip(town: World) -> None:
    """Counted on the wire: what libpq sends to the server, whoever asked it to."""
    lent, plan = one_connection(), town.plan()
    cards = [town.card(balance=1000) for _ in range(4)]
    asked = [(town.caller(), town.order(card, plan), card.account_id, town.at) for card in cards]
    assert all(renewals.renew(*each).outcome == "renewed" for each in asked[:3])
    with sent_over(lent) as kinds:
        assert renewals.renew(*asked[3]).outcome == "renewed"
    assert kinds == ONE_TRIP


def test_a_sweep_of_many_cards_is_one_round_trip(town: World) -> None:
    lent, plan = one_connection(), town.plan(days=1)
    for _card in range(9):
        armed(town, plan, balance=5000, total=1000)
    town.advance(days=1)
    assert [autorenewal.renew_due(town.at, 2).renewed for _call in range(3)] == [2, 2, 2]
    with sent_over(lent) as kinds:
        assert autorenewal.renew_due(town.at, 1000).renewed == 3
    assert kinds == ONE_TRIP


@contextmanager
def sent_over(lent: psycopg.Connection) -> Iterator[Counter[str]]:
    """Count the messages that libpq sends over the one connection there is, by kind."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryFile() as file:
        lent.pgconn.trace(file.fileno())
        lent.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        yield found
        lent.pgconn.untrace()
        file.seek(0)
        sent = [line.split(b"\t") for line in file.read().splitlines() if line.startswith(b"F\t")]
    assert database.pool.pool().get_stats()["pool_size"] == 1, "everything went over this one"
    found.update(parts[2].decode() for parts in sent)


def test_the_bare_function_writes_the_rows_that_the_verb_writes(world: World) -> None:
    """Each table, as often, and the same columns filled."""
    plan = world.plan()
    card, other = world.card(balance=1000), world.card(balance=1000)
    world.renew(world.card(balance=1000), plan)  # The first of a plan may open what later ones use.
    mark = world.one("select pg_current_xact_id()::text::bigint")
    assert world.renew(card, plan).outcome == "renewed"
    by_verb = _written(world, mark)
    world.owner.execute("create schema bench")
    world.owner.execute(f"set search_path = {verbs.schema()}, public".encode())
    world.owner.execute((BENCHMARKS / "bare.sql").read_bytes())
    mark = world.one("select pg_current_xact_id()::text::bigint")
    order = world.order(other, plan)
    world.owner.execute(
        "select bench.bare('1', %s, %s, %s, 1000, %s, %s, %s)",
        [
            other.account_id,
            other.id,
            plan.version_id,
            world.at,
            order.quoted_end,
            world.at,
        ],
    )
    assert _written(world, mark) == by_verb


def test_the_bare_write_writes_the_rows_that_the_sweep_writes(world: World) -> None:
    """Each table, as often, and the same columns filled."""
    plan = world.plan()
    cards = [armed(world, plan, balance=1000, contact=renewals.Contact()) for _ in range(2)]
    end = stands(world, cards[0]).rungs[-1]
    world.at = end - timedelta(minutes=1)
    mark = world.one("select pg_current_xact_id()::text::bigint")
    assert autorenewal.renew_due(world.at, 1).renewed == 1
    by_sweep = _written(world, mark)
    (left,) = (card for card in cards if stands(world, card).rungs[0] <= world.at)
    ids = {"8000": plan.version_id, "8001": left.id, "8002": left.account_id}
    ids["8003"] = world.one("select id from ledger_account where account_id = %s", left.account_id)
    known = " ".join(f"when '{kind}' then uuid '{each}'" for kind, each in ids.items())
    world.owner.execute(
        f"set search_path = {verbs.schema()}, public; create schema bench;"
        " create function bench.id(kind text, number bigint) returns uuid language sql immutable"
        f" as $$ select case kind {known} else gen_random_uuid() end $$;"
        " create function bench.ends(number bigint) returns timestamptz language sql immutable"
        f" as $$ select timestamptz '{end}' $$;"
        " create function bench.next_end(number bigint) returns timestamptz language sql immutable"
        f" as $$ select timestamptz '{end}' + interval '30 days' $$".encode()
    )
    world.owner.execute((BENCHMARKS / "due.sql").read_bytes())
    mark = world.one("select pg_current_xact_id()::text::bigint")
    world.owner.execute("select bench.bare_due(0, 0, 1, %s)", [world.at])
    assert _written(world, mark) == by_sweep


def _written(world: World, mark: int) -> dict[str, list[list[str]]]:
    """Give, by table, the filled columns of each row that was written after a transaction."""
    found: dict[str, Any] = {}
    for (name,) in world.all(
        "select c.relname from pg_class c where c.relkind in ('r', 'p') and not c.relispartition"
        " and c.relnamespace = 'public'::regnamespace"
    ):
        rows = world.all(
            "select (select array_agg(k order by k) from jsonb_object_keys("
            f"jsonb_strip_nulls(to_jsonb(t))) as k) from {name} t"
            f" where t.xmin::text::bigint > {mark}"
        )
        if rows:
            found[name] = sorted(row[0] for row in rows)
    return found
