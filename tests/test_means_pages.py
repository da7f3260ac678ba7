"""Kept means on the pages: kept at paying, given without paying, ordered, taken away, paid with."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from everline import autorenewal, cards, payments
from everline.trust import addresses
from tests.purse import keep
from tests.reader import APPROVED, Browser, on_the_pages
from tests.simulator import SimulatorProcess
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

TITLES = {"en": "Means of payment", "zh-hans": "支付方式", "id": "Cara bayar"}
CONFIRM, LATER_SOFT, LATER_HARD = (f"4000000000000{number}" for number in ("044", "119", "127"))


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


def holder(world: World, card: cards.Card, locale: str = "en") -> tuple[Browser, str]:
    """Be a card's holder; gives where its means are."""
    browser = Browser(world, locale)
    browser.sign_in(card)
    world.advance(seconds=1)
    return browser, f"/my/cards/{addresses.token('crd', card.id)}/means"


def masked(card: cards.Card) -> list[str]:
    return [each.masked_means for each in payments.methods_of(card.account_id)]


class TestPaying:
    """On the page of the order."""

    def test_the_holder_keeps_a_bank_card_and_pays_with_it_in_one_tap(self, bank: World) -> None:
        card, plan = bank.card(), bank.plan()
        browser, _means = holder(bank, card)
        browser.choose(card, plan)
        assert not re.search(r'name="keep"[^>]*checked', browser.page)
        browser.press(f"/plans/{plan.code}", means="gateway", keep="on").pay(APPROVED)
        assert masked(card) == ["•••• 0010"]
        browser.choose(card, plan)
        assert "Pay €10.00 with •••• 0010" in browser.text
        (method,) = payments.methods_of(card.account_id)
        browser.press(f"/plans/{plan.code}", means="gateway", again="on", method=str(method.id))
        assert "/renewals/" in browser.at
        assert browser.title == "Paid, being delivered"
        tried = bank.all("select keeps, method_id, is_unattended from payments_attempt")
        assert sorted(tried, key=str) == [(False, method.id, False), (True, None, False)]

    def test_unticked_nothing_is_kept(self, bank: World) -> None:
        card, plan = bank.card(), bank.plan()
        browser, _means = holder(bank, card)
        browser.choose(card, plan).press(f"/plans/{plan.code}", means="gateway").pay(APPROVED)
        assert masked(card) == []

    def test_a_kept_means_may_ask_whoever_is_there_to_confirm(self, bank: World) -> None:
        card, plan = bank.card(), bank.plan()
        browser, _means = holder(bank, card)
        method = keep(bank, card, "tok_confirm")
        browser.choose(card, plan)
        browser.press(f"/plans/{plan.code}", means="gateway", method=str(method.id))
        assert browser.at.endswith("/payment")
        assert browser.to_bank().endswith("/confirm")

    def test_a_declined_means_says_so_and_leaves_another_try(self, bank: World) -> None:
        card, plan = bank.card(), bank.plan()
        browser, means = holder(bank, card)
        method = keep(bank, card, "tok_decline_hard")
        browser.choose(card, plan)
        browser.press(f"/plans/{plan.code}", means="gateway", method=str(method.id))
        assert browser.title == "Payment declined"
        assert "reported lost" in browser.text
        assert "not tried any more" in browser.get(means).text

    def test_strangers_see_nothing_and_pay_with_nothing_of_anothers(self, bank: World) -> None:
        card, plan = bank.card(), bank.plan()
        method = keep(bank, card, "tok_approve")
        stranger = Browser(bank).choose(card, plan)
        assert "rove" not in stranger.text
        stranger.press(f"/plans/{plan.code}", means="gateway", method=str(method.id))
        assert "is gone" in stranger.text
        other, _means = holder(bank, bank.card())
        other.choose(card, plan)
        other.press(f"/plans/{plan.code}", means="gateway", method=str(method.id))
        assert "is gone" in other.text
        assert bank.all("select 1 from payments_attempt") == []

    @pytest.mark.parametrize("auto", [True, False])
    def test_without_an_account_it_is_kept_for_auto_renewal_alone(
        self,
        bank: World,
        auto: bool,  # noqa: FBT001
    ) -> None:
        card, plan = bank.card(), bank.plan()
        wish = {"auto": "on"} if auto else {}
        browser = Browser(bank).choose(card, plan)
        browser.press(f"/plans/{plan.code}", means="gateway", keep="on", **wish)
        if auto:
            browser.pay(APPROVED)
            assert masked(card) == ["•••• 0010"]
            assert autorenewal.standing(card.id, bank.at) is not None
        else:
            assert browser.status == 422
            assert "for auto-renewal alone" in browser.text
            assert bank.all("select 1 from payments_attempt") == []

    def test_pressed_twice_is_one_charge(self, bank: World, simulator: SimulatorProcess) -> None:
        card, plan = bank.card(), bank.plan()
        browser, _means = holder(bank, card)
        method = keep(bank, card, "tok_approve")
        where, fields = browser.choose(card, plan).form(f"/plans/{plan.code}")
        for _press in range(2):
            browser.post(where, fields | {"means": "gateway", "method": str(method.id)})
            assert browser.title == "Paid, being delivered"
        ((key,),) = bank.all("select key from payments_attempt")
        assert simulator.charge(key)["received"] == 1


