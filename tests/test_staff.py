"""Staff: roles and what each may do, where somebody works, acts, and the files that say it."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import Group

from everline import cards, database, loading, trust
from everline.cli import sign_ins
from everline.loading.problems import Flaw
from everline.people import roles, staff
from everline.people.models import Employment, Person
from everline.people.roles import ABILITIES, Ability, Role
from everline.trust import Actor, acts
from tests.desk import signed_in
from tests.reader import on_the_pages
from tests.world import World


def test_the_groups_of_all_roles_are_there(town: World) -> None:
    assert set(Group.objects.values_list("name", flat=True)) >= set(Role)


def test_every_role_may_do_something_and_every_ability_is_somebodys() -> None:
    assert ABILITIES.keys() == set(Role)
    assert all(ABILITIES.values())
    assert frozenset().union(*ABILITIES.values()) == frozenset(Ability)


@pytest.mark.parametrize("role", Role)
def test_a_person_may_do_what_the_role_may(town: World, role: Role) -> None:
    person = town.staff(role)
    assert roles.roles(person) == (role,)
    assert roles.abilities(person) == ABILITIES[role]


def test_money_terminals_and_selling_are_kept_apart() -> None:
    may = {
        ability: {role for role in Role if ability in ABILITIES[role]}
        for ability in (Ability.SEE_MONEY, Ability.ENROL_TERMINAL, Ability.SELL, Ability.EDIT_PLANS)
    }
    assert may == {
        Ability.SEE_MONEY: {Role.OWNER, Role.FINANCE},
        Ability.ENROL_TERMINAL: {Role.OWNER, Role.STORE_MANAGER},
        Ability.SELL: {Role.STORE_MANAGER, Role.CLERK},
        Ability.EDIT_PLANS: {Role.OWNER},
    }


def test_two_roles_add_up_and_no_role_is_nothing(town: World) -> None:
    person = town.staff(Role.CLERK)
    person.groups.add(Group.objects.get(name=Role.FINANCE))
    assert roles.abilities(person) == ABILITIES[Role.CLERK] | ABILITIES[Role.FINANCE]
    person.groups.clear()
    assert roles.abilities(person) == frozenset()


def test_a_holder_in_a_group_and_somebody_who_left_may_nothing(town: World) -> None:
    person = town.staff(Role.OWNER)
    person.is_staff = False
    assert roles.abilities(person) == frozenset()
    person.is_staff, person.is_active = True, False
    assert roles.abilities(person) == frozenset()
    person.is_superuser = True
    assert roles.abilities(person) == frozenset()
    person.is_active = True
    assert roles.abilities(person) == frozenset(Ability)


def test_somebody_works_at_one_store_at_a_time(town: World) -> None:
    first, second = town.retailer(), town.retailer()
    clerk = town.clerk(first)
    found = roles.workplace(clerk.id, town.at)
    assert found is not None
    assert (found.retailer_id, found.account_id) == (first.id, first.account_id)
    assert roles.workplace(clerk.id, town.at - timedelta(seconds=1)) is None
    town.advance(days=1)
    Employment.objects.filter(person=clerk).update(ends_at=town.at)
    assert roles.workplace(clerk.id, town.at) is None
    Employment.objects.create(id=clerk.id, person=clerk, retailer_id=second.id, starts_at=town.at)
    found = roles.workplace(clerk.id, town.at)
    assert found is not None
    assert found.retailer_id == second.id
    town.owner.execute("update people_retailer set closed_at = %s", [town.at])
    assert roles.workplace(clerk.id, town.at) is None


def test_a_second_workplace_is_refused(town: World) -> None:
    clerk = town.clerk()
    with pytest.raises(psycopg.errors.UniqueViolation):
        town.insert(
            "people_employment",
            id=clerk.id,
            person_id=clerk.id,
            retailer_id=town.retailer().id,
            starts_at=town.at,
        )


# Acts.


def test_acts_are_listed_newest_first_by_subject_and_by_person(town: World) -> None:
    clerk, till = town.clerk(), town.terminal().terminal
    actor = Actor(Role.CLERK, clerk.id, till.id)
    card = town.card()
    acts.record(actor, "sell", ("card", card.id), town.at, {"total": 1000})
    acts.record(Actor(), "recycle", ("card", card.id), town.advance(minutes=1))
    acts.record(actor, "open", ("till", till.code), town.advance(minutes=1))
    assert [act.verb for act in acts.newest()] == ["open", "recycle", "sell"]
    assert [act.verb for act in acts.newest(1)] == ["open"]
    assert [act.verb for act in acts.newest(subject=("card", card.id))] == ["recycle", "sell"]
    assert [act.verb for act in acts.newest(person_id=clerk.id)] == ["open", "sell"]
    [oldest] = acts.newest(before=town.at - timedelta(minutes=1))
    assert (oldest.person_id, oldest.terminal_id, oldest.role) == (clerk.id, till.id, "clerk")
    assert (oldest.subject_id, oldest.facts) == (str(card.id), {"total": 1000})


@pytest.mark.parametrize("facts", [{"pin": "2580"}, {"a": {"Key": 1}}, {"a": [{"token": 1}]}])
def test_an_act_keeps_no_secret(town: World, facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="does not keep"):
        acts.record(Actor(), "try", ("card", "1"), town.at, facts)
    assert acts.newest() == []


def test_nobody_in_particular_is_refused(town: World) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        acts.record(Actor("clerk"), "sell", ("card", "1"), town.at)


def test_nobody_edits_an_act(town: World) -> None:
    acts.record(Actor(), "try", ("card", "1"), town.at)
    for change in (
        "update trust_act set verb = 'x'",
        "delete from trust_act",
        "truncate trust_act",
    ):
        with pytest.raises(psycopg.Error, match="append-only"):
            town.owner.execute(change.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.connection() as app:
            app.execute(change.encode())


# Staff, stores and terminals of an operator's files.

STAFF = """\
staff:
  - {email: clerk@x.example, name: A, role: ROLE, store: STORE}
