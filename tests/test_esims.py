"""Buying an eSIM: one profile for one buyer, its first plan before it is bound, back if unpaid."""

import re
import uuid
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from everline import autorenewal, cards, endings, renewals
from everline.database.requests import Answer
from everline.ids import Eid
from everline.provisioning.simulated import Simulated
from tests.endings import esim
from tests.reader import APPROVED, Browser, on_the_pages
from tests.town import LINGER, Spoiler, at_once, findings, outcomes
from tests.world import World

EID = "89044045116727494800000004479366"
pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def take(world: World, request_id: str | None = None) -> Answer:
    return cards.take_esim(world.caller(request_id=request_id), "EUR", world.at)


def state(world: World, card: object) -> object:
    return world.one("select state from cards_card where id = %s", card)


def cover(world: World, *countries: str) -> None:
    """Say where all plans work."""
    for country in countries:
        world.owner.execute(
            "insert into catalogue_coverage (plan_version_id, country)"
            " select v.id, %s from catalogue_planversion v",
            [country],
        )


class TestTaking:
    """From stock to one buyer."""

    def test_a_profile_of_the_currency_is_taken_once_a_request(self, town: World) -> None:
        esim(town, currency="IDR")
        esim(town, matching_id="")
        esim(town, "bound")
        town.card("in_stock")
        card = esim(town)
        assert cards.currencies_in_stock() == []  # Nothing is sold yet.
        town.plan(prices={"IDR": 5})
        assert cards.currencies_in_stock() == ["EUR", "IDR"]
        first, again = take(town, "one"), take(town, "one")
        assert (first.id, first.outcome, again.id, again.replayed) == (
            card.id,
            "taken",
            card.id,
            True,
        )
        assert state(town, card.id) == "activated"
        short = take(town, "two")
        assert (short.reason, take(town, "two").replayed) == ("esim_sold_out", True)
        assert findings(town) == {}

    def test_the_same_request_for_another_currency_is_refused(self, town: World) -> None:
        esim(town)
        take(town, "one")
        other = cards.take_esim(town.caller(request_id="one"), "IDR", town.at)
        assert other.reason == "request_reused"

    def test_no_two_buyers_get_the_same(self, town: World) -> None:
        for _card in range(6):
            esim(town)
        answers = at_once([lambda: take(town)] * 9)
        assert outcomes(answers) == {"taken": 6, "esim_sold_out": 3}
        assert len({answer.id for answer in answers if answer.id}) == 6

    def test_without_the_lock_they_would(self, town: World, spoiler: Spoiler) -> None:
        for _card in range(6):
            esim(town)
        spoiler.weaken(
            "take_esim",
            ("for update skip locked", ""),
            ("perform step_card(taken", f"{LINGER} perform step_card(taken"),
        )
        answers = at_once([lambda: take(town)] * 4)
        assert len({answer.id for answer in answers}) < 4


class TestFirstPlan:
    """An eSIM's device is its chip, which comes after paying."""

    def test_it_is_sold_before_binding_and_the_next_is_not(self, town: World) -> None:
        plan, loaded = town.plan(), esim(town)
        take(town)
        town.fund(loaded.account_id, "balance", 3000)
        assert town.renew(loaded, plan).outcome == "renewed"
        assert town.renew(loaded, plan).reason == "card_not_bound"
        bound = cards.bind(town.caller(), loaded.id, Eid.parse(EID), town.at)
        assert bound.outcome == "bound"
        assert town.renew(loaded, plan).outcome == "renewed"

    def test_a_sim_is_bound_first_as_ever(self, town: World) -> None:
        card = town.card("activated", balance=1000)
        assert town.renew(card, town.plan()).reason == "card_not_bound"

    def test_an_esim_without_a_profile_too(self, town: World) -> None:
        card = esim(town, "activated", matching_id="", balance=1000)
        assert town.renew(card, town.plan()).reason == "card_not_bound"


