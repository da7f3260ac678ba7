"""The account: records and their file, where one is signed in, addresses, one's data, and leaving.

How one signs in is tried in test_signing_in.py, cards in test_held.py.
"""

import csv
import io
import json
from collections.abc import Iterator
from functools import partial

import pytest
from django.test import Client

from everline import cards, holders, ids, ledger, notices, renewals, topups, trust
from everline.cards import Card
from everline.channels.web import recording
from everline.holders import Filter
from everline.pages.agents import told_agent
from everline.people.models import Holding, Person
from everline.renewals import Contact
from tests.reader import Browser, on_the_pages
from tests.town import at_once, findings, give_back
from tests.world import PINS, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

MAIL = "putri@testline.example"
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def code_to(recipient: str) -> str:
    return next(
        str(each.facts["code"])
        for each in notices.newest(50)
        if each.recipient == recipient and "code" in each.facts
    )


def member(shop: World, *held: Card, address: str = MAIL) -> tuple[Browser, Person]:
    """Somebody who has just signed in, and holds these cards."""
    browser = Browser(shop).get("/sign-in").press("/sign-in", address=address)
    browser.press(code=code_to(address))
    person = Person.objects.get(email=address)
    for card in held:
        hold(shop, card, person)
    return browser, person


def hold(shop: World, card: Card, person: Person) -> None:
    Holding.objects.create(
        id=ids.uuid7(shop.at), account_id=card.account_id, person=person, starts_at=shop.at
    )


class TestRecords:
    """What was paid, as a page and as a file."""

    @pytest.fixture
    def card(self, shop: World) -> Card:
        card = shop.card(balance=5000)
        shop.renew(card, shop.plan("=cmd()", price=1000))
        shop.advance(days=1)
        shop.hear(shop.send(shop.place_top_up(card, 700)), "succeeded", reference="r")
        shop.advance(days=1)
        return card

    def test_they_are_listed_with_a_way_to_each_receipt(self, shop: World, card: Card) -> None:
        browser, _person = member(shop, card)
        browser.get("/my/records")
        for words in ("Renewal", "=cmd()", "€10.00", "Top-up", "€7.00", card.masked):
            assert words in browser.text, words
        links = [each for each in browser.page.split('"') if each.startswith(("/renew", "/top-u"))]
        for link in links:
            assert browser.get(link).status == 200
        assert len(links) == 2

    def test_they_can_be_filtered(self, shop: World, card: Card) -> None:
        other = shop.card(balance=5000)
        shop.renew(other, shop.plan("other", price=1500))
        browser, person = member(shop, card, other)
        every = holders.records(person.id)
        assert [each.amount for each in every] == [1500, 700, 1000]
        day = every[1].at.date()
        assert [each.kind for each in holders.records(person.id, Filter(first_day=day))] == [
            "renewal",
            "top_up",
        ]
        assert [each.amount for each in holders.records(person.id, Filter(last_day=day))] == [
            700,
            1000,
        ]
        browser.get("/my/records?kind=top_up")
        assert "€7.00" in browser.text
        assert "€10.00" not in browser.text
        browser.get("/my/cards")
        where = [each for each in browser.page.split('"') if each.startswith("/my/cards/crd_")]
        chosen = where[0].removeprefix("/my/cards/")
        browser.get(f"/my/records?card={chosen}")
        assert browser.text.count("Receipt") in {1, 2}

    @pytest.mark.parametrize(
        "query",
        ["card=crd_1", "kind=all", "first=yesterday", "last=2026-13-01", "skip=-1", "skip=x"],
    )
    def test_a_filter_that_cannot_be_read_is_left_out(
        self, shop: World, card: Card, query: str
    ) -> None:
        browser, _person = member(shop, card)
        assert browser.get(f"/my/records?{query}").status == 200
        assert "€10.00" in browser.text

    def test_a_long_list_has_pages(
        self, shop: World, card: Card, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(holders, "PAGE_MAX", 1)
        browser, _person = member(shop, card)
        browser.get("/my/records")
        assert ("€7.00" in browser.text, "€10.00" in browser.text) == (True, False)
        browser.get("/my/records?skip=1")
        assert ("€7.00" in browser.text, "€10.00" in browser.text) == (False, True)

    def test_the_file_is_a_table_in_which_nothing_calculates(self, shop: World, card: Card) -> None:
        browser, _person = member(shop, card)
        answer = browser.client.get("/my/records.csv")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer["Content-Disposition"]
        assert answer["Cache-Control"] == "no-store"
        text = answer.content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["Plan"] for row in rows] == ["", "'=cmd()"]
        assert [row["Paid"] for row in rows] == ["7.00", "10.00"]
        assert card.iccid not in text

    @pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n"])
    def test_no_cell_begins_with_a_sign_that_calculates(self, sign: str) -> None:
        assert recording._safe(f"{sign}1+1") == f"'{sign}1+1"  # noqa: SLF001
        assert recording._safe(f"1{sign}1") == f"1{sign}1"  # noqa: SLF001

    def test_what_was_given_back_stands_in_a_column_of_its_own(self, shop: World) -> None:
        card = shop.card()
        first = shop.place_top_up(card, 700)
        attempt = shop.send(first)
        shop.hear(attempt, "succeeded", reference="r")
        topups.take_back(shop.caller(), first, "asked", shop.at)
        give_back(shop)
        browser, _person = member(shop, card)
        text = browser.client.get("/my/records.csv").content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {(row["What"], row["Paid"], row["Given back"]) for row in rows} == {
            ("Top-up", "7.00", ""),
            ("Refund", "", "7.00"),
        }

    def test_nothing_of_others_and_nothing_from_before(self, shop: World, card: Card) -> None:
        browser, person = member(shop, card)
        other, someone = member(shop, address="other@testline.example")
        assert holders.records(someone.id) == []
        assert "no such record" in other.get("/my/records").text
        holders.give_up(shop.caller(), person.id, card.id, shop.at)
        hold(shop, card, someone)
        assert holders.records(someone.id) == []
        assert "€10.00" not in browser.get("/my/records").text


