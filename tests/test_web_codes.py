"""Spoken codes and service PINs online: what a code opens, and what the holder alone may do."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from everline import ids, ledger, renewals, trust
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def test_an_open_renewal_shows_its_code_and_the_code_opens_it(bank: World) -> None:
    opener = Browser(bank).choose(bank.card(), bank.plan()).press()
    following = opener.at.removesuffix("/payment")
    shown = re.search(r"\b([2-9]{4}) ([2-9]{4})\b", opener.get(following).text)
    assert shown is not None
    for typed in (shown[0], f"{shown[1]}-{shown[2]}", shown[1] + shown[2]):
        assert Browser(bank).enter(typed).at == following
    other = Browser(bank).enter(shown[0])
    assert other.press("/cancel").title == "Cancelled"
    assert shown[0] not in other.text
    assert "No open renewal has this code" in Browser(bank).enter(shown[0]).text


def test_the_receipts_number_alone_shows_no_code(bank: World) -> None:
    renewal = bank.place(bank.card(), bank.plan())
    code = renewals.grouped_code(str(bank.one("select spoken_code from renewals_renewal")))
    assert code not in Browser(bank).get(f"/renewals/{ids.outside('rnw', renewal)}").text


def test_codes_are_guessed_no_faster_than_card_numbers(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOOK_UPS_PER_MINUTE", 3)
    browser = Browser(shop)
    browser.client.defaults["REMOTE_ADDR"] = "203.0.113.77"
    assert [browser.enter("2345 6789").status for _try in range(4)] == [422, 422, 422, 429]


def test_the_holder_pays_an_open_renewal_from_the_balance(bank: World) -> None:
    card = bank.card(balance=5000)
    renewal = bank.place(card, bank.plan(price=1200))
    code = str(bank.one("select spoken_code from renewals_renewal"))
    stranger, holder = Browser(bank).enter(code), Browser(bank)
    assert "€50.00" not in stranger.text
    assert stranger.post(f"{stranger.at}/balance", {"request_id": str(renewal)}).status == 404
    holder.sign_in(card)
    holder.enter(code)
    assert "€50.00" in holder.text
    assert holder.press("/balance").title == "Paid, being delivered"
    assert ledger.spendable(card.account_id, "balance", "EUR") == 3800


def test_a_balance_that_is_too_low_is_said_and_not_offered(bank: World) -> None:
    card = bank.card(balance=100)
    bank.place(card, bank.plan(price=1200))
    holder = Browser(bank)
    holder.sign_in(card)
    holder.enter(str(bank.one("select spoken_code from renewals_renewal")))
    assert "is too low" in holder.text
    assert "/balance" not in holder.page


def test_an_attempt_that_was_never_sent_waits_for_payment(bank: World) -> None:
    bank.place(bank.card(), bank.plan())
    code = str(bank.one("select spoken_code from renewals_renewal"))
    bank.owner.execute("update payments_attempt set state = 'failed', reason = 'not_sent'")
    browser = Browser(bank).enter(code)
    assert browser.title == "Waiting for your payment"
    assert browser.press("/pay").at.endswith("/payment")


class TestPin:
    """The service PIN, which only the holder sets."""

    def test_the_holder_sets_and_changes_it(self, shop: World) -> None:
        card = shop.card()
        holder = Browser(shop)
        person = holder.sign_in(card)
        holder.enter(card.iccid)
        assert ids.CustomerNumber.of(person.customer_number).spaced in holder.text
        assert "not set yet" in holder.text
        where = f"{holder.at}/pin"
        assert holder.get(where).press(pin="2580", again="2581").status == 422
        assert "not the same" in holder.text
        assert "easily guessed" in holder.press(pin="1234", again="1234").text
        assert "2580" not in holder.page
        holder.press(pin="2580", again="2580")
        assert "The service PIN is set." in holder.text
        assert trust.check_pin(card.account_id, "2580", shop.at).is_right
        holder.get(where).press(pin="90417", again="90417")
        at = shop.at + timedelta(minutes=1)
        assert trust.check_pin(card.account_id, "90417", at).is_right
        assert trust.check_pin(card.account_id, "2580", at).outcome == "wrong"

    def test_to_strangers_it_does_not_exist(self, shop: World) -> None:
        card = shop.card()
        other = Browser(shop)
        other.sign_in(shop.card())
        for stranger in (Browser(shop), other):
            stranger.enter(card.iccid)
            card_page = stranger.at
            assert "customer number" not in stranger.text
            assert "PIN" not in stranger.text
            assert stranger.get(f"{card_page}/pin").status == 404
            sent = {"pin": "2580", "again": "2580", "request_id": str(card.id)}
            assert stranger.post(f"{card_page}/pin", sent).status == 404
        assert not trust.has_pin(card.account_id)
