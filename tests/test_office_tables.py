"""Plain tables in the office: who reads which, nothing secret in any, what little is changed."""

import re
import uuid

import pytest
from django.apps import apps
from django.db import connections
from django.test import Client
from django.urls import reverse

from everline import ids, trust
from everline.database.grants import WRITABLE
from everline.ids import Msisdn
from everline.office.table_list import TABLES, Table
from everline.people import return_calls, terminals
from everline.people.models import Person, ReturnCall, Terminal
from everline.people.roles import ABILITIES, Ability, Role
from everline.trust import acts
from tests.desk import fields, office, signed_in, text
from tests.reader import INLINE
from tests.world import World

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.
SECRET = re.compile(
    r"password|hash|secret|token|digest|pin\b|private|matching|smdp|start_code|page_url|contact"
    r"|spoken|facts|headers|body|customer_number|lease",
    re.IGNORECASE,
)
"""What no column may be: it signs in, pays, activates, or tells of somebody in vain."""


def address(table: Table, row: object = None) -> str:
    meta = table.model._meta
    name = f"admin:{meta.app_label}_{meta.model_name}"
    return reverse(f"{name}_changelist") if row is None else reverse(f"{name}_change", args=[row])


def of(model: type) -> Table:
    [found] = [each for each in TABLES if each.model is model]
    return found


def stored(table: Table, most: int) -> list[object]:
    rows = table.model._meta.default_manager
    assert rows is not None
    return list(rows.values_list("pk", flat=True)[:most])


def filled(world: World) -> list[str]:
    """Fill many tables, with secrets in them; gives what no page may show."""
    card, plan = world.card(balance=5000), world.plan("HOME-30", prices={"IDR": 9_500_000})
    till, partner = world.terminal(), world.partner(deposit=900, pockets=2)
    world.promotion(budget=5)
    world.renew(card, plan)
    world.deliver_all()
    opened = world.place(world.card(), plan)
    world.send(opened)
    world.top_up(world.card(), 500, partner)
    clerk = world.clerk(till.store, password="open sesame 1")
    trust.set_pin(world.caller(), card.account_id, "2580", world.at)
    return_calls.leave(Msisdn("+351915550100"), world.at)
    code = terminals.open_enrolment(till.terminal.id, world.at)
    clerk.refresh_from_db()
    hashes = world.all(
        "select encode(key_hash, 'hex') from people_apikey union all"
        " select encode(key_hash, 'hex') from people_terminal where key_hash is not null union all"
        " select encode(enrol_code_hash, 'hex') from people_terminal"
        "  where enrol_code_hash is not null union all"
        " select encode(pin_hash, 'hex') from trust_pin union all"
        " select encode(start_code_hash, 'hex') from cards_card union all"
        " select spoken_code from renewals_renewal where spoken_code is not null"
    )
    assert len(hashes) > 6
    return [clerk.password, partner.key, till.key, code, card.iccid, *(each for (each,) in hashes)]


def test_no_column_is_a_secret() -> None:
    for table in TABLES:
        for column in (*table.columns, *table.more):
            assert not SECRET.search(column.field), (table.model, column.field)
        assert table.model._meta.label != "trust.Pin"


def test_every_page_of_every_table_opens_and_shows_no_secret(office: World) -> None:
    secrets, seen = filled(office), 0
    client = signed_in(office.staff(Role.OWNER), "zh-hans")
    for table in TABLES:
        answer = client.get(address(table))
        assert answer.status_code == 200, table.model
        pages = [text(answer)]
        rows = stored(table, 3)
        for row in rows:
            answer = client.get(address(table, row))
            assert answer.status_code == 200, (table.model, row)
            pages.append(text(answer))
        seen += len(rows)
        for page in pages:
            assert INLINE.search(page) is None, table.model
            for secret in secrets:
                assert secret not in page, (table.model, secret[:6])
    assert seen > 30


@pytest.mark.parametrize("role", Role)
def test_each_table_opens_to_those_alone_who_may(office: World, role: Role) -> None:
    client = signed_in(office.clerk(role=role))
    enters = Ability.SEE_OFFICE in ABILITIES[role]
    assert client.get("/office/tables").status_code == (200 if enters else 403)
    for table in TABLES:
        may = enters and table.needs in ABILITIES[role]
        for path in (address(table), address(table, uuid.UUID(int=7))):
            answer = client.get(path)
            assert (answer.status_code != 403) == may, (table.model, path)
            assert answer.status_code < 500
        listed = f'href="{address(table)}"' in text(client.get("/office/tables"))
        assert listed == may


def test_a_stranger_is_led_to_the_one_door(office: World) -> None:
    for table in TABLES:
        answer = signed_in(None).get(address(table))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/password?next=%2Foffice%2Ftables")
    client = signed_in(office.staff(Role.OWNER))
    for path in ("login/", "logout/", "password_change/", "jsi18n/", "autocomplete/", "r/1/1/"):
        assert client.get(f"/office/tables/{path}").status_code == 404, path
    for verb in ("add", "delete", "history"):
        assert client.get(f"{address(of(Terminal))}/{verb}/").status_code in {303, 404}


def test_what_is_edited_is_what_the_app_may_write(office: World) -> None:
    edited = {table.model._meta.db_table for table in TABLES if table.edits}
    assert edited == {"people_terminal", "people_returncall", "people_person"}
    assert edited <= set(WRITABLE)
    owner = signed_in(office.staff(Role.OWNER))
    filled(office)
    for table in TABLES:
        if table.edits:
            continue
        for row in stored(table, 1):
            assert owner.post(address(table, row), {"_save": ""}).status_code == 403, table.model
            assert "_save" not in text(owner.get(address(table, row)))


