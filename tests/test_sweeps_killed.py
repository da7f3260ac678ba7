"""Sweeps that are killed, lose their database, or whose clock is moved renew each card once."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import psycopg
import pytest

from everline import autorenewal, database
from everline.autorenewal.guards.outages import beat
from everline.database import verbs
from tests import purse
from tests.mandates import armed, end_of, unsound
from tests.simulator import SimulatorProcess
from tests.town import at_once, findings
from tests.world import World

SWEEPER = """
import sys, time, psycopg
address, schema, at = sys.argv[1:]
with psycopg.connect(address, autocommit=True) as app:
    app.execute(f"set search_path = {schema}, public")
    print("ready", flush=True)
    sys.stdin.readline()
    while app.execute("select taken from renew_due(%s, 1)", [at]).fetchone()[0]:
        time.sleep(0.01)
"""
"""A worker's due sweep as a process of its own, one card a call."""


@contextmanager
def sweepers(world: World, count: int) -> Iterator[None]:
    """Let so many begin together, and kill them at the end of the block."""
    command = [sys.executable, "-c", SWEEPER, world.logins.app, verbs.schema(), str(world.at)]
    with ExitStack() as stack:
        begun = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _worker in range(count)
        ]
        for each in begun:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in begun:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        yield
        for each in begun:
            each.kill()


def renewed(world: World) -> list[int]:
    """Count the automatic renewals of each card that has any."""
    return [
        count
        for (count,) in world.all(
            "select count(*) from renewals_renewal where channel = 'auto' group by card_id"
        )
    ]


@pytest.mark.race
def test_workers_killed_in_the_middle_renew_each_card_once(town: World) -> None:
    plan = town.plan(price=100)
    due = [armed(town, plan, balance=200) for _card in range(40)]
    town.deliver_all()
    town.at = end_of(town, due[0]) - timedelta(minutes=30)
    for death in range(1, 4):
        with sweepers(town, 2):
            while len(renewed(town)) < 3 * death:
                pass
    assert len(renewed(town)) < 40
    at_once([lambda: autorenewal.sweep_due(town.at)] * 2)
    assert renewed(town) == [1] * 40
    town.deliver_all()
    assert unsound(town) == {}


def test_a_clock_that_steps_back_an_hour_and_forward_a_day_renews_once(town: World) -> None:
    plan = town.plan(days=8, price=100)
    rich, poor = (armed(town, plan, balance=money) for money in (200, 0))
    town.deliver_all()
    first = town.at = end_of(town, rich) - timedelta(hours=20)
    assert autorenewal.renew_due(town.at).taken == 2
    town.at = first - timedelta(hours=1)
    assert autorenewal.renew_due(town.at).taken == 0
    beat(town.at)
    town.at = first + timedelta(days=1)
    town.fund(poor.account_id, "balance", 100)
    while autorenewal.sweep_due(town.at):
        pass
    town.at = first
    assert autorenewal.renew_due(town.at).taken == 0
    assert renewed(town) == [1, 1]
    town.at = first + timedelta(days=1)
    town.deliver_all()
    assert unsound(town) == {}


@pytest.mark.race
def test_a_database_that_goes_away_while_a_gateway_is_asked_charges_once(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    """Every session ends between the call and its settling; what is unknown is asked for."""
    town = sandboxed_town
    plan = town.plan()
    cards = [purse.armed(town, "tok_slow", plan=plan) for _card in range(6)]
    purse.to_rung(town, *cards)
    assert purse.sweep(town).placed == 6
    simulator.settings(slow_ms=400)
    failures: list[BaseException] = []

    def charge() -> None:
        try:
            autorenewal.charge_due(town.now, notify_address=purse.NOBODY)
        except psycopg.Error as error:
            failures.append(error)

    worker = threading.Thread(target=charge)
    worker.start()
    while town.one("select count(*) from payments_attempt where state = 'sent'") < 6:
        time.sleep(0.01)
    with psycopg.connect(town.logins.admin) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename = 'everline_app' and datname = current_database()"
        )
    worker.join()
    database.close()
    simulator.settings(slow_ms=0)
    for _time in range(4):
        purse.charge(town)
        town.advance(minutes=2)
        town.ask_all()
    keys = [key for (key,) in town.all("select key from payments_attempt where is_unattended")]
    assert [simulator.charge(key)["received"] for key in keys] == [1] * 6
    assert renewed(town) == [1] * 6
    town.deliver_all()
    assert findings(town) == {}
