"""Tills and kiosks: one-time codes, keys, being seen, being revoked; and return calls."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import connections
from hypothesis import given, strategies as some

from everline.ids import SPOKEN_ALPHABET, CustomerNumber, InvalidNumberError, Msisdn, luhn_digit
from everline.people import return_calls, terminals
from everline.people.models import Terminal as Row
from everline.people.roles import Role
from tests.stores import Device
from tests.town import DAWDLE, Spoiler, at_once
from tests.world import World

MANY = 16
PHONE = Msisdn.parse("+351 912 345 678")


def test_a_code_lets_one_device_in_and_the_key_finds_it(town: World) -> None:
    store = town.retailer()
    row = town.unenrolled("kiosk", store)
    code = terminals.open_enrolment(row.id, town.at)
    assert set(code) <= {*SPOKEN_ALPHABET, "-"}
    enrolled = terminals.enrol(f" {code.lower().replace('-', ' ')} ", town.advance(minutes=29))
    assert enrolled is not None
    found = terminals.find_terminal(enrolled.key, town.at)
    assert found == enrolled.terminal
    assert (found.kind, found.code, found.retailer_id) == ("kiosk", row.code, store.id)
    assert found.account_id == store.account_id
    assert terminals.enrol(code, town.at) is None


def test_no_code_and_no_key_is_kept(town: World) -> None:
    row = town.unenrolled()
    code = terminals.open_enrolment(row.id, town.at)
    key = town.terminal().key
    kept = town.one("select string_agg(t::text, ' ') from people_terminal t")
    for secret in (code, code.replace("-", ""), key, key.encode().hex()):
        assert secret not in kept


def test_a_code_ends_after_half_an_hour_and_with_the_next_one(town: World) -> None:
    row = town.unenrolled()
    late = terminals.open_enrolment(row.id, town.at)
    assert terminals.enrol(late, town.advance(minutes=30)) is None
    first = terminals.open_enrolment(row.id, town.at)
    second = terminals.open_enrolment(row.id, town.at)
    assert terminals.enrol(first, town.at) is None
    assert terminals.enrol(second, town.at) is not None


def test_ten_wrong_codes_end_those_that_are_open(town: World) -> None:
    code = terminals.open_enrolment(town.unenrolled().id, town.at)
    for _try in range(9):
        assert terminals.enrol("AAAA-AAAA", town.at) is None
    assert town.one("select max(enrol_tries) from people_terminal") == 9
    assert terminals.enrol("", town.at) is None
    assert terminals.enrol(code, town.at) is None


def test_an_unknown_terminal_cannot_be_opened(town: World) -> None:
    with pytest.raises(Row.DoesNotExist):
        terminals.open_enrolment(town.retailer().id, town.at)


def test_a_replaced_or_revoked_key_and_a_closed_store_end_it(town: World) -> None:
    device = town.terminal()
    code = terminals.open_enrolment(device.terminal.id, town.at)
    assert terminals.find_terminal(device.key, town.at) is not None
    again = terminals.enrol(code, town.at)
    assert again is not None
    assert terminals.find_terminal(device.key, town.at) is None
    open_code = terminals.open_enrolment(device.terminal.id, town.at)
    assert terminals.revoke(device.terminal.id, town.at)
    assert not terminals.revoke(device.terminal.id, town.at)
    assert terminals.find_terminal(again.key, town.at) is None
    assert terminals.enrol(open_code, town.at) is None
    other = town.terminal()
    town.owner.execute("update people_retailer set closed_at = %s", [town.at])
    assert terminals.find_terminal(other.key, town.at) is None
    assert terminals.find_terminal(other.key, town.at - timedelta(seconds=1)) is not None


@pytest.mark.parametrize("key", ["", "evt_", "evl_" + "A" * 43, "evt_" + "A" * 43, "x" * 5000])
def test_what_is_no_key_finds_nothing(town: World, key: str) -> None:
    assert terminals.find_terminal(key, town.at) is None


def seen(world: World, device: Device) -> object:
    return world.one("select last_seen_at from people_terminal where id = %s", device.terminal.id)


def test_being_seen_is_written_once_a_minute(town: World) -> None:
    device = town.terminal()
    first = town.at
    terminals.find_terminal(device.key, town.advance(seconds=59))
    assert seen(town, device) == first
    terminals.find_terminal(device.key, town.advance(seconds=1))
    assert seen(town, device) == town.at


def _enrol_many_times(world: World) -> list[terminals.Enrolled]:
    code = terminals.open_enrolment(world.unenrolled().id, world.at)
    answers = at_once([partial(terminals.enrol, code, world.at)] * MANY)
    return [answer for answer in answers if answer is not None]


@pytest.mark.race
def test_one_code_entered_at_once_gives_one_key(town: World) -> None:
    [enrolled] = _enrol_many_times(town)
    assert terminals.find_terminal(enrolled.key, town.at) is not None


@pytest.mark.race
def test_without_its_condition_one_code_gives_several_keys(town: World, spoiler: Spoiler) -> None:
    condition = (
        "where t.enrol_code_hash = enrol_terminal.code_hash\n"
        "      and t.enrol_expires_at > enrol_terminal.at and t.enrol_tries < 10"
    )
    spoiler.weaken(
        "enrol_terminal",
        (condition, "where t.id = opened"),
        ("    enrolled uuid;", "    enrolled uuid; opened uuid;"),
        (
            "    update people_terminal t\n    set key_hash",
            (
                f"    select t.id into opened from people_terminal t {condition}; {DAWDLE}\n"
                "    update people_terminal t\n    set key_hash"
            ),
        ),
    )
    assert len(_enrol_many_times(town)) > 1


# Return calls.


def test_a_number_waits_for_one_call_until_somebody_has_called(town: World) -> None:
    agent = town.clerk()
    card = town.card()
    first = return_calls.leave(PHONE, town.at, locale="id", card_id=card.id, note="x" * 500)
    again = return_calls.leave(PHONE, town.advance(minutes=5))
    assert first == again
    [call] = return_calls.waiting()
    assert (call.id, call.phone, call.locale, call.card_id) == (first, PHONE, "id", card.id)
    assert len(call.note) == return_calls.NOTE_LENGTH_MAX
    assert return_calls.done(first, agent.id, town.at)
    assert not return_calls.done(first, agent.id, town.at)
    assert return_calls.waiting() == []
    assert return_calls.leave(PHONE, town.at) != first


@pytest.mark.race
def test_many_wishes_at_once_are_one_call(town: World) -> None:
    def leave() -> UUID:
        try:
            return return_calls.leave(PHONE, town.at)
        finally:
            connections.close_all()  # Django's are of the thread, which ends here.

    wishes = at_once([leave] * MANY)
    assert len(set(wishes)) == 1
    assert town.one("select count(*) from people_returncall") == 1


def test_who_has_waited_longest_comes_first(town: World) -> None:
    for number in range(3):
        return_calls.leave(Msisdn.parse(f"+35191234567{number}"), town.advance(minutes=1))
    assert [call.phone[-1] for call in return_calls.waiting(2)] == ["0", "1"]


# Customer numbers.


def test_everybody_has_a_customer_number_of_their_own(town: World) -> None:
    inner = sorted(town.staff(role).customer_number for role in (Role.CLERK, Role.OWNER))
    assert len(set(inner)) == 2
    number = CustomerNumber.of(inner[0])
    assert CustomerNumber.parse(number.spaced) == number
    assert number.inner == inner[0]


@given(some.integers(1_000_000, 9_999_999), some.integers(0, 7), some.integers(1, 9))
def test_one_wrong_digit_of_a_customer_number_is_found(inner: int, place: int, off: int) -> None:
    number = CustomerNumber.of(inner)
    assert number == f"{inner}{luhn_digit(str(inner))}"
    wrong = number[:place] + str((int(number[place]) + off) % 10) + number[place + 1 :]
    with pytest.raises(InvalidNumberError) as told:
        CustomerNumber.parse(wrong)
    assert told.value.field == "customer_number"


@pytest.mark.parametrize("typed", ["1000", "1000 001", "0000 0000", "1000 000 000 000 6", "abc"])
def test_what_is_no_customer_number_is_explained(typed: str) -> None:
    with pytest.raises(InvalidNumberError):
        CustomerNumber.parse(typed)
