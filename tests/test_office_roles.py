"""The office's one table, walked with every role, a stranger, a holder, a partner and a kiosk."""

import uuid
from typing import Any

import pytest
from django.test import Client

from everline.office.frame import MENU
from everline.office.urls import SCREENS, Screen
from everline.people.models import Person
from everline.people.roles import ABILITIES, Ability, Role
from everline.trust import acts
from tests.desk import office, signed_in
from tests.reader import INLINE
from tests.world import World

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.
SOMETHING = uuid.UUID(int=7)


def address(screen: Screen) -> str:
    parts = {
        "<uuid:": str(SOMETHING), "<slug:kind>": "attempt", "<slug:event>": "suspend",
        "<slug:code>": "NONE",
    }  # fmt: skip
    found = "/office" + screen.address.replace("<slug:kind>.csv", "sums.csv")
    for mark, value in parts.items():
        while mark in found:
            before, _, rest = found.partition(mark)
            found = before + value + (rest.partition(">")[2] if mark.endswith(":") else rest)
    return found


def answers(client: Client, screen: Screen) -> list[Any]:
    found = [client.get(address(screen))]
    if "POST" in screen.methods:
        found.append(client.post(address(screen), {"request_id": str(uuid.uuid4())}))
    return found


@pytest.mark.parametrize("role", Role)
def test_each_screen_opens_to_those_alone_who_may(office: World, role: Role) -> None:
    client = signed_in(office.clerk(role=role))
    for screen in SCREENS:
        may = screen.needs <= ABILITIES[role]
        if screen.name == "home":
            may = any(needed in ABILITIES[role] for _name, _label, needed in MENU)
        for answer in answers(client, screen):
            assert (answer.status_code != 403) == may, (screen.name, answer.status_code)
            assert answer.status_code < 500, screen.name


def test_a_clerk_opens_nothing_and_every_screen_is_somebodys() -> None:
    assert not any(
        screen.needs <= ABILITIES[Role.CLERK] for screen in SCREENS if screen.name != "home"
    )
    for screen in SCREENS:
        assert any(screen.needs <= ABILITIES[role] for role in Role), screen.name
    assert {name.partition(":")[2] for name, _label, _needed in MENU if name[:6] == "office"} <= {
        screen.name for screen in SCREENS
    }


@pytest.mark.parametrize("speaker", ["stranger", "partner", "kiosk", "holder"])
def test_whoever_is_no_staff_is_led_to_the_door(office: World, speaker: str) -> None:
    holder = Person.objects.create_user("h@testline.example", "open sesame")
    client = signed_in(holder if speaker == "holder" else None)
    if speaker == "partner":
        client = Client(
            SERVER_NAME="localhost", headers={"authorization": f"Bearer {office.partner().key}"}
        )
    if speaker == "kiosk":
        client.cookies["everline_till"] = office.terminal("kiosk").key
    for screen in SCREENS:
        for answer in answers(client, screen):
            if speaker == "holder":
                assert answer.status_code == 403, screen.name
            else:
                assert answer.status_code == 302, screen.name
                assert answer["Location"].startswith("/sign-in/password?next=%2Foffice")
    assert acts.newest() == []


def test_somebody_who_left_sees_nothing(office: World) -> None:
    owner = office.staff(Role.OWNER)
    client = signed_in(owner)
    assert client.get("/office/today").status_code == 200
    Person.objects.filter(id=owner.id).update(is_staff=False)
    assert client.get("/office/today").status_code == 403
    Person.objects.filter(id=owner.id).update(is_active=False)
    assert client.get("/office/today").status_code == 302


@pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
def test_every_screen_is_shown_in_each_language_without_inline_style(
    office: World, locale: str
) -> None:
    card, plan = office.card(balance=5000), office.plan("HOME-30")
    partner, store = office.partner(), office.retailer(deposit=700)
    sold, clerk = office.renew(card, plan), office.clerk(store)
    office.deliver_all()
    office.promotion(budget=5)
    office.terminal()
    client = signed_in(office.staff(Role.OWNER), locale)
    titles = set()
    for path in (
        "today", "queues", "search", f"cards/{card.id}", "plans", "plans/HOME-30",
        "plans/HOME-30/version", "plans/HOME-30/end", "offers/new", "places", "stores/new",
        f"stores/{store.id}", f"stores/{store.id}/edit", f"stores/{store.id}/fund",
        f"partners/{partner.id}", "partners/new", "terminals", "staff", "staff/new",
        f"staff/{clerk.id}", f"renewals/{sold.id}", f"renewals/{sold.id}/send", "banners",
        "day-end", "acts", f"cards/{card.id}/suspend", f"cards/{card.id}/pin", "tables",
    ):  # fmt: skip
        answer = client.get(f"/office/{path}")
        shown = answer.content.decode()
        assert answer.status_code == 200, path
        assert INLINE.search(shown) is None, path
        assert "no-store" in answer["Cache-Control"]
        titles.add(shown.partition("<h1>")[2].partition("</h1>")[0].strip())
    assert len(titles) >= 20
    assert ("Today" in titles) == (locale == "en")


def test_a_form_from_elsewhere_does_nothing(office: World) -> None:
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    client.force_login(office.staff(Role.OWNER))
    partner = office.partner()
    answer = client.post(f"/office/partners/{partner.id}/keys", {"request_id": str(uuid.uuid4())})
    assert answer.status_code == 403
    assert acts.newest() == []


def test_a_manager_sees_the_own_stores_terminals_alone(office: World) -> None:
    here, elsewhere = office.terminal(), office.terminal()
    client = signed_in(office.clerk(here.store, role=Role.STORE_MANAGER))
    office.advance(seconds=1)
    shown = client.get("/office/terminals").content.decode()
    assert here.terminal.code in shown
    assert elsewhere.terminal.code not in shown
    for act in ("enrol", "revoke"):
        path = f"/office/terminals/{elsewhere.terminal.id}/{act}"
        assert client.get(path).status_code == 404
        assert client.post(path, {"request_id": str(uuid.uuid4())}).status_code == 404
    assert Ability.EDIT_PLACES not in ABILITIES[Role.STORE_MANAGER]
