"""Warnings: once each, by day, to whoever asked, and never after a renewal through any channel."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from everline import autorenewal, cards, endings, ids, notices, renewals
from everline.catalogue import policy
from everline.jobs import LaterError
from everline.notices.warnings import WRITERS, word_warning
from tests.endings import ANA, EMAIL, arm, end_of, hold, running, waiting, warned, written
from tests.reader import Browser, on_the_pages
from tests.town import at_once
from tests.world import GIGABYTE, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

SAID = {
    "en": ("Missing", "€10.00", "22 Dec 2026, 03:00 (Europe/Lisbon)"),
    "zh-Hans": ("还差", "€10.00", "2026年12月22日 03:00（Europe/Lisbon）"),
    "id": ("Kurang", "€10,00", "22 Des 2026, 03.00 (Europe/Lisbon)"),
}


@pytest.fixture(autouse=True)
def outbox() -> Iterator[None]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    yield
    notices.install({})


class TestTooLittleBalance:
    """A mandate whose balance will not suffice."""

    @pytest.mark.parametrize(("days", "ahead"), [(30, 72), (7, 24), (1, 6)])
    def test_is_warned_of_ahead_scaled_to_the_term(
        self, town: World, days: int, ahead: int
    ) -> None:
        card = running(town, town.plan(days=days))
        arm(town, card)
        rung = town.one("select next_rung_at from cards_card where id = %s", card.id)
        town.at = rung - timedelta(hours=ahead, minutes=1)
        assert autorenewal.warn_short(town.at) == 0
        town.advance(minutes=1)
        assert autorenewal.warn_short(town.at) == 1
        assert autorenewal.warn_short(town.at) == 0
        assert written(town) == [("auto_short", EMAIL, "waiting")]

    def test_with_enough_balance_nobody_is_warned_and_nothing_is_kept(self, town: World) -> None:
        plan = town.plan()
        for balance in (plan.price, plan.price - 1):
            arm(town, running(town, plan, balance=balance))
        town.advance(days=28)
        assert autorenewal.warn_short(town.at) == 1
        assert town.one("select count(*) from notices_warned") == 1

    @pytest.mark.parametrize("locale", SAID)
    def test_says_what_is_missing_and_when_service_stops(self, town: World, locale: str) -> None:
        card = running(town, town.plan())
        arm(town, card, renewals.Contact(email=EMAIL, phone="+351910000001", locale=locale))
        town.advance(days=28)
        autorenewal.warn_short(town.at)
        for notice in notices.newest(10):
            words = notice.words(policy())
            text = words.short if notice.medium == "sms" else words.text + words.html
            assert SAID[locale][1] in text
            assert SAID[locale][2] in text
            assert "%(" not in text + words.subject
            assert len(words.short) < notices.wording.SMS_LENGTH_MAX
            assert card.iccid not in text
            if notice.medium == "email":
                assert SAID[locale][0] in text

    def test_goes_to_the_holder_when_the_mandate_names_nobody(self, town: World) -> None:
        card = running(town, town.plan(), contact=renewals.Contact())
        hold(town, card)
        arm(town, card, renewals.Contact())
        town.advance(days=28)
        autorenewal.warn_short(town.at)
        assert written(town) == [("auto_short", "holder@testline.example", "waiting")]

    @pytest.mark.parametrize("cure", ["top_up", "renew", "end_mandate"])
    def test_is_stopped_when_its_cause_is_gone_before_it_is_sent(
        self, town: World, cure: str
    ) -> None:
        plan = town.plan()
        card = running(town, plan)
        arm(town, card)
        town.advance(days=28)
        autorenewal.warn_short(town.at)
        (notice,) = waiting(town)
        if cure != "end_mandate":
            town.fund(card.account_id, "balance", plan.price)
        if cure == "renew":
            assert town.renew(card, plan, channel="store").outcome == "renewed"
        if cure == "end_mandate":
            autorenewal.end_mandate(town.caller(), card.id, town.at)
        assert autorenewal.tell(notice, town.now) == "stopped"
        assert written(town) == [("auto_short", EMAIL, "stopped")]

    def test_is_written_once_by_many_workers(self, town: World) -> None:
        plan = town.plan()
        for _card in range(5):
            arm(town, running(town, plan))
        town.advance(days=28)
        told = at_once([lambda: autorenewal.warn_short(town.at)] * 4)
        assert sum(told) == 5
        assert warned(town, "auto_short") == 5


class TestTriedInVain:
    """A rung that was refused is an event that people see."""

    def test_the_first_refused_rung_is_told_and_no_further_one(self, town: World) -> None:
        card = running(town, town.plan())
        arm(town, card)
        town.at = end_of(town, card) - timedelta(hours=56)
        refused = 0
        while town.at < end_of(town, card) - timedelta(hours=1):
            refused += autorenewal.renew_due(town.at).refused
            town.advance(minutes=30)
        assert refused > 2
        assert written(town, "auto_failed") == [("auto_failed", EMAIL, "waiting")]
        (notice,) = notices.newest(1)
        assert "too low" in notice.words(policy()).text

    def test_a_card_that_cannot_be_served_is_told_why(self, town: World) -> None:
        card = running(town, town.plan(), balance=1000)
        arm(town, card)
        cards.change(town.caller("line"), card.id, "suspend", town.at)
        town.advance(days=29, hours=1)
        assert autorenewal.renew_due(town.at).refused == 1
        (notice,) = notices.newest(1)
        assert "suspended" in notice.words(policy()).text

    def test_at_the_end_itself_no_other_try_is_promised(self, town: World) -> None:
        card = running(town, town.plan(on_renewal="stack"))
        arm(town, card)
        town.at = end_of(town, card)
        assert autorenewal.renew_due(town.at).refused == 1
        (notice,) = notices.newest(1)
        assert "we do not try again" in notice.words(policy()).lead
        assert autorenewal.tell(notice.id, lambda: town.at + timedelta(hours=9)) == "sent"

    def test_the_next_term_is_told_again(self, town: World) -> None:
        plan = town.plan()
        card = running(town, plan)
        arm(town, card)
        for _term in range(2):
            town.at = end_of(town, card) - timedelta(hours=24)
            autorenewal.renew_due(town.at)
            town.fund(card.account_id, "balance", plan.price)
            town.renew(card, plan)
        assert warned(town, "auto_failed") == 2


class TestQuietHours:
    """By the clock of the card's place; delayed and never dropped."""

    @pytest.mark.parametrize(
        ("said", "sent"),
        [
            ("2026-12-20 20:59", "2026-12-20 20:59"),
            ("2026-12-20 21:00", "2026-12-21 08:00"),
            ("2026-12-21 02:30", "2026-12-21 08:00"),
            ("2026-12-21 07:59", "2026-12-21 08:00"),
            ("2026-12-21 08:00", "2026-12-21 08:00"),
        ],
    )
    def test_they_wait_for_the_morning(self, town: World, said: str, sent: str) -> None:
        jakarta = timedelta(hours=7)
        card = town.card(balance=1000, zone="Asia/Jakarta")
        town.at = datetime(2026, 11, 24, 5, tzinfo=UTC)
        town.renew(card, town.plan(), contact=ANA)
        town.at = datetime.fromisoformat(said).replace(tzinfo=UTC) - jakarta
        assert endings.warn_ending(town.at) == 1
        run_at = town.one("select run_at from jobs_job where kind = 'notify'")
        assert run_at == datetime.fromisoformat(sent).replace(tzinfo=UTC) - jakarta

    @pytest.mark.parametrize(
        ("tried", "sent"),
        [
            ("2026-12-20 20:59", "2026-12-20 20:59"),
            ("2026-12-20 22:47", "2026-12-21 08:00"),
            ("2026-12-24 03:00", "2026-12-24 03:00"),
        ],
    )
    def test_one_that_its_sender_delayed_waits_too(
        self, town: World, tried: str, sent: str
    ) -> None:
        jakarta = timedelta(hours=7)
        card = town.card(balance=1000, zone="Asia/Jakarta")
        town.at = datetime(2026, 11, 24, 0, tzinfo=UTC)
        town.renew(card, town.plan(), contact=ANA)
        town.at = datetime(2026, 12, 20, 20, 30, tzinfo=UTC) - jakarta
        assert endings.warn_ending(town.at) == 1
        (notice,) = notices.newest(1)
        town.at = datetime.fromisoformat(tried).replace(tzinfo=UTC) - jakarta
        wanted = datetime.fromisoformat(sent).replace(tzinfo=UTC) - jakarta
        if wanted == town.at:
            assert notices.send(notice.id, lambda: town.at) == "sent"
            return
        with pytest.raises(LaterError) as later:
            notices.send(notice.id, lambda: town.at)
        assert later.value.until == wanted
        assert [state for *_, state in written(town)] == ["waiting"]

    def test_unless_service_would_end_first(self, town: World) -> None:
        card = town.card(balance=1000, zone="Asia/Jakarta")
        town.renew(card, town.plan(days=1), contact=ANA)
        town.at = end_of(town, card) - timedelta(hours=5)
        town.owner.execute("update catalogue_policy set quiet_from_hour = 1, quiet_until_hour = 23")
        assert endings.warn_ending(town.at) == 1
        assert town.one("select run_at from jobs_job where kind = 'notify'") == town.at

    def test_an_operator_may_have_none(self, town: World) -> None:
        card = running(town, town.plan())
        town.at = end_of(town, card) - timedelta(hours=5)
        town.owner.execute("update catalogue_policy set quiet_from_hour = 0, quiet_until_hour = 0")
        assert endings.warn_ending(town.at) == 1
        assert town.one("select run_at from jobs_job where kind = 'notify'") == town.at