class TestBackToStock:
    """What nobody paid is sold to somebody else; what may still be paid is not."""

    def taken(self, world: World) -> cards.Card:
        card = esim(world)
        assert take(world).id == card.id
        return card

    def test_after_the_time_to_pay(self, town: World) -> None:
        card = self.taken(town)
        autorenewal.give_mandate(
            town.caller(),
            card.id,
            town.at,
            plan_id=None,
            words_version=autorenewal.VERSION,
            contact=renewals.Contact(),
        )
        town.advance(minutes=29)
        assert endings.put_back_esims(town.at) == 0
        town.advance(minutes=1)
        assert endings.put_back_esims(town.at) == 1
        assert endings.put_back_esims(town.at) == 0
        assert state(town, card.id) == "in_stock"
        assert autorenewal.standing(card.id, town.at) is None
        assert take(town).id == card.id
        assert findings(town) == {}

    @pytest.mark.parametrize("kept", ["open", "sent", "cancelled", "paid", "taken_back", "carrier"])
    def test_not_what_somebody_is_about_to_pay_or_has_paid(self, town: World, kept: str) -> None:
        plan = town.plan()
        # One from a carrier was activated by its start code: nobody took it here.
        card = esim(town, "activated") if kept == "carrier" else self.taken(town)
        if kept in {"paid", "taken_back"}:
            town.fund(card.account_id, "balance", 1000)
            answer = town.renew(card, plan)
            assert answer.id is not None
            town.deliver_all()
            if kept == "taken_back":
                renewals.reverse(town.caller(), answer.id, "asked", town.at)
        if kept in {"open", "sent", "cancelled"}:
            town.advance(minutes=20)
            renewal = town.place(card, plan)
            if kept == "sent":
                town.send(renewal)
            if kept == "cancelled":
                renewals.cancel(town.caller(), renewal, town.at)
        # Who cancelled may be choosing another plan just now.
        town.advance(minutes=20 if kept == "cancelled" else 4000)
        assert endings.put_back_esims(town.at) == 0
        assert state(town, card.id) == "activated"

    def test_when_its_renewal_expired_or_was_cancelled(self, town: World) -> None:
        plan = town.plan()
        card = self.taken(town)
        renewal = town.place(card, plan)
        renewals.cancel(town.caller(), renewal, town.at)
        town.advance(minutes=31)
        assert endings.put_back_esims(town.at) == 1
        assert state(town, card.id) == "in_stock"


class TestPages:
    """The whole way on the site, without an account."""

    def test_destination_plan_pay_qr(self, bank: World) -> None:
        plan, card = bank.plan(), esim(bank)
        cover(bank, "ID", "PT")
        browser = Browser(bank).get("/esim")
        assert "Indonesia" in browser.page
        browser.get("/esim?country=ID").press("/esim/take")
        assert browser.at.endswith(f"/plans/{plan.code}")
        browser.press(f"/plans/{plan.code}", contact="").pay(APPROVED)
        assert browser.title == "Paid, being delivered"
        found = re.search(r'href="([^"]+/esim)"', browser.page)
        assert found is not None
        where = browser.at
        browser.get(found[1])
        code = f"LPA:1$smdp.example.com${card.matching_id}"
        assert code in browser.text
        drawn = re.search(r'src="data:image/svg\+xml[^"]*"', browser.page)
        assert drawn is not None
        assert "svg" in unquote(drawn[0])
        # The address of the renewal is the secret: its receipt's number alone shows nothing.
        assert Browser(bank).get(found[1]).status == 200
        renewal = where.rpartition("/")[2].partition(".")[0]
        assert "LPA:1" not in Browser(bank).get(f"/renewals/{renewal}").page
        assert Browser(bank).get(f"{Browser(bank).enter(card.iccid).at}/esim").status == 404

    def test_who_pays_for_it_later_gets_no_profile(self, bank: World) -> None:
        plan = bank.plan()
        card = esim(bank, "bound")
        browser = Browser(bank).choose(card, plan).press(f"/plans/{plan.code}").pay(APPROVED)
        assert browser.title == "Paid, being delivered"
        assert "/esim" not in browser.page
        assert browser.get(f"{browser.at}/esim").status == 404

    def test_pressing_twice_and_coming_back_takes_one(self, shop: World) -> None:
        shop.plan()
        for _card in range(3):
            esim(shop)
        cover(shop, "ID")
        browser = Browser(shop).get("/esim?country=ID")
        where, fields = browser.form("/esim/take")
        first = browser.post(where, fields).at
        assert browser.post(where, fields).at == first
        assert browser.get("/esim?country=ID").press("/esim/take").at == first
        assert shop.one("select count(*) from cards_card where state = 'activated'") == 1

    def test_an_empty_stock_is_said_and_nothing_taken(self, shop: World) -> None:
        shop.plan()
        esim(shop)
        cover(shop, "ID")
        browser = Browser(shop).get("/esim?country=ID")
        where, fields = browser.form("/esim/take")
        take(shop)
        browser.post(where, fields)
        assert browser.status == 409
        assert browser.title == "No eSIM is left at the moment. Nothing was taken; come back later."
        assert "No eSIM is left" in browser.get("/esim").text

    def test_who_took_too_long_chooses_again(self, shop: World) -> None:
        shop.plan()
        esim(shop)
        cover(shop, "ID")
        browser = Browser(shop).get("/esim?country=ID").press("/esim/take")
        order = browser.at
        shop.advance(minutes=31)
        assert endings.put_back_esims(shop.at) == 1
        assert browser.get(order).title == "Buy an eSIM"
        assert "kept for you too long" in browser.text

    def test_the_holder_sees_it_again(self, shop: World) -> None:
        card = esim(shop, "bound")
        browser = Browser(shop)
        browser.sign_in(card)
        browser.enter(card.iccid)
        assert "Install this eSIM" in browser.text
        assert card.matching_id in browser.get(f"{browser.at}/esim").text

    def test_a_tampered_form_leads_back(self, shop: World) -> None:
        browser = Browser(shop)
        browser.post("/esim/take", {"request_id": "x", "currency": "EUR", "plan": "a"})
        assert browser.title == "Buy an eSIM"
        fields = {"request_id": str(uuid.uuid4()), "currency": "EUR", "plan": "none"}
        assert browser.post("/esim/take", fields).status == 404


