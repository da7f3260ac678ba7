"""Charged once: by workers side by side, by one that is killed, over silence, at a gateway's pace.

What a killed worker leaves is made by its first half alone: what was marked is never sent again by
anybody but the janitor's question.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from everline import autorenewal, cards, database, payments, renewals
from everline.payments import Abilities, gateways
from everline.payments.gateways import Charge, Outcome
from everline.payments.gateways.sandbox import ABILITIES, Sandbox
from tests.purse import (
    NOBODY,
    armed,
    automatic,
    charge,
    renewal_of,
    sweep,
    to_rung,
    tries,
)
from tests.simulator import SimulatorProcess
from tests.town import Spoiler, at_once, findings
from tests.world import World


def placed(world: World, *tokens: str) -> list[cards.Card]:
    """Make a due card for each token, placed with the bank and not charged."""
    plan = world.plan()
    due = [armed(world, token, plan=plan) for token in tokens]
    to_rung(world, *due)
    assert sweep(world).placed == len(tokens)
    return due


def keys(world: World) -> list[str]:
    """Read the keys of automatic charges, in the order of the tries."""
    found = world.all(
        "select key from payments_attempt where is_unattended order by payment_id, number"
    )
    return [key for (key,) in found]


def claim(world: World, most: int = 100, rate: int | None = None) -> list[int]:
    """Mark attempts as sent, as a worker does that is killed right after; gives their waits."""
    with database.connection() as lent:
        found = lent.execute(
            "select wait_ms from claim_charges('sandbox', %s, %s, 600, %s)", [most, rate, world.at]
        ).fetchall()
    return sorted(wait_ms for (wait_ms,) in found)


def test_charging_again_finds_nothing(sandboxed_town: World, simulator: SimulatorProcess) -> None:
    town = sandboxed_town
    placed(town, "tok_approve", "tok_decline_soft")
    assert charge(town) == 2
    for _time in range(2):
        assert autorenewal.charge_due(town.now, notify_address=NOBODY) == 0
    assert [simulator.charge(key)["received"] for key in keys(town)] == [1, 1]


@pytest.mark.race
def test_workers_side_by_side_charge_each_card_once(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    town = sandboxed_town
    due = placed(town, *["tok_approve"] * 24)
    charged = at_once([lambda: autorenewal.charge_due(town.now, notify_address=NOBODY)] * 4)
    assert sum(charged) == 24
    assert {simulator.charge(key)["received"] for key in keys(town)} == {1}
    assert {automatic(town, card)[0][0] for card in due} == {"paid"}
    town.deliver_all()
    assert findings(town) == {}


@pytest.mark.race
def test_without_the_lock_they_would_charge_twice(
    sandboxed_town: World, simulator: SimulatorProcess, spoiler: Spoiler
) -> None:
    town = sandboxed_town
    placed(town, *["tok_approve"] * 4)
    spoiler.weaken(
        "send_charges",
        (
            "order by a.created_at, a.id limit send_charges.most for update of a skip locked",
            "and pg_sleep(0.1) is not null order by a.created_at, a.id limit send_charges.most",
        ),
    )
    at_once([lambda: autorenewal.charge_due(town.now, notify_address=NOBODY)] * 4)
    assert max(simulator.charge(key)["received"] for key in keys(town)) > 1


def test_killed_between_mark_and_call(sandboxed_town: World, simulator: SimulatorProcess) -> None:
    town = sandboxed_town
    (card,) = placed(town, "tok_approve")
    assert len(claim(town)) == 1
    assert claim(town) == []
    assert charge(town) == 0
    town.advance(minutes=1)
    assert town.ask_all() == 1
    assert tries(town) == [
        ("tok_approve", "failed", "never_received"),
        ("tok_approve", "created", ""),
    ]
    assert charge(town) == 1
    assert automatic(town, card) == [("paid", "gateway", "")]
    never, taken = keys(town)
    assert simulator.charge(never)["state"] == "failed"
    assert simulator.charge(taken)["state"] == "succeeded"
    town.deliver_all()
    assert findings(town) == {}


@pytest.mark.parametrize("token", ["tok_approve", "tok_decline_soft"])
def test_killed_between_call_and_settle(
    sandboxed_town: World, simulator: SimulatorProcess, token: str
) -> None:
    town = sandboxed_town
    (card,) = placed(town, token)
    claim(town)
    attempt = payments.first_attempt(renewal_of(town, card))
    assert attempt is not None
    payments.charge(
        attempt,
        description="Asia",
        return_url="",
        notify_url="",
        expires_at=town.at,
        locale="en",
        at=town.at,
    )
    assert tries(town) == [(token, "sent", "")]
    assert charge(town) == 0
    town.advance(minutes=1)
    town.ask_all()
    state = "paid" if token == "tok_approve" else "refused"
    assert automatic(town, card)[0][0] == state
    assert [simulator.charge(key)["received"] for key in keys(town)] == [1]


@pytest.mark.parametrize("fault", ["cut", "lost", "error", "garbage", "lying_amount"])
def test_no_clear_answer_charges_nobody_twice(
    sandboxed_town: World, simulator: SimulatorProcess, fault: str
) -> None:
    town = sandboxed_town
    (card,) = placed(town, "tok_approve")
    simulator.fault("charge", fault, keys(town)[0])
    assert charge(town) == 1
    assert tries(town) == [("tok_approve", "unknown", "")]
    town.advance(minutes=1)
    town.ask_all()
    charge(town)
    assert automatic(town, card) == [("paid", "gateway", "")]
    assert [simulator.charge(key)["state"] for key in keys(town)].count("succeeded") == 1
    town.deliver_all()
    assert findings(town) == {}


def test_a_gateway_that_never_answers_leads_to_the_next_rung(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    town = sandboxed_town
    (card,) = placed(town, "tok_unknown_yes")
    charge(town)
    for _time in range(4):
        town.advance(minutes=11)
        town.ask_all()
        town.expire_due()
    assert automatic(town, card) == [("expired", "gateway", "expired")]
    assert charge(town) == 0
    to_rung(town, card)
    assert sweep(town).placed == 1
    assert charge(town) == 1
    assert {simulator.charge(key)["received"] for key in keys(town)} == {1}


def test_what_cannot_be_settled_together_is_settled_one_by_one(
    sandboxed_town: World, spoiler: Spoiler, caplog: pytest.LogCaptureFixture
) -> None:
    town = sandboxed_town
    due = placed(town, *["tok_approve"] * 3)
    spoiler.weaken(
        "settle_charges", ("    for told in\n", "    raise exception 'spoilt';\n    for told in\n")
    )
    assert charge(town) == 3
    assert [automatic(town, card)[0][0] for card in due] == ["paid"] * 3
    assert "one by one" in caplog.text


def test_who_pays_meanwhile_is_not_charged_too(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    town = sandboxed_town
    (card,) = placed(town, "tok_approve")
    town.fund(card.account_id, "balance", 1000)
    paid = renewals.pay_open(town.caller(), renewal_of(town, card), card.account_id, town.at)
    assert paid.outcome == "renewed"
    assert charge(town) == 0
    assert tries(town) == [("tok_approve", "failed", "")]
    with pytest.raises(AssertionError):
        simulator.charge(keys(town)[0])  # The bank has never heard of it.


def test_a_gateways_pace_holds_over_all_workers(sandboxed_town: World) -> None:
    town = sandboxed_town
    placed(town, *["tok_approve"] * 12)
    first = claim(town, most=4, rate=5)
    assert first == [0, 200, 400, 600]
    assert claim(town, rate=5) == [800]
    assert claim(town, rate=5) == []
    town.advance(seconds=1)
    more = at_once([lambda: claim(town, most=3, rate=5)] * 3)
    assert sorted(wait_ms for each in more for wait_ms in each) == [0, 200, 400, 600, 800]
    town.advance(days=-1)
    assert len(claim(town, rate=5)) == 2  # A clock that was put back stops nobody for a day.


class Narrow(Sandbox):
    """The sandbox's adapter with another pace, which counts how many calls are under way."""

    def __init__(self, bank: SimulatorProcess, abilities: Abilities) -> None:
        super().__init__(bank.url, bank.notify_secret)
        self._abilities = abilities
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    @property
    def abilities(self) -> Abilities:
        return self._abilities

    def charge(self, charge: Charge) -> Outcome:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return super().charge(charge)
        finally:
            with self._lock:
                self._now -= 1


