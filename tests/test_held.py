"""Cards of one's own: added by a code that is sent to the card, shown, suspended, given up.

The verbs are also called by many at once, with a negative control. The forecast is tried in
test_forecast.py.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

import pytest

from everline import autorenewal, cards, holders, ids, notices, renewals, trust
from everline.cards import Card
from everline.database.requests import Answer, Caller
from everline.holders import codes
from everline.people.models import Holding, Person
from tests.reader import Browser, on_the_pages
from tests.town import LINGER, Spoiler, at_once, outcomes
from tests.world import GIGABYTE, PINS, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

IMEI = "490154203237518"


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def member(shop: World, address: str = "putri@testline.example") -> tuple[Browser, Person]:
    """Somebody who is signed in by a code, and holds nothing."""
    browser = Browser(shop).get("/sign-in").press("/sign-in", address=address)
    browser.press(code=code_to(address))
    return browser, Person.objects.get(email=address)


def code_to(recipient: str | None) -> str:
    return next(
        str(each.facts["code"])
        for each in notices.newest(50)
        if each.recipient == recipient and "code" in each.facts
    )


def owner(shop: World, card: Card) -> tuple[Browser, str]:
    """The holder of a card, who has just signed in, and the address of its page."""
    browser, person = member(shop)
    shop.insert(
        "people_holding",
        id=ids.uuid7(shop.at),
        account_id=card.account_id,
        person_id=person.id,
        starts_at=shop.at,
    )
    browser.get("/my/cards")
    where = next(each for each in browser.page.split('"') if each.startswith("/my/cards/crd_"))
    return browser.get(where), where


class TestAdding:
    """Whoever has the card in hand adds it; nobody else, and nobody learns of others'."""

    def test_the_code_goes_to_the_card_and_adds_it(self, shop: World) -> None:
        card = shop.card(balance=4321)
        browser, person = member(shop)
        browser.get("/my/cards/add").press(number=card.iccid)
        assert browser.at == "/my/cards/code"
        browser.press(code=code_to(card.msisdn))
        assert browser.at.startswith("/my/cards/crd_")
        assert "in your account now" in browser.text
        assert "€43.21" in browser.text
        [holding] = Holding.objects.all()
        assert (holding.person_id, holding.account_id) == (person.id, card.account_id)
        assert card.masked in browser.get("/my/cards").text

    def test_whoever_bought_an_esim_here_gets_the_code_by_mail_too(self, shop: World) -> None:
        card = shop.card(
            "activated",
            kind="esim",
            msisdn=None,
            taken_at=shop.at,
            smdp_address="s",
            matching_id="m",
        )
        contact = renewals.Contact(email="buyer@testline.example")
        shop.fund(card.account_id, "balance", 1000)
        sold = shop.order(card, shop.plan(), contact=contact)
        bought = renewals.renew(shop.caller(), sold, card.account_id, shop.at)
        assert bought.reason is None
        browser, _person = member(shop)
        browser.get("/my/cards/add").press(number=card.iccid)
        assert browser.press(code=code_to("buyer@testline.example")).at.startswith("/my/cards/crd_")

    def test_all_other_cards_look_the_same_and_get_no_code(self, shop: World) -> None:
        held = shop.card()
        Browser(shop).sign_in(held)
        numbers = [
            held.iccid,
            shop.card("lost").iccid,
            shop.card("suspended").iccid,
            shop.card("in_stock").iccid,
            shop.card("terminated").iccid,
            shop.card(msisdn=None).iccid,
            "8999907111111111112",
        ]
        browser, _person = member(shop)
        before = len(notices.newest(50))
        seen = set()
        for number in numbers:
            browser.get("/my/cards/add").press(number=number)
            told = browser.text.replace(ids.Iccid(number).masked, "")
            seen.add((browser.at, browser.status, told))
            browser.press(code="123456")
            assert "You have 4 more" in browser.text
        assert len(seen) == 1
        assert len(notices.newest(50)) == before
        assert Holding.objects.count() == 1

    def test_a_code_for_signing_in_adds_no_card_and_one_of_another_person_neither(
        self, town: World
    ) -> None:
        card, other = town.card(), Person.objects.create_user("b@testline.example")
        person = Person.objects.create_user("a@testline.example")
        sent = holders.send_code(town.caller(), person.id, card, "en", town.at)
        assert sent.id is not None
        code = code_to(card.msisdn)
        taken = holders.claim(town.caller(), other.id, sent.id, code, town.at)
        assert taken.reason == "code_ended"
        mail = codes.send(town.caller(), "sign_in", notices.Contact(email="c@d.example"), town.at)
        assert mail.id is not None
        for_mail = holders.claim(town.caller(), person.id, mail.id, code_to("c@d.example"), town.at)
        assert for_mail.reason == "code_ended"
        assert codes.enter(sent.id, code, "en", town.at).outcome == "ended"

    def test_the_same_request_is_answered_again_and_another_is_not_taken(self, town: World) -> None:
        caller, claim = claimant(town)
        first, again = claim(caller), claim(caller)
        assert (first.outcome, again.outcome, again.replayed) == ("claimed", "claimed", True)
        assert first.id == again.id
        assert claim(town.caller()).reason == "code_ended"
        assert Holding.objects.count() == 1

    @pytest.mark.race
    def test_of_many_at_once_one_holds_it(self, town: World) -> None:
        assert outcomes(at_once(rivals(town))) == {"claimed": 1, "card_held": 5}

    @pytest.mark.race
    def test_without_the_lock_the_constraint_alone_stops_them(
        self, town: World, spoiler: Spoiler
    ) -> None:
        spoiler.weaken(
            "claim_card",
            ("for update;", ";"),
            ("    insert into people_holding", f"    {LINGER} insert into people_holding"),
        )
        spoiler.drop("people_holding", "account_has_one_holder")
        assert outcomes(at_once(rivals(town)))["claimed"] > 1

    def test_after_a_success_a_guest_is_led_to_it(self, shop: World) -> None:
        card, plan = shop.card(), shop.plan()
        shop.promotion("GIFT", percent_basis_points=10_000)
        browser = Browser(shop).choose(card, plan, "?promo=GIFT")
        browser.press(f"/plans/{plan.code}", means="balance")
        shop.deliver_all()
        browser.get(browser.at)
        where = next(each for each in browser.page.split('"') if "/my/cards/add/" in each)
        browser.get(where)
        assert browser.at.startswith("/sign-in?next=/my/cards/add/")
        browser.press("", address="guest@testline.example")
        browser.press(code=code_to("guest@testline.example"))
        assert browser.title == "Add a card"
        assert card.masked in browser.text
        browser.press(browser.at)
        assert browser.press(code=code_to(card.msisdn)).at.startswith("/my/cards/crd_")


