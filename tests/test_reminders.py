"""Reminders: before a term ends that nothing renews, and when its data is used up; once each."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from everline import cards, endings, notices
from everline.catalogue import policy
from tests.endings import EMAIL, arm, end_of, running, waiting, written
from tests.reader import Browser, on_the_pages
from tests.town import at_once
from tests.world import GIGABYTE, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture(autouse=True)
def outbox() -> Iterator[None]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    yield
    notices.install({})


class TestReminders:
    """A term that nothing renews by itself: reminded of as often as its length bears."""

    @pytest.mark.parametrize(
        ("days", "ahead"),
        [
            (30, {"ending_week": 168, "ending_days": 72, "ending_day": 24, "ending_soon": 6}),
            (14, {"ending_week": 168, "ending_days": 72, "ending_day": 24, "ending_soon": 6}),
            (7, {"ending_days": 72, "ending_day": 24, "ending_soon": 6}),
            (3, {"ending_day": 24, "ending_soon": 6}),
            (1, {"ending_soon": 6}),
        ],
    )
    def test_come_as_far_as_they_fit_the_term(
        self, town: World, days: int, ahead: dict[str, int]
    ) -> None:
        card = running(town, town.plan(days=days))
        end, found = end_of(town, card), {}
        for hours in range(days * 24 - 1, -1, -1):
            town.at = end - timedelta(hours=hours, minutes=0 if hours else -1)
            if town.at < end and endings.warn_ending(town.at):
                found[written(town)[-1][0]] = hours
        assert found == ahead
        assert len(written(town)) == len(ahead)

    def test_a_missed_one_is_not_told_beside_the_next(self, town: World) -> None:
        card = running(town, town.plan())
        town.at = end_of(town, card) - timedelta(hours=20)
        assert endings.warn_ending(town.at) == 1
        assert endings.warn_ending(town.at) == 0
        assert written(town) == [("ending_day", EMAIL, "waiting")]

    def test_go_to_who_asked_for_the_confirmation_and_once_by_many_workers(
        self, town: World
    ) -> None:
        card = running(town, town.plan())
        town.at = end_of(town, card) - timedelta(hours=168, minutes=1)
        assert endings.warn_ending(town.at) == 0
        town.advance(minutes=1)
        assert sum(at_once([lambda: endings.warn_ending(town.at)] * 4)) == 1
        assert written(town) == [("ending_week", EMAIL, "waiting")]
        (notice,) = notices.newest(1)
        assert "22 Dec 2026, 03:00 (Europe/Lisbon)" in notice.words(policy()).text

    def test_name_what_comes_in_the_place_of_a_plan_that_is_no_longer_sold(
        self, town: World
    ) -> None:
        old, new = town.plan(), town.plan("NEW-30", price=900)
        card = running(town, old)
        town.owner.execute(
            "update catalogue_plan set retired_at = %s, successor_id = %s where id = %s",
            [town.at, new.plan_id, old.plan_id],
        )
        town.advance(days=24)
        assert endings.warn_ending(town.at) == 1
        (notice,) = notices.newest(1)
        words = notice.words(policy())
        assert "NEW-30" in words.text
        with on_the_pages(town):
            shown = Browser(town).get(words.link.removeprefix(settings.PUBLIC_ADDRESS))
            assert "€9.00" in shown.text
            assert card.iccid[-4:] in shown.text

    def test_not_with_a_mandate_and_not_when_a_term_is_queued(self, town: World) -> None:
        plan = town.plan()
        arm(town, running(town, plan, balance=plan.price))
        queued = running(town, plan, balance=plan.price)
        assert town.renew(queued, plan).outcome == "renewed"
        town.advance(days=28)
        assert endings.warn_ending(town.at) == 0

    @pytest.mark.parametrize("channel", ["kiosk", "store", "partner", "auto"])
    def test_not_after_any_channel_renewed_though_it_was_written(
        self, town: World, channel: str
    ) -> None:
        plan = town.plan()
        card = running(town, plan, balance=plan.price)
        town.advance(days=28)
        assert endings.warn_ending(town.at) == 1
        (notice,) = waiting(town)
        assert town.renew(card, plan, channel=channel).outcome == "renewed"
        assert notices.send(notice, town.now) == "stopped"
        assert notices.send(notice, town.now) == "stopped"

    def test_is_sent_when_it_is_still_true(self, town: World) -> None:
        running(town, town.plan())
        town.advance(days=28)
        endings.warn_ending(town.at)
        (notice,) = waiting(town)
        town.advance(hours=8)  # Nobody is woken by it.
        assert notices.send(notice, town.now) == "sent"

    def test_is_not_sent_after_the_end(self, town: World) -> None:
        running(town, town.plan())
        town.advance(days=28)
        endings.warn_ending(town.at)
        (notice,) = waiting(town)
        town.advance(days=10)
        assert notices.send(notice, town.now) == "stopped"


class TestData:
    """Data that is used up, as the network's readings tell."""

    def read(self, town: World, card: cards.Card, used: int) -> None:
        """Let the network tell how much was used, and the worker do what follows."""
        town.advance(hours=1)
        assert cards.record_usage(card.id, used, town.at)
        for (term,) in town.all("delete from jobs_job where kind='data_used' returning subject_id"):
            endings.warn_data(term, town.now)

    def test_is_told_at_four_fifths_and_at_the_end_once_each(self, town: World) -> None:
        card = running(town, town.plan(gigabytes=10))
        for tenths in (1, 79, 80, 81, 99, 100, 101):
            self.read(town, card, tenths * GIGABYTE // 10)
        assert written(town) == [
            ("data_low", EMAIL, "waiting"),
            ("data_out", EMAIL, "waiting"),
        ]

    def test_one_reading_that_takes_all_is_told_once(self, town: World) -> None:
        card = running(town, town.plan(gigabytes=10))
        self.read(town, card, 11 * GIGABYTE)
        assert written(town) == [("data_out", EMAIL, "waiting")]

    def test_the_first_is_stopped_when_the_second_holds(self, town: World) -> None:
        card = running(town, town.plan(gigabytes=10))
        self.read(town, card, 8 * GIGABYTE)
        (notice,) = waiting(town)
        self.read(town, card, 10 * GIGABYTE)
        assert notices.send(notice, town.now) == "stopped"

    @pytest.mark.parametrize("on_renewal", ["stack", "replace", "queue"])
    def test_is_stopped_by_a_renewal_and_leads_to_what_helps(
        self, town: World, on_renewal: str
    ) -> None:
        plan = town.plan(gigabytes=10, on_renewal=on_renewal)
        card = running(town, plan, balance=plan.price)
        self.read(town, card, 9 * GIGABYTE)
        (notice,) = waiting(town)
        (told,) = notices.newest(1)
        assert "1 GB" in told.words(policy()).text
        link = told.words(policy()).link
        assert link.endswith("/again") is (on_renewal != "queue")
        town.advance(hours=1)
        assert town.renew(card, plan, channel="kiosk").outcome == "renewed"
        assert notices.send(notice, town.now) == "stopped"

    def test_without_a_limit_nothing_is_told(self, town: World) -> None:
        card = running(town, town.plan(gigabytes=None))
        self.read(town, card, 10**15)
        assert written(town) == []
