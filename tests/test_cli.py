"""The command line: what it prints, what its exit codes say, and that an id is sent once."""

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from everline import cards, cli, clock, ledger, notices, payments, provisioning
from everline.cli.speech import Exit
from everline.database import verbs
from everline.payments import gateways
from everline.payments.gateways.sandbox import Sandbox
from everline.provisioning.simulated import Simulated
from tests.simulator import NOTIFY_SECRET, SimulatorProcess
from tests.world import GIGABYTE, Plan, World


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Everline = Callable[..., Said]


@pytest.fixture
def everline(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Everline]:
    """Run commands in this process, on this world's database, whose time is that of the host."""
    world.at = clock.now()
    world.insert(
        "trust_channel",
        code="office",
        is_open=True,
        means=["balance", "gateway"],
        amount_max=Jsonb({}),
    )
    monkeypatch.setenv("EVERLINE_APP_ADDRESS", world.logins.app)
    monkeypatch.setenv("EVERLINE_OWNER_ADDRESS", world.logins.owner)
    monkeypatch.setenv("EVERLINE_MODE", "simulation")
    for name in ("PGAPPNAME", "EVERLINE_SECRET_KEY", "EVERLINE_SANDBOX_SECRET", "EVERLINE_LOG"):
        monkeypatch.setenv(name, os.environ.get(name, ""))

    def run(*arguments: str) -> Said:
        result = CliRunner(env={"COLUMNS": "120"}).invoke(cli.app, list(arguments))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    yield run
    gateways.install({})


@pytest.fixture
def bank(everline: Everline, sandbox: Sandbox) -> Sandbox:
    """Give the commands the sandbox bank."""
    gateways.install({"sandbox": sandbox})
    return sandbox


@pytest.fixture
def plan(world: World) -> Plan:
    return world.plan("HOME-30", price=1000)


def test_a_card_is_shown_with_all_that_its_operator_may_know(
    everline: Everline, world: World, plan: Plan
) -> None:
    card = world.card(balance=2500)
    world.renew(card, plan)
    said = everline("card", " ".join(card.iccid[at : at + 4] for at in range(0, 20, 4)), "--json")
    assert said.code == Exit.DONE
    shown = said.json
    assert shown["iccid"] == card.iccid
    assert (shown["state"], shown["currency"], shown["balance"]) == ("bound", "EUR", 1500)
    assert shown["present"]["plan"] == "HOME-30"
    assert shown["present"]["left_bytes"] == 30 * GIGABYTE
    assert shown["latest_renewals"][0]["state"] == "paid"
    people = everline("card", card.iccid)
    assert "€15.00" in people.out
    assert "30.00 GB" in people.out
    assert "Europe/Lisbon" in people.out


def test_a_renewal_from_the_balance_prints_its_id_before_and_its_receipt_after(
    everline: Everline, world: World, plan: Plan
) -> None:
    card = world.card(balance=2500)
    said = everline("renew", card.iccid, "HOME-30", "--json")
    assert said.code == Exit.DONE
    answer = said.json
    assert answer["outcome"] == "renewed"
    assert answer["replayed"] is False
    assert f"Request id: {answer['request_id']}" in said.err
    assert uuid.UUID(answer["request_id"]).version == 4
    renewal = answer["renewal"]
    assert renewal["id"].startswith("rnw_")
    assert (renewal["total"], renewal["means"], renewal["channel"]) == (1000, "balance", "office")
    assert ledger.spendable(card.account_id, "balance", "EUR") == 1500


def test_the_same_id_again_gives_the_same_renewal_and_charges_nothing(
    everline: Everline, world: World, plan: Plan
) -> None:
    card = world.card(balance=5000)
    command = ("renew", card.iccid, "HOME-30", "--request-id", "desk-7:0042", "--json")
    first, again = everline(*command), everline(*command)
    assert again.code == Exit.DONE
    assert again.json["replayed"] is True
    assert again.json["renewal"]["id"] == first.json["renewal"]["id"]
    assert again.json["renewal"]["ends_at"] == first.json["renewal"]["ends_at"]
    assert ledger.spendable(card.account_id, "balance", "EUR") == 4000
    people = everline(*command[:-1])
    assert "Replayed" in people.out


