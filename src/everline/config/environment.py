"""What a process must know before Django is set up: addresses, mode, secrets.

Settings are read from the environment alone; here it is filled, for commands and for the processes
they start. Production sets the variables itself and keeps what it set. The demo's secrets and the
sandbox's address are kept in EVERLINE_HOME. Next: settings.py reads all this.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import django
import psycopg

from everline.config.secret_files import keep_secret
from everline.database.addresses import Addresses, is_embedded, reachable
from everline.database.preflight import ServerError
from everline.database.server import Progress, admin_address, default_home

KEY_MISSING: Final = (
    "EVERLINE_SECRET_KEY is missing: sessions cannot be signed without it. Set it to 50 or more"
    " random characters, the same for all web servers of this deployment."
)
PRODUCTION: Final = "production"
DEMO: Final = "demo"
SECRET_LENGTH_MIN: Final = 32

_KEPT: Final = {
    "EVERLINE_PUBLIC_ADDRESS": "public.address",
    "EVERLINE_SANDBOX_ADDRESS": "sandbox.address",
}
"""Addresses of the running demo, for commands that are typed elsewhere."""

_CONNECT_SECONDS: Final = 10


def require_database() -> None:
    """Refuse a home that holds no database yet, where the embedded server is the database.

    Raises ServerError, which names the commands that make one.
    """
    if not _given() and is_embedded():
        admin_address(default_home())


@contextmanager
def connected(progress: Progress | None = None) -> Iterator[Addresses]:
    """Yield the logins with the database up meanwhile, and put their addresses where settings look.

    Addresses that the environment names are taken as they are. Raises ServerError.
    """
    given = _given()
    if given:
        yield given
        return
    with reachable(default_home(), progress=progress) as logins:
        use_addresses(logins)
        yield logins


def _given() -> Addresses | None:
    """Read the two logins that were given as they are; an owner without an app is refused."""
    app = os.environ.get("EVERLINE_APP_ADDRESS", "")
    owner = os.environ.get("EVERLINE_OWNER_ADDRESS", "")
    if owner and not app:
        raise ServerError(
            "EVERLINE_APP_ADDRESS is missing: EVERLINE_OWNER_ADDRESS is read only beside it."
        )
    return Addresses(owner=owner, app=app, admin="") if app else None


def use_addresses(logins: Addresses) -> None:
    """Put the two logins where settings look, and where our child processes inherit them."""
    os.environ["EVERLINE_APP_ADDRESS"] = logins.app
    os.environ["EVERLINE_OWNER_ADDRESS"] = logins.owner


def set_up(logins: Addresses, process: str) -> None:
    """Set Django up for this database, in the mode that it is marked with, and plug all in."""
    name_settings()
    name_process(process)
    if "EVERLINE_MODE" not in os.environ:
        os.environ["EVERLINE_MODE"] = mode_of(logins.app)
    if os.environ["EVERLINE_MODE"] != PRODUCTION:
        keep_secrets(default_home())
        for variable, name in _KEPT.items():
            with suppress(FileNotFoundError):
                kept = (default_home() / name).read_text(encoding="ascii").strip()
                os.environ.setdefault(variable, kept)
    django.setup()
    from everline.config.plugs import plug_in  # noqa: PLC0415  Settings are complete only now.

    plug_in()


def name_settings() -> None:
    """Name the settings, unless somebody named others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "everline.config.settings")


def name_process(process: str) -> None:
    """Name this process for whoever looks at the database's sessions, as doctor does."""
    os.environ["PGAPPNAME"] = f"everline {process}"


def has_secret_key() -> bool:
    """Tell whether a key that nobody guesses is set."""
    return len(os.environ.get("EVERLINE_SECRET_KEY", "")) >= SECRET_LENGTH_MIN


def mode_of(app_address: str) -> str:
    """Read what a database is for; one that is not migrated yet counts as production."""
    try:
        with psycopg.connect(app_address, connect_timeout=_CONNECT_SECONDS) as connection:
            row = connection.execute("select mode from public.database_deployment").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        return PRODUCTION
    except psycopg.OperationalError as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[-1]
        raise ServerError(f"The database does not let us in: {reason}") from None
    return str(row[0]) if row else PRODUCTION


def is_in_production(logins: Addresses) -> bool:
    """Tell whether a database is production's: marked so, and something was loaded or happened.

    One that was made a moment ago is marked so too, and is nobody's yet.
    """
    known = "select to_regclass('public.database_deployment'), to_regclass('public.cards_card')"
    used = (
        "select mode, exists (select from public.cards_card)"
        " or exists (select from public.database_request) from public.database_deployment"
    )
    try:
        with psycopg.connect(logins.owner, connect_timeout=_CONNECT_SECONDS) as connection:
            if None in (connection.execute(known).fetchone() or (None,)):
                return False
            row = connection.execute(used).fetchone()
    except psycopg.OperationalError:
        return False  # The login or the database is not there yet; preparing them comes next.
    return row is not None and row[0] == PRODUCTION and bool(row[1])


def keep_secrets(home: Path) -> None:
    """Give the demo its secrets, made once and kept for the owner of the folder alone."""
    for variable, name in (
        ("EVERLINE_SECRET_KEY", "secret-key"),
        ("EVERLINE_SANDBOX_SECRET", "sandbox.secret"),
        ("EVERLINE_HOTLINE_TOKEN", "hotline.token"),
    ):
        if not os.environ.get(variable):
            os.environ[variable] = keep_secret(home / name, secrets.token_urlsafe(48))


def keep_address(home: Path, variable: str, port: int) -> None:
    """Remember where a part of the demo listens; our children and later commands find it."""
    address = f"http://localhost:{port}"
    (home / _KEPT[variable]).write_text(f"{address}\n", encoding="ascii")
    os.environ[variable] = address


def sandbox_port(home: Path, otherwise: int) -> int:
    """Tell the port that the simulators had before, so that the addresses they gave stay true."""
    with suppress(FileNotFoundError, ValueError):
        return int(
            (home / _KEPT["EVERLINE_SANDBOX_ADDRESS"]).read_text(encoding="ascii").rsplit(":", 1)[1]
        )
    return otherwise
