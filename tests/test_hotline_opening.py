"""A new card opened by telephone: its start code in digits or letters, its device, its plan."""

import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from hypothesis import given, strategies as st

from everline import cards, clock
from everline.cards import Card
from everline.channels.hotline.models import Leg
from everline.channels.hotline.opening import ON_KEY, spelled
from tests.channels.hotline import TOKEN, Line
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def hall(world: World) -> Iterator[World]:
    """A world whose time the hotline's clock shows."""
    settings.HOTLINE_TOKEN = TOKEN
    clock.use_offset(lambda: world.at - datetime.now(UTC) + timedelta(milliseconds=20))
    yield world
    clock.use_offset(timedelta)
    settings.HOTLINE_TOKEN = ""


def _called(card: Card) -> Line:
    """Call from the card's own number, in English."""
    assert card.msisdn is not None
    line = Line(card.msisdn)
    if "For English" in line.dial():
        line.key("1")
    return line


def test_a_card_without_a_device_is_bound_and_goes_on(hall: World) -> None:
    card = hall.card("activated")
    hall.plan()
    line = _called(card)
    assert "not bound to a device yet" in line.heard
    line.key("1")
    assert "This is not an IMEI." in line.key("123#")
    assert "The card is bound to the device. The card that ends in" in line.key("490154203237518#")
    assert "Choose a plan." in line.key("2")


def test_a_new_card_is_activated_by_letters_bound_and_renewed(hall: World) -> None:
    card = hall.card("in_stock")
    hashed = cards.start_code_hash(card.iccid, "NEW4-BASE")
    hall.owner.execute("update cards_card set start_code_hash = %s", [hashed])
    hall.plan()
    line = _called(card)
    assert "not active yet" in line.heard
    assert "A is 2 1" in line.key("2")
    assert "These are not pairs of keys." in line.key("623#")
    # N E W 4 B A S A is wrong, with E at the end it is right; the dash is not keyed.
    assert "The start code is wrong. 9 tries are left." in line.key("6232910422217421#")
    line.key("2")
    assert "The card is active now. This card is active, but not bound" in line.key(
        "6232910422217432#"
    )
    line.key("1")
    assert "The card is bound to the device. The card that ends in" in line.key("490154203237518#")
    assert "Choose a plan." in line.key("2")
    (kept,) = hall.all("select string_agg(answer || step || plan_code, '') from hotline_leg")
    assert "NEW4" not in str(kept)


def test_a_start_code_of_digits_is_keyed_as_it_is(hall: World) -> None:
    card = hall.card("in_stock")
    hashed = cards.start_code_hash(card.iccid, "20260042")
    hall.owner.execute("update cards_card set start_code_hash = %s", [hashed])
    line = _called(card)
    line.key("1")
    assert "The card is active now." in line.key("20260042#")


def test_ten_wrong_start_codes_lock_the_card_and_lead_to_a_person(hall: World) -> None:
    card = hall.card("in_stock")
    line = _called(card)
    for _each in range(10):
        line.key("1")
        line.key("11111111#")
    line.key("1")
    assert "too many wrong start codes" in line.key("11111111#")


def test_an_eid_is_keyed_and_the_chosen_plan_is_gone_back_to(hall: World) -> None:
    card = hall.card("activated")
    plan = hall.plan()
    line = _called(card)
    Leg.objects.update(plan_code=plan.code)  # As after a refusal in the middle of choosing.
    line.key("1")
    assert "This is not an EID." in line.key("89049032123451234512345678901234#")
    heard = line.key("89049032123451234512345678901235#")
    assert f"The card is bound to the device. The plan {plan.code}" in heard


@pytest.mark.parametrize(
    ("keyed", "code"),
    [
        ("623291042322", "NEW4CB"),
        ("0001020304050607080974", "0123456789S"),
        ("94", "Z"),
        ("", ""),
        ("2", ""),
        ("24", ""),
        ("20", ""),
        ("11", ""),
        ("2a", ""),
    ],
)
def test_pairs_of_keys_are_read(keyed: str, code: str) -> None:
    assert spelled(keyed) == code


@given(st.text(alphabet=string.ascii_uppercase + string.digits, max_size=20))
def test_every_code_can_be_keyed(code: str) -> None:
    places = {
        letter: f"{key}{place}"
        for key, letters in ON_KEY.items()
        for place, letter in enumerate(letters, 1)
    }
    assert spelled("".join(places.get(sign, f"0{sign}") for sign in code)) == code
