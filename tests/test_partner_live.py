"""The partner API through the real web server: many at once, and the example program.

Each race has its negative control.
"""

import os
import subprocess
import sys
import uuid
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from tests.marketplace import QUOTES, RENEWALS, Reply, Server
from tests.tidy.rule import ROOT
from tests.town import Spoiler, at_once
from tests.world import World

MANY = 64
LINGER = "perform pg_sleep(0.3);"
"""Longer than a server takes to open the connections of its pool."""

UNGUARDED = f"""\
    if exists (select from database_request r where r.request_id = claim.request_id) then
        return false;
    end if;
    {LINGER}
    insert into"""
"""How a request id is claimed by those who trust that nobody else does."""


def press_many_times(world: World, web_server: Server, key: str | None) -> list[Reply]:
    """Send one order from 64 threads at once: under one key, or each under its own."""
    world.at = datetime.now(UTC)  # The server has no other clock.
    partner, card, plan = world.partner(deposit=1_000_000), world.card(), world.plan()
    bearer = f"Bearer {partner.key}"
    asked = {"iccid": card.iccid, "plan": plan.code}
    quote = web_server.send("POST", QUOTES, asked, Authorization=bearer)
    order = asked | {"quoted_total": quote.body["total"], "quoted_end": quote.body["ends_at"]}
    press = partial(web_server.send, "POST", RENEWALS, order, Authorization=bearer)
    return at_once([partial(press, Idempotency_Key=key or str(uuid.uuid4())) for _ in range(MANY)])


@pytest.mark.race
def test_one_key_from_64_threads_is_one_renewal_and_63_replays(
    town: World, web_server: Server
) -> None:
    answers = press_many_times(town, web_server, "pressed")
    assert Counter((each.status, each.is_replayed) for each in answers) == {
        (201, False): 1, (201, True): MANY - 1,
    }  # fmt: skip
    assert len({each.body["id"] for each in answers}) == 1
    assert town.one("select count(*) from renewals_renewal") == 1


@pytest.mark.race
def test_64_keys_are_one_renewal_and_63_quotes_that_have_changed(
    town: World, web_server: Server
) -> None:
    answers = press_many_times(town, web_server, None)
    codes = Counter(each.body.get("code") for each in answers)
    assert codes == {None: 1, "quote_changed": MANY - 1}


@pytest.mark.race
def test_without_the_claim_one_key_is_answered_more_than_once(
    town: World, web_server: Server, spoiler: Spoiler
) -> None:
    spoiler.weaken(
        "claim",
        (" on conflict on constraint database_request_pkey do nothing", ""),
        ("    insert into", UNGUARDED),
    )
    spoiler.drop("database_request", "database_request_pkey")
    spoiler.weaken("replay", ("into strict", "into"))
    answers = press_many_times(town, web_server, "pressed")
    assert sum(not each.is_replayed for each in answers) > 1


def test_the_example_renews_a_card_once_however_often_it_is_started(
    town: World, web_server: Server, tmp_path: Path
) -> None:
    town.at = datetime.now(UTC)
    partner, card, plan = town.partner(deposit=5000), town.card(), town.plan()
    program = [sys.executable, str(ROOT / "examples/renew_by_api.py"), web_server.address]

    def run(order: str, *, plan_code: str = plan.code) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*program, card.iccid, plan_code, order],
            cwd=tmp_path,
            env=os.environ | {"EVERLINE_KEY": partner.key},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    first, again = run("order-1"), run("order-1")
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert first.stdout.endswith(again.stdout)
    assert again.stdout.startswith("renewed until ")
    assert town.one("select count(*) from renewals_renewal") == 1
    refused = run("order-2", plan_code="nowhere")
    assert (refused.returncode, "plan_unknown" in refused.stderr) == (1, True)
