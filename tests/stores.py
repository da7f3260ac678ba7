"""What stores need in a small world: the store, its tills and kiosks, its staff, a card's PIN.

`World` in world.py has these as its own: `world.terminal("kiosk")`, `world.clerk()`.
"""

import itertools
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import Group

from everline import cards, ids, ledger, trust
from everline.database.requests import Answer, Caller
from everline.people import terminals
from everline.people.models import Employment, Person, Terminal as Row
from everline.people.roles import Role

PIN: Final = "2580"


@dataclass(frozen=True, slots=True)
class Owner:
    """A partner or retailer with its deposit's account."""

    id: uuid.UUID
    account_id: uuid.UUID
    code: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled terminal with its key and its store."""

    terminal: terminals.Terminal
    key: str
    store: Owner


class Stores:
    """The part of a world that has stores; the rest of it is what it builds on."""

    at: datetime
    _places = itertools.count(1)

    def insert(self, table: str, **columns: Any) -> None:
        """Insert one row as the owner."""
        raise NotImplementedError

    def caller(self, channel: str = "web", request_id: str | None = None) -> Caller:
        """Make a caller with a request id of its own."""
        raise NotImplementedError

    def fund(self, account_id: uuid.UUID, kind: str, amount: int, currency: str = "EUR") -> Answer:
        """Book money received at the bank onto an account."""
        raise NotImplementedError

    def retailer(
        self, *, deposit: int = 0, currency: str = "EUR", commission: int = 0, **columns: Any
    ) -> Owner:
        """Load one store with its deposit and its commission in basis points."""
        number = next(self._places)
        store = Owner(ids.uuid7(self.at), ids.uuid7(self.at), f"LIS-{number:03d}")
        given: dict[str, Any] = {
            "id": store.id,
            "account_id": store.account_id,
            "code": store.code,
            "name": f"Store {number}",
            "kind": "shop",
            "city": "Lisboa",
            "address": f"Rua Augusta {number}",
            "floor_or_exit": "",
            "latitude_microdegrees": 38_710_000,
            "longitude_microdegrees": -9_137_000,
            "opening_hours": "Mo-Sa 09:00-19:00",
            "phone": "",
            "currency": currency,
            "commission_basis_points": commission,
        } | columns
        self.insert("people_retailer", **given)
        ledger.open_pockets(store.account_id, "deposit", currency, 1, self.at)
        if deposit:
            self.fund(store.account_id, "deposit", deposit, currency)
        return store

    def unenrolled(self, kind: str = "till", store: Owner | None = None) -> Row:
        """Make a terminal that no device has been let in as."""
        store = store or self.retailer()
        number = next(self._places)
        return Row.objects.create(
            id=ids.uuid7(self.at),
            retailer_id=store.id,
            kind=kind,
            code=f"{store.code}-{kind[0].upper()}{number}",
            name=f"{kind.title()} {number}",
            place_note="Ground floor",
        )

    def terminal(self, kind: str = "till", store: Owner | None = None) -> Device:
        """Make a till or kiosk and enrol a device as it."""
        store = store or self.retailer()
        code = terminals.open_enrolment(self.unenrolled(kind, store).id, self.at)
        enrolled = terminals.enrol(code, self.at)
        assert enrolled is not None
        return Device(enrolled.terminal, enrolled.key, store)

    def staff(self, role: Role, password: str | None = None) -> Person:
        """Make somebody with one role, who signs in by a password if one is given."""
        number = next(self._places)
        person: Person = Person.objects.create_user(
            f"{role}-{number}@testline.example", password, name=role.title(), is_staff=True
        )
        person.groups.add(Group.objects.get(name=role))
        return person

    def clerk(
        self, store: Owner | None = None, role: Role = Role.CLERK, password: str | None = None
    ) -> Person:
        """Make somebody who works at a store from now on."""
        person = self.staff(role, password)
        Employment.objects.create(
            id=ids.uuid7(self.at),
            person=person,
            retailer_id=(store or self.retailer()).id,
            starts_at=self.at,
        )
        return person

    def pin(self, card: cards.Card, pin: str = PIN) -> str:
        """Set a card's service PIN and give it."""
        answer = trust.set_pin(self.caller("office"), card.account_id, pin, self.at)
        assert answer.reason is None
        return pin
