"""How PayPal is spoken to: tokens, keys that are never shown, and answers that are no answers."""

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from everline.errors import FaultError
from everline.money import Money, currencies, exponent
from everline.payments.gateways import (
    ActionNeeded,
    Examinable,
    Unknown,
)
from everline.payments.gateways.paypal import ABILITIES, PayPal
from everline.payments.gateways.paypal_answers import order_of, value_of
from everline.payments.gateways.paypal_wire import PLACES, Keys, Place
from tests.paypal import charge, known, opened, paid
from tests.peers.paypal.double import KEYS, Double

NOW = datetime.now(UTC)


class TestTokens:
    """One token for the process, fetched again when it ends; our keys are in nothing we say."""

    def test_one_that_ended_before_its_time(self, paypal: PayPal, paypal_double: Double) -> None:
        wanted = charge()
        on_record = opened(paypal, wanted)
        paypal_double.forget_tokens()
        assert isinstance(paypal.query(wanted.attempt_key, NOW, on_record), ActionNeeded)
        assert len(paypal_double.calls("token")) == 2

    def test_one_that_is_never_taken(self, paypal: PayPal, paypal_double: Double) -> None:
        paypal_double.fail("create", "expired")
        paypal_double.fail("create", "expired")
        assert paypal.charge(charge()) == Unknown("answered 401")

    def test_one_that_ends_at_once_is_fetched_each_time(
        self, paypal: PayPal, paypal_double: Double
    ) -> None:
        paypal_double.token_seconds = 60
        opened(paypal, charge())
        opened(paypal, charge())
        assert len(paypal_double.calls("token")) == 2

    @pytest.mark.parametrize("fault", ["cut", "error", "expired"])
    def test_without_a_token_nothing_is_asked(
        self, paypal: PayPal, paypal_double: Double, fault: str
    ) -> None:
        assert isinstance(paypal, Examinable)
        paypal_double.fail("token", fault)
        assert isinstance(paypal.charge(charge()), Unknown)
        assert paypal_double.calls("create") == []
        assert paypal.trouble() == ""

    def test_keys_that_are_wrong(self, paypal_double: Double) -> None:
        stranger = PayPal(paypal_double.place, Keys("somebody", "else", "1A"))
        assert stranger.trouble() == "no token: answered 401"
        assert stranger.charge(charge()) == Unknown("no token: answered 401")
        stranger.close()

    def test_nobody_listens(self) -> None:
        nobody = PayPal(Place("http://127.0.0.1:9", "http://127.0.0.1:9/"), KEYS)
        assert nobody.charge(charge()) == Unknown("ConnectError")
        assert nobody.trouble() == "ConnectError"
        nobody.close()

    def test_keys_are_all_or_nothing_and_never_shown(self) -> None:
        with pytest.raises(ValueError, match="PayPal needs"):
            PayPal(PLACES["live"], Keys("client", "secret", ""))
        assert "secret" not in repr(KEYS)

    def test_no_key_token_or_person_is_logged(
        self, paypal: PayPal, paypal_double: Double, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        wanted = charge()
        paid(paypal, paypal_double, wanted)
        paypal_double.fail("read", "half")
        paypal.query(wanted.attempt_key, NOW, known(ActionNeeded("5O000001TN000001T", "")))
        for secret in (KEYS.secret, KEYS.client_id, "A21AA", "ana.buyer", "Buyer", "5O00"):
            assert secret not in caplog.text


class TestReading:
    """Whatever arrives instead of an answer, nothing is raised and nothing is believed."""

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(body=st.binary(max_size=300) | st.sampled_from([b"[" * 5000, b"null", b"{}", b'"x"']))
    def test_any_bytes_are_a_fault(self, body: bytes) -> None:
        with pytest.raises(FaultError):
            order_of(body, "key")

    def test_the_currencies_are_known_and_their_whole_units_are_whole(self) -> None:
        assert ABILITIES.currencies is not None
        assert ABILITIES.currencies <= currencies()
        for currency in ABILITIES.currencies:
            assert value_of(Money(10 ** exponent(currency), currency)) in {"1", "1.00"}
        for refused in ("IDR", "CNY", "BRL", "MYR", "KWD"):
            assert not ABILITIES.takes(refused)

    @pytest.mark.parametrize("amount", [Money(0, "EUR"), Money(-5, "EUR")])
    def test_no_amount_is_no_order(self, amount: Money) -> None:
        assert value_of(amount) is None
