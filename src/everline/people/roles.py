"""What staff may do: roles, the abilities of each, and the store at which somebody works.

A role is a group of Django's with the same name; a migration makes them, files and the office put
people into them. Pages ask for an ability and never for a role, so that this table is the whole
truth. Somebody with several roles may do what any of them may; a superuser may do everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from everline import database
from everline.people.models import Person


class Role(StrEnum):
    """The roles of staff, as their groups are named."""

    OWNER = "owner"
    FINANCE = "finance"
    SUPPORT = "support"
    STORE_MANAGER = "store_manager"
    CLERK = "clerk"


class Ability(StrEnum):
    """One thing that staff may or may not do."""

    SEE_OFFICE = "see_office"
    SEE_MONEY = "see_money"
    SEE_CUSTOMERS = "see_customers"
    SEE_ACTS = "see_acts"
    EDIT_PLANS = "edit_plans"
    EDIT_PLACES = "edit_places"
    EDIT_STAFF = "edit_staff"
    EDIT_CLERKS = "edit_clerks"
    EDIT_BANNERS = "edit_banners"
    MAKE_KEYS = "make_keys"
    ENROL_TERMINAL = "enrol_terminal"
    RESOLVE_PAYMENTS = "resolve_payments"
    REVERSE_RENEWAL = "reverse_renewal"
    BOOK_DEPOSIT = "book_deposit"
    EXPORT_DAY = "export_day"
    CHANGE_CARD = "change_card"
    SEND_RECEIPT = "send_receipt"
    SET_PIN = "set_pin"
    CALL_BACK = "call_back"
    SEE_STORE_MONEY = "see_store_money"
    SELL = "sell"


ABILITIES: Final[Mapping[Role, frozenset[Ability]]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Ability) - {Ability.SELL},
        Role.FINANCE: frozenset(
            {
                Ability.SEE_OFFICE,
                Ability.SEE_MONEY,
                Ability.SEE_CUSTOMERS,
                Ability.SEE_ACTS,
                Ability.RESOLVE_PAYMENTS,
                Ability.REVERSE_RENEWAL,
                Ability.BOOK_DEPOSIT,
                Ability.SEND_RECEIPT,
                Ability.EXPORT_DAY,
            }
        ),
        Role.SUPPORT: frozenset(
            {
                Ability.SEE_OFFICE,
                Ability.SEE_CUSTOMERS,
                Ability.EDIT_BANNERS,
                Ability.SEND_RECEIPT,
                Ability.REVERSE_RENEWAL,
                Ability.CHANGE_CARD,
                Ability.SET_PIN,
                Ability.CALL_BACK,
            }
        ),
        Role.STORE_MANAGER: frozenset(
            {
                Ability.ENROL_TERMINAL,
                Ability.EDIT_CLERKS,
                Ability.SEE_STORE_MONEY,
                Ability.REVERSE_RENEWAL,
                Ability.SET_PIN,
                Ability.SELL,
            }
        ),
        Role.CLERK: frozenset({Ability.SET_PIN, Ability.SELL}),
    }
)
"""Who may do what. A manager enrols terminals, invites clerks and takes back sales of the own store
alone, which their pages must check.

The owner does not sell: what is sold must be sold by somebody at a store.
"""


@dataclass(frozen=True, slots=True)
class Workplace:
    """The store at which somebody works; `account_id` holds its deposit."""

    retailer_id: UUID
    account_id: UUID
    code: str
    name: str
    city: str
    currency: str


def roles(person: Person) -> tuple[Role, ...]:
    """Tell somebody's roles, the most powerful first; none for whoever is not active staff."""
    if not (person.is_active and person.is_staff):
        return ()
    held = set(person.groups.values_list("name", flat=True))
    return tuple(role for role in Role if role in held)


def abilities(person: Person) -> frozenset[Ability]:
    """Tell what somebody may do: one read."""
    if person.is_active and person.is_superuser:
        return frozenset(Ability)
    return frozenset().union(*(ABILITIES[role] for role in roles(person)))


def workplace(person_id: UUID, at: datetime) -> Workplace | None:
    """Find the store at which somebody works at `at`: one read; None when it has closed."""
    return database.row(
        Workplace,
        "select r.id as retailer_id, r.account_id, r.code, r.name, r.city, r.currency"
        " from people_employment e join people_retailer r on r.id = e.retailer_id"
        " where e.person_id = %s and e.starts_at <= %s and (e.ends_at is null or e.ends_at > %s)"
        " and (r.closed_at is null or r.closed_at > %s) order by e.starts_at desc limit 1",
        [person_id, at, at, at],
    )
