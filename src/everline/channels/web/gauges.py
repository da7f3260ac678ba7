"""A card in pictures: data as a ring with the day on which it runs out, validity as a line.

They are drawn by the templates as SVG from the whole numbers made here: a policy without inline
styles lets nothing else draw. What is forecast and how stands in cards/usage.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from everline import cards, clock
from everline.cards import Card, Forecast, Status, Term
from everline.pages import words

WHOLE: Final = 1000
"""The length of the line, in units of its drawing; the ring counts in tenths of a percent too."""

MARK: Final = 8
LOW: Final = 150
"""Data left, in tenths of a percent, from which on the ring warns."""

PAST: Final = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Ring:
    """Data of the present term: `left` in tenths of a percent of the circle, none for unlimited."""

    plan: str
    left: int | None
    left_text: str
    allowance: str
    used: str
    as_of: str
    tone: str
    forecast: str

    @property
    def dashes(self) -> str:
        """How much of the circle is drawn, as SVG takes it."""
        return f"{self.left} {WHOLE}"


@dataclass(frozen=True, slots=True)
class Piece:
    """One term on the line: from where, how long, and what it is called."""

    start: int
    length: int
    kind: str
    name: str
    starts: str
    ends: str
    data: str

    @property
    def path(self) -> str:
        """Draw it, as SVG takes it."""
        return f"M{self.start} 0h{self.length}"


@dataclass(frozen=True, slots=True)
class Line:
    """The terms of a card from left to right, and where now is."""

    pieces: tuple[Piece, ...]
    now: int
    first: str
    last: str
    told: str

    @property
    def mark(self) -> str:
        """Draw where now is."""
        return f"M{self.now} -16v32"


def ring(term: Term, at: datetime, zone: str = "") -> Ring:
    """Draw how much data is left of a term, and tell when it will run out."""
    left, whole = term.left_bytes, term.allowance_bytes
    share = None if left is None or not whole else left * WHOLE // whole
    where = zone or "UTC"
    told = ""
    if share is not None:
        told = foretold(term, cards.forecast(term, cards.readings(term.id)), where, at)
    return Ring(
        plan=words.name(term.plan_names),
        left=share,
        left_text=_("Unlimited") if left is None else words.data(left),
        allowance=words.allowance(whole, term.fair_use_bytes),
        used=words.data(term.used_bytes),
        as_of=words.instant(term.used_as_of or term.starts_at, where),
        tone="stop" if share == 0 else "wait" if share is not None and share <= LOW else "done",
        forecast=told,
    )


def foretold(term: Term, found: Forecast | None, zone: str, at: datetime) -> str:
    """Say when the data of a term runs out, and how sure that is."""
    if term.left_bytes == 0:
        return _("The data of this plan is used up.")
    if found is None:
        return _("Too little is used yet to say how long it lasts.")
    spoken = {
        "rate": words.data(found.a_day_bytes),
        "likely": _day(found.likely_at, zone),
        "from": _day(max(found.earliest_at, at), zone),
        "to": _day(min(found.latest_at, term.ends_at), zone),
    }
    if found.earliest_at >= term.ends_at:
        return _("At %(rate)s a day it lasts until the plan ends.") % spoken
    if found.likely_at >= term.ends_at:
        return (
            _(
                "At %(rate)s a day it should last until the plan ends. With more use it could run"
                " out from %(from)s on."
            )
            % spoken
        )
    if found.likely_at <= at:
        return _("At %(rate)s a day it may be used up by now.") % spoken
    if spoken["from"] == spoken["to"]:
        return _("At %(rate)s a day it runs out on %(likely)s.") % spoken
    return (
        _(
            "At %(rate)s a day it runs out about %(likely)s; in 8 of 10 cases between %(from)s and"
            " %(to)s."
        )
        % spoken
    )


def line(card: Card, status: Status, at: datetime) -> Line | None:
    """Draw the validity of a card: the last term, the present one, those that wait."""
    terms = cards.terms(card, at - PAST)
    if not terms:
        return None
    past = [each for each in terms if each.ends_at <= at][-1:]
    shown = past + [each for each in terms if each.ends_at > at]
    begins, ends = shown[0].starts_at, shown[-1].ends_at
    whole = max(ends, at) - begins

    def place(instant: datetime) -> int:
        return min(max((instant - begins) * WHOLE // whole, 0), WHOLE)

    pieces = tuple(
        Piece(
            start=place(each.starts_at),
            length=max(place(each.ends_at) - place(each.starts_at), 2),
            kind="past" if each.ends_at <= at else "present" if each.starts_at <= at else "queued",
            name=words.name(each.plan_names),
            starts=words.instant(each.starts_at, card.zone),
            ends=words.instant(each.ends_at, card.zone),
            data=words.allowance(each.allowance_bytes, each.fair_use_bytes),
        )
        for each in shown
    )
    return Line(
        pieces=pieces,
        now=min(max(place(at), MARK // 2), WHOLE - MARK // 2),
        first=_day(begins, card.zone),
        last=_day(ends, card.zone),
        told=_left(status, at),
    )


def _left(status: Status, at: datetime) -> str:
    """Say how long a card is still good for."""
    if status.valid_until is None:
        return _("No plan is running.")
    days = (status.valid_until - at) // timedelta(days=1)
    if days < 1:
        return _("It ends within a day.")
    return words.days_left(days)


def _day(at: datetime, zone: str) -> str:
    return words.day(at.astimezone(clock.zone(zone)).date())
