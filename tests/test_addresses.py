"""The logins: where they come from, what the two roles may do, and preparing them all at once.

A server of its own, because roles belong to a whole server and these tests spoil them. The other
tests meet the roles only ready made.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from everline.database.addresses import (
    Addresses,
    addresses,
    is_embedded,
    prepare_roles,
    reachable,
)
from everline.database.server import ServerError, admin_address, running
from tests.homes import clear

VARIABLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_APP_URL")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("addresses") / "everline"
    with running(home, durable=False):
        yield home
    clear(home)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*VARIABLES, "PGPASSWORD"):
        monkeypatch.delenv(variable, raising=False)


def answer(address: str, question: str) -> object:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row and row[0]


def do(address: str, statement: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.mark.race
def test_many_prepare_at_once(home: Path) -> None:
    logins = addresses(home, "raced")
    with ThreadPoolExecutor(6) as several:
        list(several.map(prepare_roles, [logins] * 6))
    prepare_roles(logins)
    assert answer(logins.owner, "select current_user::text") == "everline_owner"
    assert answer(logins.app, "select current_user::text") == "everline_app"
    assert answer(logins.app, "select current_database()::text") == "raced"
    for address, limits in (
        (logins.app, ["30s", "5s", "1min"]),
        (logins.owner, ["10min", "10s", "10min"]),
    ):
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        assert [answer(address, f"show {name}") for name in names] == limits
    assert answer(logins.admin, "select extname from pg_extension where extname = 'btree_gist'")
    assert (
        answer(
            logins.admin,
            "select count(*) from pg_roles where rolname like 'everline\\_%'"
            " and rolname <> 'everline_admin'"
            " and not (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)",
        )
        == 2
    )


def test_the_owner_builds_and_the_app_does_not(home: Path) -> None:
    logins = addresses(home, "built")
    prepare_roles(logins)
    do(logins.owner, "create table word (id int)")
    do(logins.owner, "create schema verbs_one")
    for statement in (
        "create table other (id int)",
        "create schema other",
        "select * from word",
        "drop table word",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            do(logins.app, statement)


def test_neither_secret_shows(home: Path) -> None:
    assert repr(addresses(home)) == "Addresses()"


def test_a_role_that_could_do_everything_is_refused(home: Path) -> None:
    logins = addresses(home)
    prepare_roles(logins)
    do(logins.admin, "alter role everline_app createrole")
    with pytest.raises(ServerError, match="everline_app may do too much"):
        prepare_roles(logins)
    do(logins.admin, "alter role everline_app nocreaterole")
    prepare_roles(logins)


def test_a_url_serves_every_home_alike(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", admin_address(home, "elsewhere"))
    assert not is_embedded()
    with reachable(tmp_path / "one") as logins:
        prepare_roles(logins)
    assert logins == addresses(tmp_path / "two")
    assert answer(addresses(tmp_path / "two").app, "select current_database()") == "elsewhere"
    assert conninfo_to_dict(addresses(tmp_path, "third").owner)["dbname"] == "third"
    assert not (tmp_path / "one").exists()


def test_an_admin_who_is_no_superuser(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = admin_address(home)
    prepare_roles(addresses(home))
    for role in ("everline_owner", "everline_app"):
        for database in ("everline", "raced", "built", "elsewhere"):
            do(admin, f"drop database if exists {database}")
        do(admin, f"drop role {role}")
    do(admin, "create role chief login createdb createrole password 'chief'")
    chief = make_conninfo(admin, user="chief", password="chief", dbname="managed")
    monkeypatch.setenv("DATABASE_URL", chief)
    logins = addresses(home)
    prepare_roles(logins)
    prepare_roles(logins)
    do(logins.owner, "create table word (id int)")
    do(admin, "drop database managed")
    for role in ("everline_owner", "everline_app", "chief"):
        do(admin, f"drop role {role}")


def test_careful_operators_need_no_admin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://migrates:one@db.example/lines")
    with pytest.raises(ServerError, match="DATABASE_APP_URL is missing"):
        addresses(home)
    monkeypatch.setenv("DATABASE_APP_URL", "postgresql://serves:two@db.example/lines")
    logins = addresses(home)
    assert logins.admin == ""
    assert conninfo_to_dict(logins.owner)["user"] == "migrates"
    assert conninfo_to_dict(logins.app)["password"] == "two"
    assert conninfo_to_dict(logins.app)["dbname"] == "lines"
    prepare_roles(logins)  # Connects to nothing.


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("postgresql://postgres@127.0.0.1/everline", "has no password"),
        ("postgresql://postgres:hush%@127.0.0.1/everline", "special characters as %XX"),
        ("mysql://root:hush@127.0.0.1/everline", "is not an address of PostgreSQL"),
    ],
)
def test_a_url_that_cannot_be_used(
    home: Path, url: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ServerError, match=advice) as caught:
        addresses(home)
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer(home: Path) -> None:
    away = "postgresql://postgres:hush@127.0.0.1:1/everline"
    with pytest.raises(ServerError, match="cannot be prepared: connection failed") as caught:
        prepare_roles(Addresses(owner=away, app=away, admin=away))
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_home_without_a_database(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="There is no database in"):
        addresses(tmp_path)
