"""Service PINs: which are taken, how wrong ones are counted, and that none can be read back."""

import hashlib
from collections import Counter
from functools import partial
from uuid import uuid4

import pytest
from hypothesis import given, strategies as some

from everline import trust
from everline.ids import InvalidNumberError
from everline.trust import PinCheck, pins
from tests.town import DAWDLE, Spoiler, at_once
from tests.world import World

MANY = 64
WRONG = "9173"


def test_the_right_pin_is_right_and_none_is_told(town: World) -> None:
    card = town.card()
    assert trust.check_pin(card.account_id, "2580", town.at).outcome == "none"
    assert not trust.has_pin(card.account_id)
    pin = town.pin(card)
    assert trust.has_pin(card.account_id)
    assert trust.check_pin(card.account_id, pin, town.at).is_right
    assert trust.check_pin(town.card().account_id, pin, town.at).outcome == "none"


def test_the_fifth_wrong_pin_locks_for_half_an_hour(town: World) -> None:
    card = town.card()
    pin = town.pin(card)

    def check(pin: str) -> PinCheck:
        return trust.check_pin(card.account_id, pin, town.at)

    assert [check(WRONG).tries_left for _try in range(4)] == [4, 3, 2, 1]
    locked = check(WRONG)
    assert locked.outcome == "locked"
    until = locked.locked_until
    assert until is not None
    assert (until - town.at).total_seconds() == 60 * pins.LOCK_MINUTES
    town.advance(minutes=29)
    assert check(pin) == PinCheck("locked", 0, until)
    town.advance(minutes=1)
    assert check(WRONG).tries_left == 4
    assert check(pin).is_right
    assert check(WRONG).tries_left == 4


def test_a_new_pin_ends_a_lock_and_the_old_pin(town: World) -> None:
    card = town.card()
    old = town.pin(card)
    for _try in range(pins.TRIES_MAX):
        trust.check_pin(card.account_id, WRONG, town.at)
    new = town.pin(card, "860417")
    assert trust.check_pin(card.account_id, new, town.at).is_right
    assert trust.check_pin(card.account_id, old, town.at).outcome == "wrong"


def test_the_same_request_is_replayed_and_another_pin_under_it_refused(town: World) -> None:
    card, caller = town.card(), town.caller("office")
    first = trust.set_pin(caller, card.account_id, "2580", town.at)
    again = trust.set_pin(caller, card.account_id, "2580", town.at)
    other = trust.set_pin(caller, card.account_id, "2581", town.at)
    assert (first.outcome, first.replayed, again.replayed) == ("pin_set", False, True)
    assert other.reason == "request_reused"
    assert trust.check_pin(card.account_id, "2580", town.at).is_right


@pytest.mark.parametrize(
    ("pin", "said"),
    [
        *((pin, "4 to 6 digits") for pin in ("", "123", "1234567", "12a4", "２５８０", "-123")),
        *((pin, "easily guessed") for pin in ("1111", "000000", "1234", "4321", "67890", "2727")),
    ],
)
def test_a_bad_pin_is_refused_with_a_sentence(town: World, pin: str, said: str) -> None:
    card = town.card()
    with pytest.raises(InvalidNumberError, match=said) as told:
        trust.set_pin(town.caller(), card.account_id, pin, town.at)
    assert told.value.field == "pin"
    assert not trust.has_pin(card.account_id)


def test_the_end_of_the_cards_own_numbers_is_refused(town: World) -> None:
    card = town.card(msisdn="+351912345907")
    for pin in ("5907", "345907", card.iccid[-4:]):
        with pytest.raises(InvalidNumberError, match=r"own number|easily"):
            trust.set_pin(town.caller(), card.account_id, pin, town.at)


@given(some.text(max_size=12))
def test_a_pin_that_is_taken_is_plain_digits(text: str) -> None:
    try:
        assert pins.read_pin(text) == text
    except InvalidNumberError:
        return
    assert text.isascii()
    assert text.isdigit()
    assert len(text) in {4, 5, 6}


def test_no_pin_and_no_plain_hash_of_one_is_kept(town: World) -> None:
    card = town.card()
    pin = town.pin(card)
    kept = town.one("select p::text from trust_pin p") + town.one(
        "select string_agg(r::text, ' ') from database_request r"
    )
    assert pin not in kept.replace(str(card.account_id), "")
    assert hashlib.sha256(pin.encode()).hexdigest() not in kept
    assert pins.pin_hash(card.account_id, pin) != pins.pin_hash(uuid4(), pin)


def _guess_many_times(world: World) -> Counter[str]:
    card = world.card()
    world.pin(card)
    # Hashed once: what is raced is the verb, and a hash is dear.
    hashed = pins.pin_hash(card.account_id, WRONG)
    guess = partial(world.verb, "check_pin", card.account_id, hashed, world.at)
    return Counter(at_once([guess] * MANY))


@pytest.mark.race
def test_wrong_pins_at_once_are_all_counted(town: World) -> None:
    assert _guess_many_times(town) == {"wrong": 4, "locked": MANY - 4}
    assert town.one("select tries from trust_pin") == pins.TRIES_MAX


@pytest.mark.race
def test_without_the_lock_more_can_be_guessed(town: World, spoiler: Spoiler) -> None:
    spoiler.weaken("check_pin", ("check_pin.account for update;", f"check_pin.account; {DAWDLE}"))
    assert _guess_many_times(town)["wrong"] > 4
