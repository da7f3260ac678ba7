"""Outages of ours: terms that lapsed because nothing was tried go on for as long as it lasted."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from everline import autorenewal, cards
from everline.autorenewal.guards.outages import end_outage, find_outage
from everline.provisioning import Applied, network
from tests.armed import armed, broken, end_of, paid, policy, refusals, sweep
from tests.world import World


def _prolonged(world: World) -> list[Any]:
    return world.all(
        "select kind, until_at - from_at from autorenewal_prolonging order by from_at, id"
    )


def _down(world: World, card: cards.Card, before: timedelta, **lasting: float) -> Any:
    """Let the due sweep run last some time before a card's term ends, then be silent."""
    end = end_of(world, card)
    world.at = end - before
    world.owner.execute("delete from autorenewal_beat")
    sweep(world)
    world.advance(**lasting)
    return end


def test_a_term_that_lapsed_while_we_were_down_goes_on_and_is_renewed_after(
    world: World,
) -> None:
    card = armed(world, world.plan(days=4), balance=5000)
    end = _down(world, card, timedelta(hours=25), hours=30)
    sweep(world)
    ((kind, lasted),) = _prolonged(world)
    assert (kind, lasted) == ("outage", timedelta(hours=30))
    first, second = world.all(
        "select ends_at, planned_ends_at, starts_at from cards_entitlement order by starts_at"
    )
    assert first[0] == first[1] == end + timedelta(hours=30)
    assert second[2] == end + timedelta(hours=30)
    assert (paid(world, card), refusals(world, card)) == (1, [])
    (outage,) = autorenewal.outages()
    assert (outage.prolonged, outage.until_at - outage.from_at) == (1, timedelta(hours=30))
    assert outage.ended_at == world.at
    assert world.all(
        "select from_state, event, to_state from database_history where machine = 'term'"
    ) == [("", "prolong", "prolonged")]
    assert world.all("select template from notices_warned") == [("auto_prolonged",)]
    assert broken(world) == []


def test_it_is_found_and_made_good_once(world: World) -> None:
    card = armed(world, world.plan(days=4), balance=1000)
    _down(world, card, timedelta(hours=2), hours=3)
    for _sweep in range(3):
        sweep(world)
        world.advance(minutes=1)
    assert len(_prolonged(world)) == 1
    assert len(autorenewal.outages()) == 1


def test_short_silences_and_a_moved_clock_are_no_outage(world: World) -> None:
    card = armed(world, world.plan(days=4), balance=1000)
    _down(world, card, timedelta(minutes=5), minutes=10)
    sweep(world)
    assert autorenewal.outages() == []
    world.owner.execute("update database_deployment set mode = 'demo', clock_offset = '9 days'")
    world.advance(days=9, minutes=1)
    sweep(world)
    assert autorenewal.outages() == []
    assert _prolonged(world) == []


def test_whoever_waits_was_renewed_or_is_not_armed_gets_nothing(world: World) -> None:
    plan = world.plan(days=4)
    paused, renewed, off, served = (armed(world, plan, balance=5000) for _ in range(4))
    end = end_of(world, served)
    autorenewal.pause_mandate(world.caller(), paused.id, end + timedelta(days=3), world.at)
    autorenewal.end_mandate(world.caller(), off.id, world.at)
    world.owner.execute("delete from autorenewal_beat")
    world.at = end - timedelta(hours=25)
    sweep(world)
    world.advance(hours=26)
    world.renew(renewed, plan)
    world.advance(hours=4)
    sweep(world)
    assert world.all("select card_id from autorenewal_prolonging") == [(served.id,)]
    assert paid(world, served) == 1


def test_a_term_that_ends_before_its_turn_comes_after_the_outage_goes_on_too(
    world: World,
) -> None:
    plan = world.plan(days=4)
    due = [armed(world, plan, balance=1000) for _ in range(3)]
    end = _down(world, due[0], timedelta(hours=25), hours=24, minutes=58)
    found = find_outage(world.at)
    assert found is not None
    assert end_outage(world.at).prolonged == 0
    world.at = end + timedelta(minutes=1)
    assert end_outage(world.at).prolonged == 3
    sweep(world)
    assert all(refusals(world, card)[0] == "balance_short" for card in due)


