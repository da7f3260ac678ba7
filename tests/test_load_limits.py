"""Loading at its limits: flat memory, a kill in the middle, two loads at once, old zone data."""

import os
import shutil
import signal
import subprocess
import sys
import zoneinfo
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from everline.database.addresses import Addresses
from everline.errors import MisuseError
from everline.loading import Flaw, load
from everline.loading.loaded import DEMO
from everline.loading.problems import SENTENCES
from everline.office.audit import audit
from tests.loads import (
    AT,
    BARE,
    OPERATOR,
    begun,
    cards_file,
    everything,
    one,
    run,
    serial,
    sound,
)  # fmt: skip
from tests.written import row


@pytest.fixture
def operated(logins: Addresses) -> Addresses:
    return begun(logins)


def test_one_load_at_a_time(operated: Addresses) -> None:
    with psycopg.connect(operated.owner, autocommit=True) as other:
        other.execute("select pg_advisory_lock(727002)")
        with pytest.raises(MisuseError, match="load_running"):
            run(operated, OPERATOR)


LOAD = """
import os, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
os.environ["DJANGO_SETTINGS_MODULE"] = "everline.config.settings"
import django
django.setup()
from everline.database.addresses import Addresses
from everline.loading import load, stock

stock.ROWS_AT_ONCE = 1_000
owner, dies_after, *paths = sys.argv[1:]

def die(_name, line, _lines):
    if int(dies_after) and line > int(dies_after):
        os.kill(os.getpid(), signal.SIGKILL)

for path in paths:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    done = load([Path(path)], Addresses(owner, "", ""), lambda: at, die)
    for problem in done.problems:
        print(problem)
    print(done.files[0].counts.added, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def apart(
    logins: Addresses, *paths: Path, dies_after: int = 0, zones: str = ""
) -> subprocess.CompletedProcess[str]:
    """Load a thousand rows at a time in a process of its own, which may kill itself on the way."""
    return subprocess.run(
        [sys.executable, "-c", LOAD, logins.owner, str(dies_after), *map(str, paths)],
        env=os.environ | ({"PYTHONTZPATH": zones} if zones else {}),
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


def many(folder: Path, name: str, numbers: range, **more: str) -> Path:
    columns = BARE | {"iccid": "{0}", "msisdn": "+9990{1:09d}"} | more
    values = row(**columns)
    return cards_file(
        folder, *(values.format(serial(number), number) for number in numbers), name=name
    )


def test_memory_does_not_grow_with_the_file(operated: Addresses, tmp_path: Path) -> None:
    small = many(tmp_path, "small.csv", range(1, 5_001))
    large = many(tmp_path, "large.csv", range(5_001, 45_001))
    done = apart(operated, small, large)
    assert done.returncode == 0, done.stderr
    (few, at_first), (lots, at_last) = (map(int, each.split()) for each in done.stdout.splitlines())
    assert (few, lots) == (5_000, 40_000)
    assert at_last - at_first < 8_000, "kilobytes"


def test_a_load_that_is_killed_leaves_nothing(operated: Addresses, tmp_path: Path) -> None:
    before = everything(operated)
    path = many(tmp_path, "cards.csv", range(1, 3_001), balance="5.00", plan="HOME-30",
        term_started="load-3d")  # fmt: skip
    killed = apart(operated, path, dies_after=2_001)
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "")
    with psycopg.connect(operated.owner, autocommit=True) as owner:
        # The server notices when it turns to its client; then the lock is free.
        owner.execute("set lock_timeout = '20s'; select pg_advisory_lock(727002)")
    assert everything(operated) == before
    (file,) = sound(operated, path).files
    assert file.counts.added == 3_000
    assert [found for found in audit(AT) if found.total] == []


def test_a_zone_that_only_the_host_knows_is_refused(operated: Addresses, tmp_path: Path) -> None:
    newer = tmp_path / "zones" / "Asia" / "Nusantara"
    newer.parent.mkdir(parents=True)
    jakarta = next(
        path for path in (Path(each, "Asia", "Jakarta") for each in zoneinfo.TZPATH)
        if path.exists()
    )  # fmt: skip
    shutil.copy(jakarta, newer)
    path = cards_file(
        tmp_path,
        row(iccid=serial(1), msisdn="", **BARE),
        row(iccid=serial(2), msisdn="", **BARE | {"zone": "Asia/Nusantara"}),
    )
    zones = os.pathsep.join((str(tmp_path / "zones"), *zoneinfo.TZPATH))
    done = apart(operated, path, zones=zones)
    sentence = SENTENCES[Flaw.ZONE_UNKNOWN] % {"value": "Asia/Nusantara"}
    assert done.stdout.splitlines()[0] == f"cards.csv:3: zone: {sentence}"
    assert one(operated, "select count(*) from cards_card") == 0


def test_autovacuum_leaves_the_tables_alone_that_a_file_fills(operated: Addresses) -> None:
    """It would count none of the new rows; plans made for an empty table take hours."""
    filled = set()

    def look() -> datetime:
        with psycopg.connect(operated.owner) as other:
            filled.update(
                other.execute(
                    "select l.relation::regclass::text from pg_locks l"
                    " where l.mode = 'ShareUpdateExclusiveLock' and l.granted"
                    " and l.database = (select d.oid from pg_database d"
                    " where d.datname = current_database())"
                ).fetchall()
            )
        return AT

    load([DEMO / "partners.yaml"], operated, look)
    assert {("cards_card",), ("people_person",), ("ledger_account",)} <= filled