class TestSessions:
    """Where one is signed in."""

    def test_each_browser_is_listed_and_can_be_signed_out(self, shop: World) -> None:
        first, _person = member(shop)
        second = Browser(shop)
        second.client.defaults["HTTP_USER_AGENT"] = FIREFOX
        second.get("/sign-in").press("/sign-in", address=MAIL)
        second.press(code=code_to(MAIL))
        first.get("/my/account")
        assert "Firefox, Android" in first.text
        assert "this one" in first.text
        where = next(each for each in first.page.split('"') if "/sessions/" in each)
        first.press(where)
        assert second.get("/my/account").title == "Sign in or open an account"
        assert first.get("/my/account").title == "Account"

    def test_all_others_at_once(self, shop: World) -> None:
        browsers = [member(shop)[0] for _browser in range(3)]
        browsers[0].get("/my/account").press("/sessions")
        titles = [each.get("/my/account").title for each in browsers]
        assert titles == ["Account", *["Sign in or open an account"] * 2]

    def test_another_persons_session_does_not_exist(self, shop: World) -> None:
        victim, _person = member(shop)
        thief, _other = member(shop, address="thief@testline.example")
        for number in range(1, 5):
            thief.post(f"/my/account/sessions/{number}", {})
        assert victim.get("/my/account").title == "Account"

    def test_what_a_browser_calls_itself(self) -> None:
        assert told_agent(FIREFOX) == "Firefox, Android"
        assert told_agent("curl/8") == ""