@pytest.mark.parametrize(
    "other",
    [
        {"plan": "OTHER"},
        {"plan": "NONE"},
        {"card": True},
        {"pay": "tok_approve"},
        {"promotion": "HELLO"},
    ],
    ids=str,
)
def test_the_same_id_for_another_wish_is_refused(
    everline: Everline, bank: Sandbox, world: World, plan: Plan, other: dict[str, Any]
) -> None:
    world.plan("OTHER", price=700)
    world.promotion("HELLO")
    card, second = world.card(balance=5000), world.card(balance=5000)
    key = ("--request-id", "desk-1", "--json")
    assert everline("renew", card.iccid, "HOME-30", *key).code == Exit.DONE
    said = everline(
        "renew",
        second.iccid if "card" in other else card.iccid,
        other.get("plan", "HOME-30"),
        *("--pay", other.get("pay", "balance")),
        *(("--promotion", other["promotion"]) if "promotion" in other else ()),
        *key,
    )
    assert said.code == Exit.REFUSED
    assert said.json["reason"] == "request_reused"
    assert ledger.spendable(card.account_id, "balance", "EUR") == 4000
    assert ledger.spendable(second.account_id, "balance", "EUR") == 5000


def test_a_refusal_is_said_kept_and_replayed(everline: Everline, world: World, plan: Plan) -> None:
    card = world.card(balance=300)
    command = ("renew", card.iccid, "HOME-30", "--request-id", "short")
    said = everline(*command)
    assert said.code == Exit.REFUSED
    assert "The balance is too low" in said.out
    world.fund(card.account_id, "balance", 5000)
    again = everline(*command, "--json")
    assert again.code == Exit.REFUSED
    assert again.json["replayed"] is True
    assert again.json["reason"] == "balance_short"
    assert again.json["facts"] == {"needed": 1000, "currency": "EUR", "balance": 300}
    assert everline("renew", card.iccid, "HOME-30", "--request-id", "new").code == Exit.DONE


def test_a_token_pays_through_the_gateway_once(
    everline: Everline, bank: Sandbox, simulator: SimulatorProcess, world: World, plan: Plan
) -> None:
    card = world.card()
    command = ("renew", card.iccid, "HOME-30", "--pay", "tok_approve", "--request-id", "t1")
    first, again = everline(*command, "--json"), everline(*command, "--json")
    assert first.code == again.code == Exit.DONE
    assert first.json["renewal"]["state"] == "paid"
    assert first.json["renewal"]["masked_means"].endswith("0010")
    assert again.json["replayed"] is True
    assert again.json["renewal"]["id"] == first.json["renewal"]["id"]
    assert world.one("select count(*) from payments_attempt") == 1
    assert world.one("select sum(captured) from payments_payment") == 1000


def test_an_unsure_payment_says_do_not_pay_again_and_is_asked_about_by_the_same_id(
    everline: Everline, bank: Sandbox, simulator: SimulatorProcess, world: World, plan: Plan
) -> None:
    card = world.card()
    command = ("renew", card.iccid, "HOME-30", "--pay", "tok_unknown_yes", "--request-id", "t2")
    said = everline(*command)
    assert said.code == Exit.UNSURE
    assert "We are checking the payment. Do not pay again." in said.out
    key = str(world.one("select key from payments_attempt"))
    simulator.resolve(key, "succeeded")
    again = everline(*command, "--json")
    assert again.code == Exit.DONE
    assert again.json["renewal"]["state"] == "paid"
    assert simulator.charge(key)["captured_minor"] == 1000


def test_a_declined_payment_is_said_and_leaves_the_card_free(
    everline: Everline, bank: Sandbox, world: World, plan: Plan
) -> None:
    card = world.card(balance=1000)
    said = everline("renew", card.iccid, "HOME-30", "--pay", "tok_decline_soft")
    assert said.code == Exit.REFUSED
    assert "declined (insufficient_funds). Nothing was charged." in said.out
    assert everline("renew", card.iccid, "HOME-30").code == Exit.DONE


def test_a_payment_that_wants_a_confirmation_names_the_page(
    everline: Everline, bank: Sandbox, simulator: SimulatorProcess, world: World, plan: Plan
) -> None:
    card = world.card()
    said = everline("renew", card.iccid, "HOME-30", "--pay", "tok_confirm", "--json")
    assert said.code == Exit.UNSURE
    assert said.json["renewal"]["payment_page"].startswith(simulator.url)


