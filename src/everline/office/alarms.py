"""What every screen of the office says first: automatic renewal is stopped, silent, or skipped.

One small read a screen. What stands behind it, and how it is released, is shown by automatic.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from everline import database
from everline.office.desk import Desk

SILENCE: Final = timedelta(minutes=10)
"""How long the due sweep may be silent: longer is an outage."""


@dataclass(frozen=True, slots=True)
class _State:
    stopped_since: datetime | None
    untried: int
    beat_at: datetime | None


def alarms(desk: Desk) -> list[str]:
    """Say what is wrong with automatic renewal; nothing when all is well."""
    state = database.row(
        _State,
        "select (select min(s.since) from autorenewal_stop s where s.released_at is null)"
        " as stopped_since, (select coalesce(sum(h.untried), 0) from autorenewal_hour h"
        " where h.hour > %s) as untried,"
        " (select b.at from autorenewal_beat b where b.id = 1) as beat_at",
        [desk.at - timedelta(days=2)],
    )
    assert state is not None
    found = []
    if state.stopped_since:
        found.append(
            _("All automatic charges have been stopped since %(since)s.")
            % {"since": desk.instant(state.stopped_since)}
        )
    if state.untried:
        found.append(
            _("Automatic renewals that were due and not tried: %(count)s.")
            % {"count": state.untried}
        )
    if state.beat_at and desk.at - state.beat_at > SILENCE:
        found.append(
            _("Automatic renewal has been silent since %(since)s.")
            % {"since": desk.instant(state.beat_at)}
        )
    return found