class TestAddresses:
    """A second way in, told to the first."""

    def test_a_phone_is_added_by_its_code_and_opens_the_account(self, shop: World) -> None:
        browser, person = member(shop)
        browser.get("/my/account/address").press("/address", address="+62 812 5550 123")
        browser.press(code=code_to("+628125550123"))
        assert "sign in with this address" in browser.text
        person.refresh_from_db()
        assert (person.email, person.phone) == (MAIL, "+628125550123")
        [told] = [each for each in notices.newest(50) if each.template == "way_in"]
        assert told.recipient == MAIL
        other = Browser(shop).get("/sign-in").press("/sign-in", address="+628125550123")
        other.press(code=code_to("+628125550123"))
        assert MAIL in other.get("/my/account").text

    def test_somebody_elses_address_is_not_taken_over(self, shop: World) -> None:
        Person.objects.create_user("other@testline.example")
        browser, person = member(shop)
        browser.get("/my/account/address").press("/address", address="other@testline.example")
        browser.press(code=code_to("other@testline.example"))
        assert "belongs to another account" in browser.text
        person.refresh_from_db()
        assert person.email == MAIL

    def test_wrong_codes_are_counted(self, shop: World) -> None:
        browser, _person = member(shop)
        browser.get("/my/account/address").press("/address", address="new@testline.example")
        wrong = f"{(int(code_to('new@testline.example')) + 1) % 10**6:06d}"
        for left in (4, 3, 2, 1):
            browser.press(code=wrong)
            assert f"You have {left} more" in browser.text
        assert browser.press(code=wrong).at == "/my/account"

    @pytest.mark.parametrize("path", ["address", "erase", "data.json"])
    def test_it_needs_a_sign_in_of_a_short_while_ago(self, shop: World, path: str) -> None:
        browser, _person = member(shop)
        shop.advance(minutes=16)
        assert browser.get(f"/my/account/{path}").title == "Sign in once more"
        browser.press("", address=MAIL)
        browser.press(code=code_to(MAIL))
        assert browser.at == f"/my/account/{path}"

    def test_a_name_can_be_given(self, shop: World) -> None:
        browser, person = member(shop)
        browser.get("/my/account").press("/name", name="<b>Putri</b>")
        person.refresh_from_db()
        assert person.name == "<b>Putri</b>"
        assert "<b>Putri" not in browser.page


class TestLeaving:
    """One's data, and the end of the account."""

    def full(self, shop: World) -> tuple[Browser, Person, Card]:
        card = shop.card(balance=5000)
        browser, person = member(shop, card)
        shop.advance(seconds=1)
        contact = Contact(email=MAIL)
        shop.insert(
            "notices_consent",
            id=ids.uuid7(shop.at), account_id=ids.uuid7(shop.at), medium="email", recipient=MAIL,
            locale="en", words_version="1", channel="web", asked_at=shop.at,
        )  # fmt: skip
        sold = shop.order(card, shop.plan(price=1000), contact=contact)
        renewals.renew(shop.caller(), sold, card.account_id, shop.at)
        shop.deliver_all()
        trust.set_pin(shop.caller(), card.account_id, PINS[0], shop.at)
        cards.bind(shop.caller(), card.id, ids.Imei("490154203237518"), shop.at)
        browser.get(f"/my/cards/{_token(browser)}").press("/auto-renewal")
        return browser, person, card

    def test_the_document_has_everything(self, shop: World) -> None:
        browser, person, card = self.full(shop)
        answer = browser.client.get("/my/account/data.json")
        assert "attachment" in answer["Content-Disposition"]
        told = json.loads(answer.content)
        assert told["person"]["email"] == MAIL
        assert told["person"]["customer_number"] == person.customer_number
        [held] = told["cards"]
        assert held["iccid"] == card.iccid
        assert held["balance"] == {"amount": 4000, "currency": "EUR"}
        assert [each["number"] for each in held["devices"]] == ["490154203237518"]
        assert len(held["terms"]) == 1
        assert held["has_service_pin"] is True
        assert len(held["auto_renewal"]) == 1
        assert [each["amount"] for each in told["payments"]] == [1000]
        assert {each["about"] for each in told["messages"]} >= {"renewed"}
        assert len(told["signed_in_devices"]) == 1
        assert len(told["messages_about_offers"]) == 1
        assert "code" not in json.dumps(told["messages"])

    def test_it_has_nothing_of_others(self, shop: World) -> None:
        _browser, _person, card = self.full(shop)
        other, _someone = member(shop, address="other@testline.example")
        text = other.client.get("/my/account/data.json").content.decode()
        assert MAIL not in text
        assert card.iccid not in text

    def test_erasure_removes_the_person_and_keeps_the_books(self, shop: World) -> None:
        browser, person, card = self.full(shop)
        before = shop.all("select * from ledger_transfer order by id")
        balance = ledger.spendable(card.account_id, "balance", "EUR")
        browser.get("/my/account/erase")
        assert "€40.00" in browser.text
        assert browser.press("/erase").status == 422
        browser.press("/erase", sure="yes")
        assert browser.at == "/"
        assert "nothing names you any more" in browser.text
        assert shop.all("select * from ledger_transfer order by id") == before
        assert ledger.spendable(card.account_id, "balance", "EUR") == balance
        assert set(findings(shop)) <= {"nothing_is_stuck"}
        person.refresh_from_db()
        assert (person.email, person.phone, person.name) == (None, None, "")
        assert not person.is_active
        assert not holders.held_by(person.id)
        assert not trust.has_pin(card.account_id)
        assert _names(shop, MAIL) == []
        assert browser.get("/my/account").title == "Sign in or open an account"

    def test_the_code_messages_are_forgotten_too(self, shop: World) -> None:
        browser, _person, _card = self.full(shop)
        browser.get("/my/account/erase").press("/erase", sure="yes")
        holders.codes.forget(shop.advance(minutes=11))
        shop.advance(minutes=11)
        assert _names(shop, MAIL, codes_too=True) == []

    def test_the_same_address_opens_a_new_account(self, shop: World) -> None:
        browser, person, _card = self.full(shop)
        browser.get("/my/account/erase").press("/erase", sure="yes")
        shop.advance(hours=1)
        again, other = member(shop)
        assert other.id != person.id
        assert "No card yet" in again.get("/my/cards").text

    def test_of_many_presses_one_erases(self, shop: World) -> None:
        _browser, person, _card = self.full(shop)
        caller = shop.caller()
        answers = at_once([partial(holders.erase, caller, person.id, shop.at)] * 4)
        assert {each.outcome for each in answers} == {"erased"}
        assert sum(each.replayed for each in answers) == 3

    def test_staff_is_not_erased_here(self, shop: World) -> None:
        staff = Person.objects.create_user("boss@testline.example", "open sesame", is_staff=True)
        browser = Browser(shop)
        browser.client.force_login(staff)
        assert browser.get("/my/account").status == 200
        assert "erase" not in browser.page
        for path in ("erase", "data.json", "address"):
            assert browser.get(f"/my/account/{path}").status == 403


