"""Telling ahead what is taken (ahead.sql), and when a balance will not suffice (warnings.sql).

That a charge was tried and refused is told by the due sweep itself.
"""

from datetime import datetime
from uuid import UUID

from everline import database, notices
from everline.jobs import Now
from everline.jobs.rounds import go_round


def warn_ahead(at: datetime, most: int = 500) -> int:
    """Tell ahead what automatic renewals will take, `most` cards a call; gives how many were told.

    Every charge of a month or longer, the operator's days before its first try, and any one whose
    plan or price is another; one that is dearer than agreed to asks for a new consent.
    """
    return go_round("select done, is_over from warn_ahead(%s, %s)", at, most)


def warn_short(at: datetime, most: int = 500) -> int:
    """Warn of automatic renewals that come soon and cannot be paid, `most` cards a call.

    Once a card and term; gives how many were told. Any number of workers may call it.
    """
    return go_round("select done, is_over from warn_short(%s, %s)", at, most)


def tell(notice_id: UUID, now: Now) -> str:
    """Send a notice, as notices.send does, if automatic renewal makes it no untruth.

    One that was stopped and that nobody has read is written anew when something is to be told.
    """
    return notices.send(notice_id, now, _is_true)


def _is_true(notice_id: UUID, at: datetime) -> bool:
    return bool(
        database.value("select coalesce(auto_notice_stands(%s, %s), true)", [notice_id, at])
    )
