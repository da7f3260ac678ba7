"""The raw pool of a process: one, however many threads come first, and it ends in silence."""

import os
import subprocess
import sys
from functools import partial

from everline import database
from everline.database.pool import pool
from tests.town import at_once
from tests.world import World

MANY_AT_FIRST = """
import threading
import django
django.setup()
from everline import database
threads = [threading.Thread(target=database.value, args=("select 1",)) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
count = "select count(*) from pg_stat_activity where application_name = 'pool-test'"
assert database.value(count) <= 3, database.value(count)
"""


def test_threads_that_come_first_together_get_one_pool(world: World) -> None:
    for _round in range(5):
        database.close()
        assert len({id(found) for found in at_once([pool] * 16)}) == 1
        assert at_once([partial(database.value, "select 1")] * 4) == [1] * 4


def test_a_process_that_closes_nothing_ends_in_silence(world: World) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY_AT_FIRST],
        env={
            **os.environ,
            "EVERLINE_APP_ADDRESS": world.logins.app,
            "EVERLINE_POOL_MAX": "3",
            "PGAPPNAME": "pool-test",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
