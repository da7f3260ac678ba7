"""Fixtures: one PostgreSQL for the run, one migrated template, a copy of it for each process.

Verbs commit, so what a test wrote is deleted before the next one; copies.py says how. With
DATABASE_URL the same tests run on that server.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

MEMORY = Path("/dev/shm")  # noqa: S108  The folders in it are private, as all homes are.
ROOM = 4 << 30


def _place() -> Path:
    """Name the folder of what tests write: in memory where there is room, else among temporary.

    Each database is a thousand files, and some file systems are slow to make and remove so many.
    Nothing here cuts the power, so what is in memory is as safe as on a disk.
    """
    usual = Path(tempfile.gettempdir())
    try:
        is_roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    except OSError:
        is_roomy = False
    if not is_roomy:
        return usual
    mark = hashlib.sha256(str(usual).encode()).hexdigest()[:8]
    place = MEMORY / f"everline-{os.getuid()}-{mark}"
    place.mkdir(mode=0o755, exist_ok=True)
    return place


PLACE = _place()
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(PLACE))
HOME = PLACE / f"everline-tests-{os.getuid()}"
os.environ["EVERLINE_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "everline.config.settings"
os.environ.setdefault("EVERLINE_LOOK_UPS", "0")  # All tests come from one address.
os.environ.setdefault("EVERLINE_SECRET_KEY", "tests-sign-with-this-and-nobody-else-does")

import django  # noqa: E402  The settings read the environment that is set above.
import httpx  # noqa: E402
from httpx._transports import default as transports  # noqa: E402
from whitenoise.middleware import WhiteNoiseMiddleware  # noqa: E402

# Each client would read the certificates of the world anew, 20 ms long, and we make thousands.
transports.create_ssl_context = cache(httpx.create_ssl_context)  # type: ignore[attr-defined]

list_statics = WhiteNoiseMiddleware.add_files_from_finders
LISTED: dict[str, object] = {}


def _list_once(statics: WhiteNoiseMiddleware) -> None:
    """List the static files for the first browser alone: each would list them anew, 13 ms long."""
    if not LISTED:
        list_statics(statics)
        LISTED.update(statics.files)
    statics.files.update(LISTED)


WhiteNoiseMiddleware.add_files_from_finders = _list_once

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from hypothesis import settings as tried  # noqa: E402

from everline import database, provisioning  # noqa: E402
from everline.config.plugs import plug_in  # noqa: E402
from everline.database import verbs  # noqa: E402
from everline.database.addresses import Addresses, addresses, reachable  # noqa: E402
from everline.database.migrate import migrate  # noqa: E402
from everline.payments import gateways  # noqa: E402
from tests.copies import Copy  # noqa: E402
from tests.simulator import SimulatorProcess  # noqa: E402
from tests.world import World  # noqa: E402

# Passwords are hashed slowly on purpose; hundreds of sign-ins here would wait for nothing.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A slow moment of the machine is no failure: a hanging test is ended by pytest-timeout.
tried.register_profile("everline", deadline=None)
tried.load_profile("everline")

pytest_plugins = [
    "tests.command",
    "tests.counter",
    "tests.lobby",
    "tests.logs",
    "tests.marketplace",
    "tests.paypal",
    "tests.paypal_bank",
    "tests.simulator_fixtures",
    "tests.spread",
    "tests.stripe_fixtures",
    "tests.town",
]


def point_at(logins: Addresses) -> None:
    """Make Django and the raw pool of this process use these logins."""
    database.close()
    settings.APP_ADDRESS, settings.OWNER_ADDRESS = logins.app, logins.owner
    for alias, address in (("default", logins.app), ("owner", logins.owner)):
        parts = psycopg.conninfo.conninfo_to_dict(address)
        connections[alias].close()
        connections[alias].settings_dict.update(
            NAME=parts["dbname"],
            USER=parts.get("user", ""),
            PASSWORD=parts.get("password", ""),
            HOST=parts.get("host", ""),
            PORT=str(parts.get("port", "")),
            CONN_MAX_AGE=0,
        )


@pytest.fixture(scope="session")
def server() -> Iterator[None]:
    """Hold PostgreSQL up for the whole run, shared by all workers, without waiting for disks."""
    with reachable(HOME, durable=False):
        yield


def _template_name() -> str:
    package = verbs.PACKAGE
    digest = hashlib.sha256(verbs.schema().encode())
    for path in sorted((*package.rglob("migrations/*.py"), package / "database" / "grants.py")):
        digest.update(path.read_bytes())
    return f"everline_template_{digest.hexdigest()[:12]}"


@pytest.fixture(scope="session")
def template(server: None) -> str:
    """Migrate a template database once for this text of migrations and verbs; others wait."""
    name = _template_name()
    maintenance = make_conninfo(addresses(HOME).admin, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as admin:
        admin.execute("select pg_advisory_lock(72700)")
        if admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            return name
        for (old,) in admin.execute(
            "select datname from pg_database where datname ~ '^everline_(template|test|draft)_'"
        ).fetchall():
            admin.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(old))
            )
        draft = f"everline_draft_{os.getpid()}"
        logins = addresses(HOME, draft)
        point_at(logins)
        migrate(logins, datetime.now(UTC))
        with psycopg.connect(logins.owner, autocommit=True) as owner:
            owner.execute("update database_deployment set mode = 'simulation'")
        connections.close_all()
        admin.execute(
            sql.SQL("alter database {} rename to {}").format(
                sql.Identifier(draft), sql.Identifier(name)
            )
        )
    return name


@pytest.fixture(scope="session")
def copy(template: str) -> Iterator[Copy]:
    """Hold one copy of the template for this process."""
    held = Copy("world", template)
    yield held
    held.drop()


@pytest.fixture
def logins(copy: Copy) -> Addresses:
    """Give the logins of a copy that is as new, used by this process meanwhile."""
    if copy.logins.app != settings.APP_ADDRESS:
        point_at(copy.logins)
    copy.refresh()
    plug_in()
    return copy.logins


@pytest.fixture
def world(logins: Addresses, copy: Copy) -> World:
    """Build a small world in a fresh database: an operator, channels, and what a test asks for."""
    return World(copy.owner(), logins)


@contextmanager
def plugged(simulator: SimulatorProcess) -> Iterator[None]:
    """Plug in the real sandbox, the card readers and the simulated network for a while."""
    settings.SANDBOX_ADDRESS, settings.SANDBOX_SECRET = simulator.url, simulator.notify_secret
    plug_in()
    yield
    settings.SANDBOX_ADDRESS = ""
    for adapter in (*gateways.installed().values(), *provisioning.installed().values()):
        adapter.close()  # type: ignore[attr-defined]  # Those that were plugged in can.
    gateways.install({})
    provisioning.install({})


@pytest.fixture
def sandboxed(world: World, simulator: SimulatorProcess) -> Iterator[World]:
    """Plug the real outside, as far as it is simulated, into this world."""
    with plugged(simulator):
        yield world
