"""A desk of the office: who is at work there, what that person may do, and the operator's ways.

Whoever comes to a screen is given a desk by access.py; the screen does all by it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from everline import clock
from everline.catalogue import Policy
from everline.database.requests import Caller
from everline.pages import words
from everline.people.models import Person
from everline.people.roles import Ability, workplace
from everline.trust import Actor, acts

CHANNEL: Final = "office"
NOWHERE: Final = UUID(int=0)
"""The store of somebody who should have one and has none."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at work: the person, what the person may do, and the time on the clock."""

    person: Person
    role: str
    abilities: frozenset[Ability]
    policy: Policy
    at: datetime

    @property
    def zone(self) -> str:
        """Where the operator's days begin and end."""
        return str(settings.ZONE)

    @property
    def today(self) -> date:
        """The operator's day."""
        return self.at.astimezone(clock.zone(self.zone)).date()

    def may(self, *needed: Ability) -> bool:
        """Tell whether this person may do all of these."""
        return self.abilities.issuperset(needed)

    def caller(self, request_id: str) -> Caller:
        """Be the caller of a verb: this person, by a request id that the form has kept."""
        return Caller(CHANNEL, str(self.person.id), request_id)

    def record(self, verb: str, subject: acts.Subject, facts: dict[str, Any] | None = None) -> None:
        """Record what this person did."""
        acts.record(Actor(self.role, self.person.id), verb, subject, self.at, facts)

    def money(self, amount: int, currency: str) -> str:
        """Write minor units."""
        return words.money(amount, currency, self.policy)

    def instant(self, at: datetime | None) -> str:
        """Write an instant by the operator's clock; a dash for none."""
        return words.instant(at, self.zone) if at else "\N{EN DASH}"

    def own_store(self) -> UUID | None:
        """Tell the one store that somebody is bound to; None for who looks after all of them."""
        if Ability.EDIT_PLACES in self.abilities:
            return None
        where = workplace(self.person.id, self.at)
        return where.retailer_id if where else NOWHERE
