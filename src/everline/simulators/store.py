"""What the simulators remember: small frozen records in one SQLite file, changed in transactions.

It is not Everline's database and knows nothing of it. Records are written whole, under a name, and
a record marked open is one that the passing of time may still change. The clock of the simulated
world stands here too: the host's clock plus an offset that control.py may move.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

_LAYOUT: Final = """
create table if not exists record (
    kind text not null, name text not null, position integer not null, is_open integer not null,
    body text not null, primary key (kind, name)
) without rowid;
create index if not exists record_open on record (kind, position) where is_open = 1;
create index if not exists record_position on record (kind, position);
"""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Settings:
    """The pace of the simulated world, in milliseconds; control.py changes it."""

    slow_ms: int = 8_000
    unknown_ms: int = 12_000
    late_ms: int = 900_000
    network_late_ms: int = 5_000
    clock_offset_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Secret:
    value: str


class Records:
    """One transaction's view of the store."""

    def __init__(self, connection: sqlite3.Connection, secret: bytes) -> None:
        self._connection = connection
        self._secret = secret

    def get(self, kind: type[Item], name: str) -> Item | None:
        """Return the record of this name, or None."""
        row = self._connection.execute(
            "select body from record where kind = ? and name = ?", (kind.__name__, name)
        ).fetchone()
        return None if row is None else kind(**json.loads(row[0]))

    def put(self, item: Any, name: str, *, position: int, is_open: bool = False) -> None:
        """Write a record whole; `position` orders records of one kind, `is_open` marks it alive."""
        self._connection.execute(
            "replace into record (kind, name, position, is_open, body) values (?, ?, ?, ?, ?)",
            (type(item).__name__, name, position, is_open, json.dumps(asdict(item))),
        )

    def still_open(self, kind: type[Item]) -> list[Item]:
        """List the records that time may still change, oldest first."""
        rows = self._connection.execute(
            "select body from record where kind = ? and is_open = 1 order by position",
            (kind.__name__,),
        )
        return [kind(**json.loads(body)) for (body,) in rows]

    def latest(self, kind: type[Item], limit: int) -> list[Item]:
        """List the newest records of a kind, newest first."""
        rows = self._connection.execute(
            "select body from record where kind = ? order by position desc limit ?",
            (kind.__name__, limit),
        )
        return [kind(**json.loads(body)) for (body,) in rows]

    def reference(self, prefix: str, key: str) -> str:
        """Return the reference that belongs to a caller's key: stable, and not to be guessed."""
        digest = hmac.new(self._secret, f"{prefix}:{key}".encode(), hashlib.sha256)
        return f"{prefix}_{digest.hexdigest()[:24]}"

    def settings(self) -> Settings:
        """Return the pace in force."""
        return self.get(Settings, "settings") or Settings()

    def now_ms(self) -> int:
        """Return the simulated world's time: the host's clock plus the offset."""
        return host_ms() + self.settings().clock_offset_ms


class Store:
    """The file behind the records; one lock, so that a transaction sees nothing half done."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            folder / "simulators.sqlite3", check_same_thread=False, isolation_level=None, timeout=5
        )
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_LAYOUT)
        self._secret = b""
        self._secret = bytes.fromhex(self._known_secret())

    def _known_secret(self) -> str:
        with self.transaction() as records:
            known = records.get(_Secret, "reference") or _Secret(secrets.token_hex(32))
            records.put(known, "reference", position=0)
        return known.value

    @contextmanager
    def transaction(self) -> Iterator[Records]:
        """Hold the store for one all-or-nothing change."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield Records(self._connection, self._secret)
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def close(self) -> None:
        """Close the file; what was committed stays."""
        with self._lock:
            self._connection.close()


def host_ms() -> int:
    """Return the host's clock in milliseconds since 1970, which also dates deliveries."""
    return time.time_ns() // 1_000_000


def pause(milliseconds: int) -> None:
    """Wait, at most a minute."""
    time.sleep(min(milliseconds, 60_000) * 0.001)