def test_the_most_urgent_terms_go_on_first_and_nothing_is_tried_before(world: World) -> None:
    plan = world.plan(days=4)
    due = []
    for _card in range(4):
        due.append(armed(world, plan, balance=5000))
        world.advance(minutes=70)  # They are told apart by the hour.
    _down(world, due[0], timedelta(hours=25), hours=30)
    assert find_outage(world.at) is not None
    ended = end_outage(world.at, 3)
    assert (ended.prolonged, ended.still_to_do) == (3, 1)
    assert [row[0] for row in world.all(
        "select card_id from autorenewal_prolonging order by from_at"
    )] == [card.id for card in due[:3]]  # fmt: skip
    sweep(world)
    assert [paid(world, card) for card in due] == [1] * 4
    starts = world.all(
        "select min(starts_at) from cards_entitlement e join autorenewal_prolonging p"
        " using (card_id) where e.starts_at >= p.until_at group by card_id"
    )
    assert len(starts) == 4


@pytest.mark.race
def test_workers_that_come_back_together_end_one_outage_once(world: World) -> None:
    plan = world.plan(days=4)
    due = [armed(world, plan, balance=5000) for _ in range(16)]
    _down(world, due[0], timedelta(hours=25), hours=30)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while autorenewal.sweep_due(world.at):
            pass

    threads = [threading.Thread(target=work) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep(world)
    assert len(autorenewal.outages()) == 1
    assert len(_prolonged(world)) == 16
    assert [paid(world, card) for card in due] == [1] * 16
    for starts_at, until_at in world.all(
        "select e.starts_at, p.until_at from cards_entitlement e join autorenewal_prolonging p"
        " using (card_id) join renewals_renewal r on r.id = e.renewal_id where r.channel = 'auto'"
    ):
        assert starts_at == until_at
    assert broken(world) == []


@pytest.mark.race
def test_without_its_once_a_term_would_go_on_twice(world: World) -> None:
    """The negative control: the index is what forbids it, when the look before is lost."""
    card = armed(world, world.plan(days=4), balance=1000)
    _down(world, card, timedelta(hours=2), hours=3)
    sweep(world)
    copied = (
        "insert into autorenewal_prolonging select gen_random_uuid(), account_id,"
        " entitlement_id, cause_id, kind, from_at, until_at, left_bytes, fair_use_bytes, at,"
        " card_id from autorenewal_prolonging"
    )
    with pytest.raises(Exception, match="term_is_prolonged_once_a_cause"):
        world.owner.execute(copied.encode())


def test_the_network_lets_it_go_on_once(sandboxed: World) -> None:
    world = sandboxed
    card = armed(world, world.plan(days=4, gigabytes=3), balance=1000)
    cards.record_usage(card.id, 10**9, world.at + timedelta(hours=5))
    _down(world, card, timedelta(hours=2), hours=3)
    sweep(world)
    ((job, longer),) = world.all("select id, subject_id from jobs_job where kind = 'prolong'")
    assert job
    for _try in range(2):
        assert autorenewal.prolong(longer, world.now) == "done"
    assert isinstance(network("simulated").query(f"{longer}-prolong"), Applied)
    ((allowance,),) = world.all("select left_bytes from autorenewal_prolonging")
    assert allowance == 2 * 10**9
    assert world.all("select action, state from provisioning_order where action = 'prolong'") == [
        ("prolong", "done")
    ]
    world.owner.execute("delete from jobs_job where kind = 'prolong'")
    assert broken(world) == []


def test_a_worker_that_dies_after_its_order_is_followed_by_one_that_asks(
    sandboxed: World,
) -> None:
    world = sandboxed
    card = armed(world, world.plan(days=4), balance=1000)
    _down(world, card, timedelta(hours=2), hours=3)
    sweep(world)
    ((longer,),) = world.all("select subject_id from jobs_job where kind = 'prolong'")
    # The first one wrote the order, and maybe sent it; the second must not write another.
    assert world.verb("begin_prolonging", longer, "simulated", world.at) == f"{longer}-prolong"
    assert autorenewal.prolong(longer, world.now) == "done"
    assert world.all("select state from provisioning_order where action = 'prolong'") == [("done",)]
    # When the time is over there is nothing to ask for any more.
    world.owner.execute("delete from provisioning_order where action = 'prolong'")
    world.at = end_of(world, card) + timedelta(minutes=1)
    assert autorenewal.prolong(longer, world.now) == "over"


def test_no_data_is_left_and_nothing_is_asked_of_the_network(world: World) -> None:
    card = armed(world, world.plan(days=4, gigabytes=1), balance=1000)
    cards.record_usage(card.id, 10**9, world.at + timedelta(hours=5))
    _down(world, card, timedelta(hours=2), hours=3)
    sweep(world)
    assert len(_prolonged(world)) == 1
    assert world.all("select 1 from jobs_job where kind = 'prolong'") == []


class TestGrace:
    """Service after a failed renewal, as long as the operator grants it, once a term."""

    def _failed(self, world: World, **wanted: int) -> cards.Card:
        policy(world, **({"grace_hours": 24, "bridge_bytes": 2 * 10**8} | wanted))
        card = armed(world, world.plan(gigabytes=30), balance=1000)
        cards.record_usage(card.id, 29 * 10**9, world.at + timedelta(days=20))
        end = end_of(world, card)
        world.at = end - timedelta(days=2)
        while world.at <= end:
            world.advance(minutes=9)
            sweep(world)
        return card

    def test_a_failed_renewal_gets_it_once_and_lapses_then(self, world: World) -> None:
        card = self._failed(world)
        end = end_of(world, card)
        assert autorenewal.begin_grace(world.at) == 1
        assert autorenewal.begin_grace(world.at) == 0
        status = cards.status(card, world.at)
        assert status.present is not None
        assert status.present.left_bytes == 2 * 10**8
        assert end_of(world, card) == end + timedelta(hours=24)
        assert ("auto_grace",) in world.all("select template from notices_warned")
        while world.at < end + timedelta(hours=30):
            world.advance(minutes=9)
            sweep(world)
            autorenewal.begin_grace(world.at)
        assert end_of(world, card) == end + timedelta(hours=24)
        assert cards.status(card, world.at).present is None
        assert [kind for kind, _lasted in _prolonged(world)] == ["grace"]
        assert "foreseen_is_tried" not in broken(world)

    def test_a_rescue_through_any_channel_begins_when_it_ends(self, world: World) -> None:
        card = self._failed(world)
        autorenewal.begin_grace(world.at)
        end = end_of(world, card)
        world.fund(card.account_id, "balance", 1000)
        assert world.renew(card, world.plan()).outcome == "renewed"
        assert world.one("select max(starts_at) from cards_entitlement") == end

    def test_money_that_comes_meanwhile_renews_it_by_itself(self, world: World) -> None:
        card = self._failed(world)
        autorenewal.begin_grace(world.at)
        end = end_of(world, card)
        world.fund(card.account_id, "balance", 1000)
        while world.at < end:
            world.advance(minutes=9)
            sweep(world)
        assert paid(world, card) == 1

    @pytest.mark.parametrize(
        "wanted", [{"grace_hours": 0}, {"bridge_bytes": 0}], ids=["no hours", "no data"]
    )
    def test_without_both_there_is_none(self, world: World, wanted: dict[str, int]) -> None:
        self._failed(world, **wanted)
        assert autorenewal.begin_grace(world.at) == 0
        assert _prolonged(world) == []

    def test_whoever_is_off_paused_or_renewed_gets_none(self, world: World) -> None:
        policy(world, grace_hours=24, bridge_bytes=10**8)
        plan = world.plan()
        off, paused, renewed = (armed(world, plan, balance=1000) for _ in range(3))
        end = end_of(world, off)
        autorenewal.end_mandate(world.caller(), off.id, world.at)
        autorenewal.pause_mandate(world.caller(), paused.id, end + timedelta(days=9), world.at)
        world.fund(renewed.account_id, "balance", 5000)
        world.at = end - timedelta(days=2)
        while world.at <= end:
            world.advance(minutes=9)
            sweep(world)
        assert autorenewal.begin_grace(world.at) == 0
