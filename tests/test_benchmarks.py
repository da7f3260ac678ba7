"""What the benchmarks claim without a clock: one round trip, and the same rows on the bare side."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

from psycopg.pq import Trace

from everline import database, renewals
from everline.database import verbs
from tests.marketplace import one_connection
from tests.world import World

BENCHMARKS: Final = Path(__file__).resolve().parent.parent / "benchmarks"


def test_a_balance_paid_renewal_is_one_round_trip(town: World) -> None:
    """Counted on the wire: what libpq sends to the server, whoever asked it to."""
    lent, plan = one_connection(), town.plan()
    cards = [town.card(balance=1000) for _ in range(4)]
    asked = [(town.caller(), town.order(card, plan), card.account_id, town.at) for card in cards]
    assert all(renewals.renew(*each).outcome == "renewed" for each in asked[:3])
    with tempfile.TemporaryFile() as file:
        lent.pgconn.trace(file.fileno())
        lent.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        assert renewals.renew(*asked[3]).outcome == "renewed"
        lent.pgconn.untrace()
        file.seek(0)
        sent = [line.split(b"\t") for line in file.read().splitlines() if line.startswith(b"F\t")]
    assert database.pool.pool().get_stats()["pool_size"] == 1, "everything went over this one"
    kinds = Counter(parts[2].decode() for parts in sent)
    assert kinds == {"Bind": 1, "Describe": 1, "Execute": 1, "Sync": 1}


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
