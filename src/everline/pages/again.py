"""Whether a card was just renewed with the same plan by another request, and where.

Whoever chooses the plan again is told before paying, and ticks a box to have it once more: it may
have been the same person at another door. Pressing twice is no such repetition.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from everline import renewals
from everline.errors import Code, Refusal
from everline.pages import facts, words

SHORTLY: Final = timedelta(hours=1)
RECENT_MAX: Final = 5


def renewed_before(card_id: UUID, plan_code: str, request_id: str, at: datetime) -> str:
    """Say where and since when the same plan was bought by another request; empty if it was not."""
    for each in renewals.of_card(card_id, RECENT_MAX):
        if (
            each.plan_code == plan_code
            and each.paid_at is not None
            and at - each.paid_at < SHORTLY
            and each.state in {"paid", "delivered"}
            and each.request_id != request_id
        ):
            other = {"channel": each.channel, "since": each.paid_at.isoformat()}
            (told,) = facts.elsewhere(
                Refusal(Code.TERM_PAID, other), partial(words.instant, zone=each.zone)
            )
            return told
    return ""