def test_a_note_is_changed_once_and_recorded_without_its_words(office: World) -> None:
    till = office.terminal().terminal
    owner = signed_in(office.staff(Role.OWNER))
    path = address(of(Terminal), till.id)
    form = fields(text(owner.get(path)))
    assert set(form) == {"csrfmiddlewaretoken", "name", "place_note", "language", "_save"} - {
        "_save"
    }
    before = Terminal.objects.get(id=till.id)
    given = form | {"place_note": "By the stairs", "language": "id", "_save": ""}
    given |= {"key_hash": "00", "code": "X-1", "revoked_at": "2020-01-01"}
    for _press in (1, 2):
        assert owner.post(path, given).status_code == 303
    row = Terminal.objects.get(id=till.id)
    assert (row.place_note, row.language, row.code) == ("By the stairs", "id", before.code)
    assert (bytes(row.key_hash or b""), row.revoked_at) == (bytes(before.key_hash or b""), None)
    [kept] = acts.newest()
    assert (kept.verb, kept.facts) == (
        "change_row", {"table": "people_terminal", "fields": ["language", "place_note"]},
    )  # fmt: skip
    assert owner.post(path, given | {"name": "x" * 61}).status_code == 200
    assert Terminal.objects.get(id=till.id).name == before.name


def test_support_notes_a_call_and_changes_nobody(office: World) -> None:
    return_calls.leave(Msisdn("+351915550100"), office.at)
    call, person = ReturnCall.objects.get(), office.staff(Role.OWNER)
    support = signed_in(office.staff(Role.SUPPORT))
    path = address(of(ReturnCall), call.id)
    support.post(path, {"note": "After six", "phone": "+1", "_save": ""})
    call.refresh_from_db()
    assert (call.note, call.phone) == ("After six", "+351915550100")
    given = {"name": "Nobody", "locale": "en", "is_superuser": "on", "_save": ""}
    assert support.post(address(of(Person), person.id), given).status_code == 403
    owner = signed_in(person)
    assert owner.post(address(of(Person), person.id), given).status_code == 303
    person.refresh_from_db()
    assert (person.name, person.is_superuser) == ("Nobody", False)


def test_a_row_is_found_by_its_whole_number_and_nothing_is_guessed(office: World) -> None:
    plan = office.plan()
    sold = [office.renew(office.card(balance=5000), plan).id for _each in range(2)]
    owner = signed_in(office.staff(Role.OWNER))
    path = "/office/tables/renewals-renewal"
    receipts = [ids.outside("rnw", each) for each in sold if each]
    for typed in (str(sold[0]), receipts[0], receipts[0].upper()):
        page = text(owner.get(path, {"q": typed}))
        assert receipts[0] in page
        assert receipts[1] not in page
    for typed in ("%", "'", "rnw_", receipts[0][:-1], "9" * 300):
        assert "rnw_0" not in text(owner.get(path, {"q": typed})).partition("<table")[2]
    page = text(owner.get(path, {"state": "delivered"}))
    assert receipts[0] not in page
    assert receipts[0] in text(owner.get(path, {"state": "paid"}))


@pytest.mark.parametrize(
    "condition",
    [
        "password__startswith=scrypt", "groups__name=owner", "email__contains=a",
        "_to_field=password", "is_staff__exact=1", "o=1.2.3", "p=99999", "all=",
    ],
)  # fmt: skip
def test_an_address_asks_for_nothing_else(office: World, condition: str) -> None:
    office.clerk()
    owner = signed_in(office.staff(Role.OWNER))
    answer = owner.get(f"/office/tables/people-person?{condition}")
    assert answer.status_code in {200, 302, 400}
    if condition.partition("=")[0] not in {"o", "p", "all"}:
        assert answer.status_code != 200


@pytest.mark.parametrize("state", ["a%00b", "nonsense", "%ED%A0%80"])
def test_a_state_that_is_none_filters_nothing(office: World, state: str) -> None:
    card = office.card()
    owner = signed_in(office.staff(Role.OWNER))
    answer = owner.get(f"/office/tables/cards-card?state={state}")
    assert answer.status_code == 200
    assert card.iccid[-4:] in answer.content.decode()


def test_a_form_from_elsewhere_changes_nothing(office: World) -> None:
    till = office.terminal().terminal
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    client.force_login(office.staff(Role.OWNER))
    assert client.post(address(of(Terminal), till.id), {"name": "x"}).status_code == 403
    assert acts.newest() == []


def test_the_admin_has_no_table_and_no_script_of_its_own(office: World) -> None:
    assert apps.is_installed("django.contrib.admin")
    assert "django_admin_log" not in connections["default"].introspection.table_names()
    till = office.terminal().terminal
    owner = signed_in(office.staff(Role.OWNER))
    for path in ("/office/tables", address(of(Terminal)), address(of(Terminal), till.id)):
        page = text(owner.get(path))
        assert "static/admin/" not in page
        assert owner.get(path)["Content-Security-Policy"].count("unsafe") == 0


def test_large_tables_are_counted_no_further_than_anybody_reads(
    office: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from everline.office import tables

    monkeypatch.setattr(tables, "COUNTED_MAX", 60)
    store = office.retailer()
    for number in range(70):
        office.insert(
            "people_terminal", id=ids.uuid7(office.at), retailer_id=store.id, kind="till",
            code=f"T-{number:03d}", name="Till", place_note="", language="en", enrol_tries=0,
        )  # fmt: skip
    owner = signed_in(office.staff(Role.OWNER))
    page = text(owner.get(address(of(Terminal)), {"p": "2"}))
    assert page.count("/office/tables/people-terminal/") == 10
