"""Kept means beside the order: topping up, another try after a decline, the same once more."""

from collections.abc import Iterator

import pytest

from everline import cards, ledger, payments
from everline.trust import addresses
from tests.purse import keep
from tests.reader import APPROVED, DECLINED, Browser, on_the_pages
from tests.simulator import SimulatorProcess
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

KEEP_BOX = 'name="keep"'
METHOD = 'name="method"'


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    sandboxed_town.owner.execute("update catalogue_policy set topup_amounts = '{\"EUR\": [1000]}'")
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


def holder(world: World, card: cards.Card, locale: str = "en") -> Browser:
    browser = Browser(world, locale)
    browser.sign_in(card)
    world.advance(seconds=1)
    return browser


def at(card: cards.Card, page: str) -> str:
    return f"/cards/{addresses.token('crd', card.id)}/{page}"


def masked(card: cards.Card) -> list[str]:
    return [each.masked_means for each in payments.methods_of(card.account_id)]


def balance(card: cards.Card) -> int:
    return ledger.spendable(card.account_id, "balance", "EUR")


def declined(world: World, browser: Browser, card: cards.Card) -> str:
    """Try to renew a card in vain; gives the page that waits for another try."""
    plan = world.plan()
    browser.choose(card, plan).press(f"/plans/{plan.code}", means="gateway").pay(DECLINED)
    assert browser.title == "Payment declined"
    return browser.at


class TestToppingUp:
    """On the page that asks for the amount, and after a decline."""

    def test_the_holder_keeps_the_bank_card_and_pays_with_it_in_one_tap(self, bank: World) -> None:
        card = bank.card()
        browser = holder(bank, card).get(at(card, "top-up"))
        assert METHOD not in browser.page
        browser.press(chosen="1000", keep="on").pay(APPROVED)
        assert (masked(card), balance(card)) == (["•••• 0010"], 1000)
        browser.get(at(card, "top-up"))
        assert "Pay with •••• 0010" in browser.text
        (method,) = payments.methods_of(card.account_id)
        browser.press(chosen="1000", method=str(method.id))
        assert browser.title == "Top-up done"
        assert balance(card) == 2000
        tried = bank.all("select keeps, method_id from payments_attempt")
        assert sorted(tried, key=str) == [(False, method.id), (True, None)]

    def test_unticked_nothing_is_kept(self, bank: World) -> None:
        card = bank.card()
        browser = holder(bank, card).get(at(card, "top-up"))
        browser.press(chosen="1000").pay(APPROVED)
        assert (masked(card), balance(card)) == ([], 1000)

    def test_the_box_stays_ticked_when_the_amount_is_wrong(self, bank: World) -> None:
        card = bank.card()
        browser = holder(bank, card).get(at(card, "top-up"))
        browser.press(typed="much", keep="on")
        assert browser.status == 422
        assert "keep" in browser.form()[1]
        browser.press(typed="", chosen="1000", keep="on").pay(APPROVED)
        assert masked(card) == ["•••• 0010"]

    def test_pressed_twice_is_one_charge(self, bank: World, simulator: SimulatorProcess) -> None:
        card = bank.card()
        method = keep(bank, card, "tok_approve")
        browser = holder(bank, card).get(at(card, "top-up"))
        where, fields = browser.form()
        for _press in range(2):
            browser.post(where, fields | {"chosen": "1000", "method": str(method.id)})
            assert browser.title == "Top-up done"
        ((key,),) = bank.all("select key from payments_attempt")
        assert simulator.charge(key)["received"] == 1
        assert balance(card) == 1000

    def test_a_declined_top_up_is_paid_with_a_kept_means(self, bank: World) -> None:
        card = bank.card()
        method = keep(bank, card, "tok_approve")
        browser = holder(bank, card).get(at(card, "top-up"))
        browser.press(chosen="1000").pay(DECLINED)
        assert "Pay €10.00 with •••• rove" in browser.text
        browser.press("/pay", method=str(method.id))
        assert browser.title == "Top-up done"
        assert balance(card) == 1000

    def test_strangers_see_nothing_and_keep_and_pay_with_nothing(self, bank: World) -> None:
        card = bank.card()
        method = keep(bank, card, "tok_approve")
        stranger = Browser(bank).get(at(card, "top-up"))
        other = holder(bank, bank.card()).get(at(card, "top-up"))
        for browser in (stranger, other):
            assert "rove" not in browser.text
            assert KEEP_BOX not in browser.page
            browser.press(chosen="1000", method=str(method.id))
            assert browser.status == 409
            assert "is gone" in browser.text
        assert bank.all("select 1 from payments_attempt") == []
        words = {"keep": "on", "keep_version": payments.KEEP_VERSION}
        stranger.press(chosen="1000", **words).pay(APPROVED)
        assert (masked(card), balance(card)) == (["•••• rove"], 1000)


