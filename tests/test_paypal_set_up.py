"""Setting PayPal up: by four variables or not at all, and what the doctor says of it."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from everline import payments
from everline.config import doctor, plugs
from everline.payments import gateways
from everline.payments.gateways.paypal import PayPal
from everline.payments.gateways.paypal_wire import Keys
from tests.peers.paypal.double import Double
from tests.world import World

VALUES = {
    "EVERLINE_PAYPAL_ENVIRONMENT": "sandbox",
    "EVERLINE_PAYPAL_CLIENT_ID": "client",
    "EVERLINE_PAYPAL_SECRET": "a secret of ours",
    "EVERLINE_PAYPAL_WEBHOOK_ID": "8PT597110X687430L",
}


@pytest.fixture
def unplugged(town: World) -> Iterator[None]:
    """Put the gateways of the town back afterwards."""
    before = gateways.installed()
    yield
    gateways.install(before)


def given(monkeypatch: pytest.MonkeyPatch, **but: str) -> None:
    for name, value in (VALUES | but).items():
        monkeypatch.setattr(settings, name.removeprefix("EVERLINE_"), value)


def said(name: str = "gateway paypal") -> doctor.Check:
    (found,) = [each for each in doctor.outside() if each.name == name]
    return found


def test_all_four_set_it_up_and_nothing_is_asked_yet(
    unplugged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch)
    assert plugs.paypal_lacks() == ()
    plugs.plug_in()
    assert isinstance(payments.gateway("paypal"), PayPal)
    assert "EVERLINE_PAYPAL_SECRET" in plugs.PAYPAL
    assert payments.by_page("EUR")[-1].title == "PayPal"


@pytest.mark.parametrize("lacking", VALUES)
def test_without_one_it_is_not_there_and_the_doctor_names_it(
    unplugged: None, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    given(monkeypatch, **{lacking: ""})
    plugs.plug_in()
    assert "paypal" not in payments.installed()
    check = said()
    assert (check.state, lacking in check.finding) == ("fail", True)
    assert sum(name in check.finding for name in VALUES) == 1
    assert "a secret of ours" not in check.finding


def test_an_environment_that_is_none(unplugged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, EVERLINE_PAYPAL_ENVIRONMENT="production")
    assert plugs.paypal_lacks() == ("EVERLINE_PAYPAL_ENVIRONMENT",)
    plugs.plug_in()
    assert "paypal" not in payments.installed()


def test_without_any_it_is_well_that_it_is_not_there(unplugged: None) -> None:
    assert set(plugs.paypal_lacks()) == set(VALUES)
    assert (said().state, said().finding) == ("ok", "not set up, so nobody is offered it")


def test_the_doctor_tries_the_keys(unplugged: None, paypal: PayPal, paypal_double: Double) -> None:
    gateways.install({"paypal": paypal})
    assert said().state == "ok"
    stranger = PayPal(paypal_double.place, Keys("somebody", "a secret of ours", "1A"))
    gateways.install({"paypal": stranger})
    check = said()
    assert (check.state, check.finding) == ("fail", "no token: answered 401")
    assert "keys are right" in check.way_out
    stranger.close()
