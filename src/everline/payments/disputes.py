"""Disputes: told of by a callback, or found, read at their gateway, and recorded for finance.

The gateway is where they are answered. Nothing is booked and nothing is taken from anybody because
of one: docs/decisions/0020. The verbs stand in disputes.sql.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from everline import database
from everline.payments.gateways import DAY_SECONDS, Disputing, Unknown, installed

CLAIM_SECONDS: Final = 60
ASK_AGAIN_SECONDS: Final = (60, 300, 3600, 6 * 3600, *(DAY_SECONDS,) * 30)
"""How long to wait after a dispute could not be read, before the next time."""

OVER: Final = frozenset({"won", "lost", "closed"})
"""States that are read again only when the gateway tells of the dispute again."""


FIRST_DAYS: Final = 30
"""How far a gateway is asked back the first time."""

AGAIN_HOURS: Final = 1
"""What was listed is listed again for so long: clocks differ, and lists may lag behind."""

SPAN_MAX: Final = timedelta(days=5)
SPAN_MIN: Final = timedelta(minutes=1)
LOOKS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class _Told:
    id: UUID
    gateway: str
    reference: str
    asks: int
    ask_at: datetime


def note_dispute(gateway_name: str, reference: str, at: datetime) -> None:
    """Remember a dispute that a callback pointed at."""
    database.value("select note_dispute(%s, %s, %s)", [gateway_name, reference, at])


def read_disputes(now: Callable[[], datetime], most: int = 20) -> int:
    """Read the disputes whose time has come at their gateways; gives how many were due.

    One whose gateway is not set up is left to the next time. Open ones are read once a day.
    """
    due = database.rows(
        _Told,
        "select d.id, d.gateway, d.reference, d.asks, d.ask_at from claim_disputes(%s, %s, %s) d",
        [now(), most, CLAIM_SECONDS],
    )
    for each in due:
        adapter = installed().get(each.gateway)
        if adapter is None or not isinstance(adapter, Disputing):
            continue
        with database.outside():
            told = adapter.read_dispute(each.reference)
        at = now()
        if isinstance(told, Unknown):
            waits = ASK_AGAIN_SECONDS[each.asks - 1 : each.asks]
            following = at + timedelta(seconds=waits[0]) if waits else None
            said: list[object] = [None] * 7
        else:
            following = None if told.state in OVER else at + timedelta(seconds=DAY_SECONDS)
            said = [
                told.attempt_key,
                told.amount.amount,
                told.amount.currency,
                told.reason,
                told.state,
                told.is_inquiry,
                told.answer_by,
            ]
        database.value(
            "select settle_dispute(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [each.id, *said, each.ask_at, following, at],
        )
    return len(due)


def find_disputes(now: Callable[[], datetime]) -> int:
    """Ask each gateway that can tell which disputes were opened; gives how many were new.

    So one whose callback was lost is found. A time in which too many were opened is asked for in
    shorter spans, LOOKS_MAX a call; the next call goes on where this one ended.
    """
    return sum(
        _find_at(name, adapter, now())
        for name, adapter in installed().items()
        if isinstance(adapter, Disputing)
    )


def _find_at(gateway_name: str, adapter: Disputing, at: datetime) -> int:
    """Go from when a gateway was asked last to now."""
    asked = database.value("select disputes_asked(%s)", [gateway_name])
    since = min(asked, at) - timedelta(hours=AGAIN_HOURS) if asked else at - timedelta(FIRST_DAYS)
    span, found = SPAN_MAX, 0
    for _look in range(LOOKS_MAX):
        until = min(since + span, at)
        with database.outside():
            told = adapter.disputes_since(since, until)
        if isinstance(told, Unknown):
            break
        if not told.is_all and span > SPAN_MIN:
            span = max(span // 8, SPAN_MIN)
            continue
        listed = list(dict.fromkeys(told.references))
        verb = "select find_disputes(%s, %s::text[], %s, %s)"
        found += int(database.value(verb, [gateway_name, listed, until, at]))
        if until >= at:
            break
        since = until
    return found
