"""Who speaks: the kiosk by the key in its cookie, and for whom: a visit, which leaves nothing.

A visit is a row of the session table with the card, the plan and the sale of one person. It stands
in no address. When it ends, the row is deleted and the cookie gets a new value, so that nothing of
it can be reached again: not by the back button, not by an address. The screen goes back by itself;
should it not, a visit that nobody has touched is over here too.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import Error as DjangoError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import translation

from everline import clock
from everline.channels.kiosk import out_of_order
from everline.database.requests import Caller
from everline.pages import devices
from everline.pages.devices import Cookie
from everline.pages.frame import see_other
from everline.people.terminals import Terminal
from everline.slips import Issuer

CHANNEL: Final = "kiosk"
COOKIE: Final = "everline_kiosk"
DEVICE: Final = Cookie("kiosk", COOKIE, "/kiosk")
WARN_SECONDS: Final = 45
"""After so long without a touch the screen asks whether somebody is there."""

LEFT_SECONDS: Final = 15
"""And so long after that it goes back to its first page."""

IDLE: Final = timedelta(seconds=WARN_SECONDS + LEFT_SECONDS + 15)
PAYING: Final = timedelta(minutes=5)
"""How long a visit with a sale may stand: a bank can be slow, and the slip is to be seen."""

_SESSION: Final = "kiosk"
_P = ParamSpec("_P")
_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sale:
    """What is being paid in a visit: a `renewal` or a `top_up`."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Visit:
    """One person at one kiosk."""

    terminal: Terminal
    locale: str
    card_id: UUID | None = None
    plan: str = ""
    sale: Sale | None = None
    seen: datetime | None = None

    @property
    def issuer(self) -> Issuer:
        """Who gives the slips."""
        terminal = self.terminal
        place = ", ".join(part for part in (terminal.place_note, terminal.city) if part)
        return Issuer(terminal.retailer_name, place, terminal.retailer_code, terminal.code)

    def caller(self, request_id: object) -> Caller:
        """Be the caller of a verb: this kiosk, by a request id that its form has kept."""
        return Caller(CHANNEL, self.terminal.code, str(request_id))

    def is_over(self, at: datetime) -> bool:
        """Tell whether nobody has touched the screen for too long."""
        return self.seen is None or at - self.seen > (PAYING if self.sale else IDLE)


Kiosk = Callable[Concatenate[HttpRequest, Terminal, _P], HttpResponse]
View = Callable[Concatenate[HttpRequest, Visit, _P], HttpResponse]


def at_kiosk(view: Kiosk[_P]) -> Callable[..., HttpResponse]:
    """Let a view be reached by an enrolled kiosk alone; without our database it says so."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        try:
            terminal = devices.find(request, DEVICE, clock.now())
            if terminal is None:
                return see_other("kiosk:enrol")
            with translation.override(_locale_of(terminal)):
                return view(request, terminal, *args, **kwargs)
        except (psycopg.Error, DjangoError):
            _logger.exception("the database does not answer at a kiosk")
            return out_of_order.screen(request, request.COOKIES.get(COOKIE, ""))

    return guarded


def in_visit(view: View[_P]) -> Callable[..., HttpResponse]:
    """Let a view be reached within a visit alone; any other is led to the first page."""

    @at_kiosk
    def guarded(
        request: HttpRequest, terminal: Terminal, /, *args: _P.args, **kwargs: _P.kwargs
    ) -> HttpResponse:
        at = clock.now()
        visit = read(request, terminal)
        if visit is None or visit.is_over(at):
            return _away(request)
        if _is_touch(request):
            visit = keep(request, replace(visit, seen=at))
        with translation.override(visit.locale):
            return view(request, visit, *args, **kwargs)

    return wraps(view)(guarded)


def _is_touch(request: HttpRequest) -> bool:
    """Tell a person's touch from the screen's own looking again, and from pictures."""
    is_own = bool(request.headers.get("HX-Request")) or "again" in request.GET
    return not is_own and not request.path.endswith(".svg")


def begin(request: HttpRequest, terminal: Terminal, locale: str, at: datetime) -> Visit:
    """Begin a visit, in a session of its own."""
    request.session.flush()
    return keep(request, Visit(terminal, locale, seen=at))


def keep(request: HttpRequest, visit: Visit) -> Visit:
    """Keep how a visit goes on."""
    request.session[_SESSION] = {
        "terminal": str(visit.terminal.id),
        "locale": visit.locale,
        "card": str(visit.card_id or ""),
        "plan": visit.plan,
        "sale": [visit.sale.kind, str(visit.sale.id)] if visit.sale else [],
        "seen": visit.seen.isoformat() if visit.seen else "",
    }
    return visit


def read(request: HttpRequest, terminal: Terminal) -> Visit | None:
    """Read the visit of this browser; None when there is none, or it was another kiosk's."""
    kept = request.session.get(_SESSION)
    if not kept or kept["terminal"] != str(terminal.id):
        return None
    sale = kept["sale"]
    return Visit(
        terminal,
        kept["locale"],
        UUID(kept["card"]) if kept["card"] else None,
        kept["plan"],
        Sale(sale[0], UUID(sale[1])) if sale else None,
        datetime.fromisoformat(kept["seen"]) if kept["seen"] else None,
    )


def end(request: HttpRequest) -> None:
    """End a visit: its row is deleted, and the cookie that named it is taken away."""
    request.session.flush()


def _away(request: HttpRequest) -> HttpResponse:
    """Lead to the first page; what htmx has asked for leads the whole screen there."""
    if not request.headers.get("HX-Request"):
        return see_other("kiosk:attract")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = resolve_url("kiosk:attract")
    return response


def _locale_of(terminal: Terminal) -> str:
    known = {code for code, _name in settings.LANGUAGES}
    wanted = terminal.language.lower()
    return wanted if wanted in known else translation.get_language() or "en"