@contextmanager
def narrow(bank: SimulatorProcess, **pace: int) -> Iterator[Narrow]:
    made = Narrow(bank, replace(ABILITIES, **pace))  # type: ignore[arg-type]
    gateways.install({"sandbox": made})
    yield made
    made.close()


def test_no_more_calls_at_once_than_the_gateway_bears(
    sandboxed_town: World, simulator: SimulatorProcess
) -> None:
    town = sandboxed_town
    simulator.settings(slow_ms=50)
    placed(town, *["tok_slow"] * 12)
    with narrow(simulator, concurrency_max=3) as gateway:
        assert charge(town) == 12
        assert gateway.most == 3


def test_an_adapter_with_a_fault_of_ours_leaves_it_to_the_janitor(
    sandboxed_town: World,
    simulator: SimulatorProcess,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = sandboxed_town
    (card,) = placed(town, "tok_approve")

    def broken(*_given: object) -> Outcome:
        raise ZeroDivisionError

    with monkeypatch.context() as patched, narrow(simulator) as gateway:
        patched.setattr(gateway, "charge", broken)
        assert charge(town) == 1
    gateways.install({"sandbox": sandbox})
    assert tries(town) == [("tok_approve", "sent", "")]
    town.advance(minutes=1)
    town.ask_all()
    assert charge(town) == 1
    assert automatic(town, card) == [("paid", "gateway", "")]
