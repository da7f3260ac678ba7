"""What is told of automatic renewal is judged again when it leaves, often the morning after."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from everline import autorenewal, cards, endings, ids, notices, payments
from everline.catalogue import policy
from tests.endings import EMAIL, end_of, waiting, written
from tests.mandates import armed, dearer, retire, stands
from tests.world import GIGABYTE, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

OTHER = 2000
"""What the balance is put to: more than a plan costs."""


@pytest.fixture(autouse=True)
def outbox() -> Iterator[None]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    yield
    notices.install({})


def keep(world: World, card: cards.Card) -> UUID:
    method = ids.uuid7(world.at)
    world.insert(
        "payments_method",
        id=method,
        account_id=card.account_id,
        gateway="sandbox",
        token="kept",
        masked_means="•••• 4242",
        position=1,
        state="active",
        channel="web",
        kept_at=world.at,
    )
    return method


def ahead(world: World, card: cards.Card) -> str:
    """Write at night what is told ahead; gives its kind."""
    world.at = stands(world, card).rungs[0] - timedelta(days=2)
    world.at = world.at.replace(hour=23)
    assert autorenewal.warn_ahead(world.at) + autorenewal.warn_short(world.at) == 1
    return written(world)[-1][0]


def in_the_morning(world: World) -> str:
    """Do what the worker does at ten: it sends what waits, and writes what is to be told now."""
    world.at = (world.at + timedelta(hours=11)).replace(minute=0)
    (notice,) = waiting(world)
    return autorenewal.tell(notice, world.now)


def told_anew(world: World) -> list[tuple[str, str, str]]:
    """Let the sweeps look once more, and give all that was ever written."""
    autorenewal.warn_ahead(world.at)
    autorenewal.warn_short(world.at)
    assert autorenewal.warn_ahead(world.at) + autorenewal.warn_short(world.at) == 0
    return written(world)


class TestAPause:
    """Nothing is told of a charge that a pause keeps from being made."""

    @pytest.mark.parametrize(("balance", "kind"), [(5000, "auto_ahead"), (400, "auto_short")])
    def test_at_night_stops_what_was_written(self, town: World, balance: int, kind: str) -> None:
        card = armed(town, town.plan(), balance=balance)
        assert ahead(town, card) == kind
        autorenewal.pause_mandate(
            town.caller(), card.id, end_of(town, card) + timedelta(days=9), town.at
        )
        assert in_the_morning(town) == "stopped"
        assert told_anew(town) == [(kind, EMAIL, "stopped")]
        autorenewal.resume_mandate(town.caller(), card.id, town.at)
        assert told_anew(town) == [(kind, EMAIL, "stopped"), (kind, EMAIL, "waiting")]

    def test_that_is_over_before_the_charge_stops_nothing(self, town: World) -> None:
        card = armed(town, town.plan(), balance=5000)
        assert ahead(town, card) == "auto_ahead"
        autorenewal.pause_mandate(town.caller(), card.id, town.at + timedelta(days=1), town.at)
        assert in_the_morning(town) == "sent"

    def test_that_a_skip_makes_stops_it_too(self, town: World) -> None:
        card = armed(town, town.plan(), balance=5000)
        assert ahead(town, card) == "auto_ahead"
        assert autorenewal.skip_term(town.caller(), card.id, town.at).outcome == "term_skipped"
        assert in_the_morning(town) == "stopped"

    def test_after_a_try_in_vain_leaves_no_word_of_it(self, town: World) -> None:
        card = armed(town, town.plan())
        town.at = stands(town, card).rungs[1].replace(hour=23)
        assert autorenewal.renew_due(town.at).refused == 1
        autorenewal.pause_mandate(
            town.caller(), card.id, end_of(town, card) + timedelta(days=9), town.at
        )
        (notice,) = waiting(town)
        assert autorenewal.tell(notice, town.now) == "stopped"


class TestMeans:
    """What pays is named, and that nothing pays only while it is so."""

    def test_kept_at_night_make_a_short_balance_no_trouble(self, town: World) -> None:
        card = armed(town, town.plan(), balance=400)
        assert ahead(town, card) == "auto_short"
        keep(town, card)
        assert in_the_morning(town) == "stopped"
        assert told_anew(town)[-1] == ("auto_ahead", EMAIL, "waiting")
        assert "•••• 4242" in notices.newest(1)[0].words(policy()).text

    def test_taken_away_at_night_are_not_promised(self, town: World) -> None:
        card = armed(town, town.plan())
        method = keep(town, card)
        assert ahead(town, card) == "auto_ahead"
        ended = payments.end_method(town.caller(), card.id, method, town.at)
        assert ended.outcome == "method_ended"
        assert in_the_morning(town) == "stopped"
        assert told_anew(town)[-1] == ("auto_short", EMAIL, "waiting")

    @pytest.mark.parametrize("cure", ["keep", "top_up"])
    def test_that_came_after_a_try_in_vain_end_its_complaint(self, town: World, cure: str) -> None:
        card = armed(town, town.plan())
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).refused == 1
        assert written(town) == [("auto_failed", EMAIL, "waiting")]
        if cure == "keep":
            keep(town, card)
        else:
            town.fund(card.account_id, "balance", OTHER)
        (notice,) = waiting(town)
        assert autorenewal.tell(notice, town.now) == "stopped"


class TestPrices:
    """The amount that is told is the one that will be charged."""

    def test_that_rose_at_night_are_told_as_the_change(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan, balance=5000)
        assert ahead(town, card) == "auto_ahead"
        dearer(town, plan, 1100)
        assert in_the_morning(town) == "stopped"
        assert told_anew(town)[-1] == ("auto_changed", EMAIL, "waiting")

    def test_are_those_of_the_day_of_the_charge(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan, balance=5000)
        rung = stands(town, card).rungs[0]
        now, town.at = town.at, rung - timedelta(hours=1)
        dearer(town, plan, 1100)
        town.at = now
        assert ahead(town, card) == "auto_changed"
        assert town.one("select facts ->> 'total' from notices_notice") == "1100"

    def test_of_a_plan_that_is_sold_no_more_are_not_told(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan, balance=5000)
        assert ahead(town, card) == "auto_ahead"
        retire(town, plan, None)
        assert in_the_morning(town) == "stopped"
        assert told_anew(town) == [("auto_ahead", EMAIL, "stopped")]


def test_used_data_is_not_told_when_more_is_bought_by_itself(town: World) -> None:
    card = armed(town, town.plan(gigabytes=10, on_renewal="stack"), balance=5000)
    town.advance(hours=1)
    assert cards.record_usage(card.id, 9 * GIGABYTE, town.at)
    for (term,) in town.all("delete from jobs_job where kind='data_used' returning subject_id"):
        endings.warn_data(term, town.now)
    (notice,) = waiting(town)
    wishes = autorenewal.Wishes(below_bytes=GIGABYTE // 2)
    changed = autorenewal.change_mandate(town.caller(), card.id, town.at, wishes)
    assert changed.outcome == "mandate_changed"
    assert autorenewal.tell(notice, town.now) == "stopped"


def test_what_one_recipient_has_read_is_not_written_anew(town: World) -> None:
    card = armed(town, town.plan(), balance=5000)
    town.owner.execute(
        'update autorenewal_mandate set contact = contact || \'{"phone": "+351910000001"}\''
    )
    town.at = stands(town, card).rungs[0] - timedelta(days=2)
    assert autorenewal.warn_ahead(town.at) == 1
    first, second = waiting(town)
    assert autorenewal.tell(first, town.now) == "sent"
    keep(town, card)
    assert autorenewal.tell(second, town.now) == "stopped"
    assert len(told_anew(town)) == 2
