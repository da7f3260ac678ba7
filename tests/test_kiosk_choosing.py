"""Choosing at a kiosk: promo codes, and what is paid when nothing is left to pay."""

from typing import Any

import pytest

from everline import ledger, trust
from everline.cli import sign_ins
from tests.channels.kiosk import Kiosk, fields
from tests.lobby import balanced, hall, kiosk, only, text
from tests.world import Plan, World

__all__ = ["hall", "kiosk"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


def at_the_price(kiosk: Kiosk, plan: Plan, **card: Any) -> tuple[str, dict[str, Any]]:
    """Come to the price of a plan; gives its address and what its form holds."""
    address, form, _price = kiosk.sent[kiosk.ask(kiosk.world.card(**card), plan)]
    return address, form


def applied(kiosk: Kiosk, address: str, form: dict[str, Any], promo: str) -> Any:
    return kiosk.client.post(address, form | {"promo": promo, "apply": "1"})


def test_a_code_lowers_the_price_before_paying(kiosk: Kiosk) -> None:
    kiosk.world.promotion("HELLO")
    address, form = at_the_price(kiosk, kiosk.world.plan())
    shown = applied(kiosk, address, form, " hello ")
    assert shown.status_code == 200
    assert "€9.00" in text(shown)
    assert kiosk.world.one("select count(*) from renewals_renewal") == 0
    form = fields(shown.content.decode(), address)
    kiosk.client.post(address, form | {"promo": "HELLO", "by": "card"})
    kiosk.tap("approve")
    kiosk.follow(kiosk.client.get("/kiosk/pay"))
    assert (only(kiosk.world).total, only(kiosk.world).discount) == (900, 100)
    assert balanced(kiosk.world)


def test_a_code_that_was_typed_and_not_applied_is_shown_first(kiosk: Kiosk) -> None:
    kiosk.world.promotion("HELLO")
    address, form = at_the_price(kiosk, kiosk.world.plan())
    answer = kiosk.client.post(address, form | {"promo": "HELLO", "by": "card"})
    assert answer.status_code == 409
    assert "The price or the end date has changed." in text(answer)
    assert "€9.00" in text(answer)
    assert 'value="HELLO"' in answer.content.decode()


@pytest.mark.parametrize("presses", ["apply", "card"])
def test_a_code_that_does_not_apply_is_said_and_nothing_is_sold(kiosk: Kiosk, presses: str) -> None:
    address, form = at_the_price(kiosk, kiosk.world.plan())
    press = {"apply": "1"} if presses == "apply" else {"by": "card"}
    answer = kiosk.client.post(address, form | {"promo": "NOBODYS"} | press)
    assert answer.status_code == (200 if presses == "apply" else 409)
    assert "This promo code is not known." in text(answer)
    assert "€10.00" in text(answer)
    assert kiosk.world.one("select count(*) from renewals_renewal") == 0


def test_what_was_typed_beside_a_code_stays(kiosk: Kiosk) -> None:
    kiosk.world.promotion("HELLO")
    address, form = at_the_price(kiosk, kiosk.world.plan())
    shown = applied(kiosk, address, form | {"contact": "nina@testline.example"}, "HELLO")
    assert 'value="nina@testline.example"' in shown.content.decode()


@pytest.mark.parametrize("means", ["{gateway,balance}", "{gateway,deposit}"])
def test_what_costs_nothing_is_renewed_at_once_and_once(kiosk: Kiosk, means: str) -> None:
    world = kiosk.world
    world.owner.execute(f"update trust_channel set means = '{means}' where code = 'kiosk'")
    world.promotion("GIFT", percent_basis_points=10_000)
    address, form = at_the_price(kiosk, world.plan(), balance=700)
    shown = applied(kiosk, address, form, "GIFT")
    page = shown.content.decode()
    assert "Renew now" in page
    assert "Pay by bank card" not in page
    sent = fields(page, address) | {"promo": "GIFT", "by": "nothing"}
    told = [kiosk.follow(kiosk.client.post(address, sent)) for _press in range(2)]
    assert [each.outcome for each in told] == ["paid", "paid"], told
    found = only(world)
    assert (found.total, found.state) == (0, "paid")
    assert ledger.spendable(found.account_id, "balance", "EUR") == 700
    world.deliver_all()
    assert kiosk.read(kiosk.client.get("/kiosk/pay")).outcome == "renewed"
    assert balanced(world)


def test_where_nothing_may_be_paid_so_it_is_refused(kiosk: Kiosk) -> None:
    world = kiosk.world
    world.owner.execute("update trust_channel set means = '{gateway}' where code = 'kiosk'")
    world.promotion("GIFT", percent_basis_points=10_000)
    address, form = at_the_price(kiosk, world.plan())
    sent = fields(applied(kiosk, address, form, "GIFT").content.decode(), address)
    answer = kiosk.client.post(address, sent | {"promo": "GIFT", "by": "nothing"})
    assert answer.status_code == 409
    assert "This cannot be paid at a kiosk for the moment." in text(answer)


def test_nothing_is_no_way_to_pay_what_costs_something(kiosk: Kiosk) -> None:
    address, form = at_the_price(kiosk, kiosk.world.plan())
    answer = kiosk.client.post(address, form | {"by": "nothing"})
    assert answer.status_code == 409
    assert kiosk.world.one("select count(*) from renewals_renewal") == 0


def test_the_kiosks_of_the_demo_are_official(town: World) -> None:
    row = town.unenrolled("kiosk")
    till = town.unenrolled("till")
    assert trust.check(row.code, town.at).verdict is trust.Verdict.UNKNOWN
    assert sign_ins.enrol_kiosks(town.at) == 1
    assert sign_ins.enrol_kiosks(town.at) == 0
    assert trust.check(row.code, town.at).verdict is trust.Verdict.OFFICIAL
    assert trust.check(till.code, town.at).verdict is trust.Verdict.UNKNOWN


def test_only_what_the_operator_offers_is_topped_up(kiosk: Kiosk) -> None:
    kiosk.enter(kiosk.world.card().iccid)
    assert "/kiosk/top-up" not in kiosk.client.get("/kiosk/plans").content.decode()
    assert "Balances cannot be topped up here now." in text(kiosk.client.get("/kiosk/top-up"))
    assert kiosk.client.get("/kiosk/top-up/2000").status_code == 404
    kiosk.world.owner.execute("update catalogue_policy set topup_amounts = '{\"EUR\": [1500]}'")
    assert "/kiosk/top-up" in kiosk.client.get("/kiosk/plans").content.decode()
    assert "€15.00" in text(kiosk.client.get("/kiosk/top-up"))
    assert kiosk.client.get("/kiosk/top-up/1500").status_code == 200
