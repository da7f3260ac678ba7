"""Legs of calls: found, answered once a turn, ended, and forgotten after a day.

A turn is claimed before it is answered, and its answer is kept: a webhook that is delivered twice,
also at once, hears the same words and does nothing again.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from everline import ids
from everline.channels.hotline import flow, limits
from everline.channels.hotline.models import Leg
from everline.errors import FaultError
from everline.ids import Msisdn

KEPT: Final = timedelta(days=1)
FORGOTTEN_MAX: Final = 5000
CLAIM: Final = timedelta(seconds=20)
"""How long a turn may take; providers wait 15 seconds for an answer."""

WAIT_SECONDS: Final = 0.1
WAITS_MAX: Final = 100
TURNS_MAX: Final = 150
"""In one call; whoever needs more is said goodbye, and may call again."""


def begin(call_sid: str, caller: Msisdn | None, at: datetime) -> Leg:
    """Find or make the leg of a call; a caller whom we know is spoken to in the usual language."""
    hashed = limits.caller_hash(caller)
    language = limits.language_of(hashed)
    leg, _is_new = Leg.objects.get_or_create(
        call_sid=call_sid,
        defaults={
            "id": ids.uuid7(at),
            "caller_hash": hashed,
            "locale": language or "en",
            "step": flow.KNOWN if language else flow.FIRST,
            "started_at": at,
        },
    )
    return leg


def take_turn(call_sid: str, turn: int, at: datetime, speak: Callable[[Leg], str]) -> str | None:
    """Answer a turn once, and give the same answer to whoever asks for it again.

    One delivery claims the turn and the others wait for its answer. Should it die, its claim ends
    by itself, and what it had ordered is found again by its request id. None for a call that is not
    known. Raises FaultError while the answer is not there.
    """
    for _round in range(WAITS_MAX):
        leg = Leg.objects.filter(call_sid=call_sid).first()
        if leg is None:
            return None
        if turn != leg.turn or leg.ended_at is not None:
            return leg.answer
        mine = Leg.objects.filter(id=leg.id, turn=turn)
        free = Q(claimed_at=None) | Q(claimed_at__lt=at - CLAIM)
        if mine.filter(free).update(claimed_at=at):
            leg.answer = speak(leg)
            leg.turn, leg.claimed_at = turn + 1, None
            leg.save()
            return leg.answer
        time.sleep(WAIT_SECONDS)
    raise FaultError("hotline", "another delivery of this webhook is still being answered")


def end(call_sid: str, at: datetime) -> None:
    """Write that somebody has hung up; what was said last is forgotten with it."""
    Leg.objects.filter(call_sid=call_sid, ended_at=None).update(ended_at=at, answer="")


def forget(at: datetime) -> int:
    """Delete the legs of calls that began more than a day ago, 5000 at most; gives how many."""
    old = Leg.objects.filter(started_at__lt=at - KEPT).values("id")[:FORGOTTEN_MAX]
    return Leg.objects.filter(id__in=list(old.values_list("id", flat=True))).delete()[0]
