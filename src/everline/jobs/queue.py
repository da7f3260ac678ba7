"""The queue as people look at it: how deep, how old, what died; and a dead job's new chance."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database


@dataclass(frozen=True, slots=True)
class Depth:
    """How the queue stands at an instant; `oldest_at` is since when the oldest due job waits."""

    due: int
    later: int
    dead: int
    oldest_at: datetime | None


def depth(at: datetime) -> Depth:
    """Read how many jobs are due, planned and dead."""
    found = database.row(
        Depth,
        "select count(*) filter (where j.state = 'ready' and j.run_at <= %s) as due,"
        " count(*) filter (where j.state = 'ready' and j.run_at > %s) as later,"
        " count(*) filter (where j.state = 'dead') as dead,"
        " min(j.run_at) filter (where j.state = 'ready' and j.run_at <= %s) as oldest_at"
        " from jobs_job j",
        [at, at, at],
    )
    assert found is not None
    return found


def revive(job_id: UUID, at: datetime) -> bool:
    """Give a dead job a new set of tries; False when it is not dead."""
    return bool(database.value("select revive_job(%s, %s)", [job_id, at]))
