"""Offers shown to everybody, and messages about them: by consent, once, and left in one step."""

import re
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from everline import catalogue, ids, notices
from everline.database.requests import Caller
from everline.notices import Contact
from tests.mail import MailServer
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

MINUTE = timedelta(minutes=1)
NINA, ANA = "nina@customers.example", "ana@customers.example"


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    with on_the_pages(town):
        yield town
    notices.install({})


def offer(world: World, code: str = "SUMMER", **columns: Any) -> str:
    given: dict[str, Any] = {"is_public": True, "starts_at": world.at - MINUTE} | columns
    return world.promotion(code, **given)


def ask(world: World, contact: str = NINA, locale: str = "en", **typed: str) -> Browser:
    browser = Browser(world, locale).get("/offers")
    return browser.press("/offers", **({"contact": contact, "wants": "on"} | typed))


def consents(world: World) -> list[tuple[str, bool, bool]]:
    return world.all(
        "select recipient, confirmed_at is not null, ended_at is not null"
        " from notices_consent order by id"
    )


def written(world: World, template: str = "offer_started") -> list[tuple[str, str]]:
    return world.all(
        "select recipient, state from notices_notice where template = %s order by recipient, at",
        template,
    )


def links(world: World, template: str) -> list[str]:
    """Read the addresses of our site in the newest message of a kind."""
    (sent, *_rest) = [each for each in notices.newest(20) if each.template == template]
    text = sent.words(catalogue.policy()).text
    return re.findall(re.escape(settings.PUBLIC_ADDRESS) + r"(/\S+)", text)


def consented(world: World, contact: str = NINA) -> uuid.UUID:
    ask(world, contact)
    consent = world.one("select id from notices_consent where recipient = %s", contact)
    assert isinstance(consent, uuid.UUID)
    assert notices.confirm_offers(consent, world.at)
    return consent


class TestShown:
    """What the page says of an offer."""

    @pytest.mark.parametrize(
        ("locale", "said"),
        [
            ("en", ("10 % off", "For all plans", "For each card 1 time", "on this website")),
            ("zh-hans", ("SUMMER", "适用于所有套餐", "每张卡可用 1 次")),
            ("id", ("SUMMER", "Untuk semua paket", "Untuk setiap kartu 1 kali")),
        ],
    )
    def test_its_end_and_its_conditions(
        self, shop: World, locale: str, said: tuple[str, ...]
    ) -> None:
        offer(shop, channels=["web"], budget=5)
        page = Browser(shop, locale).get("/offers").text
        for each in said:
            assert each in page, each
        assert "2027" in page  # It ends sixty days after this November.

    def test_one_for_some_plans_names_them(self, shop: World) -> None:
        plan = shop.plan("home")
        shop.plan("other")
        offer(shop)
        promotion = shop.one("select id from catalogue_promotion")
        shop.insert("catalogue_promotion_plans", promotion_id=promotion, plan_id=plan.plan_id)
        assert "For these plans: home" in Browser(shop).get("/offers").text
        assert "SUMMER" in Browser(shop).enter(shop.card().iccid).text

    def test_nothing_that_is_secret_over_to_come_or_spent(self, shop: World) -> None:
        offer(shop, "SECRET", is_public=False)
        offer(shop, "OVER", starts_at=shop.at - timedelta(days=9), ends_at=shop.at - MINUTE)
        offer(shop, "LATER", starts_at=shop.at + MINUTE)
        offer(shop, "SPENT", budget_unit="XXX")
        assert catalogue.running(shop.at) == []
        assert "No offer runs" in Browser(shop).get("/offers").text
        shop.advance(minutes=2)
        assert [each.code for each in catalogue.running(shop.at)] == ["LATER"]


