"""What the tests of the embedded server do with a home: ask its server, end it, be refused.

Nothing here starts a server or is a fixture; those are in the test files themselves.
"""

import os
import pwd
import shutil
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from everline.database import cluster as clusters, postmaster
from everline.database.preflight import ServerError
from everline.database.server import admin_address, ensure_running

IS_ROOT = os.geteuid() == 0
"""Some tests become another user, which only root can."""


def clear(home: Path) -> None:
    """End whatever runs there and remove it."""
    with suppress(ServerError, FileNotFoundError):
        postmaster.end(clusters.find_cluster(home), 10, postmaster.Watch(None))
    shutil.rmtree(home, ignore_errors=True)


def ask(home: Path, question: str) -> object:
    """Return the first answer to a question, as the superuser."""
    with psycopg.connect(admin_address(home), autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row and row[0]


def is_up(home: Path) -> bool:
    """Tell whether anything answers at the socket."""
    return postmaster.ping(admin_address(home)) is not psycopg.pq.Ping.NO_RESPONSE


def refusal(home: Path) -> str:
    """Return the one line with which a start is refused."""
    with pytest.raises(ServerError) as caught:
        ensure_running(home, durable=False)
    line = str(caught.value)
    assert "\n" not in line
    return line


def as_nobody(work: Callable[[], str]) -> str:
    """Do the work in a child that is an ordinary user."""
    entry = pwd.getpwnam("nobody")
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Threads do not matter to the child.
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
            answer = work()
        except BaseException as error:  # noqa: BLE001 - the parent judges
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode()[:4096])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        answer = file.read()
    os.waitpid(child, 0)
    return answer