class TestAnotherTry:
    """On the page of a renewal whose payment was declined."""

    def test_the_next_bank_card_is_kept(self, bank: World) -> None:
        card = bank.card()
        browser = holder(bank, card)
        declined(bank, browser, card)
        assert masked(card) == []
        browser.press("/pay", keep="on").pay(APPROVED)
        assert browser.title == "Paid, being delivered"
        assert masked(card) == ["•••• 0010"]

    def test_a_kept_means_pays_in_one_tap(self, bank: World, simulator: SimulatorProcess) -> None:
        card = bank.card()
        method = keep(bank, card, "tok_approve")
        browser = holder(bank, card)
        declined(bank, browser, card)
        assert "Pay €10.00 with •••• rove" in browser.text
        where, fields = browser.form("/pay")
        for _press in range(2):
            browser.post(where, fields | {"method": str(method.id)})
            assert browser.title == "Paid, being delivered"
        ((key,),) = bank.all("select key from payments_attempt where method_id is not null")
        assert simulator.charge(key)["received"] == 1

    def test_one_that_is_declined_for_good_is_offered_no_more(self, bank: World) -> None:
        card = bank.card()
        method = keep(bank, card, "tok_decline_hard")
        browser = holder(bank, card)
        declined(bank, browser, card)
        where, fields = browser.form("/pay")
        for _press in range(2):
            browser.post(where, fields | {"method": str(method.id)})
            assert browser.title == "Payment declined"
            assert METHOD not in browser.page
            assert "is gone" not in browser.text, "the same press again is no new try"
        assert bank.one("select count(*) from payments_attempt") == 2
        browser.press("/pay", method=str(method.id))
        assert "is gone" in browser.text

    def test_who_only_has_the_address_sees_nothing_of_it(self, bank: World) -> None:
        card = bank.card()
        method = keep(bank, card, "tok_approve")
        here = declined(bank, holder(bank, card), card)
        stranger = Browser(bank).get(here)
        assert KEEP_BOX not in stranger.page
        assert METHOD not in stranger.page
        stranger.press("/pay", method=str(method.id))
        assert "is gone" in stranger.text
        assert bank.one("select count(*) from payments_attempt") == 1
        words = {"keep": "on", "keep_version": payments.KEEP_VERSION}
        stranger.press("/pay", **words).pay(APPROVED)
        assert masked(card) == ["•••• rove"]


class TestTheSameAgain:
    """On the page to which every reminder leads."""

    def test_the_holder_pays_with_a_kept_means_in_one_tap(self, bank: World) -> None:
        plan = bank.plan()
        card = bank.card(balance=plan.price)
        bank.advance(hours=-2)
        assert bank.renew(card, plan).outcome == "renewed"
        bank.advance(hours=2)
        method = keep(bank, card, "tok_approve")
        assert METHOD not in Browser(bank).get(at(card, "again")).page
        browser = holder(bank, card).get(at(card, "again"))
        assert "Pay €10.00 with •••• rove" in browser.text
        browser.press(f"/plans/{plan.code}", method=str(method.id))
        assert browser.title == "Paid, being delivered"
        assert len(cards.status(card, bank.at).queued) == 1