class TestConsent:
    """Asked for by hand, confirmed from the mailbox, left in one step."""

    def test_the_box_is_unticked_and_must_be_ticked(self, shop: World) -> None:
        browser = Browser(shop).get("/offers")
        assert "wants" not in browser.form("/offers")[1]
        browser.press("/offers", contact=NINA)
        assert browser.status == 422
        assert "Tick the box" in browser.text
        assert ask(shop, "").status == 422
        assert consents(shop) == []

    @pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
    def test_both_ways_in_and_one_way_out(self, shop: World, locale: str) -> None:
        assert ask(shop, locale=locale).status == 200
        assert consents(shop) == [(NINA, False, False)]
        offer(shop)
        assert notices.announce_offers(shop.at) == 0
        (confirm,) = [each for each in links(shop, "offers_confirm") if "confirm" in each]
        browser = Browser(shop, locale).get(confirm)
        assert consents(shop) == [(NINA, False, False)], "opening a link confirms nothing"
        browser.press(confirm)
        assert consents(shop) == [(NINA, True, False)]
        assert notices.announce_offers(shop.at) == 1
        leave = next(each for each in links(shop, "offer_started") if "leave" in each)
        browser.get(leave)
        assert consents(shop) == [(NINA, True, False)]
        browser.press(leave)
        assert consents(shop) == [(NINA, True, True)]
        shop.send_all()
        assert written(shop) == [(NINA, "stopped")], "who has left is sent nothing more"

    def test_a_mail_program_leaves_without_a_form(self, shop: World) -> None:
        consent = ids.outside("ntc", consented(shop))
        strict = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
        fields = {"List-Unsubscribe": "One-Click"}
        assert strict.post(f"/offers/leave/{consent}", fields).status_code == 200
        assert consents(shop) == [(NINA, True, True)]
        assert strict.post(f"/offers/confirm/{consent}", fields).status_code == 403

    def test_a_link_is_good_for_a_week_and_a_wrong_one_for_nothing(self, shop: World) -> None:
        ask(shop)
        (consent,) = shop.all("select id from notices_consent")[0]
        shop.advance(days=7)
        assert not notices.confirm_offers(consent, shop.at)
        other = ids.outside("ntc", ids.uuid7(shop.at))
        for path in (f"/offers/confirm/{other}", f"/offers/leave/{other}"):
            assert Browser(shop).get(path).press(path).status == 404
        shop.advance(days=30)
        assert notices.forget_consents(shop.at) == 1
        assert consents(shop) == []

    def test_the_answer_tells_nothing_and_nobody_is_written_to_again_and_again(
        self, shop: World
    ) -> None:
        said = {ask(shop, contact).text for contact in (NINA, NINA, ANA)}
        assert len(said) == 1
        assert len(written(shop, "offers_confirm")) == 2
        shop.advance(days=1, minutes=1)
        ask(shop)
        assert len(written(shop, "offers_confirm")) == 3
        wanted = shop.one("select id from notices_consent where recipient = %s", NINA)
        notices.confirm_offers(wanted, shop.at)
        shop.advance(days=1, minutes=1)
        ask(shop)
        assert len(written(shop, "offers_confirm")) == 3

    def test_the_same_request_twice_is_one_and_another_with_its_id_is_refused(
        self, shop: World
    ) -> None:
        caller = Caller("web", "page", str(uuid.uuid4()))
        first, again, other = (
            notices.ask_for_offers(caller, Contact(email=email), "2026-11", shop.at)
            for email in (NINA, NINA, ANA)
        )
        assert (first.replayed, again.replayed, other.reason) == (False, True, "request_reused")
        assert consents(shop) == [(NINA, False, False)]

    def test_an_address_that_asks_for_many_is_stopped(
        self, shop: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "LOOK_UPS_PER_MINUTE", 1)
        assert [ask(shop, email).status for email in (NINA, ANA)][-1] == 429


class TestTold:
    """The message when an offer starts."""

    def test_once_for_each_consent_and_offer_and_bounded(self, shop: World) -> None:
        for number in range(3):
            consented(shop, f"{number}@customers.example")
        offer(shop)
        assert [notices.announce_offers(shop.at, 2) for _run in range(3)] == [2, 1, 0]
        offer(shop, "OTHER")
        assert notices.announce_offers(shop.at) == 3
        shop.send_all()
        assert {state for _who, state in written(shop)} == {"sent"}
        assert len(written(shop)) == 6

    def test_workers_that_race_write_once(self, shop: World) -> None:
        for number in range(20):
            consented(shop, f"{number}@customers.example")
        offer(shop)
        counts: list[int] = []
        threads = [
            threading.Thread(target=lambda: counts.append(notices.announce_offers(shop.at, 50)))
            for _each in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        notices.announce_offers(shop.at, 50)
        assert len(written(shop)) == 20

    def test_not_of_one_that_is_secret_spent_or_began_long_ago(self, shop: World) -> None:
        consented(shop)
        offer(shop, "SECRET", is_public=False)
        offer(shop, "OLD", starts_at=shop.at - timedelta(days=3))
        offer(shop, "SPENT", budget_unit="XXX")
        offer(shop, "LATER", starts_at=shop.at + timedelta(hours=1))
        assert notices.announce_offers(shop.at) == 0
        shop.advance(hours=1)
        assert notices.announce_offers(shop.at) == 1

    def test_an_offer_that_ended_meanwhile_is_not_sent(self, shop: World) -> None:
        consented(shop)
        offer(shop, ends_at=shop.at + timedelta(hours=1))
        assert notices.announce_offers(shop.at) == 1
        shop.advance(hours=1)
        shop.send_all()
        assert written(shop) == [(NINA, "stopped")]

    def test_a_letter_lets_mail_programs_leave(
        self, shop: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        consented(shop)
        offer(shop, names='{"en": "Ten off\\nBcc: x@x.example"}')
        notices.announce_offers(shop.at)
        with MailServer() as server:
            monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
            monkeypatch.setattr(settings, "EMAIL_PORT", server.port)
            notices.install({"email": notices.Smtp(), "sms": notices.Outbox()})
            shop.send_all()
        heads = [str(each) for each in server.kept]
        assert any("List-Unsubscribe-Post: List-Unsubscribe=One-Click" in each for each in heads)
        assert not any(each.startswith("Bcc") or "\nBcc:" in each for each in heads)

    def test_a_telephone_is_told_too(self, shop: World) -> None:
        ask(shop, "+351 910 000 001")
        (consent,) = shop.all("select id from notices_consent")[0]
        assert notices.confirm_offers(consent, shop.at)
        offer(shop)
        assert notices.announce_offers(shop.at) == 1
        (sent, *_rest) = notices.newest(1)
        assert sent.medium == "sms"
        assert "/offers/leave/" in sent.words(catalogue.policy()).short