def _token(browser: Browser) -> str:
    browser.get("/my/cards")
    where = next(each for each in browser.page.split('"') if each.startswith("/my/cards/crd_"))
    return where.removeprefix("/my/cards/")


def _names(world: World, address: str, *, codes_too: bool = False) -> list[str]:
    """Every table in which an address stands; messages of codes go some minutes later."""
    found = []
    for (table,) in world.all(
        "select c.relname from pg_class c where c.relkind in ('r', 'p') and not c.relispartition"
        " and c.relnamespace = 'public'::regnamespace order by 1"
    ):
        rows = world.all(f"select t::text from {table} t")
        hits = [row for (row,) in rows if address in row]
        if table == "notices_notice" and not codes_too:
            hits = [row for row in hits if "code_" not in row]
        if table == "holders_code" and not codes_too:
            hits = []
        found += [table] * bool(hits)
    return found


def test_every_page_asks_for_a_sign_in(shop: World) -> None:
    for path in (
        "/my/cards", "/my/cards/add", "/my/cards/code", "/my/records", "/my/records.csv",
        "/my/account", "/my/account/address", "/my/account/address/code",
        "/my/account/data.json", "/my/account/erase",
    ):  # fmt: skip
        assert Browser(shop).get(path).at.startswith("/sign-in?next=/my/"), path
    for path in ("/my/account/name", "/my/account/sessions", "/my/account/sessions/1"):
        assert Browser(shop).post(path, {"name": "x"}).at.startswith("/sign-in?next="), path


def test_forms_need_their_token(shop: World) -> None:
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    for path in ("/sign-in", "/sign-in/code", "/sign-in/password", "/sign-in/code/again"):
        assert client.post(path, {"address": MAIL}).status_code == 403, path
