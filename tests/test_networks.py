"""The simulated network's adapter against the real simulator process."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from everline.errors import MisuseError
from everline.ids import Eid
from everline.provisioning.network import (
    Applied,
    NetworkOrder,
    NotFound,
    Refused,
    Reversed,
    Unknown,
    install,
    installed,
    network as network_named,
)
from everline.provisioning.simulated import Simulated
from tests.simulator import SimulatorProcess, start_simulator, wait_until

STARTS = datetime(2026, 3, 1, tzinfo=UTC)


def order(ending: str = "000000") -> NetworkOrder:
    return NetworkOrder(
        reference=f"{uuid.uuid4()}-apply",
        iccid=f"8962{uuid.uuid4().int % 10**9:09d}{ending}",
        starts_at=STARTS,
        ends_at=STARTS + timedelta(days=30),
        allowance_bytes=10 * 1024**3,
        bonus_bytes=1024**3,
    )


def test_applied_once(simulator: SimulatorProcess, network: Simulated) -> None:
    wanted = order()
    assert network.query(wanted.reference) == NotFound(wanted.reference)
    assert network.apply(wanted) == Applied(wanted.reference)
    assert network.apply(wanted) == Applied(wanted.reference)
    assert network.query(wanted.reference) == Applied(wanted.reference)
    [held] = simulator.card(wanted.iccid)
    assert (held["applied"], held["received"]) == (1, 2)
    assert held["allowance_bytes"] == 10 * 1024**3
    assert held["bonus_bytes"] == 1024**3
    assert datetime.fromisoformat(held["ends_at"]) == wanted.ends_at


def test_unlimited_with_fair_use(simulator: SimulatorProcess, network: Simulated) -> None:
    wanted = replace(order(), allowance_bytes=None, fair_use_bytes=50 * 1024**3, replaces=True)
    assert network.apply(wanted) == Applied(wanted.reference)
    held = simulator.order(wanted.reference)
    assert held["allowance_bytes"] is None
    assert held["fair_use_bytes"] == 50 * 1024**3
    assert held["replaces"] is True


@pytest.mark.race
def test_many_at_once_are_applied_once(simulator: SimulatorProcess, network: Simulated) -> None:
    wanted = order()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(network.apply, [wanted] * 32)) == {Applied(wanted.reference)}
    told = simulator.order(wanted.reference)
    assert (told["applied"], told["received"]) == (1, 32)


def test_another_order_under_a_known_reference(network: Simulated) -> None:
    wanted = order()
    network.apply(wanted)
    other = replace(wanted, allowance_bytes=1)
    assert network.apply(other) == Unknown("answered 409")


class TestCardsWithMisfortune:
    """What the five digits before the check digit stand for."""

    def test_refused(self, simulator: SimulatorProcess, network: Simulated) -> None:
        wanted = order("999010")
        assert network.apply(wanted) == Refused("card_not_on_network")
        assert network.query(wanted.reference) == Refused("card_not_on_network")
        assert simulator.order(wanted.reference)["applied"] == 0

    def test_late(self, network: Simulated) -> None:
        wanted = order("999020")
        assert network.apply(wanted) == Unknown("says 'accepted'")
        assert network.query(wanted.reference) == Unknown("says 'accepted'")
        wait_until(lambda: network.query(wanted.reference) == Applied(wanted.reference))

    def test_applied_but_silent(self, network: Simulated) -> None:
        wanted = order("999030")
        assert network.apply(wanted) == Unknown("RemoteProtocolError")
        assert network.query(wanted.reference) == Applied(wanted.reference)

    def test_lost_on_the_way(self, simulator: SimulatorProcess, network: Simulated) -> None:
        wanted = order("999040")
        assert network.apply(wanted) == Unknown("RemoteProtocolError")
        assert network.query(wanted.reference) == NotFound(wanted.reference)
        assert network.apply(wanted) == Applied(wanted.reference)
        assert simulator.order(wanted.reference)["applied"] == 1

    def test_arriving_twice(self, simulator: SimulatorProcess, network: Simulated) -> None:
        wanted = order("999050")
        assert network.apply(wanted) == Applied(wanted.reference)
        told = simulator.order(wanted.reference)
        assert (told["applied"], told["received"]) == (1, 2)


class TestFaults:
    """Scripted misfortunes: unknown at first, and told truthfully by a later question."""

    @pytest.mark.parametrize("fault", ["lost", "error_after", "garbage"])
    def test_applied_and_not_told(
        self, simulator: SimulatorProcess, network: Simulated, fault: str
    ) -> None:
        wanted = order()
        simulator.fault("network.apply", fault, wanted.iccid)
        assert isinstance(network.apply(wanted), Unknown)
        assert network.query(wanted.reference) == Applied(wanted.reference)

    @pytest.mark.parametrize("fault", ["lying_status", "lying_key"])
    def test_lies(self, simulator: SimulatorProcess, network: Simulated, fault: str) -> None:
        wanted = order()
        simulator.fault("network.apply", fault, wanted.reference)
        assert isinstance(network.apply(wanted), Unknown)
        simulator.fault("network.query", fault, wanted.reference)
        assert isinstance(network.query(wanted.reference), Unknown)
        simulator.fault("network.reverse", fault, wanted.reference)
        assert isinstance(network.reverse(wanted.reference), Unknown)

    @pytest.mark.parametrize("fault", ["cut", "error"])
    def test_never_arrived(
        self, simulator: SimulatorProcess, network: Simulated, fault: str
    ) -> None:
        wanted = order()
        simulator.fault("network.apply", fault, wanted.reference)
        assert isinstance(network.apply(wanted), Unknown)
        assert network.query(wanted.reference) == NotFound(wanted.reference)

    def test_refused_by_script(self, simulator: SimulatorProcess, network: Simulated) -> None:
        wanted = order()
        simulator.fault("network.apply", "refuse", wanted.iccid, reason="supplier_out_of_stock")
        assert network.apply(wanted) == Refused("supplier_out_of_stock")

    @pytest.mark.parametrize("outcome", ["applied", "refused"])
    def test_late_until_somebody_decides(
        self, simulator: SimulatorProcess, network: Simulated, outcome: str
    ) -> None:
        wanted = order()
        simulator.fault("network.apply", "late", wanted.reference, milliseconds=60_000)
        assert isinstance(network.apply(wanted), Unknown)
        simulator.control("network", reference=wanted.reference, outcome=outcome)
        told = network.query(wanted.reference)
        assert told == (Applied(wanted.reference) if outcome == "applied" else Refused("scripted"))

    def test_slower_than_the_timeout(self, simulator: SimulatorProcess, network: Simulated) -> None:
        hasty = Simulated(simulator.url, timeout_seconds=1)
        wanted = order()
        simulator.fault("network.apply", "slow", wanted.reference, milliseconds=1500)
        assert hasty.apply(wanted) == Unknown("ReadTimeout")
        wait_until(lambda: network.query(wanted.reference) == Applied(wanted.reference))
        hasty.close()

    def test_nobody_listens(self) -> None:
        adapter = Simulated("http://localhost:9")
        assert adapter.apply(order()) == Unknown("ConnectError")
        assert adapter.query("any") == Unknown("ConnectError")
        assert adapter.reverse("any") == Unknown("ConnectError")
        adapter.close()


class TestReversal:
    """Taken back, once, and never applied after that."""

    def test_taken_back(self, simulator: SimulatorProcess, network: Simulated) -> None:
        wanted = order()
        network.apply(wanted)
        assert network.reverse(wanted.reference) == Reversed(wanted.reference)
        assert network.reverse(wanted.reference) == Reversed(wanted.reference)
        assert network.query(wanted.reference) == Refused("reversed")
        assert network.apply(wanted) == Refused("reversed")
        assert [each["state"] for each in simulator.card(wanted.iccid)] == ["reversed"]

    def test_before_it_arrived(self, simulator: SimulatorProcess, network: Simulated) -> None:
        wanted = order()
        assert network.reverse(wanted.reference) == Reversed(wanted.reference)
        # The order was only late: money may have been refunded, so it must not be applied now.
        assert network.apply(wanted) == Refused("reversed")
        assert simulator.order(wanted.reference)["applied"] == 0

    def test_while_it_is_late(self, simulator: SimulatorProcess, network: Simulated) -> None:
        wanted = order("999020")
        network.apply(wanted)
        assert network.reverse(wanted.reference) == Reversed(wanted.reference)
        simulator.settings(clock_offset_ms=60_000)
        assert network.query(wanted.reference) == Refused("reversed")
        assert simulator.order(wanted.reference)["applied"] == 0

    def test_of_what_was_refused(self, network: Simulated) -> None:
        wanted = order("999010")
        network.apply(wanted)
        assert network.reverse(wanted.reference) == Reversed(wanted.reference)

    def test_refused_by_script(self, simulator: SimulatorProcess, network: Simulated) -> None:
        wanted = order()
        network.apply(wanted)
        simulator.fault("network.reverse", "refuse", wanted.reference, reason="data_used")
        assert network.reverse(wanted.reference) == Refused("data_used")
        assert network.query(wanted.reference) == Applied(wanted.reference)


@pytest.mark.kill
def test_the_network_remembers_when_killed(tmp_path: Path) -> None:
    with start_simulator(tmp_path) as process:
        adapter = Simulated(process.url)
        wanted = order()
        assert adapter.apply(wanted) == Applied(wanted.reference)
        process.kill()
        assert isinstance(adapter.query(wanted.reference), Unknown)
        process.start()
        assert adapter.apply(wanted) == Applied(wanted.reference)
        assert process.order(wanted.reference)["applied"] == 1
        adapter.close()


def test_installed_by_name() -> None:
    before = installed()
    adapter = Simulated("http://localhost:9")
    try:
        install({"simulated": adapter})
        assert network_named("simulated") is adapter
        with pytest.raises(MisuseError) as caught:
            network_named("nobody")
        assert caught.value.code == "network_unknown"
    finally:
        install(before)
        adapter.close()


def test_the_chip_of_a_profile_is_told_once_it_is_installed(
    simulator: SimulatorProcess, network: Simulated
) -> None:
    wanted = order()
    assert network.eid_of(wanted.iccid) is None
    network.apply(wanted)
    told = network.eid_of(wanted.iccid)
    assert told is not None
    assert Eid.parse(told) == told
    assert network.eid_of(wanted.iccid) == told
