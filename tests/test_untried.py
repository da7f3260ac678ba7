"""The detector of silent failures, and the figures by which others watch automatic renewal."""

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client

from everline import autorenewal, cards, clock, renewals
from tests.armed import armed, broken, consent, end_of, paid, policy, refusals, sweep
from tests.command import Everline
from tests.desk import office
from tests.loads import BARE, cards_file, sound
from tests.world import World
from tests.written import row

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


PLACE = {"currency": "EUR"}


def _left(world: World) -> list[Any]:
    return world.all(
        "select card_id from autorenewal_hour h cross join lateral"
        " (select null::uuid as card_id) x where h.untried > 0"
    )


def _live(world: World, until: Any, **step: float) -> None:
    """Let time pass, with a due sweep now and then, and the detector at work."""
    while world.at < until:
        world.advance(**(step or {"minutes": 10}))
        sweep(world)
        autorenewal.judge_hours(world.at)


def test_all_that_is_foreseen_is_tried(world: World) -> None:
    month, week, day = (world.plan(days=days, price=100) for days in (30, 7, 1))
    for plan in (month, week, day):
        armed(world, plan, balance=100)
        armed(world, plan, balance=2000)
    policy(world, auto_card_day_max=9)
    _live(world, world.at + timedelta(days=9), minutes=10)
    expected, attempted, opted_out, untried = world.all(
        "select sum(expected), sum(attempted), sum(opted_out), sum(untried) from autorenewal_hour"
    )[0]
    assert expected == attempted > 5
    assert (opted_out, untried) == (0, 0)
    assert broken(world) == []


