"""Setting Stripe up: by two variables or not at all, and what the doctor says of it."""

import pytest
from django.conf import settings

from everline import payments
from everline.config import doctor, plugs
from everline.payments import gateways
from everline.payments.gateways.stripe import Stripe
from everline.payments.gateways.stripe_wire import Keys
from tests.setting_up import check, give
from tests.stripe_fixtures import Peer

VALUES = {
    "EVERLINE_STRIPE_SECRET_KEY": "sk_live_a_secret_of_ours",
    "EVERLINE_STRIPE_WEBHOOK_SECRET": "whsec_another_secret",
}


def test_both_set_it_up_and_nothing_is_asked_yet(
    unplugged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, VALUES)
    assert plugs.stripe_lacks() == ()
    plugs.plug_in()
    assert isinstance(payments.gateway("stripe"), Stripe)
    assert payments.by_page("EUR")[0].name == "stripe"


def test_it_serves_before_the_sandbox(unplugged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, VALUES)
    monkeypatch.setattr(settings, "SANDBOX_ADDRESS", "http://localhost:9")
    monkeypatch.setattr(settings, "SANDBOX_SECRET", "secret of the tests")
    plugs.plug_in()
    assert [each.name for each in payments.by_page("EUR")] == ["stripe", "sandbox"]
    assert [each.name for each in payments.by_page("CUP")] == ["sandbox"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVERLINE_STRIPE_SECRET_KEY", ""),
        ("EVERLINE_STRIPE_SECRET_KEY", "pk_live_a_secret_of_ours"),
        ("EVERLINE_STRIPE_WEBHOOK_SECRET", ""),
        ("EVERLINE_STRIPE_WEBHOOK_SECRET", "sk_live_a_secret_of_ours"),
    ],
)
def test_without_one_it_is_not_there_and_the_doctor_names_it(
    unplugged: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    give(monkeypatch, VALUES, **{name: value})
    plugs.plug_in()
    assert "stripe" not in payments.installed()
    told = check("gateway stripe")
    assert (told.state, told.finding) == ("fail", f"wrong: {name}")
    assert "secret_of_ours" not in told.finding + told.way_out


def test_without_any_it_is_well_that_it_is_not_there(unplugged: None) -> None:
    assert set(plugs.stripe_lacks()) == set(VALUES)
    told = check("gateway stripe")
    assert (told.state, told.finding) == ("ok", "not set up, so nobody is offered it")


def test_keys_for_tests_are_warned_of(
    unplugged: None, monkeypatch: pytest.MonkeyPatch, stripe: Stripe
) -> None:
    gateways.install({"stripe": stripe})
    give(monkeypatch, VALUES, EVERLINE_STRIPE_SECRET_KEY="sk_test_of_the_tests")
    monkeypatch.setenv("STRIPE_LOG", "debug")
    assert check("keys of stripe").state == "warn"
    assert check("log of stripe").state == "fail"
    give(monkeypatch, VALUES)
    monkeypatch.delenv("STRIPE_LOG")
    found = {each.name: each.state for each in doctor.outside()}
    assert found["gateway stripe"] == "ok"
    assert not {"keys of stripe", "log of stripe"} & set(found)


@pytest.mark.peers
def test_the_doctor_tries_the_key(unplugged: None, peer: Peer) -> None:
    stranger = Stripe(Keys("sk_live_a_secret_of_ours", "whsec_1"), api=peer.url)
    gateways.install({"stripe": stranger})
    told = check("gateway stripe")
    assert (told.state, told.finding) == ("fail", "answered 401")
    assert "keys are right" in told.way_out
    stranger.close()