class TestLinks:
    """Each warning leads to where it can be helped, without entering the number anew."""

    def test_lead_to_the_page_that_helps(self, town: World) -> None:
        plan = town.plan()
        short, ending = running(town, plan), running(town, plan)
        arm(town, short)
        town.advance(days=28)
        autorenewal.warn_short(town.at)
        endings.warn_ending(town.at)
        links = {each.template: each.words(policy()).link for each in notices.newest(10)}
        assert set(links) == {"auto_short", "ending_days"}
        with on_the_pages(town):
            for template, card, where in (
                ("auto_short", short, "/top-up"),
                ("ending_days", ending, "/again"),
            ):
                path = links[template].removeprefix(settings.PUBLIC_ADDRESS)
                assert path.endswith(where)
                shown = Browser(town).get(path)
                assert shown.status == 200
                assert card.iccid[-4:] in shown.text

    def test_of_a_try_in_vain_by_what_was_missing(self, town: World) -> None:
        plan = town.plan()
        short, closed = running(town, plan), running(town, plan, balance=plan.price)
        for card in (short, closed):
            arm(town, card)
        cards.change(town.caller("line"), closed.id, "suspend", town.at)
        town.advance(days=30)
        autorenewal.renew_due(town.at)
        letters = {
            letter.facts["reason"]: letter.words(policy()).link
            for letter in notices.newest(10)
            if letter.template == "auto_failed"
        }
        assert letters["balance_short"].endswith("/again")
        path = letters["card_suspended"].removeprefix(settings.PUBLIC_ADDRESS)
        with on_the_pages(town):
            assert "This card is suspended." in Browser(town).get(path).text

    def test_lead_to_the_first_page_where_nothing_can_be_signed(
        self, town: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running(town, town.plan())
        town.advance(days=28)
        endings.warn_ending(town.at)
        monkeypatch.setattr(settings, "CAN_SIGN", False)
        (notice,) = [each for each in notices.newest(5) if each.template == "ending_days"]
        assert notice.words(policy()).link == f"{settings.PUBLIC_ADDRESS}/"


class TestWords:
    """Every warning, in every language: complete, short enough for a telephone, and masked."""

    @pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
    @pytest.mark.parametrize("told", WRITERS)
    def test_are_complete(self, town: World, told: str, locale: str) -> None:
        facts: dict[str, Any] = {
            "card": str(ids.uuid7(town.at)),
            "iccid": "8999907000000000017",
            "zone": "Asia/Jakarta",
            "plan": "HOME-30",
            "successor": {"en": "NEW-30"},
            "total": 12_345_600,
            "agreed": 9_000_000,
            "former_total": 8_000_000,
            "former_plan": {"en": "OLD-30", "zh-Hans": "旧套餐", "id": "LAMA-30"},
            "balance": 45_600,
            "currency": "IDR",
            "reason": "balance_short",
            "is_last": True,
            "on_renewal": "stack",
            "left_bytes": 2 * GIGABYTE,
            "kept_means": "•••• 4242",
            "mandate": str(ids.uuid7(town.at)),
        } | dict.fromkeys(("ends_at", "gone_at", "next_at", "as_of"), town.at.isoformat())
        words = word_warning(
            told,
            facts,
            {"en": "Home, one month", "zh-Hans": "家庭月套餐", "id": "Rumah sebulan"},
            locale,
            policy=policy(),
            public_address="https://renew.long-operator-name.example",
        )
        assert "%" not in words.subject + words.lead + words.short or told == "data_low"
        assert len(words.short) <= notices.wording.SMS_LENGTH_MAX
        assert "•" not in words.short
        assert "8999907000000000017" not in words.text + words.html + words.short
        assert words.link in words.short
        if told.startswith("auto_"):
            assert words.stop in words.short
            assert words.stop in words.text
            assert f'<a href="{words.stop}">' in words.html
            assert "/auto/mnd_" in words.stop

    def test_of_an_automatic_renewal_end_it_in_one_step(self, town: World) -> None:
        plan = town.plan()
        card = running(town, plan, balance=plan.price)
        town.deliver_all()
        arm(town, card)
        town.at = end_of(town, card) - timedelta(minutes=1)
        assert autorenewal.renew_due(town.at).renewed == 1
        town.deliver_all()
        stops = {
            each.facts["channel"]: each.words(policy()).stop
            for each in notices.newest(10)
            if each.template == "renewed"
        }
        assert stops["web"] == ""
        assert "/auto/rnw_" in stops["auto"]