def claimant(town: World) -> "tuple[Caller, Claim]":
    person = Person.objects.create_user(f"{uuid4()}@testline.example")
    sent = holders.send_code(town.caller(), person.id, town.card(), "en", town.at)
    code = town.one("select facts ->> 'code' from notices_notice where fact_id = %s", sent.id)
    assert sent.id is not None
    return town.caller(), partial(_claim, person.id, sent.id, str(code), town.at)


def rivals(town: World) -> list[partial[Answer]]:
    card, calls = town.card(), []
    for number in range(6):
        person = Person.objects.create_user(f"{number}@testline.example")
        sent = holders.send_code(town.caller(), person.id, card, "en", town.at)
        code = town.one("select facts ->> 'code' from notices_notice where fact_id = %s", sent.id)
        assert sent.id is not None
        calls.append(partial(holders.claim, town.caller(), person.id, sent.id, str(code), town.at))
    return calls


Claim = partial[Answer]


def _claim(person: UUID, sent: UUID, code: str, at: datetime, caller: Caller) -> Answer:
    return holders.claim(caller, person, sent, code, at)


class TestHolding:
    """What the holder of a card sees and does."""

    def test_it_shows_data_validity_devices_and_money(self, shop: World) -> None:
        card, plan = shop.card(balance=4321), shop.plan(price=1000, devices=2)
        shop.renew(card, plan)
        shop.renew(card, plan)
        shop.deliver_all()
        cards.bind(shop.caller(), card.id, ids.Imei(IMEI), shop.at)
        for day in range(1, 6):
            cards.record_usage(card.id, day * 3 * GIGABYTE, shop.advance(days=1))
        browser, _where = owner(shop, card)
        said = browser.text.replace("\xa0", " ")
        for words in ("15 GB", "left of 30 GB", "At 3 GB a day", "waits", "€23.21", "… 7518"):
            assert words in said, words
        assert IMEI not in browser.page
        assert card.iccid not in browser.page
        assert 'stroke-dasharray="500 1000"' in browser.page

    @pytest.mark.parametrize("state", ["in_stock", "activated", "bound", "suspended", "terminated"])
    @pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
    def test_a_card_without_a_plan_is_shown_too(self, shop: World, state: str, locale: str) -> None:
        card = shop.card(state)
        browser, where = owner(shop, card)
        browser.post("/language", {"language": locale, "next": where})
        assert browser.status == 200

    def test_an_unlimited_plan_has_no_forecast(self, shop: World) -> None:
        card = shop.card(balance=5000)
        shop.renew(card, shop.plan(gigabytes=None))
        browser, _where = owner(shop, card)
        assert "Unlimited" in browser.text
        assert "a day it" not in browser.text

    def test_an_esim_shows_its_code_as_text_and_qr(self, shop: World) -> None:
        card = shop.card(kind="esim", smdp_address="smdp.example", matching_id="M-1")
        browser, _where = owner(shop, card)
        assert "LPA:1$smdp.example$M-1" in browser.text
        assert 'src="data:image/svg+xml' in browser.page

    def test_to_all_others_it_does_not_exist(self, shop: World) -> None:
        card = shop.card()
        _browser, where = owner(shop, card)
        other, _person = member(shop, "other@testline.example")
        form = {"request_id": str(uuid4()), "sure": "yes", "number": IMEI}
        for act in ("", "/bind", "/unbind", "/lose", "/resume", "/give-up"):
            if not act:
                assert other.get(where).status == 404
                assert Browser(shop).get(where).title == "Sign in or open an account"
                continue
            assert other.post(where + act, form).status == 404, act
            assert Browser(shop).post(where + act, form).at.startswith("/sign-in"), act
        found = cards.find_by_id(card.id)
        assert found is not None
        assert found.state == "bound"

    def test_devices_are_bound_and_unbound(self, shop: World) -> None:
        card = shop.card("activated")
        browser, _where = owner(shop, card)
        browser.press("/bind", number=IMEI)
        assert "The device is bound." in browser.text
        assert "… 7518" in browser.text
        browser.press("/unbind")
        assert "The device is unbound." in browser.text
        assert cards.status(card, shop.at).devices == ()
        assert browser.press("/bind", number="490154203237519").status == 422

    def test_devices_of_one_instant_keep_their_order(self, town: World) -> None:
        card = town.card(balance=9000)
        town.renew(card, town.plan(devices=5))
        for number in (IMEI, "356938035643809", "490154203237500"):
            imei = number[:14] + ids.luhn_digit(number[:14])
            assert cards.bind(town.caller(), card.id, ids.Imei(imei), town.at).reason is None
        orders = {cards.status(card, town.at).devices for _look in range(5)}
        assert len(orders) == 1

    def test_a_lost_card_is_suspended_and_resumed_by_who_has_just_signed_in(
        self, shop: World
    ) -> None:
        card = shop.card(balance=5000)
        browser, where = owner(shop, card)
        browser.press("/lose")
        assert "suspended as lost" in browser.text
        assert shop.renew(card, shop.plan()).reason == "card_lost"
        shop.advance(minutes=20)
        browser.get(where).press("/resume")
        assert browser.title == "Sign in once more"
        browser.press("", address="putri@testline.example")
        browser.press(code=code_to("putri@testline.example"))
        assert browser.at == where
        browser.press("/resume")
        assert "works again" in browser.text

    def test_what_the_operator_suspended_its_holder_cannot_resume(self, shop: World) -> None:
        card = shop.card("suspended")
        browser, where = owner(shop, card)
        browser.post(f"{where}/resume", {"request_id": str(uuid4())})
        found = cards.find_by_id(card.id)
        assert found is not None
        assert found.state == "suspended"

    def test_giving_up_ends_what_was_agreed_and_hides_what_was_before(self, shop: World) -> None:
        card, plan = shop.card(balance=5000), shop.plan("first", price=1000)
        shop.renew(card, plan)
        browser, where = owner(shop, card)
        trust.set_pin(shop.caller(), card.account_id, PINS[0], shop.at)
        browser.press("/auto-renewal")
        assert autorenewal.standing(card.id, shop.at) is not None
        shop.advance(hours=1)
        browser.get(where).press("/give-up")
        assert browser.at == "/my/cards"
        assert autorenewal.standing(card.id, shop.at) is None
        assert not trust.has_pin(card.account_id)
        assert browser.get(where).status == 404
        shop.advance(hours=1)
        next_one, _person = member(shop, "next@testline.example")
        next_one.get("/my/cards/add").press(number=card.iccid)
        next_one.press(code=code_to(card.msisdn))
        assert "Nothing was bought for this card yet." in next_one.text
        assert "€40.00" in next_one.text
        first = next_one.get(where.replace("/my", "")).text
        assert "Last renewals" not in first

    def test_only_its_holder_gives_it_up(self, town: World) -> None:
        card, person = town.card(), Person.objects.create_user("a@testline.example")
        answer = holders.give_up(town.caller(), person.id, card.id, town.at)
        assert answer.reason == "card_unknown"
