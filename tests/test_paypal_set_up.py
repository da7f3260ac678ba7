"""Setting PayPal up: by four variables or not at all, and what the doctor says of it."""

import pytest

from everline import payments
from everline.config import plugs
from everline.payments import gateways
from everline.payments.gateways.paypal import PayPal
from everline.payments.gateways.paypal_wire import Keys
from tests.peers.paypal.double import Double
from tests.setting_up import check, give

VALUES = {
    "EVERLINE_PAYPAL_ENVIRONMENT": "sandbox",
    "EVERLINE_PAYPAL_CLIENT_ID": "client",
    "EVERLINE_PAYPAL_SECRET": "a secret of ours",
    "EVERLINE_PAYPAL_WEBHOOK_ID": "8PT597110X687430L",
}


def test_all_four_set_it_up_and_nothing_is_asked_yet(
    unplugged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, VALUES)
    assert plugs.paypal_lacks() == ()
    plugs.plug_in()
    assert isinstance(payments.gateway("paypal"), PayPal)
    assert "EVERLINE_PAYPAL_SECRET" in plugs.PAYPAL
    assert payments.by_page("EUR")[-1].title == "PayPal"


@pytest.mark.parametrize("lacking", VALUES)
def test_without_one_it_is_not_there_and_the_doctor_names_it(
    unplugged: None, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    give(monkeypatch, VALUES, **{lacking: ""})
    plugs.plug_in()
    assert "paypal" not in payments.installed()
    told = check("gateway paypal")
    assert (told.state, lacking in told.finding) == ("fail", True)
    assert sum(name in told.finding for name in VALUES) == 1
    assert "a secret of ours" not in told.finding


def test_an_environment_that_is_none(unplugged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, VALUES, EVERLINE_PAYPAL_ENVIRONMENT="production")
    assert plugs.paypal_lacks() == ("EVERLINE_PAYPAL_ENVIRONMENT",)
    plugs.plug_in()
    assert "paypal" not in payments.installed()


def test_without_any_it_is_well_that_it_is_not_there(unplugged: None) -> None:
    assert set(plugs.paypal_lacks()) == set(VALUES)
    told = check("gateway paypal")
    assert (told.state, told.finding) == ("ok", "not set up, so nobody is offered it")


def test_the_doctor_tries_the_keys(unplugged: None, paypal: PayPal, paypal_double: Double) -> None:
    gateways.install({"paypal": paypal})
    assert check("gateway paypal").state == "ok"
    stranger = PayPal(paypal_double.place, Keys("somebody", "a secret of ours", "1A"))
    gateways.install({"paypal": stranger})
    told = check("gateway paypal")
    assert (told.state, told.finding) == ("fail", "no token: answered 401")
    assert "keys are right" in told.way_out
    stranger.close()
