"""The command line: what it prints, what its exit codes say, and that an id is sent once."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from typer.testing import CliRunner

from everline import cli, ledger
from everline.cli.speech import Exit
from everline.database import verbs
from everline.payments.gateways.sandbox import Sandbox
from tests.command import Everline, everline_process
from tests.simulator import SimulatorProcess
from tests.world import GIGABYTE, Plan, World


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


def test_the_same_id_is_known_after_the_plan_has_a_new_version(
    everline: Everline, world: World, plan: Plan
) -> None:
    card = world.card(balance=5000)
    command = ("renew", card.iccid, "HOME-30", "--request-id", "desk-8", "--json")
    first = everline(*command)
    newer = world.plan("NEWER", price=2000)
    world.owner.execute(
        "update catalogue_planversion set plan_id = %s, number = 2, effective_from = %s"
        " where id = %s",
        [plan.plan_id, world.at, newer.version_id],
    )
    again = everline(*command)
    assert again.json["replayed"] is True
    assert again.json["renewal"]["id"] == first.json["renewal"]["id"]
    assert ledger.spendable(card.account_id, "balance", "EUR") == 4000


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
    assert world.one("select sum(captured) from payments_payment") == 1000


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
        (("card", "8999907111111111113"), "one digit is wrong"),
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


def test_help_lists_every_command_with_an_example() -> None:
    top = CliRunner(env={"COLUMNS": "120"}).invoke(cli.app, ["--help"]).stdout
    names = ("demo", "serve", "work", "migrate", "card", "renew", "audit", "doctor", "bench")
    for name in names:
        assert re.search(rf"^│ {name} ", top, re.MULTILINE), name
        page = CliRunner(env={"COLUMNS": "120"}).invoke(cli.app, [name, "--help"]).stdout
        assert re.search(rf"Examples?: everline {name}", page), name
        assert "--json" in page
        assert "Exit codes" in page


def test_a_command_makes_no_database_by_itself(tmp_path: Path) -> None:
    said = everline_process(tmp_path / "empty", "card", "8999907111111111112")
    assert said.code == Exit.UNREACHABLE
    (line,) = said.err.strip().splitlines()
    assert "everline demo" in line
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize(
    ("variable", "named"),
    [
        ("DATABASE_APP_URL", ("DATABASE_OWNER_URL is missing", "EVERLINE_APP_ADDRESS instead")),
        ("DATABASE_OWNER_URL", ("DATABASE_APP_URL is missing", "give DATABASE_OWNER_URL and")),
        ("EVERLINE_OWNER_ADDRESS", ("EVERLINE_APP_ADDRESS is missing", "only beside it")),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "migrate"])
def test_one_address_without_the_other_is_refused_with_the_fix(
    tmp_path: Path, command: str, variable: str, named: tuple[str, str]
) -> None:
    address = "postgresql://everline_app:hush@127.0.0.1:1/everline"
    said = everline_process(tmp_path / "none", command, **{variable: address})
    assert said.code == Exit.UNREACHABLE
    assert len(said.err.strip().splitlines()) == 1
    assert all(words in said.err for words in named)
    assert "hush" not in said.err
    assert not (tmp_path / "none").exists()


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
    card, plan = world.card(balance=1000), world.plan("HOME-30", price=1000)
    name = sql.Identifier(verbs.schema())
    world.owner.execute(sql.SQL("alter schema {} rename to verbs_of_yesterday").format(name))
    said = everline_process(
        tmp_path, "renew", card.iccid, plan.code, EVERLINE_APP_ADDRESS=world.logins.app
    )
    assert said.code == Exit.UNREACHABLE
    assert "run everline migrate" in said.err
