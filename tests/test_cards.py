"""Cards: activation, binding, loss and return, usage; each act once a request, none out of turn."""

from functools import partial
from typing import Any

import psycopg
import pytest

from everline import cards
from everline.ids import Eid, Imei
from tests.town import at_once, findings, outcomes
from tests.world import GIGABYTE, World

PHONES = [Imei(number) for number in ("490154203237518", "356938035643809", "353879234252633")]
CHIP = Eid("89049032123451234512345678901235")
STATES = ("in_stock", "activated", "bound", "suspended", "lost", "terminated")


def activate(world: World, card: cards.Card, code: str) -> Any:
    hashed = cards.start_code_hash(card.iccid, code)
    return cards.activate(world.caller(), card.id, hashed, world.at)


def bind(world: World, card: cards.Card, device: Imei | Eid) -> Any:
    return cards.bind(world.caller(), card.id, device, world.at)


def change(world: World, card: cards.Card, event: str) -> Any:
    return cards.change(world.caller(), card.id, event, world.at)


def state(card: cards.Card) -> str:
    found = cards.find_by_id(card.id)
    assert found is not None
    return found.state


def test_a_stocked_card_is_activated_bound_and_renewed(town: World) -> None:
    card, plan = town.card("in_stock", balance=1000), town.plan()
    assert bind(town, card, PHONES[0]).reason == "card_not_active"
    assert town.renew(card, plan).reason == "card_not_active"
    assert activate(town, card, "start 0001").outcome == "activated"
    assert town.renew(card, plan).reason == "card_not_bound"
    assert bind(town, card, PHONES[0]).outcome == "bound"
    assert town.renew(card, plan).outcome == "renewed"
    steps = "select event, to_state from database_history where machine = 'card' order by event"
    assert town.all(steps) == [
        ("activate", "activated"),
        ("bind", "bound"),
    ]
    assert findings(town) == {}


def test_ten_wrong_start_codes_lock_a_card_and_a_replay_is_no_try(town: World) -> None:
    card = town.card("in_stock")
    wrong, caller = cards.start_code_hash(card.iccid, "WRONG"), town.caller()
    for _again in range(3):
        told = cards.activate(caller, card.id, wrong, town.at)
        assert (told.reason, told.facts) == ("start_code_wrong", {"tries_left": 9})
    for left in range(8, -1, -1):
        assert activate(town, card, "WRONG").facts == {"tries_left": left}
    assert activate(town, card, "START-0001").reason == "start_code_locked"
    assert state(card) == "in_stock"


def test_guesses_at_once_are_counted_all(town: World) -> None:
    card = town.card("in_stock")
    answers = at_once([partial(activate, town, card, f"GUESS {number}") for number in range(16)])
    assert outcomes(answers) == {"start_code_wrong": 10, "start_code_locked": 6}


def test_a_plan_for_three_serves_three_and_tells_which(town: World) -> None:
    card = town.card(balance=1000)
    assert bind(town, card, PHONES[0]).outcome == "bound"
    assert bind(town, card, PHONES[1]).reason == "device_limit"
    town.renew(card, town.plan(devices=3))
    town.advance(minutes=1)
    assert bind(town, card, PHONES[1]).outcome == "bound"
    town.advance(minutes=1)
    assert bind(town, card, PHONES[1]).reason == "device_bound"
    assert bind(town, card, CHIP).outcome == "bound"
    full = bind(town, card, PHONES[2])
    assert full.reason == "device_limit"
    assert full.facts == {
        "most": 3,
        "devices": ["…" + str(device)[-4:] for device in (PHONES[0], PHONES[1], CHIP)],
    }
    assert [device.kind for device in cards.status(card, town.at).devices] == [
        "imei",
        "imei",
        "eid",
    ]


def test_devices_bound_at_once_stay_within_the_limit(town: World) -> None:
    card = town.card("activated")
    answers = at_once([partial(bind, town, card, phone) for phone in PHONES * 3])
    assert outcomes(answers)["bound"] == 1
    assert state(card) == "bound"
    assert findings(town) == {}