"""
HEADER = (
    "code,name,kind,city,address,latitude,longitude,opening_hours,currency,deposit,"
    "commission,tills,kiosks\n"
)


def stores(commission: str = "2.5", tills: int = 1) -> str:
    rows = (
        f"{code},S,shop,Faro,Rua 1,37.0,-7.9,24/7,EUR,0,{commission},{tills},1\n"
        for code in ("FAO-1", "FAO-2")
    )
    return HEADER + "".join(rows)


def load(world: World, folder: Path, name: str, content: str) -> list[str]:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    loaded = loading.load([path], world.logins, world.now)
    return [problem.flaw for problem in loaded.problems]


@pytest.fixture
def operator(town: World) -> World:
    town.owner.execute("""update catalogue_policy set currency_digits = '{"EUR": 2}'""")
    return town


def test_a_file_of_stores_makes_their_terminals_and_keeps_them(
    operator: World, tmp_path: Path
) -> None:
    assert load(operator, tmp_path, "retailers.csv", stores()) == []
    first = operator.all("select id, code, kind from people_terminal order by code")
    assert [(code, kind) for _id, code, kind in first] == [
        ("FAO-1-K1", "kiosk"),
        ("FAO-1-T1", "till"),
        ("FAO-2-K1", "kiosk"),
        ("FAO-2-T1", "till"),
    ]
    assert operator.all("select distinct commission_basis_points from people_retailer") == [(250,)]
    assert load(operator, tmp_path, "retailers.csv", stores("3", tills=2)) == []
    assert operator.all("select distinct commission_basis_points from people_retailer") == [(300,)]
    again = operator.all("select id, code, kind from people_terminal order by code")
    assert len(again) == 6
    assert set(first) <= set(again)


@pytest.mark.parametrize(
    ("commission", "flaw"),
    [("50.01", Flaw.NOT_BETWEEN), ("-1", Flaw.NOT_NUMBER), ("2.505", Flaw.NOT_NUMBER)],
)
def test_a_commission_that_is_no_share_is_named(
    operator: World, tmp_path: Path, commission: str, flaw: Flaw
) -> None:
    assert set(load(operator, tmp_path, "retailers.csv", stores(commission))) == {flaw}
    assert operator.one("select count(*) from people_retailer") == 0


def test_a_file_of_people_says_role_and_store(operator: World, tmp_path: Path) -> None:
    def load_staff(role: str, store: str) -> list[str]:
        content = STAFF.replace("ROLE", role).replace("STORE", store)
        return load(operator, tmp_path, "people.yaml", content)

    load(operator, tmp_path, "retailers.csv", stores())
    assert load_staff("clerk", "FAO-9") == [Flaw.STORE_UNKNOWN]
    assert not Person.objects.exists()
    assert load_staff("clerk", "FAO-1") == []
    person = Person.objects.get()
    assert roles.abilities(person) == ABILITIES[Role.CLERK]
    for role, store in (("store_manager", "FAO-2"), ("store_manager", "FAO-2")):
        operator.advance(days=1)
        assert load_staff(role, store) == []
        place = roles.workplace(person.id, operator.at)
        assert place is not None
        assert (roles.roles(person), place.code) == ((role,), store)
    assert Employment.objects.count() == 2
    operator.advance(days=1)
    assert load_staff("owner", "") == []
    assert roles.workplace(person.id, operator.at) is None
    assert roles.roles(person) == (Role.OWNER,)


@pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.
def test_a_role_that_the_office_ended_is_not_given_back_by_a_file(
    operator: World, tmp_path: Path
) -> None:
    content = STAFF.replace("ROLE", "owner").replace(", store: STORE", "")
    assert load(operator, tmp_path, "people.yaml", content) == []
    person, owner = Person.objects.get(), operator.staff(Role.OWNER)
    operator.advance(days=1)
    with on_the_pages(operator):
        path = f"/office/staff/{person.id}/end"
        ended = signed_in(owner).post(path, {"request_id": str(person.id)})
    assert ended.status_code == 303
    operator.advance(days=1)
    assert load(operator, tmp_path, "people.yaml", content) == [Flaw.ROLE_ENDED]
    person.refresh_from_db()
    assert (person.is_staff, roles.roles(person)) == (False, ())
    # Invited again, the person works here again, and the file says nothing else.
    assert person.email is not None
    staff.invite(person.id, person.email, person.name, "en", Role.OWNER)
    staff.assign(person, Role.OWNER, None, operator.at)
    assert load(operator, tmp_path, "people.yaml", content) == []


def test_the_demo_has_somebody_in_each_role_and_terminals(town: World, tmp_path: Path) -> None:
    assert loading.load_demo(town.logins, town.now) is not None
    found = dict(sign_ins.prepare(tmp_path, town.at))
    assert set(found) >= {"Holder", "Owner", "Finance", "Support", "Manager", "Clerk"}
    for title, email in sign_ins.STAFF:
        person = Person.objects.get(email=email)
        assert person.check_password(found[title].split()[-1])
        [role] = roles.roles(person)
        assert (roles.workplace(person.id, town.at) is None) == (
            role not in {Role.CLERK, Role.STORE_MANAGER}
        )
    for number in sign_ins.CARDS_WITH_PIN:
        card = cards.find(number)
        assert card is not None
        assert trust.check_pin(card.account_id, found["Service PIN"], town.at).is_right
    assert dict(sign_ins.prepare(tmp_path, town.at)) == found
    kinds = dict(town.all("select kind, count(*) from people_terminal group by kind"))
    assert kinds["till"] > 40
    assert kinds["kiosk"] > 20
