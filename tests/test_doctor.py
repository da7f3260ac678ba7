"""The audit and the doctor on the command line: clean when all is well, exact when it is not."""

import zoneinfo
from importlib import resources
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from everline.cli.speech import Exit
from everline.payments.gateways.sandbox import Sandbox
from tests.command import Everline
from tests.simulator import NOTIFY_SECRET, SimulatorProcess
from tests.world import World


def test_the_audit_is_clean_and_finds_what_is_broken(everline: Everline, world: World) -> None:
    card = world.card(balance=2500)
    world.renew(card, world.plan(price=1000))
    clean = everline("audit", "--json")
    assert clean.code == Exit.DONE
    assert clean.json["is_clean"] is True
    world.break_rules("update ledger_account set balance = balance + 1 where kind = 'balance'")
    broken = everline("audit", "--json")
    assert broken.code == Exit.FAILED
    names = [found["name"] for found in broken.json["invariants"] if found["total"]]
    assert "balances_are_replayed" in names
    assert "running balance" in everline("audit").out


def test_the_doctor_finds_what_is_missing_and_the_way_out(
    everline: Everline,
    bank: Sandbox,
    simulator: SimulatorProcess,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "SANDBOX_ADDRESS", simulator.url)
    monkeypatch.setattr(settings, "SANDBOX_SECRET", NOTIFY_SECRET)
    monkeypatch.setattr(settings, "DEMO", True)
    found = {check["name"]: check for check in everline("doctor", "--json").json["checks"]}
    assert found["database"]["state"] == "ok"
    assert found["rights"]["state"] == "ok"
    assert found["migrations"]["state"] == "ok"
    assert found["verbs"]["state"] == "ok"
    assert found["clock"]["state"] == "ok"
    assert found["gateway sandbox"]["state"] == "ok"
    assert found["worker"]["state"] == "fail"
    assert "everline work" in found["worker"]["way_out"]
    world.owner.execute("grant insert on ledger_transfer to everline_app")
    world.owner.execute("delete from django_migrations where app = 'notices'")
    card = world.card(balance=1000)
    world.renew(card, world.plan(price=1000))
    world.owner.execute("update jobs_job set state = 'dead'")
    monkeypatch.setattr(settings, "SANDBOX_ADDRESS", "http://localhost:9")
    said = everline("doctor", "--json")
    assert said.code == Exit.FAILED
    found = {check["name"]: check for check in said.json["checks"]}
    assert found["rights"] == {
        "name": "rights",
        "state": "fail",
        "finding": "the app may write ledger_transfer",
        "way_out": "Run everline migrate, which sets all rights anew.",
    }
    assert found["migrations"]["state"] == "fail"
    assert found["dead letters"]["state"] == "warn"
    assert found["gateway sandbox"]["state"] == "fail"


def test_the_doctor_sees_no_worker_of_another_deployment_on_the_same_server(
    everline: Everline, world: World
) -> None:
    def state() -> str:
        checks = everline("doctor", "--json").json["checks"]
        return next(str(each["state"]) for each in checks if each["name"] == "worker")

    worker = make_conninfo(world.logins.app, application_name="everline worker")
    with psycopg.connect(worker, dbname="postgres", autocommit=True) as elsewhere:
        elsewhere.execute("select 1")
        assert state() == "fail"
        with psycopg.connect(worker, autocommit=True) as own:
            own.execute("select 1")
            assert state() == "ok"
        assert state() == "fail"


def test_a_zone_with_other_rules_here_than_in_the_database_is_named(
    everline: Everline, tmp_path: Path
) -> None:
    def told() -> dict[str, str]:
        checks = everline("doctor", "--json").json["checks"]
        return next(each for each in checks if each["name"] == "zones")

    # The first of all, as only some are named, and a server's own zones may differ in others.
    assert "Africa/Abidjan" not in told()["finding"]
    tokyo = resources.files("tzdata") / "zoneinfo" / "Asia" / "Tokyo"
    (tmp_path / "Africa").mkdir()
    (tmp_path / "Africa" / "Abidjan").write_bytes(tokyo.read_bytes())
    try:
        zoneinfo.reset_tzpath(to=[str(tmp_path)])
        zoneinfo.ZoneInfo.clear_cache()
        found = told()
    finally:
        zoneinfo.reset_tzpath()
        zoneinfo.ZoneInfo.clear_cache()
    assert found["state"] == "warn"
    assert "Africa/Abidjan" in found["finding"]
    assert "tzdata" in found["way_out"]
