"""Staff in the office: invited by a link that is good once, moved, let go; managers mind theirs."""

import re
import uuid

import pytest
from django.test import Client

from everline import ids
from everline.people.models import Employment, Holding, Person
from everline.people.roles import Role, abilities, roles, workplace
from everline.trust import acts
from tests.desk import errors, fields, fill, office, signed_in, text
from tests.test_office import act
from tests.world import World

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.
NEW = {"email": "nadia@testline.example", "name": "Nadia Putri", "locale": "id"}
PASSWORD = "kopi-tubruk-17"


def link(answer: object) -> str:
    """Give the path of the link that a page shows once."""
    found = re.search(r"https?://[^/<]+(/office/welcome/[^<\s]+)", text(answer))
    assert found is not None
    return found[1]


def choose(path: str, password: str = PASSWORD) -> object:
    """Follow a link as a stranger and choose a password."""
    client = signed_in(None)
    form = client.get(path, follow=True)
    if "new_password1" not in text(form):
        return form
    here = form.redirect_chain[-1][0] if form.redirect_chain else path
    return client.post(here, {"new_password1": password, "new_password2": password})


@pytest.fixture
def owner(office: World) -> Client:
    return signed_in(office.staff(Role.OWNER))


def test_a_clerk_is_invited_chooses_a_password_and_signs_in(office: World, owner: Client) -> None:
    store = office.retailer()
    shown = fill(owner, "staff/new", **NEW, role="clerk", store=store.code)
    person = Person.objects.get(email=NEW["email"])
    assert roles(person) == (Role.CLERK,)
    assert not person.has_usable_password()
    office.advance(seconds=1)
    at = workplace(person.id, office.at)
    assert at is not None
    assert at.code == store.code
    assert "Invited" in text(owner.get("/office/staff"))
    path = link(shown)
    weak = choose(path, "12345678")
    assert weak.status_code == 422  # type: ignore[attr-defined]
    assert choose(path).status_code == 302  # type: ignore[attr-defined]
    assert "not good any more" in text(choose(path))
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert signed_in(None).login(username=NEW["email"], password=PASSWORD)
    kept = str([each.facts for each in acts.newest()])
    assert {each.verb for each in acts.newest()} == {"invite", "choose_password"}
    assert NEW["email"] not in kept
    assert path.rpartition("/")[2] not in kept