class TestTheList:
    """On the page of a card's means."""

    @pytest.mark.parametrize("locale", TITLES)
    def test_giving_one_without_paying(self, bank: World, locale: str) -> None:
        card = bank.card()
        browser, means = holder(bank, card, locale)
        browser.get(means)
        assert browser.title == TITLES[locale]
        browser.press("/means/add", gateway="sandbox")
        assert browser.at == f"{means}/page"
        browser.pay(LATER_SOFT)
        assert browser.at == means
        assert "•••• 0119" in browser.text
        assert masked(card) == ["•••• 0119"]
        assert bank.all("select 1 from payments_payment") == []
        assert "•••• 0119" in browser.get(means.removesuffix("/means")).text

    def test_leaving_the_bank_keeps_nothing(self, bank: World) -> None:
        card = bank.card()
        browser, means = holder(bank, card)
        browser.get(means).press("/means/add", gateway="sandbox").leave_bank()
        assert "Nothing was kept, and nothing was charged." in browser.text
        assert masked(card) == []
        assert browser.get(f"{means}/returned").at == means
        assert browser.get(f"{means}/page").at == means

    def test_a_bank_that_does_not_answer(self, bank: World, simulator: SimulatorProcess) -> None:
        browser, means = holder(bank, bank.card())
        simulator.fault("setup", "cut")
        browser.get(means).press("/means/add", gateway="sandbox")
        assert browser.at == means
        assert "does not answer" in browser.text

    def test_the_order_and_taking_away(self, bank: World) -> None:
        card = bank.card()
        browser, means = holder(bank, card)
        first, second = keep(bank, card, "tok_approve"), keep(bank, card, "tok_confirm")
        browser.get(means)
        assert "tok_" not in browser.page
        browser.press("/means/order", method=str(second.id), to="up")
        assert [each.id for each in payments.methods_of(card.account_id)] == [second.id, first.id]
        browser.press("/means/order", method=str(second.id), to="up", request_id=str(uuid4()))
        assert [each.id for each in payments.methods_of(card.account_id)] == [second.id, first.id]
        where, fields = browser.form("/means/remove")
        for _press in range(2):
            browser.post(where, fields | {"method": str(second.id)})
        assert [each.id for each in payments.methods_of(card.account_id)] == [first.id]
        assert "charged no more" in browser.text

    def test_a_broken_one_says_why(self, bank: World) -> None:
        card = bank.card()
        browser, means = holder(bank, card)
        keep(bank, card, "tok_approve")
        bank.owner.execute("update payments_method set state = 'broken', reason = 'lost_card'")
        text = browser.get(means).text
        assert "The bank card is reported lost. It is not tried any more." in text
        assert "declined for good" in browser.get(means.removesuffix("/means")).text

    def test_nobody_else_reaches_them(self, bank: World) -> None:
        card = bank.card()
        method = keep(bank, card, "tok_approve")
        _owner, means = holder(bank, card)
        other, _means = holder(bank, bank.card())
        assert other.get(means).status == 404
        sent = {"method": str(method.id), "request_id": str(uuid4()), "to": "up"}
        for act in ("remove", "order", "add"):
            assert other.post(f"{means}/{act}", sent).status == 404
        own, own_means = holder(bank, bank.card())
        own.post(f"{own_means}/remove", sent)
        assert masked(card) == ["•••• rove"]

    def test_wrong_forms_do_nothing(self, bank: World) -> None:
        card = bank.card()
        browser, means = holder(bank, card)
        for act, sent in (
            ("add", {"gateway": "terminal", "request_id": str(uuid4()), "words_version": "x"}),
            ("add", {"gateway": "nobody", "request_id": str(uuid4()), "words_version": "2026-12"}),
            ("order", {"method": "x"}),
            ("remove", {}),
        ):
            assert browser.post(f"{means}/{act}", sent).at == means
        assert bank.all("select 1 from payments_setup") == []
