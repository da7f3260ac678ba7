"""The doctor's look at automatic renewal: stopped, silent, skipped, or waiting for a person.

The other checks stand in doctor.py; the figures are those of autorenewal/metrics.py.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from everline import autorenewal, clock
from everline.config.examining import Check

SILENCE: Final = timedelta(minutes=10)


def auto_renewal() -> Iterator[Check]:
    """Check that automatic renewal runs, skips nobody, and is not held back."""
    at = clock.now()
    known = autorenewal.gauges(at)
    troubles = []
    if known.stopped_since:
        troubles.append(
            Check(
                "auto-renewal",
                "fail",
                f"all charges are stopped since {known.stopped_since:%Y-%m-%d %H:%M} UTC",
                "Find out why, then let them go on in the office, under Auto-renewal.",
            )
        )
    if known.untried:
        troubles.append(
            Check(
                "auto-renewal",
                "fail",
                f"{known.untried} renewals were due in two days and were not tried",
                "everline audit lists them as foreseen_is_tried.",
            )
        )
    if known.beat_at and at - known.beat_at > SILENCE:
        troubles.append(
            Check(
                "auto-renewal",
                "fail",
                f"silent since {known.beat_at:%Y-%m-%d %H:%M} UTC",
                "Run everline work; terms that ended meanwhile are prolonged by themselves.",
            )
        )
    if known.parked:
        troubles.append(
            Check(
                "parked cards",
                "warn",
                f"{known.parked} wait for a person",
                "Release them in the office, under Auto-renewal.",
            )
        )
    yield from troubles or [
        Check("auto-renewal", "ok", f"{known.due} due, {known.charged} charged in the last hour")
    ]