def test_the_same_invitation_is_one_and_the_same_person_is_not_invited_twice(
    office: World, owner: Client
) -> None:
    first = fill(owner, "staff/new", times=2, **NEW, role="finance", store="")
    assert first.status_code == 200
    assert Person.objects.filter(email=NEW["email"]).count() == 1
    assert [each.verb for each in acts.newest()] == ["invite"]
    assert errors(fill(owner, "staff/new", **NEW, role="owner", store="")) == ["email"]
    assert roles(Person.objects.get(email=NEW["email"])) == (Role.FINANCE,)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"role": "clerk", "store": ""}, "store"), ({"role": "owner", "store": "LIS"}, "store"),
        ({"role": "king", "store": ""}, "role"), ({"email": "nobody", "role": "owner"}, "email"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_at_its_field(
    office: World, owner: Client, typed: dict[str, str], wrong: str
) -> None:
    store = office.retailer()
    given = NEW | {"store": ""} | typed
    given["store"] = store.code if given["store"] == "LIS" else given["store"]
    answer = fill(owner, "staff/new", **given)
    assert answer.status_code == 422
    assert errors(answer) == [wrong]
    assert not Person.objects.filter(email=NEW["email"]).exists()


def test_a_known_holder_becomes_staff_and_keeps_the_password(office: World, owner: Client) -> None:
    holder = Person.objects.create_user(NEW["email"], PASSWORD)
    answer = fill(owner, "staff/new", **NEW, role="support", store="")
    assert answer.status_code == 303
    holder.refresh_from_db()
    assert holder.check_password(PASSWORD)
    assert roles(holder) == (Role.SUPPORT,)


def test_a_role_and_store_change_and_work_ends_at_once(office: World, owner: Client) -> None:
    first, second = office.retailer(), office.retailer()
    clerk = office.clerk(first)
    office.advance(seconds=5)
    fill(owner, f"staff/{clerk.id}/role", times=2, role="store_manager", store=second.code)
    assert roles(clerk) == (Role.STORE_MANAGER,)
    at = workplace(clerk.id, office.advance(seconds=1))
    assert at is not None
    assert at.code == second.code
    assert Employment.objects.filter(person=clerk).count() == 2
    browser = signed_in(clerk)
    assert browser.get("/office/terminals").status_code == 200
    act(owner, f"staff/{clerk.id}/end", times=2)
    assert browser.get("/office/terminals").status_code == 403
    clerk.refresh_from_db()
    assert abilities(clerk) == frozenset()
    assert workplace(clerk.id, office.advance(seconds=1)) is None
    assert owner.get(f"/office/staff/{clerk.id}").status_code == 404
    assert sorted(each.verb for each in acts.newest()) == ["change_staff", "end_employment"]


def test_a_link_ends_the_password_and_an_older_link(office: World, owner: Client) -> None:
    clerk = office.clerk(password=PASSWORD)
    first = link(act(owner, f"staff/{clerk.id}/link"))
    assert not signed_in(None).login(username=clerk.email, password=PASSWORD)
    second = link(act(owner, f"staff/{clerk.id}/link"))
    assert "not good any more" in text(choose(first))
    assert choose(second, "kopi-tubruk-18").status_code == 302  # type: ignore[attr-defined]


def test_nobody_ends_or_changes_their_own_work(office: World) -> None:
    person = office.staff(Role.OWNER)
    client = signed_in(person)
    for path in ("role", "end"):
        given = {"request_id": str(uuid.uuid4()), "role": "clerk", "store": ""}
        assert client.post(f"/office/staff/{person.id}/{path}", given).status_code == 404
    assert roles(person) == (Role.OWNER,)


def test_a_manager_minds_the_own_stores_clerks_alone(office: World) -> None:
    here, elsewhere = office.retailer(), office.retailer()
    manager = office.clerk(here, role=Role.STORE_MANAGER)
    clerk, other = office.clerk(here), office.clerk(elsewhere)
    boss = office.staff(Role.OWNER)
    office.advance(seconds=1)
    client = signed_in(manager)
    page = text(client.get("/office/staff"))
    assert str(clerk.email) in page
    assert str(other.email) not in page
    assert str(boss.email) not in page
    assert str(manager.email) not in page.partition("<table")[2]
    for person in (other, boss, manager):
        for path in ("", "/link", "/end"):
            assert client.get(f"/office/staff/{person.id}{path}").status_code == 404
        given = {"request_id": str(uuid.uuid4())}
        assert client.post(f"/office/staff/{person.id}/link", given).status_code == 404
        assert client.post(f"/office/staff/{person.id}/end", given).status_code == 404
        assert Person.objects.get(id=person.id).is_staff
    assert client.get(f"/office/staff/{clerk.id}/role").status_code == 403
    form = fields(text(client.get("/office/staff/new")))
    assert "role" not in form
    fill(client, "staff/new", **NEW, role="owner", store=elsewhere.code)
    new = Person.objects.get(email=NEW["email"])
    assert roles(new) == (Role.CLERK,)
    at = workplace(new.id, office.advance(seconds=1))
    assert at is not None
    assert at.retailer_id == here.id


def test_a_manager_makes_no_link_to_somebodys_cards(office: World) -> None:
    here = office.retailer()
    clerk = office.clerk(here, password=PASSWORD)
    Holding.objects.create(
        id=ids.uuid7(office.at), account_id=office.card().account_id, person=clerk,
        starts_at=office.at,
    )  # fmt: skip
    client = signed_in(office.clerk(here, role=Role.STORE_MANAGER))
    office.advance(seconds=1)
    given = {"request_id": str(uuid.uuid4())}
    assert client.post(f"/office/staff/{clerk.id}/link", given).status_code == 404
    clerk.refresh_from_db()
    assert clerk.check_password(PASSWORD)


def test_a_manager_without_a_store_invites_nobody(office: World) -> None:
    client = signed_in(office.staff(Role.STORE_MANAGER))
    assert client.get("/office/staff/new").status_code == 404
    assert client.get("/office/staff").status_code == 200
