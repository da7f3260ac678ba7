"""Devices that stand in stores: how a browser shows that it is an enrolled till or kiosk.

The key is in a cookie that only the device's own pages are sent, out of reach of scripts and of
other sites. Who enrols, and what a key is, stands in people/terminals.py; what a device may do is
its channel's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from everline.people import terminals
from everline.people.terminals import Enrolled, Terminal
from everline.trust import Actor, acts

COOKIE_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Cookie:
    """The cookie of one kind of terminal: its name, and the address below which it is sent."""

    kind: str
    name: str
    path: str


def find(request: HttpRequest, cookie: Cookie, at: datetime) -> Terminal | None:
    """Find which terminal this browser is; None when it is none of this kind, or was revoked."""
    key = request.COOKIES.get(cookie.name, "")
    terminal = terminals.find_terminal(key, at) if key else None
    return terminal if terminal is not None and terminal.kind == cookie.kind else None


def keep_key(response: HttpResponse, cookie: Cookie, key: str) -> None:
    """Keep a terminal's key in its browser."""
    response.set_cookie(
        cookie.name,
        key,
        max_age=COOKIE_SECONDS,
        path=cookie.path,
        secure=settings.IS_SECURE,
        httponly=True,
        samesite="Strict",
    )


def enrol(code: str, kind: str, at: datetime) -> tuple[Enrolled | None, bool]:
    """Take a one-time code and record that it was used; None when it is wrong or of another kind.

    The second value tells that it was of another kind: nobody has its key then, and it is used.
    """
    enrolled = terminals.enrol(code, at)
    if enrolled is None:
        return None, False
    if enrolled.terminal.kind != kind:
        return None, True
    actor = Actor("terminal", None, enrolled.terminal.id)
    acts.record(actor, "enrol", ("terminal", enrolled.terminal.id), at)
    return enrolled, False
