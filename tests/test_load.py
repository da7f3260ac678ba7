"""Loading into a database: the demo and small files, again and again, and what comes of them.

The readers are tried in test_loading*.py; here files go through `load`, as the command line calls
it, and the tables are looked at. What is refused stands in test_load_refused.py, what changes in
test_load_changes.py, size and interruption in test_load_limits.py.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from everline import cards, database, renewals
from everline.cards import start_code_hash
from everline.database.addresses import Addresses
from everline.database.requests import Caller
from everline.loading import Kind, load, load_demo
from everline.loading.loaded import DEMO
from everline.office.audit import audit
from tests.loads import AT, BARE, begun, cards_file, everything, one, rows, serial, sound
from tests.written import row

RUNNING, STOCKED = "8999907111111111112", "8999907333333333338"


@pytest.fixture
def operated(logins: Addresses) -> Addresses:
    return begun(logins)


def test_the_demo_is_loaded_once_and_its_books_are_sound(logins: Addresses) -> None:
    loaded = load_demo(logins, lambda: AT)
    assert loaded is not None
    assert [(file.kind, file.counts.rows, file.counts.added) for file in loaded.files] == [
        (Kind.OPERATOR, 1, 1),
        (Kind.PLANS, 14, 14),
        (Kind.PROMOTIONS, 5, 5),
        (Kind.PARTNERS, 2, 2),
        (Kind.RETAILERS, 40, 40),
        (Kind.CARDS, 2_000, 2_000),
        (Kind.PEOPLE, 7, 5),  # two came with the cards they hold
    ]
    assert [found for found in audit(AT) if found.total] == []
    states = dict(rows(logins, "select c.state, count(*) from cards_card c group by 1"))
    assert states["bound"] > 1_000
    assert min(states.values()) > 20
    running = "select count(*) from cards_entitlement e where e.ends_at > %s and e.used_bytes > 0"
    assert one(logins, running, AT) > 1_000
    assert load_demo(logins, lambda: AT + timedelta(days=3)) is None


def test_loading_again_changes_nothing_even_much_later(logins: Addresses) -> None:
    load_demo(logins, lambda: AT)
    before = everything(logins)
    again = sound(logins, *sorted(DEMO.glob("*.[cy]*")), at=AT + timedelta(days=50))
    assert [(file.counts.added, file.counts.changed) for file in again.files] == [(0, 0)] * 7
    assert everything(logins) == before


def test_a_loaded_card_renews_like_any_other(logins: Addresses) -> None:
    load_demo(logins, lambda: AT)
    card = cards.find(RUNNING)
    assert card is not None
    present = cards.status(card, AT).present
    assert present is not None
    assert present.starts_at == AT - timedelta(days=12, hours=6)
    # A month later at the same wall time in Jakarta, which is seven hours ahead all year.
    assert present.ends_at == datetime(2026, 12, 9, 21, 0, tzinfo=UTC)
    assert (present.used_bytes, present.used_as_of) == (11_400_000_000, AT)
    version = present.plan_version_id
    (quote,) = renewals.quote([card.id], version, None, "web", AT)
    assert (quote.starts_at, quote.ends_at) == (
        present.ends_at,
        datetime(2027, 1, 9, 21, 0, tzinfo=UTC),
    )
    assert quote.total is not None
    assert quote.ends_at is not None
    order = renewals.Order(
        account_id=card.account_id, card_id=card.id, plan_code=present.plan_code,
        plan_version_id=version, promotion=None,
        quoted_total=quote.total, quoted_end=quote.ends_at, contact=renewals.Contact(),
    )  # fmt: skip
    answer = renewals.renew(Caller("web", "test", "1"), order, card.account_id, AT)
    assert answer.reason is None
    assert [found for found in audit(AT) if found.total] == []


def test_the_start_code_of_a_loaded_card_activates_it(logins: Addresses) -> None:
    load_demo(logins, lambda: AT)
    card = cards.find(STOCKED)
    assert card is not None
    caller = Caller("web", "test", "1")
    answer = cards.activate(caller, card.id, start_code_hash(STOCKED, "new4 card"), AT)
    assert answer.outcome == "activated"


def test_the_app_may_not_load(operated: Addresses) -> None:
    with psycopg.connect(operated.app) as app:
        verbs = app.execute(
            "select p.oid::regprocedure::text from pg_proc p where p.proname like 'load\\_%'"
            " and p.pronamespace = (select max(oid) from pg_namespace"
            " where nspname like 'verbs\\_%')"
        ).fetchall()
    assert len(verbs) == 9
    for (signature,) in verbs:
        name, _bracket, types = signature.rstrip(")").partition("(")
        nulls = ", ".join(f"null::{kind}" for kind in types.split(","))
        with database.connection() as lent, pytest.raises(psycopg.errors.InsufficientPrivilege):
            lent.execute(f"select {name}({nulls})".encode())


def test_progress_is_told_by_lines(operated: Addresses, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    lines = [row(iccid=serial(number), msisdn="", **BARE) for number in range(1, 11)]
    path = cards_file(tmp_path, *lines)
    load([path], operated, lambda: AT, lambda *step: told.append(step))
    assert told == [("cards.csv", 0, 11), ("cards.csv", 11, 11)]
