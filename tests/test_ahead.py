"""Telling ahead what automatic renewal takes: every month, every change, and nothing false."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from everline import autorenewal, cards, endings, ids, notices
from everline.catalogue import policy
from everline.people.models import Person
from everline.trust import addresses
from tests.endings import ANA, EMAIL, end_of, hold, running, waiting, written
from tests.reader import Browser, on_the_pages
from tests.town import at_once
from tests.world import Plan, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture(autouse=True)
def outbox() -> Iterator[None]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    yield
    notices.install({})


def agreed(world: World, card: cards.Card, total: int | None = 1000) -> None:
    answer = autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=None,
        words_version=autorenewal.VERSION,
        contact=ANA,
        quoted_total=total,
    )
    assert answer.outcome == "mandated"


def armed(world: World, plan: Plan, *, balance: int = 5000) -> cards.Card:
    card = running(world, plan, balance=balance)
    agreed(world, card, plan.price)
    return card


def first_try(world: World, card: cards.Card) -> None:
    """Go to three days before the first try."""
    standing = autorenewal.standing(card.id, world.at)
    assert standing is not None
    world.at = standing.rungs[0] - timedelta(days=3)


def letter(world: World) -> notices.Words:
    (notice,) = notices.newest(1)
    return notice.words(policy())


class TestAhead:
    """A month or longer is told some days before, once; what is short, only when it changes."""

    def test_a_month_is_told_three_days_before_and_once(self, town: World) -> None:
        card = armed(town, town.plan())
        first_try(town, card)
        town.advance(minutes=-1)
        assert autorenewal.warn_ahead(town.at) == 0
        town.advance(minutes=1)
        assert sum(at_once([lambda: autorenewal.warn_ahead(town.at)] * 4)) == 1
        assert written(town) == [("auto_ahead", EMAIL, "waiting")]
        words = letter(town)
        assert "€10.00" in words.subject
        assert "20 Dec 2026" in words.text
        assert "the card's balance" in words.text

    def test_the_operator_says_how_many_days(self, town: World) -> None:
        card = armed(town, town.plan())
        town.owner.execute("update catalogue_policy set auto_notice_days = 7")
        first_try(town, card)
        town.advance(days=-4)
        assert autorenewal.warn_ahead(town.at) == 1

    def test_a_week_is_not_told_unless_it_changes(self, town: World) -> None:
        card = armed(town, town.plan(days=7))
        town.at = end_of(town, card) - timedelta(days=2)
        assert autorenewal.warn_ahead(town.at) == 0
        town.owner.execute("update catalogue_price set amount = 900")
        assert autorenewal.warn_ahead(town.at) == 1
        assert written(town) == [("auto_changed", EMAIL, "waiting")]
        assert "€9.00 instead of €10.00" in letter(town).subject
        for said in (letter(town).lead, letter(town).short):
            assert "€9.00 instead of €10.00" in said
            assert "From 29 Nov 2026" in said or "from 29 Nov 2026" in said
        assert dict(letter(town).facts)["Amount so far"] == "€10.00"
        hold(town, card)
        with on_the_pages(town):
            browser = Browser(town)
            browser.client.force_login(Person.objects.get())
            page = browser.get(f"/cards/{addresses.token('crd', card.id)}/auto-renewal").text
        assert "Next charge €9.00 Last charge €10.00 New price from 29 Nov 2026" in page

    def test_a_balance_that_is_short_is_told_by_one_message(self, town: World) -> None:
        card = armed(town, town.plan(), balance=400)
        first_try(town, card)
        assert autorenewal.warn_ahead(town.at) == 0
        assert autorenewal.warn_short(town.at) == 1
        town.fund(card.account_id, "balance", 5000)
        assert autorenewal.warn_ahead(town.at) == 0
        assert written(town) == [("auto_short", EMAIL, "waiting")]

    def test_a_kept_means_pays_what_the_balance_does_not(self, town: World) -> None:
        card = armed(town, town.plan(), balance=0)
        town.insert(
            "payments_method",
            id=ids.uuid7(town.at),
            account_id=card.account_id,
            gateway="sandbox",
            token="kept",
            masked_means="•••• 4242",
            position=1,
            state="active",
            channel="web",
            kept_at=town.at,
        )
        first_try(town, card)
        assert autorenewal.warn_short(town.at) == 0
        assert autorenewal.warn_ahead(town.at) == 1
        assert "the card's balance, else •••• 4242" in letter(town).text
        hold(town, card)
        with on_the_pages(town):
            browser = Browser(town)
            browser.client.force_login(Person.objects.get())
            page = browser.get(f"/cards/{addresses.token('crd', card.id)}/auto-renewal").text
        assert "•••• 4242" in page
        assert "The balance is too low" not in page

    @pytest.mark.parametrize("cure", ["renew", "end_mandate"])
    def test_it_is_stopped_when_it_is_true_no_more(self, town: World, cure: str) -> None:
        plan = town.plan()
        card = armed(town, plan)
        first_try(town, card)
        autorenewal.warn_ahead(town.at)
        (notice,) = waiting(town)
        if cure == "renew":
            assert town.renew(card, plan, channel="store").outcome == "renewed"
        else:
            autorenewal.end_mandate(town.caller(), card.id, town.at)
        assert autorenewal.tell(notice, town.now) == "stopped"


class TestConsent:
    """More than was agreed to is charged by nobody, and asked for once."""

    def dearer(self, town: World, plan: Plan) -> cards.Card:
        card = armed(town, plan)
        town.owner.execute("update catalogue_price set amount = 1200")
        first_try(town, card)
        return card

    def test_is_asked_for_once_and_nothing_is_charged(self, town: World) -> None:
        card = self.dearer(town, town.plan())
        assert autorenewal.warn_ahead(town.at) == 1
        assert autorenewal.warn_short(town.at) == 0
        end = end_of(town, card)
        while town.at < end:
            assert autorenewal.renew_due(town.at).renewed == 0
            town.advance(hours=3)
        assert written(town) == [("auto_consent", EMAIL, "waiting")]
        words = letter(town)
        assert "€12.00" in words.subject
        assert "€10.00" in words.text
        assert "/auto/mnd_" in words.link

    def test_is_told_at_the_first_try_when_the_price_rose_at_the_last_moment(
        self, town: World
    ) -> None:
        card = armed(town, town.plan())
        first_try(town, card)
        town.advance(days=3)
        town.owner.execute("update catalogue_price set amount = 1200")
        assert autorenewal.renew_due(town.at).refused == 1
        assert written(town) == [("auto_consent", EMAIL, "waiting")]
        assert "€12.00" in letter(town).subject
        assert card.iccid not in letter(town).text

    def test_of_the_heir_of_a_retired_plan_only_when_it_costs_more(self, town: World) -> None:
        for price, template in ((900, "auto_changed"), (1500, "auto_consent")):
            plan, heir = town.plan(), town.plan(price=price)
            card = armed(town, plan)
            town.owner.execute(
                "update catalogue_plan set retired_at = %s, successor_id = %s where id = %s",
                [town.at, heir.plan_id, plan.plan_id],
            )
            first_try(town, card)
            assert autorenewal.warn_ahead(town.at) == 1
            assert template in {told for told, _to, _state in written(town)}
            assert heir.code in letter(town).text
            assert dict(letter(town).facts)["Plan so far"] == plan.code

    def test_without_an_account_is_given_by_the_address_in_the_message(self, town: World) -> None:
        card = self.dearer(town, town.plan())
        autorenewal.warn_ahead(town.at)
        path = letter(town).link.removeprefix(settings.PUBLIC_ADDRESS)
        with on_the_pages(town):
            browser = Browser(town).get(path)
            assert "€12.00" in browser.text
            browser.press()
            assert "Tick the box" in browser.text
            browser.press(agrees="on")
            assert browser.title == "Auto-renewal goes on"
        standing = autorenewal.standing(card.id, town.at)
        assert standing is not None
        assert (standing.agreed_total, standing.consent_needed) == (1200, False)
        assert town.one(
            "select contact ->> 'email' from autorenewal_mandate where ended_at is null"
        ) == (EMAIL)
        (notice,) = waiting(town)
        assert autorenewal.tell(notice, town.now) == "stopped"
        assert autorenewal.renew_due(standing.rungs[0]).renewed == 1

    def test_with_an_account_is_given_by_its_holder_alone(self, town: World) -> None:
        card = self.dearer(town, town.plan())
        hold(town, card)
        autorenewal.warn_ahead(town.at)
        path = letter(town).link.removeprefix(settings.PUBLIC_ADDRESS)
        with on_the_pages(town):
            assert Browser(town).get(path).at.startswith("/sign-in")
            Browser(town).post(path, {"agrees": "on", "agreed": "1200", "request_id": "0" * 32})
        standing = autorenewal.standing(card.id, town.at)
        assert standing is not None
        assert standing.agreed_total == 1000


class TestPauses:
    """A pause was asked for: it is no failure, but the end of service is still told."""

    def test_no_failure_is_told_and_the_end_is(self, town: World) -> None:
        card = armed(town, town.plan())
        end = end_of(town, card)
        autorenewal.pause_mandate(
            town.caller(), card.id, end + timedelta(days=9), town.at + timedelta(seconds=1)
        )
        town.at = end - timedelta(days=5)
        while town.at < end:
            autorenewal.warn_ahead(town.at)
            autorenewal.warn_short(town.at)
            autorenewal.renew_due(town.at)
            endings.warn_ending(town.at)
            town.advance(hours=2)
        assert [told for told, _to, _state in written(town)] == [
            "ending_week",
            "ending_days",
            "ending_day",
            "ending_soon",
        ]
        assert all("/auto/mnd_" in each.words(policy()).stop for each in notices.newest(4))

    def test_going_on_stops_what_waits_to_be_told(self, town: World) -> None:
        card = armed(town, town.plan())
        end = end_of(town, card)
        autorenewal.pause_mandate(town.caller(), card.id, end + timedelta(days=9), town.at)
        town.at = end - timedelta(days=6)
        assert endings.warn_ending(town.at) == 1
        (notice,) = waiting(town)
        autorenewal.resume_mandate(town.caller(), card.id, town.at)
        assert autorenewal.tell(notice, town.now) == "stopped"

    def test_a_pause_that_ends_before_the_term_stops_it_too(self, town: World) -> None:
        card = armed(town, town.plan())
        end = end_of(town, card)
        autorenewal.pause_mandate(town.caller(), card.id, end + timedelta(days=9), town.at)
        town.at = end - timedelta(days=6)
        assert endings.warn_ending(town.at) == 1
        (notice,) = waiting(town)
        autorenewal.pause_mandate(town.caller(), card.id, town.at + timedelta(days=1), town.at)
        assert autorenewal.tell(notice, town.now) == "stopped"