def test_a_renewal_may_be_made_at_another_time_where_time_is_moved(
    everline: Everline, world: World, plan: Plan
) -> None:
    card = world.card(balance=1000)
    said = everline("renew", card.iccid, "HOME-30", "--at", "2027-03-01T09:00:00+00:00", "--json")
    assert said.json["renewal"]["starts_at"] == "2027-03-01T09:00:00+00:00"
    world.owner.execute("update database_deployment set mode = 'production'")
    other = world.card()
    refused = everline("renew", other.iccid, "HOME-30", "--at", "2027-03-01T09:00:00Z")
    assert refused.code == Exit.MISUSED
    assert "Only a demo or a simulation" in refused.err
    assert len(refused.err.strip().splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("card", "12"), "18 to 20 digits"),
        (("card", "8999907111111111113"), "card number"),
        (("card", "8999907111111111112"), "not known here"),
        (("renew", "8999907111111111112", "HOME 30"), "PLAN"),
        (("renew", "8999907111111111112", "HOME-30", "--at", "tomorrow"), "--at"),
        (("renew", "8999907111111111112", "HOME-30", "--at", "2027-03-01T09:00:00"), "--at"),
        (("renew", "8999907111111111112", "HOME-30", "--request-id", "a b"), "--request-id"),
        (("renew", "8999907111111111112", "HOME-30", "--pay", "a b"), "--pay"),
        (("bench", "nothing"), "nothing"),
    ],
    ids=str,
)
def test_what_is_wrongly_typed_ends_in_one_line_that_names_it(
    everline: Everline, arguments: tuple[str, ...], names: str
) -> None:
    said = everline(*arguments)
    assert said.code == Exit.MISUSED
    (line,) = said.err.strip().splitlines()
    assert line.startswith("everline: ")
    assert names in line


def test_a_bank_card_number_typed_as_a_token_goes_nowhere(
    everline: Everline, world: World, plan: Plan
) -> None:
    card = world.card()
    number = "4000 0000 0000 0010"
    said = everline("renew", card.iccid, "HOME-30", "--pay", number)
    assert said.code == Exit.MISUSED
    assert "0010" not in said.err + said.out
    assert world.one("select count(*) from database_request where channel = 'office'") == 0


def test_a_plan_that_is_not_sold_is_named(everline: Everline, world: World) -> None:
    card = world.card()
    said = everline("renew", card.iccid, "NOWHERE-1")
    assert said.code == Exit.MISUSED
    assert "NOWHERE-1" in said.err


def test_the_audit_is_clean_and_finds_what_is_broken(
    everline: Everline, world: World, plan: Plan
) -> None:
    card = world.card(balance=2500)
    world.renew(card, plan)
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
    everline: Everline, bank: Sandbox, simulator: SimulatorProcess, world: World,
    network: Simulated, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from django.conf import settings

    provisioning.install({"simulated": network})
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


def test_help_lists_every_command_with_an_example() -> None:
    top = CliRunner(env={"COLUMNS": "120"}).invoke(cli.app, ["--help"]).stdout
    names = ("demo", "serve", "work", "migrate", "card", "renew", "audit", "doctor", "bench")
    for name in names:
        assert re.search(rf"^│ {name} ", top, re.MULTILINE), name
        page = CliRunner(env={"COLUMNS": "120"}).invoke(cli.app, [name, "--help"]).stdout
        assert re.search(rf"Examples?: everline {name}", page), name
        assert "--json" in page
        assert "Exit codes" in page


def everline_process(home: Path, *arguments: str, **environment: str) -> Said:
    """Run a command as a process of its own that inherits no address."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EVERLINE_", "DATABASE_", "PG"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "everline.cli", *arguments],
        env=inherited | {"EVERLINE_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_a_command_makes_no_database_by_itself(tmp_path: Path) -> None:
    said = everline_process(tmp_path / "empty", "card", "8999907111111111112")
    assert said.code == Exit.UNREACHABLE
    (line,) = said.err.strip().splitlines()
    assert "everline demo" in line
    assert not (tmp_path / "empty").exists()


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    address = "postgresql://nobody:x@127.0.0.1:9/everline"
    said = everline_process(tmp_path, "audit", DATABASE_URL=address)
    assert said.code == Exit.UNREACHABLE
    (line,) = said.err.strip().splitlines()
    assert line.startswith("everline: ")
    assert "nobody:x" not in line


def test_serving_production_without_a_key_is_refused(world: World, tmp_path: Path) -> None:
    world.owner.execute("update database_deployment set mode = 'production'")
    said = everline_process(
        tmp_path, "serve", "--port", "8999", EVERLINE_APP_ADDRESS=world.logins.app
    )
    assert said.code == Exit.MISUSED
    assert "EVERLINE_SECRET_KEY is missing" in said.err


def test_a_database_of_another_level_names_migrate(world: World, tmp_path: Path) -> None:
    name = verbs.schema()
    world.owner.execute(f"alter schema {name} rename to verbs_of_yesterday")
    said = everline_process(
        tmp_path, "card", "8999907111111111112", EVERLINE_APP_ADDRESS=world.logins.app
    )
    assert said.code in {Exit.UNREACHABLE, Exit.MISUSED}
    card = world.card()
    said = everline_process(
        tmp_path, "renew", card.iccid, "X-1", EVERLINE_APP_ADDRESS=world.logins.app
    )
    assert said.code in {Exit.UNREACHABLE, Exit.MISUSED}
