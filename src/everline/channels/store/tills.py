"""Who speaks: the till by the key in its cookie, and the clerk of its store who signed in on it.

Every page but enrolling and signing in is behind `at_till`. The cookie is the till's own and stays
when clerks come and go; the session says who stands there and since when nobody has pressed a key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from everline import clock
from everline.database.requests import Caller
from everline.pages import devices
from everline.pages.devices import Cookie
from everline.pages.frame import see_other
from everline.people.models import Person
from everline.people.roles import Ability, abilities, roles, workplace
from everline.people.terminals import Terminal
from everline.slips import Issuer
from everline.trust import Actor, acts

CHANNEL: Final = "store"
COOKIE: Final = "everline_till"
DEVICE: Final = Cookie("till", COOKIE, "/till")
IDLE: Final = timedelta(minutes=5)
"""After this time without a key pressed, the till locks itself."""

_SESSION: Final = "till"
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Shift:
    """A clerk at a till, with what the clerk may do there."""

    terminal: Terminal
    person: Person
    role: str
    abilities: frozenset[Ability]
    is_locked: bool

    @property
    def may_take_back(self) -> bool:
        """Whether sales can be taken back by this person."""
        return Ability.REVERSE_RENEWAL in self.abilities

    @property
    def sees_money(self) -> bool:
        """Whether the store's deposit is shown."""
        return Ability.SEE_STORE_MONEY in self.abilities

    @property
    def issuer(self) -> Issuer:
        """Who gives the slips."""
        terminal = self.terminal
        place = ", ".join(part for part in (terminal.place_note, terminal.city) if part)
        return Issuer(terminal.retailer_name, place, terminal.retailer_code, terminal.code)

    def caller(self, request_id: object) -> Caller:
        """Be the caller of a verb: this till, by a request id that its form has kept."""
        return Caller(CHANNEL, self.terminal.code, str(request_id))

    def record(
        self, verb: str, subject: acts.Subject, at: datetime, facts: dict[str, Any] | None = None
    ) -> None:
        """Record what the clerk did."""
        actor = Actor(self.role, self.person.id, self.terminal.id)
        acts.record(actor, verb, subject, at, facts)


View = Callable[Concatenate[HttpRequest, Shift, _P], HttpResponse]


def at_till(view: View[_P]) -> Callable[..., HttpResponse]:
    """Let a view be reached by a clerk at an enrolled till alone; others are led to the door."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        at = clock.now()
        terminal = find_till(request, at)
        if terminal is None:
            return see_other("store:enrol")
        shift = find_shift(request, terminal, at)
        if shift is None:
            return see_other("store:sign-in")
        if shift.is_locked:
            return see_other("store:unlock")
        if not request.headers.get("HX-Request"):
            touch(request, at)
        return view(request, shift, *args, **kwargs)

    return guarded


def find_till(request: HttpRequest, at: datetime) -> Terminal | None:
    """Find which till this browser is; None when it is none, or was revoked."""
    return devices.find(request, DEVICE, at)


def find_shift(request: HttpRequest, terminal: Terminal, at: datetime) -> Shift | None:
    """Find who is signed in on a till; None for nobody, or whoever may no longer sell there."""
    kept = request.session.get(_SESSION)
    if not kept or kept["terminal"] != str(terminal.id):
        return None
    person = Person.objects.filter(id=UUID(kept["person"]), is_active=True).first()
    if person is None or kept["proof"] != person.get_session_auth_hash():
        return None
    may = allowed(person, terminal, at)
    if may is None:
        return None
    is_idle = at - datetime.fromisoformat(kept["seen"]) > IDLE
    return Shift(terminal, person, _role(person), may, is_locked=kept["locked"] or is_idle)


def allowed(person: Person, terminal: Terminal, at: datetime) -> frozenset[Ability] | None:
    """Tell what somebody may do at a till; None for whoever does not sell at its store."""
    may = abilities(person)
    where = workplace(person.id, at)
    works_here = where is not None and where.retailer_id == terminal.retailer_id
    return may if works_here and Ability.SELL in may else None


def begin(request: HttpRequest, person: Person, terminal: Terminal, at: datetime) -> None:
    """Begin a shift, in a session of its own."""
    request.session.flush()
    request.session[_SESSION] = {
        "terminal": str(terminal.id),
        "person": str(person.id),
        "proof": person.get_session_auth_hash(),
        "seen": at.isoformat(),
        "locked": False,
    }


def touch(request: HttpRequest, at: datetime, *, locked: bool = False) -> None:
    """Note that somebody pressed a key, or lock the till."""
    kept = request.session[_SESSION]
    request.session[_SESSION] = kept | {"seen": at.isoformat(), "locked": locked}


def end(request: HttpRequest) -> None:
    """End a shift."""
    request.session.flush()


def _role(person: Person) -> str:
    held = roles(person)
    return str(held[0]) if held else "staff"
