"""What the app's login may do, table by table and function by function; and what tables must have.

The rule: it reads all, writes what Django keeps for sign-in, and calls verbs; the rest is the
owner's. The books are read-only for it, so a bug in a page cannot touch them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from everline import cards, database, ledger, payments, renewals, topups
from everline.database import verbs
from everline.ids import Imei
from tests.stores import Owner
from tests.tidy.rule import SOURCE, files, read
from tests.tidy.statements import Statement, statements
from tests.town import give_back
from tests.world import World

WRITABLE: Final = {
    "auth_group": "roles of staff",
    "auth_group_permissions": "roles of staff",
    "database_cache": "limits and counters, which may be lost",
    "django_session": "sessions",
    "hotline_leg": "where each telephone call stands, for a day",
    "mfa_authenticator": "passkeys, by their public halves",
    "people_apikey": "keys, hashed, made and revoked in the back office",
    "people_employment": "where staff works",
    "people_holding": "who holds an account, and since when",
    "people_person": "sign-in",
    "people_person_groups": "roles of staff",
    "people_person_user_permissions": "roles of staff",
    "people_returncall": "who waits for a call",
    "people_terminal": "tills and kiosks, with the hashes of their keys",
    "store_sale": "who sold what at which till for which cash; the money is in the books",
    "tour_visit": "which visitor of the demo's tour has which card",
    "trust_banner": "what the operator says to all",
    "usersessions_usersession": "which browsers somebody is signed in with",
}
"""The tables that the app may write row by row, and what for."""

HOT: Final = (
    "cards", "jobs", "ledger", "notices", "payments", "provisioning", "renewals", "topups",
)  # fmt: skip
SHARED: Final = {
    "jobs_round": "how far a sweep over all cards has come",
    "ledger_rollup": "sums of the operator's own accounts",
    "ledger_watermark": "how far the sums have read",
    "payments_callback": "comes before anybody knows whose it is",
    "payments_disputes": "through when a gateway was asked for disputes",
    "payments_dispute": "may be of a payment that is nobody's here",
    "payments_pace": "how fast a gateway is sent the charges of all cards",
    "renewals_cohort": "what many cards have bought",
}
"""Tables of hot nouns that belong to no one account."""

WRITES: Final = {
    "insert": "insert into {} default values",
    "update": "update {0} set {1} = {1}",
    "delete": "delete from {}",
    "truncate": "truncate {}",
}


def tables(world: World) -> list[str]:
    """All tables, months of a partitioned one too."""
    return [
        name
        for (name,) in world.all(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p') order by 1"
        )
    ]


def defined() -> Iterator[Statement]:
    for path in files():
        if path.startswith(SOURCE) and path.endswith(".sql"):
            yield from (each for each in statements(path, read(path)) if each.function)


@contextmanager
def app(world: World) -> Iterator[psycopg.Connection]:
    with psycopg.connect(world.logins.app, autocommit=True) as connection:
        connection.execute(
            sql.SQL("set search_path = {}, public").format(sql.Identifier(verbs.schema()))
        )
        yield connection


def test_the_app_reads_every_table_and_writes_those_of_sign_in(town: World) -> None:
    rights = dict(
        town.all(
            "select c.relname, array(select r from unnest(array['select', 'insert', 'update',"
            " 'delete', 'truncate', 'references', 'trigger']) r"
            " where has_table_privilege('everline_app', c.oid, r))"
            " from pg_class c where c.relnamespace = 'public'::regnamespace"
            " and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition"
        )
    )
    assert len(rights) > 40
    written = ["select", "insert", "update", "delete"]
    assert rights == {name: written if name in WRITABLE else ["select"] for name in rights}
    assert rights.keys() >= WRITABLE.keys()
    assert (
        town.all("select 1 from pg_attribute where attacl is not null and attrelid > 16384") == []
    )


def test_every_write_of_the_app_to_the_core_is_refused(town: World) -> None:
    town.renew(town.card(balance=1000), town.plan())
    with app(town) as connection:
        for table in tables(town):
            if table in WRITABLE:
                continue
            column = town.one(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1",
                table,
            )
            for write in WRITES.values():
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(write.format(table, column).encode())


def test_the_app_owns_nothing_and_becomes_nobody(town: World) -> None:
    with app(town) as connection:
        for statement in (
            "create table public.mine (id int)",
            "create function public.mine() returns int language sql as 'select 1'",
            f"create function {verbs.schema()}.mine() returns int language sql as 'select 1'",
            "set role everline_owner",
            "set session authorization everline_owner",
            "alter table ledger_transfer disable trigger all",
            "set session_replication_role = replica",
            "copy ledger_transfer to program 'true'",
            "create role somebody",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    assert town.all(
        "select rolname, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication"
        " from pg_roles where rolname in ('everline_app', 'everline_owner') order by 1"
    ) == [("everline_app", False), ("everline_owner", False)]
    assert (
        town.all(
            "select 1 from pg_auth_members m join pg_roles r on r.oid = m.member"
            " where r.rolname = 'everline_app'"
        )
        == []
    )


def test_the_app_calls_verbs_and_no_part(town: World) -> None:
    callable_by_app = {
        name
        for (name,) in town.all(
            "select proname from pg_proc where pronamespace = %s::regnamespace"
            " and has_function_privilege('everline_app', oid, 'execute')",
            verbs.schema(),
        )
    }
    words = {each.name: each.header.partition(" ")[0] for each in defined()}
    assert set(words.values()) == {"verb", "part"}
    assert callable_by_app == {name for name, word in words.items() if word == "verb"}
    with app(town) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select release(gen_random_uuid())")


def test_nobody_else_may_call_anything_and_nobody_bends_where_a_verb_looks(town: World) -> None:
    found = town.all(
        "select p.proname, p.prosecdef, has_function_privilege('public', p.oid, 'execute'),"
        " array_to_string(p.proconfig, ';'), pg_get_userbyid(p.proowner)"
        " from pg_proc p where p.pronamespace = %s::regnamespace",
        verbs.schema(),
    )
    for name, is_verb, by_all, configured, owned_by in found:
        assert not by_all, name
        assert owned_by == "everline_owner", name
        if is_verb:
            assert configured == f"search_path={verbs.schema()}, public, pg_temp", name


def test_every_hot_table_knows_its_account(town: World) -> None:
    carry = {
        name
        for (name,) in town.all(
            "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
            " where c.relnamespace = 'public'::regnamespace and not c.relispartition"
            " and a.attname = 'account_id' and a.attnotnull and a.atttypid = 'uuid'::regtype"
            " and c.relkind in ('r', 'p')"
        )
    }
    hot = {name for name in tables(town) if name.partition("_")[0] in HOT}
    hot = {name for name in hot if not re.search(r"_(rest|\d{6})$", name)}
    hot |= {"database_history", "database_request"}
    assert hot - carry == set(SHARED)
    assert len(hot) > 15


# Which tables are read as a whole.


def scans(world: World) -> dict[str, int]:
    """How often each table was read as a whole, by all whose counts have arrived."""
    database.value("select pg_stat_force_next_flush()")
    database.value("select 1")
    return dict(
        world.all("select relname, seq_scan from pg_stat_user_tables where schemaname = 'public'")
    )


def live(world: World) -> None:
    """Call what is called often, each at least once to the end."""
    caller, plan = world.caller, world.plan()
    world.promotion(budget=3, pockets=2)
    partner = world.partner(deposit=9000, pockets=4)
    card = world.card("activated", balance=9000)
    phone = Imei("490154203237518")
    cards.bind(caller(), card.id, phone, world.at)
    first = world.renew(card, plan, promotion="HELLO")
    renewals.renew(caller("partner"), world.order(card, plan), partner.account_id, world.at)
    world.renew(card, world.plan(price=99_999))
    world.deliver_all()
    cards.record_usage(card.id, 5, world.at)
    assert first.id is not None
    renewals.reverse(caller(), first.id, "asked", world.at)
    world.verb("begin_delivery", first.id, "reverse", "simulated", world.at)
    world.verb("withdrawn", first.id, "done", "", world.at)
    for ending in ("paid", "cancelled", "expired"):
        renewal = world.place(card, plan)
        attempt = world.send(renewal)
        world.hear(attempt, "unknown")
        payments.claim_asks(world.advance(minutes=6), 10)
        if ending == "paid":
            world.hear(attempt, "failed", reason="no")
            renewals.retry_payment(caller(), renewal, "sandbox", None, world.at)
            world.hear(world.send(renewal), "succeeded", reference="r")
            world.advance(minutes=31)
        elif ending == "cancelled":
            renewals.cancel(caller(), renewal, world.at)
            world.hear(attempt, "succeeded", reference="r")
        else:
            world.hear(attempt, "failed", reason="no")
            world.advance(minutes=31)
        renewals.expire_due(world.now)
        give_back(world)
    live_top_ups(world, card, partner)
    waiting = world.place(card, plan)
    coded = renewals.find(waiting)
    assert coded is not None
    assert renewals.find_by_code(coded.spoken_code or "", world.at) is not None
    renewals.pay_open(caller("partner"), waiting, partner.account_id, world.at)
    cards.change(caller(), card.id, "suspend", world.at)
    cards.unbind(caller(), card.id, str(phone), world.at)
    for look in (
        partial(renewals.of_card, card.id, 10),
        partial(renewals.of_payer, partner.account_id, 10),
        partial(renewals.find_open, card.id),
        partial(renewals.find_by_request, "web", "web-test", "1"),
        partial(topups.find_by_request, "web", "web-test", "1"),
        partial(topups.find_open, card.id),
        partial(topups.of_card, card.id, 10),
        partial(topups.of_payer, partner.account_id, 10),
        partial(cards.status, card, world.at),
        partial(cards.find, card.iccid),
        partial(cards.find, card.msisdn or ""),
        partial(payments.replay_callbacks, world.at),
        ledger.roll_up,
        partial(database.value, "select collect_cohorts()"),
        partial(
            ledger.fund, caller(), card.account_id, "balance", amount=1, currency="EUR", at=world.at
        ),
    ):
        look()


def live_top_ups(world: World, card: cards.Card, partner: Owner) -> None:
    """Top up in every way, each to its end."""
    world.top_up(card, 700, partner)
    for ending in ("paid", "cancelled", "expired"):
        top_up = world.place_top_up(card, 500)
        attempt = world.send(top_up)
        if ending == "paid":
            world.hear(attempt, "succeeded", reference="r")
            topups.take_back(world.caller(), top_up, "asked", world.at)
        elif ending == "cancelled":
            topups.cancel(world.caller(), top_up, world.at)
            world.hear(attempt, "succeeded", reference="r")
        else:
            world.hear(attempt, "failed", reason="no")
            world.advance(minutes=31)
        renewals.expire_due(world.now)
        give_back(world)


@pytest.fixture
def one_connection(town: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """One connection for everything, so that its counts are all there when it has told them."""
    database.close()
    monkeypatch.setattr(settings, "POOL_MAX", 1)
    yield town
    database.close()


def test_no_hot_table_is_read_as_a_whole(one_connection: World) -> None:
    world = one_connection
    before = scans(world)
    live(world)
    read_whole = {name for name, count in scans(world).items() if count > before[name]}
    hot = {name for name in read_whole if name.startswith((*HOT, "database_h", "database_r"))}
    assert hot - SHARED.keys() == set()


def test_a_look_without_an_index_is_seen(one_connection: World) -> None:
    before = scans(one_connection)
    database.value("select count(*) from renewals_renewal r where r.tax = 7")
    after = scans(one_connection)
    assert {name for name in after if after[name] > before[name]} == {"renewals_renewal"}
