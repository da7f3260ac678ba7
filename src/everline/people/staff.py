"""Staff as the office writes it: invited, given a role and a store, and let go.

A role is a group of Django's and a workplace a row of Employment, one at a time. Whoever is invited
has no password until they choose one by a link that is shown once. Somebody who was known before,
such as a holder of cards, keeps the password: a link would give a stranger that person's cards. The
verbs stand in staff.sql.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from everline import database
from everline.people.models import Employment, Holding, Person
from everline.people.roles import Role

AT_A_STORE: Final = frozenset({Role.STORE_MANAGER, Role.CLERK})
"""Roles of whoever works at a store."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff; `role` and `store_id` are None for whoever has none."""

    person: Person
    role: Role | None
    store_id: UUID | None
    store_code: str
    store_name: str
    since: datetime | None

    @property
    def is_invited(self) -> bool:
        """Whether no password was chosen yet."""
        return not self.person.has_usable_password()


def members(store_id: UUID | None, most: int) -> list[Member]:
    """List staff by name, of one store's clerks alone or of all; three reads."""
    people = Person.objects.filter(is_staff=True, is_active=True)
    if store_id is not None:
        people = people.filter(
            groups__name=Role.CLERK,
            employments__ends_at=None,
            employments__retailer_id=store_id,
        )
    found = list(people.order_by("name", "email").distinct()[:most])
    return _with_work(found)


def member(person_id: UUID) -> Member | None:
    """Find one of the staff; None when the person works here no longer."""
    found = Person.objects.filter(id=person_id, is_staff=True, is_active=True).first()
    return _with_work([found])[0] if found else None


def _with_work(people: Sequence[Person]) -> list[Member]:
    groups: dict[UUID, set[str]] = {}
    through = Person.groups.through.objects.filter(person_id__in=[each.id for each in people])
    for person_id, name in through.values_list("person_id", "group__name"):
        groups.setdefault(person_id, set()).add(name)
    work = {
        each.person_id: each
        for each in Employment.objects.filter(person__in=people, ends_at=None).select_related(
            "retailer"
        )
    }
    found = []
    for each in people:
        at = work.get(each.id)
        role = next((role for role in Role if role in groups.get(each.id, set())), None)
        found.append(
            Member(
                each,
                role,
                at.retailer_id if at else None,
                at.retailer.code if at else "",
                at.retailer.name if at else "",
                at.starts_at if at else None,
            )
        )
    return found


def invite(
    person_id: UUID, email: str, name: str, locale: str, role: Role
) -> tuple[Person | None, str]:
    """Make somebody staff by e-mail; gives the person and invited, known, staff or again.

    `known` had an account before and keeps its password; `staff` works here already, and nothing
    was done; `again` is the same invitation once more. Locks the person.
    """
    reached = database.value(
        "select invite_staff(%s, %s, %s, %s, %s, %s)",
        [person_id, email, name, locale, make_password(None), role],
    )
    return Person.objects.filter(email=email).first(), str(reached)


def assign(person: Person, role: Role, store_id: UUID | None, at: datetime) -> bool:
    """Give somebody one role and one workplace from `at` on; False when both were so before."""
    given = [person.id, role, store_id, at]
    return bool(database.value("select assign_staff(%s, %s, %s, %s)", given))


def let_go(person: Person, at: datetime) -> bool:
    """End somebody's work at `at`: no role, no store, no office; False when it had ended before.

    The account stays, as a holder of cards may need it; pages ask for roles at every request.
    """
    return bool(database.value("select end_staff(%s, %s)", [person.id, at]))


def holds_cards(person: Person) -> bool:
    """Tell whether somebody holds cards here, besides working."""
    return Holding.objects.filter(person=person, ends_at=None).exists()


def new_link(person: Person) -> tuple[str, str]:
    """End somebody's password and give the two parts of a link by which another is chosen once.

    An older link is void with it. It is good for as long as PASSWORD_RESET_TIMEOUT says.
    """
    person.set_unusable_password()
    person.save(update_fields=["password"])
    return urlsafe_base64_encode(force_bytes(person.pk)), default_token_generator.make_token(person)