def test_a_rung_that_is_set_aside_by_hand_is_seen(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The negative control: the due sweep and the invariant of its own column see nothing."""
    card = armed(world, world.plan(days=7), balance=5000)
    autorenewal.judge_hours(world.at)
    world.owner.execute("update cards_card set next_rung_at = 'infinity'")
    world.at = end_of(world, card) - timedelta(hours=3)
    sweep(world)
    assert broken(world) == ["foreseen_is_tried"]
    with caplog.at_level(logging.ERROR):
        assert autorenewal.judge_hours(world.at) == 3
    assert "due and not tried" in caplog.text
    assert autorenewal.gauges(world.at).untried > 0
    # Made due again it is tried late, and the alarm falls silent.
    world.advance(seconds=1)
    world.owner.execute("update cards_card set next_rung_at = %s", [world.at])
    sweep(world)
    assert autorenewal.judge_hours(world.at) == 0
    assert broken(world) == []


def test_who_is_no_longer_armed_by_a_mistake_is_seen(world: World) -> None:
    card = armed(world, world.plan(days=7), balance=5000)
    world.owner.execute("update cards_card set next_rung_at = null")
    world.at = end_of(world, card) - timedelta(hours=3)
    assert "foreseen_is_tried" in broken(world)


def test_nobody_is_missed_who_wanted_nothing(world: World) -> None:
    plan = world.plan(days=7)
    off, paused, by_hand, late = (armed(world, plan, balance=5000) for _ in range(4))
    autorenewal.end_mandate(world.caller(), late.id, world.at)
    end = end_of(world, off)
    _live(world, end - timedelta(hours=50), minutes=60)
    autorenewal.end_mandate(world.caller(), off.id, world.at)
    autorenewal.pause_mandate(world.caller(), paused.id, end + timedelta(days=3), world.at)
    world.renew(by_hand, plan)
    _live(world, end - timedelta(hours=3))
    consent(world, late)
    _live(world, end + timedelta(hours=3))
    assert world.one("select sum(untried) from autorenewal_hour") == 0
    assert broken(world) == []


def test_a_plan_that_starts_at_once_is_foreseen_at_the_end_alone(world: World) -> None:
    """It would cut the present term short, so no rung before is tried, shown or missed."""
    card = armed(world, world.plan(days=7), balance=9000)
    stacking = world.plan(days=7, on_renewal="stack")
    autorenewal.end_mandate(world.caller(), card.id, world.at)
    given = autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=stacking.plan_id,
        words_version="2026-11",
        contact=renewals.Contact(email="somebody@testline.example"),
    )
    assert given.outcome == "mandated"
    end = end_of(world, card)
    world.at = end - timedelta(days=2)
    _live(world, end - timedelta(minutes=30))
    standing = autorenewal.standing(card.id, world.at)
    assert standing is not None
    assert standing.rungs == [end]
    assert (paid(world, card), refusals(world, card)) == (0, [])
    _live(world, end + timedelta(minutes=90))
    assert paid(world, card) == 1
    assert world.one("select sum(untried) from autorenewal_hour") == 0
    assert broken(world) == []


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("hours", [30, 11])
def test_who_moves_is_tried_by_the_hours_of_the_new_place(
    world: World, tmp_path: Path, zone: str, hours: int
) -> None:
    card = armed(world, world.plan(days=7), balance=1000)
    end = end_of(world, card)
    world.at = end - timedelta(days=2)
    _live(world, end - timedelta(hours=hours))
    world.owner.execute("""update catalogue_policy set currency_digits = '{"EUR": 2}'""")
    moved = row(iccid=str(card.iccid), msisdn=card.msisdn or "", **BARE | PLACE, zone=zone)
    sound(world.logins, cards_file(tmp_path, moved), at=world.at)
    standing = autorenewal.standing(card.id, world.at)
    assert standing is not None
    by_the_clock = [each for each in standing.rungs[:-2] if each > world.at]
    assert {each.astimezone(ZoneInfo(zone)).hour for each in by_the_clock} <= {*range(8, 20)}
    _live(world, end + timedelta(hours=2))
    assert len(refusals(world, card)) >= 3
    assert world.one("select sum(untried) from autorenewal_hour") == 0
    assert broken(world) == []


def test_an_outage_that_was_made_good_is_no_failure(world: World) -> None:
    plan = world.plan(days=7)
    due = []
    for _card in range(4):
        due.append(armed(world, plan, balance=5000))
        world.advance(hours=7)
    end = end_of(world, due[-1])
    _live(world, end - timedelta(days=2), minutes=10)
    world.advance(days=2)
    sweep(world)
    assert autorenewal.judge_hours(world.at) == 0
    _live(world, world.at + timedelta(hours=20), minutes=10)
    assert world.one("select sum(untried) from autorenewal_hour") == 0
    assert broken(world) == []


def test_a_renewal_that_is_taken_back_is_no_failure(world: World) -> None:
    from everline import renewals

    plan = world.plan(days=7)
    card = armed(world, plan, balance=9000)
    end = end_of(world, card)
    _live(world, end - timedelta(hours=60), minutes=60)
    answer = world.renew(card, plan)
    assert answer.id is not None
    _live(world, end - timedelta(hours=20), minutes=10)
    renewals.reverse(world.caller(), answer.id, "asked", world.at)
    _live(world, end + timedelta(hours=3), minutes=10)
    assert world.one("select sum(untried) from autorenewal_hour") == 0
    assert "foreseen_is_tried" not in broken(world)


@pytest.mark.parametrize("on_renewal", ["queue", "stack"])
def test_what_was_renewed_by_hand_in_vain_is_tried_after_all(world: World, on_renewal: str) -> None:
    """The tries near the end were left out for its sake, and then it was not delivered."""
    plan = world.plan(days=7, on_renewal=on_renewal)
    card = armed(world, plan, balance=2000)
    end = end_of(world, card)
    world.at = end - timedelta(seconds=20)
    world.owner.execute("update cards_card set next_rung_at = %s", [end])
    by_hand = world.renew(card, plan)
    assert by_hand.outcome == "renewed"
    world.advance(minutes=40)
    while renewals.expire_due(world.now, 500):
        pass
    assert world.one("select state from renewals_renewal where id = %s", by_hand.id) == "reversed"
    assert autorenewal.sweep_due(world.at) > 0
    assert paid(world, card) == 1
    assert end_of(world, card) > world.at
    assert "foreseen_is_tried" not in broken(world)


class TestMetrics:
    """The same figures in three places."""

    def test_prometheus_reads_them(self, office: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world = office
        monkeypatch.setattr(settings, "METRICS_TOKEN", "a token of ours")
        card = armed(world, world.plan(days=7), balance=1000)
        world.at = end_of(world, card) - timedelta(hours=30)
        client = Client(
            SERVER_NAME="localhost", headers={"authorization": "Bearer a token of ours"}
        )
        shown = client.get("/metrics")
        assert shown.status_code == 200
        assert shown["Content-Type"].startswith("text/plain; version=0.0.4")
        values = dict(re.findall(r"^(\w+) (\d+)$", shown.content.decode(), re.MULTILINE))
        assert values["everline_auto_renewal_due"] == "1"
        assert int(values["everline_auto_renewal_oldest_due_seconds"]) > 0
        sweep(world)
        world.advance(seconds=9)
        values = dict(
            re.findall(r"^(\w+) (\d+)$", client.get("/metrics").content.decode(), re.MULTILINE)
        )
        assert values["everline_auto_renewal_due"] == "0"
        assert values["everline_auto_renewal_refused_last_hour"] == "1"
        assert values["everline_auto_renewal_stopped"] == "0"
        for line in shown.content.decode().splitlines():
            assert re.fullmatch(r"# (HELP|TYPE) everline_\w+ .+|everline_\w+ \d+", line), line

    @pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic a token of ours"])
    def test_nobody_else_reads_them(
        self, office: World, monkeypatch: pytest.MonkeyPatch, token: str
    ) -> None:
        client = Client(SERVER_NAME="localhost", headers={"authorization": token})
        assert client.get("/metrics").status_code == 404
        monkeypatch.setattr(settings, "METRICS_TOKEN", "a token of ours")
        assert client.get("/metrics").status_code == 401

    def test_the_command_prints_them(self, everline: Everline, world: World) -> None:
        world.at = clock.now()
        armed(world, world.plan(days=7), balance=1000)
        said = everline("metrics")
        assert said.code == 0
        assert "everline_auto_renewal_untried 0\n" in said.out
        assert everline("metrics", "--json").json["parked"] == 0


def test_the_doctor_tells(world: World) -> None:
    from everline.config.watching import auto_renewal

    assert [check.state for check in auto_renewal()] == ["ok"]
    world.at = clock.now()
    card = armed(world, world.plan(days=7), balance=5000)
    world.owner.execute(
        "insert into autorenewal_stop (id, scope, since, charged, expected, allowed, released_by)"
        " values (gen_random_uuid(), 'operator', %s, 9, 1, 5, '')",
        [world.at],
    )
    world.owner.execute(
        "insert into autorenewal_hour (hour, expected, attempted, opted_out, untried)"
        " values (date_trunc('hour', %s::timestamptz), 3, 1, 0, 2)",
        [world.at],
    )
    world.owner.execute(
        "insert into autorenewal_beat (id, at, clock_offset) values (1, %s, '0')",
        [world.at - timedelta(minutes=30)],
    )
    policy(world, auto_card_day_max=0)
    world.owner.execute(
        "insert into autorenewal_parked (id, account_id, card_id, reason, facts, since, owner,"
        " released_by) values (gen_random_uuid(), %s, %s, 'card_day_max', '{}', %s, 'support', '')",
        [card.account_id, card.id, world.at],
    )
    told = list(auto_renewal())
    assert [check.state for check in told] == ["fail", "fail", "fail", "warn"]
    assert "stopped" in told[0].finding
    assert told[1].finding.startswith("2 renewals")
    assert "silent" in told[2].finding
    assert all(check.way_out for check in told)
    assert cards.find_by_id(card.id) is not None
