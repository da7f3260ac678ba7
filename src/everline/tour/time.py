"""The demo's clock: moved forward for all who look at this database, and never back.

The offset stands in one row, which every process reads once a second. Before it is moved, what the
tour has under way comes to its end, so that no deadline passes in the middle of a payment.
"""

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from everline import clock, database

DAY: Final = timedelta(days=1)
WAIT_SECONDS: Final = 4.0
STEP_SECONDS: Final = 0.1


def is_busy(but: UUID | None = None) -> bool:
    """Tell whether a renewal of the tour is between its first step and its delivery.

    That of the card `but` is not looked at: who moves the clock there means to.
    """
    return bool(
        database.value(
            "select exists (select from renewals_renewal r join tour_visit v"
            " on v.card_id = r.card_id where r.state in ('awaiting_payment', 'paid')"
            " and r.placed_at > %s and r.card_id is distinct from %s)",
            [clock.now() - timedelta(minutes=2), but],
        )
    )


def move(forward: timedelta, but: UUID | None = None) -> bool:
    """Move the demo's clock; False when it was moved too far already, or somebody is paying.

    Whoever pays for the card `but` does not count. Comes back when this process reads the new time.
    """
    ends = time.monotonic() + WAIT_SECONDS
    while is_busy(but):
        if time.monotonic() > ends:
            return False
        time.sleep(STEP_SECONDS)
    before = clock.now()
    if database.value("select move_clock(%s, %s)", [forward, before]) is None:
        return False
    _wait_until(before + forward)
    return True


def _wait_until(shown: datetime) -> None:
    ends = time.monotonic() + WAIT_SECONDS
    while clock.now() < shown and time.monotonic() < ends:
        time.sleep(STEP_SECONDS)
