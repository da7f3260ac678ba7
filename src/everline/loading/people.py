"""people.yaml: holders with the cards they hold, and staff with their role and store.

Passwords never stand in a file: the program makes them, or people sign in by a code sent to them.
That the cards and stores exist is checked against the database. The template is demo/people.yaml.
"""

from dataclasses import dataclass
from pathlib import Path

from everline.loading import numbers, values
from everline.loading.nodes import Section, read_tree
from everline.loading.problems import Flaw, Problems
from everline.people.roles import Role

NAME_LENGTH_MAX = 120
AT_A_STORE = frozenset({Role.STORE_MANAGER, Role.CLERK})
"""Roles of whoever works at a store."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in: a holder of `cards` (ICCIDs), or staff in a `role`."""

    email: str
    name: str
    language: str
    is_staff: bool
    cards: tuple[str, ...]
    role: str
    store: str
    line: int


def read_people(path: Path, problems: Problems) -> tuple[Person, ...]:
    """Read people.yaml; sound records alone, everything else is a problem."""
    top = Section(path.name, read_tree(path, problems), "", problems)
    if not top.is_sound or not top.keys:
        return ()
    found: dict[str, Person] = {}
    holders: dict[str, int] = {}
    for key in ("customers", "staff"):
        for section in top.sections(key):
            person = _person(section, is_staff=key == "staff")
            if person is None:
                continue
            if person.email in found:
                first = found[person.email].line
                section.refuse("email", Flaw.TWICE, value="e-mail", first=first)
                continue
            found[person.email] = person
            for iccid in person.cards:
                if iccid in holders:
                    section.refuse("cards", Flaw.TWICE, value=iccid, first=holders[iccid])
                holders.setdefault(iccid, section.line)
    top.close()
    if not found and top.is_sound:
        top.refuse("customers", Flaw.MISSING)
    return tuple(found.values())


def _person(section: Section, *, is_staff: bool) -> Person | None:
    """Read one person."""
    email = section.one("email", values.email, "")
    name = section.one("name", values.text(NAME_LENGTH_MAX), "")
    language = section.maybe("language", values.language, "en")
    cards: tuple[str, ...] = ()
    role = store = ""
    if is_staff:
        role = section.one("role", values.choice(*Role), "")
        store = section.maybe("store", values.code, "")
        if role in AT_A_STORE and not section.has("store"):
            section.refuse("store", Flaw.MISSING)
        if role and role not in AT_A_STORE and section.has("store"):
            section.refuse("store", Flaw.NOT_WITH, other="role", value=role)
    else:
        cards = section.many("cards", numbers.iccid)
    if not section.close():
        return None
    return Person(email, name, language, is_staff, cards, role, store, section.line)