def test_without_its_last_device_a_card_waits_to_be_bound(town: World) -> None:
    card = town.card("activated")
    bind(town, card, PHONES[0])
    number = str(PHONES[0])
    assert cards.unbind(town.caller(), card.id, "000000000000000", town.at).reason == (
        "device_unknown"
    )
    assert cards.unbind(town.caller(), card.id, number, town.at).outcome == "unbound"
    assert state(card) == "activated"
    assert bind(town, card, PHONES[0]).outcome == "bound"


@pytest.mark.parametrize("has_device", [True, False])
def test_a_lost_card_comes_back_as_it_was(town: World, has_device: bool) -> None:  # noqa: FBT001
    card = town.card("activated")
    if has_device:
        bind(town, card, PHONES[0])
    assert change(town, card, "lose").outcome == "changed"
    assert bind(town, card, PHONES[1]).reason == "card_state"
    assert change(town, card, "resume").outcome == "changed"
    assert state(card) == ("bound" if has_device else "activated")
    assert findings(town) == {}


@pytest.mark.parametrize("was", STATES)
def test_only_steps_of_the_table_are_taken(town: World, was: str) -> None:
    allowed = {
        "suspend": {"bound": "suspended"},
        "lose": dict.fromkeys(("activated", "bound", "suspended"), "lost"),
        "resume": dict.fromkeys(("suspended", "lost"), "activated"),
        "terminate": dict.fromkeys(STATES[:-1], "terminated"),
    }
    for event, steps in allowed.items():
        card = town.card(was)
        told = change(town, card, event)
        assert (told.reason, state(card)) == (
            (None, steps[was]) if was in steps else ("card_state", was)
        )
    assert findings(town) == {}


def test_what_nobody_has_is_unknown(town: World) -> None:
    card = town.card()
    stranger = town.plan().plan_id
    for told in (
        cards.activate(town.caller(), stranger, b"", town.at),
        cards.bind(town.caller(), stranger, PHONES[0], town.at),
        cards.unbind(town.caller(), stranger, "1", town.at),
        cards.change(town.caller(), stranger, "lose", town.at),
    ):
        assert told.reason == "card_unknown"
    with pytest.raises(psycopg.Error, match="no such change"):
        change(town, card, "activate")


def test_an_act_is_replayed_and_its_id_serves_no_other_act(town: World) -> None:
    card, caller = town.card(), town.caller()
    assert not cards.change(caller, card.id, "suspend", town.at).replayed
    again = cards.change(caller, card.id, "suspend", town.at)
    assert (again.outcome, again.replayed) == ("changed", True)
    assert cards.change(caller, card.id, "lose", town.at).reason == "request_reused"
    assert cards.change(caller, town.card().id, "suspend", town.at).reason == "request_reused"


def test_an_older_figure_of_usage_never_replaces_a_newer_one(town: World) -> None:
    card = town.card(balance=1000)
    assert not cards.record_usage(card.id, 1, town.at)
    town.renew(card, town.plan(gigabytes=3))
    earlier = town.advance(hours=1)
    later = town.advance(hours=1)
    assert cards.record_usage(card.id, 2 * GIGABYTE, later)
    assert not cards.record_usage(card.id, 1 * GIGABYTE, earlier)
    status = cards.status(card, later)
    assert status.present is not None
    assert status.present.left_bytes == GIGABYTE
    with pytest.raises(psycopg.Error, match="negative"):
        cards.record_usage(card.id, -1, later)


def test_a_card_is_found_by_its_numbers_until_it_ends(town: World) -> None:
    card = town.card()
    assert card.msisdn is not None
    assert cards.find(card.iccid) == cards.find(card.msisdn) == card
    change(town, card, "terminate")
    assert cards.find(card.msisdn) is None
    assert town.card(msisdn=card.msisdn).msisdn == card.msisdn
