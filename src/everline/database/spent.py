"""How long a thread has waited for the database since it was last asked: for Server-Timing.

The raw pool adds what its statements take, and Django's connections by a wrapper around each of
their own. Nothing is kept of what was asked.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_of_thread = threading.local()


def begin() -> None:
    """Begin to count on this thread."""
    _of_thread.seconds, _of_thread.count = 0.0, 0


def seconds() -> float:
    """Tell what this thread has waited since it began to count."""
    return float(getattr(_of_thread, "seconds", 0.0))


def count() -> int:
    """Tell how many statements this thread has sent since it began to count."""
    return int(getattr(_of_thread, "count", 0))


@contextmanager
def counted() -> Iterator[None]:
    """Count one statement and what it takes."""
    began = time.perf_counter()
    try:
        yield
    finally:
        _of_thread.seconds = seconds() + time.perf_counter() - began
        _of_thread.count = count() + 1


def _wrapped(execute: Callable[..., Any], *given: Any) -> Any:
    with counted():
        return execute(*given)


def watch(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Count what a connection of Django's is asked; receives connection_created."""
    if _wrapped not in connection.execute_wrappers:
        connection.execute_wrappers.append(_wrapped)
