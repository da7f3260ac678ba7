"""A dump that was restored into another server: `everline migrate` numbers its transfers anew."""

import time

import psycopg
import pytest

from everline import ledger
from everline.cli.speech import Exit
from everline.database import verbs
from everline.office.audit import audit
from tests.command import Everline
from tests.world import World


def test_a_restored_dump_is_numbered_anew(everline: Everline, world: World) -> None:
    plan = world.plan()
    world.renew(world.card(balance=5000), plan)
    world.verb("roll_up")
    world.renew(world.card(balance=5000), plan)
    world.verb("collect_cohorts")
    world.renew(world.card(balance=5000), plan)
    # A server that has counted far, as the one from which the dump was taken.
    ahead = "(t.%s::text::bigint + 1000000)::text::xid8"
    with psycopg.connect(world.logins.admin, autocommit=True) as admin:
        admin.execute("set session_replication_role = replica")  # Triggers do not fire.
        for table, column in (("transfer", "transaction_id"), ("watermark", "through")):
            number = ahead % column
            admin.execute(f"update ledger_{table} t set {column} = {number}".encode())
    world.renew(world.card(balance=5000), plan)
    assert _broken(world) == {"roll_ups_are_replayed", "cohorts_are_replayed"}
    doctor = {each["name"]: each["state"] for each in everline("doctor", "--json").json["checks"]}
    assert doctor["restored dump"] == "fail"
    for arguments, is_told in (((), True), ((), False), (("--renumber",), True)):
        said = everline("migrate", *arguments, "--json")
        assert (said.code, said.json["transfers_renumbered"]) == (Exit.DONE, is_told)
        assert _broken(world) == set()
        world.renew(world.card(balance=5000), plan)
        _wait_for_others(world)
        assert ledger.roll_up() > 0
        assert world.verb("earn", world.at.date(), world.at) == 1
        assert _broken(world) == set()
    assert "numbered anew" not in everline("migrate").out
    assert "numbered anew" in everline("migrate", "--renumber").out
    assert "restored dump" not in everline("doctor").out
    sold = world.one("select sum(sold) from renewals_cohort")
    assert sold == world.one("select sum(amount) from ledger_transfer where kind = 'sale'")


def test_nobody_but_the_owner_numbers_transfers_anew(world: World) -> None:
    with psycopg.connect(world.logins.app, autocommit=True) as app:
        app.execute(f"set search_path = {verbs.schema()}, public".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only the owner"):
            app.execute("select renumber(true)")


def _wait_for_others(world: World) -> None:
    """Wait until all that was written is below every open transaction, of other tests too."""
    mark = world.one("select pg_current_xact_id()")
    ends = time.monotonic() + 60
    while not world.one("select pg_snapshot_xmin(pg_current_snapshot()) > %s::xid8", mark):
        assert time.monotonic() < ends, "another transaction stays open"
        time.sleep(0.02)


def _broken(world: World) -> set[str]:
    return {finding.invariant.name for finding in audit(world.at) if finding.total}
