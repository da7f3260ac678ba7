"""Automatic renewal in figures, for people who watch: one read, and the text that Prometheus reads.

The text is the exposition format 0.0.4, which is plain enough to be written here: names, a line of
help, a type, a value. Who may read it is decided where it is shown.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from everline import database


@dataclass(frozen=True, slots=True)
class Gauges:
    """How automatic renewal stands at an instant; what is counted in an hour is of the last one."""

    due: int
    oldest_due_at: datetime | None
    charged: int
    refused: int
    untried: int
    parked: int
    stopped_since: datetime | None
    unknown_attempts: int
    dead_jobs: int
    beat_at: datetime | None
    expected: int | None


def gauges(at: datetime) -> Gauges:
    """Read all figures: one round trip, no locks."""
    found = database.row(Gauges, "select * from auto_gauges(%s)", [at])
    assert found is not None
    return found


def exposition(at: datetime) -> str:
    """Write all figures as Prometheus reads them."""
    known = gauges(at)
    values = {
        "due": known.due,
        "oldest_due_seconds": _age(known.oldest_due_at, at),
        "charged_last_hour": known.charged,
        "refused_last_hour": known.refused,
        "expected_this_hour": known.expected or 0,
        "untried": known.untried,
        "parked_cards": known.parked,
        "stopped": int(known.stopped_since is not None),
        "sweep_age_seconds": _age(known.beat_at, at),
        "unknown_attempts": known.unknown_attempts,
        "dead_jobs": known.dead_jobs,
    }
    lines = []
    for name, help_text in HELP.items():
        full = f"everline_auto_renewal_{name}" if name not in SHARED else f"everline_{name}"
        lines += [f"# HELP {full} {help_text}", f"# TYPE {full} gauge", f"{full} {values[name]}"]
    return "\n".join(lines) + "\n"


def _age(since: datetime | None, at: datetime) -> int:
    return max(0, int((at - since).total_seconds())) if since else 0


SHARED: Final = frozenset({"unknown_attempts", "dead_jobs"})
"""Figures that are not of automatic renewal alone."""

HELP: Final = {
    "due": "Cards that are due to be renewed now.",
    "oldest_due_seconds": "How long the oldest of them waits.",
    "charged_last_hour": "Automatic charges of the last hour.",
    "refused_last_hour": "Automatic charges of the last hour that were refused.",
    "expected_this_hour": "Cards that the ladders foresee a try of in this hour.",
    "untried": "Tries of the last two days that were foreseen and never made; must be 0.",
    "parked_cards": "Cards whose automatic charges wait for a person.",
    "stopped": "1 while the breaker holds all automatic charges back.",
    "sweep_age_seconds": "How long ago the due sweep last ran to its end.",
    "unknown_attempts": "Payments of which nobody knows yet what became of them.",
    "dead_jobs": "Jobs that used up their tries.",
}
