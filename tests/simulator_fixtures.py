"""The fixtures of the simulators: `simulator`, `sandbox`, `network`, `browser` and `receiver`.

conftest.py loads this file as a plugin and nothing imports it otherwise. What the fixtures give is
written in simulator.py.
"""

from collections.abc import Iterator

import httpx
import pytest

from everline.payments.gateways.sandbox import Sandbox
from everline.provisioning.simulated import Simulated
from tests.simulator import HOUR_MS, Receiver, SimulatorProcess, start_simulator


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """One process for the whole session; its state is kept apart by keys and references."""
    with start_simulator(tmp_path_factory.mktemp("simulators")) as process:
        yield process


@pytest.fixture
def simulator(simulator_process: SimulatorProcess) -> SimulatorProcess:
    """The process at its usual pace: nothing waits long, and what is unsure stays so by itself."""
    simulator_process.settings(
        slow_ms=200,
        unknown_ms=HOUR_MS,
        late_ms=HOUR_MS,
        network_late_ms=300,
        clock_offset_ms=0,
    )
    simulator_process.control("faults", clear=True)
    return simulator_process


@pytest.fixture(scope="session")
def sandbox_adapter(simulator_process: SimulatorProcess) -> Iterator[Sandbox]:
    adapter = Sandbox(simulator_process.url, simulator_process.notify_secret, "Everline")
    yield adapter
    adapter.close()


@pytest.fixture
def sandbox(simulator: SimulatorProcess, sandbox_adapter: Sandbox) -> Sandbox:
    return sandbox_adapter


@pytest.fixture(scope="session")
def network_adapter(simulator_process: SimulatorProcess) -> Iterator[Simulated]:
    adapter = Simulated(simulator_process.url)
    yield adapter
    adapter.close()


@pytest.fixture
def network(simulator: SimulatorProcess, network_adapter: Simulated) -> Simulated:
    return network_adapter


@pytest.fixture(scope="session")
def browser() -> Iterator[httpx.Client]:
    """A browser without script: it follows nothing by itself."""
    with httpx.Client(timeout=5, trust_env=False) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening
