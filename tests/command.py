"""Running commands of the command line: in this process on a test's world, or as a process.

conftest.py loads the fixtures as a plugin. What a command prints is judged by the tests.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from everline import cli, clock, provisioning
from everline.payments import gateways
from everline.payments.gateways.sandbox import Sandbox
from everline.provisioning.simulated import Simulated
from tests.world import World


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Everline = Callable[..., Said]


@pytest.fixture
def everline(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Everline]:
    """Run commands in this process, on this world's database, whose time is that of the host."""
    world.at = clock.now()
    world.insert(
        "trust_channel",
        code="office",
        is_open=True,
        means=["balance", "gateway"],
        amount_max=Jsonb({}),
    )
    monkeypatch.setenv("EVERLINE_APP_ADDRESS", world.logins.app)
    monkeypatch.setenv("EVERLINE_OWNER_ADDRESS", world.logins.owner)
    monkeypatch.setenv("EVERLINE_MODE", "simulation")
    for name in ("PGAPPNAME", "EVERLINE_SECRET_KEY", "EVERLINE_SANDBOX_SECRET", "EVERLINE_LOG"):
        monkeypatch.setenv(name, os.environ.get(name, ""))

    def run(*arguments: str) -> Said:
        result = CliRunner(env={"COLUMNS": "120"}).invoke(cli.app, list(arguments))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    yield run
    gateways.install({})


@pytest.fixture
def bank(everline: Everline, sandbox: Sandbox, network: Simulated) -> Sandbox:
    """Give the commands the sandbox bank and the simulated network."""
    gateways.install({"sandbox": sandbox})
    provisioning.install({"simulated": network})
    return sandbox


def everline_process(home: Path, *arguments: str, **environment: str) -> Said:
    """Run a command as a process of its own that inherits no address."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EVERLINE_", "DATABASE_", "PG"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "everline.cli", *arguments],
        env=inherited | {"EVERLINE_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)