class TestDoors:
    """A refusal is a door: through activation and binding, and back to the plan."""

    def test_an_esim_from_a_carrier_takes_its_plan_first_then_is_bound(self, bank: World) -> None:
        card, plan = esim(bank), bank.plan()
        browser = Browser(bank).choose(card, plan)
        assert browser.title == "Activate the card"
        browser.press(start_code="START-0001")
        assert browser.at.endswith(f"/plans/{plan.code}")
        browser.press(f"/plans/{plan.code}").pay(APPROVED)
        assert browser.title == "Paid, being delivered"
        assert "Valid until" in browser.enter(card.iccid).text
        browser.choose(card, plan)
        assert browser.title == "Bind the card to a device"
        browser.press(number="wrong")
        assert browser.status == 422
        browser.press(number=EID)
        assert browser.at.endswith(f"/plans/{plan.code}")
        assert "Price details" in browser.text

    def test_the_plan_is_kept_when_the_order_itself_is_refused(self, bank: World) -> None:
        card, plan = bank.card(), bank.plan()
        browser = Browser(bank).choose(card, plan)
        bank.owner.execute("update cards_card set state = 'in_stock' where id = %s", [card.id])
        browser.press(f"/plans/{plan.code}")
        assert browser.status == 409
        found = re.search(r'href="([^"]+/activate\?plan=[^"]+)"', browser.page)
        assert found is not None
        browser.get(found[1]).press(start_code="START-0001").press(number="490154203237518")
        assert browser.at.endswith(f"/plans/{plan.code}")


class TestInstalled:
    """The network tells on which chip a profile was installed, and the card is bound to it."""

    def test_a_bought_esim_binds_itself_when_it_is_installed(self, bank: World) -> None:
        esim(bank)
        plan = bank.plan()
        card_id = take(bank).id
        assert card_id is not None
        card = cards.find_by_id(card_id)
        assert card is not None
        bank.fund(card.account_id, "balance", 2 * plan.price)
        renewal_id = bank.renew(card, plan).id
        assert renewal_id is not None
        assert renewals.bind_installed(bank.now) == 0
        assert renewals.deliver(renewal_id, bank.now) == "delivered"
        bound = at_once([lambda: renewals.bind_installed(bank.now)] * 3)
        assert sum(bound) == 1
        assert state(bank, card_id) == "bound"
        ((kind, number),) = bank.all("select kind, number from cards_device")
        assert (kind, Eid.parse(number)) == ("eid", number)
        assert renewals.bind_installed(bank.now) == 0
        assert bank.renew(card, plan).outcome == "renewed"
        assert findings(bank) == {}

    def test_nobody_is_asked_about_what_was_not_bought_here(self, bank: World) -> None:
        card, plan = esim(bank, "activated", taken_at=None), bank.plan()
        bank.fund(card.account_id, "balance", plan.price)
        renewal_id = bank.renew(card, plan).id
        assert renewal_id is not None
        assert renewals.deliver(renewal_id, bank.now) == "delivered"
        assert renewals.bind_installed(bank.now) == 0
        assert state(bank, card.id) == "activated"

    def test_a_silent_network_binds_nothing(self) -> None:
        silent = Simulated("http://127.0.0.1:9", timeout_seconds=1)
        assert silent.eid_of("8999907111111111112") is None
        silent.close()
