"""Stores and partners in the office: added, changed, ended, and their deposits booked once."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from psycopg.types.json import Jsonb

from everline import ledger, renewals
from everline.loading.firms import publish_firm
from everline.office.audit import audit
from everline.people import keys, terminals
from everline.people.models import Partner, Retailer
from everline.people.roles import Role
from everline.trust import acts
from tests.desk import errors, fields, fill, office, signed_in, text
from tests.test_office import act
from tests.world import World

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.
STORE = {
    "code": "PRT-007", "name": "Loja Central", "kind": "station", "city": "Porto",
    "address": "Praça 1", "floor_or_exit": "Exit B", "opening_hours": "Mo-Sa 09:00-19:00",
    "zone": "Europe/Lisbon", "phone": "+351 22 555 0100", "latitude_microdegrees": "41.145",
    "longitude_microdegrees": "-8.611", "commission_basis_points": "2.5", "currency": "IDR",
}  # fmt: skip


@pytest.fixture
def owner(office: World) -> Client:
    return signed_in(office.staff(Role.OWNER))


def test_a_store_is_added_once_changed_and_shown(office: World, owner: Client) -> None:
    answer = fill(owner, "stores/new", times=2, **STORE)
    assert answer.status_code == 303
    store = Retailer.objects.get(code="PRT-007")
    assert (store.commission_basis_points, store.latitude_microdegrees) == (250, 41_145_000)
    assert (store.longitude_microdegrees, store.phone) == (-8_611_000, "+351225550100")
    assert ledger.spendable(store.account_id, "deposit", "IDR") == 0
    assert [each.verb for each in acts.newest()] == ["add_firm"]
    shown = text(owner.get(f"/office/stores/{store.id}"))
    assert "Loja Central" in shown
    assert "Station" in shown
    fill(owner, f"stores/{store.id}/edit", times=2, name="Loja Nova")
    fill(owner, f"stores/{store.id}/edit")
    store.refresh_from_db()
    assert (store.name, store.code, store.kind) == ("Loja Nova", "PRT-007", "station")
    [changed] = [each for each in acts.newest() if each.verb == "change_firm"]
    assert changed.facts == {"name": ["Loja Central", "Loja Nova"]}
    assert "Loja Central → Loja Nova" in text(owner.get("/office/acts"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "prt 7"), ("opening_hours", "nine to five"), ("zone", "Porto"), ("phone", "12"),
        ("latitude_microdegrees", "91"), ("longitude_microdegrees", "west"), ("name", ""),
        ("commission_basis_points", "51"), ("currency", "XTS"), ("kind", "castle"),
    ],
)  # fmt: skip
def test_each_field_of_a_store_says_what_is_wrong(
    office: World, owner: Client, field: str, value: str
) -> None:
    answer = fill(owner, "stores/new", **(STORE | {field: value}))
    assert answer.status_code == 422
    assert errors(answer) == [field]
    assert not Retailer.objects.exists()
    assert acts.newest() == []


def test_a_code_is_one_stores_and_a_currency_stays(office: World, owner: Client) -> None:
    fill(owner, "stores/new", **STORE)
    answer = fill(owner, "stores/new", **STORE)
    assert errors(answer) == ["code"]
    store = Retailer.objects.get()
    assert "currency" not in fields(text(owner.get(f"/office/stores/{store.id}/edit")))
    columns = {"id": str(store.id), "code": store.code, "currency": "EUR"}
    assert publish_firm("retailer", columns, office.at) == "fixed"


def test_a_store_ends_with_its_tills_and_is_taken_up_again(office: World, owner: Client) -> None:
    till = office.terminal()
    act(owner, f"stores/{till.store.id}/end", times=2)
    office.advance(seconds=2)
    assert terminals.find_terminal(till.key, office.at) is None
    assert "Ended" in text(owner.get(f"/office/stores/{till.store.id}"))
    act(owner, f"stores/{till.store.id}/resume", times=2)
    assert terminals.find_terminal(till.key, office.advance(seconds=1)) is not None
    verbs = [each.verb for each in acts.newest()]
    assert sorted(verbs) == ["end_firm", "resume_firm"]


def test_a_partner_is_added_and_its_key_ends_with_it(office: World, owner: Client) -> None:
    fill(owner, "partners/new", code="LOJAPAY", name="LojaPay", currency="IDR", pockets="3",
         commission_basis_points="1")  # fmt: skip
    partner = Partner.objects.get(code="LOJAPAY")
    rows = office.one(
        "select count(*) from ledger_account where account_id = %s", partner.account_id
    )
    assert (partner.commission_basis_points, rows) == (100, 3)
    shown = text(act(owner, f"partners/{partner.id}/keys"))
    key = shown.partition('class="once">')[2].partition("<")[0].strip()
    assert keys.find(keys.digest(key), office.at) is not None
    again = act(owner, f"partners/{partner.id}/keys", times=3)
    assert again.status_code == 303
    assert office.one("select count(*) from people_apikey") == 2
    assert owner.post(f"/office/partners/{partner.id}/keys", {}).status_code == 400
    act(owner, f"partners/{partner.id}/end")
    assert keys.find(keys.digest(key), office.advance(seconds=1)) is None
    assert owner.get(f"/office/partners/{partner.id}/keys").status_code == 404


def test_a_deposit_is_booked_once_and_moves_as_it_sells(office: World) -> None:
    finance = signed_in(office.staff(Role.FINANCE))
    store = office.retailer(deposit=5000, commission=1000)
    path = f"stores/{store.id}/fund"
    shown = text(fill(finance, path, press="preview", amount="75.50", note="BANK 1"))
    assert "€125.50" in shown
    assert ledger.spendable(store.account_id, "deposit", "EUR") == 5000
    fill(finance, path, times=3, amount="75.50", note="BANK 1")
    assert ledger.spendable(store.account_id, "deposit", "EUR") == 12_550
    [booked] = acts.newest()
    assert (booked.verb, booked.facts["amount"], booked.facts["note"]) == (
        "fund_deposit", 7550, "BANK 1",
    )  # fmt: skip
    for wrong in ("0", "-5", "ten", "1.234", "9" * 25, ""):
        assert errors(fill(finance, path, amount=wrong, note="x")) == ["amount"], wrong
    sold = renewals.renew(
        office.caller("store"), office.order(office.card(), office.plan(), channel="store"),
        store.account_id, office.at,
    )  # fmt: skip
    assert sold.id is not None
    page = text(finance.get(f"/office/stores/{store.id}"))
    assert "€75.50" in page
    assert f"/office/renewals/{sold.id}" in page
    assert "-€10.00" in page
    assert "€1.00" in page
    day = (office.at - timedelta(days=1)).date().isoformat()
    assert "€75.50" not in text(finance.get(f"/office/stores/{store.id}?day={day}"))
    assert finance.get(f"/office/stores/{store.id}?day=2999-01-01").status_code == 200
    assert [each.invariant.name for each in audit(office.at) if each.total] == []


def test_how_many_decimals_people_see_is_the_operators_word(office: World, owner: Client) -> None:
    store = office.retailer(deposit=123_400)
    for digits, shown in (({}, "€1,234.00"), ({"EUR": 0}, "€1,234"), ({"EUR": 2}, "€1,234.00")):
        office.owner.execute("update catalogue_policy set currency_digits = %s", [Jsonb(digits)])
        for path in ("places", f"stores/{store.id}"):
            page = text(owner.get(f"/office/{path}"))
            assert f"{shown}<" in page, (digits, path)


def test_who_may_not_edit_sees_no_button_and_no_money(office: World) -> None:
    store = office.retailer(deposit=1234)
    support = signed_in(office.staff(Role.SUPPORT))
    page = text(support.get(f"/office/stores/{store.id}"))
    assert "12.34" not in page
    assert "/edit" not in page
    for path in ("edit", "end", "resume", "fund"):
        answer = support.post(
            f"/office/stores/{store.id}/{path}", {"request_id": str(uuid.uuid4())}
        )
        assert answer.status_code == 403
    assert acts.newest() == []
